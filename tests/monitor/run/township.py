"""A village of a few devices, and what a monitor would have written of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from camkeeper.availability.tally import Change
from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, LifeChange, snapshot_of
from camkeeper.model.change import Transition
from camkeeper.model.contract import Window
from camkeeper.model.equipment import Address, Device, DeviceKind
from camkeeper.model.place import Site, SiteKind
from camkeeper.model.policy import JudgePolicy, ProbePolicy
from camkeeper.model.probing import Depth, DeviceFacts, ProbeResult, Rung, RungResult, Sample, Verdict
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

ZONE = "Asia/Shanghai"
OCTOBER_MS = 1_790_784_000_000
"""2026-10-01 00:00 in Shanghai."""
NOVEMBER_MS = 1_793_462_400_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
QUICK_DISK = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
REASON = {
    Status.UP: Reason.RECOVERED,
    Status.DEGRADED: Reason.NO_PICTURE,
    Status.DOWN: Reason.NO_ANSWER,
    Status.UNKNOWN: Reason.SILENCE,
}
TOWN = Site(id="town", name="试验镇", kind=SiteKind.TOWN, timezone=ZONE, target_bp=9500)
VILLAGES = tuple(
    Site(id=f"v{n}", name=f"{n}村", kind=SiteKind.VILLAGE, timezone=ZONE, target_bp=9000 + n, parent_id="town")
    for n in (1, 2)
)


def device(name: str, *, site: str = "v1", kind: DeviceKind = DeviceKind.CAMERA, host: str = "127.0.0.1") -> Device:
    return Device(id=name, name=name, kind=kind, site_id=site, address=Address(host=host))


def registry(devices: Iterable[Device], *, windows: tuple[Window, ...] = (), every_s: float = 10.0) -> Registry:
    return Registry(
        name="试验镇",
        sites=(TOWN, *VILLAGES),
        devices=tuple(devices),
        windows=windows,
        probe=ProbePolicy(every_s=every_s),
        judge=JudgePolicy(confirm_down=2, confirm_degraded=2, grace_polls=2.5),
    )


def sample(name: str, at_ms: int, status: Status) -> Sample:
    return Sample(device_id=name, at_ms=at_ms, status=status, reason=REASON[status])


def result(
    name: str,
    at_ms: int,
    rungs: Sequence[tuple[Rung, Verdict]],
    *,
    depth: Depth = Depth.FULL,
    facts: DeviceFacts | None = None,
) -> ProbeResult:
    return ProbeResult(
        device_id=name,
        at_ms=at_ms,
        took_ms=1.0,
        depth=depth,
        rungs=tuple(RungResult(rung=rung, verdict=verdict, ms=1.0) for rung, verdict in rungs),
        facts=facts or DeviceFacts(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One device's record: in service in `life`, and (instant, status) from then on."""

    device: Device
    life: Span
    changes: tuple[tuple[int, Status], ...]

    @property
    def told(self) -> list[Change]:
        """What `tally` wants: a life begins and ends unknown."""
        return [(self.life.start_ms, Status.UNKNOWN), *self.changes, (self.life.end_ms, Status.UNKNOWN)]


def write(path: Path, first: Registry, stories: Sequence[Story], *, tick_ms: int, last: Registry | None = None) -> None:
    """Write stories as the monitor tells them; a life that ends before the tick retires its device.

    `last` is the configuration at the end, where retired devices are left out.
    """
    clock = SimulatedClock(wall_ms=OCTOBER_MS)
    with Ledger.open(path, boot=Boot(boot_id="b", version="test"), clock=clock) as ledger:
        events: list[tuple[int, int, Batch]] = [(0, 0, Batch(config=snapshot_of(first), at_ms=OCTOBER_MS))]
        for story in stories:
            name, now = story.device.id, Status.UNKNOWN
            enrolled = LifeChange(device_id=name, at_ms=story.life.start_ms, enrolled=True)
            events.append((story.life.start_ms, 1, Batch(lives=(enrolled,))))
            for at_ms, status in story.changes:
                made = Transition(
                    device_id=name, at_ms=at_ms, decided_ms=at_ms, old=now, new=status, reason=REASON[status]
                )
                events.append((at_ms, 2, Batch(transitions=(made,))))
                now = status
            if story.life.end_ms <= tick_ms:
                gone = LifeChange(device_id=name, at_ms=story.life.end_ms, enrolled=False)
                events.append((story.life.end_ms, 0, Batch(lives=(gone,))))
        events.append((tick_ms, 3, Batch(tick_ms=tick_ms, config=None if last is None else snapshot_of(last))))
        waiting = [ledger.append(batch) for _, _, batch in sorted(events, key=lambda event: event[:2])]
        for future in waiting:
            future.result(10)
