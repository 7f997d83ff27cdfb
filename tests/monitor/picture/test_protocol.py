"""Messages between the monitor and its decoder: there and back, and nothing odd gets through."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camkeeper.model.picture import Diagnosis, PictureVerdict, Turn
from camkeeper.picture.examined import Examined
from camkeeper.picture.protocol import (
    LENGTH,
    MAX_MESSAGE,
    MAX_THUMBNAIL,
    Message,
    ProtocolError,
    examined_message,
    examined_of,
    length_of,
    pack,
    unpack,
)

numbers = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=40).filter(str.isprintable)
verdicts = st.sampled_from(PictureVerdict)
parts = st.one_of(st.none(), st.binary(max_size=200))
turns = st.builds(
    Turn, yaw_deg=numbers, pitch_deg=numbers, roll_deg=numbers, error_deg=numbers, method=words, support=numbers
)
diagnoses = st.builds(
    Diagnosis,
    verdict=verdicts,
    alarms=st.lists(verdicts, max_size=4).map(tuple),
    advisory=st.lists(words, max_size=3).map(tuple),
    turn=st.none() | turns,
    features=st.dictionaries(words, numbers, max_size=8),
    detail=words,
)
examinations = st.builds(Examined, diagnosis=diagnoses, trace=st.binary(max_size=99), sheet=parts, thumbnail=parts)


def body_of(message: Message) -> bytes:
    data = pack(message)
    assert length_of(data[: LENGTH.size]) == len(data) - LENGTH.size
    return data[LENGTH.size :]


@given(
    head=st.dictionaries(words, st.none() | st.booleans() | st.integers() | words, max_size=5),
    parts=st.lists(parts, max_size=64),
)
def test_a_message_comes_back(head: dict[str, object], parts: list[bytes | None]) -> None:
    message = Message(head=head, parts=tuple(parts))
    assert unpack(body_of(message)) == message


@given(examinations)
def test_an_examination_comes_back(examined: Examined) -> None:
    assert examined_of(unpack(body_of(examined_message(examined)))) == examined


def test_figures_that_are_none_stay_away() -> None:
    features = {"a": 1.0, "b": math.nan, "c": math.inf}
    examined = Examined(diagnosis=Diagnosis(verdict=PictureVerdict.OK, features=features, detail="two\nlines"))
    there = examined_of(unpack(body_of(examined_message(examined)))).diagnosis
    assert there.features == {"a": 1.0}
    assert there.detail == "two lines"


@settings(max_examples=500)
@given(data=st.data())
def test_broken_messages_are_told(data: st.DataObject) -> None:
    whole = body_of(examined_message(data.draw(examinations)))
    at = data.draw(st.integers(0, len(whole)))
    broken = whole[:at] + data.draw(st.binary(max_size=12)) + whole[at + data.draw(st.integers(0, 12)) :]
    try:
        examined_of(unpack(broken))
    except ProtocolError as error:
        assert str(error)  # noqa: PT017  (either is right: a changed letter is a message too)


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "splendid"},
        {"verdict": None},
        {"alarms": "ok"},
        {"advisory": ["x" * 500]},
        {"advisory": ["\x1b[2J"]},
        {"turn": [1, 2, 3]},
        {"turn": [1, 2, 3, True, 0.5, "phase"]},
        {"features": {"a": "1"}},
        {"features": {str(n): 1.0 for n in range(300)}},
        {"features": []},
        {"detail": 5},
    ],
)
def test_odd_answers_are_refused(change: dict[str, object]) -> None:
    good = examined_message(Examined(diagnosis=Diagnosis(verdict=PictureVerdict.OK)))
    with pytest.raises(ProtocolError):
        examined_of(Message(head={**good.head, **change}, parts=good.parts))


def test_too_much_is_refused_on_both_sides() -> None:
    for message in (
        Message(head={}, parts=(bytes(MAX_MESSAGE + 1),)),
        Message(head={"a": "x" * 70_000}),
        Message(head={}, parts=(None,) * 65),
    ):
        with pytest.raises(ProtocolError):
            pack(message)
    with pytest.raises(ProtocolError, match="4294967295 bytes"):
        length_of(b"\xff" * 4)
    large = Examined(diagnosis=Diagnosis(verdict=PictureVerdict.OK), thumbnail=bytes(MAX_THUMBNAIL + 1))
    with pytest.raises(ProtocolError, match="are the most"):
        examined_of(examined_message(large))
