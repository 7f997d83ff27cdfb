"""Random registers and random histories, for the laws."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import strategies as st
from tests.monitor.incident.township import device, site

from camkeeper.incident import Correlator, Graph
from camkeeper.model.change import Transition
from camkeeper.model.equipment import Device, DeviceKind, Link, LinkKind
from camkeeper.model.incident import IncidentEvent
from camkeeper.model.registry import Registry
from camkeeper.model.status import Reason, Status

START_MS = 1_000_000_000
MOODS = (
    (Status.UP, Reason.RECOVERED),
    (Status.DOWN, Reason.NO_ANSWER),
    (Status.DOWN, Reason.NO_ONVIF),
    (Status.DEGRADED, Reason.AUTH_REFUSED),
    (Status.DEGRADED, Reason.NO_PICTURE),
    (Status.DEGRADED, Reason.NO_ANSWER_AUTHED),
    (Status.DEGRADED, Reason.IMAGE_PLATFORM),
    (Status.UNKNOWN, Reason.MONITOR_BLIND),
    (Status.UNKNOWN, Reason.SILENCE),
)
KINDS = (LinkKind.POLE, LinkKind.POWER, LinkKind.SWITCH, LinkKind.TRANSCEIVER, LinkKind.OPERATOR_LINE)


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    """A tree of up to eight links, some monitored, over up to four sites, with up to sixteen devices."""
    sites = [site("town"), *(site(f"v{n}", "town") for n in range(draw(st.integers(1, 3))))]
    links: list[Link] = []
    devices: list[Device] = []
    for n in range(draw(st.integers(1, 8))):
        up = draw(st.sampled_from([None, *links]))
        upstream = None if up is None else up.id
        own = f"own-{n}" if draw(st.booleans()) else None
        kind = draw(st.sampled_from(KINDS))
        operator = draw(st.sampled_from([None, "a"]))
        links.append(Link(id=f"link-{n}", name="", kind=kind, upstream_id=upstream, device_id=own, operator=operator))
        if own is not None:
            devices.append(device(own, draw(st.sampled_from(sites)).id, upstream, kind=DeviceKind.SWITCH))
    for n in range(draw(st.integers(2, 12))):
        link = draw(st.sampled_from([None, *links]))
        where = draw(st.sampled_from(sites)).id
        devices.append(device(f"cam-{n}", where, None if link is None else link.id))
    return Registry(name="random", sites=tuple(sites), links=tuple(links), devices=tuple(devices))


@dataclass(frozen=True, kw_only=True)
class Step:
    """At one instant: which devices change to what, and how long before that it began."""

    now_ms: int
    moods: dict[str, tuple[Status, Reason]]
    behind_ms: int
    sees: bool | None = None


@st.composite
def histories(draw: st.DrawFn, registry: Registry) -> list[Step]:
    """Outages of single devices and of whole branches, close together and far apart."""
    graph = Graph.of(registry)
    branches = sorted({graph.devices_of[n] for n in range(len(graph.nodes)) if graph.devices_of[n]})
    branches += [(i,) for i in sorted(graph.sites_of)]
    now_ms = START_MS
    steps = [Step(now_ms=now_ms, moods=dict.fromkeys(graph.sites_of, MOODS[0]), behind_ms=0)]
    for _ in range(draw(st.integers(1, 25))):
        now_ms += draw(st.sampled_from([0, 250, 5_000, 30_000, 89_999, 90_000, 150_000, 600_000, 1_800_000]))
        mood = draw(st.sampled_from(MOODS))
        ids = draw(st.sampled_from(branches))
        but = draw(st.sets(st.sampled_from(ids), max_size=2))
        moods = {i: mood for i in ids if i not in but}
        moods |= {i: draw(st.sampled_from(MOODS)) for i in but if draw(st.booleans())}
        sees = draw(st.sampled_from([None, None, None, None, True, False]))
        steps.append(Step(now_ms=now_ms, moods=moods, behind_ms=draw(st.sampled_from([0, 40_000])), sees=sees))
    return steps


@dataclass
class Play:
    """One run of a history: the correlator, and what the transitions alone say of the devices."""

    registry: Registry
    windows: frozenset[str] = frozenset()
    status: dict[str, Status] = field(default_factory=dict)
    reason: dict[str, Reason] = field(default_factory=dict)
    """Of the last known status."""
    known: dict[str, Status] = field(default_factory=dict)
    since_ms: dict[str, int] = field(default_factory=dict)
    events: list[IncidentEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keeper = Correlator(Graph.of(self.registry), in_window=self.in_window)

    def in_window(self, device_id: str, at_ms: int) -> bool:
        return device_id in self.windows and at_ms < START_MS + 1_200_000

    def transitions(self, step: Step) -> list[Transition]:
        out = []
        for device_id, (new, reason) in sorted(step.moods.items()):
            old = self.status.get(device_id, Status.UNKNOWN)
            if new is old:
                continue
            at_ms = max(step.now_ms - step.behind_ms, self.since_ms.get(device_id, 0))
            out.append(
                Transition(device_id=device_id, at_ms=at_ms, decided_ms=step.now_ms, old=old, new=new, reason=reason)
            )
            self.status[device_id], self.since_ms[device_id] = new, at_ms
            if new is not Status.UNKNOWN:
                self.known[device_id], self.reason[device_id] = new, reason
        return out

    def take(self, step: Step, changes: Iterable[Transition] | None = None) -> list[IncidentEvent]:
        events = list(self.keeper.fold(self.transitions(step) if changes is None else changes, step.now_ms))
        if step.sees is not None:
            events += self.keeper.see("up", step.now_ms, sees=step.sees)
        self.events += events
        return events

    def restart(self) -> None:
        self.keeper = Correlator.from_json(self.keeper.to_json(), Graph.of(self.registry), in_window=self.in_window)

    def wait(self, now_ms: int) -> list[IncidentEvent]:
        events = list(self.keeper.tick(now_ms))
        self.events += events
        return events

    @property
    def out(self) -> set[str]:
        """Devices that are out by the transitions alone."""
        return {i for i, status in self.known.items() if status is not Status.UP}


@st.composite
def plays(draw: st.DrawFn) -> tuple[Registry, list[Step]]:
    registry = draw(registries())
    return registry, draw(histories(registry))
