"""The writing side: order, acknowledgement, one writer, a bounded queue, recovery."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.ledger import kill9
from tests.monitor.ledger.stories import open_ledger

from camkeeper.clock import ClockStep
from camkeeper.judge.track import Track
from camkeeper.ledger import (
    Ack,
    Batch,
    InconsistentBatchError,
    Ledger,
    LedgerBusyError,
    LedgerClosedError,
    LedgerFormatError,
    LedgerFullError,
    LedgerReader,
    LifeChange,
)
from camkeeper.ledger.replay import refold
from camkeeper.ledger.verify import verify
from camkeeper.model.change import Transition
from camkeeper.model.probing import Sample
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

T0 = 1_790_000_000_000


def enrol(*names: str) -> Batch:
    return Batch(lives=tuple(LifeChange(device_id=n, at_ms=T0, enrolled=True) for n in names), tick_ms=T0)


def sample(name: str, at_ms: int) -> Sample:
    return Sample(device_id=name, at_ms=at_ms, status=Status.UP, reason=Reason.RECOVERED)


def change(name: str, at_ms: int, old: Status, new: Status) -> Transition:
    return Transition(device_id=name, at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=Reason.NO_ANSWER)


def test_acknowledged_in_order_and_read_back(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "l") as ledger:
        ledger.append(enrol("a", "b")).result(10)
        acks = [
            ledger.append(Batch(samples=(sample("a", T0 + i), sample("b", T0 + i)), tick_ms=T0 + i))
            for i in range(1, 200)
        ]
        assert [f.result(10).samples for f in acks] == [2 * i for i in range(1, 200)]
    with open_ledger(tmp_path / "l") as again:
        recovery = again.recover()
    assert recovery.samples == 398
    assert recovery.last_tick_ms == T0 + 199
    assert [s.at_ms - T0 for b in recovery.batches for s in b.samples] == [i for i in range(1, 200) for _ in "ab"]
    assert [life.device_id for life in recovery.lives] == ["a", "b"]
    assert recovery.previous_boot_id == "boot"
    assert verify(tmp_path / "l").ok


def test_many_threads_append(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "l") as ledger:
        names = [f"d{i}" for i in range(8)]
        ledger.append(enrol(*names)).result(10)
        futures: list[Future[Ack]] = []

        def tell(name: str) -> None:
            futures.extend(ledger.append(Batch(samples=(sample(name, T0 + i),))) for i in range(50))

        threads = [threading.Thread(target=tell, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert max(f.result(10).samples for f in futures) == 400
    with open_ledger(tmp_path / "l") as again:
        stored = [s for b in again.recover().batches for s in b.samples]
    for name in names:
        assert [s.at_ms for s in stored if s.device_id == name] == [T0 + i for i in range(50)]


def test_second_monitor_is_refused(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "l"):
        with pytest.raises(LedgerBusyError, match="process"):
            open_ledger(tmp_path / "l")
        program = (
            "import sys; from tests.monitor.ledger.stories import open_ledger; from pathlib import Path\n"
            "from camkeeper.ledger import LedgerBusyError\n"
            "try:\n open_ledger(Path(sys.argv[1]))\nexcept LedgerBusyError as e:\n print(e)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "l")], capture_output=True, text=True, check=True, timeout=60
        )
        assert "is being written by process" in done.stdout
    open_ledger(tmp_path / "l").close()


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, and long enough to be looked at" * 30)
    with pytest.raises(LedgerFormatError):
        open_ledger(tmp_path / "text")
    with pytest.raises(LedgerFormatError):
        LedgerReader(tmp_path / "text")
    with pytest.raises(FileNotFoundError):
        LedgerReader(tmp_path / "none")


@pytest.mark.parametrize(
    ("batch", "says"),
    [
        (Batch(transitions=(change("a", T0 + 5, Status.UP, Status.DOWN),)), "while the record says"),
        (Batch(transitions=(change("x", T0 + 5, Status.UNKNOWN, Status.UP),)), "not in service"),
        (Batch(samples=(sample("x", T0),)), "never enrolled"),
        (Batch(lives=(LifeChange(device_id="a", at_ms=T0 + 9, enrolled=True),)), "enrolled twice"),
        (Batch(transitions=(change("b", T0 - 1, Status.UP, Status.DOWN),)), "the one before"),
        (Batch(tick_ms=T0 - 1), "tick goes back"),
    ],
)
def test_a_contradiction_fails_alone(tmp_path: Path, batch: Batch, says: str) -> None:
    with open_ledger(tmp_path / "l") as ledger:
        ledger.append(enrol("a", "b"))
        ledger.append(Batch(transitions=(change("b", T0 + 1, Status.UNKNOWN, Status.UP),))).result(10)
        good = Batch(samples=(sample("a", T0 + 7),), tick_ms=T0 + 7)
        # Queued together: they share a transaction, and only one of them may fail.
        futures = [ledger.append(b) for b in (good, batch, good)]
        with pytest.raises(InconsistentBatchError, match=says):
            futures[1].result(10)
        assert [futures[i].result(10).samples for i in (0, 2)] == [1, 2]
        assert ledger.health.error is None
        head = futures[2].result().head
    found = verify(tmp_path / "l", heads=[head.hex()])
    assert found.ok, found.faults


def test_a_full_queue_says_so(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "l", max_pending_samples=10)
    ledger.append(enrol("a")).result(10)
    held = threading.Event()
    ledger._writer.put(lambda _: held.wait(20))
    first = ledger.append(Batch(samples=tuple(sample("a", T0 + i) for i in range(10))))
    with pytest.raises(LedgerFullError, match="wait to be written"):
        ledger.append(Batch(samples=(sample("a", T0 + 11),)))
    assert ledger.health.refused_batches == 1
    assert ledger.health.pending_samples == 10
    held.set()
    assert first.result(10).samples == 10
    assert ledger.append(Batch(samples=(sample("a", T0 + 12),))).result(10).samples == 11
    assert ledger.close()
    with pytest.raises(LedgerClosedError):
        ledger.append(Batch())


def test_reader_while_writing(tmp_path: Path) -> None:
    """A reader sees whole batches only: both devices change in one batch, so they are always equal."""
    with open_ledger(tmp_path / "l") as ledger, LedgerReader(tmp_path / "l") as reader:
        ledger.append(enrol("a", "b")).result(10)
        stop = threading.Event()
        seen = 0

        def tell() -> None:
            old = Status.UNKNOWN
            for i in range(1, 3000):
                new = Status.UP if old is not Status.UP else Status.DOWN
                both = tuple(change(n, T0 + i, old, new) for n in ("a", "b"))
                ledger.append(Batch(transitions=both, tick_ms=T0 + i))
                old = new
            stop.set()

        thread = threading.Thread(target=tell)
        thread.start()
        while not stop.is_set():
            found = reader.buckets(Span(start_ms=T0, end_ms=T0 + 10_000))
            if found:
                assert found["a"] == found["b"]
                seen += 1
        thread.join()
    assert seen > 0
    assert verify(tmp_path / "l").ok


def test_notes_and_reading(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "l", wall_ms=T0) as ledger:
        ledger.append(enrol("a"))
        ledger.append(Batch(transitions=(change("a", T0 + 1, Status.UNKNOWN, Status.UP),), tick_ms=T0 + 10))
        ledger.append(Batch(clock_steps=(ClockStep(at_ms=T0 + 20, by_ms=5000, skew_ms=5000, adopted=False),)))
        ledger.append(Batch(transitions=(change("a", T0 + 30, Status.UP, Status.DOWN),), tick_ms=T0 + 40))
        leave = LifeChange(device_id="a", at_ms=T0 + 50, enrolled=False)
        ledger.append(Batch(lives=(leave,), tick_ms=T0 + 60)).result(10)
        with LedgerReader(tmp_path / "l") as reader:
            period = Span(start_ms=T0, end_ms=T0 + 100)
            assert [t.new for t in reader.changes("a", period)] == [Status.UP, Status.DOWN]
            assert reader.changes("nobody", period) == ()
            (life,) = reader.lives()
            assert (life.start_ms, life.end_ms) == (T0, T0 + 50)
            strip = reader.strip(["a"], period)["a"]
            assert [(i.span.start_ms - T0, i.span.end_ms - T0, i.status) for i in strip] == [
                (1, 30, Status.UP),
                (30, 50, Status.DOWN),
            ]
            assert reader.statuses() == {}
            assert len(reader.heads("Asia/Shanghai")) == 1
            assert reader.last_tick_ms() == T0 + 60
            assert reader.config_at() is None
    assert verify(tmp_path / "l").ok


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 1000),
    st.lists(st.sampled_from(["go", "go", "go", "checkpoint", "restart"]), min_size=5, max_size=60),
)
def test_recovery_is_the_very_state(tmp_path_factory: pytest.TempPathFactory, seed: int, plan: list[str]) -> None:
    path = tmp_path_factory.mktemp("recovery") / "l"
    names = kill9.ids(4)
    ledger = open_ledger(path)
    lives = tuple(LifeChange(device_id=n, at_ms=0, enrolled=True) for n in names)
    ledger.append(Batch(lives=lives, tick_ms=kill9.tick_ms(0)))
    tracks: dict[str, Track] = {}
    step = 0
    for what in [*plan, "restart"]:
        if what == "checkpoint":
            ledger.checkpoint(tracks.values())
        elif what == "restart":
            ledger = restarted(ledger, path)
            recovery = ledger.recover()
            assert refold(recovery, kill9.POLICY, lambda _: kill9.HOLD_MS) == tracks
        else:
            step += 1
            samples = kill9.samples_of(seed, step, names)
            tracks, made = kill9.fold(tracks, samples, kill9.tick_ms(step))
            ledger.append(Batch(samples=samples, transitions=made, tick_ms=kill9.tick_ms(step)))
    ledger.close()
    assert verify(path).ok


def restarted(ledger: Ledger, path: Path) -> Ledger:
    assert ledger.close()
    return open_ledger(path)


def test_nonsense_fails_alone_and_the_thread_lives(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "l") as ledger:
        ledger.append(enrol("a")).result(10)
        wild = ledger.append(Batch(samples=(sample("a", 2**70),)))
        # Too large for a column: only the schema can tell, when the transaction is written.
        late = ledger.append(Batch(lives=(LifeChange(device_id="b", at_ms=2**62, enrolled=True),), tick_ms=2**63))
        good = ledger.append(Batch(samples=(sample("a", T0 + 1),)))
        assert good.result(10).samples == 1
        assert wild.exception(10) is not None
        assert late.exception(10) is not None
        assert ledger.health.error is None
    assert verify(tmp_path / "l").ok


def test_a_damaged_bookmark_costs_time_that_is_unknown_and_nothing_else(tmp_path: Path) -> None:
    names = kill9.ids(4)
    path = tmp_path / "l"
    with open_ledger(path) as ledger:
        lives = tuple(LifeChange(device_id=n, at_ms=0, enrolled=True) for n in names)
        ledger.append(Batch(lives=lives, tick_ms=kill9.tick_ms(0)))
        tracks: dict[str, Track] = {}
        for step in range(1, 200):
            samples = kill9.samples_of(3, step, names)
            tracks, made = kill9.fold(tracks, samples, kill9.tick_ms(step))
            ledger.append(Batch(samples=samples, transitions=made, tick_ms=kill9.tick_ms(step)))
        ledger.checkpoint(tracks.values()).result(10)
        recorded = {name: track.status for name, track in tracks.items()}
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("UPDATE track_checkpoint SET tracks = x'0102'")
    db.close()
    assert [f.where for f in verify(path).faults] == ["track_checkpoint"]
    with open_ledger(path) as again:
        recovery = again.recover()
        assert recovery.damaged == ("track_checkpoint: wrong CRC",)
        tracks = refold(recovery, kill9.POLICY, lambda _: kill9.HOLD_MS)
        assert {name: track.status for name, track in tracks.items()} == recorded
        for step in range(200, 260):
            samples = kill9.samples_of(3, step, names)
            tracks, made = kill9.fold(tracks, samples, kill9.tick_ms(step))
            future = again.append(Batch(samples=samples, transitions=made, tick_ms=kill9.tick_ms(step)))
        assert future.result(10).seq > 0
        again.checkpoint(tracks.values()).result(10)
    assert verify(path).ok
