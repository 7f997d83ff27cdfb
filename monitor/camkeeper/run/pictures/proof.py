"""What the looks at all cameras prove: tracks and the fleet's own memory, restored and folded. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import structlog

from camkeeper.judge import fleetlooks
from camkeeper.judge.fleetlooks import FleetLooks, Neighbours, Standing
from camkeeper.judge.looks import judge_look
from camkeeper.judge.looktrack import LookTrack
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.picture import Finding, Look, PicturePolicy, PictureVerdict, Scope
from camkeeper.model.registry import Registry

_log = structlog.get_logger(__name__)


class PictureProof:
    """The folded evidence of all enrolled cameras. One owner, the event loop."""

    def __init__(self, registry: Registry, policy: PicturePolicy) -> None:
        self._policy = policy
        self._tracks: dict[str, LookTrack] = {}
        self.fleet = FleetLooks()
        self.enrol(registry, policy)

    def enrol(self, registry: Registry, policy: PicturePolicy) -> tuple[str, ...]:
        """Take over a configuration; return the cameras that left it, of which nothing is remembered any more."""
        self._policy = policy
        self._cameras = {d.id: d for d in registry.devices if d.kind.has_picture}
        self._around = Neighbours.of(registry)
        gone = tuple(device_id for device_id in self._tracks if device_id not in self._cameras)
        for device_id in gone:
            del self._tracks[device_id]
        self.fleet = self.fleet.only(self._cameras)
        return gone

    def restore(
        self,
        tracks: Mapping[str, str],
        fleet: str | None,
        recorded: Iterable[Finding],
        now_ms: int,
        blind: Collection[str],
    ) -> tuple[Finding, ...]:
        """Go on from before a restart; return findings that were proved and are not on record.

        `recorded`: the newest of each camera. The record is what people were told: where the album was deleted, or is
        behind, a recorded finding stands until good looks disprove it.
        """
        for device_id, text in tracks.items():
            if device_id in self._cameras:
                self._restore_track(device_id, text)
        if fleet is not None:
            try:
                self.fleet = FleetLooks.from_json(fleet).only(self._cameras)
            except ValueError as error:
                _log.warning("picture_fleet", error=str(error))
        untold = self._reconcile({f.device_id: f for f in recorded if f.device_id in self._cameras})
        # The fleet's memory is kept seldom: a finding that waited for company may be in its camera's track alone.
        held = [t.finding for i, t in self._tracks.items() if t.finding is not None and i not in self.fleet.cameras]
        self.fleet, told = fleetlooks.take(self.fleet, held, now_ms, self._around, self._policy, blind)
        return (*untold, *told)

    def _reconcile(self, on_record: Mapping[str, Finding]) -> list[Finding]:
        """Bring album and record together. A crash takes the album's last seconds, and may take the record's."""
        standing, untold = dict(self.fleet.cameras), []
        for device_id in sorted({*on_record, *standing}):
            told, recorded = self.fleet.finding(device_id), on_record.get(device_id)
            track = self._tracks.get(device_id)
            if told is not None and (recorded is None or recorded.decided_ms < told.decided_ms):
                untold.append(told)
            elif recorded is not None and recorded.verdict.is_fault and recorded != told:
                standing[device_id] = self._recorded(recorded)
            elif recorded is not None and not recorded.verdict.is_fault and _is_before(track, recorded):
                standing.pop(device_id, None)  # the end is on record, the album is from before it
                self._tracks.pop(device_id, None)
        self.fleet = FleetLooks(cameras=standing)
        return untold

    def _restore_track(self, device_id: str, text: str) -> None:
        try:
            self._tracks[device_id] = LookTrack.from_json(text)
        except ValueError as error:
            _log.warning("picture_track", device=device_id, error=str(error))

    def _recorded(self, finding: Finding) -> Standing:
        own = replace(finding, scope=Scope.DEVICE)
        track = self._tracks.get(finding.device_id)
        blank = LookTrack(device_id=finding.device_id, last_ms=finding.decided_ms)
        self._tracks[finding.device_id] = replace(track or blank, finding=own, good=0)
        return Standing(finding=own, told=finding)

    def look(self, look: Look, blind: Collection[str]) -> tuple[Finding, ...]:
        """Fold in one look; return what is decided by it. `blind`: cameras that give no picture now."""
        dome = self._cameras[look.device_id].kind is DeviceKind.PTZ  # nobody asked it where it points
        track, finding = judge_look(self._tracks.get(look.device_id), look, self._policy, preset_checked=not dome)
        self._tracks[look.device_id] = track
        found = () if finding is None else (finding,)
        self.fleet, told = fleetlooks.take(self.fleet, found, look.at_ms, self._around, self._policy, blind)
        return told

    def begin_anew(self, device_id: str, now_ms: int) -> tuple[Finding, ...]:
        """Forget what was seen of a camera; return the end of what was told of it."""
        told = self.fleet.finding(device_id)
        self._tracks[device_id] = LookTrack(device_id=device_id, last_ms=now_ms)
        self.fleet = self.fleet.only(self.fleet.cameras.keys() - {device_id})
        if told is None:
            return ()
        verdict = PictureVerdict.OK
        return (Finding(device_id=device_id, verdict=verdict, since_ms=now_ms, decided_ms=now_ms, scope=told.scope),)

    @property
    def weather_site_ids(self) -> tuple[str, ...]:
        """Where all pictures are poor at once, as it was told."""
        told = {i: s.told for i, s in self.fleet.cameras.items() if s.told is not None}
        return tuple(
            sorted({self._around.place_of.get(i, "") for i, f in told.items() if f.scope is Scope.WEATHER} - {""})
        )

    def settle(self, now_ms: int, blind: Collection[str]) -> tuple[Finding, ...]:
        """Let time pass; return what is decided by it."""
        due_ms = self.fleet.next_due_ms
        if due_ms is None or now_ms < due_ms:
            return ()
        self.fleet, told = fleetlooks.settle(self.fleet, now_ms, self._around, self._policy, blind)
        return told

    def track_text(self, device_id: str) -> str:
        """Return what is remembered of a camera, for the album."""
        return self._tracks[device_id].to_json()

    def is_calm(self, device_id: str) -> bool:
        """Tell whether nothing speaks against a camera: only then may it be learned from."""
        track = self._tracks.get(device_id)
        return track is not None and track.finding is None and not track.tallies

    def finding(self, device_id: str) -> Finding | None:
        """Return what stands of a camera and was told."""
        return self.fleet.finding(device_id)


def _is_before(track: LookTrack | None, end: Finding) -> bool:
    return track is not None and track.finding is not None and track.finding.decided_ms <= end.decided_ms
