"""The newest look at each camera, and what goes on after a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.album.prints import MINUTE, T0, look, open_album

from camkeeper.album.looks import pack, pack_look, unpack, unpack_look
from camkeeper.model.picture import Context, Diagnosis, Look, PictureVerdict, Turn

FLOATS = st.floats(-1e6, 1e6)
LOOKS = st.builds(
    Look,
    device_id=st.text(max_size=9),
    at_ms=st.integers(0, 2**53),
    context=st.sampled_from(Context),
    baseline=st.none() | st.integers(1, 9),
    diagnosis=st.builds(
        Diagnosis,
        verdict=st.sampled_from(PictureVerdict),
        alarms=st.lists(st.sampled_from(PictureVerdict), max_size=3).map(tuple),
        advisory=st.lists(st.sampled_from(["cast", "dirt", "web"]), max_size=2).map(tuple),
        turn=st.none()
        | st.builds(
            Turn,
            yaw_deg=FLOATS,
            pitch_deg=FLOATS,
            roll_deg=FLOATS,
            error_deg=FLOATS,
            method=st.just("features"),
            support=st.integers(15, 400) | FLOATS,
        ),
        features=st.dictionaries(st.text(max_size=9), st.floats() | st.integers(-9, 9), max_size=5),
        detail=st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    ),
)


@given(LOOKS)
def test_a_look_comes_back_with_its_features_rounded(one: Look) -> None:
    back = unpack_look(pack_look(one))
    assert replace(back, diagnosis=one.diagnosis) == one
    assert replace(back.diagnosis, features={}) == replace(one.diagnosis, features={})
    for name, value in back.diagnosis.features.items():
        assert value == pytest.approx(one.diagnosis.features[name], rel=1e-5)
    assert unpack_look(pack_look(back)) == back


@given(st.binary(max_size=60))
def test_bytes_that_nobody_wrote_are_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with them
        unpack_look(body)


def test_a_bomb_of_text_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        unpack(pack("0" * 2_000_000))


def test_looks_and_memory_are_there_after_a_restart(tmp_path: Path) -> None:
    with open_album(tmp_path / "a") as album:
        assert (album.looks(), album.tracks(), album.fleet()) == ({}, {}, None)
        album.note(look("c1"), '{"n":1}')
        album.note_fleet("{}")
        album.note(look("c2", verdict=PictureVerdict.BLUR), '{"n":2}')
        album.note(look("c1", at_ms=T0 + MINUTE), '{"n":3}')
        album.note_fleet('{"weather":[]}')
    with open_album(tmp_path / "a") as album:
        assert album.tracks() == {"c1": '{"n":3}', "c2": '{"n":2}'}
        assert album.fleet() == '{"weather":[]}'
        assert {d: (o.at_ms, o.diagnosis.verdict) for d, o in album.looks().items()} == {
            "c1": (T0 + MINUTE, PictureVerdict.OK),
            "c2": (T0, PictureVerdict.BLUR),
        }
        newest = album.look("c2")
        assert newest is not None
        assert newest.diagnosis.features == {"edge": 0.333333, "mean": 120.0}
        assert album.look("c3") is None


def test_looks_share_commits_and_what_is_waited_for_takes_them_along(tmp_path: Path) -> None:
    with open_album(tmp_path / "a") as album:
        noted = [album.note(look(f"c{i}"), "{}") for i in range(20)]
        assert not any(n.done() for n in noted)
        album.vacuum().result(5)
        assert all(n.done() for n in noted)


def test_a_row_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    with open_album(tmp_path / "a") as album:
        album.note(look("c1"), "{}")
        album.note(look("c2"), "{}")
        album._writer.put(lambda desk: desk.db.execute("UPDATE camera SET look = x'00' WHERE device = 'c1'")).result(5)
        assert set(album.looks()) == {"c2"}
        assert set(album.tracks()) == {"c1", "c2"}
