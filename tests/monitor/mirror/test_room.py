"""The mirror inside the monitor, and on the command line, with a real server."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.monitor.mirror.township import DAY_MS, START_MS, begin, setting, stories
from tests.peers.influxdb import SeriesServer, influxdb_1
from typer.testing import CliRunner

from camkeeper.cli import app
from camkeeper.clock import SystemClock
from camkeeper.config import read
from camkeeper.mirror import Ring, Server
from camkeeper.mirror.lines import Row
from camkeeper.mirror.read import rows_of
from camkeeper.mirror.series import HEARTBEAT
from camkeeper.model.equipment import Credential, Device
from camkeeper.model.mirror import Behind, Dialect, MirrorStanding
from camkeeper.model.probing import Depth, DeviceFacts, ProbeResult, Rung, RungResult, Verdict
from camkeeper.model.span import Span
from camkeeper.run.mirror import MirrorRoom, sentences

CONFIG = """name: n
datum: wgs84
sites:
- {id: town, name: 镇, kind: town, target: 95, timezone: Asia/Shanghai}
- {id: v1, name: 村, kind: village, parent: town, target: 95, timezone: Asia/Shanghai}
devices:
- {id: cam-001, name: 枪机, kind: camera, site: v1, address: {host: 10.0.0.1}}
"""


@pytest.fixture(scope="module")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeriesServer]:
    with influxdb_1(tmp_path_factory.mktemp("influxd") / "data") as server:
        yield server


class Answers:
    """A device that answers by our own word: what a real one says is the prober's tests' matter."""

    async def probe(self, device: Device, credential: Credential | None, depth: Depth) -> ProbeResult:
        del credential
        rungs = (
            RungResult(rung=Rung.REACH, verdict=Verdict.OK, ms=1.5),
            RungResult(rung=Rung.TIME, verdict=Verdict.TIMEOUT, ms=5000.0),
        )
        facts = DeviceFacts(clock_offset_s=-2.5)
        return ProbeResult(device_id=device.id, at_ms=START_MS, took_ms=9.0, depth=depth, rungs=rungs, facts=facts)


async def test_heartbeats_and_the_ledger_reach_the_server_and_another_configuration_ends_it(
    influxd: SeriesServer, tmp_path: Path
) -> None:
    path = tmp_path / "l"
    begin(path, stories(2, 2), tick_ms=START_MS + 2 * DAY_MS).db.close()
    influxd.query("CREATE DATABASE room")
    where = setting(influxd.url, Dialect.V1, bucket="room")
    registry = replace(read(CONFIG.encode(), "f").registry, influx=where)
    now = {"registry": registry}
    room = MirrorRoom(ledger=path, registry=lambda: now["registry"], clock=SystemClock())
    prober = room.heard_by(Answers())
    task = asyncio.create_task(room.run())
    try:
        await until(lambda: room.standing() is not None)
        await prober.probe(registry.devices[0], None, Depth.QUICK)
        await until(lambda: (s := room.standing()) is not None and s.written > 0 and s.behind == Behind())
        with closing(Server(where)) as server:
            period = Span(start_ms=START_MS, end_ms=START_MS + 1)

            def beats() -> list[Row]:
                return [row for _, row in rows_of(server, where, HEARTBEAT, period)]

            await until(lambda: bool(beats()))
            (beat,) = beats()
        assert dict(beat.fields) == {"clock_offset_s": -2.5, "reach_ms": 1.5, "took_ms": 9}
        assert room.warnings == []
        now["registry"] = replace(registry, influx=None)
        await until(lambda: room.standing() is None)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(true: object) -> None:
    for _ in range(300):
        if true():  # type: ignore[operator]
            return
        await asyncio.sleep(0.1)
    raise AssertionError("not within 30 s")


def test_the_ring_is_bounded_and_keeps_the_newest() -> None:
    ring = Ring(most=5)
    rows = [Row("h", (("v", n),), n) for n in range(8)]
    for row in rows:
        ring.put(row)
    assert ring.lost == 3
    taken = ring.take(2)
    assert taken == rows[3:5]
    ring.put(rows[0])
    ring.put_back(taken)
    assert [row.at_ms for row in ring.take(9)] == [4, 5, 6, 7, 0]
    assert ring.lost == 4


def test_the_board_is_told_what_is_missing_since_when_and_why() -> None:
    at_ms = START_MS
    fine = MirrorStanding(url="http://x", behind=Behind())
    assert sentences(fine, now_ms=at_ms, tz="Asia/Shanghai") == []
    late = replace(fine, behind=Behind(records=7, hours=2, since_ms=at_ms - 7_200_000), error="HTTP 503")
    (line,) = sentences(late, now_ms=at_ms, tz="Asia/Shanghai")
    assert "7 条记录" in line
    assert "HTTP 503" in line
    refused = replace(fine, rejected=3)
    assert "3 lines" in sentences(refused, now_ms=at_ms, tz="Asia/Shanghai")[0]


def test_the_command_line(influxd: SeriesServer, tmp_path: Path) -> None:
    path, config = tmp_path / "l", tmp_path / "cameras.yaml"
    begin(path, stories(2, 3), tick_ms=START_MS + 3 * DAY_MS).db.close()
    influxd.query("CREATE DATABASE cli")
    config.write_text(
        CONFIG + f"influx: {{url: '{influxd.url}', dialect: v1, bucket: cli, fine_days: 1000}}\n", encoding="utf-8"
    )
    runner, where = CliRunner(), ["--config", str(config), "--ledger", str(path)]

    def run(*words: str) -> tuple[int, str]:
        result = runner.invoke(app, ["mirror", *words, *where])
        return result.exit_code, result.output

    code, text = run("status", "--json")
    assert code == 0
    assert json.loads(text)["behind"]["records"] > 0
    assert run("rebuild")[0] == 0
    code, text = run("status", "--json")
    assert json.loads(text)["behind"] == {"records": 0, "hours": 0, "since_ms": None}
    assert run("status")[0] == 0
    assert run("check")[0] == 0
    influxd.query('DROP MEASUREMENT "camkeeper_status"', db="cli")
    code, text = run("check")
    assert code == 1
    assert "camkeeper_status" in text
    assert run("rebuild", "--from", "2026-09-01")[0] == 0
    assert run("check")[0] == 0
    assert run("rebuild", "--from", "yesterday")[0] == 2
    config.write_text(CONFIG, encoding="utf-8")
    assert run("status")[0] == 1
