"""What people merge stays merged, costs no letter, survives restarts, and comes apart again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.incident.histories import MOODS, START_MS, Play, Step, plays
from tests.monitor.incident.township import device, site

from camkeeper.incident import Correlator, Graph
from camkeeper.model.incident import Happening, Incident, IncidentState, MergeRefusal
from camkeeper.model.registry import Registry

THOROUGH = settings.get_current_profile_name() == "thorough"
SOME = settings(max_examples=5_000 if THOROUGH else 40, deadline=None)
Game = tuple[Registry, list[Step]]
DOWN = MOODS[1]
REFUSED = MOODS[3]
MINUTE_MS = 60_000


def town() -> Registry:
    devices = tuple(device(f"cam-{n}", "v", None) for n in range(4))
    return Registry(name="town", sites=(site("town"), site("v", "town")), devices=devices)


class Town(Play):
    """Four cameras without a link: each outage is an incident of its own, when it comes long after the other."""

    def change(self, minute: int, mood: tuple[object, object], *ids: str) -> None:
        moods = dict.fromkeys(ids, mood)
        self.take(Step(now_ms=START_MS + minute * MINUTE_MS, moods=moods, behind_ms=0))  # type: ignore[arg-type]

    def merge(self, minute: int, one: str, into: str) -> MergeRefusal | None:
        events, no = self.keeper.merge(one, into, by="王工", why="同一处停电", now_ms=START_MS + minute * MINUTE_MS)
        self.events += events
        return no

    def unmerge(self, minute: int, one: str) -> MergeRefusal | None:
        events, no = self.keeper.unmerge(one, by="王工", now_ms=START_MS + minute * MINUTE_MS)
        self.events += events
        return no

    def live(self) -> dict[str, Incident]:
        return {i.id: i for i in self.keeper.incidents}


def two_out() -> Town:
    play = Town(town())
    play.change(0, MOODS[0], "cam-0", "cam-1", "cam-2", "cam-3")
    play.change(1, DOWN, "cam-0")
    play.change(30, DOWN, "cam-1")
    play.change(40, MOODS[0])
    return play


def test_the_merged_one_closes_and_its_devices_go_on_under_the_other() -> None:
    play = two_out()
    assert sorted(play.live()) == ["I000001", "I000002"]
    assert play.merge(41, "I000002", "I000001") is None
    merged, grew = play.events[-2:]
    assert (merged.happening, merged.incident.state) == (Happening.MERGED, IncidentState.MERGED)
    assert (merged.incident.merged_into, merged.incident.merged_why, merged.by) == ("I000001", "同一处停电", "王工")
    assert (grew.happening, grew.device_ids, merged.tells, grew.tells) == (Happening.GREW, ("cam-1",), False, False)
    (left,) = play.live().values()
    assert left.members["cam-1"].merged_from == "I000002"
    assert left.absorbed == ("I000002",)
    before = len(play.events)
    for minute in range(42, 300, 5):
        play.change(minute, MOODS[0])
    assert len(play.events) == before, "no tick takes it back"
    play.change(301, MOODS[0], "cam-0")
    play.change(310, MOODS[0])
    assert sorted(play.live()) == ["I000001"], "what was brought by hand holds it open"
    play.change(311, MOODS[0], "cam-1")
    assert not play.live()
    assert [e.happening for e in play.events if e.tells][-1] is Happening.RESOLVED
    assert sum(e.happening is Happening.RESOLVED for e in play.events) == 1


def test_what_was_brought_comes_back_into_the_same() -> None:
    play = two_out()
    play.merge(41, "I000002", "I000001")
    play.change(50, MOODS[0], "cam-1")
    play.change(60, DOWN, "cam-1")
    assert sorted(play.live()) == ["I000001"]
    assert play.events[-1].happening is Happening.RELAPSED


def test_taken_back_it_is_open_under_its_own_number() -> None:
    play = two_out()
    before = play.live()
    play.merge(41, "I000002", "I000001")
    assert play.unmerge(45, "I000002") is None
    assert [e.incident.id for e in play.events[-2:]] == ["I000001", "I000002"]
    assert {e.happening for e in play.events[-2:]} == {Happening.UNMERGED}
    assert play.live() == before
    assert play.unmerge(46, "I000002") is MergeRefusal.NOT_MERGED
    play.change(90, MOODS[0], "cam-0", "cam-1")
    assert not play.live()
    assert sum(e.happening is Happening.RESOLVED and e.tells for e in play.events) == 2


def test_one_in_one_in_one_comes_apart_from_the_outside() -> None:
    play = two_out()
    play.change(70, DOWN, "cam-2")
    play.change(80, MOODS[0])
    before = play.live()
    assert play.merge(81, "I000003", "I000002") is None
    once = play.live()
    assert play.merge(82, "I000002", "I000001") is None
    assert play.live()["I000001"].absorbed == ("I000002", "I000003")
    assert play.unmerge(83, "I000003") is MergeRefusal.NOT_MERGED
    assert play.unmerge(84, "I000002") is None
    assert play.live() == once
    assert play.unmerge(85, "I000003") is None
    assert play.live() == before


def test_refusals_have_a_reason() -> None:
    play = two_out()
    play.change(70, REFUSED, "cam-2")
    play.change(80, MOODS[0])
    assert play.merge(81, "I000001", "I000001") is MergeRefusal.ITSELF
    assert play.merge(81, "I000009", "I000001") is MergeRefusal.NOT_OPEN
    assert play.merge(81, "I000003", "I000001") is MergeRefusal.OTHER_KIND
    play.change(90, DOWN, "cam-3")
    assert play.merge(90, "I000004", "I000001") is MergeRefusal.NOT_OPEN, "held still"
    play.change(100, MOODS[0], "cam-1")
    assert play.merge(101, "I000002", "I000001") is MergeRefusal.NOT_OPEN
    assert play.merge(102, "I000004", "I000001") is None
    play.change(110, MOODS[0], "cam-3")
    assert play.unmerge(111, "I000004") is MergeRefusal.RECOVERED


def merges(data: st.DataObject, play: Play, now_ms: int) -> None:
    opened = [i.id for i in play.keeper.incidents if i.state is IncidentState.OPEN]
    if len(opened) < 2:
        return
    one, into = data.draw(st.permutations(opened))[:2]
    events, _ = play.keeper.merge(one, into, by="王工", why="同因", now_ms=now_ms)
    play.events += events


def whole(game: Game, data: st.DataObject, *, restarts: bool = False, asks: bool = True) -> tuple[Play, Play]:
    """Play the same history with and without people who merge."""
    registry, steps = game
    plain, mended = Play(registry), Play(registry)
    last_ms = steps[-1].now_ms
    waits = [Step(now_ms=last_ms + n * MINUTE_MS, moods={}, behind_ms=0) for n in (2, 5, 31, 62, 200)]
    for step in [*steps, *waits]:
        plain.take(step)
        mended.take(step)
        if asks and data.draw(st.booleans()):
            merges(data, mended, step.now_ms)
        if restarts:
            graph, text = Graph.of(registry), mended.keeper.to_json()
            mended.keeper = Correlator.from_json(text, graph, in_window=mended.in_window)
            assert mended.keeper.to_json() == text
    return plain, mended


@SOME
@given(plays(), st.data())
def test_merging_never_makes_more_letters(game: Game, data: st.DataObject) -> None:
    plain, mended = whole(game, data)
    assert sum(e.tells for e in mended.events) <= sum(e.tells for e in plain.events)


@SOME
@given(plays(), st.data())
def test_every_device_that_is_out_stays_in_exactly_one_live_incident(game: Game, data: st.DataObject) -> None:
    _, mended = whole(game, data, restarts=True)
    out = [i for v in mended.keeper.incidents for i, m in v.members.items() if m.recovered_ms is None]
    assert len(out) == len(set(out))
    assert set(out) == mended.out


@SOME
@given(plays(), st.data())
def test_taking_back_at_once_changes_nothing(game: Game, data: st.DataObject) -> None:
    _, play = whole(game, data, asks=False)
    before = {i.id: i for i in play.keeper.incidents}
    opened = [i for i, v in before.items() if v.state is IncidentState.OPEN]
    if len(opened) < 2:
        return
    one, into = data.draw(st.permutations(opened))[:2]
    now_ms = game[1][-1].now_ms + 200 * MINUTE_MS
    _, no = play.keeper.merge(one, into, by="a", why="b", now_ms=now_ms)
    if no is None and play.keeper.unmerge(one, by="a", now_ms=now_ms)[1] is None:
        after = {i.id: i for i in play.keeper.incidents}
        assert {i: v.members for i, v in after.items()} == {i: v.members for i, v in before.items()}
        assert {i: v.domain for i, v in after.items()} == {i: v.domain for i, v in before.items()}
