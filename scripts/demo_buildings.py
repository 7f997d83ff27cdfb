"""Builds config/daguo-buildings.geojson for demo_township.py: synthetic settlements around the cameras, no real place.

Rows of farmhouses along lanes, courtyards with walls, L- and U-shaped houses, tree rows, roads; properties as
OpenStreetMap names them. A few oddities are meant: one camera inside a house, one on a low roof, houses without height.
Metres are east and north of a village's middle.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from shapely import STRtree
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

LonLat = tuple[float, float]
Metric = tuple[float, float]

SEED = 20261101
CAMPUS = 1
"""The village with the school that has a boundary of its own."""
LOT_M = (20.0, 26.0)
WEST, EAST, SOUTH, NORTH = -300.0, 385.0, -205.0, 300.0
CLEAR_CAMERA_M, CLEAR_POINT_M, CLEAR_LINE_M, CLEAR_AREA_M = 6.0, 4.0, 3.0, 1.5
STREET_M, CROSS_M, LANE_M = 8.0, 5.0, 3.5
"""From the middle of a road to the nearest wall."""
MAIN_STREET: tuple[Metric, ...] = (
    (-520.0, 5.0),
    (-400.0, 5.0),
    (-120.0, 0.0),
    (150.0, -6.0),
    (400.0, 0.0),
    (520.0, 0.0),
)
CROSS_STREET: tuple[Metric, ...] = ((-120.0, -260.0), (-120.0, 0.0), (-120.0, 310.0))
BACK_LANE: tuple[Metric, ...] = ((-300.0, 116.0), (-120.0, 118.0), (95.0, 121.0), (380.0, 118.0))
EAST_LANE: tuple[Metric, ...] = ((206.0, -200.0), (206.0, -5.0), (206.0, 290.0))


@dataclass(slots=True)
class Keep:
    """What must stay free in one village, and what stands already."""

    shapes: list[BaseGeometry] = field(default_factory=list)
    clear_m: list[float] = field(default_factory=list)

    def add(self, shape: BaseGeometry, clear_m: float) -> None:
        """Keep `clear_m` around `shape` free."""
        self.shapes.append(shape)
        self.clear_m.append(clear_m)

    def tester(self) -> Callable[[BaseGeometry], bool]:
        """Return the question whether something may stand."""
        tree, widest = STRtree(self.shapes), max(self.clear_m, default=0.0)

        def may_stand(shape: BaseGeometry) -> bool:
            near = tree.query(shape, predicate="dwithin", distance=widest)
            return all(self.shapes[k].distance(shape) >= self.clear_m[k] for k in near)

        return may_stand


@dataclass(slots=True)
class Scene:
    """The features of one village."""

    id: str
    rng: random.Random
    at: Callable[[float, float], LonLat]
    features: list[str] = field(default_factory=list)
    serial: int = 0

    def add(self, kind: str, points: Sequence[Metric], **tags: str) -> None:
        """Add a polygon or line, one feature a line of the file."""
        self.serial += 1
        there = [list(self.at(*p)) for p in points]
        closed = kind == "Polygon"
        geometry = {"type": kind, "coordinates": [[*there, there[0]]] if closed else there}
        properties = {key.replace("__", ":"): value for key, value in tags.items()}
        feature = {"type": "Feature", "id": f"{self.id}-{self.serial}", "properties": properties, "geometry": geometry}
        self.features.append(json.dumps(feature, separators=(",", ":"), ensure_ascii=False))

    def height(self) -> dict[str, str]:
        """Return how somebody noted a farmhouse's height, if they did: one storey or two."""
        storeys = 1 if self.rng.random() < 0.55 else 2
        metres = self.rng.uniform(3.2, 4.6) if storeys == 1 else self.rng.uniform(5.8, 7.0)
        noted = self.rng.random()
        if noted < 0.58:
            return {"height": f"{metres:.1f}"}
        return {"building__levels": str(storeys)} if noted < 0.86 else {}


def house(rng: random.Random, east: float, north: float) -> tuple[list[Metric], list[Metric]]:
    """Return a farmhouse on its lot, and the wall of its yard (maybe empty). Houses face south."""
    width, depth = rng.uniform(11.5, 15.5), rng.uniform(6.5, 9.0)
    west, top = east - width / 2 + rng.uniform(-0.8, 0.8), north + 9.0
    right, low = west + width, top - depth
    wing, reach = rng.uniform(3.4, 4.6), rng.uniform(4.5, 6.5)
    end = low - reach
    kind = rng.random()
    left_wing = [(west, end), (west + wing, end), (west + wing, low)]
    right_wing = [(right - wing, low), (right - wing, end), (right, end)]
    if kind < 0.2:  # three sides of a courtyard
        ring = [(west, top), *left_wing, *right_wing, (right, top)]
    elif kind < 0.36:
        ring = [(west, top), *left_wing, (right, low), (right, top)]
    elif kind < 0.5:
        ring = [(west, top), (west, low), *right_wing, (right, top)]
    else:
        ring = [(west, top), (west, low), (right, low), (right, top)]
    gate = rng.uniform(0.55, 0.7) * width
    wall: list[Metric] = []
    if kind >= 0.5 and rng.random() < 0.4:  # down the west side and along the lane, up to the gate
        wall = [(west, low), (west, end), (west + gate, end)]
    elif kind < 0.2 and rng.random() < 0.5:
        wall = [(west + wing, end), (west + gate, end)]
    return ring, wall


def turned(points: Iterable[Metric], angle: float) -> list[Metric]:
    """Return points turned about the village's middle."""
    c, s = math.cos(angle), math.sin(angle)
    return [(x * c - y * s, x * s + y * c) for x, y in points]


def crowd(east: float, north: float) -> float:
    """Return how likely a lot is built on: dense along the street and in the core, thin at the edge."""
    if abs(north) < 52 and -270 < east < 375:
        return 0.58
    if -180 < east < 230 and -80 < north < 140:
        return 0.37
    return 0.03


def lots() -> Iterator[Metric]:
    """Yield the south-west corners of lots, row by row."""
    north = SOUTH
    while north < NORTH:
        east = WEST
        while east < EAST:
            yield east, north
            east += LOT_M[0]
        north += LOT_M[1]


def rectangle(east: float, north: float, half_e: float, half_n: float) -> list[Metric]:
    """Return the corners of a rectangle around a place."""
    return [(east + a * half_e, north + b * half_n) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


def public_buildings(scene: Scene, number: int, types: AbstractSet[str]) -> list[BaseGeometry]:
    """Add what every village has besides houses; return the footprints."""
    stand: list[BaseGeometry] = []

    def put(ring: list[Metric], **tags: str) -> None:
        scene.add("Polygon", ring, **tags)
        stand.append(Polygon(ring))

    def wall(points: list[Metric], height: str = "2.2", **tags: str) -> None:
        scene.add("LineString", points, barrier="wall", height=height, **tags)
        stand.append(LineString(points))

    if number == 20:  # the square's pole stands on this low roof: reported, and it sees over the edge
        put(rectangle(0, 88, 5, 5), building="roof", height="3.0")
    put(rectangle(2, 101, 14, 4.5), building="public", building__levels="2")
    if number == 8:  # the register puts the pond's camera into this house: reported, and taken to its wall
        put(rectangle(-166, -117, 6, 4), building="house", height="7.5")
    if "school" in types:
        put(rectangle(150, 240, 27, 5), building="school", building__levels="3")
        wall([(146, 170), (108, 170), (108, 230)])
        wall([(154, 170), (192, 170), (192, 230)])
    if "ancient_building" in types:
        put(rectangle(60, -88, 7, 4), building="temple", height="5.5")
    if number == CAMPUS:
        put(rectangle(-350, 303, 44, 5.5), building="school", building__levels="4")
        put(rectangle(-263, 240, 5, 26), building="dormitory", building__levels="3")
        wall([(-336, 179), (-426, 179), (-426, 321), (-234, 321), (-234, 179), (-324, 179)], "2.4")
    return stand


def trees_and_roads(scene: Scene, types: AbstractSet[str], may_stand: Callable[[BaseGeometry], bool]) -> None:
    """Add what grows and what is walked on."""
    rows: list[list[Metric]] = [
        [(-390, -8), (-310, -8)],
        [(-300, 175), (-240, 178), (-180, 175)],
        [(250, 250), (330, 246)],
        [(260, -120), (330, -124), (390, -118)],
    ]
    if "ditch" in types:
        rows += [[(-318, -238), (-62, -253)], [(-50, -253), (238, -233)]]
    for row in rows:
        if may_stand(LineString(row)):
            scene.add("LineString", row, natural="tree_row", height=f"{scene.rng.uniform(5, 9):.0f}")
    for way, kind in ((MAIN_STREET, "tertiary"), (CROSS_STREET, "residential"), (BACK_LANE, "service")):
        scene.add("LineString", way, highway=kind)
    scene.add("LineString", EAST_LANE, highway="service")


def settlement(
    number: int,
    id_: str,
    at: Callable[[float, float], LonLat],
    ring: Sequence[Metric],
    cameras: Sequence[Metric],
    places: Sequence[tuple[str, str, Sequence[Metric]]],
) -> list[str]:
    """Return one village's features, a line each. `places`: (type, shape, points) of the key places."""
    scene = Scene(id_, random.Random(SEED + number), at)  # noqa: S311  scenery, no secret
    keep = Keep()
    types = {kind for kind, _, _ in places}
    for point in cameras:
        keep.add(Point(point), CLEAR_CAMERA_M)
    for kind, shape, points in places:
        if kind == "zone":
            continue
        if shape == "point":
            keep.add(Point(points[0]), CLEAR_POINT_M)
        elif shape == "line":
            keep.add(LineString(points), CLEAR_LINE_M)
        else:
            keep.add(Polygon(points), CLEAR_AREA_M)
    for way, clear in ((MAIN_STREET, STREET_M), (CROSS_STREET, CROSS_M), (BACK_LANE, LANE_M), (EAST_LANE, LANE_M)):
        keep.add(LineString(way), clear)
    border = Polygon(ring)
    keep.add(border.exterior, 4.0)
    if number == CAMPUS:
        keep.add(Polygon(rectangle(-330, 250, 97, 73)), 2.0)
    for footprint in public_buildings(scene, number, types):
        keep.add(footprint, 3.0)
    may_stand = keep.tester()
    trees_and_roads(scene, types, may_stand)
    angle = math.radians(scene.rng.uniform(-2.0, 2.0))
    for east, north in lots():
        built, (footprint, wall) = scene.rng.random() < crowd(east, north), house(scene.rng, east, north)
        height = scene.height()
        footprint = turned(footprint, angle)
        if not built or not border.contains(Polygon(footprint)) or not may_stand(Polygon(footprint)):
            continue
        scene.add("Polygon", footprint, building="house", **height)
        if wall and may_stand(LineString(turned(wall, angle))):
            scene.add("LineString", turned(wall, angle), barrier="wall", height="2.2")
    return scene.features


def collection(villages: Iterable[Sequence[str]]) -> str:
    """Return the text of the file: a feature a line."""
    note = "Synthetic: made up by scripts/demo_township.py, no real building. 合成数据，不代表任何真实建筑。"
    head = f'{{"type":"FeatureCollection","name":"daguo-buildings","note":"{note}","features":[\n'
    return head + ",\n".join(line for lines in villages for line in lines) + "\n]}\n"
