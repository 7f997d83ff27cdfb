"""A plan as shapes for a map: turned cameras and posts with what they would see, stops and rounds of patrols."""

from __future__ import annotations

from collections.abc import Iterable

import shapely
from shapely.geometry.base import BaseGeometry

from camcover.camera import View
from camcover.patrol import Round
from camcover.terrain import Terrain
from camcover.viewshed import fields
from camkeeper.geo.feature import Feature
from camkeeper.geo.scene import SceneFile
from camkeeper.geo.scene_plan import ScenePlan, changed


def features(made: ScenePlan) -> Iterable[Feature]:
    """Return features in WGS-84, of kinds `turn`, `post`, `field`, `round`, `stop` and `blind`."""
    scene, found = made.scene, changed(made)
    view = View(night=made.night, target_height_m=scene.target_height_m)
    seen = fields([camera for _, camera, _ in found], Terrain.build(scene.obstacles), view)
    for (kind, camera, weight), field in zip(found, seen, strict=True):
        id_ = f"{kind}-{camera.id}"
        at = shapely.Point(camera.x_m, camera.y_m)
        yield _feature(scene, id_, at, kind=kind, name=id_, azimuth_deg=camera.mount.azimuth_deg, gain_weight=weight)
        yield _feature(scene, f"{id_}-field", field, kind="field", name=id_)
    for site, walk in made.patrols:
        for number, one in enumerate(walk.rounds, start=1):
            yield from _round(scene, site, number, one)


def _round(scene: SceneFile, site: str, number: int, one: Round) -> Iterable[Feature]:
    line = [(stop.x_m, stop.y_m) for stop in one.stops]
    if len(line) > 1:
        told = {"name": f"{site} {number}", "length_m": one.length_m, "minutes": one.minutes}
        yield _feature(scene, f"{site}-round-{number}", shapely.LineString(line), kind="round", **told)
    for stop in one.stops:
        name = {"name": str(stop.number), "site": site, "round": number}
        about = {"area_m2": stop.area_m2, "leg_m": stop.leg_m, "place": stop.place_id}
        at = shapely.Point(stop.x_m, stop.y_m)
        yield _feature(scene, f"{site}-stop-{stop.number}", at, kind="stop", **name, **about)
        yield _feature(scene, f"{site}-blind-{stop.number}", stop.zone, kind="blind", **name)


def _feature(scene: SceneFile, id_: str, shape: BaseGeometry, **properties: object) -> Feature:
    return Feature(id=id_, geometry=scene.frame.to_lonlat(shape), properties=properties)
