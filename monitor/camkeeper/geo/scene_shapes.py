"""The shapes of a scene for maps: viewsheds, blind and lost zones, key places, sites; WGS-84."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from camcover.viewshed import fields
from camkeeper.geo.feature import Feature
from camkeeper.geo.scene import LEAST_M2
from camkeeper.geo.scene_cover import SEEN, SceneCover, Shapes, union, view_of, within
from camkeeper.geo.shape import polygonal

Json = dict[str, Any]


def features(cover: SceneCover, figures: Json) -> Iterator[Feature]:
    """Yield everything that a map shows, the largest first so that smaller things lie on top."""
    yield from _sites(cover, figures)
    yield from _obstacles(cover)
    yield from _viewsheds(cover)
    yield from _dark(cover)
    yield from _keyplaces(cover, figures)
    for camera in cover.scene.cameras:
        details = cover.scene.details[camera.id]
        said = {
            "kind": "camera",
            "camera": camera.id,
            "name": details.name,
            "working": camera.id in cover.scene.working,
            "azimuth_deg": camera.mount.azimuth_deg,
            "links": list(details.links),
        }
        yield Feature(camera.id, details.shape, said)


def _lonlat(cover: SceneCover, shape: BaseGeometry) -> BaseGeometry:
    return cover.scene.frame.to_lonlat(shape)


def _sites(cover: SceneCover, figures: Json) -> Iterator[Feature]:
    for site, told in zip(cover.scene.sites, figures["sites"], strict=True):
        said = {"kind": "site", **{key: value for key, value in told.items() if key not in {"k", "survey"}}}
        yield Feature(site.id, _lonlat(cover, site.shape), said)


def _obstacles(cover: SceneCover) -> Iterator[Feature]:
    for obstacle in cover.scene.obstacles:
        yield Feature(obstacle.id, _lonlat(cover, obstacle.shape), {"kind": "obstacle", "height_m": obstacle.height_m})


def _viewsheds(cover: SceneCover) -> Iterator[Feature]:
    """Yield every camera's field at every band, by day and by night, and what a dome could turn to."""
    for night in (False, True):
        for band, shapes in cover.by_band.items():
            seen = shapes if night is cover.night else _fields(cover, band, night=night)
            yield from _fields_of(cover, seen, band=band, period="night" if night else "day")
    domes = [camera.ptz for camera in cover.scene.cameras]
    if any(domes):
        period = "night" if cover.night else "day"
        yield from _fields_of(cover, cover.envelope, band=SEEN, period=period, envelope=domes)


def _fields(cover: SceneCover, band: str, *, night: bool) -> Shapes:
    return fields(cover.scene.cameras, cover.terrain, view_of(cover.scene, band, night=night))


def _fields_of(
    cover: SceneCover, shapes: Shapes, *, band: str, period: str, envelope: list[bool] | None = None
) -> Iterator[Feature]:
    kind = "viewshed" if envelope is None else "envelope"
    outside = cover.scene.frame.to_lonlat(shapes)
    for at, camera in enumerate(cover.scene.cameras):
        if shapes[at].is_empty or (envelope is not None and not envelope[at]):
            continue
        said = {
            "kind": kind,
            "camera": camera.id,
            "name": cover.scene.details[camera.id].name,
            "band": band,
            "period": period,
            "working": camera.id in cover.scene.working,
            "area_m2": float(shapes[at].area),
        }
        yield Feature(f"{kind}:{camera.id}:{band}:{period}", outside[at], said)


def _dark(cover: SceneCover) -> Iterator[Feature]:
    """Yield what no camera sees, and what only cameras that don't work would see, site by site."""
    period = "night" if cover.night else "day"
    live = union(cover.seen[cover.working].tolist())
    for site in cover.scene.sites:
        seen = within(site.shape, cover.seen)
        for kind, shape in (
            ("blind", polygonal(shapely.difference(site.shape, seen))),
            ("lost", polygonal(shapely.difference(seen, live))),
        ):
            if shape.area >= LEAST_M2:  # less is noise of the overlay
                said = {"kind": kind, "site": site.id, "name": site.name, "period": period, "area_m2": shape.area}
                yield Feature(f"{kind}:{site.id}", _lonlat(cover, shape), said)


def _keyplaces(cover: SceneCover, figures: Json) -> Iterator[Feature]:
    for place, told in zip(cover.scene.keyplaces, figures["keyplaces"], strict=True):
        yield Feature(place.id, _lonlat(cover, place.shape), {"kind": "keyplace", **told})
