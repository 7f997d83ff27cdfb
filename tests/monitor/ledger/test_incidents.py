"""Incidents and letters on record: with their batch or not at all, beside the chain, found again after a restart."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.ledger.stories import open_ledger

from camkeeper.ledger import Batch, InconsistentBatchError, LedgerDamagedError, LedgerReader, LifeChange
from camkeeper.ledger.chain import compact
from camkeeper.ledger.incidents import from_json, to_json
from camkeeper.ledger.letters import from_json as letter_from_json
from camkeeper.ledger.letters import to_json as letter_to_json
from camkeeper.ledger.rebuild import rebuild
from camkeeper.ledger.verify import verify
from camkeeper.model.change import Transition
from camkeeper.model.incident import (
    Cause,
    Confidence,
    Domain,
    DomainKind,
    Evidence,
    Happening,
    Incident,
    IncidentEvent,
    IncidentState,
    Member,
)
from camkeeper.model.letter import Letter, Outcome, Receipt
from camkeeper.model.post import WAITING, LetterState, Post
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

T0 = 1_790_000_000_000
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MOMENTS = st.integers(0, 2**53)
MEMBERS = st.builds(
    Member,
    device_id=TEXT,
    status=st.sampled_from(Status),
    reason=st.sampled_from(Reason),
    since_ms=MOMENTS,
    recovered_ms=st.none() | MOMENTS,
)
INCIDENTS = st.builds(
    Incident,
    id=TEXT,
    domain=st.builds(Domain, kind=st.sampled_from(DomainKind), id=TEXT),
    evidence=st.lists(
        st.builds(Evidence, name=TEXT, facts=st.dictionaries(TEXT, TEXT | st.integers(-(2**53), 2**53), max_size=3)),
        max_size=3,
    ).map(tuple),
    members=st.dictionaries(TEXT, MEMBERS, max_size=4),
    opened_ms=st.none() | MOMENTS,
    resolved_ms=st.none() | MOMENTS,
    suppressed_by=st.none() | TEXT,
    merged_into=st.none() | TEXT,
    acknowledged_by=st.none() | TEXT,
    acknowledged_ms=st.none() | MOMENTS,
)
ROBOT_SAYS_NO = Receipt(outcome=Outcome.RETRY, code="45009", detail="too many")


def incident(n: int, **more: object) -> Incident:
    base = Incident(
        id=f"I{n:06}",
        domain=Domain(kind=DomainKind.SWITCH, id="sw-7"),
        cause=Cause.POWER,
        confidence=Confidence.MEDIUM,
        evidence=(Evidence(name="same_second", facts={"devices": 3}),),
        state=IncidentState.OPEN,
        began_ms=T0 + n * 1000,
        held_ms=T0 + n * 1000,
        members={"c": Member(device_id="c", status=Status.DOWN, reason=Reason.NO_ANSWER, since_ms=T0)},
    )
    return replace(base, **more)  # type: ignore[arg-type]


def event(found: Incident, at_ms: int = T0, happening: Happening = Happening.OPENED) -> IncidentEvent:
    return IncidentEvent(at_ms=at_ms, happening=happening, incident=found, tells=True, device_ids=("c",), by="值班")


def letter(n: int, seq: int = 1, channel: str = "duty") -> Letter:
    return Letter(
        id=f"I{n:06}/{channel}/{seq}",
        incident_id=f"I{n:06}",
        seq=seq,
        channel_id=channel,
        subject="【离线·疑似断电】柳湾村 3路",
        text="柳湾村文化广场北杆\n等3路",
        facts={"devices": ["c"], "share": 0.5, "none": None},
        created_ms=T0,
    )


@settings(max_examples=100)
@given(INCIDENTS)
def test_an_incident_comes_back_as_it_was_and_has_one_spelling(found: Incident) -> None:
    body = compact(to_json(found))
    assert from_json(body) == found
    assert compact(to_json(from_json(body))) == body


def test_every_field_is_kept() -> None:
    # Keys of merging are written where there was one: older records stay as they were, byte for byte.
    member = replace(incident(1).members["c"], merged_from="I000002")
    merged = incident(1, merged_why="同一根杆", absorbed=("I000002",), members={"c": member})
    assert set(to_json(merged)) == {f.name for f in fields(Incident)}
    assert set(letter_to_json(letter(1))) == {f.name for f in fields(Letter)}
    members = to_json(merged)["members"]
    assert isinstance(members, dict)
    assert set(members["c"]) == {f.name for f in fields(Member)}


def test_a_letter_comes_back_as_it_was() -> None:
    assert letter_from_json(compact(letter_to_json(letter(1)))) == letter(1)


def test_stored_with_their_batch_and_found_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "l"
    opened = incident(1)
    resolved = replace(incident(2), state=IncidentState.RESOLVED, resolved_ms=T0 + 9000)
    with open_ledger(path) as ledger:
        ledger.append(Batch(incidents=(event(opened), event(incident(2))), letters=(letter(1),))).result(10)
        step = event(resolved, T0 + 9000, Happening.RESOLVED)
        ledger.append(Batch(incidents=(step,), letters=(letter(2), letter(2, 2)))).result(10)
    with open_ledger(path) as again:
        recovery = again.recover()
    assert recovery.incidents == (opened,)
    assert [post.letter for post in recovery.posts] == [letter(1), letter(2), letter(2, 2)]
    with LedgerReader(path) as reader:
        assert reader.incidents() == (opened, resolved)
        assert reader.incidents(open_only=True) == (opened,)
        assert reader.incident("I000002") == resolved
        assert reader.incident("I9") is None
        assert reader.incident_events("I000002") == (event(incident(2)), step)
        assert reader.newest_incident_id() == "I000002"
        late = Span(start_ms=T0 + 9001, end_ms=T0 + 10_000)
        assert reader.incidents(period=late) == (opened,)
        assert reader.incidents(period=Span(start_ms=0, end_ms=T0 + 1001)) == (opened,)
        assert reader.letter_seqs(["I000001", "I000002", "I9"]) == {("I000001", "duty"): 1, ("I000002", "duty"): 2}
        assert len(reader.letters(incident_id="I000002")) == 2
        assert [p.letter for p in reader.letters(limit=1)] == [letter(2, 2)]


def test_half_a_character_keeps_nothing_from_being_recorded(tmp_path: Path) -> None:
    half = "村\ud800"
    odd = replace(letter(1), text=half, facts={"name": half})
    step = replace(event(incident(1, acknowledged_by=half)), by=half, device_ids=(half,))
    with open_ledger(tmp_path / "l") as ledger:
        ledger.append(Batch(incidents=(step,), letters=(odd,), tick_ms=T0)).result(10)
        ledger.mark(odd.id, LetterState.DEAD, Receipt(outcome=Outcome.REFUSED, detail=half), T0).result(10)
    with LedgerReader(tmp_path / "l") as reader:
        assert reader.incident_events("I000001") == (replace(step, by="村?"),)
        (post,) = reader.letters()
    assert (post.letter, post.detail) == (odd, "村?")


def test_what_the_record_refuses_takes_its_incidents_and_letters_along(tmp_path: Path) -> None:
    path = tmp_path / "l"
    wrong = Transition(
        device_id="nobody", at_ms=T0, decided_ms=T0, old=Status.UP, new=Status.DOWN, reason=Reason.NO_ANSWER
    )
    with open_ledger(path) as ledger:
        bad = ledger.append(Batch(transitions=(wrong,), incidents=(event(incident(1)),), letters=(letter(1),)))
        good = ledger.append(Batch(letters=(letter(2),)))
        with pytest.raises(InconsistentBatchError):
            bad.result(10)
        good.result(10)
    with LedgerReader(path) as reader:
        assert reader.incidents() == ()
        assert [p.letter.id for p in reader.letters()] == ["I000002/duty/1"]


def test_the_same_letter_is_not_queued_twice(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with open_ledger(path) as ledger:
        ledger.append(Batch(letters=(letter(1),))).result(10)
        done = Receipt(outcome=Outcome.ACCEPTED, code="0")
        ledger.mark(letter(1).id, LetterState.DELIVERED, done, T0).result(10)
        ledger.append(Batch(letters=(letter(1), letter(1)))).result(10)
    with LedgerReader(path) as reader:
        assert [p.state for p in reader.letters()] == [LetterState.DELIVERED]
        assert reader.letters(WAITING) == ()


def test_marks_count_attempts_and_keep_the_platforms_words(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with open_ledger(path) as ledger:
        ledger.append(Batch(letters=(letter(1),), quiet_until={letter(1).id: T0 + 5})).result(10)
        assert _post(path).due_ms == T0 + 5
        ledger.mark(letter(1).id, LetterState.SENDING, None, T0 + 6).result(10)
        ledger.mark(letter(1).id, LetterState.RETRY, ROBOT_SAYS_NO, T0 + 7, due_ms=T0 + 60).result(10)
        post = _post(path)
        assert (post.state, post.tries, post.due_ms) == (LetterState.RETRY, 1, T0 + 60)
        assert (post.tried_ms, post.marked_ms, post.code, post.detail) == (T0 + 6, T0 + 7, "45009", "too many")
        ledger.mark(letter(1).id, LetterState.SENDING, None, T0 + 60).result(10)
        assert (_post(path).tries, _post(path).code) == (2, "45009")
        long = Receipt(outcome=Outcome.REFUSED, code="93000", detail="x" * 10_000)
        ledger.mark(letter(1).id, LetterState.DEAD, long, T0 + 61).result(10)
        assert len(_post(path).detail) == 500
        ledger.mark(letter(1).id, LetterState.QUEUED, None, T0 + 99).result(10)
        assert (_post(path).state, _post(path).tries) == (LetterState.QUEUED, 0)
        with pytest.raises(KeyError):
            ledger.mark("nobody", LetterState.DEAD, None, T0).result(10)
    with LedgerReader(path) as reader:
        assert reader.tried_since(T0) == {"duty": (T0 + 60,)}
        assert reader.tried_since(T0 + 61) == {}
        assert reader.letter("nobody") is None


def _post(path: Path) -> Post:
    with LedgerReader(path) as reader:
        found = reader.letter(letter(1).id)
    assert found is not None
    return found


def test_a_digest_takes_its_letters_along_and_is_bundled_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "l"
    digest = replace(letter(0), id="digest-1", incident_id="", seq=0)
    with open_ledger(path) as ledger:
        ledger.append(Batch(letters=(letter(1), letter(2), letter(3)))).result(10)
        ledger.mark(letter(3).id, LetterState.DELIVERED, None, T0).result(10)
        with pytest.raises(KeyError):
            ledger.bundle(digest, [letter(1).id, letter(3).id], T0).result(10)
        with LedgerReader(path) as reader:
            assert len(reader.letters(WAITING)) == 2
            assert reader.letter("digest-1") is None
        ledger.bundle(digest, [letter(1).id, letter(2).id], T0 + 1).result(10)
        with LedgerReader(path) as reader:
            assert [p.letter.id for p in reader.letters(WAITING)] == ["digest-1"]
        ledger.mark("digest-1", LetterState.DEAD, ROBOT_SAYS_NO, T0 + 2).result(10)
        with LedgerReader(path) as reader:
            assert len(reader.letters({LetterState.DEAD})) == 3
        ledger.mark("digest-1", LetterState.QUEUED, None, T0 + 3).result(10)
        ledger.mark("digest-1", LetterState.DELIVERED, None, T0 + 4).result(10)
    with LedgerReader(path) as reader:
        assert {p.state for p in reader.letters()} == {LetterState.DELIVERED}
        assert [p.digest_id for p in reader.letters()] == ["digest-1", "digest-1", None, None]


def test_a_ledger_of_an_earlier_version_gets_the_tables_when_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with open_ledger(path) as ledger:
        ledger.append(Batch(lives=(LifeChange(device_id="c", at_ms=T0, enrolled=True),), tick_ms=T0)).result(10)
    db = sqlite3.connect(path)
    db.executescript("DROP TABLE letter; DROP TABLE incident; DROP TABLE incident_event; DROP TABLE coverage_hour")
    db.execute("PRAGMA user_version = 0")
    db.close()
    with LedgerReader(path) as reader:
        assert not [*reader.incidents(), *reader.letters(), *reader.incident_events("I1")]
        assert not [*reader.letter_seqs(["I1"]), *reader.tried_since(0)]
        assert [reader.newest_incident_id(), reader.incident("I1"), reader.letter("x")] == [None] * 3
    assert verify(path).ok
    with open_ledger(path) as ledger:
        ledger.append(Batch(incidents=(event(incident(1)),), letters=(letter(1),))).result(10)
    names = {n for (n,) in sqlite3.connect(path).execute("SELECT name FROM sqlite_schema")}
    assert {"letter", "letter_waiting", "incident_open", "incident_event_of", "coverage_hour"} <= names
    with LedgerReader(path) as reader:
        assert len(reader.letters()) == len(reader.incidents()) == 1


def test_no_part_of_the_proof_and_left_alone_by_a_rebuild(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with open_ledger(path) as ledger:
        ledger.append(Batch(lives=(LifeChange(device_id="c", at_ms=T0, enrolled=True),), tick_ms=T0)).result(10)
    head = verify(path).head
    with open_ledger(path) as ledger:
        ledger.booted.result(10)
        ledger.append(Batch(incidents=(event(incident(1)),), letters=(letter(1),))).result(10)
    proof = verify(path)
    assert proof.ok
    assert proof.records == 4  # two boots, a life, a seal: not one of incidents
    assert proof.head != head
    rebuild(path)
    with LedgerReader(path) as reader:
        assert len(reader.letters()) == len(reader.incidents()) == 1
    assert verify(path).head == proof.head


def test_a_village_of_members_is_packed_and_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "l"
    members = {
        f"c{i}": Member(device_id=f"c{i}", status=Status.DOWN, reason=Reason.NO_ANSWER, since_ms=T0 + i)
        for i in range(500)
    }
    big = incident(1, members=members)
    with open_ledger(path) as ledger:
        ledger.append(Batch(incidents=(event(big),), letters=(letter(1),))).result(10)
    with LedgerReader(path) as reader:
        assert reader.incident("I000001") == big
    db = sqlite3.connect(path)
    (size,) = db.execute("SELECT length(body) FROM incident_event").fetchone()
    assert size < len(json.dumps(to_json(big))) / 5
    db.execute("UPDATE incident_event SET body = substr(body, 1, 100)")
    db.execute("UPDATE letter SET body = '[]'")
    db.commit()
    db.close()
    with LedgerReader(path) as reader:
        with pytest.raises(LedgerDamagedError, match="incident on record"):
            reader.incidents()
        with pytest.raises(LedgerDamagedError, match="letter on record"):
            reader.letters()
    with open_ledger(path) as again:  # a monitor starts all the same, and says so
        recovery = again.recover()
    assert (recovery.incidents, recovery.posts) == ((), ())
    assert len(recovery.damaged) == 2
