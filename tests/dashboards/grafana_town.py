"""What the tests of the Grafana dashboards share: a mirror filled from a ledger, and Grafana's way of asking."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.dashboards.township import standing
from tests.monitor.ledger.stories import Story
from tests.monitor.mirror.township import DAY_MS, HOUR_MS, START_MS, begin, setting, stories
from tests.peers.influxdb import SeriesServer, influxdb_1

from camkeeper.clock import SystemClock
from camkeeper.ledger import coverage as stored
from camkeeper.ledger.coverage import CoverageHour, CoverageSeries
from camkeeper.ledger.session import Session
from camkeeper.mirror import Mirror, Ring
from camkeeper.mirror.series import Place, heartbeat_row, monitor_row
from camkeeper.model.mirror import Behind, Dialect, MirrorStanding
from camkeeper.model.probing import Depth, DeviceFacts, ProbeResult, Rung, RungResult, Verdict
from camkeeper.run.mirror import SCORES
from camkeeper.run.mirrorself import self_fields
from camkeeper.standing.desk import DeskStanding
from camkeeper.standing.view import LaneStanding

Json = dict[str, Any]

DAYS = 9
END_MS = START_MS + DAYS * DAY_MS
ZONE = "Asia/Shanghai"
UNKNOWN = "cam-006"
"""Of which nothing is ever known."""
_DESK = DeskStanding(at_ms=0, open=(), recent=(), orders=(), dead_letters=(), waiting_letters=2, checked_ms=0)


def told() -> list[Story]:
    """Return seven devices; one retires, one is unknown throughout."""
    made = stories(7, DAYS)
    return [replace(s, changes=()) if s.device_id == UNKNOWN else s for s in made]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A server with the mirror of a ledger."""

    server: SeriesServer
    ledger: Path

    def ask(self, query: str, variables: Mapping[str, str], *, every: str, since_ms: int = START_MS) -> list[Json]:
        """Ask as Grafana does; return the series."""
        (result,) = self.server.query(interpolated(query, variables, every=every, since_ms=since_ms), db="graf")
        assert "error" not in result, (query, result)
        return list(result.get("series", []))


def interpolated(query: str, variables: Mapping[str, str], *, every: str, since_ms: int, to_ms: int = END_MS) -> str:
    """Return a question with what Grafana puts in; whatever is left over is an error of the dashboard."""
    text = query.replace("$timeFilter", f"time >= {since_ms}ms and time <= {to_ms}ms")
    text = text.replace("$__interval", every).replace("${__to}", str(to_ms))
    for name, value in variables.items():
        text = text.replace(f"${name}", value)
    assert "$" not in text, text
    return text


@contextmanager
def filled(folder: Path) -> Iterator[Filled]:
    """Fill a server of its own until the block ends; hours and heartbeats lie in a retention policy of their own."""
    path = folder / "l"
    session = begin(path, told(), tick_ms=END_MS)
    _cover(session)
    session.db.close()
    ring = Ring()
    for row in _beats():
        ring.put(row)
    with influxdb_1(folder / "influxd") as server:
        server.query("CREATE DATABASE graf")
        server.query('CREATE RETENTION POLICY "fine" ON "graf" DURATION INF REPLICATION 1')
        where = setting(server.url, Dialect.V1, bucket="graf", fine="graf/fine")
        mirror = Mirror(ledger=path, setting=where, secret=lambda: "", clock=SystemClock(), ring=ring)
        with mirror.opened():
            while mirror.step().more:
                pass
        assert mirror.standing.behind == Behind()
        assert not mirror.standing.rejected
        yield Filled(server=server, ledger=path)


def _beats() -> Iterator[Any]:
    view = standing([]).monitor
    mirrored = MirrorStanding(url="http://x", behind=Behind(records=4, hours=1, since_ms=START_MS))
    for n in range(120):
        at_ms = START_MS + n * 60_000
        rungs = tuple(RungResult(rung=rung, verdict=Verdict.OK, ms=float(k + n)) for k, rung in enumerate(Rung, 1))
        facts = DeviceFacts(clock_offset_s=-2.5)
        result = ProbeResult(device_id="cam-001", at_ms=at_ms, took_ms=9.0, depth=Depth.FULL, rungs=rungs, facts=facts)
        place = Place(device_id="cam-001", site_id="v2", kind="camera")
        yield heartbeat_row(place, result, dict.fromkeys(SCORES, 0.5))
        lanes = tuple(
            LaneStanding(name=name, busy=0, waiting=1, bounds_s=(0.5, 1.0, 2.0), counts=(n, n, n, 2 * n), worst_s=3.0)
            for name in ("healthy", "dead")
        )
        now = replace(view, lanes=lanes, mirror=mirrored, probes_total=10 * n, probes_missed=n)
        yield monitor_row(self_fields(now, _DESK, now_ms=at_ms), at_ms)


def _cover(session: Session) -> None:
    series = [
        CoverageSeries(site_id=site, layer=layer, unit=unit, night=night, total=9_000, design=8_000, basis=b"a" * 32)
        for site in ("town", "v1")
        for layer, unit in (("area", "m2"), ("road", "m"))
        for night in (False, True)
    ]
    first = START_MS // HOUR_MS * HOUR_MS
    hours = [
        CoverageHour(
            series=n,
            start_ms=first + h * HOUR_MS,
            lower=(6_000 + h) * HOUR_MS,
            upper=(7_000 + h) * HOUR_MS,
            worst=5_000,
            worst_ms=first,
        )
        for n in range(len(series))
        for h in range(48)
    ]
    session.begin()
    stored.store(session.db, series, hours, session.seq)
    session.commit()


def boards(folder: Path) -> dict[str, Json]:
    """Return the dashboards as they lie there."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
