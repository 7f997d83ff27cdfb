"""A township with a ledger of two months, and an InfluxDB that remembers what was before the ledger began."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.dashboards.report_town import TICK_MS, ReportTown, registered, shown, written
from tests.monitor.mirror.township import mirror_all, mirror_of, setting
from tests.monitor.run.township import ZONE
from tests.peers.influxdb import SeriesServer

from camkeeper.availability.days import days_of, month_span
from camkeeper.clock import SystemClock
from camkeeper.ledger.sums import Sum
from camkeeper.mirror import Server
from camkeeper.mirror.lines import Row, head
from camkeeper.mirror.series import DEVICE_DAY, SITE_DAY, Place, availability_fields, device_row, heartbeat_row
from camkeeper.model.mirror import Dialect, InfluxSetting
from camkeeper.model.probing import Depth, DeviceFacts, ProbeResult, Rung, RungResult, Verdict
from camkeeper.model.registry import Registry
from camkeeper.run.history import HistoryRoom

RULE = "time-weighted/1"
OLD = ("2026-08", "2026-09")
"""Months that only the mirror has."""
CAMERA, SITE = "cam-0002", "v02"
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@dataclass(slots=True, kw_only=True)
class HistoryTown(ReportTown):
    """A source that reads years."""

    years: HistoryRoom | None = field(default=None)

    def long_history(self) -> HistoryRoom | None:
        return self.years


def before(months: Iterable[str] = OLD, *, down_ms: int = 7 * HOUR_MS) -> Iterator[Row]:
    """Yield days of a camera and its village, as a former ledger's mirror wrote them."""
    place = Place(device_id=CAMERA, site_id=SITE, kind="camera")
    for month in months:
        for _, span in days_of(month_span(month, ZONE), ZONE):
            one = Sum(lived=DAY_MS, up=DAY_MS - down_ms - HOUR_MS, down=down_ms)
            yield device_row(DEVICE_DAY, place, one, span.start_ms, RULE)
            tags = {"site": SITE, "kind": "village", "policy": RULE}
            yield Row(head(SITE_DAY, tags), availability_fields(one), span.start_ms)


def beats(month: str) -> Iterator[Row]:
    """Yield probes every two hours of a month."""
    span = month_span(month, ZONE)
    place = Place(device_id=CAMERA, site_id=SITE, kind="camera")
    for n, at_ms in enumerate(range(span.start_ms, min(span.end_ms, TICK_MS), 2 * HOUR_MS)):
        rungs = (RungResult(rung=Rung.REACH, verdict=Verdict.OK, ms=float(n % 12 + 1)),)
        result = ProbeResult(
            device_id=CAMERA,
            at_ms=at_ms,
            took_ms=9.0,
            depth=Depth.QUICK,
            rungs=rungs,
            facts=DeviceFacts(clock_offset_s=n / 10),
        )
        yield heartbeat_row(place, result, {"sharpness": -0.25})


def send(where: InfluxSetting, rows: Iterable[Row]) -> None:
    """Write rows past the mirror."""
    with closing(Server(where)) as server:
        server.write(where.bucket, [row.line().encode() for row in rows])


def fill(folder: Path, served: SeriesServer, bucket: str) -> tuple[Path, Registry]:
    """Write a ledger, mirror it, and add what was before."""
    registry = registered(6, 24)
    path = folder / "a.ledger"
    written(path, registry, close="2026-10")
    served.query(f'CREATE DATABASE "{bucket}"')
    where = setting(served.url, Dialect.V1, bucket=bucket)
    mirror_all(mirror_of(path, where))
    send(where, before())
    send(where, beats("2026-11"))
    return path, replace(registry, influx=where)


def town(path: Path, registry: Registry, *, limit_s: float = 5.0) -> HistoryTown:
    """Return a township that reads years."""
    years = HistoryRoom(
        ledger=path, registry=lambda: registry, clock=SystemClock(), now_ms=lambda: TICK_MS, limit_s=limit_s
    )
    return HistoryTown(value=shown(registry), years=years)
