"""The folded state of all devices: what is kept, what is forgotten, what waits to be written."""

from __future__ import annotations

import pytest
from tests.monitor.run.township import device, registry, result, sample

from camkeeper.judge.ladder import Memory
from camkeeper.judge.track import Track
from camkeeper.model.probing import Depth, DeviceFacts, Profile, Rung, SnapshotInfo, Verdict
from camkeeper.model.status import Reason, Status
from camkeeper.run.township import Township, hold_ms, newer

OK = ((Rung.REACH, Verdict.OK), (Rung.TIME, Verdict.OK))
GONE = ((Rung.REACH, Verdict.TIMEOUT), (Rung.TIME, Verdict.SKIPPED), (Rung.AUTH, Verdict.SKIPPED))


def test_a_device_begins_unknown_and_a_stranger_is_nobody() -> None:
    township = Township(registry([device("a")]))
    assert township.status("a") is Status.UNKNOWN
    assert township.status("nobody") is Status.UNKNOWN
    assert township.known("nobody") is None
    assert not township.is_slow_to_fail("nobody")
    assert township.assess(result("nobody", 1, OK)) is None
    assert township.take(sample("nobody", 1, Status.UP)) == ()
    assert township.drain() == ((), ())


def test_take_waits_in_order_for_one_drain() -> None:
    township = Township(registry([device("a"), device("b")]))
    first = sample("b", 1, Status.UP)
    second = sample("a", 2, Status.UP)
    made = township.take(first) + township.take(second)
    assert [t.device_id for t in made] == ["b", "a"]
    assert township.waiting == 2
    assert township.changed
    assert township.drain() == ((first, second), made)
    assert (township.waiting, township.changed, township.drain()) == (0, False, ((), ()))
    assert {t.device_id for t in township.tracks()} == {"a", "b"}


def test_assess_remembers_rungs_and_a_skipped_one_hides_nothing() -> None:
    township = Township(registry([device("a")]))
    full = (*OK, (Rung.AUTH, Verdict.OK), (Rung.SNAPSHOT, Verdict.FAULT))
    found = township.assess(result("a", 1, full))
    assert found is not None
    assert (found.status, found.reason) == (Status.DEGRADED, Reason.NO_PICTURE)
    quick = township.assess(result("a", 2, (*OK, (Rung.SNAPSHOT, Verdict.SKIPPED)), depth=Depth.QUICK))
    assert quick is not None
    assert quick.status is Status.DEGRADED
    known = township.known("a")
    assert known is not None
    assert known.rungs[Rung.SNAPSHOT].verdict is Verdict.FAULT


def test_our_own_fault_is_no_sample() -> None:
    township = Township(registry([device("a")]))
    assert township.assess(result("a", 1, ((Rung.REACH, Verdict.MONITOR), (Rung.TIME, Verdict.SKIPPED)))) is None


def test_expire_is_after_the_hold_and_spares_those_still_asked() -> None:
    town = registry([device("a"), device("b")], every_s=10)
    township = Township(town)
    hold = hold_ms(town.devices[0], town)
    assert hold == 25_000
    for name in ("a", "b"):
        township.take(sample(name, 1_000, Status.UP))
    township.drain()
    assert township.expire(1_000 + hold) == ()
    (lapsed,) = township.expire(1_001 + hold, but={"b"})
    assert (lapsed.device_id, lapsed.at_ms, lapsed.new, lapsed.reason) == (
        "a",
        1_000 + hold,
        Status.UNKNOWN,
        Reason.SILENCE,
    )
    assert township.status("b") is Status.UP
    assert township.drain() == ((), (lapsed,))


def test_enrol_keeps_who_stays_forgets_who_goes_and_follows_the_new_cadence() -> None:
    township = Township(registry([device("a"), device("b")]))
    for name in ("a", "b"):
        township.take(sample(name, 1_000, Status.UP))
    before = township.known("a")
    township.enrol(registry([device("a"), device("c")], every_s=60))
    assert township.known("a") is before
    assert before is not None
    assert before.hold_ms == 150_000
    assert township.known("b") is None
    assert township.status("c") is Status.UNKNOWN
    township.enrol(registry([device("a"), device("b")]))
    assert township.status("b") is Status.UNKNOWN  # a new life, not the old one


def test_anew_keeps_the_status_and_forgets_what_was_learnt() -> None:
    town = registry([device("a")])
    township = Township(town)
    facts = DeviceFacts(manufacturer="x")
    found = township.assess(result("a", 1, (*OK, (Rung.AUTH, Verdict.AUTH_REFUSED)), facts=facts))
    assert found is not None
    township.take(found)
    known = township.known("a")
    assert known is not None
    known.climbed = True
    township.enrol(town, anew=("a",))
    assert township.known("a") is known
    assert (known.memory, known.rungs, known.facts, known.climbed) == (Memory(), {}, DeviceFacts(), False)
    assert township.status("a") is Status.DEGRADED


def test_restore_goes_on_where_the_record_ends_and_writes_nothing() -> None:
    township = Township(registry([device("a"), device("b")]))
    tracks = [
        Track(device_id="a", status=Status.DOWN, reason=Reason.NO_ANSWER, since_ms=5, last_ms=9),
        Track(device_id="gone", status=Status.UP, reason=Reason.RECOVERED, since_ms=5, last_ms=9),
        Track(
            device_id="b",
            status=Status.DEGRADED,
            reason=Reason.NO_PICTURE,
            since_ms=5,
            last_ms=9,
            degraded_by=Reason.NO_PICTURE,
        ),
    ]
    township.restore(tracks)
    assert township.drain() == ((), ())
    assert {t.device_id: t.status for t in township.tracks()} == {"a": Status.DOWN, "b": Status.DEGRADED}
    # A quick probe asks for no picture: the device must not turn up by it.
    quick = township.assess(result("b", 10, OK, depth=Depth.QUICK))
    assert quick is not None
    assert quick.status is Status.DEGRADED


@pytest.mark.parametrize(
    ("rungs", "dead"),
    [
        (OK, False),
        (GONE, True),
        (((Rung.REACH, Verdict.UNREACHABLE),), True),
        (((Rung.REACH, Verdict.REFUSED),), False),  # answered at once: it holds no place
        (((Rung.REACH, Verdict.OK), (Rung.TIME, Verdict.TIMEOUT)), True),  # accepts, and then is silent
        (((Rung.PING, Verdict.TIMEOUT),), True),
        (((Rung.SNMP, Verdict.TIMEOUT),), True),
        ((*OK, (Rung.STREAM, Verdict.TIMEOUT)), False),
    ],
)
def test_who_keeps_a_probe_waiting_goes_by_the_budget_of_the_dead(
    rungs: tuple[tuple[Rung, Verdict], ...], dead: bool
) -> None:
    township = Township(registry([device("a")]))
    township.assess(result("a", 1, rungs))
    assert township.is_slow_to_fail("a") is dead
    township.assess(result("a", 2, tuple((rung, Verdict.OK) for rung, _ in rungs)))
    assert not township.is_slow_to_fail("a")


def test_newer_facts_take_nothing_away() -> None:
    profile = Profile(token="p", width=1, height=1)
    full = DeviceFacts(
        manufacturer="m",
        model="x",
        firmware="1",
        serial="s",
        clock_offset_s=0.0,
        uptime_s=5.0,
        profiles=(profile,),
        snapshot=SnapshotInfo(size_bytes=1, width=1, height=1),
        newest_recording_age_s=0.0,
    )
    assert newer(full, DeviceFacts()) == full
    assert newer(DeviceFacts(), full) == full
    assert newer(full, DeviceFacts(clock_offset_s=3.0)).clock_offset_s == 3.0
