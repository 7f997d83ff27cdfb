"""A chart as values: its rows are a table that anybody can read, and what the script draws. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from camboard.figure import NOT_MEASURED
from camboard.i18n import Language
from camboard.text import percent, plain, target
from camkeeper.availability.buckets import BASIS_POINTS, Buckets
from camkeeper.availability.daily import DaySum
from camkeeper.standing.report import TrendPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRow:
    """One day or month. Words are None where nothing was measured; so are the numbers, and the line breaks there."""

    label: str
    rate: str | None
    lower: str | None
    upper: str | None
    good: str | None
    known: str | None
    """Completeness."""
    number: tuple[str, str, str, str]
    """Rate, lower, upper and good in percent for drawing, four decimals; empty where there is none."""
    told: str
    """The row as a sentence, for who moves along the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A rate over time with the band of its bounds."""

    key: str
    title: str
    first: str
    """Heading of the first column: day or month."""
    goal: str
    goal_number: str
    floor: int
    """Percent at the bottom."""
    rows: tuple[ChartRow, ...]
    small: bool = False


_FLOORS = (99, 95, 90, 80, 50, 0)


def days_chart(
    key: str, title: str, days: Iterable[DaySum | TrendPoint], target_bp: int, say: Language, *, small: bool = False
) -> Chart:
    """Return the chart of local days."""
    rows = [(f"{one.day:%m-%d}", one.buckets) for one in days]
    return _chart(key, title, say("日期"), rows, target_bp, say, small=small)


def months_chart(key: str, title: str, months: Iterable[tuple[str, Buckets]], target_bp: int, say: Language) -> Chart:
    """Return the chart of months, oldest first."""
    return _chart(key, title, say("月份"), list(months), target_bp, say, small=False)


def filled(days: Sequence[DaySum], first: date, last: date) -> list[TrendPoint]:
    """Return the days with a point for each one between, so that what nobody measured is a gap and not a line."""
    known = {one.day: one.buckets for one in days}
    return [
        TrendPoint(day=day, buckets=known.get(day, Buckets()))
        for n in range(first.toordinal(), last.toordinal() + 1)
        for day in (date.fromordinal(n),)
    ]


def _chart(
    key: str, title: str, first: str, rows: Sequence[tuple[str, Buckets]], target_bp: int, say: Language, *, small: bool
) -> Chart:
    goal = Fraction(target_bp, BASIS_POINTS)
    lowest = min((b.lower for _, b in rows if b.lower is not None), default=goal)
    lowest = min([lowest, goal, *(b.good_ratio for _, b in rows if b.good_ratio is not None)])
    return Chart(
        key=key,
        title=title,
        first=first,
        goal=target(target_bp),
        goal_number=_number(goal),
        floor=next((f for f in _FLOORS if lowest * 100 > f), 0),
        rows=tuple(_row(label, buckets, say) for label, buckets in rows),
        small=small,
    )


def _row(label: str, b: Buckets, say: Language) -> ChartRow:
    rate, lower, upper, good = percent(b.ratio), percent(b.lower), percent(b.upper), percent(b.good_ratio)
    if b.ratio is None:
        told = f"{label}: {say(NOT_MEASURED)}"
    else:
        told = say(
            "%(at)s：在线率 %(rate)s，上下限 %(low)s–%(high)s，完好率 %(good)s",
            at=label,
            rate=rate,
            low=lower,
            high=upper,
            good=good,
        )
    return ChartRow(
        label=plain(label),
        rate=rate,
        lower=lower,
        upper=upper,
        good=good,
        known=percent(b.completeness),
        # Bounds of a day of which nothing is known are 0 and 1: no band is drawn then, only a gap.
        number=("", "", "", "")
        if b.ratio is None
        else (_number(b.ratio), _number(b.lower), _number(b.upper), _number(b.good_ratio)),
        told=told,
    )


def _number(share: Fraction | None) -> str:
    """Return percent with four decimals, cut: for drawing only.

    >>> _number(Fraction(94996, 100000)), _number(None)
    ('94.9960', '')
    """
    if share is None:
        return ""
    cut = share.numerator * 1_000_000 // share.denominator
    return f"{cut // 10_000}.{cut % 10_000:04d}"
