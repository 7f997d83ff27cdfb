"""The hub's alarms: one message a cause, none twice, none of what nobody can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from camkeeper.hub.alarms import Event, Happening, Key, Kind, Limits, Memory, Sign, look

LIMITS = Limits(gather_ms=30_000, calm_ms=60_000)
STEP_MS = 5_000
T0 = 1_790_000_000_000
EDGES = tuple(f"e{n}" for n in range(40))


def run(
    story: Sequence[Mapping[Key, bool | None]], memory: Memory | None = None, t0: int = T0
) -> tuple[Memory, list[Event]]:
    """Look each five seconds; True: bad, False: well, None: nobody can tell."""
    memory = memory or Memory()
    told: list[Event] = []
    since: dict[Key, int] = {}
    for step, state in enumerate(story):
        now_ms = t0 + step * STEP_MS
        signs = {}
        for key, bad in state.items():
            if bad:
                since.setdefault(key, now_ms)
            else:
                since.pop(key, None)
            if bad is not None:
                signs[key] = Sign(bad=bad, since_ms=since.get(key, now_ms))
        memory, events = look(memory, signs, EDGES, now_ms, LIMITS)
        told += events
    return memory, told


def silent(edges: Sequence[str], *, bad: bool | None = True, others: bool = False) -> dict[Key, bool | None]:
    return {(Kind.SILENT, e): bad if e in edges else others for e in EDGES}


def test_forty_that_fall_silent_within_the_gathering_are_one_message_and_one_recovery() -> None:
    dropping = [silent(EDGES[: 10 * (n + 1)]) for n in range(4)]  # within fifteen seconds
    memory, told = run([silent(())] * 3 + dropping + [silent(EDGES)] * 200 + [silent(())] * 40)
    assert [(e.happening, len(e.alarm.members)) for e in told] == [(Happening.OPENED, 40), (Happening.RESOLVED, 40)]
    assert memory.alarms == ()
    over = told[1].alarm
    assert over.began_ms == T0 + 3 * STEP_MS
    assert over.over_ms == T0 + 207 * STEP_MS, "back since it was seen back, not since that was believed"


def test_what_begins_an_hour_apart_has_two_causes() -> None:
    _, told = run([silent(("e1",))] * 720 + [silent(("e1", "e2"))] * 20)
    assert [tuple(m.edge_id for m in e.alarm.members) for e in told] == [("e1",), ("e2",)]


def test_a_blink_is_no_message_and_coming_and_going_is_one_story() -> None:
    assert run([silent(("e1",))] * 3 + [silent(())] * 30)[1] == []
    blinking = ([silent(("e1",))] * 5 + [silent(())] * 5) * 20
    memory, told = run([silent(("e1",))] * 10 + blinking)
    assert [e.happening for e in told] == [Happening.OPENED]
    assert len(memory.alarms) == 1


def test_part_of_them_back_is_told_once() -> None:
    story = [silent(("e1", "e2", "e3"))] * 20 + [silent(("e1", "e2"))] * 100 + [silent(("e1",))] * 100
    _, told = run(story + [silent(())] * 20)
    assert [(e.happening, len(e.alarm.standing)) for e in told] == [
        (Happening.OPENED, 3),
        (Happening.PARTLY, 2),
        (Happening.RESOLVED, 0),
    ]


def test_after_a_restart_nothing_is_told_again_and_what_cannot_be_told_ends_nothing() -> None:
    memory, told = run([silent(("e1",))] * 20)
    assert [e.happening for e in told] == [Happening.OPENED]
    again = Memory(alarms=memory.alarms)  # all that is on disk
    late = T0 + 500 * STEP_MS
    nobody_knows = [silent(("e1",), bad=None)] * 50
    again, told = run([*nobody_knows, *[silent(("e1",))] * 50], again, late)
    assert told == []
    _, told = run([silent(())] * 20, again, late + 100 * STEP_MS)
    assert [e.happening for e in told] == [Happening.RESOLVED]


def test_a_dismissed_edge_is_nobodys_trouble() -> None:
    memory, _ = run([silent(("e1",))] * 20)
    now_ms = T0 + 21 * STEP_MS
    memory, told = look(memory, {}, ("e2",), now_ms, LIMITS)
    assert [e.happening for e in told] == [Happening.RESOLVED]
    assert memory.alarms == ()


def test_a_lag_must_stand_in_our_eyes_because_catching_up_looks_like_one() -> None:
    key = (Kind.LAGGING, "e1")
    assert run([{key: True}] * 20 + [{key: False}] * 20)[1] == []
    assert [e.happening for e in run([{key: True}] * 40)[1]] == [Happening.OPENED]


stories = st.lists(
    st.dictionaries(
        st.tuples(st.sampled_from([Kind.SILENT, Kind.REFUSED, Kind.DISK]), st.sampled_from(EDGES[:4])),
        st.sampled_from([True, False, None]),
        max_size=8,
    ),
    max_size=120,
)


@given(story=stories, cut=st.integers(0, 120))
def test_laws(story: list[dict[Key, bool | None]], cut: int) -> None:
    memory, told = run(story)
    by_alarm: dict[str, list[Event]] = {}
    for event in told:
        by_alarm.setdefault(event.alarm.id, []).append(event)
    for events in by_alarm.values():
        assert [e.alarm.seq for e in events] == list(range(1, len(events) + 1)), "each message has its number"
        kinds = [e.happening for e in events]
        assert kinds[0] is Happening.OPENED
        assert kinds.count(Happening.PARTLY) <= 1
        assert Happening.RESOLVED not in kinds[:-1]
    for alarm in memory.alarms:
        assert alarm.standing
        ids = [m.edge_id for m in alarm.members]
        assert len(ids) == len(set(ids))
    standing = [(a.kind, m.edge_id) for a in memory.alarms for m in a.standing]
    assert len(standing) == len(set(standing)), "nobody is in two alarms of one kind"
    # A restart in between tells nothing of an alarm a second time.
    before, first = run(story[:cut])
    _, second = run(story[cut:], Memory(alarms=before.alarms), T0 + cut * STEP_MS)
    said = [(e.alarm.id, e.alarm.seq) for e in (*first, *second)]
    assert len(said) == len(set(said))
