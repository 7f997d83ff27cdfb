"""Rates of a month in words, and the difference of two of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from camboard.i18n import Language
from camboard.text import percent, plain, target
from camboard.words import PROMISE, PROMISE_SHAPE, SITE_KIND
from camkeeper.availability.buckets import BASIS_POINTS, Promise
from camkeeper.availability.figures import Figure, Share
from camkeeper.model.place import SiteKind
from camkeeper.standing.report import CoverLine, MonthReport, Rated

_FORGIVEN = 1e-9
"""Areas are floating point sums."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """One line: a site, a contractor, or all together."""

    id: str
    name: str
    kind: str
    """Empty for a village, the usual case, and for contractors."""
    cameras: int
    rate: str | None
    bounds: str | None
    target: str
    verdict: Promise
    verdict_word: str
    verdict_shape: str
    good: str | None
    known: str | None
    gross: str | None
    """The rate with agreed windows counted like any time."""
    other: str | None = None
    """The rate of the month that this one is held against; None: there is none, or nothing was measured."""
    change: str = ""
    """Signed, in percentage points."""
    sure: bool = True
    """Whether the change is larger than what both months leave open."""
    trend: str = ""
    """Address of its days."""


def rate_row(rated: Rated, other: Rated | None, say: Language, *, trend: str = "") -> RateRow:
    """Write one line; `other` is the same thing in the month that this one is held against."""
    net = rated.net
    return RateRow(
        id=rated.id,
        name=plain(rated.name),
        kind="" if rated.kind is None or rated.kind is SiteKind.VILLAGE else say(SITE_KIND[rated.kind]),
        cameras=rated.cameras,
        rate=percent(net.ratio),
        bounds=bounds(net),
        target=target(rated.target_bp),
        verdict=net.verdict,
        verdict_word=say(PROMISE[net.verdict]),
        verdict_shape=PROMISE_SHAPE[net.verdict],
        good=percent(net.buckets.good_ratio),
        known=percent(net.completeness),
        gross=percent(rated.gross.ratio),
        other=None if other is None else percent(other.net.ratio),
        change="" if other is None else change(net.ratio, other.net.ratio),
        sure=other is None or certain(net, other.net),
        trend=trend,
    )


def bounds(figure: Figure) -> str | None:
    """Return `[lower, upper]`; None where nothing is accountable."""
    low, high = percent(figure.lower), percent(figure.upper)
    return None if low is None or high is None else f"[{low}, {high}]"


def change(now: Share, before: Share) -> str:
    """Return the difference in percentage points, signed and cut towards zero; empty where one is unknown.

    >>> change(Fraction(95, 100), Fraction(94999, 100000)), change(Fraction(1, 2), Fraction(3, 4)), change(None, None)
    ('+0.00', '-25.00', '')
    """
    if now is None or before is None:
        return ""
    points = (now - before) * 10_000
    whole = abs(points).numerator // abs(points).denominator
    return f"{'-' if points < 0 else '+'}{whole // 100}.{whole % 100:02d}"


def certain(now: Figure, before: Figure) -> bool:
    """Return whether the bounds of both months lie apart: only then it is known which one was better."""
    if now.lower is None or now.upper is None or before.lower is None or before.upper is None:
        return False
    return now.lower > before.upper or before.lower > now.upper


def worst_first(rated: Rated) -> tuple[bool, Fraction, str]:
    """Return what sites are ranked by: the lower bound; those without any accountable time come last."""
    lower = rated.net.lower
    return lower is None, Fraction(0) if lower is None else lower, rated.id


def cover_worst_first(report: MonthReport) -> tuple[CoverLine, ...]:
    """Return coverage as pages list it: sites with others below them as they come, then by what was surely seen.

    Where nothing was measured comes last. Empty while coverage is being computed.
    """
    above = {site.parent_id for site in report.sites}

    def rank(line: CoverLine) -> tuple[int, float, str]:
        if line.site_id in above:
            return 0, 0.0, ""
        return (2, 0.0, line.site_id) if line.lower is None else (1, line.lower, line.site_id)

    return tuple(sorted(report.coverage or (), key=rank))


def cover_verdict(line: CoverLine) -> Promise | None:
    """Judge a site's coverage of a month by the mean of what was seen; None where nothing was promised."""
    if line.target_bp is None:
        return None
    goal = line.target_bp / BASIS_POINTS - _FORGIVEN
    if line.lower is not None and line.lower >= goal:
        return Promise.MET
    return Promise.MISSED if line.upper is not None and line.upper < goal else Promise.UNDETERMINED
