"""What to do about a scene's blind ground: turns, posts, night patrols. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import shapely
from shapely.geometry.base import BaseGeometry

from camcover.camera import Camera, View
from camcover.demand import Demand
from camcover.optics import Lens, Mount
from camcover.overlay import Place
from camcover.patrol import PatrolPlan, patrol
from camcover.plan import Kit, Plan, Wish, propose
from camcover.sight import Ask
from camcover.spots import spots
from camcover.terrain import Terrain
from camcover.viewshed import fields
from camkeeper.geo.scene import SceneFile
from camkeeper.geo.scene_cover import AREA, KEYPLACE, union
from camkeeper.geo.shape import polygonal

STEP_M = 2.0
_CELLS = 4_000
_MOST = 40_000
"""Cells, and as many steps: a town of 60 km2 gets cells of 40 m rather than an hour."""
_FINEST_M, _COARSEST_M = 2.0, 15.0
_SPOTS_AROUND_M = 30.0
_DEFAULT = Kit(
    mount=Mount(lon_deg=0.0, lat_deg=0.0),
    lens=Lens(hfov_deg=85.0, width_px=2560, height_px=1440, range_m=50.0, ir_range_m=30.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenePlan:
    """A plan, and the patrol of each site, in metres of the scene's frame."""

    scene: SceneFile
    night: bool
    demand: Demand
    cell_m: float
    step_m: float
    """How finely areas and lines were sampled."""
    kit: Kit
    like: str | None
    """The camera that new posts are like; None: the commonest kind here, or where there is none, a common one."""
    plan: Plan
    patrols: tuple[tuple[str, PatrolPlan], ...]


def kit_of(scene: SceneFile, like: str | None = None) -> Kit:
    """Return what new posts are like: this camera (KeyError where there is none), or the commonest fixed one."""
    if like is not None:
        camera = {camera.id: camera for camera in scene.cameras}[like]
        return Kit(mount=camera.mount, lens=camera.lens)
    kinds = Counter((one.mount.height_m, one.mount.tilt_deg, one.lens) for one in scene.cameras if not one.ptz)
    if not kinds:
        return _DEFAULT
    (height_m, tilt_deg, lens), _ = kinds.most_common(1)[0]
    return Kit(mount=replace(_DEFAULT.mount, height_m=height_m, tilt_deg=tilt_deg), lens=lens)


def build(
    scene: SceneFile,
    wish: Wish,
    *,
    night: bool = False,
    like: str | None = None,
    most_spots: int = 500,
    walks: bool = False,
    start: tuple[float, float] | None = None,
    budget_m: float = 4_000.0,
    progress: Callable[[str, str], None] = lambda zh, en: None,  # noqa: ARG005
) -> ScenePlan:
    """Plan a scene that has a site or a key place. `start`: of every patrol, in metres; None: amid each site.

    `progress` hears in two languages what begins.
    """
    terrain = Terrain.build(scene.obstacles)
    houses = union(one.shape for one in scene.obstacles if shapely.get_dimensions(one.shape) == 2)
    wanted = _places(scene, houses)
    where = _where(scene)
    cell_m, step_m = _fineness(wanted, where)
    demand = Demand.sample(wanted, cell_m=cell_m, step_m=step_m)
    ask = Ask(night=night, target_height_m=scene.target_height_m, standard=scene.standard)
    kit = kit_of(scene, like)
    roads = [road.shape for road in scene.roads]
    found = spots(where, scene.obstacles, roads, most=most_spots)
    progress(
        f"规划：{len(demand)} 个采样点，{len(scene.cameras)} 台摄像机，{len(found)} 个候选位置",
        f"planning: {len(demand)} elements, {len(scene.cameras)} cameras, {len(found)} spots",
    )
    plan = propose(scene.cameras, demand, terrain, found, kit, wish, ask)
    return ScenePlan(
        scene=scene,
        night=night,
        demand=demand,
        cell_m=cell_m,
        step_m=step_m,
        kit=kit,
        like=like,
        plan=plan,
        patrols=_patrols(scene, terrain, night, _Walks(start, budget_m, progress)) if walks else (),
    )


def _fineness(wanted: Sequence[Place], where: BaseGeometry) -> tuple[float, float]:
    """Return the length of a cell and of a step: fine for a village, and never more elements than can be weighed."""
    measures = [(place.dimension, place.shape.area, place.shape.length) for place in wanted]
    area = sum(area for dimension, area, _ in measures if dimension == 2)
    length = sum(length for dimension, _, length in measures if dimension == 1)
    cell_m = min(_COARSEST_M, max(_FINEST_M, sqrt(where.area / _CELLS)))
    return max(cell_m, sqrt(area / _MOST)), max(STEP_M, length / _MOST)


@dataclass(frozen=True, slots=True)
class _Walks:
    """How patrols are wanted, and who hears of them."""

    start: tuple[float, float] | None
    budget_m: float
    progress: Callable[[str, str], None]


def _places(scene: SceneFile, houses: BaseGeometry) -> list[Place]:
    return [
        *(Place(id=site.id, layer=AREA, shape=polygonal(site.shape.difference(houses))) for site in scene.sites),
        *(
            Place(id=place.id, layer=KEYPLACE, shape=place.shape, band=place.band, weight=place.weight)
            for place in scene.keyplaces
        ),
    ]


def _where(scene: SceneFile) -> BaseGeometry:
    """Return where posts may stand: in the sites, and around key places."""
    around = [place.shape.buffer(_SPOTS_AROUND_M) for place in scene.keyplaces]
    return union([*(site.shape for site in scene.sites), *(around if not scene.sites else ())])


def _patrols(scene: SceneFile, terrain: Terrain, night: bool, want: _Walks) -> tuple[tuple[str, PatrolPlan], ...]:  # noqa: FBT001
    """Walk the ground of each site that no camera working now sees."""
    view = View(night=night, target_height_m=scene.target_height_m)
    seen = union(fields([camera for camera in scene.cameras if camera.id in scene.working], terrain, view).tolist())
    made: list[tuple[str, PatrolPlan]] = []
    for number, site in enumerate(scene.sites, start=1):
        want.progress(f"巡逻 {number}/{len(scene.sites)}：{site.id}", f"patrol {number}/{len(scene.sites)}: {site.id}")
        near = [one for one in scene.keyplaces if one.shape.intersects(site.shape)]
        roads = [road.shape for road in scene.roads if road.shape.intersects(site.shape)]
        walk = patrol(
            polygonal(site.shape.difference(seen)),
            places=[Place(id=one.id, layer=one.type, shape=one.shape, weight=one.weight) for one in near],
            obstacles=[one for one in scene.obstacles if one.shape.intersects(site.shape)],
            roads=roads,
            start=want.start or _amid(site.shape, roads),
            budget_m=want.budget_m,
        )
        made.append((site.id, walk))
    return tuple(made)


def _amid(site: BaseGeometry, roads: Sequence[BaseGeometry]) -> tuple[float, float]:
    """Return the point of the roads nearest to the middle of a site, or the middle."""
    middle = site.representative_point()
    at = shapely.shortest_line(shapely.union_all(list(roads)), middle).coords[0] if roads else middle.coords[0]
    return float(at[0]), float(at[1])


def changed(made: ScenePlan) -> tuple[tuple[str, Camera, float], ...]:
    """Return (`turn` or `post`, camera as it would be, weight won): cameras turned, then posts numbered 1..."""
    turned = {step.camera_id: step.weight for step in made.plan.turns.steps}
    aimed = {camera.id: camera for camera in made.plan.turns.aimed(made.scene.cameras)}
    posts = enumerate(made.plan.posts, start=1)
    return (
        *(("turn", aimed[id_], weight) for id_, weight in turned.items()),
        *(("post", replace(post.camera, id=str(number)), post.weight) for number, post in posts),
    )
