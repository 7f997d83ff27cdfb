"""Agreed windows on record: sealed, read back, and in the figures as if each had been written one by one."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.run.township import OCTOBER_MS, device, registry
from tests.monitor.window.test_book import DAY, HOUR, START_MS, deed, exclusion, plan, planned

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader, snapshot_of
from camkeeper.ledger.files import files_beside, keep_file, read_file
from camkeeper.ledger.snapshot import Snapshot, from_json, to_json
from camkeeper.ledger.verify import verify
from camkeeper.model.contract import WindowKind
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.window.book import Deed, WindowBook
from camkeeper.window.rule import read_rule

BOTH = frozenset(WindowKind)
RULES = ("FREQ=DAILY", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=TU,FR", "FREQ=MONTHLY", "FREQ=DAILY;COUNT=3")


def town(**more: Any) -> Registry:
    return replace(registry([device("a"), device("b"), device("c")]), **more)


@given(
    rule=st.sampled_from(RULES),
    hours=st.integers(1, 12),
    names=st.sets(st.sampled_from("abc"), min_size=1),
    start=st.integers(-40, 60),
    days=st.integers(1, 60),
    ended=st.none() | st.integers(1, 40),
)
def test_a_plan_counts_as_its_windows_written_one_by_one(
    rule: str, hours: int, names: set[str], start: int, days: int, ended: int | None
) -> None:
    agreed = plan(
        rule=read_rule(rule),
        length_ms=hours * HOUR,
        link_ids=frozenset(),
        device_ids=frozenset(names),
        until_ms=None if ended is None else START_MS + ended * DAY + HOUR,
    )
    period = Span(start_ms=START_MS + start * DAY, end_ms=START_MS + (start + days) * DAY)
    once = town(agreed=(agreed,))
    single = town(windows=agreed.windows(Span(start_ms=0, end_ms=START_MS + 200 * DAY)))
    kept = from_json(to_json(snapshot_of(once)))
    assert kept == snapshot_of(once)
    assert kept.excluded(BOTH, period) == snapshot_of(single).excluded(BOTH, period)
    for at_ms in (period.start_ms, period.start_ms + HOUR, period.end_ms):
        assert [once.in_window(d, at_ms) for d in once.devices] == [single.in_window(d, at_ms) for d in single.devices]


def test_a_device_that_left_keeps_what_was_agreed_for_it() -> None:
    agreed = plan(link_ids=frozenset(), device_ids=frozenset({"a", "b"}))
    before = snapshot_of(town(agreed=(agreed,)))
    left = registry([device("b"), device("c")])
    after = snapshot_of(replace(left, agreed=(agreed,))).after(before)
    period = Span(start_ms=START_MS, end_ms=START_MS + DAY)
    assert after.excluded(BOTH, period) == before.excluded(BOTH, period)


def _snapshot(book: WindowBook) -> Snapshot:
    return snapshot_of(town(agreed=book.plans))


def _written(path: Path) -> WindowBook:
    events = (planned(exclusion(everything=True, link_ids=frozenset())), deed(Deed.ENDED, START_MS + HOUR))
    book = WindowBook()
    with Ledger.open(path, boot=Boot(boot_id="b", version="t"), clock=SimulatedClock(wall_ms=OCTOBER_MS)) as ledger:
        for n, event in enumerate(events):
            book = book.take(event)
            ledger.append(
                Batch(windows=(event,), config=_snapshot(book), tick_ms=OCTOBER_MS + n, at_ms=OCTOBER_MS + n)
            ).result(10)
    return book


def test_what_was_agreed_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "t.ledger"
    book = _written(path)
    with LedgerReader(path) as reader:
        assert reader.window_book() == book
        newest = reader.config_at()
        assert newest is not None
        assert newest.config.windows_head
        assert [entry.plan for entry in newest.config.plans] == list(book.plans)
    with Ledger.open(path, boot=Boot(boot_id="c", version="t"), clock=SimulatedClock(wall_ms=OCTOBER_MS)) as ledger:
        assert ledger.recover().windows == book
    assert verify(path).faults == ()


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE window_event SET body = replace(body, '张三', '李四') WHERE number = 1",
        "UPDATE window_event SET at_ms = at_ms + 1 WHERE number = 2",
        "DELETE FROM window_event WHERE number = 1",
        "DELETE FROM window_event WHERE number = 2",
        "DELETE FROM window_event",
        "UPDATE window_event SET hash = zeroblob(32) WHERE number = 2",
    ],
)
def test_a_changed_record_is_found(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "t.ledger"
    _written(path)
    with sqlite3.connect(path) as db:
        db.execute(harm)
    assert "window_event" in {fault.where for fault in verify(path).faults}


def test_a_ledger_from_before_there_were_any(tmp_path: Path) -> None:
    path = tmp_path / "t.ledger"
    _written(path)
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE window_event")
        db.execute("PRAGMA user_version = 0")
    with LedgerReader(path) as reader:
        assert reader.window_book() == WindowBook()


def test_files_are_kept_once_and_given_back_unchanged(tmp_path: Path) -> None:
    ledger = tmp_path / "t.ledger"
    digest = keep_file(ledger, b"%PDF-1")
    assert keep_file(ledger, b"%PDF-1") == digest
    assert [p.name for p in files_beside(ledger).iterdir()] == [digest]
    assert read_file(ledger, digest) == b"%PDF-1"
    for name in ("0" * 64, "../t.ledger", digest.upper() + "/", ""):
        with pytest.raises(LookupError):
            read_file(ledger, name)
    (files_beside(ledger) / digest).write_bytes(b"%PDF-2")
    with pytest.raises(ValueError, match="changed"):
        read_file(ledger, digest)
    assert read_file(ledger, keep_file(ledger, b"%PDF-1!")) == b"%PDF-1!"
