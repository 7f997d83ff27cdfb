"""One rate, ready to be shown: figure, bounds, verdict in words, and where they lie on a scale. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from camboard.i18n import Language
from camboard.text import percent, target
from camboard.words import PROMISE, PROMISE_SHAPE, mark
from camkeeper.availability.buckets import BASIS_POINTS, Promise

SCALE = 1000
"""Width of the scale's box."""
_FLOORS_PERCENT = (90, 80, 50, 0)

NOT_MEASURED = mark("未测得")


class Rated(Protocol):
    """Whatever has a rate and its bounds: buckets, or what a named rule made of them."""

    @property
    def ratio(self) -> Fraction | None:
        """The rate; None where nothing was measured."""

    @property
    def lower(self) -> Fraction | None:
        """If all unknown time was down."""

    @property
    def upper(self) -> Fraction | None:
        """If all unknown time was up."""

    @property
    def completeness(self) -> Fraction | None:
        """Known share of what counts."""


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


def figure(rated: Rated, target_bp: int, verdict: Promise, say: Language) -> Figure:
    """Write a rate; the verdict is the one that was given, never judged anew here."""
    return Figure(
        value=percent(rated.ratio),
        lower=percent(rated.lower),
        upper=percent(rated.upper),
        completeness=percent(rated.completeness),
        target=target(target_bp),
        verdict=verdict,
        verdict_word=say(PROMISE[verdict]),
        verdict_shape=PROMISE_SHAPE[verdict],
        why=_why(rated, target_bp, verdict, say),
        scale=_scale(rated, target_bp),
    )


def _why(rated: Rated, target_bp: int, verdict: Promise, say: Language) -> str:
    lower, upper = rated.lower, rated.upper
    if lower is None or upper is None:
        return say("尚无可计的时间")
    if verdict is Promise.MET:
        return say("下限也达到目标")
    if verdict is Promise.MISSED:
        return say("上限也低于目标")
    goal = Fraction(target_bp, BASIS_POINTS)
    return say("上下限跨在目标两侧") if lower < goal <= upper else say("未知过多")


def _scale(rated: Rated, target_bp: int) -> Scale | None:
    lower, upper, ratio = rated.lower, rated.upper, rated.ratio
    if lower is None or upper is None:
        return None
    goal = Fraction(target_bp, BASIS_POINTS)
    least = min(lower, goal)
    floor = next(f for f in _FLOORS_PERCENT if least.numerator * 100 >= f * least.denominator)

    def place(share: Fraction) -> int:
        # In whole numbers: Fractions would look for common divisors at each step, and a page has hundreds of scales.
        over = (share.numerator * 100 - floor * share.denominator) * SCALE
        return over // (share.denominator * (100 - floor))

    return Scale(
        floor_percent=floor,
        target=place(goal),
        lower=place(lower),
        upper=place(upper),
        ratio=None if ratio is None else place(ratio),
    )
