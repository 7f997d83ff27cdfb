"""Laws of what is said about coverage."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camboard.cover.amount import amount, measure, share, verdict
from camboard.cover.query import MapQuery
from camboard.cover.words import Sight
from camboard.i18n import languages
from camboard.query import BadQuery
from camkeeper.availability.buckets import Promise
from camkeeper.standing.coverage import Cover, LayerCover, Unit

totals = st.floats(0.0, 1e8, allow_nan=False)


@st.composite
def covers(draw: st.DrawFn) -> Cover:
    total = draw(totals)
    lower, upper, design = sorted(draw(st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3)))
    return Cover(
        unit=draw(st.sampled_from(Unit)), total=total, design=design * total, lower=lower * total, upper=upper * total
    )


def layer(cover: Cover, target_bp: int | None) -> LayerCover:
    return LayerCover(layer="area", target_bp=target_bp, cover=cover)


@given(covers(), st.integers(0, 10_000))
def test_met_and_missed_hold_whatever_the_unknown_cameras_do(cover: Cover, target_bp: int) -> None:
    judged = verdict(layer(cover, target_bp))
    if cover.total == 0:
        assert judged is Promise.UNDETERMINED
    elif judged is Promise.MET:
        assert cover.lower / cover.total >= target_bp / 10_000 - 2e-9
    elif judged is Promise.MISSED:
        assert cover.upper / cover.total < target_bp / 10_000
    else:
        assert cover.lower < cover.upper


def test_no_promise_no_verdict_and_an_exact_target_is_met_in_spite_of_floats() -> None:
    cover = Cover(unit=Unit.AREA, total=0.3, design=0.3, lower=0.1 + 0.2 - 1e-12, upper=0.3)
    assert verdict(layer(cover, None)) is None
    assert verdict(layer(cover, 10_000)) is Promise.MET


@given(st.floats(0.0, 1.0), st.integers(0, 2))
def test_shares_are_cut_never_rounded_up(ratio: float, decimals: int) -> None:
    text = share(ratio, decimals=decimals)
    assert text is not None
    assert Fraction(text.removesuffix("%")) / 100 <= Fraction(ratio) + Fraction(1, 10**8)
    assert Fraction(text.removesuffix("%")) / 100 > Fraction(ratio) - Fraction(1, 100 * 10**decimals) - Fraction(
        1, 10**8
    )


@given(st.floats(0.0, 1e9), st.sampled_from(Unit))
def test_losses_are_never_told_smaller_nor_gains_larger(value: float, unit: Unit) -> None:
    def number(text: str) -> float:
        scale = 1e6 if "km²" in text else 1e3 if "km" in text else 1.0
        return float(text.split(" ", maxsplit=1)[0].replace(",", "")) * scale

    slack = 1 + 1e-6
    assert number(amount(value, unit)) <= value * slack + 1e-6
    assert number(amount(value, unit, lost=True)) >= value / slack - 1e-6


@given(covers())
def test_a_measure_never_hides_what_is_unknown(cover: Cover) -> None:
    written = measure(layer(cover, 9500), languages()["zh"])
    if cover.total == 0:
        assert written.value is None
        assert written.scale is None
    elif written.exact:
        assert written.lower == written.upper == written.value
    else:
        assert written.value == f"{written.lower}–{written.upper}"


@pytest.mark.parametrize(
    ("lower", "upper", "sight"),
    [(0, 0, Sight.UNSEEN), (0, 5, Sight.UNKNOWN), (5, 5, Sight.PARTLY), (10, 10, Sight.SEEN), (5, 10, Sight.UNKNOWN)],
)
def test_how_a_key_place_fares(lower: float, upper: float, sight: Sight) -> None:
    assert Sight.of(Cover(unit=Unit.LENGTH, total=10, design=10, lower=lower, upper=upper)) is sight


_ids = st.text(st.characters(codec="utf-8", exclude_characters=", "), min_size=1, max_size=6).filter(
    lambda text: text == text.strip()
)


@given(st.none() | _ids, st.booleans(), st.lists(_ids, max_size=4), st.integers(1, 9), st.integers(1, 9))
def test_a_choice_is_read_back_from_its_address(
    site: str | None, night: bool, failed: list[str], places: int, sites: int
) -> None:
    from urllib.parse import parse_qsl, urlsplit

    made = MapQuery(site=site, night=night, failed=tuple(sorted(set(failed))), places=places, sites=sites)
    assert MapQuery.read(dict(parse_qsl(urlsplit(made.address()).query))) == made


@pytest.mark.parametrize("params", [{"night": "dark"}, {"failed": ",".join(map(str, range(65)))}, {"places": "0"}])
def test_unreadable_choices_are_refused(params: dict[str, str]) -> None:
    with pytest.raises(BadQuery):
        MapQuery.read(params)
