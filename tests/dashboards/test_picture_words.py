"""Aims, clocks and good-order rates in words: laws of the pure parts."""

from __future__ import annotations

import doctest
import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboards.picture_town import DRIFTS, TURNED, finding, looked, pictures, town_value
from tests.dashboards.township import AT_MS, DAY_MS, HOUR_MS

from camboard.device.aim import aim_view
from camboard.i18n import languages
from camboard.index import index
from camboard.picture import goodrate
from camboard.picture import words as picwords
from camboard.picture.goodrate import good
from camboard.picture.index import PictureCache, is_found, picture_index
from camboard.picture.view import clock_view, finding_view, picture_part
from camboard.picture.words import clock_word, correction_word, degrees, turned_deg
from camkeeper.availability.buckets import Buckets
from camkeeper.model.picture import Context, PictureVerdict, Scope
from camkeeper.model.view import Viewed
from camkeeper.standing.picture import Aimed, PictureView

ZH, EN = languages()["zh"], languages()["en"]
ZONE = ZoneInfo("Asia/Shanghai")
BEARINGS = st.floats(0, 360, exclude_max=True)


def test_examples_hold() -> None:
    for module in (picwords, goodrate):
        assert doctest.testmod(module).failed == 0


def test_every_verdict_context_scope_and_look_has_a_word() -> None:
    assert set(picwords.PICTURE) == set(PictureVerdict)
    assert set(picwords.CONTEXT) == set(Context)
    assert set(picwords.SCOPE) == set(Scope)
    assert set(picwords.VIEWED) == set(Viewed)


@given(BEARINGS, BEARINGS)
def test_a_turn_is_the_short_way_round(planned: float, measured: float) -> None:
    turned = turned_deg(planned, measured)
    assert -180 < turned <= 180
    assert (planned + turned - measured + 1e-6) % 360 < 2e-6


@given(st.floats(-720, 720))
def test_a_bearing_is_written_below_360(value: float) -> None:
    for decimals in (0, 1):
        assert 0 <= float(degrees(value, decimals=decimals).removesuffix("°")) < 360


@given(BEARINGS, BEARINGS, st.floats(0, 400))
def test_the_compass_points_where_the_words_say(planned: float, measured: float, error: float) -> None:
    aimed = Aimed(planned_deg=planned, measured_deg=measured, error_deg=error, since_ms=AT_MS)
    made = aim_view(aimed, None, ZONE, ZH)
    assert made is not None
    assert abs((made.planned_at - planned + 180) % 360 - 180) <= 0.051
    assert abs((made.measured_at - measured + 180) % 360 - 180) <= 0.051
    assert made.error != "±0.0°"  # nothing is measured exactly
    numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", made.wedge)]
    assert max(abs(n) for n in numbers) <= 44.01


def test_without_a_measured_aim_the_planned_one_stands_alone() -> None:
    assert aim_view(None, None, ZONE, ZH) is None
    made = aim_view(None, 120.0, ZONE, ZH)
    assert made is not None
    assert (made.planned, made.measured, made.wedge) == ("120°", "", "")


@given(st.floats(-1e7, 1e7))
def test_fast_is_taken_away_and_slow_is_added(offset_s: float) -> None:
    word, what = clock_word(offset_s, ZH), correction_word(offset_s, ZH)
    if abs(offset_s) < 1:
        assert (word, what) == ("准", "录像时间不必校正")
    else:
        assert ("快" in word, "减" in what) == (offset_s > 0, offset_s > 0)
        assert ("慢" in word, "加" in what) == (offset_s < 0, offset_s < 0)


def test_a_clock_with_its_history() -> None:
    at = index(town_value())
    made = clock_view(DRIFTS[-1], None, DRIFTS, at, ZH)
    assert made.now == "准"
    assert [row.word for row in made.rows] == ["11月19日准", "5月3日快 4 分 12 秒", "4月5日慢 3 秒"]
    assert made.rows[1].correction == "录像时间减 4 分 12 秒 为真实时间"
    assert clock_view(None, None, (), at, ZH).now == ""
    assert clock_view(None, -75.4, (), at, EN).now == "1 min 15 s slow"


@pytest.mark.parametrize(
    ("view", "tone"),
    [
        (PictureView(device_id="x", looked_ms=None, context=None, verdict=None), "unknown"),
        (looked("x", PictureVerdict.BLUR), "unknown"),
        (looked("x", baselines=()), "unknown"),
        (looked("x", context=Context.DAY, baselines=looked("x").baselines[1:]), "unknown"),
        (looked("x", finding=finding("x", PictureVerdict.FOG, scope=Scope.WEATHER)), "unknown"),
        (looked("x", finding=finding("x", PictureVerdict.FROZEN, scope=Scope.PLATFORM)), "degraded"),
        (looked("x", finding=finding("x", PictureVerdict.OK)), "up"),
        (looked("x"), "up"),
    ],
)
def test_only_a_look_against_a_baseline_is_ever_green(view: PictureView, tone: str) -> None:
    value = town_value()
    device = replace(value.devices[0], id="x")
    at = replace(pictures(), cameras={"x": view})
    made = picture_part(at, device, index(value), ZH)
    assert made.tone == tone
    assert picture_part(replace(at, cameras={}), device, index(value), ZH).tone == "unknown"


def test_a_look_is_unproved_until_it_says_what_is_proved() -> None:
    value = town_value()
    for verdict, unproved in ((PictureVerdict.COVER, False), (PictureVerdict.BLUR, True), (PictureVerdict.OK, False)):
        view = looked(value.devices[0].id, verdict, finding=finding("x", PictureVerdict.COVER))
        made = picture_part(replace(pictures(), cameras={view.device_id: view}), value.devices[0], index(value), ZH)
        assert made.look is not None
        assert made.look.unproved is unproved
    assert finding_view(finding("x", PictureVerdict.OK), AT_MS, ZONE, ZH) is None


def test_cameras_are_counted_with_all_below() -> None:
    value = town_value()
    at = index(value)
    made = picture_index(pictures(), at)
    assert made.looked["town"] == 5
    assert made.found["town"] == 2  # weather is nobody's
    assert sum(made.looked[site.id] for site in value.sites if site.parent_id == "town") == 5
    assert is_found(looked("x", finding=finding("x", PictureVerdict.CAST))) is False
    assert made.of(TURNED) is not None
    cache, seen = PictureCache(), pictures()
    assert cache.of(None, at) is None
    assert cache.of(seen, at) is cache.of(seen, at)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.data())
def test_good_order_never_beats_the_online_rate(up: int, down: int, unknown: int, data: st.DataObject) -> None:
    degraded = data.draw(st.integers(0, up))
    made = good(Buckets(up_ms=up, down_ms=down, unknown_ms=unknown, degraded_ms=degraded), ZH)
    assert (made.value is None) == (up + down == 0)
    assert (made.bounds is None) == (up + down + unknown == 0)
    assert (made.lost == "") == (degraded == 0)
    if made.value is not None and made.bounds is not None:
        low, high = (float(text.removesuffix("%")) for text in made.bounds[1:-1].split(", "))
        assert low <= float(made.value.removesuffix("%")) <= high


def test_good_order_says_of_what() -> None:
    made = good(Buckets(up_ms=DAY_MS, degraded_ms=6 * HOUR_MS, down_ms=6 * HOUR_MS), ZH)
    assert (made.value, made.of, made.lost) == ("60.00%", "已知 30.0 小时", "在线而画面不可用 6.0 小时")
