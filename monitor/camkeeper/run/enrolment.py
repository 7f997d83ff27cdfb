"""Takes a configuration into the running monitor: at the start, and at every SIGHUP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import structlog

from camkeeper.clock import Clock, Timeline
from camkeeper.config import ConfigError, load
from camkeeper.config.diff import diff
from camkeeper.ledger.record import LifeChange
from camkeeper.ledger.snapshot import snapshot_of
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.registry import Registry
from camkeeper.run.recorder import Recorder
from camkeeper.run.township import Township
from camkeeper.schedule.wheel import Cadence, Wheel
from camkeeper.sight.uplinks import UplinkWatch

_log = structlog.get_logger(__name__)


class Forgets(Protocol):
    """What enrolment needs of a prober."""

    def forget(self, device_id: str) -> None:
        """Drop what was learned of a device."""

    def adopt(self, policy: ProbePolicy) -> None:
        """Ask by this policy from now on."""


class Enrolment:
    """The one place where the set of devices changes. A faulty file changes nothing and stands as a warning."""

    def __init__(
        self,
        *,
        path: Path,
        clock: Clock,
        timeline: Timeline,
        township: Township,
        wheel: Wheel,
        uplinks: UplinkWatch,
        recorder: Recorder,
        prober: Forgets,
    ) -> None:
        self.path, self._clock, self._timeline = path, clock, timeline
        self._township, self._wheel, self._uplinks = township, wheel, uplinks
        self._recorder, self._prober = recorder, prober
        self._reading = asyncio.Lock()
        self.warning: str | None = None
        """Why the newest file was not taken; None: it was."""

    def begin(self, registry: Registry, in_service: Iterable[str]) -> None:
        """Start with `registry` where the ledger has `in_service` enrolled: only differences become lives."""
        on_record = set(in_service)
        now_ms = self._timeline.now_ms()
        enrolled = [d.id for d in registry.devices if d.id not in on_record]
        retired = sorted(on_record - registry.device_by_id.keys())
        self._put(registry, (d.id for d in registry.devices))
        self._township.resume(now_ms)
        self._record(registry, enrolled, retired, now_ms)

    async def reload(self) -> None:
        """Read the file again and take it over, or keep the old one and say why. The last one asked for stands."""
        async with self._reading:
            await self._reload()

    async def _reload(self) -> None:
        try:
            registry = await asyncio.to_thread(load, self.path)
        except ConfigError as error:
            first, n = error.faults[0], len(error.faults)
            self.warning = (
                f"配置文件有 {n} 处错误，仍用旧配置。{first.chinese}"
                f" / {n} fault{'s' if n > 1 else ''} in the configuration; the old one stays in force. {first}"
            )
            _log.warning("config_rejected", faults=[str(fault) for fault in error.faults])
            return
        self.warning = None
        self._take(registry)

    def _take(self, registry: Registry) -> None:
        old = self._township.registry
        registry = replace(registry, agreed=old.agreed)  # what people agreed on is not the file's
        changes = diff(old, registry)
        for device_id in (*changes.removed, *changes.changed):
            self._prober.forget(device_id)
        for device_id in changes.removed:
            self._wheel.remove(device_id)
        self._prober.adopt(registry.probe)
        self._township.enrol(registry, anew=changes.changed)
        again = registry.devices if old.probe != registry.probe else ()
        self._put(registry, (*changes.added, *changes.changed, *(d.id for d in again)))
        self._record(registry, changes.added, changes.removed, self._timeline.now_ms())
        _log.info("config_taken", added=len(changes.added), removed=len(changes.removed), changed=len(changes.changed))

    def _put(self, registry: Registry, device_ids: Iterable[str]) -> None:
        now = self._clock.elapsed_ms()
        for device_id in device_ids:
            self._wheel.put(device_id, Cadence.of(registry.device_by_id[device_id], registry.probe), now)
        self._uplinks.replace({u.id: u for u in registry.uplinks})

    def _record(self, registry: Registry, added: Iterable[str], removed: Iterable[str], now_ms: int) -> None:
        lives = [LifeChange(device_id=i, at_ms=now_ms, enrolled=False) for i in removed]
        lives += [LifeChange(device_id=i, at_ms=now_ms, enrolled=True) for i in added]
        self._recorder.note_config(snapshot_of(registry), tuple(lives))
