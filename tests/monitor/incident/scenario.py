"""The language of the scenarios. One statement a line, in the order of time; `#` begins a comment.

    at 10:00:00 down cam-111 cam-112 behind:p-12 no_answer since 09:59:10
    at 10:00:00 degraded cam-111 auth_refused
    at 10:00:00 up behind:sw-01            at 10:00:00 unknown behind:sw-01 monitor_blind
    at 10:00:00 flap cam-111 every 240 down 120 until 12:00:00
    at 10:00:00 lost up-mobile             at 10:05:00 found up-mobile
    at 10:00:00 restart
    maintenance behind:sw-01 09:00:00 11:30:00
    at 10:01:30 expect opened switch sw-01 cause switch high members 12 told
    at 10:01:30 expect merged pole p-11 silent
    expect nothing until 11:00:00
    at 10:02:00 expect live 2
    at 10:31:30 by carelessness ...        is an error: nothing is passed over

Everything was up at 00:00:00. Each told event must be expected, and in that order; silent ones only where named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.monitor.incident.township import township

from camkeeper.incident import Correlator, Graph
from camkeeper.model.change import Transition
from camkeeper.model.incident import IncidentEvent, IncidentPolicy
from camkeeper.model.status import Reason, Status

DAY_MS = 1_789_920_000_000
STATUS = {"down": Status.DOWN, "degraded": Status.DEGRADED, "up": Status.UP, "unknown": Status.UNKNOWN}
REASON = {Status.DOWN: Reason.NO_ANSWER, Status.UP: Reason.RECOVERED, Status.UNKNOWN: Reason.SILENCE}


@dataclass(kw_only=True)
class Expected:
    line: int
    at_ms: int
    words: list[str]


@dataclass
class Scenario:
    graph: Graph = field(default_factory=lambda: Graph.of(township()))
    policy: IncidentPolicy = field(default_factory=IncidentPolicy)
    windows: list[tuple[frozenset[str], int, int]] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    quiet: list[tuple[int, int, int]] = field(default_factory=list)
    events: list[IncidentEvent] = field(default_factory=list)
    steps: list[tuple[int, int, list[str]]] = field(default_factory=list)
    status: dict[str, Status] = field(default_factory=dict)
    restarts: int = 0

    def in_window(self, device_id: str, at_ms: int) -> bool:
        return any(device_id in ids and start <= at_ms < end for ids, start, end in self.windows)

    def devices(self, words: list[str]) -> list[str]:
        out: list[str] = []
        for word in words:
            if word.startswith("behind:"):
                found = [d for d in self.graph.nodes if d.id == word.removeprefix("behind:")]
                out += [i for i in self.graph.below(found[0]) if i not in out]
            else:
                assert self.graph.knows(word), f"no device {word}"
                out.append(word)
        return out


def clock(text: str) -> int:
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000


def shown(at_ms: int) -> str:
    seconds = (at_ms - DAY_MS) // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def describe(event: IncidentEvent) -> str:
    i = event.incident
    live = sum(m.recovered_ms is None for m in i.members.values())
    told = "told" if event.tells else "silent"
    what = f"{event.happening} {i.domain.kind} {i.domain.id} cause {i.cause} {i.confidence}"
    return f"{shown(event.at_ms)} {i.id} {what} members {len(i.members)} out {live} {told}"


def read(path: Path) -> Scenario:
    scenario = Scenario()
    last_ms = DAY_MS
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = raw.split("#")[0].split()
        if not words:
            continue
        if words[0] == "maintenance":
            scenario.windows.append((frozenset(scenario.devices(words[1:-2])), clock(words[-2]), clock(words[-1])))
        elif words[:3] == ["expect", "nothing", "until"]:
            scenario.quiet.append((number, last_ms, clock(words[3])))
            last_ms = clock(words[3])
        else:
            assert words[0] == "at", f"line {number}: {raw}"
            at_ms = clock(words[1])
            assert at_ms >= last_ms, f"line {number}: goes back in time"
            last_ms = at_ms
            if words[2] == "expect" and words[3] != "live":
                scenario.expected.append(Expected(line=number, at_ms=at_ms, words=words[3:]))
            else:
                scenario.steps += _steps(number, at_ms, words[2:])
    scenario.steps.sort(key=lambda step: (step[1], step[2][0] == "expect", step[0]))
    return scenario


def _steps(number: int, at_ms: int, words: list[str]) -> list[tuple[int, int, list[str]]]:
    if words[0] != "flap":
        return [(number, at_ms, words)]
    ids, options = words[1 : words.index("every")], words[words.index("every") :]
    every_ms, down_ms, until_ms = int(options[1]) * 1000, int(options[3]) * 1000, clock(options[5])
    out = []
    while at_ms < until_ms:
        out += [(number, at_ms, ["down", *ids]), (number, at_ms + down_ms, ["up", *ids])]
        at_ms += every_ms
    return out


def run(scenario: Scenario, *, restart_always: bool = False, tick_ms: int = 5000) -> list[IncidentEvent]:
    s = scenario
    keeper = Correlator(s.graph, s.policy, in_window=s.in_window)
    s.status = dict.fromkeys(s.graph.sites_of, Status.UP)
    first = [_transition(i, DAY_MS, DAY_MS, Status.UNKNOWN, Status.UP, Reason.FIRST_SEEN) for i in s.status]
    s.events += keeper.fold(first, DAY_MS)
    now_ms = s.steps[0][1]
    end_ms = max([step[1] for step in s.steps] + [e.at_ms for e in s.expected] + [q[2] for q in s.quiet])
    steps = list(s.steps)
    while now_ms <= end_ms:
        while steps and steps[0][1] <= now_ms:
            number, at_ms, words = steps.pop(0)
            s.events += keeper.tick(at_ms)
            if restart_always or words == ["restart"]:
                keeper = Correlator.from_json(keeper.to_json(), s.graph, s.policy, in_window=s.in_window)
                s.restarts += 1
            s.events += _do(s, keeper, number, at_ms, words)
        s.events += keeper.tick(now_ms)
        now_ms += tick_ms
    s.events += keeper.tick(end_ms)
    return s.events


def _do(s: Scenario, keeper: Correlator, number: int, at_ms: int, words: list[str]) -> tuple[IncidentEvent, ...]:
    verb, rest = words[0], words[1:]
    if verb == "restart":
        return ()
    if verb in {"lost", "found"}:
        return keeper.see(rest[0], at_ms, sees=verb == "found")
    if verb == "expect":
        assert len(keeper.incidents) == int(rest[1]), f"line {number}: live {keeper.incidents}"
        return ()
    since_ms = at_ms
    if "since" in rest:
        since_ms = clock(rest[rest.index("since") + 1])
        rest = rest[: rest.index("since")]
    new = STATUS[verb]
    reason = REASON.get(new, Reason.NO_PICTURE)
    if rest[-1] in set(Reason):
        reason = Reason(rest.pop())
    changes = [
        _transition(i, since_ms, at_ms, s.status[i], new, reason) for i in s.devices(rest) if s.status[i] is not new
    ]
    s.status.update({t.device_id: new for t in changes})
    return keeper.fold(changes, at_ms)


def _transition(i: str, at_ms: int, decided_ms: int, old: Status, new: Status, reason: Reason) -> Transition:
    return Transition(device_id=i, at_ms=at_ms, decided_ms=decided_ms, old=old, new=new, reason=reason)


def check(scenario: Scenario, events: list[IncidentEvent]) -> None:
    """Match what is expected with what happened; the whole history is shown where it does not."""
    history = "\n".join(describe(e) for e in events)
    told = [e for e in events if e.tells]
    at = 0
    for expected in scenario.expected:
        if expected.words[-1] == "told":
            assert at < len(told), f"line {expected.line}: never told\n{history}"
            assert _matches(expected, told[at]), f"line {expected.line}: but {describe(told[at])}\n{history}"
            at += 1
        else:
            assert expected.words[-1] == "silent", f"line {expected.line}: told or silent?"
            found = any(_matches(expected, e) for e in events if not e.tells)
            assert found, f"line {expected.line}: did not happen\n{history}"
    assert at == len(told), f"told and not expected: {describe(told[at])}\n{history}"
    for number, from_ms, until_ms in scenario.quiet:
        loud = [e for e in told if from_ms < e.at_ms <= until_ms]
        assert not loud, f"line {number}: {describe(loud[0])}\n{history}"


def _matches(expected: Expected, event: IncidentEvent) -> bool:
    i, words = event.incident, expected.words[:-1]
    facts = {f.name for f in i.evidence}
    live = sum(m.recovered_ms is None for m in i.members.values())
    if event.at_ms != expected.at_ms or [event.happening, i.domain.kind, i.domain.id] != words[:3]:
        return False
    rest = words[3:]
    while rest:
        key, value, *rest = rest
        if key == "cause":
            good = i.cause == value and (
                not rest or rest[0] not in {"high", "medium", "low"} or i.confidence == rest[0]
            )
            rest = rest[1:] if rest and rest[0] in {"high", "medium", "low"} else rest
        elif key == "members":
            good = len(i.members) == int(value)
        elif key == "out":
            good = live == int(value)
        elif key == "evidence":
            good = value in facts
        elif key == "under":
            good = i.suppressed_by is not None
        elif key == "lasted":
            good = i.resolved_ms is not None and i.resolved_ms - i.began_ms == int(value) * 1000
        else:
            raise AssertionError(f"line {expected.line}: {key}?")
        if not good:
            return False
    return True
