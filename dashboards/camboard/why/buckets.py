"""Milliseconds in buckets, and the divisions that make rates of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from camboard.i18n import Language, span_words
from camboard.picture.goodrate import hours
from camboard.text import percent
from camboard.words import SHAPE, STATE, State, mark
from camkeeper.availability.buckets import Buckets

ABSENT = mark("未投运")
_TWO_DAYS_MS = 172_800_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One of the buckets."""

    word: str
    shape: str
    tone: str
    ms: str
    span: str
    share: str
    note: str = ""
    within: bool = False
    """A part of the line above it; not added up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A rate as the division that it is."""

    word: str
    over: str
    under: str
    value: str


def long_span(ms: int, say: Language) -> str:
    """Return a sum of time over many cameras: past two days in hours."""
    return span_words(ms, say) if ms < _TWO_DAYS_MS else say("%(n)s 小时", n=hours(ms))


def sums(buckets: Buckets, say: Language) -> Iterator[Sum]:
    """Yield the rate, its bounds and the good-order rate; nothing where nothing counts."""
    up, down, unknown = buckets.up_ms, buckets.down_ms, buckets.unknown_ms
    for word, over, under in (
        (say("在线率"), up, up + down),
        (say("下限（未知算离线）"), up, up + down + unknown),
        (say("上限（未知算在线）"), up + unknown, up + down + unknown),
        (say("完好率"), up - buckets.degraded_ms, up + down),
    ):
        if under:
            yield Sum(word=word, over=f"{over:,}", under=f"{under:,}", value=percent(Fraction(over, under)) or "")


def bucket_lines(buckets: Buckets, say: Language) -> Iterator[Bucket]:
    """Yield the five buckets that sum to the period, and what of up was of no use."""
    lines = (
        (State.UP, say(STATE[State.UP]), buckets.up_ms, say("有应答，含画面不可用的时间")),
        (State.DEGRADED, say(STATE[State.DEGRADED]), buckets.degraded_ms, say("其中画面不可用：算在线，不算完好")),
        (State.DOWN, say(STATE[State.DOWN]), buckets.down_ms, ""),
        (State.UNKNOWN, say(STATE[State.UNKNOWN]), buckets.unknown_ms, say("我们不知道")),
        (State.MAINTENANCE, say("不计"), buckets.excluded_ms, say("按约定不计")),
        (None, say(ABSENT), buckets.absent_ms, say("还没有或不再在册")),
    )
    for state, word, ms, note in lines:
        yield Bucket(
            word=word,
            shape="–" if state is None else SHAPE[state],
            tone="none" if state is None else state.value,
            ms=f"{ms:,}",
            span=long_span(ms, say),
            share=(percent(Fraction(ms, buckets.period_ms)) if buckets.period_ms else None) or "–",
            note=note,
            within=state is State.DEGRADED,
        )
