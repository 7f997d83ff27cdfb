"""Pages: whatever happens on the way, what was written equals what follows from the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.mirror.township import DAY_MS, HOUR_MS, START_MS, begin, go_on, snapshot, stories

from camkeeper.ledger import Batch, LedgerReader
from camkeeper.ledger import coverage as stored
from camkeeper.ledger.coverage import CoverageHour, CoverageSeries
from camkeeper.ledger.snapshot import WindowEntry
from camkeeper.mirror.check import Tally, expected
from camkeeper.mirror.cursor import Cursor, sidecar
from camkeeper.mirror.lines import Row, Value, newest_of_each
from camkeeper.mirror.mirror import ledger_id_of
from camkeeper.mirror.series import COVERAGE, DEVICE_DAY, SITE_DAY, STATUS
from camkeeper.mirror.source import SETTLE_MS, behind, next_page, record_before
from camkeeper.model.change import Transition
from camkeeper.model.contract import WindowKind
from camkeeper.model.mirror import Behind, Dialect, InfluxSetting
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

SETTING = InfluxSetting(url="http://127.0.0.1", bucket="b", dialect=Dialect.V1, fine_days=1000)
Points = dict[tuple[str, int], dict[str, Value]]


def take(path: Path, points: Points, *, pages: int = 10_000, page_rows: int = 500, fine_days: int = 1000) -> int:
    """Take pages as a server would: the fields of a point are overwritten one by one. Returns how many there were."""
    with LedgerReader(path) as reader, cursor_of(path, reader) as cursor:
        for n in range(pages):
            page = next_page(reader, cursor, fine_days=fine_days, page_rows=page_rows)
            if page is None:
                return n
            for row in newest_of_each(page.rows):
                points.setdefault((row.head, row.at_ms), {}).update(row.fields)
            assert cursor.move(page.moved)
    return pages


def cursor_of(path: Path, reader: LedgerReader) -> Cursor:
    return Cursor(sidecar(path), ledger_id=ledger_id_of(reader), target=SETTING.identity)


def compare(path: Path, points: Points) -> None:
    with LedgerReader(path) as reader, cursor_of(path, reader) as cursor:
        wanted = expected(reader, cursor, SETTING)
    for name, (span, tallies) in wanted.items():
        have: dict[int, Tally] = {}
        for (head, at_ms), fields in points.items():
            if head.partition(",")[0] == name and at_ms in span:
                have.setdefault(at_ms // DAY_MS, Tally()).add(Row(head, tuple(fields.items()), at_ms))
        assert have == tallies, name


def names(points: Points) -> set[str]:
    return {head.partition(",")[0] for head, _ in points}


@given(st.integers(0, 10_000), st.lists(st.integers(1, 9), min_size=1, max_size=6), st.sampled_from([40, 900]))
@settings(max_examples=5, deadline=None)
def test_a_mirror_cut_anywhere_has_what_the_ledger_has(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cuts: list[int], page_rows: int
) -> None:
    path, points = tmp_path_factory.mktemp("m") / "l", Points()
    session = begin(path, stories(4, 5, seed=seed), tick_ms=START_MS + 3 * DAY_MS)
    for pages in cuts:
        take(path, points, pages=pages, page_rows=page_rows)
    go_on(session, Batch(tick_ms=START_MS + 5 * DAY_MS))
    take(path, points, page_rows=page_rows)
    compare(path, points)
    session.db.close()


def test_what_reaches_back_is_written_again(tmp_path: Path) -> None:
    path, points = tmp_path / "l", Points()
    session = begin(path, stories(3, 4), tick_ms=START_MS + 4 * DAY_MS)
    take(path, points)
    with LedgerReader(path) as reader:
        now = reader.newest()["cam-001"]
        intervals = reader.intervals(Span(start_ms=START_MS, end_ms=START_MS + 4 * DAY_MS), ["cam-001"])
    at_ms = max(now.at_ms, intervals[-1].span.start_ms) + 1
    new = Status.UP if now.new is not Status.UP else Status.DOWN
    late = Transition(
        device_id="cam-001", at_ms=at_ms, decided_ms=at_ms + 5, old=now.new, new=new, reason=Reason.NO_ANSWER
    )
    go_on(session, Batch(transitions=(late,), tick_ms=START_MS + 4 * DAY_MS + 1))
    assert take(path, points)
    compare(path, points)
    session.db.close()


def test_a_window_agreed_later_changes_its_days_and_hours(tmp_path: Path) -> None:
    path, points = tmp_path / "l", Points()
    some = stories(3, 6)
    session = begin(path, some, tick_ms=START_MS + 6 * DAY_MS)
    take(path, points)
    before = {key: dict(fields) for key, fields in points.items()}
    window = WindowEntry(
        id="w",
        kind=WindowKind.MAINTENANCE,
        span=Span(start_ms=START_MS + 2 * DAY_MS, end_ms=START_MS + 2 * DAY_MS + 5 * HOUR_MS),
        reason="r",
    )
    config = replace(snapshot(some), windows=(window,))
    go_on(session, Batch(config=config, at_ms=START_MS + 6 * DAY_MS, tick_ms=START_MS + 6 * DAY_MS + 1))
    take(path, points)
    compare(path, points)
    changed = {key for key, fields in points.items() if before[key] != fields}
    assert {head.partition(",")[0] for head, _ in changed} >= {DEVICE_DAY, SITE_DAY}
    assert STATUS not in {head.partition(",")[0] for head, _ in changed}
    assert sum(int(str(f.get("excluded_ms", 0))) for (h, _), f in points.items() if h.startswith(DEVICE_DAY)) > 0
    assert take(path, points) == 0  # and that is all
    session.db.close()


def test_a_device_that_moves_keeps_its_past_where_it_was(tmp_path: Path) -> None:
    path, points = tmp_path / "l", Points()
    some = stories(2, 6)
    session = begin(path, some, tick_ms=START_MS + 3 * DAY_MS)
    take(path, points)
    moved = snapshot(some)
    moved = replace(moved, devices=tuple(replace(d, site_id="v1") for d in moved.devices))
    go_on(session, Batch(config=moved, at_ms=START_MS + 3 * DAY_MS, tick_ms=START_MS + 6 * DAY_MS))
    take(path, points)
    compare(path, points)
    sites = {"v1": set(), "v2": set()}  # type: dict[str, set[int]]
    for head, at_ms in points:
        if head.startswith(f"{DEVICE_DAY},device=cam-001"):
            sites[head.rpartition("site=")[2]].add(at_ms)
    assert sites["v2"]
    assert sites["v1"]
    assert max(sites["v2"]) < min(sites["v1"])
    session.db.close()


def test_hours_older_than_the_retention_are_passed_over(tmp_path: Path) -> None:
    path, points = tmp_path / "l", Points()
    begin(path, stories(2, 10), tick_ms=START_MS + 10 * DAY_MS).db.close()
    take(path, points, fine_days=2)
    hours = {at for head, at in points if "_hour," in head}
    assert min(hours) == (START_MS + 8 * DAY_MS) // HOUR_MS * HOUR_MS
    assert max(hours) == (START_MS + 10 * DAY_MS - SETTLE_MS) // HOUR_MS * HOUR_MS - HOUR_MS


def test_what_is_missing_is_counted(tmp_path: Path) -> None:
    path, points = tmp_path / "l", Points()
    begin(path, stories(2, 3), tick_ms=START_MS + 3 * DAY_MS).db.close()
    with LedgerReader(path) as reader, cursor_of(path, reader) as cursor:
        lacking = behind(reader, cursor.marks(), fine_days=1000)
        assert lacking.records == reader.last_seq()
        assert lacking.hours == 71  # the last one has not settled
        assert lacking.since_ms == START_MS // HOUR_MS * HOUR_MS
    take(path, points)
    with LedgerReader(path) as reader, cursor_of(path, reader) as cursor:
        assert behind(reader, cursor.marks(), fine_days=1000) == Behind()


def test_winding_back_writes_again_from_there_and_a_page_under_way_moves_nothing(tmp_path: Path) -> None:
    path, points = tmp_path / "l", Points()
    begin(path, stories(3, 6), tick_ms=START_MS + 6 * DAY_MS).db.close()
    take(path, points)
    whole = {key: dict(fields) for key, fields in points.items()}
    points.clear()
    from_ms = START_MS + 3 * DAY_MS
    with LedgerReader(path) as reader, cursor_of(path, reader) as cursor:
        cursor.wind_back(seq=record_before(reader, from_ms), from_ms=from_ms)
        page = next_page(reader, cursor, fine_days=1000)
        assert page is not None
        cursor.wind_back(seq=record_before(reader, from_ms), from_ms=from_ms)
        assert not cursor.move(page.moved)
    take(path, points)
    assert points.items() <= whole.items()
    assert {key for key in whole if key[1] >= from_ms} <= points.keys()


def test_another_target_begins_from_nothing(tmp_path: Path) -> None:
    path, points = tmp_path / "l", Points()
    begin(path, stories(2, 3), tick_ms=START_MS + 3 * DAY_MS).db.close()
    take(path, points)
    with LedgerReader(path) as reader:
        other = Cursor(sidecar(path), ledger_id=ledger_id_of(reader), target="elsewhere")
        assert other.marks().seq == 0
        assert other.days() == {}
        other.close()


def test_hours_of_coverage_and_a_change_of_what_they_follow_from(tmp_path: Path) -> None:
    path, points = tmp_path / "l", Points()
    session = begin(path, stories(2, 3), tick_ms=START_MS + 3 * DAY_MS)
    first = START_MS // HOUR_MS * HOUR_MS

    def store(basis: bytes, amount: int) -> None:
        series = [
            CoverageSeries(
                site_id="v1", layer="area", unit="m2", night=night, total=9_000, design=8_000, basis=basis * 32
            )
            for night in (False, True)
        ]
        hours = [
            CoverageHour(
                series=n,
                start_ms=first + h * HOUR_MS,
                lower=amount * HOUR_MS,
                upper=(amount + n) * HOUR_MS,
                worst=amount,
                worst_ms=first,
            )
            for n in (0, 1)
            for h in range(30)
        ]
        session.begin()
        stored.store(session.db, series, hours, session.seq)
        session.commit()

    store(b"a", 1234)
    take(path, points)
    assert COVERAGE in names(points)
    compare(path, points)
    store(b"b", 4321)
    take(path, points)
    compare(path, points)
    light = points[f"{COVERAGE},layer=area,light=night,site=v1,unit=m2", first]
    assert light == {"lower": 4.321, "upper": 4.322, "worst": 4.321, "total": 9.0, "design": 8.0}
    session.db.close()
