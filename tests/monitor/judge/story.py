"""Stories from the lens to the telephone. One statement a line, in the order of time; `#` begins a comment.

    at 10:00:00 picture cam-111 cover          its looks say so from now on; `moved:20.1` is turned, `ok` is good
    at 10:00:00 picture in:v1 fog              every camera of a site; behind:sw-03 of a link
    at 10:00:00 answers cam-111 no             polls fail until `answers cam-111 yes`
    at 18:00:00 night baseline                 every look is by night from now on; `without`: nothing was learned for it
    at 12:00:00 status cam-111 degraded image_cover
    at 12:00:00 weather in:v1                  what stands of each is the weather's
    told 10:15:00 10:30:00 opened device cam-111 evidence image_cover

Each told event must be there, in that order and between those times; any other is an error. Every camera is looked at
every five minutes and polled every minute, each at its own second; the monitor is started anew every half hour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.monitor.incident.scenario import clock, describe
from tests.monitor.incident.township import township
from tests.monitor.judge.looking import look

from camkeeper.incident import Correlator, Graph
from camkeeper.judge.findings import with_finding
from camkeeper.judge.fleetlooks import FleetLooks, Neighbours, settle, take
from camkeeper.judge.fold import judge
from camkeeper.judge.looks import LookTrack, judge_look
from camkeeper.judge.track import Track
from camkeeper.model.change import Transition
from camkeeper.model.incident import IncidentEvent
from camkeeper.model.picture import Context, Finding, Look, PicturePolicy, PictureVerdict, Scope
from camkeeper.model.policy import JudgePolicy
from camkeeper.model.probing import Sample
from camkeeper.model.registry import Registry
from camkeeper.model.status import Reason, Status

STEP_MS, POLL_MS, LOOK_MS, RESTART_MS = 5_000, 60_000, 300_000, 1_800_000
HOLD_MS = 150_000


@dataclass
class Story:
    """A township under watch; its own monitor's memory is all in here."""

    registry: Registry = field(default_factory=township)
    shows: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    context: Context = Context.DAY
    baseline: int | None = 1
    looks: dict[str, LookTrack] = field(default_factory=dict)
    fleet: FleetLooks = field(default_factory=FleetLooks)
    tracks: dict[str, Track] = field(default_factory=dict)
    events: list[IncidentEvent] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cameras = sorted(d.id for d in self.registry.devices if d.kind.has_picture)
        self.around = Neighbours.of(self.registry)
        self.graph = Graph.of(self.registry)
        self.keeper = Correlator(self.graph)

    def play(self, path: Path) -> None:
        lines = [line.split("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines()]
        steps = [words for words in lines if words and words[0] == "at"]
        told = [words[1:] for words in lines if words and words[0] == "told"]
        assert len(steps) + len(told) == sum(bool(words) for words in lines), "nothing is passed over"
        now_ms, end_ms = clock(steps[0][1]) - 600_000, clock(steps[-1][1])
        while now_ms <= end_ms:
            while steps and clock(steps[0][1]) <= now_ms:
                self._do(steps.pop(0)[2:])
            self._pass(now_ms)
            now_ms += STEP_MS
        self._check(told)

    def _check(self, told: list[list[str]]) -> None:
        heard = [event for event in self.events if event.tells]
        history = "\n".join(describe(event) for event in self.events)
        assert len(heard) == len(told), history
        for (first, last, *words), event in zip(told, heard, strict=True):
            i = event.incident
            assert [event.happening, i.domain.kind, i.domain.id] == words[:3], history
            assert clock(first) <= event.at_ms <= clock(last), f"{words}: {describe(event)}"
            if words[3:]:
                assert words[3] == "evidence"
                assert words[4] in {fact.name for fact in i.evidence}, history

    def _do(self, words: list[str]) -> None:
        verb, *rest = words
        if verb == "picture":
            self.shows.update(dict.fromkeys(self._cameras(rest[0]), rest[1]))
        elif verb == "answers":
            change = self.silent.difference_update if rest[1] == "yes" else self.silent.update
            change(self._cameras(rest[0]))
        elif verb in set(Context):
            self.context, self.baseline = Context(verb), 1 if rest == ["baseline"] else None
        elif verb == "weather":
            assert {self._scope(camera) for camera in self._cameras(rest[0])} == {Scope.WEATHER}
        else:
            assert verb == "status", words
            track = self.tracks[rest[0]]
            assert [track.status, *([track.reason] if rest[2:] else [])] == rest[1:], words

    def _scope(self, camera: str) -> Scope | None:
        finding = self.fleet.finding(camera)
        return None if finding is None else finding.scope

    def _cameras(self, word: str) -> list[str]:
        kind, _, name = word.rpartition(":")
        if kind == "in":
            return [d.id for d in self.registry.devices_in(name) if d.kind.has_picture]
        if kind == "behind":
            (domain,) = [d for d in self.graph.nodes if d.id == name]
            return [i for i in self.graph.below(domain) if i in self.cameras]
        assert name in self.cameras, name
        return [name]

    def _pass(self, now_ms: int) -> None:
        found: list[Finding] = []
        changes: list[Transition] = []
        for n, camera in enumerate(self.cameras):
            if (now_ms // STEP_MS - 37 * n) % (LOOK_MS // STEP_MS) == 0 and camera not in self.silent:
                track, finding = judge_look(self.looks.get(camera), self._look(camera, now_ms), PicturePolicy())
                self.looks[camera] = track
                found += [finding] if finding else []
        self.fleet, decided = take(self.fleet, found, now_ms, self.around, PicturePolicy(), self.silent)
        self.fleet, more = settle(self.fleet, now_ms, self.around, PicturePolicy(), self.silent)
        self.findings += [*decided, *more]
        for n, camera in enumerate(self.cameras):
            if (now_ms // STEP_MS - 7 * n) % (POLL_MS // STEP_MS) == 0:
                changes += self._poll(camera, now_ms)
        self.events += self.keeper.fold(changes, now_ms)
        if now_ms % RESTART_MS == 0:
            self._restart()

    def _poll(self, camera: str, now_ms: int) -> tuple[Transition, ...]:
        status, reason = (Status.UP, Reason.RECOVERED)
        if camera in self.silent:
            status, reason = Status.DOWN, Reason.NO_ANSWER
        sample = Sample(device_id=camera, at_ms=now_ms, status=status, reason=reason)
        seen = with_finding(sample, self.fleet.finding(camera))
        self.tracks[camera], made = judge(self.tracks.get(camera), seen, JudgePolicy(), HOLD_MS)
        return made

    def _look(self, camera: str, now_ms: int) -> Look:
        verdict, _, yaw = self.shows.get(camera, "ok").partition(":")
        return look(
            now_ms,
            PictureVerdict(verdict),
            yaw_deg=float(yaw) if yaw else None,
            context=self.context,
            baseline=self.baseline,
            device_id=camera,
        )

    def _restart(self) -> None:
        self.looks = {i: LookTrack.from_json(track.to_json()) for i, track in self.looks.items()}
        self.tracks = {i: Track.from_row(track.to_row()) for i, track in self.tracks.items()}
        self.fleet = FleetLooks.from_json(self.fleet.to_json())
        self.keeper = Correlator.from_json(self.keeper.to_json(), self.graph)
