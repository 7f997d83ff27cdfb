"""Histories of others: made by hand after their documented forms, accounted like any samples, gaps unknown."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from camkeeper.account.fault import UnreadableError
from camkeeper.account.statement import Terms, statement
from camkeeper.account.windows import WindowFile
from camkeeper.availability.buckets import Buckets
from camkeeper.cli import app
from camkeeper.foreign.found import GAPS
from camkeeper.foreign.kuma import PENDING
from camkeeper.foreign.read import SOURCES, read_history
from camkeeper.foreign.zabbix import EVENTS
from camkeeper.model.span import Span

START_S = 1_790_784_000
MINUTE_MS = 60_000
TERMS = Terms(
    period=Span(start_ms=START_S * 1000, end_ms=START_S * 1000 + 60 * MINUTE_MS),
    hold_ms=150_000,
    target=Fraction(95, 100),
)
BEATS = [1] * 20 + [0] * 10 + [None] * 20 + [1] * 10
"""An hour by the minute: up, down, nothing, up."""
WANTED = Buckets(up_ms=30 * MINUTE_MS, down_ms=11 * MINUTE_MS + 30_000, unknown_ms=18 * MINUTE_MS + 30_000)
"""The last failure holds for two and a half minutes, then nobody knows."""


def told(source: str, path: Path) -> dict[str, Buckets]:
    return statement(read_history(source, path, every_ms=MINUTE_MS).samples, WindowFile(), TERMS).devices


def samples() -> list[tuple[int, int]]:
    return [(START_S + 60 * n, beat) for n, beat in enumerate(BEATS) if beat is not None]


def test_prometheus_range_query(tmp_path: Path) -> None:
    path = tmp_path / "q.json"
    metric = {"__name__": "probe_success", "instance": "cam-01", "job": "blackbox"}
    values = [[float(at), str(value)] for at, value in samples()]
    answer = {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": metric, "values": values}]}}
    path.write_text(json.dumps(answer))
    assert told("prometheus", path) == {"cam-01": WANTED}
    path.write_text(json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}}))
    with pytest.raises(UnreadableError, match="range query"):
        told("prometheus", path)


@pytest.mark.parametrize("seconds", [True, False])
def test_prometheus_text(tmp_path: Path, *, seconds: bool) -> None:
    """OpenMetrics in seconds, the exposition format in milliseconds."""
    path = tmp_path / "d.txt"
    at_of = "{}.000" if seconds else "{}000"
    lines = [f'probe_success{{instance="cam-01"}} {value} {at_of.format(at)}' for at, value in samples()]
    lines += [f'probe_duration_seconds{{instance="cam-01"}} 0.2 {at_of.format(START_S)}']
    path.write_text("\n".join(["# TYPE probe_success gauge", *lines, *(["# EOF"] if seconds else [])]) + "\n")
    assert told("prometheus", path) == {"cam-01": WANTED}
    path.write_text('{__name__="up", instance="a b"} NaN 1790784000000\n{__name__="up", instance="a b"} 1 x\n')
    found = read_history("prometheus", path, every_ms=1)
    assert [f.line for f in found.samples.faults] == [2]


def test_zabbix_values(tmp_path: Path) -> None:
    path = tmp_path / "h"
    rows = [{"itemid": "42", "clock": str(at), "ns": "0", "value": str(value)} for at, value in samples()]
    path.write_text(json.dumps({"jsonrpc": "2.0", "result": rows, "id": 1}))
    assert told("zabbix", path) == {"42": WANTED}
    path.write_text("itemid,clock,value\n" + "".join(f"42,{at},{value}\n" for at, value in samples()))
    assert told("zabbix", path) == {"42": WANTED}
    lines = [
        json.dumps({"host": {"host": "cam-01", "name": "一号"}, "itemid": 42, "clock": at, "ns": 1, "value": value})
        for at, value in samples()
    ]
    path.write_text("\n".join(lines))
    assert set(told("zabbix", path)) == {"cam-01"}


def test_zabbix_problems_are_known_from_the_first_to_the_last(tmp_path: Path) -> None:
    path = tmp_path / "p.ndjson"
    lines = [
        {"clock": START_S + 600, "ns": 0, "value": 1, "eventid": 7, "name": "down", "hosts": [{"host": "cam-01"}]},
        {"clock": START_S + 1200, "ns": 0, "value": 0, "eventid": 8, "p_eventid": 7},
        {"clock": START_S + 2400, "ns": 0, "value": 1, "eventid": 9, "name": "down", "hosts": [{"host": "cam-01"}]},
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    found = read_history("zabbix", path, every_ms=MINUTE_MS)
    assert EVENTS in found.notes
    one = statement(found.samples, WindowFile(), TERMS).devices["cam-01"]
    assert (one.up_ms, one.down_ms) == (20 * MINUTE_MS, 10 * MINUTE_MS + TERMS.hold_ms)
    assert one.unknown_ms == 60 * MINUTE_MS - one.up_ms - one.down_ms


def kuma(path: Path, rows: list[tuple[int, int]]) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE monitor (id INTEGER PRIMARY KEY, name VARCHAR(150), interval INTEGER)")
        db.execute(
            "CREATE TABLE heartbeat (id INTEGER PRIMARY KEY, important BOOLEAN, monitor_id INTEGER, status SMALLINT,"
            " msg TEXT, time DATETIME, ping INTEGER, duration INTEGER)"
        )
        db.execute("INSERT INTO monitor VALUES (3, 'cam-01', 60)")
        db.executemany(
            "INSERT INTO heartbeat (monitor_id, status, time)"
            " VALUES (3, ?, strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch'))",
            [(status, at) for at, status in rows],
        )
    db.close()


def test_uptime_kuma_s_database(tmp_path: Path) -> None:
    """Pending is a failed check: it counts as down. Maintenance is nobody's promise: unknown."""
    kuma(tmp_path / "kuma.db", [(at, value or 2) for at, value in samples()])
    assert told("uptime-kuma", tmp_path / "kuma.db") == {"cam-01": WANTED}
    assert PENDING in read_history("uptime-kuma", tmp_path / "kuma.db", every_ms=1).notes
    kuma(tmp_path / "m.db", [(at, 3) for at, _ in samples()])
    assert told("uptime-kuma", tmp_path / "m.db")["cam-01"].unknown_ms == 60 * MINUTE_MS


def test_uptime_kuma_s_json(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    monitors = [{"id": 3, "name": "cam-01"}]
    path.write_text(json.dumps({"version": "1.23.16", "monitorList": monitors}))
    with pytest.raises(UnreadableError, match=r"kuma\.db"):
        told("uptime-kuma", path)
    beats = [{"monitorID": 3, "status": 1, "time": "2026-09-30 16:00:00.000"}]
    path.write_text(json.dumps({"monitorList": monitors, "heartbeatList": {"3": beats}}))
    assert told("uptime-kuma", path)["cam-01"].up_ms == TERMS.hold_ms


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"[]", b"{}", b"nonsense\n", b"[[1]]", b'{"status":"success"}'])
def test_other_bytes_are_refused_in_words(source: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(data)
    with suppress(UnreadableError):
        assert read_history(source, path, every_ms=1000).samples.faults


def test_the_command_says_what_the_source_cannot_know(tmp_path: Path) -> None:
    kuma(tmp_path / "kuma.db", samples())
    asked = ["account", str(tmp_path / "kuma.db"), "--source", "uptime-kuma", "--interval", "60s", "--json"]
    asked += ["--from", "2026-10-01T00:00:00+08:00", "--to", "2026-10-01T01:00:00+08:00"]
    said = CliRunner().invoke(app, asked)
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)["total"]["down_ms"] == WANTED.down_ms
    assert GAPS.en in said.stderr
    assert CliRunner().invoke(app, [*asked[:3], "nagios", *asked[4:]]).exit_code == 2
