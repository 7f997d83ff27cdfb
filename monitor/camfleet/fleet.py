"""A whole township of virtual devices in one process: `Fleet(...)`, `start`, `apply`, `clear`, `counters`, `stop`."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from camfleet import dialect
from camfleet.conductor import Cause, Conductor
from camfleet.device import VirtualDevice
from camfleet.faults import HEALTHY, Condition, Fault, FaultKind, truth_of
from camfleet.limits import FleetError, is_loopback, raise_descriptors
from camfleet.mistake import MistakeError
from camfleet.pictures import LightPictures, LivePictures
from camfleet.scenario import EMPTY, Scenario
from camfleet.targets import Target, beacon_id, faults_of, resolve
from camfleet.truth import TruthLog
from camfleet.wire import Listener
from camkeeper.clock import Clock, SystemClock
from camkeeper.model.equipment import Address, Device, DeviceKind
from camkeeper.model.registry import Registry

_SWEEP_S = 5.0
_TOLD = 8


class Fleet:
    """The devices of a registry, served on the hosts and ports where they are enrolled. Loopback only.

    `passwords` by credential id. `ahead`: draw what the cameras look at before the scenario begins, half a minute for a
    township, so that first pictures are no slower than later ones.
    Everything runs on the loop that `start` was called from.
    """

    def __init__(
        self,
        registry: Registry,
        passwords: Mapping[str, str],
        *,
        seed: int | None = None,
        scenario: Scenario = EMPTY,
        speed: float = 1.0,
        pictures: Literal["live", "light"] = "live",
        truth: Path | None = None,
        clock: Clock | None = None,
        ahead: bool = False,
    ) -> None:
        self.registry = registry
        self._ahead = ahead
        self.seed = scenario.seed if seed is None else seed
        self._clock = clock or SystemClock()
        self._speed = speed
        self._pictures: LivePictures | LightPictures = (LivePictures if pictures == "live" else LightPictures)(
            registry, seed=self.seed
        )
        _refuse_strangers(registry)
        self.devices = {d.id: d for d in self._build(passwords)}
        self._listeners: dict[str, list[Listener]] = {}
        self._truth = TruthLog(truth)
        self._sweeper: asyncio.TimerHandle | None = None
        targets = [self.resolve(event.target, draw=str(i)) for i, event in enumerate(scenario.timeline.events)]
        self._conductor = Conductor(
            scenario, targets, clock=self._clock, speed=speed, change=self._change, done=self._truth.flush
        )

    def _build(self, passwords: Mapping[str, str]) -> Iterator[VirtualDevice]:
        registry = self.registry
        for device in (*registry.devices, *_beacons(registry)):
            credential = registry.credential_by_id.get(device.credential_id or "")
            login = ("", "") if credential is None else (credential.user, passwords[credential.id])
            site = registry.site_by_id.get(device.site_id)
            yield VirtualDevice(
                device,
                dialect.choose(device, seed=self.seed),
                login,
                zone=ZoneInfo(site.timezone if site else "UTC"),
                clock=self._clock,
                pictures=self._pictures,
            )

    async def start(self) -> None:
        """Listen everywhere, then play the scenario from its beginning. FleetError where a port cannot be had."""
        wanted = [(d, port, role) for d in self.devices.values() for port, role in d.roles().items()]
        try:
            raise_descriptors(len(wanted))
        except FleetError:
            await self.stop()
            raise
        loop = asyncio.get_running_loop()
        taken: list[tuple[str, int, str]] = []
        for device, port, role in wanted:
            try:
                listener = Listener(device, port, role, loop=loop)
                self._listeners.setdefault(device.id, []).append(listener)
                listener.become(HEALTHY.reach, HEALTHY.manner)
            except OSError as error:
                taken.append((device.enrolled.address.host, port, _why(error)))
        if taken:
            await self.stop()
            raise _cannot_listen(taken)
        if self._ahead:
            await self._pictures.prepare(self.devices.values())
        self._truth.tell(at_ms=self._clock.wall_ms(), fleet="start", devices=len(self.devices), seed=self.seed)
        self._conductor.start()
        self._sweeper = loop.call_later(_SWEEP_S, self._sweep)

    async def stop(self) -> None:
        """Close every socket and file; harmless where nothing runs."""
        self._conductor.stop()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for listener in self._each_listener():
            listener.close()
        self._listeners.clear()
        self._pictures.close()
        self._truth.tell(at_ms=self._clock.wall_ms(), fleet="stop")
        self._truth.close()
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def apply(self, fault: Fault | FaultKind, device_ids: Iterable[str]) -> int:
        """Put a fault on devices now, until `clear`; return its number. KeyError for an unknown device."""
        ids = [self.devices[device_id].id for device_id in device_ids]
        return self._conductor.apply(fault if isinstance(fault, Fault) else Fault(kind=fault), ids)

    def clear(self, device_ids: Collection[str] | None = None) -> None:
        """Take the faults set by hand from these devices (None: from all); those of the scenario stay."""
        self._conductor.clear(device_ids)

    def resolve(self, target: Target, *, draw: str = "") -> tuple[str, ...]:
        """Return the ids of the devices meant; MistakeError tells every unknown id with the nearest known."""
        unknown = faults_of(target, self.registry)
        if unknown:
            raise MistakeError("；".join(u.zh for u in unknown), "; ".join(u.en for u in unknown))
        return tuple(i for i in resolve(target, self.registry, draw=f"{self.seed}/{draw}") if i in self.devices)

    def causes(self, device_id: str) -> tuple[Cause, ...]:
        """Return what is wrong with a device now."""
        return self._conductor.causes(device_id)

    def counters(self, device_ids: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
        """Return the counts of these devices (None: of all)."""
        return {i: self.devices[i].counters.as_dict() for i in (self.devices if device_ids is None else device_ids)}

    def addresses(self, device_id: str) -> tuple[tuple[str, int], ...]:
        """Return where a device listens."""
        return tuple(listener.address for listener in self._listeners.get(device_id, ()))

    @property
    def ports(self) -> int:
        """How many ports are held."""
        return sum(len(listeners) for listeners in self._listeners.values())

    def _each_listener(self) -> Iterator[Listener]:
        for listeners in self._listeners.values():
            yield from listeners

    def _change(self, device_id: str, condition: Condition, causes: tuple[Cause, ...]) -> None:
        device = self.devices[device_id]
        before = self.causes(device_id)
        at_ms = self._clock.wall_ms()
        device.set_condition(condition)
        for listener in self._listeners.get(device_id, ()):
            listener.become(condition.reach, condition.manner)
        timeout_s = device.enrolled.overrides.timeout_s or self.registry.probe.timeout_s
        was, now = ({(c.name, c.fault.kind.value) for c in some} for some in (before, causes))
        self._truth.tell(
            at_ms=at_ms,
            device=device_id,
            state=truth_of(condition, timeout_ms=round(timeout_s * 1000), ladder=device.enrolled.ladder),
            faults=sorted(kind for _, kind in now),
            began=sorted(f"{name}: {kind}" for name, kind in now - was),
            ended=sorted(f"{name}: {kind}" for name, kind in was - now),
        )

    def _sweep(self) -> None:
        for listener in self._each_listener():
            listener.sweep()
        self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_S, self._sweep)


def _beacons(registry: Registry) -> Iterator[Device]:
    """Yield a bare TCP device for each beacon that is not a port of an enrolled device anyway."""
    held = {(d.address.host, d.address.port) for d in registry.devices}
    for uplink in registry.uplinks:
        for i, beacon in enumerate(uplink.beacons):
            if (beacon.host, beacon.port) not in held:
                held.add((beacon.host, beacon.port))
                name = beacon_id(uplink.id, i)
                address = Address(host=beacon.host, port=beacon.port)
                yield Device(id=name, name=name, kind=DeviceKind.SWITCH, site_id="", address=address)


def _refuse_strangers(registry: Registry) -> None:
    """FleetError where anything is enrolled outside the loopback: the fleet must not impersonate a real device."""
    hosts = [(d.id, d.address.host) for d in registry.devices]
    hosts += [(beacon_id(u.id, i), b.host) for u in registry.uplinks for i, b in enumerate(u.beacons)]
    strangers = [f"{name} ({host})" for name, host in hosts if not is_loopback(host)]
    if strangers:
        some = ", ".join(strangers[:_TOLD]) + (" ..." if len(strangers) > _TOLD else "")
        raise FleetError(
            f"虚拟设备只在本机回环地址（127.0.0.0/8 或 ::1）上运行；有 {len(strangers)} 个地址不是：{some}",
            "virtual devices are served on loopback (127.0.0.0/8 or ::1) only; "
            f"{len(strangers)} addresses are not: {some}",
        )


def _why(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, str(error))


def _cannot_listen(taken: list[tuple[str, int, str]]) -> FleetError:
    some = ", ".join(f"{host}:{port} {why}" for host, port, why in taken[:_TOLD])
    more = " ..." if len(taken) > _TOLD else ""
    zh, en = "EADDRINUSE 为已被占用，EACCES 为无权限", "EADDRINUSE: taken, EACCES: no right"
    if all(why == "EADDRINUSE" for _, _, why in taken):
        zh, en = "已被占用，是否另有虚拟设备在运行？", "taken; does another fleet run?"
    return FleetError(
        f"有 {len(taken)} 个端口无法监听（{zh}）：{some}{more}",
        f"{len(taken)} ports cannot be listened on ({en}): {some}{more}",
    )
