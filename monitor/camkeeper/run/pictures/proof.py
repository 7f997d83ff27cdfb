"""What the looks at all cameras prove: tracks and the fleet's own memory, restored and folded. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

import structlog

from camkeeper.judge import fleetlooks
from camkeeper.judge import repair as repair_
from camkeeper.judge.dome import Dome, place_of
from camkeeper.judge.fleetlooks import FleetLooks, Neighbours, Standing
from camkeeper.judge.looks import judge_look
from camkeeper.judge.looktrack import LookTrack
from camkeeper.judge.repair import Claim, Repair, Stage
from camkeeper.model.dome import DomeReport, Place
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.picture import Finding, Look, PicturePolicy, PictureVerdict, Scope
from camkeeper.model.registry import Registry

_log = structlog.get_logger(__name__)


class PictureProof:
    """The folded evidence of all enrolled cameras. One owner, the event loop."""

    def __init__(self, registry: Registry, policy: PicturePolicy) -> None:
        self._policy = policy
        self._tracks: dict[str, LookTrack] = {}
        self._domes: dict[str, Dome] = {}
        self._repairs: dict[str, Repair] = {}
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
        for known in (self._domes, self._repairs):
            for device_id in known.keys() - self._cameras:
                del known[device_id]
        self.fleet = self.fleet.only(self._cameras)
        return gone

    def restore(
        self,
        tracks: Mapping[str, str],
        fleet: str | None,
        recorded: Iterable[Finding],
        now_ms: int,
        blind: Container[str],
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
            self._tracks[device_id] = track = LookTrack.from_json(text)
        except ValueError as error:
            _log.warning("picture_track", device=device_id, error=str(error))
            return
        if track.dome is not None:
            self._domes[device_id] = track.dome
        if track.repair is not None:
            self._repairs[device_id] = track.repair

    def _recorded(self, finding: Finding) -> Standing:
        own = replace(finding, scope=Scope.DEVICE)
        track = self._tracks.get(finding.device_id)
        blank = LookTrack(device_id=finding.device_id, last_ms=finding.decided_ms)
        self._tracks[finding.device_id] = replace(track or blank, finding=own, good=0)
        return Standing(finding=own, told=finding)

    def look(self, look: Look, blind: Container[str]) -> tuple[Finding, ...]:
        """Fold in one look; return what is decided by it. `blind`: cameras that give no picture now."""
        track, finding = judge_look(self._tracks.get(look.device_id), look, self._policy)
        self._tracks[look.device_id] = track
        repair = self._repairs.get(look.device_id)
        if repair is not None:
            self._repairs[look.device_id] = repair_.noted(repair, look)
        found = () if finding is None else (finding,)
        self.fleet, told = fleetlooks.take(self.fleet, found, look.at_ms, self._around, self._policy, blind)
        return told

    def place(self, device_id: str, report: DomeReport | None) -> tuple[Place, bool]:
        """Return where a picture was taken, and whether another position is home from now on."""
        if self._cameras[device_id].kind is not DeviceKind.PTZ:
            return Place.HOME, False
        before = self._domes.get(device_id, Dome())
        after, place = place_of(before, report or DomeReport())
        self._domes[device_id] = after
        return place, after.home != before.home

    def has_home(self, device_id: str) -> bool:
        """Tell whether it is known to which position of a dome its baseline belongs."""
        known = self._domes.get(device_id)
        return known is not None and known.home is not None

    def repair(self, device_id: str) -> Repair | None:
        """Return the newest reported repair that is not over yet."""
        found = self._repairs.get(device_id)
        return None if found is None or found.stage is Stage.DONE else found

    def claims(self, claims: Mapping[str, Claim]) -> tuple[str, ...]:
        """Follow what the orders say; return the cameras whose view is another one since a proved repair."""
        begun = []
        for device_id in (claims.keys() | self._repairs.keys()) & self._cameras.keys():
            before = self._repairs.get(device_id)
            calm = device_id in self._tracks and self.is_calm(device_id)
            after = repair_.follow(before, claims.get(device_id), calm=calm)
            if after is not None and after != before:
                self._repairs[device_id] = after
                if after.stage is Stage.LEARNING and (before is None or before.stage is not Stage.LEARNING):
                    begun.append(device_id)
        return tuple(sorted(begun))

    def forget_home(self, device_id: str, now_ms: int) -> None:
        """Let a dome's home be chosen anew, and no reported repair be over it: somebody said that it is so meant."""
        self._domes.pop(device_id, None)
        self._repairs[device_id] = Repair(at_ms=now_ms, stage=Stage.DONE)

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

    def settle(self, now_ms: int, blind: Container[str]) -> tuple[Finding, ...]:
        """Let time pass; return what is decided by it."""
        due_ms = self.fleet.next_due_ms
        if due_ms is None or now_ms < due_ms:
            return ()
        self.fleet, told = fleetlooks.settle(self.fleet, now_ms, self._around, self._policy, blind)
        return told

    def track_text(self, device_id: str) -> str:
        """Return what is remembered of a camera, for the album."""
        track = self._tracks[device_id]
        return replace(track, dome=self._domes.get(device_id), repair=self._repairs.get(device_id)).to_json()

    def is_calm(self, device_id: str) -> bool:
        """Tell whether nothing speaks against a camera: only then may it be learned from."""
        track = self._tracks.get(device_id)
        return track is not None and track.finding is None and not track.tallies

    def finding(self, device_id: str) -> Finding | None:
        """Return what stands of a camera and was told."""
        return self.fleet.finding(device_id)


def _is_before(track: LookTrack | None, end: Finding) -> bool:
    return track is not None and track.finding is not None and track.finding.decided_ms <= end.decided_ms
