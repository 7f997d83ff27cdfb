"""One rate, ready to be shown: figure, bounds, verdict in words, and where they lie on a scale. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from camboard.i18n import Language
from camboard.text import percent, target
from camboard.words import PROMISE, PROMISE_SHAPE, mark
from camkeeper.availability.buckets import BASIS_POINTS, Buckets, Promise

SCALE = 1000
"""Width of the scale's box."""
_FLOORS_PERCENT = (90, 80, 50, 0)

NOT_MEASURED = mark("未测得")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Positions in a box 1000 wide, from `floor_percent` at the left to 100% at the right."""

    floor_percent: int
    target: int
    lower: int
    upper: int
    ratio: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A rate in words. `value` is None where nothing was measured: never 0, never 100."""

    value: str | None
    lower: str | None
    upper: str | None
    completeness: str | None
    target: str
    verdict: Promise
    verdict_word: str
    verdict_shape: str
    why: str
    scale: Scale | None

    @property
    def bounds(self) -> str | None:
        """`[lower, upper]`, or None where nothing is accountable."""
        return f"[{self.lower}, {self.upper}]" if self.lower and self.upper else None


def figure(buckets: Buckets, target_bp: int, verdict: Promise, say: Language) -> Figure:
    """Write a rate; the verdict is the one that was given, never judged anew here."""
    return Figure(
        value=percent(buckets.ratio),
        lower=percent(buckets.lower),
        upper=percent(buckets.upper),
        completeness=percent(buckets.completeness),
        target=target(target_bp),
        verdict=verdict,
        verdict_word=say(PROMISE[verdict]),
        verdict_shape=PROMISE_SHAPE[verdict],
        why=_why(buckets, target_bp, verdict, say),
        scale=_scale(buckets, target_bp),
    )


def _why(buckets: Buckets, target_bp: int, verdict: Promise, say: Language) -> str:
    lower, upper = buckets.lower, buckets.upper
    if lower is None or upper is None:
        return say("尚无可计的时间")
    if verdict is Promise.MET:
        return say("下限也达到目标")
    if verdict is Promise.MISSED:
        return say("上限也低于目标")
    goal = Fraction(target_bp, BASIS_POINTS)
    return say("上下限跨在目标两侧") if lower < goal <= upper else say("未知过多")


def _scale(buckets: Buckets, target_bp: int) -> Scale | None:
    lower, upper, ratio = buckets.lower, buckets.upper, buckets.ratio
    if lower is None or upper is None:
        return None
    goal = Fraction(target_bp, BASIS_POINTS)
    least = min(lower, goal)
    floor = next(f for f in _FLOORS_PERCENT if least * 100 >= f)

    def place(share: Fraction) -> int:
        return int((share * 100 - floor) * SCALE / (100 - floor))

    return Scale(
        floor_percent=floor,
        target=place(goal),
        lower=place(lower),
        upper=place(upper),
        ratio=None if ratio is None else place(ratio),
    )
