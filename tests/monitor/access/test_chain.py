"""The audit log: every byte is sealed, and what is entered is harmless and bounded."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.access.doors import LOCAL, NOW_MS, a_clock, door

from camkeeper.access import AccessError, verify
from camkeeper.access.chain import genesis, sealed, texts_of, walk
from camkeeper.access.notes import MAX_DETAIL, MAX_TARGET, Trickle, entry
from camkeeper.model.access import Principal, Role
from camkeeper.standing.access import AuditRecord

TEXT = st.text(max_size=12)
TEXTS = st.tuples(TEXT, TEXT, TEXT, TEXT, TEXT, TEXT)
START = genesis(bytes(16), NOW_MS)
GARBLED = b"camkeeper"


def chained(rows: list[tuple[int, tuple[str, str, str, str, str, str]]]) -> list[AuditRecord]:
    out, head = [], START
    for number, (at_ms, texts) in enumerate(rows, start=1):
        head = sealed(head, number, at_ms, texts)
        by, role, address, what, target, detail = texts
        out.append(
            AuditRecord(
                number=number,
                at_ms=at_ms,
                by=by,
                role=role,
                address=address,
                what=what,
                target=target,
                detail=detail,
                head=head.hex(),
            )
        )
    return out


@given(st.lists(st.tuples(st.integers(0, 2**62), TEXTS), max_size=8))
def test_what_was_written_verifies_and_each_head_is_found(rows: list[tuple[int, tuple[str, ...]]]) -> None:
    records = chained(rows)  # type: ignore[arg-type]
    heads = frozenset(r.head for r in records)
    found = walk(START, records, looked_for=heads | {"00"})
    assert found.broken_at is None
    assert found.entries == len(records)
    assert found.passed == heads


@given(TEXTS, TEXTS)
def test_two_entries_never_have_the_same_bytes(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    same = sealed(START, 1, NOW_MS, one) == sealed(START, 1, NOW_MS, other)  # type: ignore[arg-type]
    assert same == (one == other)


@given(st.lists(st.tuples(st.integers(0, 2**62), TEXTS), min_size=2, max_size=6), st.data())
def test_what_is_taken_out_or_swapped_is_found(rows: list[tuple[int, tuple[str, ...]]], data: st.DataObject) -> None:
    records = chained(rows)  # type: ignore[arg-type]
    at = data.draw(st.integers(0, len(records) - 2))
    assert walk(START, records[:at] + records[at + 1 :]).broken_at == at + 1
    swapped = [*records[:at], records[at + 1], records[at], *records[at + 2 :]]
    assert walk(START, swapped).broken_at == at + 1
    forged = replace(records[at], by=records[at].by + "x")
    assert walk(START, [*records[:at], forged, *records[at + 1 :]]).broken_at == at + 1


def test_a_cut_off_end_is_found_by_a_head_that_was_noted() -> None:
    records = chained([(1, ("a",) * 6), (2, ("b",) * 6)])
    noted = frozenset({records[-1].head})
    assert walk(START, records[:1], looked_for=noted).passed == frozenset()


async def three_entries(path: Path) -> str:
    with door(path) as access:
        for n in range(3):
            await access.note(LOCAL, "window_add", f"窗口-{n}", address="10.0.0.1", detail="供电线路检修")
        (newest, *_) = await access.audit(before=None, count=1)
    return newest.head


async def test_every_flipped_byte_of_an_entry_is_found(tmp_path: Path) -> None:
    path = tmp_path / "t.access"
    head = await three_entries(path)
    assert verify(path).head == head
    whole = path.read_bytes()
    with sqlite3.connect(path) as db:
        (at_ms, by, role, address, what, target, detail, sealed_) = db.execute(
            "SELECT at_ms, by, role, address, what, target, detail, head FROM audit WHERE number = 2"
        ).fetchone()
    db.close()
    stored = f"{by}{role}{address}{what}{target}{detail}".encode() + sealed_
    start = whole.index(stored)
    copy = tmp_path / "c.access"
    instant = whole.rindex(at_ms.to_bytes(6, "big"), 0, start)
    places = [*range(instant, instant + 6), *range(start, start + len(stored))]
    for place in places:
        garbled = bytearray(whole)
        garbled[place] ^= 0x01
        copy.write_bytes(garbled)
        try:
            found = verify(copy)
        except AccessError:  # no UTF-8 any more
            continue
        assert found.broken_at == 2, place


async def test_the_table_takes_no_change_by_sql(tmp_path: Path) -> None:
    path = tmp_path / "t.access"
    await three_entries(path)
    db = sqlite3.connect(path)
    for statement in ("UPDATE audit SET by = 'x'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
    db.close()
    shutil.copy(path, tmp_path / "copy.access")
    db = sqlite3.connect(tmp_path / "copy.access")
    db.execute("DROP TRIGGER audit_stays")
    db.commit()
    db.close()
    with pytest.raises(AccessError):  # whoever takes the guard away is found by that
        verify(tmp_path / "copy.access")


@given(st.text(max_size=600), st.text(max_size=600), st.text(max_size=600))
def test_what_people_wrote_is_one_bounded_line(name: str, target: str, detail: str) -> None:
    by = Principal(name=name, role=Role.ADMIN)
    made = entry(by, "step", target, at_ms=NOW_MS, address=detail, detail=detail)
    for text in texts_of(made):
        assert text.isprintable()
        assert len(text) <= MAX_DETAIL
    assert len(made.target) <= MAX_TARGET
    assert len(made.by) <= MAX_TARGET


@pytest.mark.parametrize("word", ["", "Login", "a b", "x" * 41, "登录", "-"])
def test_what_is_no_word_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="no word"):
        entry(None, word, "", at_ms=0, address="")


async def test_strangers_fill_no_disk(tmp_path: Path) -> None:
    clock = a_clock()
    with door(tmp_path / "t.access", clock) as access:
        for _ in range(500):
            await access.note(None, "refused", "/settings", address="10.0.0.66")
        assert len(await access.audit(before=None, count=1000)) == 60
        clock.advance(2_000)
        await access.note(None, "refused", "/settings", address="10.0.0.66")
        (newest, *_) = await access.audit(before=None, count=1)
        assert newest.detail.startswith("+440 ")
        await access.note(LOCAL, "assign", "WO-1", address="10.0.0.1")  # who signed in is never left out
        (newest, *_) = await access.audit(before=None, count=1)
        assert newest.what == "assign"


@given(st.lists(st.integers(0, 5_000), max_size=200))
def test_strangers_never_pass_more_than_the_burst_and_one_each_two_seconds(pauses: list[int]) -> None:
    clock = a_clock()
    trickle = Trickle(clock)
    passed = 0
    for pause_ms in pauses:
        clock.advance(pause_ms)
        passed += trickle.passes()
    assert passed <= trickle.burst + sum(pauses) // trickle.each_ms + 1
    assert passed + trickle.left_out == len(pauses)


async def test_pages_of_the_log_are_newest_first(tmp_path: Path) -> None:
    with door(tmp_path / "t.access") as access:
        for n in range(25):
            await access.note(LOCAL, "step", str(n), address="10.0.0.1")
        newest = await access.audit(before=None, count=10)
        assert [r.number for r in newest] == list(range(25, 15, -1))
        older = await access.audit(before=newest[-1].number, count=10)
        assert [r.number for r in older] == list(range(15, 5, -1))
