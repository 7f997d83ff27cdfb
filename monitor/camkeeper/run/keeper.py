"""Keeps the newest `Standing` for who asks, and passes changes on. What is shown was stored first."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from camkeeper.clock import Clock, Timeline
from camkeeper.feed import Feed
from camkeeper.ledger import Boot, Ledger, snapshot_of
from camkeeper.mirror.lines import Fields
from camkeeper.run.coverage.coverage import Coverage
from camkeeper.run.doctor import DoctorRoom
from camkeeper.run.enrolment import Enrolment
from camkeeper.run.history import HistoryRoom
from camkeeper.run.insight import Insight
from camkeeper.run.keeperrooms import Rooms
from camkeeper.run.mirrorself import self_fields
from camkeeper.run.outside import outside_of
from camkeeper.run.poller import LATE_BOUNDS_S, Lane, Poller
from camkeeper.run.reading import read
from camkeeper.run.recorder import Recorder
from camkeeper.run.registers import RegisterRoom
from camkeeper.run.reports import ReportRoom
from camkeeper.run.sla import sla
from camkeeper.run.township import Township
from camkeeper.sight.pulse import Pulse
from camkeeper.sight.uplinks import UplinkWatch
from camkeeper.standing.build import DeviceNow, Inputs, build, timezone_of
from camkeeper.standing.coverage import CoverageMap, CoverageStanding, Darkness
from camkeeper.standing.view import LaneStanding, MonitorStanding, Standing, UplinkStanding
from camkeeper.standing.work import Gain

CHANGED_S = 0.5
"""A change is on the board about this much later: changes that come together make one Standing."""
IDLE_S = 5.0
SHARE = 0.1
"""At the most this share of the time is spent on building: a county's board is fresh every few seconds."""
LONGEST_REST_S = 5.0
"""But one slow build (a stall, a suspended machine) does not put the next one off for longer than this."""
WATCHED_MS = 15_000
"""Who asked this recently is still looking: an open page asks at every beat."""
UNWATCHED_S = 30.0
"""Where nobody looks, a Standing may be this old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the monitor lives, and whether it is fit to be believed."""

    live: bool
    ready: bool
    reasons: tuple[str, ...]


class Keeper(Rooms):
    """The monitor as the board sees it. One owner, the event loop; the ledger is read in a thread."""

    def __init__(self, *, boot: Boot, clock: Clock, timeline: Timeline, township: Township, ledger: Ledger) -> None:
        super().__init__()
        self._boot, self._clock, self._timeline = boot, clock, timeline
        self._township, self._ledger = township, ledger
        self._started_ms = timeline.now_ms()
        self._feed = Feed()
        self._changed: set[str] = set()
        self._standing: Standing | None = None
        self._asked_ms = clock.elapsed_ms()
        self._asked = asyncio.Event()
        self._coverage = Coverage(
            ledger=ledger,
            clock=clock,
            registry=lambda: township.registry,
            last_tick_ms=lambda: self._recorder.last_tick_ms,
            publish=self._feed.publish,
            findings=lambda: self._recorder.findings,
        )
        self.show_outside(outside_of(township, clock))
        self.show_reports(
            ReportRoom(
                ledger=ledger.path,
                now_ms=timeline.now_ms,
                registry=lambda: township.registry,
                coverage=self._coverage,
            )
        )
        self.show_history(
            HistoryRoom(ledger=ledger.path, registry=lambda: township.registry, clock=clock, now_ms=timeline.now_ms)
        )

    def show(
        self, *, poller: Poller, pulse: Pulse, uplinks: UplinkWatch, recorder: Recorder, enrolment: Enrolment
    ) -> None:
        """Say of whom the monitor's own state is told."""
        self._poller, self._pulse, self._uplinks = poller, pulse, uplinks
        self._recorder, self._enrolment = recorder, enrolment
        self.show_doctor(
            DoctorRoom(
                config=enrolment.path,
                clock=self._timeline,
                registry=lambda: self._township.registry,
                facts=self._township.facts,
                reload=enrolment.reload,
            )
        )
        self.show_registers(
            RegisterRoom(
                config=enrolment.path,
                clock=self._timeline,
                reload=enrolment.reload,
                warning=lambda: enrolment.warning,
            )
        )
        self.show_insight(
            Insight(
                ledger=self._ledger.path,
                clock=self._clock,
                timeline=self._timeline,
                township=self._township,
                ask=poller.ask,
            )
        )

    def desk_changed(self) -> None:
        """Note that something of the desk is on disk which may be shown now."""
        self._dirty.set()

    def newest(self) -> Standing | None:
        """Return the newest built value, without being one who looks; None before the first."""
        return self._standing

    @property
    def public_hosts(self) -> frozenset[str]:
        """The name by which phones ask for the board, as configured at the start."""
        name = urlsplit(self._township.registry.public_url).hostname
        return frozenset({name}) if name else frozenset()

    def stored(self, device_ids: AbstractSet[str]) -> None:
        """Note that these devices' changes are on disk: now they may be told."""
        if device_ids:
            self._changed |= device_ids
            self._dirty.set()
        self._coverage.changed(device_ids)

    def standing(self) -> Standing:
        """Return the newest built value, and note that somebody looks."""
        self._asked_ms = self._clock.elapsed_ms()
        self._asked.set()
        if self._standing is None:
            raise RuntimeError("asked before the first build")
        return self._standing

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[AbstractSet[str]]]:
        """Open a stream of changes."""
        return self._feed.subscribe()

    async def sla(self, month: str | None, site_id: str | None, policy: str | None) -> Mapping[str, Any]:
        """Return what `camkeeper sla --json` prints."""
        return await asyncio.to_thread(
            partial(sla, self._ledger.path, month=month, site_id=site_id, policy=policy, now_ms=self._timeline.now_ms())
        )

    def coverage(self) -> CoverageStanding | None:
        """Return what the cameras see; None while it is being computed."""
        return self._coverage.coverage()

    def coverage_map(self) -> CoverageMap | None:
        """Return the shapes of it; None while they are being computed."""
        return self._coverage.coverage_map()

    async def darkness(self, site_id: str, *, night: bool, failed: frozenset[str]) -> Darkness:
        """Return what a site loses, or would lose if these devices or links failed too; LookupError for others."""
        return await self._coverage.darkness(site_id, night=night, failed=failed)

    async def gains(self, groups: Mapping[int, frozenset[str]]) -> Mapping[int, Gain] | None:
        """Return what repairing each group of devices gives back; None while coverage is being computed."""
        return await self._coverage.gains(groups)

    async def keep_coverage(self) -> None:
        """Compute coverage and keep it up to date, until cancelled."""
        await self._coverage.run()

    def health(self) -> Health:
        """Return the monitor's health now."""
        reasons = list(self._not_current())
        if not self._township.registry.devices:
            reasons.append("没有登记设备 / no device is enrolled")
        elif not self._recorder.samples_stored:
            reasons.append("正在进行第一次探测 / the first round is under way")
        trouble = self._ledger.health.error
        return Health(live=trouble is None or self._recorder.accepting(), ready=not reasons, reasons=tuple(reasons))

    async def run(self) -> None:
        """Build after each change, or every few seconds, until cancelled."""
        while True:
            await self._wanted()
            self._dirty.clear()
            changed, self._changed = frozenset(self._changed), set()
            if self._room is not None:
                await self._room.refresh()
            if self._insight is not None:
                self._insight.refresh()
            took_ms = await self.build()
            self._feed.publish(changed)
            await asyncio.sleep(rest_s(took_ms))

    async def _wanted(self) -> None:
        """Wait for a change; where nobody looks, for somebody who does, and then begin at once."""
        watched = self._clock.elapsed_ms() - self._asked_ms <= WATCHED_MS
        self._asked.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S if watched else UNWATCHED_S):
                if watched:
                    await self._dirty.wait()
                    await asyncio.sleep(CHANGED_S)
                else:
                    await self._asked.wait()

    async def build(self) -> int:
        """Build a Standing from what is known at this moment; return the milliseconds it took."""
        began_ms = self._clock.elapsed_ms()
        registry = self._township.registry
        at_ms, tracks = self._recorder.last_tick_ms, self._recorder.tracks
        tz = timezone_of(registry)
        found = await asyncio.to_thread(partial(read, self._ledger.path, snapshot_of(registry), at_ms=at_ms, tz=tz))
        now = {}
        for device in registry.devices:
            known = self._township.known(device.id)
            if known is not None:
                rungs = tuple(known.rungs[rung] for rung in device.ladder if rung in known.rungs)
                now[device.id] = DeviceNow(track=tracks.get(device.id), rungs=rungs, facts=known.facts)
        inputs = Inputs(
            at_ms=at_ms,
            registry=registry,
            now=now,
            today=found.today,
            month=found.month,
            strips=found.strips,
            retired=found.retired,
            monitor=self._monitor(),
        )
        self._standing = await asyncio.to_thread(build, inputs)
        return self._clock.elapsed_ms() - began_ms

    def close(self) -> None:
        """End every stream."""
        if self._insight is not None:
            self._insight.close()
        if self._history is not None:
            self._history.close()
        if self._reports is not None:
            self._reports.close()
        if self._registers is not None:
            self._registers.close()
        self._feed.close()

    def _monitor(self) -> MonitorStanding:
        registry, counts = self._township.registry, self._poller.counts
        newest = max((track.last_ms for track in self._recorder.tracks.values()), default=None)
        return MonitorStanding(
            boot_id=self._boot.boot_id,
            started_ms=self._started_ms,
            last_tick_ms=self._recorder.last_tick_ms,
            last_sample_ms=newest,
            lag_ms=self._pulse.worst_ms(),
            uplinks=tuple(self._uplink(u.id, u.name) for u in registry.uplinks),
            warnings=self._warnings(),
            probes_total=counts.probes,
            probes_missed=counts.missed,
            probes_discarded=counts.discarded,
            probe_bugs=counts.bugs,
            samples_stored=self._recorder.samples_stored,
            policy=registry.accounting[0].id,
            lanes=(_lane(self._poller.healthy), _lane(self._poller.dead)),
            mirror=self.mirror(),
            crew=self.crew(),
        )

    def self_numbers(self) -> Fields:
        """Return the monitor's own state now, for the mirror; empty before the rooms are known."""
        if self._standing is None:
            return ()
        return self_fields(self._monitor(), self.desk(), now_ms=self._timeline.now_ms())

    def _uplink(self, uplink_id: str, name: str) -> UplinkStanding:
        sight = self._uplinks.sight(uplink_id)
        since_ms = None if sight.since_ms is None else self._timeline.at(sight.since_ms)
        return UplinkStanding(id=uplink_id, name=name, sees=sight.sees, since_ms=since_ms)

    def _warnings(self) -> tuple[str, ...]:
        return (*self._not_current(), *self._to_know())

    def _not_current(self) -> list[str]:
        """Return why figures are not current."""
        out = [
            f"监测端看不见：{uplink.name} 不通，其后的设备状态未知"
            f" / our uplink {uplink.name} is lost: what lies behind it is unknown"
            for uplink in self._township.registry.uplinks
            if not self._uplinks.sight(uplink.id).sees
        ]
        trouble = self._ledger.health.error
        if trouble is not None:
            out.append(f"账本写入失败：{trouble} / the ledger cannot be written")
        return out

    def _to_know(self) -> list[str]:
        """Return what people should know although figures are current: the old configuration is still polled."""
        out = []
        if self._enrolment.warning is not None:
            out.append(self._enrolment.warning)
        if self._timeline.skew_ms:
            skew_s = f"{self._timeline.skew_ms / 1000:+.0f}"
            out.append(
                f"系统时钟跳变 {skew_s} 秒，记录仍按原时间"
                f" / the wall clock was stepped by {skew_s} s; records go on in the old time"
            )
        if self._coverage.warning is not None:
            out.append(self._coverage.warning)
        out.extend(self.room_warnings())
        bugs = self._poller.counts.bugs
        if bugs:
            out.append(f"{bugs} 次探测因程序错误失败 / {bugs} probes failed by our fault")
        return out


def rest_s(took_ms: int) -> float:
    """Return how long to rest after a build that took so long."""
    return min(took_ms / 1000 / SHARE, LONGEST_REST_S)


def _lane(lane: Lane) -> LaneStanding:
    return LaneStanding(
        name=lane.name,
        busy=lane.busy,
        waiting=len(lane.waiting),
        bounds_s=LATE_BOUNDS_S,
        counts=tuple(lane.late),
        worst_s=lane.worst_late_ms / 1000,
    )
