"""Hours of coverage in the ledger: kept while what they follow from stands, and never part of the proof."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from tests.monitor.ledger.stories import open_ledger

from camkeeper.ledger import Batch, LedgerReader, LifeChange
from camkeeper.ledger.coverage import HOUR_MS, CoverageHour, CoverageSeries, StoredHours
from camkeeper.ledger.rebuild import rebuild
from camkeeper.ledger.verify import verify
from camkeeper.model.change import Transition
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

BEGIN_MS = 490_000 * HOUR_MS
WHOLE = Span(start_ms=BEGIN_MS, end_ms=BEGIN_MS + 100 * HOUR_MS)
AREA = CoverageSeries(site_id="v1", layer="area", unit="m2", night=False, total=9000, design=5000, basis=b"a" * 32)
NIGHT = replace(AREA, night=True, design=1000)
BIG = 2**62 + 12_345


def hour(n: int, *, series: int = 0, lower: int = 10, upper: int = 20, worst: int = 5) -> CoverageHour:
    start_ms = BEGIN_MS + n * HOUR_MS
    return CoverageHour(
        series=series, start_ms=start_ms, lower=lower, upper=upper, worst=worst, worst_ms=start_ms + 100 + n
    )


def transition(at_ms: int, old: Status, new: Status) -> Batch:
    reason = Reason.RECOVERED if new is Status.UP else Reason.NO_PICTURE
    return Batch(
        transitions=(Transition(device_id="c", at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=reason),)
    )


def begun(path: Path) -> None:
    with open_ledger(path) as ledger:
        life = LifeChange(device_id="c", at_ms=BEGIN_MS, enrolled=True)
        ledger.append(Batch(lives=(life,))).result(10)
        ledger.append(transition(BEGIN_MS, Status.UNKNOWN, Status.UP)).result(10)


def stored(path: Path, period: Span = WHOLE) -> dict[bool, StoredHours]:
    with LedgerReader(path) as reader:
        return {key[3]: found for key, found in reader.coverage_stored(period).items()}


def test_hours_are_summed_exactly_past_64_bits_and_only_whole_ones_within(tmp_path: Path) -> None:
    path = tmp_path / "l"
    begun(path)
    hours = [hour(n, lower=BIG, upper=BIG + n, worst=9 - n) for n in range(5)] + [hour(0, series=1)]
    with open_ledger(path) as ledger:
        assert ledger.store_coverage([AREA, NIGHT], hours, seen_seq=10).result(10) == 6
    found = stored(path)
    assert found[False].lower == 5 * BIG
    assert found[False].upper == 5 * BIG + 10
    assert (found[False].hours, found[False].worst, found[False].worst_ms) == (5, 5, hour(4).worst_ms)
    assert (found[True].hours, found[True].first_ms, found[True].end_ms) == (1, BEGIN_MS, BEGIN_MS + HOUR_MS)
    part = stored(path, Span(start_ms=BEGIN_MS + 1, end_ms=BEGIN_MS + 3 * HOUR_MS - 1))
    assert part[False].hours == 1
    with LedgerReader(path) as reader:
        rows = list(reader.coverage_hours(WHOLE, "v1"))
        assert not list(reader.coverage_hours(WHOLE, "v2"))
    assert [row.start_ms for key, row in rows if not key[3]] == [hour(n).start_ms for n in range(5)]


def test_a_late_change_drops_the_hours_that_it_reaches_into(tmp_path: Path) -> None:
    path = tmp_path / "l"
    begun(path)
    with open_ledger(path) as ledger:
        ledger.store_coverage([AREA], [hour(n) for n in range(5)], seen_seq=10).result(10)
        late_ms = BEGIN_MS + 2 * HOUR_MS + 5
        ledger.append(transition(late_ms, Status.UP, Status.DEGRADED)).result(10)
        assert stored(path)[False].end_ms == BEGIN_MS + 2 * HOUR_MS
        # Computed before that change was on record: the hours that it touches are not taken.
        assert ledger.store_coverage([AREA], [hour(n) for n in range(5)], seen_seq=3).result(10) == 2
        with LedgerReader(path) as reader:
            seen_seq = reader.last_seq()
        assert ledger.store_coverage([AREA], [hour(n) for n in range(5)], seen_seq=seen_seq).result(10) == 5
    with LedgerReader(path) as reader:
        told = reader.told_intervals(WHOLE, known_until_ms=WHOLE.end_ms)
    assert [(t.status, t.reason) for t in told] == [
        (Status.UP, None),
        (Status.DEGRADED, Reason.NO_PICTURE),
    ]


def test_another_basis_and_a_figure_that_is_gone_lose_their_hours(tmp_path: Path) -> None:
    path = tmp_path / "l"
    begun(path)
    with open_ledger(path) as ledger:
        ledger.store_coverage([AREA, NIGHT], [hour(0), hour(0, series=1)], seen_seq=10).result(10)
        turned = replace(AREA, basis=b"b" * 32)
        ledger.store_coverage([turned, NIGHT], [], seen_seq=10).result(10)
        assert stored(path).keys() == {True}
        ledger.store_coverage([turned], [hour(1)], seen_seq=10).result(10)
        assert stored(path)[False].basis == b"b" * 32
        assert stored(path).keys() == {False}


def test_a_ledger_from_before_coverage_is_read_and_gets_its_tables_when_written(tmp_path: Path) -> None:
    path = tmp_path / "l"
    begun(path)
    db = sqlite3.connect(path)
    db.executescript("DROP TABLE coverage_hour; DROP TABLE coverage_series; PRAGMA user_version = 0")
    db.close()
    assert not stored(path)
    with LedgerReader(path) as reader:
        assert not list(reader.coverage_hours(WHOLE))
    assert verify(path).ok
    with open_ledger(path) as ledger:
        assert ledger.store_coverage([AREA], [hour(0)], seen_seq=10).result(10) == 1
    assert stored(path)[False].hours == 1


def test_hours_are_no_part_of_the_proof_and_a_rebuild_leaves_them_to_the_monitor(tmp_path: Path) -> None:
    path = tmp_path / "l"
    begun(path)
    with open_ledger(path) as ledger:
        ledger.store_coverage([AREA], [hour(0)], seen_seq=10).result(10)
    head = verify(path)
    assert head.ok
    rebuild(path)
    assert not stored(path)
    assert verify(path).head == head.head


def test_what_the_schema_refuses_harms_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "l"
    begun(path)
    with open_ledger(path) as ledger:
        bad = ledger.store_coverage([AREA], [hour(0, lower=30, upper=20)], seen_seq=10)
        good = ledger.append(Batch(tick_ms=BEGIN_MS + 5))
        assert good.result(10).samples == 0
        with pytest.raises(Exception, match="refused"):
            bad.result(10)
