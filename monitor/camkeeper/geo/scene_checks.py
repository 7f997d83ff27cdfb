"""What can be seen only over a whole scene: strangers far away, unknown keys and ids, a datum that doesn't fit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from math import cos, hypot, radians
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from camcover.datum import Datum, from_wgs84, suspect_datum
from camkeeper.geo.fault import Fault, printable
from camkeeper.geo.scene_features import (
    KEYS,
    OBSTACLE,
    SceneCamera,
    SceneObstacle,
    ScenePlace,
    SceneSite,
    Thing,
    a_kind,
)

MEMBERS = (
    "type",
    "name",
    "datum",
    "standard",
    "target_height_m",
    "synthetic",
    "attribution",
    "crs",
    "bbox",
    "features",
)
TOO_FAR_M = 300_000.0
"""Wider than a prefecture; beyond it a metric frame is not true any more, and the feature is surely a slip."""
_DEGREE_M = 111_320.0

Things = Mapping[str, tuple[str, Thing]]
Told = Callable[..., None]


def middle(things: Sequence[Thing]) -> tuple[float, float]:
    """Return a point in the midst of the scene, WGS-84: of a feature, so that one stranger doesn't move it."""
    chosen: list[Thing] = [thing for thing in things if not isinstance(thing, SceneObstacle)]
    chosen = chosen or list(things)
    if not chosen:
        return 0.0, 0.0
    boxes = shapely.bounds([thing.shape for thing in chosen])
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    nearest = int(np.abs(centres - np.median(centres, axis=0)).sum(axis=1).argmin())
    return float(centres[nearest, 0]), float(centres[nearest, 1])


def far_away(things: Things, told: Told) -> None:
    """Drop what lies farther from the scene than any township is wide."""
    lon, lat = middle([thing for _, thing in things.values()])
    for where, (_, thing) in list(things.items()):
        west, south, east, north = thing.shape.bounds
        corners = [(x, y) for x in (west, east) for y in (south, north)]
        if (distance_m := max(_apart_m(lon, lat, *corner) for corner in corners)) <= TOO_FAR_M:
            continue
        swapped = all(_apart_m(lon, lat, y, x) <= TOO_FAR_M for x, y in corners)
        zh = "：经纬度是否写反？" if swapped else ""
        en = ": are longitude and latitude swapped?" if swapped else ""
        far = f"{distance_m / 1000:,.0f} km"
        told(where, thing.id, f"距其余要素 {far}{zh}", f"lies {far} from the rest{en}", dropped=True)


def _apart_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return a distance that is true enough to tell a village from another country."""
    east = abs(lon - other_lon)
    return _DEGREE_M * hypot(min(east, 360.0 - east) * cos(radians(lat)), lat - other_lat)


def unknown_keys(
    members: Mapping[str, Any], used: Mapping[tuple[str, str], Sequence[str]], file: str, faults: list[Fault]
) -> None:
    """Tell what nobody reads, each key once; an obstacle may bring whatever OpenStreetMap knows of it."""
    for key in members:
        if key not in MEMBERS:
            zh, en = _meant(key, MEMBERS)
            faults.append(
                _hint(file, "", f"顶层的 {printable(key)} 未使用{zh}", f"member {printable(key)} is not used{en}")
            )
    for (kind, key), places in used.items():
        if key in KEYS[kind]:
            continue
        zh, en = _meant(key, KEYS[kind])
        if kind == OBSTACLE and not (zh and "_" in key):
            continue
        more = len(places) - 1
        rest_zh, rest_en = (f"（另有 {more} 处）", f" (and {more} more)") if more else ("", "")
        name = printable(key)
        faults.append(
            _hint(
                file,
                places[0],
                f"{kind} 的 {name} 未使用{zh}{rest_zh}",
                f"{name} of {a_kind(kind)} is not used{en}{rest_en}",
            )
        )


def _meant(key: str, known: Collection[str]) -> tuple[str, str]:
    near = get_close_matches(key[:60], list(known), n=1, cutoff=0.7)
    return (f"（是否想写 {near[0]}？）", f" (did you mean {near[0]}?)") if near else ("", "")


def _hint(file: str, where: str, zh: str, en: str) -> Fault:
    return Fault(file=file, where=where, id=None, zh=zh, en=en)


def references(things: Things, told: Told) -> None:
    """Tell key places outside every site, and names of sites and links that lead nowhere."""
    found = [thing for _, thing in things.values()]
    sites = {site.id: site.shape for site in found if isinstance(site, SceneSite)}
    cameras = {camera.id for camera in found if isinstance(camera, SceneCamera)}
    for where, (_, thing) in list(things.items()):
        if isinstance(thing, ScenePlace):
            _place(where, thing, sites, told)
        elif isinstance(thing, SceneSite) and thing.parent is not None and thing.parent not in sites:
            _nowhere(where, thing.id, "parent", thing.parent, sites, told)
        elif isinstance(thing, SceneCamera):
            for link in thing.links:
                if link in cameras:
                    told(
                        where,
                        thing.id,
                        f"链路 {printable(link)} 与摄像机同名",
                        f"link {printable(link)} has a camera's id",
                    )


def _place(where: str, place: ScenePlace, sites: Mapping[str, BaseGeometry], told: Told) -> None:
    if place.site is not None and place.site not in sites:
        _nowhere(where, place.id, "site", place.site, sites, told)
    if sites and not shapely.intersects(list(sites.values()), place.shape).any():
        told(where, place.id, "在所有地点的边界之外", "lies outside every site")


def _nowhere(where: str, id_: str, key: str, wanted: str, known: Iterable[str], told: Told) -> None:
    zh, en = _meant(wanted, list(known))
    told(where, id_, f"{key}：没有地点 {printable(wanted)}{zh}", f"{key}: no site {printable(wanted)}{en}")


def datum(things: Things, stated: Datum, file: str, faults: list[Fault]) -> None:
    """Tell where the cameras as a whole sit a datum's offset outside the sites."""
    found = [thing for _, thing in things.values()]
    cameras = [thing for thing in found if isinstance(thing, SceneCamera)]
    sites = [thing.shape for thing in found if isinstance(thing, SceneSite)]
    if not cameras or not sites:
        return
    points = np.array([[camera.mount.lon_deg, camera.mount.lat_deg] for camera in cameras])
    suspicion = suspect_datum(from_wgs84(points, stated), sites, stated=stated)
    if suspicion is not None:
        inside = f"{suspicion.inside_before} → {suspicion.inside_after} / {suspicion.points}"
        faults.append(
            _hint(
                file,
                "",
                f"文件写的是 {stated}，摄像机坐标却像是 {suspicion.datum}"
                f"（偏移 {suspicion.offset_m:.0f} 米；边界内 {inside}）",
                f"the file says {stated}, but the cameras look like {suspicion.datum}"
                f" ({suspicion.offset_m:.0f} m off; inside their sites {inside})",
            )
        )
