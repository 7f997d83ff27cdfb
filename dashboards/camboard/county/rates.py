"""Rates of the county in words: percents are cut, never rounded; what nobody measured has no number. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from camboard.figure import Figure, figure
from camboard.i18n import Language
from camboard.text import target
from camboard.words import PROMISE, PROMISE_SHAPE, SHAPE, STATE, State
from camkeeper.availability.buckets import Buckets
from camkeeper.hub.view import Rate
from camkeeper.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCell:
    """A rate under a town's own policy, for a cell of a table. `verdict` and the rest are what macros write."""

    value: str | None
    bounds: str | None
    completeness: str | None
    target: str
    verdict: object
    verdict_word: str
    verdict_shape: str
    policy: str
    unknown: str | None


def rate_cell(rate: Rate, say: Language) -> RateCell:
    """Write a rate; the verdict is the town's own, never judged anew here."""
    return RateCell(
        value=_percent(rate.ratio),
        bounds=None if rate.lower is None else f"[{rate.lower}%, {rate.upper}%]",
        completeness=_percent(rate.completeness),
        target=target(rate.target_bp),
        verdict=rate.verdict,
        verdict_word=say(PROMISE[rate.verdict]),
        verdict_shape=PROMISE_SHAPE[rate.verdict],
        policy=rate.policy,
        unknown=exact(rate.net.unknown_ms) if rate.net.unknown_ms else None,
    )


def _percent(text: str | None) -> str | None:
    return None if text is None else f"{text}%"


def total(buckets: Buckets, target_bp: int, say: Language) -> Figure:
    """Write a sum of towns, judged by time against the county's own target."""
    return figure(buckets, target_bp, buckets.verdict(target_bp=target_bp), say)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many cameras are in a state."""

    tone: str
    shape: str
    word: str
    n: int


def counts(now: Mapping[Status, int], say: Language, *, zeros: bool = True) -> tuple[Count, ...]:
    """Return the four states that a county can tell apart, in the order of the board."""
    out = []
    for status in (Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN):
        state, n = State(status.value), now.get(status, 0)
        if n or zeros:
            out.append(Count(tone=state.value, shape=SHAPE[state], word=say(STATE[state]), n=n))
    return tuple(out)


def exact(ms: int) -> str:
    """Return a length of time to the millisecond: `2:05:09`, `41:00:00.250`.

    >>> exact(7_509_000), exact(147_600_250)
    ('2:05:09', '41:00:00.250')
    """
    seconds, rest = divmod(ms, 1000)
    text = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{rest:03d}" if rest else text
