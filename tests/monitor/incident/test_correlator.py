"""What people do, what leaves the register, and what cannot be read."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.monitor.incident.township import township

from camkeeper.incident import Correlator, Graph, incident_from_json, incident_to_json
from camkeeper.model.change import Transition
from camkeeper.model.incident import Happening, IncidentPolicy, IncidentState
from camkeeper.model.status import Reason, Status

HOLD_MS = IncidentPolicy().hold_ms


def changes(ids: list[str], at_ms: int, new: Status, *, first: bool = False) -> list[Transition]:
    old = Status.UNKNOWN if first else Status.DOWN if new is Status.UP else Status.UP
    reason = Reason.RECOVERED if new is Status.UP else Reason.NO_ANSWER
    return [Transition(device_id=i, at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=reason) for i in ids]


def correlator(down: list[str]) -> Correlator:
    """Everything up at 0; these down at 1,000 and told."""
    graph = Graph.of(township())
    keeper = Correlator(graph)
    keeper.fold(changes(sorted(graph.sites_of), 0, Status.UP, first=True), 0)
    keeper.fold(changes(down, 1_000, Status.DOWN), 1_000)
    keeper.tick(1_000 + HOLD_MS)
    return keeper


def test_the_first_to_acknowledge_stays() -> None:
    keeper = correlator(["cam-111"])
    (event,) = keeper.acknowledge("I000001", "zhang", 200_000)
    assert (event.happening, event.by, event.tells) == (Happening.ACKNOWLEDGED, "zhang", False)
    assert keeper.acknowledge("I000001", "li", 201_000) == ()
    (incident,) = keeper.incidents
    assert (incident.acknowledged_by, incident.acknowledged_ms) == ("zhang", 200_000)
    with pytest.raises(KeyError, match="I000009"):
        keeper.acknowledge("I000009", "li", 202_000)


def test_a_device_that_leaves_the_register_leaves_its_incident() -> None:
    keeper = correlator(["cam-111", "cam-112", "cam-113"])
    registry = township()
    fewer = replace(registry, devices=tuple(d for d in registry.devices if d.id != "cam-111"))
    assert keeper.enrol(Graph.of(fewer), 200_000) == ()
    assert keeper.incident_of("cam-111") is None
    assert keeper.incident_of("cam-112") == "I000001"
    none = replace(registry, devices=tuple(d for d in registry.devices if not d.id.startswith("cam-11")))
    (event,) = keeper.enrol(Graph.of(none), 210_000)
    assert (event.happening, event.tells) == (Happening.RESOLVED, True)
    assert keeper.incidents == ()


def test_a_stranger_is_passed_over() -> None:
    keeper = correlator([])
    assert keeper.fold(changes(["nobody"], 5_000, Status.DOWN), 5_000) == ()


def test_incidents_as_json_and_back() -> None:
    keeper = correlator(["cam-111", "cam-112", "cam-113"])
    (incident,) = keeper.incidents
    assert incident.state is IncidentState.OPEN
    assert incident_from_json(json.loads(json.dumps(incident_to_json(incident)))) == incident


def test_the_memory_of_another_version_is_refused() -> None:
    keeper = correlator(["cam-111"])
    with pytest.raises(ValueError, match="version 99"):
        Correlator.restore(Graph.of(township()), keeper.incidents, {**keeper.memory(), "version": 99})


def test_when_it_is_due_next() -> None:
    keeper = correlator([])
    assert keeper.next_due_ms is None
    keeper.fold(changes(["cam-111"], 200_000, Status.DOWN), 205_000)
    assert keeper.next_due_ms == 205_000 + HOLD_MS


@pytest.mark.parametrize("wrong", [{"hold_ms": 0}, {"share_percent": 101}, {"min_members": 1}, {"unstable_changes": 1}])
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="incident policy"):
        IncidentPolicy(**wrong)
