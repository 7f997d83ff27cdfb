"""A township's coverage as features for a map: viewsheds by state, what is lost and blind, key places, boundaries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from camkeeper.cover.sight import State
from camkeeper.geo.feature import Feature
from camkeeper.run.coverage.offline import Found
from camkeeper.standing.coverage import PlaceCover


def members(found: Found, *, night: bool) -> dict[str, Any]:
    """Return what is said of the file as a whole."""
    basis, registry = found.standing.basis, found.cover.registry
    out: dict[str, Any] = {
        "name": registry.name,
        "synthetic": registry.synthetic_geometry,
        "at_ms": found.standing.at_ms,
        "night": night,
        "computed_in": basis.crs,
        "policy": basis.policy,
        "lens_model": basis.lens_model,
        "definition": basis.definition,
        "definition_en": basis.definition_en,
        "inputs": basis.inputs,
    }
    attribution = found.cover.map.attribution
    return out | ({"attribution": "; ".join(attribution)} if attribution else {})


def features(found: Found, *, night: bool) -> list[Feature]:
    """Return all features, WGS-84, each with its `kind`."""
    return [*_grounds(found, night=night), *_cameras(found, night=night), *_places(found, night=night)]


def _grounds(found: Found, *, night: bool) -> Iterator[Feature]:
    cover, registry = found.cover, found.cover.registry
    shapes = cover.map
    by_site = {site.site_id: site for site in found.standing.sites if site.night is night}
    for site_id, boundary in shapes.boundaries.items():
        site = registry.site_by_id[site_id]
        area = next((one.cover for one in by_site[site_id].layers if one.layer == "area"), None)
        about: dict[str, Any] = {"site": site_id, "name": site.name, "name_en": site.name_en, "site_kind": site.kind}
        if area is not None:
            about |= {
                "area_m2": area.total,
                "design_m2": area.design,
                "lower_m2": area.lower,
                "upper_m2": area.upper,
            }
        yield Feature(site_id, boundary, {"kind": "site", **about})
    at_ms = found.standing.at_ms
    for site_id in cover.ground.measured:
        dark = cover.darkness(found.states, site_id, night=night, at_ms=at_ms)
        name = registry.site_by_id[site_id].name
        for kind, shape in (("lost", dark.lost), ("blind", dark.blind)):
            if not shape.is_empty:
                yield Feature(f"{kind}:{site_id}", shape, {"kind": kind, "site": site_id, "name": name})


def _cameras(found: Found, *, night: bool) -> Iterator[Feature]:
    devices = found.cover.registry.device_by_id
    for field in found.cover.map.fields:
        state = found.states.get(field.device_id, State.UNKNOWN)
        about = {
            "kind": "viewshed",
            "camera": field.device_id,
            "name": devices[field.device_id].name,
            "site": field.site_id,
            "state": state.value,
            "azimuth_deg": field.azimuth_deg,
            "inside_building": field.inside_building,
        }
        yield Feature(f"viewshed:{field.device_id}", field.night if night else field.day, about)


def _places(found: Found, *, night: bool) -> Iterator[Feature]:
    covers: dict[str, PlaceCover] = {
        place.id: place for site in found.standing.sites if site.night is night for place in site.places
    }
    for place_id, shape in found.cover.map.places:
        place = covers[place_id]
        yield Feature(
            place_id,
            shape,
            {
                "kind": "keyplace",
                "name": place.name,
                "site": place.site_id,
                "type": place.type.value,
                "band": place.band,
                "unit": place.cover.unit.value,
                "total": place.cover.total,
                "design": place.cover.design,
                "lower": place.cover.lower,
                "upper": place.cover.upper,
            },
        )
