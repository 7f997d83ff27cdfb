"""Rollups follow the record: a late change, an edited window, several zones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.monitor.ledger.stories import Story, snapshot_of_stories, write

from camkeeper.ledger import Batch, LedgerReader
from camkeeper.ledger.rollup import due, roll_up, stored
from camkeeper.ledger.session import Session
from camkeeper.ledger.verify import verify
from camkeeper.model.change import Transition
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

DAY_MS = 86_400_000
START_MS = 1_790_784_000_000  # 2026-09-30T16:00Z, midnight in Shanghai
LIFE = Span(start_ms=START_MS, end_ms=START_MS + 100 * DAY_MS)


def story(device_id: str = "d0") -> Story:
    changes = (
        (START_MS + 1000, Status.UP),
        (START_MS + DAY_MS + 5000, Status.DOWN),
        (START_MS + 3 * DAY_MS, Status.UP),
    )
    return Story(device_id=device_id, lives=(LIFE,), changes=changes)


def rolled_up(path: Path, some: list[Story], *, tick_ms: int) -> Session:
    alive = [replace(s, lives=(Span(start_ms=START_MS, end_ms=tick_ms + 50 * DAY_MS),)) for s in some]
    session = write(path, alive, zone="Asia/Shanghai", tick_ms=tick_ms)
    session.begin()
    while roll_up(session, days=40):
        pass
    session.commit()
    return session


def test_only_finished_days_are_rolled_up(tmp_path: Path) -> None:
    session = rolled_up(tmp_path / "l", [story()], tick_ms=START_MS + 4 * DAY_MS + 1)
    days = [row[0] for row in session.db.execute("SELECT end_ms FROM rollup_day ORDER BY day")]
    assert days == [START_MS + n * DAY_MS for n in (1, 2, 3, 4)]
    session.db.close()


def test_a_change_that_reaches_back_drops_the_days(tmp_path: Path) -> None:
    session = rolled_up(tmp_path / "l", [story()], tick_ms=START_MS + 5 * DAY_MS)
    session.begin()
    # The story retires its device at the end; the record is open for a life of another device.
    (device_id, since) = ("late", START_MS + 2 * DAY_MS + 7)
    from camkeeper.ledger import LifeChange

    made = Transition(
        device_id=device_id,
        at_ms=since + 9,
        decided_ms=since + 9,
        old=Status.UNKNOWN,
        new=Status.UP,
        reason=Reason.FIRST_SEEN,
    )
    life = LifeChange(device_id=device_id, at_ms=since, enrolled=True)
    session.write(Batch(lives=(life,), transitions=(made,)), 0)
    session.commit()
    assert len(stored(session.db)) == 2
    session.begin()
    assert roll_up(session, days=40) == 3
    session.commit()
    session.db.close()
    assert verify(tmp_path / "l").ok


def test_an_edited_window_outdates_its_days_only(tmp_path: Path) -> None:
    some = [story("a"), story("b")]
    session = rolled_up(tmp_path / "l", some, tick_ms=START_MS + 6 * DAY_MS)
    window = Span(start_ms=START_MS + DAY_MS + 100, end_ms=START_MS + 2 * DAY_MS + 100)
    edited = [replace(some[0], excluded=(window,)), some[1]]
    session.begin()
    session.write(Batch(config=snapshot_of_stories(edited, "Asia/Shanghai"), at_ms=1), 0)
    session.commit()
    period = Span(start_ms=START_MS - DAY_MS, end_ms=START_MS + 6 * DAY_MS)
    assert [d.span.start_ms for d in due(session.db, session.config, period)] == [
        START_MS + DAY_MS,
        START_MS + 2 * DAY_MS,
    ]
    with LedgerReader(tmp_path / "l") as reader:
        days = reader.day_tallies(
            period, ["a"], tz="Asia/Shanghai", policy=DEFAULT_ACCOUNTING[0], config=reader.config_for("2026-10")
        )
    assert sum(day.buckets.excluded_ms for day in days) == DAY_MS
    session.begin()
    assert roll_up(session, days=40) == 2
    session.commit()
    session.db.close()
    assert verify(tmp_path / "l").ok
