"""Learning: in any order, from healthy pictures of one scene alone, and never from too few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.picture.photos import FOREST, jpeg, look, photo
from tests.monitor.picture.views import LATER, fleet_jpeg, fleet_sheets, learnable, photo_baseline, photo_sheets

from camfleet.faults import Fault, FaultKind
from camkeeper.model.picture import Context
from camkeeper.picture.baseline import BaselineError
from camkeeper.picture.diagnose import diagnose
from camkeeper.picture.learning import learn
from camkeeper.picture.measure import sheet_of


@settings(max_examples=4, deadline=None)
@given(st.permutations(range(5)))
def test_the_order_does_not_matter(order: list[int]) -> None:
    sheets = photo_sheets()
    made = learn([sheets[i] for i in order], context=Context.DAY)
    known = photo_baseline()
    assert made.strays == known.strays
    assert made.usual.numbers == known.usual.numbers
    assert np.array_equal(made.usual.edges, known.usual.edges)


def test_faulty_and_strange_pictures_are_left_out() -> None:
    dead = learnable(jpeg(np.zeros((720, 960, 3), np.uint8)))
    elsewhere = learnable(jpeg(look(1, photo(FOREST))))
    made = learn([*photo_sheets(), dead, elsewhere], context=Context.DAY)
    assert (made.frames, made.dropped) == (5, 2)
    assert made.strays == photo_baseline().strays


def test_another_size_is_left_out() -> None:
    small = learnable(jpeg(look(1, photo(width=640, height=480))))
    made = learn([small, *photo_sheets()], context=Context.DAY)
    assert (made.frames, made.dropped, made.width_px) == (5, 1, 480)


@pytest.mark.parametrize("many", [0, 1, 4])
def test_fewer_than_five_are_refused_in_both_languages(many: int) -> None:
    with pytest.raises(BaselineError) as told:
        learn(photo_sheets()[:many], context=Context.DAY)
    assert f"只有 {many} 张" in str(told.value)
    assert f"only {many} healthy pictures" in str(told.value)


def test_sheets_without_an_aim_are_refused() -> None:
    with pytest.raises(BaselineError, match="朝向"):
        learn([replace(s, aim=None) for s in photo_sheets()], context=Context.DAY)


def test_limits_come_closer_the_more_was_seen() -> None:
    few, more = learn(photo_sheets(), context=Context.DAY), learn(photo_sheets(9), context=Context.DAY)
    assert more.frames == 9
    assert few.high("p50") / max(few.strays["p50"][1], 1e-6) > more.high("p50") / max(more.strays["p50"][1], 1e-6)


def test_one_tone_is_no_scene() -> None:
    grey = sheet_of(np.full((360, 480, 3), 90, np.uint8))
    with pytest.raises(BaselineError):
        learn([grey] * 8, context=Context.NIGHT)


@pytest.mark.parametrize("kind", [FaultKind.BLUR, FaultKind.NOISE, FaultKind.STRIPES])
def test_a_lens_or_wire_that_fails_while_being_learned_does_not_become_usual(kind: FaultKind) -> None:
    """One of six, then two of ten: the next one alarms all the same."""
    spoilt = learnable(fleet_jpeg(4, 12, Fault(kind=kind)))
    once = learn([*fleet_sheets(Context.DAY), spoilt], context=Context.DAY)
    assert (once.frames, once.dropped) == (5, 1)
    again = learnable(fleet_jpeg(5, LATER[Context.DAY], Fault(kind=kind)))
    assert diagnose(again, once).verdict.value == kind.value
    clean = [learnable(fleet_jpeg(day, hour)) for day, hour in ((4, 9), (4, 11), (4, 15))]
    twice = learn([*fleet_sheets(Context.DAY), *clean, spoilt, again], context=Context.DAY)
    assert (twice.frames, twice.dropped) == (8, 2)


def test_a_camera_that_is_often_soft_is_learned_as_it_is() -> None:
    soft = [learnable(fleet_jpeg(4, hour, Fault(kind=FaultKind.BLUR))) for hour in (9, 11, 15)]
    made = learn([*fleet_sheets(Context.DAY), *soft], context=Context.DAY)
    assert made.dropped == 0
