"""The figures of a plan as JSON values. Shares are of all weight asked, positions WGS-84."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from camcover.patrol import PatrolPlan
from camkeeper.geo.scene import SceneFile
from camkeeper.geo.scene_cover import digest
from camkeeper.geo.scene_plan import ScenePlan

Json = dict[str, Any]
DEFINITION = (
    "按权重计：每个地点（建筑以外的地面）权重 1，每个重点部位按其权重和等级，看见一半算一半；"
    "按全部摄像机（不论现在好坏）规划，只转固定机，俯仰不变；选点按边际收益贪心，上界是同样数量的立杆无论如何也超不过的数。"
)
DEFINITION_EN = (
    "By weight: each site (its ground outside buildings) weighs 1, each key place its own weight at its band, half seen"
    " counts half; planned on every camera whether it works now or not; only fixed cameras are turned, tilts stay;"
    " posts are chosen by marginal gain; the bound is what no choice of as many posts from these spots can exceed."
)


def document(made: ScenePlan) -> Json:
    """Return all figures."""
    scene, plan = made.scene, made.plan
    lens, mount = made.kit.lens, made.kit.mount
    return {
        "scene": scene.name,
        "synthetic": scene.synthetic,
        "attribution": scene.attribution,
        "crs": scene.frame.crs,
        "standard": scene.standard,
        "target_height_m": scene.target_height_m,
        "night": made.night,
        "definition": DEFINITION,
        "definition_en": DEFINITION_EN,
        "inputs": digest(scene, night=made.night),
        "elements": len(made.demand),
        "cell_m": made.cell_m,
        "step_m": made.step_m,
        "like": made.like,
        "kit": {
            "height_m": mount.height_m,
            "tilt_deg": mount.tilt_deg,
            "hfov_deg": lens.hfov_deg,
            "width_px": lens.width_px,
            "range_m": lens.range_m,
            "ir_range_m": lens.ir_range_m,
        },
        "before": _share(plan.before, plan.total),
        "turned": _share(plan.turns.after, plan.total),
        "after": _share(plan.after, plan.total),
        "turns": [_turn(made, number) for number in range(len(plan.turns.steps))],
        "azimuth_unknown": list(plan.turns.azimuth_unknown),
        "inside_building": list(plan.turns.inside_building),
        "posts": [_post(made, number) for number in range(len(plan.posts))],
        "options": plan.options,
        "guarantee": plan.guarantee,
        "reached": plan.reached,
        "at_least": plan.at_least,
        "exact": _exact(made),
        "places": _by_place(made),
        "patrols": [_walks(made, site, walk) for site, walk in made.patrols],
        "faults": [fault.to_json() for fault in scene.faults],
    }


def _share(weight: float, total: float) -> float:
    return weight / total if total else 0.0


def _lonlat(scene: SceneFile, x_m: float, y_m: float) -> Json:
    lon, lat = scene.frame.to_lonlat(np.array([[x_m, y_m]]))[0]
    return {"lon": round(float(lon), 7), "lat": round(float(lat), 7)}


def _won(made: ScenePlan, amounts: Sequence[float]) -> Json:
    """Return place id -> amount, where there is any."""
    pairs = zip(made.demand.places, amounts, strict=True)
    return {place.id: round(amount, 3) for place, amount in pairs if abs(amount) > 1e-6}


def _turn(made: ScenePlan, number: int) -> Json:
    step = made.plan.turns.steps[number]
    return {
        "camera": step.camera_id,
        "name": made.scene.details[step.camera_id].name,
        "from_deg": step.from_deg,
        "to_deg": step.to_deg,
        "gain": _share(step.weight, made.plan.total),
        "won": _won(made, step.amounts),
    }


def _post(made: ScenePlan, number: int) -> Json:
    post = made.plan.posts[number]
    return {
        "spot": post.spot.id,
        "kind": post.spot.kind,
        **_lonlat(made.scene, post.spot.x_m, post.spot.y_m),
        "azimuth_deg": post.camera.mount.azimuth_deg,
        "gain": _share(post.weight, made.plan.total),
        "after": _share(post.after, made.plan.total),
        "bound": _share(post.bound, made.plan.total),
        "won": _won(made, post.amounts),
    }


def _exact(made: ScenePlan) -> Json | None:
    exact = made.plan.exact
    if exact is None:
        return None
    return {"proven": exact.proven, "gap": exact.gap, "better": exact.better, "least_posts": exact.cheapest}


def _by_place(made: ScenePlan) -> list[Json]:
    demand, plan = made.demand, made.plan
    total = demand.amounts(np.ones(len(demand), dtype=np.bool_))
    turned = np.array(demand.amounts(plan.turns.seen))
    before = turned - np.sum([step.amounts for step in plan.turns.steps] or [(0.0,) * len(total)], axis=0)
    after = turned + np.sum([post.amounts for post in plan.posts] or [(0.0,) * len(total)], axis=0)
    names = {site.id: site.name for site in made.scene.sites}
    names |= {one.id: one.name for one in made.scene.keyplaces}
    return [
        {
            "id": place.id,
            "name": names[place.id],
            "layer": place.layer,
            "band": place.band,
            "weight": place.weight,
            "unit": ("count", "m", "m2")[place.dimension],
            "total": total[i],
            "before": max(0.0, float(before[i])),
            "turned": float(turned[i]),
            "after": float(after[i]),
        }
        for i, place in enumerate(demand.places)
    ]


def _walks(made: ScenePlan, site: str, walk: PatrolPlan) -> Json:
    return {
        "site": site,
        "blind_m2": walk.area_m2,
        "dropped": walk.dropped,
        "dropped_m2": walk.dropped_m2,
        "by_road": walk.by_road,
        "rounds": [
            {
                "length_m": one.length_m,
                "minutes": one.minutes,
                "weight": one.weight,
                "over_budget": one.over_budget,
                "stops": [
                    {
                        "number": stop.number,
                        **_lonlat(made.scene, stop.x_m, stop.y_m),
                        "area_m2": stop.area_m2,
                        "weight": stop.weight,
                        "place": stop.place_id,
                        "place_m": stop.place_m,
                        "leg_m": stop.leg_m,
                    }
                    for stop in one.stops
                ],
            }
            for one in walk.rounds
        ],
    }
