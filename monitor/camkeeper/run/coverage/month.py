"""A month's coverage for its report: open ground by day and over the month, and nothing else that coverage knows."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from camkeeper.cover.show import target_of
from camkeeper.cover.township import day_panel
from camkeeper.ledger import LedgerError, LedgerReader
from camkeeper.model.cover import AREA
from camkeeper.model.registry import Registry
from camkeeper.run.coverage.hours import hours_of, passed
from camkeeper.run.coverage.obstacles import obstacles_of
from camkeeper.run.monthstory import cover_line
from camkeeper.run.reports import asked_of
from camkeeper.standing.report import CoverLine


def month_cover(
    path: Path, registry: Registry, shown: Collection[str], *, month: str | None, now_ms: int
) -> tuple[CoverLine, ...]:
    """Return the open ground of each of the `shown` sites over a month (None: the newest), by today's cameras.

    The same figures as `coverage_of` has, for a third of the time: neither night nor today nor a map. LookupError,
    ValueError and LedgerError as of `read_book`; BandError and FrameError as of `TownshipCover.build`.
    """
    if not path.exists():
        raise LedgerError("没有这个文件，监测是否启动过？ / no such file; was the monitor ever started?")
    panel = day_panel(registry, obstacles_of(registry)[0])
    with LedgerReader(path) as reader, reader.reading():
        period = asked_of(reader, month, now_ms).period
        found = hours_of(reader, panel, passed(reader, period, period.end_ms))
    sites = [registry.site_by_id[site_id] for site_id in panel.rows_of_site if site_id in shown]
    return tuple(
        cover_line(site, target_of(registry, site.id, AREA), hours)
        for site in sites
        for hours in found[site.id]
        if hours.layer == AREA
    )
