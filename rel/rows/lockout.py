"""A wrong password for a day: cameras count refused logins and lock out whoever has too many."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.monitor.probe.bench_of_one import device as one_device
from tests.peers.virtual_camera import PYTHON, VirtualCamera, virtual_camera

from camkeeper.clock import SystemClock
from camkeeper.config import load
from camkeeper.model.equipment import Credential, Device
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.probing import Depth, Rung, Verdict
from camkeeper.probe.latch import FileLatches
from camkeeper.probe.prober import Prober
from camkeeper.schedule.wheel import Cadence, Wheel
from rel.row import Outcome, Row, Setting, at_least, at_most, equal
from rel.town import PASSWORD, Town, eventually, monitor, town

HOURS, HOUR_MS = 24, 3_600_000
WRONG = ("scorecard-wrong-1", "scorecard-wrong-2")
"""Somebody types it wrong, and at noon wrong in another way: two credentials, two refusals."""
IPYCAM = "ipycam"
USERS = {IPYCAM: "admin"}


class Fast:
    """The machine's wall, by which cameras check tokens; elapsed time goes as fast as it is told to."""

    def __init__(self) -> None:
        self._wall, self._elapsed_ms = SystemClock(), 0

    def wall_ms(self) -> int:
        """UTC milliseconds since 1970."""
        return self._wall.wall_ms()

    def elapsed_ms(self) -> int:
        """Milliseconds of the simulated day."""
        return self._elapsed_ms

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self._elapsed_ms += ms


@dataclass(kw_only=True)
class _Seen:
    probes: int = 0
    restarts: int = 0
    most_refused: dict[str, int] = field(default_factory=dict)
    """Per part of the experiment: the most refusals that one camera counted."""
    refused: int = 0
    locked_out: int = 0
    not_well: list[str] = field(default_factory=list)
    """Cameras that do not let us in with the right password afterwards."""


class _Day:
    """The prober's rooms on a wheel, begun anew every few hours with nothing but the file of latches."""

    def __init__(self, devices: Mapping[str, Device], setting: Setting, seen: _Seen) -> None:
        self.devices, self.seen, self.clock, self.wheel = devices, seen, Fast(), Wheel()
        self.policy = ProbePolicy(every_s=setting.sized(600, 60), picture_every_s=setting.sized(600, 300), timeout_s=15)
        self.latches, self.rng = setting.folder / "latches.json", random.Random(setting.seed)
        for device in devices.values():
            self.wheel.put(device.id, Cadence.of(device, self.policy), self.clock.elapsed_ms())

    def _prober(self, password: str) -> Prober:
        latches = FileLatches(self.latches)
        return Prober(clock=self.clock, password_of=lambda _: password, policy=self.policy, latches=latches)

    async def live(self) -> None:
        """Ask from midnight to midnight."""
        noon, end = HOURS * HOUR_MS // 2, HOURS * HOUR_MS
        while (now_ms := self.clock.elapsed_ms()) < end:
            until_ms = min(now_ms + self.rng.randint(1, 3) * HOUR_MS, noon if now_ms < noon else end)
            await self._one_life(WRONG[now_ms >= noon], until_ms)
            self.seen.restarts += 1

    async def _one_life(self, password: str, until_ms: int) -> None:
        async with self._prober(password) as prober:
            while self.clock.elapsed_ms() < until_ms:
                self.clock.advance(round(self.policy.every_s * 1000))
                due = self.wheel.due(self.clock.elapsed_ms())
                await asyncio.gather(
                    *(prober.probe(self.devices[d.device_id], _login(d.device_id), d.depth) for d in due)
                )
                self.seen.probes += len(due)

    async def end(self) -> None:
        """Try the right password, once: a camera that locked us out says no."""
        async with self._prober(PASSWORD) as prober:
            for device in self.devices.values():
                result = await prober.probe(device, _login(device.id), Depth.FULL)
                found = {rung.rung: rung.verdict for rung in result.rungs}
                if found.get(Rung.AUTH) is not Verdict.OK:
                    self.seen.not_well.append(f"{device.id}: {found.get(Rung.AUTH)}")


def _login(device_id: str) -> Credential:
    return Credential(id="c", user=USERS.get(device_id, "camkeeper"), secret_ref="env:NONE")  # noqa: S106 - a name


def _counted(here: Town) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = here.say(do="counters")["counters"]
    return found


def _note(seen: _Seen, part: str, here: Town, before: Mapping[str, Mapping[str, int]]) -> None:
    after = _counted(here)
    refused = [after[i]["refused"] - before[i]["refused"] for i in after]
    seen.most_refused[part], seen.refused = max(refused), seen.refused + sum(refused)
    seen.locked_out += sum(after[i]["locked_out"] - before[i]["locked_out"] for i in after)


def _lives(here: Town, folder: Path, seen: _Seen, kills: int) -> None:
    """Let the whole monitor run with a wrong password, kill it in the middle, start it again."""
    ledger, before = folder / "l", _counted(here)
    for life in range(kills + 1):
        with monitor(here.config, ledger, env={"CAMKEEPER_FLEET_PASSWORD": WRONG[0]}) as watching:
            least = watching.stored() + 3 * here.devices
            eventually(lambda watching=watching, least=least: watching.stored() >= least)  # type: ignore[misc]
            if life < kills:
                watching.kill()
                seen.restarts += 1
            else:
                watching.stop()
    _note(seen, "monitor", here, before)


async def _day(here: Town, setting: Setting, seen: _Seen) -> None:
    with ExitStack() as stack:
        devices = {device.id: device for device in load(here.config).devices}
        theirs: VirtualCamera | None = None
        if PYTHON.exists():
            folder = setting.folder / "ipycam"
            folder.mkdir()
            theirs = stack.enter_context(virtual_camera(folder, password=PASSWORD))
            made = one_device(theirs.onvif_port, ladder=(Rung.REACH, Rung.TIME, Rung.AUTH, Rung.SNAPSHOT))
            devices[IPYCAM] = _named(made)
        before, day = _counted(here), _Day(devices, setting, seen)
        await day.live()
        await asyncio.to_thread(_note, seen, "day", here, before)
        if theirs is not None:
            seen.most_refused["ipycam"], seen.refused = theirs.refused, seen.refused + theirs.refused
        await day.end()


def _named(device: Device) -> Device:
    return replace(device, id=IPYCAM, name=IPYCAM)


async def _run(setting: Setting) -> Outcome:
    seen, count = _Seen(), setting.sized(6, 20)
    with town(setting.folder / "town", devices=count, every_s=1.0) as here:
        await _day(here, setting, seen)
        setting.say("整个监测进程，中途强杀", "the whole monitor, killed in the middle")
        await asyncio.to_thread(_lives, here, setting.folder, seen, setting.sized(1, 5))
    credentials = {"day": len(WRONG), "ipycam": len(WRONG), "monitor": 1}
    return Outcome(
        checks=(
            *(
                at_most(f"{part}: refusals that a camera counted, of {credentials[part]} wrong passwords", most, bar)
                for part, most in seen.most_refused.items()
                for bar in (credentials[part],)
            ),
            equal("requests turned away by a lock", seen.locked_out, 0),
            equal("cameras that keep us out afterwards", len(seen.not_well), 0),
            at_least("probes", seen.probes, 100 * count),
        ),
        injected={"logins_refused": seen.refused, "restarts": seen.restarts},
        figures={
            "cameras": count,
            "hours": HOURS,
            "probes": seen.probes,
            "ipycam": "ipycam" in seen.most_refused,
            "not_well": "; ".join(seen.not_well[:3]),
        },
    )


ROW = Row(
    name="lockout",
    does_zh="密码错一整天（模拟 24 小时，中午又换成另一个错的），进程多次重启；由摄像机自己计数。",
    does_en="The password is wrong for 24 simulated hours, at noon in another way, over restarts; cameras count.",
    mark_zh="每个凭据至多一次被拒的尝试",
    mark_en="<= 1 refused attempt per credential",
    run=_run,
)
