"""A configuration taken into the running monitor, at the start and by a reload: only differences become lives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from tests.monitor.run.township import OCTOBER_MS, result, sample

from camkeeper.clock import SimulatedClock, Timeline
from camkeeper.config import load
from camkeeper.ledger import Boot, Ledger, LedgerReader
from camkeeper.ledger.replay import refold
from camkeeper.ledger.verify import verify
from camkeeper.model.probing import Rung, Verdict
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.probe.latch import MemoryLatches
from camkeeper.probe.prober import Prober
from camkeeper.run.enrolment import Enrolment
from camkeeper.run.recorder import Recorder
from camkeeper.run.township import Township
from camkeeper.schedule.wheel import Wheel
from camkeeper.sight.uplinks import UplinkWatch

HEAD = """\
name: 试验镇
datum: wgs84
policy: {{probe: {{every_s: {every}}}}}
uplinks: [{{id: up, name: 上行, beacons: ["127.0.0.1:9"]}}]
sites: [{{id: town, name: 试验镇, kind: town, target: 95, timezone: Asia/Shanghai}}]
devices:
"""


HOSTS = {"a": "127.0.0.1", "b": "127.0.0.2", "c": "127.0.0.3"}


def yaml(*devices: str, every: int = 10, **moved: str) -> str:
    hosts = HOSTS | moved
    rows = [
        f"- {{id: {name}, name: {name}, kind: switch, site: town, address: {{host: {hosts[name]}, port: 80}}}}\n"
        for name in devices
    ]
    return HEAD.format(every=every) + "".join(rows)


def held_ms(registry: Registry, device_id: str) -> int:
    """As the monitor has it: 0 for a device that is not in the register any more."""
    return 25_000 if device_id in registry.device_by_id else 0


def up_ms(reader: LedgerReader, clock: SimulatedClock, *names: str) -> int:
    period = Span(start_ms=OCTOBER_MS, end_ms=clock.wall_ms())
    found = reader.intervals(period, names or None)
    return sum(interval.span.length_ms for interval in found if interval.status is Status.UP)


class Rig:
    def __init__(self, path: Path, ledger: Ledger, clock: SimulatedClock) -> None:
        recovery = ledger.recover()
        registry = load(path)
        self.path, self.clock, self.ledger = path, clock, ledger
        self.timeline = Timeline(clock, not_before_ms=recovery.last_tick_ms)
        self.township, self.wheel = Township(registry), Wheel()
        self.township.restore(refold(recovery, registry.judge, partial(held_ms, registry)).values())
        self.uplinks = UplinkWatch(clock=clock, on_change=lambda *_: None)
        self.recorder = Recorder(ledger=ledger, township=self.township, timeline=self.timeline, stored=lambda _: None)
        prober = Prober(clock=self.timeline, password_of=lambda _: "", policy=registry.probe, latches=MemoryLatches())
        self.enrolment = Enrolment(
            path=path,
            clock=clock,
            timeline=self.timeline,
            township=self.township,
            wheel=self.wheel,
            uplinks=self.uplinks,
            recorder=self.recorder,
            prober=prober,
        )
        self.enrolment.begin(registry, (life.device_id for life in recovery.lives))

    async def see(self, *names: str, status: Status = Status.UP) -> None:
        self.clock.advance(1_000)
        for name in names:
            self.township.take(sample(name, self.timeline.now_ms(), status))
        await self.recorder.flush()

    async def reload(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")
        await self.enrolment.reload()
        await self.recorder.flush()

    def due(self) -> list[str]:
        """Whom the wheel asks within its next turns."""
        return sorted({due.device_id for due in self.wheel.due(self.clock.elapsed_ms() + 60_000)})

    def lives(self) -> list[tuple[str, int, int | None]]:
        with LedgerReader(self.ledger.path) as reader:
            return [(life.device_id, life.start_ms, life.end_ms) for life in reader.lives()]


@contextmanager
def rig(folder: Path, clock: SimulatedClock, text: str | None = None) -> Iterator[Rig]:
    path = folder / "cameras.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with Ledger.open(folder / "l", boot=Boot(boot_id="b", version="t"), clock=clock) as ledger:
        yield Rig(path, ledger, clock)
    assert verify(folder / "l").ok


@pytest.fixture(name="clock")
def _clock() -> SimulatedClock:
    return SimulatedClock(wall_ms=OCTOBER_MS, elapsed_ms=5_000_000)


async def test_a_first_start_enrols_all_and_a_second_one_nobody(tmp_path: Path, clock: SimulatedClock) -> None:
    with rig(tmp_path, clock, yaml("a", "b")) as it:
        await it.recorder.flush()
        assert it.lives() == [("a", OCTOBER_MS, None), ("b", OCTOBER_MS, None)]
        assert it.due() == ["a", "b"]
        await it.see("a", "b")
        await it.recorder.checkpoint()
    clock.advance(3_600_000)
    with rig(tmp_path, clock) as it:
        await it.recorder.flush()
        assert it.lives() == [("a", OCTOBER_MS, None), ("b", OCTOBER_MS, None)]
        assert it.township.status("a") is Status.UNKNOWN
    with LedgerReader(tmp_path / "l") as reader:
        assert {t.reason for t in reader.newest().values()} == {Reason.SILENCE}
        assert up_ms(reader, clock) == 2 * 25_000  # killed right after its first tick, it has claimed no more


async def test_a_device_that_left_while_nobody_ran_was_unknown_before_it_went(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    with rig(tmp_path, clock, yaml("a", "b")) as it:
        await it.see("a", "b")
    # Killed: the samples are in the journal alone, and nobody knows any more how long those of `a` hold.
    clock.advance(3_600_000)
    with rig(tmp_path, clock, yaml("b")) as it:
        await it.recorder.flush()
        assert it.lives()[0] == ("a", OCTOBER_MS, clock.wall_ms())
    with LedgerReader(tmp_path / "l") as reader:
        assert up_ms(reader, clock, "a") <= 1  # its last instant on record
        assert up_ms(reader, clock, "b") == 25_000


async def test_what_was_changed_while_nobody_ran_begins_and_ends_at_the_start(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    with rig(tmp_path, clock, yaml("a", "b")) as it:
        await it.see("a", "b")
    clock.advance(60_000)
    restart_ms = clock.wall_ms()
    with rig(tmp_path, clock, yaml("b", "c")) as it:
        await it.recorder.flush()
        assert it.lives() == [
            ("a", OCTOBER_MS, restart_ms),
            ("b", OCTOBER_MS, None),
            ("c", restart_ms, None),
        ]
        assert it.due() == ["b", "c"]


async def test_reload_takes_the_new_drops_the_gone_and_asks_only_them(tmp_path: Path, clock: SimulatedClock) -> None:
    with rig(tmp_path, clock, yaml("a", "b")) as it:
        await it.see("a", "b")
        clock.advance(1_000)
        at_ms = it.timeline.now_ms()
        await it.reload(yaml("b", "c"))
        assert it.enrolment.warning is None
        assert it.lives() == [("a", OCTOBER_MS, at_ms), ("b", OCTOBER_MS, None), ("c", at_ms, None)]
        assert it.due() == ["b", "c"]
        assert it.township.known("a") is None
        assert it.township.status("b") is Status.UP
        clock.advance(1_000)
        again_ms = it.timeline.now_ms()
        await it.reload(yaml("a", "b", "c"))
        assert it.lives()[:2] == [("a", OCTOBER_MS, at_ms), ("a", again_ms, None)]
        assert it.township.status("a") is Status.UNKNOWN
        await it.see("a")
        with LedgerReader(it.ledger.path) as reader:
            assert reader.statuses()["a"] is Status.UP


async def test_a_device_that_moved_keeps_its_life_and_status_and_is_learnt_anew(
    tmp_path: Path, clock: SimulatedClock
) -> None:
    with rig(tmp_path, clock, yaml("a", "b")) as it:
        await it.see("a", "b")
        it.township.assess(result("a", it.timeline.now_ms(), [(Rung.REACH, Verdict.OK)]))
        it.township.assess(result("b", it.timeline.now_ms(), [(Rung.REACH, Verdict.OK)]))
        lives = it.lives()
        await it.reload(yaml("a", "b", a="127.0.0.9"))
        assert it.lives() == lives
        moved, stayed = it.township.known("a"), it.township.known("b")
        assert moved is not None
        assert stayed is not None
        assert (moved.rungs, it.township.status("a")) == ({}, Status.UP)
        assert stayed.rungs
        assert it.township.registry.device_by_id["a"].address.host == "127.0.0.9"


async def test_a_new_cadence_is_everybodys(tmp_path: Path, clock: SimulatedClock) -> None:
    with rig(tmp_path, clock, yaml("a", "b")) as it:
        await it.recorder.flush()
        await it.reload(yaml("a", "b", every=120))
        counts = [due.device_id for due in it.wheel.due(clock.elapsed_ms() + 120_000)]
        assert sorted(counts) == ["a", "b"]
        known = it.township.known("a")
        assert known is not None
        assert known.hold_ms == 300_000


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "name: [",
        "\x00",
        yaml("a").replace("every_s", "evry_s"),
        yaml("a", "a"),
        yaml("a").replace("site: town", "site: nowhere"),
        None,
    ],
)
async def test_a_faulty_file_changes_nothing_and_stands_as_a_warning(
    tmp_path: Path, clock: SimulatedClock, broken: str | None
) -> None:
    with rig(tmp_path, clock, yaml("a", "b")) as it:
        await it.see("a", "b")
        before, lives = it.township.registry, it.lives()
        if broken is None:
            it.path.unlink()
            await it.enrolment.reload()
        else:
            await it.reload(broken)
        assert it.township.registry is before
        assert it.lives() == lives
        assert it.due() == ["a", "b"]
        assert it.enrolment.warning is not None
        assert "仍用旧配置" in it.enrolment.warning
        assert "the old one stays in force" in it.enrolment.warning
        await it.reload(yaml("a"))
        assert it.enrolment.warning is None
        assert [d.id for d in it.township.registry.devices] == ["a"]
