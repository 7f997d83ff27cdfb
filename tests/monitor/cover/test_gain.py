"""What a repair gives back is exactly what coverage has more afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.cover.towns import HOUSES, camera, some_states, township, townships

from camkeeper.cover.gain import gains
from camkeeper.cover.sight import State
from camkeeper.cover.township import TownshipCover
from camkeeper.model.cover import AREA


def _upper(cover: TownshipCover, states: dict[str, State]) -> tuple[float, dict[str, float]]:
    """Return (ground seen in the whole town, amount seen of each key place), by day, as kindly as can be."""
    town = next(s for s in cover.standing(states, at_ms=0).sites if s.site_id == "town" and not s.night)
    area = next((layer.cover.upper for layer in town.layers if layer.layer == AREA), 0.0)
    return area, {p.id: p.cover.upper / p.cover.total for p in town.places if p.cover.total}


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_gain_is_the_difference_that_the_repair_makes(data: st.DataObject) -> None:
    registry = data.draw(townships())
    cover, states = TownshipCover.build(registry, HOUSES), data.draw(some_states(registry))
    ids = [d.id for d in registry.devices]
    group = frozenset(data.draw(st.sets(st.sampled_from(ids)))) if ids else frozenset()
    found = gains(cover.panels[0], states, {7: group | {"a-switch-without-mount"}})[7]
    after = {**states, **dict.fromkeys(group, State.WORKING)}
    (area, places), (area_after, places_after) = _upper(cover, states), _upper(cover, after)
    villages = sum(s.id.startswith("v") for s in registry.sites)
    if villages and cover.ground.measured:
        own = gains(cover.panels[0], states, {1: group})[1]
        assert own == found
    assert found.places == pytest.approx(sum(places_after[i] - places[i] for i in places), abs=1e-6)
    assert set(found.place_ids) == {i for i in places if places_after[i] > places[i]}
    assert found.area_m2 >= 0
    assert (found.area_m2 > 0) >= (area_after > area)


def test_a_village_pole_gives_back_its_ground_and_what_nothing_sees_gives_nothing() -> None:
    registry = township((camera("c0", 60, 60), camera("c1", 60, 60), camera("c2", 200, 60, site_id="v1")))
    cover = TownshipCover.build(registry, HOUSES)
    dark = {"c0": State.DARK, "c1": State.DARK, "c2": State.WORKING}
    found = gains(cover.panels[0], dark, {1: {"c0", "c1"}, 2: {"c0"}, 3: {"c2"}, 4: {"speaker"}})
    assert found[1].area_m2 == found[2].area_m2 > 100, "the same ground: whoever is repaired first gives it back"
    assert "road0" in found[1].place_ids
    assert (found[3].area_m2, found[3].places, found[4].area_m2) == (0, 0, 0)
