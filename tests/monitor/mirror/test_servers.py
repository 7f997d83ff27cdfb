"""Against real servers: InfluxDB 1.6.7 by the older dialect, VictoriaMetrics by the unmodified v2 write URL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.monitor.mirror.township import (
    DAY_MS,
    HOUR_MS,
    START_MS,
    begin,
    go_on,
    mirror_all,
    mirror_of,
    setting,
    stories,
)
from tests.peers.influxdb import SeriesServer, influxdb_1, victoria_metrics

from camkeeper.ledger import Batch, LedgerReader
from camkeeper.mirror import AwayError, Mirror, Server
from camkeeper.mirror.check import Checked, check
from camkeeper.mirror.cursor import Cursor, rejected_file, sidecar
from camkeeper.mirror.mirror import ledger_id_of
from camkeeper.mirror.read import device_days, site_days
from camkeeper.mirror.series import DEVICE_DAY, EXACT
from camkeeper.model.mirror import Dialect, InfluxSetting
from camkeeper.model.span import Span

DIALECTS = [Dialect.V1, Dialect.VICTORIA]


@pytest.fixture(params=DIALECTS, scope="module")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeriesServer]:
    make = influxdb_1 if request.param is Dialect.V1 else victoria_metrics
    with make(tmp_path_factory.mktemp("server") / "data") as server:
        yield server


def place(served: SeriesServer, bucket: str) -> InfluxSetting:
    """A database of its own for each test; VictoriaMetrics has but one, which is emptied."""
    if "influxd" in served.command[0]:
        served.query(f'CREATE DATABASE "{bucket}"')
        return setting(served.url, Dialect.V1, bucket=bucket)
    where = setting(served.url, Dialect.VICTORIA, bucket=bucket)
    with closing(Server(where)) as server:
        list(server.get("/api/v1/admin/tsdb/delete_series", {"match[]": '{__name__=~"camkeeper_.*"}'}))
    return where


def checked(path: Path, where: InfluxSetting) -> Checked:
    with LedgerReader(path) as reader, closing(Server(where)) as server:
        cursor = Cursor(sidecar(path), ledger_id=ledger_id_of(reader), target=where.identity)
        with cursor:
            return check(reader, cursor, server, where)


def equal(path: Path, where: InfluxSetting) -> Checked:
    found = checked(path, where)
    assert found.differences == []
    assert all(ours == theirs for ours, theirs in (*found.counts.values(), *found.digests.values()))
    assert set(found.counts) == set(EXACT)
    return found


def test_killed_and_started_again_nothing_is_missing(served: SeriesServer, tmp_path: Path) -> None:
    path = tmp_path / "l"
    session = begin(path, stories(6, 12), tick_ms=START_MS + 9 * DAY_MS)
    where = place(served, "killed")
    mirror = mirror_of(path, where)
    with mirror.opened():
        assert mirror.step().more
        assert mirror.step().more
    served.kill()
    go_on(session, Batch(tick_ms=START_MS + 12 * DAY_MS))
    with mirror.opened() as cursor:
        before = cursor.marks()
        with pytest.raises(AwayError):  # a page may have no rows (an hourly seal): the next has
            mirror_pages(mirror)
        assert cursor.marks().hour_ms <= before.hour_ms
        assert cursor.marks().day_ms <= before.day_ms
        assert mirror.standing.behind.hours > 24
    served.start()
    # Killed once more in the middle of the catching up: what it had taken a moment ago is written again, too, because
    # VictoriaMetrics answers before it has anything on disk.
    with mirror.opened():
        mirror.step()
    served.kill()
    with mirror.opened(), pytest.raises(AwayError):
        mirror_pages(mirror)
    served.start()
    mirror_all(mirror)
    assert equal(path, where).counts[DEVICE_DAY][0] > 0
    session.db.close()


def test_written_twice_it_is_there_once(served: SeriesServer, tmp_path: Path) -> None:
    path = tmp_path / "l"
    begin(path, stories(4, 5), tick_ms=START_MS + 5 * DAY_MS).db.close()
    where = place(served, "twice")
    first = mirror_all(mirror_of(path, where))
    once = equal(path, where)
    sidecar(path).unlink()
    assert mirror_all(mirror_of(path, where)) == first
    assert equal(path, where).counts == once.counts


def test_days_read_back_are_the_ledger_s(served: SeriesServer, tmp_path: Path) -> None:
    path = tmp_path / "l"
    begin(path, stories(4, 6), tick_ms=START_MS + 6 * DAY_MS).db.close()
    where = place(served, "read")
    mirror_all(mirror_of(path, where))
    period = Span(start_ms=START_MS, end_ms=START_MS + 6 * DAY_MS)
    with LedgerReader(path) as reader, closing(Server(where)) as server:
        if where.dialect is Dialect.VICTORIA:
            list(server.get("/internal/force_flush", {}))
        days = device_days(server, where, "cam-001", period)
        assert len(days) == 5
        for day in days:
            span = Span(start_ms=day.start_ms, end_ms=day.start_ms + DAY_MS)
            assert day.buckets == reader.buckets(span, device_ids=["cam-001"])["cam-001"]
            assert (day.source, day.policy) == ("influx", "time-weighted/1")
        town = site_days(server, where, "town", period)
        one = Span(start_ms=town[0].start_ms, end_ms=town[0].start_ms + DAY_MS)
        cameras = [reader.buckets(one, device_ids=[i])[i] for i in ("cam-000", "cam-001", "cam-002")]
        assert town[0].buckets.up_ms == sum(camera.up_ms for camera in cameras)
        assert device_days(server, where, "nobody", period) == ()


def test_a_difference_is_found_and_named(served: SeriesServer, tmp_path: Path) -> None:
    path = tmp_path / "l"
    begin(path, stories(3, 4), tick_ms=START_MS + 4 * DAY_MS).db.close()
    where = place(served, "forged")
    mirror_all(mirror_of(path, where))
    equal(path, where)
    at_ms = (START_MS + 2 * DAY_MS) // HOUR_MS * HOUR_MS + 1
    with closing(Server(where)) as server:
        server.write(where.bucket, [f"{DEVICE_DAY},device=ghost up_ms=5i {at_ms}".encode()])
    (only,) = checked(path, where).differences
    assert (only.measurement, only.start_ms, only.mirror - only.ledger) == (DEVICE_DAY, at_ms // DAY_MS * DAY_MS, 1)


def test_the_thread_waits_out_an_absence(served: SeriesServer, tmp_path: Path) -> None:
    path = tmp_path / "l"
    begin(path, stories(2, 3), tick_ms=START_MS + 3 * DAY_MS).db.close()
    where = place(served, "thread")
    served.kill()
    mirror, stop = mirror_of(path, where), threading.Event()
    thread = threading.Thread(target=mirror.run, args=(stop,), kwargs={"share": 1.0})
    thread.start()
    try:
        assert waited(lambda: bool(mirror.standing.error))
        assert mirror.standing.behind.records > 0
        served.start()
        assert waited(lambda: not mirror.standing.error and mirror.standing.written > 0 and no_more(mirror))
    finally:
        stop.set()
        thread.join(20)
    equal(path, where)


def mirror_pages(mirror: Mirror) -> None:
    while mirror.step().more:
        pass


def no_more(mirror: Mirror) -> bool:
    behind = mirror.standing.behind
    return behind.records == 0 and behind.hours == 0


def waited(true: Callable[[], bool]) -> bool:
    wait = threading.Event()
    return any(true() or wait.wait(0.1) for _ in range(250))


@pytest.fixture(scope="module")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeriesServer]:
    with influxdb_1(tmp_path_factory.mktemp("influxd") / "data") as server:
        yield server


def test_a_field_of_another_type_blocks_nothing(influxd: SeriesServer, tmp_path: Path) -> None:
    path = tmp_path / "l"
    begin(path, stories(3, 4), tick_ms=START_MS + 4 * DAY_MS).db.close()
    influxd.query("CREATE DATABASE conflict")
    where = setting(influxd.url, Dialect.V1, bucket="conflict", batch_lines=10)
    day_ms = (START_MS + DAY_MS) // DAY_MS * DAY_MS + 16 * HOUR_MS
    with closing(Server(where)) as server:
        server.write("conflict", [f'{DEVICE_DAY},device=x up_ms="text" {day_ms}'.encode()])
    mirror = mirror_of(path, where)
    mirror_all(mirror)
    assert mirror.standing.rejected > 0
    kept = rejected_file(path).read_text()
    assert "field type conflict" in kept
    assert kept.count(f"\n{DEVICE_DAY},device=cam") == mirror.standing.rejected
    # The cause is mended, and the lines are written.
    influxd.query(f'DROP MEASUREMENT "{DEVICE_DAY}"', db="conflict")
    sidecar(path).unlink()
    mirror_all(mirror_of(path, where))
    equal(path, where)


def test_points_older_than_the_retention_are_set_aside_and_the_rest_goes_on(
    influxd: SeriesServer, tmp_path: Path
) -> None:
    path = tmp_path / "l"
    begin(path, stories(2, 3), tick_ms=START_MS + 3 * DAY_MS).db.close()
    influxd.query("CREATE DATABASE short")
    influxd.query('CREATE RETENTION POLICY "hour" ON "short" DURATION 1h REPLICATION 1')
    where = setting(influxd.url, Dialect.V1, bucket="short", fine="short/hour")
    mirror = mirror_of(path, where)
    mirror_all(mirror)
    found = checked(path, where)
    assert found.counts[DEVICE_DAY][0] == found.counts[DEVICE_DAY][1] > 0
    assert mirror.standing.rejected > 0
    assert "retention policy" in rejected_file(path).read_text()


def test_a_database_that_nobody_created_is_waited_for(influxd: SeriesServer, tmp_path: Path) -> None:
    path = tmp_path / "l"
    begin(path, stories(1, 1), tick_ms=START_MS + DAY_MS).db.close()
    where = setting(influxd.url, Dialect.V1, bucket="later")
    mirror = mirror_of(path, where)
    with mirror.opened() as cursor, pytest.raises(AwayError, match="database not found"):
        mirror.step()
    assert cursor.path.exists()
    influxd.query("CREATE DATABASE later")
    mirror_all(mirror)
    equal(path, where)
