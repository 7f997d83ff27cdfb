"""Laws of the correlation, over random registers and histories."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.incident.histories import MOODS, Play, Step, plays

from camkeeper.model.incident import (
    DomainKind,
    Happening,
    Incident,
    IncidentEvent,
    IncidentPolicy,
    IncidentState,
)
from camkeeper.model.registry import Registry
from camkeeper.model.status import Reason, Status

POLICY = IncidentPolicy()
END_MS = 4 * 3_600_000
BACK = frozenset({Happening.RESOLVED, Happening.SPLIT})
THOROUGH = settings.get_current_profile_name() == "thorough"
SOME = settings(max_examples=10_000 if THOROUGH else 40)
Game = tuple[Registry, list[Step]]


def outstanding(incident: Incident) -> set[str]:
    return {m.device_id for m in incident.members.values() if m.recovered_ms is None}


def played(game: Game) -> Play:
    play = Play(game[0])
    for step in game[1]:
        play.take(step)
    play.wait(game[1][-1].now_ms + END_MS)
    return play


@SOME
@given(plays(), st.data())
def test_every_device_that_is_out_is_in_exactly_one_live_incident_or_excused(game: Game, data: st.DataObject) -> None:
    registry, steps = game
    windows = data.draw(st.frozensets(st.sampled_from([d.id for d in registry.devices])))
    play = Play(registry, windows)
    waits = [Step(now_ms=steps[-1].now_ms + n * 100_000, moods={}, behind_ms=0) for n in (1, 2, 20, 40)]
    for step in [*steps, *waits]:
        play.take(step)
        live = [(i.id, device_id) for i in play.keeper.incidents for device_id in outstanding(i)]
        members = [device_id for _, device_id in live]
        assert len(members) == len(set(members))
        assert set(members) | play.keeper.excused == play.out
        assert play.keeper.excused.isdisjoint(members)
        assert play.keeper.excused <= windows
        assert all(play.keeper.incident_of(device_id) == incident_id for incident_id, device_id in live)


@SOME
@given(plays())
def test_resolved_only_when_all_members_recovered(game: Game) -> None:
    for event in played(game).events:
        if event.happening is Happening.RESOLVED:
            assert not outstanding(event.incident)
            assert event.incident.state is IncidentState.RESOLVED
            assert event.incident.resolved_ms is not None
            assert event.incident.resolved_ms >= event.incident.began_ms


@SOME
@given(plays())
def test_a_device_is_told_of_once_in_half_an_hour_and_an_incident_by_its_devices(game: Game) -> None:
    play = played(game)
    alerts: dict[str, list[int]] = defaultdict(list)
    told: dict[str, int] = defaultdict(int)
    for event in play.events:
        if event.tells and event.incident.domain.kind is not DomainKind.MONITOR:
            told[event.incident.id] += 1
            if event.happening not in BACK:
                for device_id in event.device_ids:
                    alerts[device_id].append(event.at_ms)
    for times in alerts.values():
        assert all(after - before >= POLICY.realert_ms for before, after in pairwise(times))
    hours = (play.events[-1].at_ms - play.events[0].at_ms) / POLICY.realert_ms + 1 if play.events else 1
    bound = (2 * len(play.known) + len(game[0].sites)) * hours + 2
    assert all(count <= bound for count in told.values())


@SOME
@given(plays(), st.integers())
def test_the_order_of_what_is_simultaneous_is_nothing(game: Game, seed: int) -> None:
    registry, steps = game
    dice = random.Random(seed)
    straight, mixed = Play(registry), Play(registry)
    for step in steps:
        changes = straight.transitions(step)
        shuffled = list(changes)
        dice.shuffle(shuffled)
        assert straight.take(step, changes) == mixed.take(step, shuffled)
    assert straight.keeper.to_json() == mixed.keeper.to_json()


@SOME
@given(plays(), st.data())
def test_a_restart_anywhere_changes_nothing(game: Game, data: st.DataObject) -> None:
    registry, steps = game
    straight, broken = Play(registry), Play(registry)
    for step in steps:
        if data.draw(st.booleans()):
            broken.restart()
        assert straight.take(step) == broken.take(step)
        assert straight.keeper.to_json() == broken.keeper.to_json()
    broken.restart()
    end_ms = steps[-1].now_ms + END_MS
    assert straight.wait(end_ms) == broken.wait(end_ms)


@SOME
@given(plays(), st.lists(st.integers(1, 600_000), max_size=8))
def test_how_often_it_ticks_changes_nothing(game: Game, pauses: list[int]) -> None:
    registry, steps = game
    seldom, often = Play(registry), Play(registry)
    for before, step in pairwise([steps[0], *steps]):
        now_ms = before.now_ms
        for pause_ms in pauses:
            now_ms = min(now_ms + pause_ms, step.now_ms)
            often.wait(now_ms)
        seldom.take(step)
        often.take(step)
        assert seldom.events == often.events


@SOME
@given(plays())
def test_blindness_makes_no_incident(game: Game) -> None:
    registry, steps = game
    play = Play(registry)
    blind = (Status.UNKNOWN, Reason.MONITOR_BLIND)
    for step in steps:
        moods = {i: mood if mood[0] is Status.UP else blind for i, mood in step.moods.items()}
        play.take(Step(now_ms=step.now_ms, moods=moods, behind_ms=step.behind_ms, sees=step.sees))
    play.wait(steps[-1].now_ms + END_MS)
    assert all(e.incident.domain.kind is DomainKind.MONITOR and not e.incident.members for e in play.events)
    assert len(play.keeper.incidents) <= 1


@SOME
@given(plays())
def test_numbers_rise_and_an_incident_that_is_over_stays_over(game: Game) -> None:
    seen: list[str] = []
    over: set[str] = set()
    for event in played(game).events:
        incident = event.incident
        assert incident.id not in over
        if incident.id not in seen:
            seen.append(incident.id)
        if incident.state in {IncidentState.RESOLVED, IncidentState.MERGED}:
            over.add(incident.id)
            assert (incident.merged_into is not None) is (incident.state is IncidentState.MERGED)
            assert incident.merged_into != incident.id
    assert seen == sorted(seen)


@SOME
@given(plays())
def test_events_are_in_the_order_of_time_and_nothing_is_told_before_its_hold(game: Game) -> None:
    events = played(game).events
    assert all(before.at_ms <= after.at_ms for before, after in pairwise(events))
    told: set[str] = set()
    for event in events:
        incident = event.incident
        if event.tells:
            told.add(incident.id)
            assert event.at_ms >= incident.held_ms + POLICY.hold_ms or event.happening is Happening.RESOLVED
            if event.happening not in BACK:
                assert incident.suppressed_by is None
                assert incident.state is IncidentState.OPEN
        if event.happening is Happening.WITHDRAWN:
            assert incident.id not in told


@SOME
@given(plays())
def test_what_was_told_is_told_to_be_over(game: Game) -> None:
    """Each incident people were told of ends with a told recovery, or in another one, or is still live."""
    play = played(game)
    told = {e.incident.id for e in play.events if e.tells}
    last: dict[str, IncidentEvent] = {e.incident.id: e for e in play.events}
    for incident_id in told:
        event = last[incident_id]
        if event.incident.state is IncidentState.RESOLVED:
            assert event.tells
    up = Step(now_ms=game[1][-1].now_ms + END_MS, moods=dict.fromkeys(play.status, MOODS[0]), behind_ms=0, sees=True)
    play.take(up)
    play.wait(up.now_ms + END_MS)
    assert not play.keeper.incidents


@SOME
@given(plays())
def test_suppression_has_no_rings(game: Game) -> None:
    play = Play(game[0])
    for step in game[1]:
        play.take(step)
        above = {i.id: i.suppressed_by for i in play.keeper.incidents}
        for start in above.values():
            at, steps = start, 0
            while at is not None:
                at, steps = above.get(at), steps + 1
                assert steps <= len(above)
