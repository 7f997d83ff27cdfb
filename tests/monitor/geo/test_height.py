from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.geo.fault import BadValueError
from camkeeper.geo.height import HIGHEST_M, height_of, length_m

ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.lists(st.integers(), max_size=2)
)


@pytest.mark.parametrize(
    ("written", "metres"),
    [
        ("6", 6.0),
        ("6 m", 6.0),
        ("6m", 6.0),
        ("6,5", 6.5),
        (" 6.5 M ", 6.5),
        ("6 米", 6.0),
        ("20'", 6.096),
        ("20 ft", 6.096),
        ("5'10\"", 1.778),
        (7, 7.0),
        (2.25, 2.25),
        (1000, 1000.0),
    ],
)
def test_lengths_as_people_write_them(written: object, metres: float) -> None:
    assert length_m(written) == pytest.approx(metres)


@pytest.mark.parametrize(
    "written",
    [
        0,
        -3,
        "0",
        "-5",
        "-5 m",
        "tall",
        "6-8",
        "",
        "1e3",
        "6 km",
        "٦",
        "6" * 40,
        1000.5,
        10**400,
        True,
        [6],
        {},
        math.nan,
        math.inf,
        -math.inf,
        "NaN",
        "inf",
    ],
)
def test_what_cannot_be_a_height_is_refused_in_both_languages(written: object) -> None:
    with pytest.raises(BadValueError) as refused:
        length_m(written)
    assert refused.value.zh
    assert refused.value.en


@pytest.mark.parametrize(
    ("tags", "height_m", "told"),
    [
        ({"height": "6"}, 6.0, 0),
        ({"height_m": 4, "height": "6"}, 4.0, 0),
        ({"building:levels": "2"}, 6.0, 0),
        ({"building:levels": 2.5}, 7.5, 0),
        ({"height": "tall", "building:levels": "2"}, 6.0, 1),
        ({"height": 0, "building:levels": "-1"}, None, 2),
        ({"height": "", "building:levels": None}, None, 0),
        ({}, None, 0),
        ({"min_height": "3"}, None, 0),
    ],
)
def test_a_bad_height_is_told_and_the_next_source_is_asked(
    tags: dict[str, Any], height_m: float | None, told: int
) -> None:
    found, bad = height_of(tags, storey_m=3.0, default_m=None)
    assert found == height_m
    assert len(bad) == told


def test_the_policys_default_comes_last() -> None:
    assert height_of({}, storey_m=3.0, default_m=5.0) == (5.0, ())
    assert height_of({"height": "tall"}, storey_m=3.0, default_m=5.0)[0] == 5.0


@given(st.dictionaries(st.sampled_from(["height_m", "height", "building:levels"]), ANYTHING))
def test_whatever_is_written_a_height_is_possible_or_unknown(tags: dict[str, Any]) -> None:
    height_m, _ = height_of(tags, storey_m=3.0, default_m=None)
    assert height_m is None or 0 < height_m <= HIGHEST_M
