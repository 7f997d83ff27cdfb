"""Laws of copies: whatever arrives, in whatever order, a copy is a beginning of the original and nothing else."""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.monitor.ledger.stories import Story, snapshot_of_stories, write
from tests.monitor.ledger.test_views import view
from tests.monitor.window.test_book import deed, plan, planned

from camkeeper.ledger import Batch, LedgerDamagedError, LedgerReader
from camkeeper.ledger.chain import Entry, Kind
from camkeeper.ledger.closing import close_month
from camkeeper.ledger.excerpt import excerpt
from camkeeper.ledger.parcel import Parcel, ParcelError, Place, merged, pack, size_of, unpack
from camkeeper.ledger.replica import ACCEPTED, Replica, Verdict
from camkeeper.ledger.schema import connect_reader, connect_writer
from camkeeper.ledger.verify import verify
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.run.sla import sla
from camkeeper.window.book import Deed

HOUR = 3_600_000
DAY = 24 * HOUR
END = 40 * DAY
ZONE = "Asia/Shanghai"
_STATUSES = (Status.UP, Status.DOWN, Status.DEGRADED, Status.UNKNOWN)
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 days of seven cameras, one of them retired; agreed windows, views, seals, a closed month."""
    path = tmp_path_factory.mktemp("original") / "edge.ledger"
    stories = [
        Story(
            device_id=f"CAM-{n}",
            lives=(Span(start_ms=n * HOUR, end_ms=END + DAY if n else 20 * DAY),),
            changes=tuple((n * HOUR + i * (7 + n) * HOUR, _STATUSES[(i + n) % 4]) for i in range(100)),
            excluded=(Span(start_ms=5 * DAY, end_ms=6 * DAY),) if n == 2 else (),
        )
        for n in range(7)
    ]
    session = write(path, stories, zone=ZONE, tick_ms=END)
    agreed = (planned(plan(), END), deed(Deed.WITHDRAWN, END + 1))
    for n, event in enumerate(agreed, 1):
        snapshot = replace(snapshot_of_stories(stories, ZONE), source_digest=str(n))
        session.begin()
        session.write(Batch(windows=(event,), config=snapshot, views=(view(n),), tick_ms=END + n * HOUR), 0)
        session.commit()
    session.begin()
    close_month(session, "1970-01", zone=ZONE, by="law", at_ms=END + 3 * HOUR)
    session.commit()
    session.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    session.db.close()
    found = verify(path)
    assert found.ok, found.faults
    assert (found.counts["window_event"], found.counts["picture_view"], found.counts["close"]) == (2, 2, 1)
    return path


def parcels(path: Path, *, most_records: int = 4096, start: Place | None = None) -> list[Parcel]:
    """All that follows a place, in parts of so many records."""
    out: list[Parcel] = []
    with LedgerReader(path) as reader:
        while not out or out[-1].tick_ms is None:
            out.append(excerpt(reader, out[-1].end if out else start or Place(), most_records=most_records))
    return out


def rows(path: Path, table: str = "chain") -> list[Row]:
    with closing(connect_reader(path)) as db:
        return db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()  # noqa: S608 - constants


def begun(folder: Path, first: Parcel) -> Replica:
    path = folder / "copy.ledger"
    for file in folder.glob("copy.ledger*"):
        file.unlink()
    return Replica.found(path, first.identity)


LAW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@LAW
@given(data=st.data(), most=st.integers(30, 500))
def test_whatever_comes_a_copy_is_a_beginning_of_the_original(
    original: Path, tmp_path: Path, data: st.DataObject, most: int
) -> None:
    sent = parcels(original, most_records=most)
    wholly, ends = rows(original), {part.end.seq: part for part in sent}
    copy = begun(tmp_path, sent[0])
    try:
        for _ in range(data.draw(st.integers(1, 12))):
            part = data.draw(st.sampled_from(sent))
            change = data.draw(st.sampled_from(CHANGES))
            before = copy.place, copy.tick_ms
            receipt = copy.offer(change(part, data))
            if change is not unchanged and part.records:
                assert receipt.verdict is not Verdict.TAKEN
            if receipt.verdict is not Verdict.TAKEN:
                assert (copy.place, copy.tick_ms) == before
            assert rows(copy.path) == wholly[: copy.place.seq]
            assert copy.tick_ms is None or copy.place.seq in ends
        for part in sent:
            assert copy.offer(part).verdict in ACCEPTED
            assert copy.offer(part).verdict is Verdict.KNOWN
        assert copy.head == wholly[-1][4]
    finally:
        copy.close()
    same_figures(original, copy.path)


def same_figures(original: Path, copied: Path) -> None:
    for table in ("chain", "device", "life", "interval", "open_interval", "window_event", "picture_view"):
        assert rows(copied, table) == rows(original, table), table
    for month in ("1970-01", "1970-02"):
        ask: dict[str, Any] = {"month": month, "site_id": None, "policy": None, "now_ms": END + 3 * HOUR}
        assert sla(copied, **ask) == sla(original, **ask)


def unchanged(part: Parcel, _: st.DataObject) -> Parcel:
    return part


def another_body(part: Parcel, data: st.DataObject) -> Parcel:
    """A record that says something else; its hash is left as it was."""
    return _with_record(part, data, lambda e: replace(e, body=e.body[:-1] + b" ]"))


def another_instant(part: Parcel, data: st.DataObject) -> Parcel:
    return _with_record(part, data, lambda e: replace(e, at_ms=e.at_ms + 1))


def another_body_resealed(part: Parcel, data: st.DataObject) -> Parcel:
    """Who forges knows the formula, too: the hashes fit, the record makes no sense."""
    return _resealed(_with_record(part, data, lambda e: replace(e, body=b"[1,1,9,1,0]" if e.kind == 4 else b"[]")))


def left_out(part: Parcel, data: st.DataObject) -> Parcel:
    at = data.draw(st.integers(0, max(0, len(part.records) - 1)))
    return replace(part, records=part.records[:at] + part.records[at + 1 :])


def cut_off(part: Parcel, data: st.DataObject) -> Parcel:
    return replace(part, records=part.records[: data.draw(st.integers(0, max(0, len(part.records) - 1)))])


def swapped(part: Parcel, _: st.DataObject) -> Parcel:
    return replace(part, records=tuple(reversed(part.records))) if len(part.records) > 1 else cut_off_first(part)


def cut_off_first(part: Parcel) -> Parcel:
    return replace(part, records=part.records[1:])


def of_another_ledger(part: Parcel, _: st.DataObject) -> Parcel:
    return replace(part, identity=replace(part.identity, ledger_id=bytes(16)))


def elsewhere(part: Parcel, data: st.DataObject) -> Parcel:
    """A part of the middle passed off as one of another place."""
    moved = part.start.seq + data.draw(st.integers(1, 400))
    return _resealed(replace(part, start=replace(part.start, seq=moved)))


def another_head_before(part: Parcel, _: st.DataObject) -> Parcel:
    return _resealed(replace(part, start_head=bytes(32)))


CHANGES = (
    unchanged,
    unchanged,
    unchanged,
    another_body,
    another_instant,
    another_body_resealed,
    left_out,
    cut_off,
    swapped,
    of_another_ledger,
    elsewhere,
    another_head_before,
)


def _with_record(part: Parcel, data: st.DataObject, change: Any) -> Parcel:
    if not part.records:
        return part
    at = data.draw(st.integers(0, len(part.records) - 1))
    entry: Entry = change(part.records[at])
    return replace(part, records=(*part.records[:at], entry, *part.records[at + 1 :]))


def _resealed(part: Parcel) -> Parcel:
    return replace(part, head=[part.start_head, *part.heads()][-1])


def test_a_refusal_has_its_name(original: Path, tmp_path: Path) -> None:
    first, second, *_ = sent = parcels(original, most_records=50)
    with closing(begun(tmp_path, first)) as copy:
        assert copy.offer(second).verdict is Verdict.GAP
        assert copy.offer(first).verdict is Verdict.TAKEN
        assert copy.offer(first).verdict is Verdict.KNOWN
        other = replace(first.records[-1], at_ms=first.records[-1].at_ms + 1)
        history = _resealed(replace(first, records=(*first.records[:-1], other)))
        assert copy.offer(history).verdict is Verdict.FORK
        assert copy.offer(replace(second, head=bytes(32))).verdict is Verdict.FORGED
        nonsense = Entry(kind=Kind.TRANSITION, at_ms=END, body=b"[999,1,2,1,0]")
        assert copy.offer(_resealed(replace(second, records=(nonsense,)))).verdict is Verdict.FORGED
        foreign = replace(second, identity=replace(second.identity, created_ms=1))
        assert copy.offer(foreign).verdict is Verdict.FOREIGN
        assert copy.place == first.end
        assert copy.tick_ms is None, "more is to come: nothing says how far all is told"
        for part in sent[1:]:
            copy.offer(part)
        assert copy.tick_ms == sent[-1].tick_ms


def test_a_tick_counts_at_its_own_place_only(original: Path, tmp_path: Path) -> None:
    sent = parcels(original, most_records=50)
    with closing(begun(tmp_path, sent[0])) as copy:
        for part in sent:
            copy.offer(part)
        beat = parcels(original, start=copy.place)[0]
        assert (beat.records, beat.start) == ((), beat.end)
        assert copy.offer(beat).verdict is Verdict.KNOWN
        assert copy.offer(replace(beat, tick_ms=END + DAY)).verdict is Verdict.TAKEN
        assert copy.tick_ms == END + DAY
        assert copy.offer(replace(beat, tick_ms=END)).verdict is Verdict.KNOWN, "a tick never goes back"
        late = replace(sent[0], tick_ms=END + 2 * DAY)
        assert copy.offer(late).verdict is Verdict.KNOWN
        assert copy.tick_ms == END + DAY, "what was told through there was told at another place"


def test_a_copy_is_a_ledger_that_verifies(original: Path, tmp_path: Path) -> None:
    sent = parcels(original, most_records=64)
    with closing(begun(tmp_path, sent[0])) as copy:
        for part in sent:
            assert copy.offer(part).verdict is Verdict.TAKEN
        while copy.roll_up():
            pass
    found = verify(copy.path)
    assert found.ok, found.faults
    assert found.counts["day_rollup"] > 30
    assert found.head == rows(original)[-1][4].hex()
    same_figures(original, copy.path)
    with closing(Replica.open(copy.path)) as again:
        assert (again.place, again.tick_ms) == (sent[-1].end, sent[-1].tick_ms)


def test_silence_of_the_original_is_unknown_and_never_down(original: Path, tmp_path: Path) -> None:
    with closing(begun(tmp_path, parcels(original)[0])) as copy:
        for part in parcels(original):
            copy.offer(part)
    ask: dict[str, Any] = {"month": "1970-02", "site_id": None, "policy": None}
    heard = sla(copy.path, now_ms=END + 3 * HOUR, **ask)["sites"][0]["figures"]["time-weighted/1"]["net"]["time"]
    later = sla(copy.path, now_ms=END + 3 * DAY, **ask)["sites"][0]["figures"]["time-weighted/1"]["net"]["time"]
    assert later["down_ms"] == heard["down_ms"]
    assert later["up_ms"] == heard["up_ms"]
    assert later["unknown_ms"] > heard["unknown_ms"] + 2 * DAY


@LAW
@given(most=st.integers(20, 400), size=st.integers(300, 40_000))
def test_parcels_join_as_if_they_had_been_cut_otherwise(original: Path, most: int, size: int) -> None:
    waiting = parcels(original, most_records=most)
    joined, taken = merged(waiting, most_bytes=size)
    assert (joined.start, joined.end) == (waiting[0].start, waiting[taken - 1].end)
    assert [joined.start_head, *joined.heads()][-1] == joined.head == waiting[taken - 1].head
    assert taken == 1 or size_of(joined) <= size
    assert merged([waiting[0], *waiting[2:]])[1] == 1, "what does not follow is not joined"


@LAW
@given(most=st.integers(20, 60), data=st.data())
def test_bytes_are_a_parcel_or_are_refused(original: Path, most: int, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(parcels(original, most_records=most)))
    wire = pack(part)
    assert unpack(wire) == part
    assert len(wire) == size_of(part)
    at = data.draw(st.integers(0, len(wire) - 1))
    with pytest.raises(ParcelError):
        unpack(wire[:at])
    with pytest.raises(ParcelError):
        unpack(wire + b"x")
    flipped = wire[:at] + bytes([wire[at] ^ (1 << data.draw(st.integers(0, 7)))]) + wire[at + 1 :]
    with suppress(ParcelError):
        assert unpack(flipped) != part


def test_a_record_that_is_shorter_than_the_place_is_told(original: Path) -> None:
    with LedgerReader(original) as reader, pytest.raises(LedgerDamagedError, match="does not reach"):
        excerpt(reader, Place(seq=10**6))


def test_a_damaged_original_does_not_damage_the_copy(original: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ledger"
    shutil.copy(original, broken)
    sent = parcels(original, most_records=50)
    with closing(connect_writer(broken, created_ms=0)) as db:
        db.execute("UPDATE chain SET at_ms = at_ms + 1 WHERE seq = 77")
    with closing(begun(tmp_path, sent[0])) as copy:
        told = [copy.offer(part).verdict for part in parcels(broken, most_records=50)]
        assert told[:2] == [Verdict.TAKEN, Verdict.FORGED]
        assert copy.place == sent[0].end
        assert [copy.offer(part).verdict for part in sent[1:3]] == [Verdict.TAKEN, Verdict.TAKEN]
