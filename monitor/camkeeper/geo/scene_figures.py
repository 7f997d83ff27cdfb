"""The figures of a scene as JSON values: every percentage with how it was made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from camcover import doubt
from camcover.overlay import Amounts
from camcover.resilience import without
from camkeeper.geo.scene_cover import SEEN, SceneCover, digest, groups, within
from camkeeper.geo.scene_features import ASSUMED_WIDTH_PX, STOREY_M

Json = dict[str, Any]
DEFINITION = (
    "覆盖率 = 地点边界内、摄像机实际看得到的平面面积 ÷ 边界面积：按遮挡物精确求可视域，重叠只计一次；"
    "open_ 各项按空地计（边界内扣除建筑物占地）；"
    "ratio 按全部摄像机，live_ratio 只按在用摄像机；方位未知的摄像机不计；球机只计当前预置位。"
)
DEFINITION_EN = (
    "Coverage is the area inside a site's boundary that cameras really see, over the area of the boundary: exact"
    " viewsheds behind obstacles, overlaps counted once; open_ figures are of open ground, the boundary less the"
    " footprints of buildings; ratio counts every camera, live_ratio the working ones only;"
    " a camera of unknown azimuth claims nothing; a dome counts by its present preset."
)
UNITS = ("count", "m", "m2")
_NOTHING = 1e-6
"""Amounts below are noise of floating point."""


def document(cover: SceneCover, *, if_fails: Sequence[str] = (), trials: int = 0, step: Callable[[str], None]) -> Json:
    """Return all figures. `if_fails`: known ids of cameras or links; `step` hears of each survey band's site."""
    scene = cover.scene
    seen_now, by_design = cover.overlay.seen(cover.working), cover.overlay.seen(cover.design)
    return {
        "scene": scene.name,
        "synthetic": scene.synthetic,
        "attribution": scene.attribution,
        "datum": str(scene.datum),
        "crs": scene.frame.crs,
        "standard": scene.standard,
        "target_height_m": scene.target_height_m,
        "lens_model": ", ".join(sorted({str(camera.lens.model) for camera in scene.cameras})),
        "night": cover.night,
        "definition": DEFINITION,
        "definition_en": DEFINITION_EN,
        "inputs": digest(scene, night=cover.night),
        "assumed": assumed(cover),
        "cameras": _cameras(cover),
        "sites": [_site(cover, number, trials, step) for number in range(len(scene.sites))],
        "keyplaces": _keyplaces(cover, by_design, seen_now),
        "sole": _sole(cover),
        "if_fails": _if_fails(cover, if_fails),
        "faults": [fault.to_json() for fault in scene.faults],
    }


def _cameras(cover: SceneCover) -> list[Json]:
    names = [band for band in cover.by_band if band != SEEN]
    areas = {band: shapely.area(shapes) for band, shapes in cover.by_band.items()}
    valid = np.logical_and.reduce([shapely.is_valid(shapes) for shapes in cover.by_band.values()])
    dark, envelope = shapely.area(cover.seen_by_night), shapely.area(cover.envelope)
    return [
        {
            "id": camera.id,
            "name": cover.scene.details[camera.id].name,
            "area_m2": float(areas[SEEN][i]),
            "valid": bool(valid[i]),
            "working": camera.id in cover.scene.working,
            "inside_building": cover.placed[i].inside,
            "on_roof": cover.placed[i].on_roof,
            "moved_m": cover.placed[i].moved_m,
            "azimuth_known": camera.mount.azimuth_deg is not None or camera.lens.hfov_deg >= 360,
            "ptz": camera.ptz,
            "bands": {band: float(areas[band][i]) for band in names},
            "night_area_m2": float(dark[i]),
            "envelope_m2": float(envelope[i]) if camera.ptz else None,
        }
        for i, camera in enumerate(cover.scene.cameras)
    ]


def _site(cover: SceneCover, number: int, trials: int, step: Callable[[str], None]) -> Json:
    site = cover.scene.sites[number]
    area = float(site.shape.area)
    covered = float(within(site.shape, cover.seen).area)
    live = float(within(site.shape, cover.seen[cover.working]).area)
    dark = float(within(site.shape, cover.seen_by_night).area)
    ground = cover.open_ground(site.shape)
    open_m2 = float(ground.area)
    open_covered = covered if ground is site.shape else float(within(ground, cover.seen).area)
    open_live = live if ground is site.shape else float(within(ground, cover.seen[cover.working]).area)
    depths = cover.overlay.depth(cover.design, 1 + number)
    return {
        "id": site.id,
        "name": site.name,
        "kind_of_site": site.kind_of_site,
        "parent": site.parent,
        "area_m2": area,
        "covered_m2": covered,
        "ratio": covered / area,
        "live_m2": live,
        "live_ratio": live / area,
        "blind_m2": area - covered,
        "open_m2": open_m2,
        "open_ratio": open_covered / open_m2 if open_m2 else None,
        "open_live_ratio": open_live / open_m2 if open_m2 else None,
        "open_blind_m2": max(0.0, open_m2 - open_covered),
        "night_m2": dark,
        "night_ratio": dark / area,
        "target": site.target,
        "met": None if site.target is None else bool(live / area * 100 >= site.target - _NOTHING),
        "k": {str(k): float(amount) for k, amount in enumerate(depths)},
        "survey": _survey(cover, site.id, site.shape, trials, step),
    }


def _survey(cover: SceneCover, id_: str, shape: BaseGeometry, trials: int, step: Callable[[str], None]) -> Json | None:
    """Return what survey errors do to the design share; None where nobody asked."""
    if trials <= 0:
        return None
    step(id_)
    band = doubt.survey_band(cover.scene.cameras, cover.terrain, shape, cover.view(), trials=trials)
    return {
        "as_entered": band.as_entered,
        "p5": band.p5,
        "p50": band.p50,
        "p95": band.p95,
        "known_azimuth_only": band.known_azimuth_only,
        "trials": trials,
    }


def _keyplaces(cover: SceneCover, by_design: Amounts, now: Amounts) -> list[Json]:
    first = 1 + len(cover.scene.sites)
    out = []
    for at, place in enumerate(cover.scene.keyplaces, start=first):
        total = float(cover.overlay.totals[at])
        share = float(now[at]) / total
        out.append(
            {
                "id": place.id,
                "name": place.name,
                "type": place.type,
                "site": place.site,
                "band": place.band,
                "unit": UNITS[cover.overlay.places[at].dimension],
                "total": total,
                "seen": float(by_design[at]),
                "live": float(now[at]),
                "ratio": float(by_design[at]) / total,
                "live_ratio": share,
                "target": place.target,
                "met": bool(share * 100 >= place.target - _NOTHING),
            }
        )
    return out


def _sole(cover: SceneCover) -> dict[str, float]:
    """Return the area that a working camera alone sees within the sites, by its id."""
    alone = cover.overlay.sole(cover.working)[:, 0]
    return {camera.id: float(alone[i]) for i, camera in enumerate(cover.scene.cameras)}


def _if_fails(cover: SceneCover, ids: Collection[str]) -> list[Json]:
    """Return what each failure alone would darken of what is seen now, in the order asked."""
    known = groups(cover.scene)
    wanted = {id_: known[id_] for id_ in dict.fromkeys(ids)}
    losses = {loss.group_id: loss.amounts for loss in without(cover.overlay, cover.working, wanted)}
    return [_loss(cover, id_, sorted(wanted[id_] & cover.scene.working), losses[id_]) for id_ in wanted]


def _loss(cover: SceneCover, id_: str, cameras: list[str], amounts: Amounts) -> Json:
    sites, overlay = len(cover.scene.sites), cover.overlay
    places = [(overlay.places[at], float(amounts[at])) for at in range(1 + sites, len(overlay.places))]
    return {
        "id": id_,
        "cameras": cameras,
        "lost_m2": float(amounts[0]),
        "lost_road_m": sum(amount for place, amount in places if place.dimension == 1),
        "lost_keyplaces": [place.id for place, amount in places if amount > _NOTHING],
        "lost_by_keyplace": {place.id: amount for place, amount in places if amount > _NOTHING},
        "lost_by_site": {overlay.places[at].id: float(amounts[at]) for at in range(1, 1 + sites)},
    }


_ASSUMED = {
    "width_px": (ASSUMED_WIDTH_PX, "分辨率按 1920 像素宽计", "1920 pixels across"),
    "height_px": ("16:9", "画面按 16:9 计", "a picture of 16:9"),
    "vfov_deg": (
        "from hfov_deg",
        "垂直视场角由水平视场角与画面比例推算",
        "vertical field of view from the horizontal one",
    ),
    "lens_model": ("rectilinear", "按直线镜头计（180° 起按鱼眼）", "a rectilinear lens (fisheye from 180 degrees on)"),
    "position_error_m": (
        3.0,
        "点位误差按 3 米计（仅用于误差区间）",
        "position known to 3 m (for the survey band only)",
    ),
    "azimuth_error_deg": (
        5.0,
        "方位误差按 5° 计（仅用于误差区间）",
        "azimuth known to 5 degrees (for the survey band only)",
    ),
}


def assumed(cover: SceneCover) -> list[Json]:
    """Return every figure that the file doesn't give and that was taken instead, with how many it concerns."""
    out = []
    for key, (value, zh, en) in _ASSUMED.items():
        count = sum(key in camera.assumed for camera in cover.scene.details.values())
        if count:
            out.append({"key": key, "value": value, "count": count, "zh": zh, "en": en})
    if cover.scene.by_storeys:
        zh, en = f"每层按 {STOREY_M:g} 米计", f"{STOREY_M:g} m a storey"
        out.append({"key": "storey_m", "value": STOREY_M, "count": cover.scene.by_storeys, "zh": zh, "en": en})
    return out + _unknown(cover)


def _unknown(cover: SceneCover) -> list[Json]:
    """Return what was left open where the file says nothing, with how many it concerns."""
    cameras = cover.scene.cameras
    counts = (
        (
            "obstacle_height_m",
            sum(obstacle.height_m is None for obstacle in cover.scene.obstacles),
            "高度未知的遮挡物视为完全遮挡",
            "an obstacle of unknown height blocks wholly",
        ),
        (
            "height_m",
            sum(camera.mount.height_m is None for camera in cameras),
            "架设高度未知：任何遮挡物都视为完全遮挡，不计近端盲区与远端界限",
            "camera height unknown: every obstacle blocks wholly, no near blind zone or far limit is drawn",
        ),
        (
            "tilt_deg",
            sum(camera.mount.height_m is not None and camera.mount.tilt_deg is None for camera in cameras),
            "俯角未知：不计近端盲区与远端界限",
            "tilt unknown: no near blind zone or far limit is drawn",
        ),
        (
            "ir_range_m",
            sum(camera.lens.ir_range_m is None for camera in cameras),
            "没有红外距离：夜间不计其覆盖",
            "no infrared range: nothing is claimed by night",
        ),
    )
    return [{"key": key, "value": None, "count": count, "zh": zh, "en": en} for key, count, zh, en in counts if count]
