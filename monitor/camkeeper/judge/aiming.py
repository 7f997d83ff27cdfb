"""Which measured turns agree, and what they say together."""

from __future__ import annotations

from dataclasses import replace
from statistics import median, median_low

from camkeeper.judge.looktrack import Aim
from camkeeper.model.picture import Need, Turn

MAX_AIMS = 3
MAX_TURNS = 5
_ROUNDING_DEG = 1e-9


def begun(turn: Turn, at_ms: int) -> Aim:
    """Return the aim of one look."""
    return Aim(first_ms=at_ms, last_ms=at_ms, count=1, low_deg=turn.yaw_deg, high_deg=turn.yaw_deg, turns=(turn,))


def agrees(aim: Aim, turn: Turn, agree_deg: float) -> bool:
    """Return whether, with this turn too, any two of them lie within `agree_deg`."""
    yaw = _beside(aim, turn)
    return max(aim.high_deg, yaw) - min(aim.low_deg, yaw) <= agree_deg + _ROUNDING_DEG


def joined(aim: Aim, turn: Turn, at_ms: int) -> Aim:
    """Return the aim with one turn more."""
    yaw = _beside(aim, turn)
    return Aim(
        first_ms=aim.first_ms,
        last_ms=at_ms,
        count=aim.count + 1,
        low_deg=min(aim.low_deg, yaw),
        high_deg=max(aim.high_deg, yaw),
        turns=(*aim.turns, turn)[-MAX_TURNS:],
    )


def sorted_in(aims: tuple[Aim, ...], turn: Turn, at_ms: int, agree_deg: float) -> tuple[Aim, ...]:
    """Put a turn with those that it agrees with; its aim comes first. A misread one stays by itself and is lost."""
    fits = [aim for aim in aims if agrees(aim, turn, agree_deg)]
    if not fits:
        return (begun(turn, at_ms), *aims)[:MAX_AIMS]
    best = max(fits, key=lambda aim: (aim.count, aim.last_ms))
    return (joined(best, turn, at_ms), *(aim for aim in aims if aim is not best))


def proved(aim: Aim, need: Need) -> bool:
    """Return whether so many agree, over so long."""
    return aim.count >= need.looks and aim.last_ms - aim.first_ms >= need.span_ms


def together(aim: Aim) -> Turn:
    """Return the median of the newest turns.

    Its error is theirs, or half of what lies between them where that is more: looks at one scene err alike, so their
    number makes nothing surer.
    """
    first = aim.turns[0].yaw_deg
    apart = [_signed(t.yaw_deg - first) for t in aim.turns]
    middle = median_low(apart)
    newest = aim.turns[-1]
    return replace(
        newest,
        yaw_deg=_signed(first + median(apart)),
        pitch_deg=median(t.pitch_deg for t in aim.turns),
        roll_deg=median(t.roll_deg for t in aim.turns),
        error_deg=max(median(t.error_deg for t in aim.turns), (max(apart) - min(apart)) / 2),
        method=aim.turns[apart.index(middle)].method,
        support=median(t.support for t in aim.turns),
    )


def differ(a: Turn | None, b: Turn, agree_deg: float) -> bool:
    """Return whether two turns are not the same one."""
    return a is None or abs(_signed(a.yaw_deg - b.yaw_deg)) > agree_deg + _ROUNDING_DEG


def _beside(aim: Aim, turn: Turn) -> float:
    """Return a turn's yaw on that side of ±180 on which the aim is."""
    return aim.low_deg + _signed(turn.yaw_deg - aim.low_deg)


def _signed(deg: float) -> float:
    """Return an angle in (-180, 180]."""
    return deg if -180 < deg <= 180 else 180 - (180 - deg) % 360
