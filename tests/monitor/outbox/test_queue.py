"""Laws of the outbox: rate, order, at least once, nothing twice but for a kill, digests instead of floods."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.outbox.simulated import ACCEPTED, REFUSED, RETRY, Play, letter

from camkeeper.model.letter import Letter, Outcome, Receipt
from camkeeper.model.outbox import ChannelPace
from camkeeper.model.post import LetterState, Post
from camkeeper.outbox.digest import is_digest
from camkeeper.outbox.queue import Nothing, Queue, Send, Wait, answered, began, decide, oldest_ms, posted

PACES = st.builds(
    ChannelPace,
    burst=st.integers(1, 12),
    per_min=st.integers(1, 120),
    digest_over=st.integers(1, 12),
    digest_wait_s=st.sampled_from([0.0, 5.0, 30.0]),
    digest_max=st.integers(1, 30),
    max_tries=st.integers(1, 6),
)
ANSWERS = st.lists(st.sampled_from([ACCEPTED, ACCEPTED, RETRY, REFUSED]), max_size=40)


@st.composite
def arrivals(draw: st.DrawFn) -> dict[int, list[Letter]]:
    """Letters of up to eight incidents; the seqs of an incident rise with time."""
    moments = draw(st.lists(st.integers(0, 300_000), min_size=1, max_size=60))
    seqs: Counter[str] = Counter()
    out: dict[int, list[Letter]] = {}
    for at_ms in sorted(moments):
        incident = f"I{draw(st.integers(0, 7))}"
        seqs[incident] += 1
        out.setdefault(at_ms, []).append(letter(incident, seqs[incident], created_ms=at_ms))
    return out


def scripted(answers: list[Receipt]) -> Play:
    return Play(pace=ChannelPace(), answer=lambda _, n: answers[n] if n < len(answers) else ACCEPTED)


def _members(one: Letter) -> list[str]:
    named = one.facts["letter_ids"] if is_digest(one) else [one.id]
    assert isinstance(named, list)
    return list(map(str, named))


@settings(max_examples=400, deadline=None)
@given(arrivals(), PACES, ANSWERS, st.lists(st.integers(0, 60), max_size=5, unique=True))
def test_laws(mail: dict[int, list[Letter]], pace: ChannelPace, answers: list[Receipt], kills: list[int]) -> None:
    play = scripted(answers)
    play.pace, play.kills = pace, kills
    play.run(mail)
    every = [one for found in mail.values() for one in found]
    states = {key: post.state for key, post in play.disk.posts.items()}

    # Each ends delivered or dead, and what was delivered was accepted.
    assert all(states[one.id].is_final for one in every)
    told = play.told()
    assert {one.id for one in every if states[one.id] is LetterState.DELIVERED} <= set(told)

    # Nothing is accepted twice, unless the process died between; the repeat has the same id.
    assert len(play.accepted) - len({one.id for _, one in play.accepted}) <= len(kills)
    assert sum(count - 1 for count in Counter(told).values() if count > 1) <= len(kills) * pace.digest_max

    # A repeat is the same message: no letter ever comes once by itself and once in a digest.
    messages = {one.id: one for _, one in play.attempts}
    named = Counter(i for one in messages.values() for i in _members(one))
    assert set(named.values()) <= {1}

    # Of each incident, in order (first telling of each letter).
    first = list(dict.fromkeys(told))
    for incident in {one.incident_id for one in every}:
        seqs = [int(i.split("/")[2]) for i in first if i.startswith(f"{incident}/")]
        assert seqs == sorted(seqs)

    # The bucket: in any span, burst + growth (a restart counts the newest attempt of each letter only).
    if not kills:
        times = [at_ms for at_ms, _ in play.attempts]
        for i, start in enumerate(times):
            for j in range(i, len(times)):
                assert j - i + 1 <= pace.burst + (times[j] - start) * pace.per_min / 60_000 + 1e-9


@settings(max_examples=100, deadline=None)
@given(arrivals(), PACES, ANSWERS)
def test_no_letter_is_tried_while_an_earlier_one_of_its_incident_waits(
    mail: dict[int, list[Letter]], pace: ChannelPace, answers: list[Receipt]
) -> None:
    play = scripted(answers)
    play.pace = pace
    final: set[str] = set()
    base = play.answer

    def watched(one: Letter, n: int) -> Receipt:
        ids = {post.letter.id for post in play.disk.posts.values() if post.state.is_final}
        final.update(ids)
        if not is_digest(one):
            assert all(f"{one.incident_id}/ch/{seq}" in ids for seq in range(1, one.seq))
        return base(one, n)

    play.answer = watched
    play.run(mail)


def test_a_thousand_at_once_are_ten_letters_and_full_digests() -> None:
    play = Play(pace=ChannelPace(), answer=lambda _one, _n: ACCEPTED)
    play.run({0: [letter(f"I{i:04}", 1) for i in range(1000)]})
    singles = [one for _, one in play.accepted if not is_digest(one)]
    assert len(singles) == 10
    assert len(play.accepted) == 10 + 33
    assert sorted(play.told()) == sorted(f"I{i:04}/ch/1" for i in range(1000))
    assert all(len(one.text.encode()) <= 2048 for _, one in play.accepted)
    assert max(at_ms for at_ms, _ in play.accepted) < 4 * 60_000


def test_eleven_in_a_minute_are_ten_and_one_that_waited_for_more() -> None:
    play = Play(pace=ChannelPace(), answer=lambda _one, _n: ACCEPTED)
    mail = {i * 100: [letter(f"I{i}", 1)] for i in range(15)}
    play.run(mail)
    assert [is_digest(one) for _, one in play.accepted] == [False] * 10 + [True]
    digest = play.accepted[-1][1]
    assert digest.facts["incident_ids"] == [f"I{i}" for i in range(10, 15)]
    assert all(f"I{i}" in digest.text for i in range(10, 15))
    assert digest.subject.startswith("【汇总】5 条消息")


def test_ten_a_minute_for_an_hour_need_no_digest() -> None:
    play = Play(pace=ChannelPace(), answer=lambda _one, _n: ACCEPTED)
    play.run({i * 6_600: [letter(f"I{i}", 1)] for i in range(500)})
    assert len(play.accepted) == 500


def test_a_platform_away_for_a_night_loses_nothing_and_is_asked_about_once_a_minute() -> None:
    away_ms = 8 * 3_600_000
    play = Play(pace=ChannelPace(), answer=lambda _one, _n: ACCEPTED)
    play.answer = lambda _one, _n: RETRY if play.attempts[-1][0] < away_ms else ACCEPTED
    play.run({i * 1000: [letter(f"I{i:03}", 1)] for i in range(200)})
    assert len(set(play.told())) == 200
    asked = sum(at_ms < away_ms for at_ms, _ in play.attempts)
    assert asked < 8 * 60 * 2.2
    assert len(play.accepted) < 60  # what waited comes as digests, not as a flood
    assert not [post for post in play.disk.posts.values() if post.state is LetterState.DEAD]


def test_a_letter_that_the_platform_will_not_have_blocks_nobody() -> None:
    play = Play(pace=ChannelPace(), answer=lambda one, _n: REFUSED if one.id == "A/ch/1" else ACCEPTED)
    play.run({0: [letter("A", 1), letter("B", 1), letter("A", 2)]})
    assert play.told() == ["B/ch/1", "A/ch/2"]
    assert play.disk.posts["A/ch/1"].state is LetterState.DEAD
    poison = Play(pace=ChannelPace(max_tries=3), answer=lambda one, _n: RETRY if one.id == "A/ch/1" else ACCEPTED)
    poison.run({0: [letter("A", 1), letter("B", 1), letter("A", 2)], 5000: [letter("B", 2)]})
    assert poison.told() == ["B/ch/1", "B/ch/2", "A/ch/2"]
    assert poison.disk.posts["A/ch/1"].tries == 3


def test_retry_after_holds_the_whole_channel_and_is_capped() -> None:
    slow = Receipt(outcome=Outcome.RETRY, code="429", retry_after_s=120.0)
    play = Play(pace=ChannelPace(), answer=lambda _one, n: slow if n == 0 else ACCEPTED)
    play.run({0: [letter("A", 1), letter("B", 1)]})
    assert play.attempts[1][0] >= 120_000
    absurd = Receipt(outcome=Outcome.RETRY, code="429", retry_after_s=1e12)
    play = Play(pace=ChannelPace(), answer=lambda _one, n: absurd if n == 0 else ACCEPTED)
    play.run({0: [letter("A", 1)]})
    assert 3_600_000 <= play.attempts[1][0] < 3_700_000


def test_quiet_letters_wait_for_their_hour_and_hold_up_only_their_own_incident() -> None:
    queue = Queue(channel_id="ch", pace=ChannelPace())
    queue = posted(queue, [Post(letter=letter("A", 1), due_ms=50_000), Post(letter=letter("A", 2))])
    assert decide(queue, 1000) == Wait(until_ms=50_000)
    assert oldest_ms(queue, 1000) == 0  # the second is held up by the first, which nobody counts
    queue = posted(queue, [Post(letter=letter("B", 1))])
    assert decide(queue, 1000) == Send(letter=letter("B", 1))
    assert decide(queue, 50_000) == Send(letter=letter("A", 1))


def test_what_was_under_way_at_a_kill_goes_again_with_its_id_and_its_tries() -> None:
    sending = Post(letter=letter("A", 1), state=LetterState.SENDING, tries=2, tried_ms=7)
    queue = posted(Queue(channel_id="ch", pace=ChannelPace(max_tries=3)), [sending])
    assert decide(queue, 10) == Send(letter=letter("A", 1))
    queue, _ = began(queue, "A/ch/1", 10)
    assert decide(queue, 10) == Nothing()
    queue, mark = answered(queue, RETRY, 11)
    assert mark.state is LetterState.DEAD


def test_letters_of_the_monitor_about_itself_are_in_no_digest() -> None:
    own = [replace(letter("", i), id=f"watchdog-{i}") for i in range(20)]
    play = Play(pace=ChannelPace(burst=20, per_min=20), answer=lambda _one, _n: ACCEPTED)
    play.run({0: own})
    assert [one.id for _, one in play.accepted] == [one.id for one in own]


def test_an_answer_that_nobody_asked_for_is_a_bug() -> None:
    with pytest.raises(ValueError, match="nothing was asked"):
        answered(Queue(channel_id="ch", pace=ChannelPace()), ACCEPTED, 0)
