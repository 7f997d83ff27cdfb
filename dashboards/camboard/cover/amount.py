"""Amounts and shares of coverage in words, and the verdict on them. Pure.

Areas and lengths are floating point sums over polygons, so an exact 95% may arrive as 0.9499999999: one part in a
billion is forgiven, which is a hand's breadth in a county.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from camboard.figure import SCALE, Scale
from camboard.i18n import Language
from camboard.text import percent, target
from camboard.words import PROMISE, PROMISE_SHAPE
from camkeeper.availability.buckets import BASIS_POINTS, Promise
from camkeeper.standing.coverage import Cover, LayerCover, Unit

FORGIVEN = 1e-9
_KM2 = 1_000_000.0
_KM = 10_000.0


def verdict(layer: LayerCover) -> Promise | None:
    """Judge a layer: met if even the lower bound reaches the target, missed if even the upper stays below.

    None where nothing was promised; undetermined where there is nothing to see, or the bounds straddle the target.
    """
    cover = layer.cover
    if layer.target_bp is None:
        return None
    if cover.total <= 0:
        return Promise.UNDETERMINED
    goal = layer.target_bp / BASIS_POINTS - FORGIVEN
    if cover.lower / cover.total >= goal:
        return Promise.MET
    return Promise.MISSED if cover.upper / cover.total < goal else Promise.UNDETERMINED


def share(ratio: float | None, *, decimals: int = 1) -> str | None:
    """Return a share as percent, cut and never rounded up; None where there is nothing to see.

    >>> share(0.94999), share(0.95 - 1e-12), share(1.0), share(None)
    ('94.9%', '95.0%', '100.0%', None)
    """
    if ratio is None:
        return None
    return percent(Fraction(min(1.0, max(0.0, ratio + FORGIVEN))), decimals=decimals)


def amount(value: float, unit: Unit, *, lost: bool = False) -> str:
    """Return an amount with its unit; what is seen is cut, what is lost is rounded up: neither flatters.

    >>> amount(1234.9, Unit.AREA), amount(1234.1, Unit.AREA, lost=True), amount(2.0, Unit.COUNT)
    ('1,234 m²', '1,235 m²', '2')
    """
    cut = ceil if lost else floor
    nudge = -FORGIVEN if lost else FORGIVEN

    def text(scaled: float, digits: int = 0) -> str:
        whole = max(0, cut(scaled * 10**digits * (1 + nudge)))
        return f"{whole / 10**digits:,.{digits}f}"

    if unit is Unit.COUNT:
        return text(value, 0 if abs(value - round(value)) < FORGIVEN else 1)
    if unit is Unit.AREA:
        return f"{text(value / _KM2, 2)} km²" if value >= _KM2 else f"{text(value)} m²"
    return f"{text(value / 1000, 2)} km" if value >= _KM else f"{text(value)} m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How much of something is seen, ready to be shown."""

    value: str | None
    """One figure where the bounds agree, else `lower–upper`; None: there is nothing to see."""
    exact: bool
    """The bounds agree: no camera of unknown status matters here."""
    lower: str | None
    upper: str | None
    design: str | None
    target: str | None
    verdict: Promise | None
    verdict_word: str
    verdict_shape: str
    tone: str
    """Class of the verdict; `open` where nothing was promised."""
    seen: str
    total: str
    lost: str
    any_lost: bool
    scale: Scale | None
    design_at: int
    """Position of the design on the scale."""


def measure(layer: LayerCover, say: Language) -> Measure:
    """Write one layer."""
    cover, judged = layer.cover, verdict(layer)
    lower, upper = cover.share(cover.lower), cover.share(cover.upper)
    low, high = share(lower), share(upper)
    exact = low == high
    return Measure(
        value=_between(low, high),
        exact=exact,
        lower=low,
        upper=high,
        design=share(cover.share(cover.design)),
        target=None if layer.target_bp is None else target(layer.target_bp),
        verdict=judged,
        verdict_word=say(PROMISE[judged]) if judged else say("无约定目标"),
        verdict_shape=PROMISE_SHAPE[judged] if judged else "–",
        tone=judged.value if judged else "open",
        seen=_seen(cover),
        total=amount(cover.total, cover.unit),
        lost=amount(cover.lost, cover.unit, lost=True),
        any_lost=cover.lost > FORGIVEN * max(1.0, cover.total),
        scale=_scale(cover, layer.target_bp),
        design_at=_at(cover.share(cover.design)),
    )


def value_of(layer: LayerCover) -> str | None:
    """Return what `measure` writes as the value, for labels: a county's map has hundreds."""
    cover = layer.cover
    return _between(share(cover.share(cover.lower)), share(cover.share(cover.upper)))


def _between(low: str | None, high: str | None) -> str | None:
    return low if low == high else f"{low}–{high}"


def _seen(cover: Cover) -> str:
    low, high = amount(cover.lower, cover.unit), amount(cover.upper, cover.unit)
    if low == high:
        return low
    number, _, unit = low.partition(" ")
    return f"{number}–{high}" if high.endswith(f" {unit}") else f"{low}–{high}"


def _at(ratio: float | None) -> int:
    return round(SCALE * min(1.0, max(0.0, ratio or 0.0)))


def _scale(cover: Cover, target_bp: int | None) -> Scale | None:
    if cover.total <= 0:
        return None
    return Scale(
        floor_percent=0,
        target=-1 if target_bp is None else round(SCALE * target_bp / BASIS_POINTS),
        lower=_at(cover.share(cover.lower)),
        upper=_at(cover.share(cover.upper)),
        ratio=None,
    )
