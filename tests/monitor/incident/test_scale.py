"""A county's numbers: a thousand devices that flap for a day, and half of five thousand gone at once."""

from __future__ import annotations

import random
from collections import defaultdict

from tests.monitor.incident.township import county

from camkeeper.incident import Correlator, Graph
from camkeeper.model.change import Transition
from camkeeper.model.incident import Happening, IncidentEvent, IncidentPolicy
from camkeeper.model.status import Reason, Status

HOUR_MS = 3_600_000
REALERT_MS = IncidentPolicy().realert_ms
ALERTS = frozenset(Happening) - {Happening.RESOLVED, Happening.SPLIT}


def change(device_id: str, at_ms: int, new: Status, old: Status) -> Transition:
    reason = Reason.RECOVERED if new is Status.UP else Reason.NO_ANSWER
    return Transition(device_id=device_id, at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=reason)


def all_up(graph: Graph) -> list[Transition]:
    return [change(i, 0, Status.UP, Status.UNKNOWN) for i in graph.sites_of]


def flapping(graph: Graph, *, hours: int, seed: int) -> list[Transition]:
    """Each device goes down and comes back at moments of its own, every ten minutes or so."""
    dice = random.Random(seed)
    out = []
    for device_id in sorted(graph.sites_of):
        at_ms, status = dice.randrange(600_000), Status.UP
        while at_ms < hours * HOUR_MS:
            new = Status.DOWN if status is Status.UP else Status.UP
            out.append(change(device_id, at_ms, new, status))
            at_ms, status = at_ms + dice.randrange(30_000, 570_000), new
    return sorted(out, key=lambda t: t.at_ms)


def day(graph: Graph, transitions: list[Transition], *, hours: int) -> list[IncidentEvent]:
    """Fold as the recorder does, by batches; keep what is told."""
    keeper = Correlator(graph)
    keeper.fold(all_up(graph), 0)
    told, at = [], 0
    for now_ms in range(5_000, hours * HOUR_MS, 5_000):
        upto = at
        while upto < len(transitions) and transitions[upto].at_ms <= now_ms:
            upto += 1
        told += [e for e in keeper.fold(transitions[at:upto], now_ms) if e.tells]
        at = upto
    return told


def most_within(times_ms: list[int], window_ms: int) -> int:
    return max(sum(at <= t < at + window_ms for t in times_ms) for at in times_ms)


def test_a_thousand_flapping_devices_alert_at_most_once_each_in_thirty_minutes() -> None:
    graph = Graph.of(county(lines=2, switches=10, poles=10, cameras=5))
    told = day(graph, flapping(graph, hours=24, seed=7), hours=24)
    alerts: dict[str, list[int]] = defaultdict(list)
    for event in told:
        if event.happening in ALERTS:
            for device_id in event.device_ids:
                alerts[device_id].append(event.at_ms)
    assert len(alerts) == 1000
    assert max(most_within(times, REALERT_MS) for times in alerts.values()) == 1
    # A day of it is told two or three times: first as an outage, then as unstable.
    count = sum(event.happening in ALERTS for event in told)
    assert count <= 3 * 1000
    assert sum(event.happening is Happening.RESOLVED for event in told) <= count


def test_half_of_a_county_on_one_line_is_one_message() -> None:
    graph = Graph.of(county(lines=2, switches=25, poles=10, cameras=10))
    keeper = Correlator(graph)
    keeper.fold(all_up(graph), 0)
    gone = [i for i in sorted(graph.sites_of) if i.startswith("cam-0-")]
    assert len(gone) == 2500
    events = list(keeper.fold([change(i, HOUR_MS, Status.DOWN, Status.UP) for i in gone], HOUR_MS))
    events += keeper.tick(HOUR_MS + 90_000)
    events += keeper.fold([change(i, 2 * HOUR_MS, Status.UP, Status.DOWN) for i in gone], 2 * HOUR_MS)
    events += keeper.tick(3 * HOUR_MS)
    told = [e for e in events if e.tells]
    assert [e.happening for e in told] == [Happening.OPENED, Happening.RESOLVED]
    assert told[0].incident.domain.id == "line-0"
    assert len(told[0].incident.members) == 2500


def test_a_line_that_goes_device_by_device_is_one_message_too() -> None:
    graph = Graph.of(county(lines=2, switches=5, poles=5, cameras=4))
    keeper = Correlator(graph)
    keeper.fold(all_up(graph), 0)
    gone = [i for i in sorted(graph.sites_of) if i.startswith("cam-0-")]
    random.Random(3).shuffle(gone)
    told = []
    for n, device_id in enumerate(gone):
        at_ms = HOUR_MS + n * 700
        told += [e for e in keeper.fold([change(device_id, at_ms, Status.DOWN, Status.UP)], at_ms) if e.tells]
    told += [e for e in keeper.tick(2 * HOUR_MS) if e.tells]
    assert [e.incident.domain.id for e in told] == ["line-0"]
