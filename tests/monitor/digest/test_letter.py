"""Laws of the words: never better than it was, never smaller ignorance, never longer than the channel takes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.digest.lettertown import ZONE, channels

from camkeeper.availability.buckets import Buckets, Promise
from camkeeper.availability.daily import DaySum
from camkeeper.availability.figures import figure
from camkeeper.digest.due import Due, due_on
from camkeeper.digest.letter import letter_of, message_lines, points, unknown_share, worst_first
from camkeeper.digest.values import Digest, Late, Place, Seen
from camkeeper.message.alertmanager import payload
from camkeeper.message.short import length
from camkeeper.message.style import Dialect, Style, style_of
from camkeeper.model.channel import Language
from camkeeper.model.digest import DigestKind, DigestRule
from camkeeper.model.incident import Cause
from camkeeper.model.letter import Letter
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.span import Span
from camkeeper.workorder.deadline import Overdue

TIMES = st.integers(0, 10_000_000)
DAY = date(2026, 10, 2)


@st.composite
def buckets(draw: st.DrawFn) -> Buckets:
    up_ms = draw(TIMES)
    return Buckets(
        up_ms=up_ms, down_ms=draw(TIMES), unknown_ms=draw(TIMES), degraded_ms=draw(st.integers(0, up_ms or 0))
    )


def place(time: Buckets, name: str = "胡桥村", place_id: str = "v01") -> Place:
    made = figure(DEFAULT_ACCOUNTING[0], [DaySum(day=DAY, buckets=time)], target_bp=9500)
    return Place(id=place_id, name=name, target_bp=9500, cameras=3, figure=made)


SHARES = st.fractions(0, 1)
SEEN = st.builds(Seen, lower=SHARES, upper=SHARES, hours=st.integers(1, 24), of_hours=st.just(24))
NAMES = st.text(max_size=30)
PLACES = st.lists(st.builds(place, buckets(), NAMES, st.text(max_size=4)), max_size=8)
DIGESTS = st.builds(
    Digest,
    name=NAMES,
    total=st.builds(place, buckets()),
    places=PLACES.map(worst_first),
    incidents=st.integers(0, 40),
    incidents_open=st.integers(0, 4),
    causes=st.lists(st.tuples(st.sampled_from(Cause), st.integers(1, 9)), max_size=4).map(tuple),
    opened=st.integers(0, 9),
    closed=st.integers(0, 9),
    late=st.lists(st.builds(Late, id=st.just("WO-0007"), what=st.sampled_from(Overdue)), max_size=9).map(tuple),
    gaps=st.lists(st.just(Span(start_ms=1_790_900_000_000, end_ms=1_790_900_600_000)), max_size=9).map(tuple),
    seen=st.none() | SEEN,
    seen_before=st.none() | SEEN,
)


def due(kind: DigestKind = DigestKind.DAY) -> Due:
    found = due_on(DigestRule(kind=kind, minute=480, channel_ids=()), ZONE, DAY)
    assert found is not None
    return found


def made(digest: Digest, style: Style, kind: DigestKind = DigestKind.DAY) -> Letter:
    return letter_of(digest, due(kind), channel_id="c", style=style, tz=ZONE, url="http://10.1.2.3:8080", now_ms=1)


@given(digest=DIGESTS, language=st.sampled_from(Language), kind=st.sampled_from(DigestKind))
def test_no_letter_is_longer_than_its_channel_takes(digest: Digest, language: Language, kind: DigestKind) -> None:
    for setting in channels():
        style = replace(style_of(setting), language=language)
        letter = made(digest, style, kind)
        assert len(letter.text.encode()) <= style.text_bytes
        assert len(letter.markdown.encode()) <= style.markdown_bytes
        assert "\n" not in letter.subject
    short = made(digest, Style(dialect=Dialect.SMS, language=language, segments=3), kind)
    assert length(short.text).segments <= 3
    assert "【" not in short.text


@given(time=buckets())
def test_ignorance_is_told_and_never_smaller_than_it_is(time: Buckets) -> None:
    digest = Digest(
        name="镇", total=place(time), places=(), incidents=0, incidents_open=0, causes=(), opened=0, closed=0,
        late=(), gaps=(), seen=None, seen_before=None,
    )  # fmt: skip
    text = "\n".join(line.text for line in message_lines(digest, due(), Language.EN, ZONE, ""))
    assert ("Unknown" in text) is bool(time.unknown_ms and time.accountable_ms)
    if not time.accountable_ms:
        assert "Nothing was measured" in text
        return
    told = Fraction(unknown_share(time.completeness).rstrip("%")) / 100
    assert told >= Fraction(time.unknown_ms, time.accountable_ms) > told - Fraction(1, 10_000) or not time.unknown_ms
    shown = re.search(r"Online ([\d.]+)% \(at least ([\d.]+)%, at most ([\d.]+)%\)", text)
    if shown is not None and time.ratio is not None and time.lower is not None:
        assert Fraction(shown[1]) / 100 <= time.ratio
        assert Fraction(shown[2]) / 100 <= time.lower
    assert ("kept" in text) is (digest.total.figure.verdict is Promise.MET)


def test_places_are_called_in_the_language_of_the_letter() -> None:
    bad = Buckets(up_ms=9, down_ms=1)
    named = replace(place(bad), name_en="Huqiao Village")
    digest = Digest(
        name="大郭镇", name_en="Daguo Town", total=place(bad), places=(named, place(bad, "无名村")), incidents=0,
        incidents_open=0, causes=(), opened=0, closed=0, late=(), gaps=(), seen=None, seen_before=None,
    )  # fmt: skip
    zh, en = ("\n".join(x.text for x in message_lines(digest, due(), lang, ZONE, "")) for lang in Language)
    assert all(name in zh for name in ("大郭镇", "胡桥村", "无名村"))
    assert all(name in en for name in ("Daguo Town", "Huqiao Village", "无名村"))
    assert "胡桥村" not in en
    assert "Huqiao" not in zh


@given(st.fractions(-1, 1))
def test_a_change_is_never_larger_than_it_is(difference: Fraction) -> None:
    told = Fraction(points(difference).lstrip("±")) / 100
    assert abs(told) <= abs(difference) < abs(told) + Fraction(1, 10_000)


@given(PLACES)
def test_the_worst_come_first_by_their_lower_bound(places: list[Place]) -> None:
    ranked = worst_first(places)
    lowers = [p.figure.lower for p in ranked if p.figure.lower is not None]
    assert lowers == sorted(lowers)
    assert len(lowers) == len(ranked)


@given(DIGESTS)
def test_a_receiver_of_alerts_finds_none_in_it(digest: Digest) -> None:
    told = payload(made(digest, Style()))
    assert told["alerts"] == []
    assert told["status"] == "resolved"


@given(DIGESTS)
def test_what_is_not_well_is_never_silent(digest: Digest) -> None:
    time = digest.total.figure.buckets
    if time.down_ms or (time.unknown_ms and time.accountable_ms):
        assert digest.says_something
    quiet = replace(
        digest, total=place(Buckets(up_ms=time.up_ms)), incidents=0, opened=0, closed=0, late=(), gaps=(), seen=None
    )
    assert not quiet.says_something
