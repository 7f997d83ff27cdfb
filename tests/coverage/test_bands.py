"""Names of densities."""

from __future__ import annotations

import doctest

import pytest

from camcover import bands
from camcover.bands import SEEN, STANDARDS, BandError, names, px_per_m


def test_examples() -> None:
    assert doctest.testmod(bands).failed == 0


def test_the_published_densities() -> None:
    assert list(STANDARDS["dori"].values()) == [25, 62.5, 125, 250]
    assert list(STANDARDS["oodpcvs"].values()) == [20, 40, 80, 125, 250, 500, 1500]


@pytest.mark.parametrize("standard", STANDARDS)
def test_names_go_from_coarse_to_fine(standard: str) -> None:
    densities = [px_per_m(name, standard) for name in names(standard)]
    assert names(standard)[0] == SEEN
    assert densities == sorted(densities)
    assert densities[0] == 0


def test_a_name_of_the_other_standard_keeps_its_meaning() -> None:
    assert px_per_m("recognition", "oodpcvs") == 125
    assert px_per_m("scrutinise", "dori") == 1500


def test_unknown_names_are_told_with_what_there_is() -> None:
    with pytest.raises(BandError, match=r"no band 'watch'; there are seen, detection, .* overview, .*scrutinise"):
        px_per_m("watch")
    with pytest.raises(BandError, match="no standard 'iec'; there are dori, oodpcvs"):
        px_per_m("seen", "iec")


def test_the_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        STANDARDS["dori"]["detection"] = 1.0  # type: ignore[index]
