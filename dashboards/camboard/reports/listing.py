"""The list of months as values. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from camboard.chart.view import Chart, months_chart
from camboard.figure import Figure
from camboard.i18n import Language, span_words
from camboard.reports.amounts import RateRow, rate_row
from camboard.reports.view import STATE, counted
from camkeeper.standing.report import MonthReport, MonthState


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """One month of the list."""

    month: str
    state: MonthState
    state_word: str
    row: RateRow
    incidents: int
    lasted: str
    missed: int
    """Villages that missed the target."""
    undetermined: int
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The page of months."""

    newest: MonthReport | None
    figure: Figure | None
    rows: tuple[MonthRow, ...]
    chart: Chart | None
    older: str
    """Month before which more are listed; empty: none."""


def listing(reports: Sequence[MonthReport], older: str, say: Language) -> Listing:
    """Write the months, newest first."""
    rows = tuple(_row(report, before, say) for report, before in zip(reports, [*reports[1:], None], strict=False))
    newest = reports[0] if reports else None
    chart = None
    if newest is not None:
        points = [(report.month, report.total.net.buckets) for report in reversed(reports)]
        chart = months_chart("months", say("每月在线率"), points, newest.total.target_bp, say)
    return Listing(
        newest=newest,
        figure=None if newest is None else counted(newest.total.net, newest.total.target_bp, say),
        rows=rows,
        chart=chart,
        older=older,
    )


def _row(report: MonthReport, before: MonthReport | None, say: Language) -> MonthRow:
    villages = [s for s in report.sites if s.cameras and s.parent_id is not None]
    return MonthRow(
        month=report.month,
        state=report.state,
        state_word=say(STATE[report.state]),
        row=rate_row(report.total, None if before is None else before.total, say),
        incidents=sum(line.count for line in report.causes),
        lasted=span_words(sum(line.lasted_ms for line in report.causes), say),
        missed=sum(s.net.verdict.value == "missed" for s in villages),
        undetermined=sum(s.net.verdict.value == "undetermined" for s in villages),
        sites=len(villages),
    )
