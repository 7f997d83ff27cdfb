"""Everything known of the devices now: tracks, remembered rungs, and what waits to be written. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from camkeeper.judge.clock import DriftTrack, note_drift
from camkeeper.judge.findings import with_finding
from camkeeper.judge.fold import Track, expire, judge
from camkeeper.judge.ladder import Memory, sample_of
from camkeeper.model.change import Transition
from camkeeper.model.equipment import Device
from camkeeper.model.picture import Drift, Finding
from camkeeper.model.probing import DeviceFacts, ProbeResult, Rung, RungResult, Sample, Verdict
from camkeeper.model.registry import Registry
from camkeeper.model.status import Status
from camkeeper.schedule.wheel import Cadence

_WAITED_OUT = frozenset({Verdict.TIMEOUT, Verdict.UNREACHABLE})


@dataclass(slots=True)
class Known:
    """One device: its folded state, and the newest answer of each rung for showing."""

    hold_ms: int
    track: Track | None = None
    memory: Memory = field(default_factory=Memory)
    rungs: dict[Rung, RungResult] = field(default_factory=dict)
    facts: DeviceFacts = field(default_factory=DeviceFacts)
    climbed: bool = False
    """Whether the whole ladder was climbed since this process began."""


class Township:
    """The folded state of all enrolled devices. One owner, the event loop."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._known: dict[str, Known] = {}
        self._samples: list[Sample] = []
        self._transitions: list[Transition] = []
        self._proved: list[Finding] = []
        self._drifts: list[Drift] = []
        self._clocks: dict[str, DriftTrack] = {}
        self._left: list[Track] = []
        self.findings: Mapping[str, Finding] = {}
        """What pictures prove against devices now, by their ids; another mapping after every change."""
        self.enrol(registry)

    def enrol(self, registry: Registry, *, anew: Collection[str] = ()) -> None:
        """Take over a configuration: new devices begin without a track, removed ones are forgotten.

        `anew`: devices whose address, credential or ladder changed. Their status stays, what was learned of them not.
        """
        self.registry = registry
        kept = self._known
        for device_id in anew:
            known = kept[device_id]
            known.memory, known.rungs, known.facts, known.climbed = Memory(), {}, DeviceFacts(), False
        self._known = {}
        for device in registry.devices:
            known = kept.get(device.id) or Known(hold_ms=0)
            known.hold_ms = hold_ms(device, registry)
            self._known[device.id] = known
        self._clocks = {i: clock for i, clock in self._clocks.items() if i in self._known}
        if not self._known.keys() >= self.findings.keys():
            self.findings = {i: found for i, found in self.findings.items() if i in self._known}

    def restore(self, tracks: Iterable[Track]) -> None:
        """Go on with the tracks that the ledger brought back. Nothing is written again."""
        for track in tracks:
            known = self._known.get(track.device_id)
            if known is None:
                self._left.append(track)
            else:
                known.track, known.memory = track, track.memory

    def restore_pictures(self, findings: Iterable[Finding], drifts: Iterable[Drift]) -> None:
        """Go on with what was proved and noted before. Nothing is written again."""
        self.findings = {f.device_id: f for f in findings if f.verdict.is_fault and f.device_id in self._known}
        self._clocks = {d.device_id: DriftTrack(noted=d, seen=d) for d in drifts if d.device_id in self._known}

    def prove(self, findings: Iterable[Finding]) -> None:
        """Let findings stand, or end, from the next sample on; they wait for `drain_pictures`."""
        standing = dict(self.findings)
        for finding in findings:
            if finding.device_id not in self._known:
                continue  # removed while its picture was looked at
            standing.pop(finding.device_id, None)
            if finding.verdict.is_fault:
                standing[finding.device_id] = finding
            self._proved.append(finding)
        self.findings = standing

    def as_seen(self, sample: Sample) -> Sample:
        """Return the sample as what its pictures prove leaves it: a device that answers and shows nothing of use."""
        return with_finding(sample, self.findings.get(sample.device_id))

    def clock_of(self, device_id: str) -> Drift | None:
        """Return the newest noted reading of a device's clock."""
        track = self._clocks.get(device_id)
        return None if track is None else track.noted

    def known(self, device_id: str) -> Known | None:
        """Return what is known of an enrolled device."""
        return self._known.get(device_id)

    def facts(self) -> dict[str, DeviceFacts]:
        """Return what each enrolled device said of itself so far."""
        return {device_id: known.facts for device_id, known in self._known.items()}

    def is_slow_to_fail(self, device_id: str) -> bool:
        """Return whether the last probe waited out its timeout: the next goes by the budget of the dead."""
        known = self._known.get(device_id)
        if known is None:
            return False
        last = (known.rungs.get(rung) for rung in (Rung.REACH, Rung.PING, Rung.TIME, Rung.SNMP))
        return any(answer is not None and answer.verdict in _WAITED_OUT for answer in last)

    def assess(self, result: ProbeResult) -> Sample | None:
        """Remember a result's rungs; return the sample it amounts to, None where the fault was our own."""
        known = self._known.get(result.device_id)
        if known is None:
            return None  # removed while the probe was under way
        known.memory, sample = sample_of(result, known.memory, self.registry.judge)
        for rung in result.rungs:
            if rung.verdict is not Verdict.SKIPPED or rung.rung not in known.rungs:
                known.rungs[rung.rung] = rung
        known.facts = newer(known.facts, result.facts)
        if result.facts.clock_offset_s is not None:
            self._note_clock(result.device_id, result.at_ms, result.facts.clock_offset_s)
        return sample

    def _note_clock(self, device_id: str, at_ms: int, offset_s: float) -> None:
        self._clocks[device_id], points = note_drift(self._clocks.get(device_id), device_id, at_ms, offset_s)
        self._drifts.extend(points)

    def take(self, sample: Sample) -> tuple[Transition, ...]:
        """Judge a sample; it and its transitions wait for `drain`."""
        known = self._known.get(sample.device_id)
        if known is None:
            return ()
        known.track, transitions = judge(known.track, sample, self.registry.judge, known.hold_ms)
        self._samples.append(sample)
        self._transitions.extend(transitions)
        return transitions

    def expire(self, now_ms: int, *, but: Collection[str] = ()) -> tuple[Transition, ...]:
        """Make unknown whoever was silent longer than a sample holds, but those whose answer is still being weighed."""
        out: list[Transition] = []
        for device_id, known in self._known.items():
            if known.track is not None and device_id not in but:
                known.track, transitions = expire(known.track, now_ms, known.hold_ms)
                out.extend(transitions)
        self._transitions.extend(out)
        return tuple(out)

    def resume(self, now_ms: int) -> None:
        """Make unknown, before anything else is told, whoever no longer holds after the time in which nobody ran.

        The first tick says that everything up to it was observed: without this, an open span would read as up or down
        through the gap until the first expiry, and for good where the monitor is killed before that. A device that
        left the register meanwhile ends its life as unknown.
        """
        self.expire(now_ms)
        for track in self._left:
            _, transitions = expire(track, now_ms, 1)
            self._transitions.extend(transitions)
        self._left.clear()

    def drain(self) -> tuple[tuple[Sample, ...], tuple[Transition, ...]]:
        """Return what waits to be written, in order, and forget it."""
        waiting = tuple(self._samples), tuple(self._transitions)
        self._samples.clear()
        self._transitions.clear()
        return waiting

    def drain_pictures(self) -> tuple[tuple[Finding, ...], tuple[Drift, ...]]:
        """Return findings and readings of clocks that wait to be written, in order, and forget them."""
        waiting = tuple(self._proved), tuple(self._drifts)
        self._proved.clear()
        self._drifts.clear()
        return waiting

    @property
    def waiting(self) -> int:
        """Number of samples that wait to be written."""
        return len(self._samples)

    @property
    def changed(self) -> bool:
        """Whether a transition or a finding waits to be written."""
        return bool(self._transitions or self._proved)

    def tracks(self) -> tuple[Track, ...]:
        """Return all tracks, for a checkpoint."""
        return tuple(known.track for known in self._known.values() if known.track is not None)

    def status(self, device_id: str) -> Status:
        """Return a device's status; unknown where it has no sample yet."""
        known = self._known.get(device_id)
        return known.track.status if known is not None and known.track is not None else Status.UNKNOWN


def hold_ms(device: Device, registry: Registry) -> int:
    """Return how long one sample of the device holds: `grace_polls` of its own polls."""
    return round(Cadence.of(device, registry.probe).every_ms * registry.judge.grace_polls)


def newer(old: DeviceFacts, new: DeviceFacts) -> DeviceFacts:
    """Return the newest of each fact: a quick probe learns little and takes nothing away."""
    return DeviceFacts(
        manufacturer=old.manufacturer if new.manufacturer is None else new.manufacturer,
        model=old.model if new.model is None else new.model,
        firmware=old.firmware if new.firmware is None else new.firmware,
        serial=old.serial if new.serial is None else new.serial,
        clock_offset_s=old.clock_offset_s if new.clock_offset_s is None else new.clock_offset_s,
        uptime_s=old.uptime_s if new.uptime_s is None else new.uptime_s,
        profiles=new.profiles or old.profiles,
        snapshot=new.snapshot or old.snapshot,
        newest_recording_age_s=(
            old.newest_recording_age_s if new.newest_recording_age_s is None else new.newest_recording_age_s
        ),
    )
