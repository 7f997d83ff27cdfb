"""Pictures beside the monitor: a proof becomes a status, a fault of ours becomes a warning, and a restart nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.monitor.run.township import device, registry, result

from camkeeper.album import album_beside
from camkeeper.clock import SystemClock, Timeline
from camkeeper.ledger import Boot, Ledger, LedgerReader, LifeChange, snapshot_of
from camkeeper.ledger.replay import refold
from camkeeper.model.picture import Drift, Finding, Need, PicturePolicy, PictureVerdict
from camkeeper.model.probing import DeviceFacts, ProbeResult, Rung, Verdict
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.run.pictures.room import PictureRoom
from camkeeper.run.recorder import Recorder
from camkeeper.run.township import Township
from camkeeper.schedule.wheel import Cadence, Wheel
from camkeeper.standing.picture import ViewRequest

TOWN = replace(
    registry([device("a"), device("b", site="v2")]),
    picture=PicturePolicy(no_signal=Need(looks=2, span_ms=0)),
)
NOTHING = b"this is no picture"
EVER = Span(start_ms=0, end_ms=2**60)


class Rig:
    """A room with a real ledger, album and decoding process."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.clock = ledger, SystemClock()
        self.timeline, recovery = Timeline(self.clock), ledger.recover()
        self.township, self.wheel = Township(TOWN), Wheel()
        self._asked_ms = 0
        self.township.restore(refold(recovery, TOWN.judge, lambda _: 60_000).values())
        self.township.restore_pictures(recovery.findings, ())
        self.recorder = Recorder(ledger=ledger, township=self.township, timeline=self.timeline, stored=lambda _: None)
        now_ms, known = self.timeline.now_ms(), {life.device_id for life in recovery.lives}
        lives = (LifeChange(device_id=d.id, at_ms=now_ms, enrolled=True) for d in TOWN.devices if d.id not in known)
        self.recorder.note_config(snapshot_of(TOWN), tuple(lives))
        for one in TOWN.devices:
            self.wheel.put(one.id, Cadence(every_ms=10**9, picture_every_ms=10**9, full_every_ms=10**9), 0)
        self.room = PictureRoom(
            ledger=ledger.path,
            timeline=self.timeline,
            township=self.township,
            recorder=self.recorder,
            wheel=self.wheel,
            recorded=recovery.findings,
        )

    def polled(self, device_id: str) -> Status:
        """Take a good answer of a device, as the poller does."""
        self._asked_ms = max(self._asked_ms + 1, self.timeline.now_ms())
        known = self.township.assess(answer(device_id, self._asked_ms))
        assert known is not None
        self.township.take(self.township.as_seen(known))
        return self.township.status(device_id)

    async def looked(self, device_id: str, data: bytes = NOTHING, *, times: int = 1) -> None:
        """Hand in snapshots, one after the other."""
        for _ in range(times):
            before = self.diagnosed
            self.room.on_picture(TOWN.device_by_id[device_id], data)
            await soon(lambda before=before: self.diagnosed > before)  # type: ignore[misc]

    @property
    def diagnosed(self) -> int:
        return 0 if self.room._open is None else self.room._open.pictures.counts.diagnosed

    def recorded(self) -> list[Finding]:
        with LedgerReader(self.ledger.path) as reader:
            return list(reader.findings(EVER))


def answer(device_id: str, at_ms: int, offset_s: float | None = None) -> ProbeResult:
    facts = DeviceFacts(clock_offset_s=offset_s)
    return result(device_id, at_ms, [(Rung.REACH, Verdict.OK), (Rung.TIME, Verdict.OK)], facts=facts)


async def soon(what: Callable[[], bool], *, within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not what():  # noqa: ASYNC110 - told by nobody
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(folder: Path, *, opens: bool = True) -> AsyncIterator[Rig]:
    with Ledger.open(folder / "t.ledger", boot=Boot(boot_id="b", version="t"), clock=SystemClock()) as ledger:
        rig = Rig(ledger)
        await rig.recorder.flush()
        task = asyncio.create_task(rig.room.run())
        try:
            if opens:
                await soon(lambda: rig.room._open is not None)
            yield rig
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await rig.recorder.flush(final=True)


async def test_what_is_proved_counts_from_the_next_answer_on_and_over_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        assert rig.polled("a") is Status.UP
        await rig.looked("a")
        assert rig.polled("a") is Status.UP  # one look proves nothing
        await rig.looked("a")
        assert rig.wheel.next_due_ms() is not None
        assert [d.device_id for d in rig.wheel.due(rig.clock.elapsed_ms())] == ["a"]  # asked for at once
        rig.polled("a")
        assert rig.polled("a") is Status.DEGRADED
        known = rig.township.known("a")
        assert known is not None
        assert known.track is not None
        assert known.track.reason is Reason.IMAGE_NO_SIGNAL
        assert rig.polled("b") is Status.UP
        await rig.recorder.flush()
        [finding] = rig.recorded()
        assert rig.recorder.findings == {"a": finding}
        shown = rig.room.pictures()
        assert shown is not None
        assert shown.cameras["a"].finding == finding
        assert (shown.diagnosed, shown.verdicts[PictureVerdict.NO_SIGNAL]) == (2, 2)
        assert rig.room.warnings == ()
    async with running(tmp_path) as rig:
        assert rig.polled("a") is Status.DEGRADED
        await rig.looked("a", times=2)
        await rig.recorder.flush()
        assert rig.recorded() == [finding]  # told once


async def test_a_baseline_is_learned_anew_on_command_and_its_finding_ends(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        await rig.looked("a", times=2)
        assert not (await rig.room.relearn("a", "张三", " ")).done
        assert (await rig.room.relearn("a", "张三", "按新方位")).done
        await rig.recorder.flush()
        assert [f.verdict for f in rig.recorded()] == [PictureVerdict.NO_SIGNAL, PictureVerdict.OK]
        assert rig.township.findings == {}
        assert rig.polled("a") is Status.UP
        with pytest.raises(LookupError):
            await rig.room.relearn("nobody", "张三", "按新方位")


async def test_who_looks_is_on_record_even_where_nothing_is_to_be_seen(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        flushing = asyncio.create_task(rig.recorder.run())
        wish = ViewRequest(who="李四", unit="派出所", why="核对", device_id="a")
        with pytest.raises(LookupError):
            await rig.room.view(wish)
        with pytest.raises(ValueError, match="事由"):
            await rig.room.view(replace(wish, unit=" "))
        flushing.cancel()
        [view] = await rig.room.views(10)
        assert (view.who, view.unit, view.why, view.device_id) == ("李四", "派出所", "核对", "a")


async def test_a_killed_decoder_is_replaced_and_accuses_nobody(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        await rig.looked("a")
        assert rig.room._open is not None
        [pid] = rig.room._open.worker.pids
        os.kill(pid, signal.SIGKILL)
        await rig.looked("b")
        assert rig.room._open.pictures.counts.failed == 0
        assert rig.room._open.worker.pids != (pid,)
        assert rig.township.findings == {}


async def test_an_album_that_does_not_open_is_a_warning_and_devices_are_polled(tmp_path: Path) -> None:
    album_beside(tmp_path / "t.ledger").mkdir()
    async with running(tmp_path, opens=False) as rig:
        await soon(lambda: rig.room.warnings != ())
        assert "监测不受影响" in rig.room.warnings[0]
        rig.room.on_picture(TOWN.device_by_id["a"], NOTHING)
        assert rig.polled("a") is Status.UP
        assert rig.room.pictures() is None
        assert not (await rig.room.relearn("a", "张三", "按新方位")).done
        with pytest.raises(LookupError):
            await rig.room.view(ViewRequest(who="李四", unit="派出所", why="核对", device_id="a"))


async def test_a_clock_is_noted_when_it_moved_and_not_again_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        now_ms = rig.timeline.now_ms()
        for n, offset_s in enumerate((60.0, 60.4, 75.0)):
            rig.township.assess(answer("a", now_ms + n * 1000, offset_s))
        rig.polled("a")
        await rig.recorder.flush()
        found = await rig.room.drifts("a")
        assert [d.offset_s for d in found] == [60.0, 60.4, 75.0]  # it was set between the last two
        assert rig.township.clock_of("a") == found[-1]
        with pytest.raises(LookupError):
            await rig.room.drifts("nobody")
        again = Township(TOWN)
        again.restore_pictures((), [found[-1], Drift(device_id="gone", at_ms=1, offset_s=1.0)])
        again.assess(answer("a", now_ms + 9000, 75.3))
        assert again.drain_pictures() == ((), ())
