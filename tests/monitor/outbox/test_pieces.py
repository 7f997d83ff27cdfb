"""Buckets, pauses, digests and numbers."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.outbox.simulated import RETRY, letter

from camkeeper.model.letter import Outcome, Receipt
from camkeeper.model.outbox import ChannelPace
from camkeeper.outbox.address import letter_id, numbered
from camkeeper.outbox.backoff import channel_pause_ms, letter_pause_ms, spread
from camkeeper.outbox.bucket import Bucket, free_ms, take, taken
from camkeeper.outbox.digest import digest_of, incidents_in, is_digest, weight

PACES = st.builds(ChannelPace, burst=st.integers(1, 30), per_min=st.integers(1, 600))


@given(PACES, st.lists(st.integers(0, 20_000), min_size=1, max_size=80))
def test_a_bucket_never_lets_through_more_than_burst_and_growth(pace: ChannelPace, pauses: list[int]) -> None:
    bucket, now_ms, times = Bucket(), 1_000_000, list[int]()
    for pause in pauses:
        now_ms = max(now_ms + pause, free_ms(bucket, pace))
        bucket = take(bucket, pace, now_ms)
        times.append(now_ms)
    for i in range(len(times)):
        for j in range(i, len(times)):
            assert j - i + 1 <= pace.burst + (times[j] - times[i]) * pace.per_min / 60_000 + 1e-9


@given(PACES, st.integers(0, 10**6))
def test_a_rested_bucket_gives_its_whole_burst_at_once(pace: ChannelPace, now_ms: int) -> None:
    bucket = Bucket()
    for _ in range(pace.burst):
        assert free_ms(bucket, pace) <= now_ms
        bucket = take(bucket, pace, now_ms)
    assert free_ms(bucket, pace) > now_ms
    assert taken(Bucket(), pace, now_ms) == take(Bucket(), pace, now_ms)


@given(st.text(max_size=20), st.integers(1, 100), st.integers(0, 10**7))
def test_pauses_are_computed_bounded_and_double(key: str, tries: int, asked_s: int) -> None:
    pace = ChannelPace()
    pause = letter_pause_ms(key, tries, pace, RETRY)
    full = min(5.0 * 2 ** min(tries - 1, 40), 1800.0) * 1000
    assert full / 2 <= pause <= full
    assert pause == letter_pause_ms(key, tries, pace, RETRY)
    asked = Receipt(outcome=Outcome.RETRY, retry_after_s=float(asked_s))
    assert letter_pause_ms(key, tries, pace, asked) >= min(asked_s, 3600) * 1000
    assert channel_pause_ms(key, tries, pace, asked) >= min(asked_s, 3600) * 1000
    assert channel_pause_ms(key, tries, pace, RETRY) <= 60_000


@given(st.integers(2, 600), st.integers(100, 1500))
def test_a_channels_own_limit_holds_in_any_minute(per_minute: int, many: int) -> None:
    pace = ChannelPace.within(per_minute, patience_s=10)
    bucket, times = Bucket(), list[int]()
    for _ in range(many):
        now_ms = max(times[-1] if times else 0, free_ms(bucket, pace))
        bucket = take(bucket, pace, now_ms)
        times.append(now_ms)
    for i in range(len(times) - per_minute):
        assert times[i + per_minute] - times[i] >= 60_000
    assert pace.digest_over <= min(10, pace.burst)


def test_letters_that_failed_together_do_not_come_back_together() -> None:
    pauses = [spread(1_000_000, f"I{i}") for i in range(1000)]
    assert len(set(pauses)) > 990
    assert min(pauses) < 510_000
    assert max(pauses) > 990_000


def test_a_time_that_is_none_asks_for_nothing() -> None:
    pace = ChannelPace()
    for odd in (float("nan"), -5.0, 0.0, None):
        asked = Receipt(outcome=Outcome.RETRY, retry_after_s=odd)
        assert channel_pause_ms("c", 1, pace, asked) <= 1000


@given(st.lists(st.text(max_size=120), min_size=1, max_size=30), st.integers(1500, 5000))
def test_a_digest_names_each_within_the_bytes_of_its_channel(subjects: list[str], room: int) -> None:
    pace = ChannelPace(digest_bytes=room)
    letters = [replace(letter(f"I{i}", 1, recovery=i % 2 == 0), subject=s) for i, s in enumerate(subjects)]
    digest = digest_of(letters, pace, 5)
    assert len(digest.text.encode("utf-8", "replace")) <= room
    assert len(digest.text.splitlines()) == len(letters) + 1
    assert digest.facts["letter_ids"] == [one.id for one in letters]
    assert is_digest(digest)
    assert incidents_in(digest) == {one.incident_id for one in letters}
    assert weight(digest) == len(letters)
    assert digest_of(letters, pace, 9).id == digest.id


def test_numbers_go_on_after_those_on_record() -> None:
    assert letter_id("I000123", "duty", 2) == "I000123/duty/2"
    assert numbered("I1", ["a", "b"], {("I1", "a"): 3, ("I2", "b"): 9}) == {"a": (4, "I1/a/4"), "b": (1, "I1/b/1")}
