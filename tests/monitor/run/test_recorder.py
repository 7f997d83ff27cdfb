"""Stored first, told afterwards; and what was stored brings the very state back."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.run.township import OCTOBER_MS, QUICK_DISK, device, registry, sample

from camkeeper.clock import ClockStep, SimulatedClock, Timeline
from camkeeper.judge.fold import expire
from camkeeper.judge.track import Track
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader, LifeChange, snapshot_of
from camkeeper.ledger.chain import Kind
from camkeeper.ledger.record import Ack
from camkeeper.ledger.replay import refold
from camkeeper.ledger.verify import verify
from camkeeper.model.status import Status
from camkeeper.run.recorder import MAX_WAITING, TICK_EVERY_MS, Recorder
from camkeeper.run.township import Township

TOWN = registry([device("a"), device("b", site="v2")])
HOLD_MS = 25_000
BOOT = Boot(boot_id="b", version="t")


class Rig:
    """A township and its recorder on a real ledger, by a clock that the test moves."""

    def __init__(self, ledger: Ledger, clock: SimulatedClock) -> None:
        self.ledger, self.clock = ledger, clock
        self.timeline = Timeline(clock)
        self.township = Township(TOWN)
        self.told: list[frozenset[str]] = []
        self.recorder = Recorder(ledger=ledger, township=self.township, timeline=self.timeline, stored=self._stored)
        now_ms = self.timeline.now_ms()
        lives = tuple(LifeChange(device_id=d.id, at_ms=now_ms, enrolled=True) for d in TOWN.devices)
        self.recorder.note_config(snapshot_of(TOWN), lives)

    def _stored(self, device_ids: frozenset[str]) -> None:
        self.told.append(device_ids)
        with LedgerReader(self.ledger.path) as reader:
            on_disk = reader.statuses()
            assert reader.last_tick_ms() == self.recorder.last_tick_ms
        for name in device_ids & on_disk.keys():
            assert on_disk[name] is self.township.status(name)

    def see(self, name: str, status: Status, *, lag_ms: int = 0) -> None:
        self.township.take(sample(name, self.timeline.now_ms() - lag_ms, status))


@contextmanager
def rig(folder: str | Path) -> Iterator[Rig]:
    clock = SimulatedClock(wall_ms=OCTOBER_MS)
    with Ledger.open(Path(folder) / "l", boot=BOOT, clock=clock) as ledger:
        yield Rig(ledger, clock)


async def test_a_change_is_on_disk_before_anybody_is_told(tmp_path: Path) -> None:
    with rig(tmp_path) as it:
        await it.recorder.flush()
        assert it.told == [frozenset({"a", "b"})]  # their lives began
        it.clock.advance(1_000)
        it.see("a", Status.UP)
        await it.recorder.flush()
        assert it.told[-1] == {"a"}
        it.clock.advance(1_000)
        it.see("a", Status.UP)
        await it.recorder.flush()
        assert it.told[-1] == frozenset()  # stored, and no change to tell
        assert it.recorder.samples_stored == 2
        assert it.recorder.last_tick_ms == it.timeline.now_ms()


async def test_while_nothing_happens_the_tick_is_written_every_two_seconds(tmp_path: Path) -> None:
    with rig(tmp_path) as it:
        await it.recorder.flush()
        first = it.recorder.last_tick_ms
        it.clock.advance(TICK_EVERY_MS - 1)
        await it.recorder.flush()
        assert it.recorder.last_tick_ms == first
        it.clock.advance(1)
        await it.recorder.flush()
        assert it.recorder.last_tick_ms == first + TICK_EVERY_MS
        with LedgerReader(it.ledger.path) as reader:
            assert reader.last_tick_ms() == first + TICK_EVERY_MS


async def test_a_step_of_the_clock_and_a_retirement_are_in_the_chain(tmp_path: Path) -> None:
    with rig(tmp_path) as it:
        await it.recorder.flush()
        it.clock.advance(5_000)
        now_ms = it.timeline.now_ms()
        it.recorder.note_step(ClockStep(at_ms=now_ms, by_ms=-9_000, skew_ms=-9_000, adopted=False))
        it.recorder.note_config(snapshot_of(TOWN), (LifeChange(device_id="b", at_ms=now_ms, enrolled=False),))
        await it.recorder.flush()
        assert it.told[-1] == {"b"}
    with LedgerReader(tmp_path / "l") as reader:
        assert [(life.device_id, life.end_ms) for life in reader.lives()] == [("a", None), ("b", now_ms)]
        with reader.reading() as db:
            kinds = [kind for (kind,) in db.execute("SELECT kind FROM chain WHERE at_ms = ?", (now_ms,))]
    assert Kind.CLOCK_STEP in kinds
    assert verify(tmp_path / "l").ok


class Stuck:
    """A ledger on a disk that takes nothing: the futures stay open. (A disk cannot be broken from inside a test.)"""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.futures: list[Future[Ack]] = []

    def append(self, batch: Batch) -> Future[Ack]:
        self.batches.append(batch)
        self.futures.append(Future())
        return self.futures[-1]

    def checkpoint(self, tracks: object) -> Future[int]:
        del tracks
        return Future()


async def test_a_disk_that_takes_nothing_is_told_nothing_and_stops_the_samples_in_time() -> None:
    clock = SimulatedClock(wall_ms=OCTOBER_MS)
    timeline, township, stuck = Timeline(clock), Township(TOWN), Stuck()
    told: list[frozenset[str]] = []
    recorder = Recorder(ledger=stuck, township=township, timeline=timeline, stored=told.append)
    before = recorder.last_tick_ms
    township.take(sample("a", OCTOBER_MS + 1, Status.UP))
    flushing = asyncio.create_task(recorder.flush())
    await asyncio.sleep(0)
    assert (told, recorder.last_tick_ms, recorder.samples_stored) == ([], before, 0)
    for n in range(MAX_WAITING - 2):
        township.take(sample("b", OCTOBER_MS + 2 + n, Status.UP))
    assert recorder.accepting()
    township.take(sample("b", OCTOBER_MS + MAX_WAITING, Status.UP))
    assert not recorder.accepting()
    flushing.cancel()  # a stop in this moment must not take back what was queued
    await asyncio.gather(flushing, return_exceptions=True)
    assert not stuck.futures[0].cancelled()


Step = tuple[str, int, int]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("a"), st.integers(0, 3), st.integers(0, 4_000)),
        st.tuples(st.just("b"), st.integers(0, 3), st.integers(0, 4_000)),
        st.tuples(st.just("pass"), st.sampled_from([300, 9_000, 26_000]), st.just(0)),
        st.tuples(st.sampled_from(["expire", "flush", "checkpoint"]), st.just(0), st.just(0)),
    ),
    max_size=25,
)


async def play(it: Rig, steps: list[Step]) -> dict[str, Track]:
    """Do it all; return the tracks as they were when the last batch was submitted."""
    await it.recorder.flush()
    it.clock.advance(5_000)
    written: dict[str, Track] = {}
    for what, number, lag_ms in steps:
        if what == "pass":
            it.clock.advance(number)
        elif what == "expire":
            it.township.expire(it.timeline.now_ms())
        elif what in {"flush", "checkpoint"}:
            dirty = it.township.waiting or it.township.changed or what == "checkpoint"
            if dirty:
                written = {t.device_id: t for t in it.township.tracks()}
            await (it.recorder.flush() if what == "flush" else it.recorder.checkpoint())
        else:
            it.see(what, list(Status)[number], lag_ms=lag_ms)
        it.clock.advance(200)
    return written


@settings(max_examples=40)
@given(STEPS)
def test_after_any_prefix_the_record_brings_the_written_state_back(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory(dir=QUICK_DISK) as folder:
        with rig(folder) as it:
            written = asyncio.run(play(it, steps))
            now_ms = it.timeline.now_ms()
        with Ledger.open(Path(folder) / "l", boot=BOOT, clock=it.clock) as again:
            recovery = again.recover()
        restored = refold(recovery, TOWN.judge, lambda _: HOLD_MS)
        with LedgerReader(Path(folder) / "l") as reader:
            on_record = reader.statuses()
        assert verify(Path(folder) / "l").ok
    assert recovery.damaged == ()
    # What both make of the silence until now: an expiry that changes no status is told to nobody.
    assert settled(restored.values(), now_ms) == settled(written.values(), now_ms)
    for name, track in written.items():
        assert on_record.get(name, Status.UNKNOWN) is track.status


def settled(tracks: Iterable[Track], now_ms: int) -> dict[str, Track]:
    return {t.device_id: expire(t, now_ms, HOLD_MS)[0] for t in tracks}
