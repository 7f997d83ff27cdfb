"""The past of a whole township: written as a monitor would have written it; and what ails it on its last evening."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.dashboards.township import AT_MS, DAY_MS, HOUR_MS
from tests.monitor.run.township import sample

from camkeeper.clock import SimulatedClock
from camkeeper.config import load
from camkeeper.ledger import Batch, Boot, Ledger, LifeChange, snapshot_of
from camkeeper.model.change import Transition
from camkeeper.model.channel import BotSetting, ChannelKind
from camkeeper.model.equipment import Device
from camkeeper.model.policy import JudgePolicy, ProbePolicy
from camkeeper.model.registry import Registry
from camkeeper.model.status import Reason, Status

DEMO = Path(__file__).resolve().parents[2] / "config" / "cameras.yaml"
BEGAN_MS = AT_MS - 75 * DAY_MS
CLOSED = "2026-10"
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Devices that answer otherwise from one minute before the end to another."""

    devices: frozenset[str]
    status: Status = Status.DOWN
    reason: Reason = Reason.NO_ANSWER
    from_min: int
    until_min: int = 0


def demo_registry() -> Registry:
    """Return the demo's township, polled once a minute, its channel on this machine where nobody answers."""
    known = load(DEMO)
    hook = BotSetting(id="hook", name="镇值班群", kind=ChannelKind.WECOM, url="http://127.0.0.1:9/")
    return replace(known, probe=ProbePolicy(every_s=60.0), judge=JudgePolicy(), channels=(hook,))


def behind(registry: Registry, link_id: str) -> frozenset[str]:
    """Return what hangs on a link, the link's own device too."""
    links = {link.id: link for link in registry.links}
    own = links[link_id].device_id

    def hangs(at: str | None) -> bool:
        while at is not None:
            if at == link_id:
                return True
            at = links[at].upstream_id
        return False

    return frozenset(d.id for d in registry.devices if hangs(d.link_id) or d.id == own)


def demo_faults(registry: Registry) -> tuple[Fault, ...]:
    """Return an evening: a pole without power, a switch, a password, a camera without a picture, a silent one."""
    return (
        Fault(devices=behind(registry, "pole-dg04-1"), from_min=95),
        Fault(devices=behind(registry, "sw-03"), from_min=35),
        Fault(devices=frozenset({"dg03-cam-02"}), status=Status.DEGRADED, reason=Reason.AUTH_REFUSED, from_min=70),
        Fault(devices=frozenset({"dg16-cam-02"}), status=Status.DEGRADED, reason=Reason.NO_STREAM, from_min=80),
        Fault(devices=frozenset({"dg20-cam-01"}), from_min=100, until_min=60),
        Fault(devices=frozenset({"dg27-cam-01"}), status=Status.UNKNOWN, reason=Reason.SILENCE, from_min=50),
    )


def history(device: Device, end_ms: int) -> Iterator[Transition]:
    """Yield what a device went through, always the same for the same device; it ends in good health."""
    dice = random.Random(device.id)
    at_ms, now = BEGAN_MS + dice.randrange(HOUR_MS), Status.UNKNOWN
    poor = dice.random() < 0.15
    while at_ms < end_ms - 2 * DAY_MS:
        wanted = Status.UP
        if now is Status.UP:
            wanted = dice.choice([Status.DOWN, Status.DOWN, Status.DOWN, Status.DEGRADED, Status.UNKNOWN])
        yield _change(device.id, at_ms, now, wanted)
        now = wanted
        longest = (6 if poor else 24) * DAY_MS if now is Status.UP else (20 if poor else 5) * HOUR_MS
        at_ms += dice.randrange(HOUR_MS // 6, longest)
    if now is not Status.UP:
        yield _change(device.id, end_ms - DAY_MS, now, Status.UP)


_REASON = {
    Status.UP: Reason.RECOVERED,
    Status.DOWN: Reason.NO_ANSWER,
    Status.DEGRADED: Reason.NO_PICTURE,
    Status.UNKNOWN: Reason.SILENCE,
}


def _change(device_id: str, at_ms: int, old: Status, new: Status) -> Transition:
    return Transition(device_id=device_id, at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=_REASON[new])


def write(path: Path, registry: Registry, end_ms: int) -> None:
    """Write everybody's past up to `end_ms`, and close the month before."""
    changes = sorted((t for d in registry.devices for t in history(d, end_ms)), key=lambda t: (t.at_ms, t.device_id))
    lives = tuple(LifeChange(device_id=d.id, at_ms=BEGAN_MS, enrolled=True) for d in registry.devices)
    with Ledger.open(path, boot=Boot(boot_id="a", version="t"), clock=SimulatedClock(wall_ms=BEGAN_MS)) as ledger:
        waiting = [ledger.append(Batch(config=snapshot_of(registry), at_ms=BEGAN_MS, lives=lives))]
        waiting += [
            ledger.append(Batch(transitions=tuple(changes[n : n + 4000]))) for n in range(0, len(changes), 4000)
        ]
        waiting.append(
            ledger.append(
                Batch(samples=tuple(sample(d.id, end_ms, Status.UP) for d in registry.devices), tick_ms=end_ms)
            )
        )
        for future in waiting:
            future.result(120)
    with Ledger.open(path, boot=Boot(boot_id="c", version="t"), clock=SimulatedClock(wall_ms=end_ms)) as ledger:
        while ledger.roll_up().result(120):
            pass
        ledger.close_month(CLOSED, zone="Asia/Shanghai", by="李主任").result(30)
