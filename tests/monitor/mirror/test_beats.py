"""Days of heartbeats, read back from both servers: the same days, the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.mirror.township import DAY_MS, ZONE, setting
from tests.peers.influxdb import influxdb_1, victoria_metrics

from camkeeper.availability.days import days_of, local_date
from camkeeper.mirror import Server
from camkeeper.mirror.beats import beat_days, percentile
from camkeeper.mirror.series import Place, heartbeat_row
from camkeeper.model.mirror import BeatDay, Dialect, InfluxSetting
from camkeeper.model.probing import Depth, DeviceFacts, ProbeResult, Rung, RungResult, Verdict
from camkeeper.model.span import Span

HOUR_MS = 3_600_000
START_MS = 1_790_000_000_000 // DAY_MS * DAY_MS - 8 * HOUR_MS
"""A local midnight."""
PERIOD = Span(start_ms=START_MS, end_ms=START_MS + 4 * DAY_MS)


def lines() -> Iterator[bytes]:
    """A camera asked every hour of two days, and a switch that answers pings alone."""
    for n in range(48):
        for device, kind, rung in (("cam", "camera", Rung.REACH), ("sw", "switch", Rung.PING)):
            verdict = Verdict.TIMEOUT if n == 7 else Verdict.OK
            result = ProbeResult(
                device_id=device,
                at_ms=START_MS + n * HOUR_MS,
                took_ms=9.0,
                depth=Depth.QUICK,
                rungs=(RungResult(rung=rung, verdict=verdict, ms=float(n * 7 % 48)),),
                facts=DeviceFacts(clock_offset_s=n / 4 if device == "cam" else None),
            )
            scores = {"sharpness": n / 100} if device == "cam" and n % 2 else {}
            yield heartbeat_row(Place(device_id=device, site_id="v1", kind=kind), result, scores).line().encode()


@pytest.fixture(params=[Dialect.V1, Dialect.V3, Dialect.VICTORIA], scope="module")
def where(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxSetting]:
    """InfluxDB 1.6 stands in for the reading of 3 a day at a time: the questions are the same."""
    victoria = request.param is Dialect.VICTORIA
    folder: Path = tmp_path_factory.mktemp("beats") / "data"
    with (victoria_metrics if victoria else influxdb_1)(folder) as served:
        if not victoria:
            served.query("CREATE DATABASE beats")
        made = setting(served.url, Dialect.VICTORIA if victoria else Dialect.V1, bucket="beats")
        with closing(Server(made)) as server:
            server.write("beats", list(lines()))
            if victoria:
                list(server.get("/internal/force_flush", {}))
        yield replace(made, dialect=request.param)


def days(where: InfluxSetting, device: str) -> list[BeatDay]:
    with closing(Server(where)) as server:
        return list(beat_days(server, where, device, PERIOD, ZONE))


def test_each_local_day_has_its_own_numbers(where: InfluxSetting) -> None:
    first, second = days(where, "cam")
    assert first.day == local_date(START_MS, ZONE)
    answered = [float(n * 7 % 48) for n in range(24) if n != 7]
    assert (first.probes, first.p50_ms) == (24, percentile(answered, 50))
    assert first.p95_ms == percentile(answered, 95)
    assert first.clock_offset_s == 23 / 4
    assert first.sharpness == pytest.approx(percentile([n / 100 for n in range(1, 24, 2)], 50))
    assert second.probes == 24
    assert second.p95_ms == percentile([float(n * 7 % 48) for n in range(24, 48)], 95)


def test_the_lowest_rung_of_a_switch_is_its_ping(where: InfluxSetting) -> None:
    first, _ = days(where, "sw")
    assert first.p50_ms is not None
    assert first.clock_offset_s is None
    assert first.sharpness is None


def test_of_who_was_never_asked_there_are_no_days(where: InfluxSetting) -> None:
    assert days(where, "nobody'; DROP DATABASE beats") == []
    assert len(list(days_of(PERIOD, ZONE))) == 4


@given(st.lists(st.floats(0, 1e6), max_size=60), st.integers(1, 99))
def test_a_percentile_was_measured_and_so_many_lie_below(values: list[float], percent: int) -> None:
    found = percentile(values, percent)
    if found is None:
        assert len(values) * percent < 50
        return
    assert found in values
    below = sum(value <= found for value in values)
    assert below * 100 >= len(values) * percent - 50
