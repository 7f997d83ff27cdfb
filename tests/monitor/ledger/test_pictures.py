"""Findings and clocks on record: with their batch or not at all, beside the chain, found again after a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.ledger.stories import open_ledger

from camkeeper.ledger import Batch, InconsistentBatchError, LedgerReader, LifeChange
from camkeeper.ledger.rebuild import rebuild
from camkeeper.ledger.verify import verify
from camkeeper.model.picture import Drift, Finding, PictureVerdict, Scope, Turn
from camkeeper.model.span import Span

T0 = 1_790_000_000_000
HOUR = 3_600_000
TURN = Turn(yaw_deg=-12.5, pitch_deg=0.25, roll_deg=0.0, error_deg=0.19, method="features", support=41.0)
ALL = Span(start_ms=0, end_ms=2**53)


def finding(
    verdict: PictureVerdict = PictureVerdict.COVER,
    *,
    device_id: str = "c1",
    since_ms: int = T0,
    scope: Scope = Scope.DEVICE,
    turn: Turn | None = None,
) -> Finding:
    return Finding(
        device_id=device_id,
        verdict=verdict,
        since_ms=since_ms,
        decided_ms=since_ms + HOUR,
        scope=scope,
        turn=turn,
        looks=3,
    )


def enrolled(*device_ids: str) -> Batch:
    return Batch(lives=tuple(LifeChange(device_id=d, at_ms=T0, enrolled=True) for d in device_ids), tick_ms=T0)


def test_a_finding_stands_until_another_is_proved_and_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "l"
    covered, moved = finding(), finding(PictureVerdict.MOVED, device_id="c2", turn=TURN)
    weather = finding(PictureVerdict.FOG, device_id="c3", scope=Scope.WEATHER)
    with open_ledger(path) as ledger:
        assert ledger.recover().findings == ()
        ledger.append(enrolled("c1", "c2", "c3")).result(10)
        ledger.append(Batch(findings=(covered, moved, weather))).result(10)
    with open_ledger(path) as ledger, LedgerReader(path) as reader:
        assert ledger.recover().findings == reader.standing_findings() == (covered, moved, weather)
        good = finding(PictureVerdict.OK, since_ms=T0 + 5 * HOUR)
        ledger.append(Batch(findings=(good,))).result(10)
        assert reader.standing_findings() == (moved, weather)
    with open_ledger(path) as ledger, LedgerReader(path) as reader:
        assert ledger.recover().findings == (good, moved, weather)  # the last word of each
        assert reader.findings(ALL, "c1") == (covered, good)
        assert reader.findings(ALL) == (covered, moved, weather, good)
    proof = verify(path)
    assert proof.ok
    rebuild(path)
    with LedgerReader(path) as reader:
        assert reader.findings(ALL) == (covered, moved, weather, good)


def test_a_device_that_left_has_no_standing_finding_and_none_when_it_comes_again(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with open_ledger(path) as ledger, LedgerReader(path) as reader:
        ledger.append(enrolled("c1")).result(10)
        ledger.append(Batch(findings=(finding(),))).result(10)
        later = T0 + 9 * HOUR
        gone = LifeChange(device_id="c1", at_ms=later, enrolled=False)
        ledger.append(Batch(lives=(gone,), tick_ms=later)).result(10)
        assert reader.standing_findings() == ()
        again = LifeChange(device_id="c1", at_ms=later + HOUR, enrolled=True)
        ledger.append(Batch(lives=(again,), tick_ms=later + HOUR)).result(10)
        assert reader.standing_findings() == ()
        assert reader.findings(ALL) == (finding(),)


def test_pictures_of_a_stranger_fail_their_batch_and_nothing_of_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with open_ledger(path) as ledger, LedgerReader(path) as reader:
        ledger.append(enrolled("c1")).result(10)
        for batch in (
            Batch(findings=(finding(), finding(device_id="x"))),
            Batch(findings=(finding(),), drifts=(Drift(device_id="x", at_ms=T0, offset_s=1.0),)),
        ):
            with pytest.raises(InconsistentBatchError, match="never enrolled"):
                ledger.append(batch).result(10)
        assert reader.findings(ALL) == ()


MOMENTS = st.integers(0, 40)
VERDICTS = st.sampled_from([PictureVerdict.OK, PictureVerdict.COVER, PictureVerdict.BLUR])


@given(st.lists(st.tuples(st.sampled_from(["c1", "c2"]), VERDICTS, MOMENTS), max_size=12), MOMENTS, MOMENTS)
@settings(max_examples=25, deadline=None)
def test_a_period_has_what_is_dated_in_it_and_what_stood_before(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, PictureVerdict, int]], start: int, length: int
) -> None:
    path = tmp_path_factory.mktemp("l") / "l"
    findings = [finding(verdict, device_id=d, since_ms=T0 + at) for d, verdict, at in told]
    period = Span(start_ms=T0 + start, end_ms=T0 + start + length)
    with open_ledger(path) as ledger, LedgerReader(path) as reader:
        ledger.append(enrolled("c1", "c2")).result(10)
        ledger.append(Batch(findings=tuple(findings))).result(10)
        for device_id in ("c1", "c2", None):
            assert list(reader.findings(period, device_id)) == naive(findings, period, device_id)


def naive(findings: Sequence[Finding], period: Span, device_id: str | None) -> list[Finding]:
    wanted = []
    for i, one in enumerate(findings):
        before = [k for k, f in enumerate(findings) if f.device_id == one.device_id and f.since_ms < period.start_ms]
        if device_id in {None, one.device_id} and (one.since_ms in period or before[-1:] == [i]):
            wanted.append(one)
    return wanted


def test_a_clock_s_history_has_the_reading_before_the_period_too(tmp_path: Path) -> None:
    path = tmp_path / "l"
    drifts = tuple(Drift(device_id="c1", at_ms=T0 + i * HOUR, offset_s=60.0 + i / 3) for i in range(5))
    other = Drift(device_id="c2", at_ms=T0, offset_s=-4.5)
    with open_ledger(path) as ledger, LedgerReader(path) as reader:
        ledger.append(enrolled("c1", "c2")).result(10)
        ledger.append(Batch(drifts=(*drifts, other))).result(10)
        period = Span(start_ms=T0 + 2 * HOUR + 1, end_ms=T0 + 4 * HOUR)
        assert reader.drifts("c1", period) == drifts[2:4]
        assert reader.drifts("c1", ALL) == drifts
        assert reader.drifts("c2", Span(start_ms=T0 + HOUR, end_ms=T0 + HOUR)) == (other,)
        assert reader.drifts("c3", ALL) == ()
        assert reader.newest_drifts() == {"c1": drifts[-1], "c2": other}


def test_a_ledger_from_before_is_read_and_gets_the_tables_when_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "l"
    open_ledger(path).close()
    db = sqlite3.connect(path)
    for table in ("picture_finding", "clock_drift", "picture_view"):
        db.execute(f"DROP TABLE {table}")
    db.execute("PRAGMA user_version = 0")
    db.close()
    with LedgerReader(path) as reader:
        assert not any((reader.findings(ALL), reader.standing_findings(), reader.drifts("c", ALL), reader.views()))
        assert reader.newest_drifts() == {}
    assert verify(path).ok
    with open_ledger(path) as ledger:
        ledger.append(enrolled("c1")).result(10)
        ledger.append(Batch(findings=(finding(),))).result(10)
    with LedgerReader(path) as reader:
        assert reader.findings(ALL) == (finding(),)
