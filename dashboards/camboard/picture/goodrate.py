"""完好率 beside 在线率: online *and* with a usable picture, always with what it is a share of. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from camboard.i18n import Language, span_words
from camboard.text import percent
from camkeeper.availability.buckets import Buckets

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """A rate without a verdict: nobody promised it. `value` is None where nothing was measured."""

    value: str | None
    bounds: str | None
    of: str
    """The denominator in words."""
    lost: str
    """Time online without a usable picture; empty where there was none."""


def good(buckets: Buckets, say: Language) -> Good:
    """Write the rate of a period; the bounds count unknown time as useless and as good."""
    accountable = buckets.accountable_ms
    usable = buckets.up_ms - buckets.degraded_ms
    bounds = None
    if accountable:
        low = percent(Fraction(usable, accountable))
        high = percent(Fraction(usable + buckets.unknown_ms, accountable))
        bounds = f"[{low}, {high}]"
    return Good(
        value=percent(buckets.good_ratio),
        bounds=bounds,
        of=say("已知 %(span)s", span=_span(buckets.up_ms + buckets.down_ms, say)),
        lost=say("在线而画面不可用 %(span)s", span=_span(buckets.degraded_ms, say)) if buckets.degraded_ms else "",
    )


def _span(ms: int, say: Language) -> str:
    """Return a sum of time: in the first hour of a period as minutes, then as hours, also of many cameras."""
    return span_words(ms, say) if ms < _HOUR_MS else say("%(n)s 小时", n=hours(ms))


def hours(ms: int) -> str:
    """Return hours with one decimal, cut.

    >>> hours(3_599_999), hours(4_446_000_000)
    ('0.9', '1,235.0')
    """
    tenths = ms // (_HOUR_MS // 10)
    return f"{tenths // 10:,}.{tenths % 10}"
