"""Writes config/cameras.yaml and config/daguo-buildings.geojson, the demo township: real villages, synthetic geometry.

The same bytes every time. `python scripts/demo_township.py` prints the register, with `--buildings` the buildings;
`--write` replaces both files. Metres are east and north of a village's middle.
The policy, contacts and windows lie beside it as text: data/cameras.head.yaml and data/cameras.tail.yaml.
"""

from __future__ import annotations

import csv
import math
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from demo_buildings import collection, settlement

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "config" / "cameras.yaml"
BUILDINGS = TARGET.with_name("daguo-buildings.geojson")
SEED = 411122110
MIDDLE = (113.85, 33.80)
ROWS = (5, 6, 5, 6, 5)
CELL_M = (1500.0, 1400.0)
SEAT = 13
"""The middle cell, where the town's own village lies."""
TOWN = "411122110"
SCENERY = ("文化广场", "十字路口", "东出村口", "坑塘边", "小学门口")

LonLat = tuple[float, float]
Metric = tuple[float, float]


def lon_lat(middle: LonLat, east_m: float, north_m: float) -> LonLat:
    """Return a place by its metres east and north of `middle`, to 0.1 m."""
    lat = middle[1] + north_m / 110_950.0
    return round(middle[0] + east_m / (111_320.0 * math.cos(math.radians(middle[1]))), 6), round(lat, 6)


@dataclass(frozen=True, slots=True)
class Village:
    """One village: number in the town, names, code, middle, boundary."""

    number: int
    code: str
    name: str
    name_en: str
    middle: LonLat
    ring: tuple[LonLat, ...]

    @property
    def id(self) -> str:
        """dg01 to dg27."""
        return f"dg{self.number:02d}"

    def at(self, east_m: float, north_m: float) -> LonLat:
        """Return a place in the village."""
        return lon_lat(self.middle, east_m, north_m)

    def metric(self, point: LonLat) -> Metric:
        """Return the metres east and north of the middle; the inverse of `at`."""
        east = (point[0] - self.middle[0]) * 111_320.0 * math.cos(math.radians(self.middle[1]))
        return east, (point[1] - self.middle[1]) * 110_950.0

    @property
    def operator(self) -> str:
        """Whose line serves the village."""
        return "telecom" if self.number <= 14 else "mobile"

    @property
    def switch(self) -> str:
        """The switch that gathers it: one for three or four villages."""
        return f"sw-{(self.number - 1) * 8 // 27 + 1:02d}"


def cells(rng: random.Random) -> tuple[list[tuple[LonLat, ...]], tuple[LonLat, ...]]:
    """Return 27 rings like bricks pushed out of line, and the ring around them all.

    Neighbours share their corners exactly: no overlap and no gap by construction.
    """
    wide = max(ROWS) * CELL_M[0]
    splits = []
    for count in ROWS:
        inner = [wide * (k / count - 0.5) + rng.uniform(-150, 150) for k in range(1, count)]
        splits.append([-wide / 2, *inner, wide / 2])
    borders: list[list[tuple[float, LonLat]]] = []
    for k in range(len(ROWS) + 1):
        xs = sorted({x for row in splits[max(0, k - 1) : k + 1] for x in row})
        north = (k - len(ROWS) / 2) * CELL_M[1]
        borders.append([(x, lon_lat(MIDDLE, x, north + rng.uniform(-170, 170))) for x in xs])
    rings = []
    for row, xs in enumerate(splits):
        for west, east in pairwise(xs):
            south = [p for x, p in borders[row] if west <= x <= east]
            north_side = [p for x, p in borders[row + 1] if west <= x <= east]
            rings.append((*south, *reversed(north_side)))
    left, right = [b[0][1] for b in borders], [b[-1][1] for b in borders]
    around = (*(p for _, p in borders[0]), *right[1:-1], *(p for _, p in reversed(borders[-1])), *reversed(left[1:-1]))
    return rings, around


def villages(rng: random.Random) -> tuple[list[Village], tuple[LonLat, ...]]:
    """Return the 27 villages and the town's ring."""
    rings, around = cells(rng)
    order = [SEAT, *(k for k in range(27) if k != SEAT)]
    with (HERE / "data" / "daguo_villages.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    out = []
    for number, (row, cell) in enumerate(zip(rows, order, strict=True), 1):
        ring = rings[cell]
        middle = (
            round((min(p[0] for p in ring) + max(p[0] for p in ring)) / 2, 6),
            round((min(p[1] for p in ring) + max(p[1] for p in ring)) / 2, 6),
        )
        out.append(Village(number, row["code"], row["name"], row["name_en"], middle, ring))
    return out, around


def ring_text(points: Iterable[LonLat]) -> str:
    """Return `[[lon, lat], ...]`."""
    return "[" + ", ".join(f"[{lon:.6f}, {lat:.6f}]" for lon, lat in points) + "]"


def grids(village: Village) -> list[tuple[LonLat, ...]]:
    """Return the village's ring, cut north-south through its middle."""
    cut = village.middle[0]
    halves: list[list[LonLat]] = [[], []]
    for a, b in zip(village.ring, (*village.ring[1:], village.ring[0]), strict=True):
        halves[a[0] > cut].append(a)
        if (a[0] > cut) != (b[0] > cut):
            share = (cut - a[0]) / (b[0] - a[0])
            crossing = (cut, round(a[1] + share * (b[1] - a[1]), 6))
            for half in halves:
                half.append(crossing)
    return [tuple(half) for half in halves]


@dataclass(slots=True)
class Town:
    """The lines of each section, in the order written."""

    rng: random.Random
    sites: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    equipment: list[str] = field(default_factory=list)
    cameras: list[str] = field(default_factory=list)
    domes: list[str] = field(default_factory=list)
    speakers: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    serial: int = 0
    poles: list[LonLat] = field(default_factory=list)
    """Where cameras hang."""
    shapes: list[tuple[str, str, tuple[LonLat, ...]]] = field(default_factory=list)
    """Type, shape and points of the key places."""

    def camera(
        self, v: Village, id_: str, name: str, host: int, pole: str, at: LonLat, azimuth: float | None, **more: str
    ) -> None:
        """Add one device with a picture; `more` overrides its kind and site and adds keys as written."""
        self.serial += 1
        self.poles.append(at)
        kind, site = more.pop("kind", "camera"), more.pop("site", v.id)
        split = ", snapshot_port: 18081" if self.serial % 24 == 5 else ""
        tilt = f", tilt_deg: {more.pop('tilt_deg')}" if "tilt_deg" in more else ""
        height = "6" if kind != "camera" else f"{4.0 + 0.5 * (self.serial % 4):.1f}"
        aim = "" if azimuth is None else f", azimuth_deg: {azimuth % 360:.0f}"
        tail = "".join(f", {key}: {value}" for key, value in more.items())
        line = (
            f"- {{id: {id_}, name: {name}, kind: {kind}, site: {site}, link: {pole}, "
            f"address: {{host: 127.64.{v.number}.{host}{split}}}, "
            f"mount: {{lon_deg: {at[0]:.6f}, lat_deg: {at[1]:.6f}, height_m: {height}{aim}{tilt}}}, "
            f'gb_id: "{TOWN[:8]}001320{self.serial:06d}"{tail}}}'
        )
        (self.domes if kind == "ptz" else self.cameras).append(line)

    def pole(self, v: Village, id_: str, name: str) -> str:
        """Add a pole and return its id."""
        self.links.append(f"- {{id: {id_}, name: {name}, kind: pole, upstream: tx-{v.number:02d}}}")
        return id_

    def place(self, site: str, id_: str, kind: str, name: str, shape: str, points: Iterable[LonLat], band: str) -> None:
        """Add a key place; `shape` is point, line or polygon."""
        points = tuple(points)
        self.shapes.append((kind, shape, points))
        text = ring_text(points)
        if shape == "point":
            text = text[1:-1]
        wanted = "" if band == "observation" else f", band: {band}"
        self.places.append(f"- {{id: {id_}, site: {site}, type: {kind}, name: {name}, {shape}: {text}{wanted}}}")


def square(v: Village, east: float, north: float, half_e: float, half_n: float) -> list[LonLat]:
    """Return the corners of a rectangle around a place."""
    return [v.at(east + a * half_e, north + b * half_n) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


def key_places(t: Town, v: Village) -> None:
    """Add what the village wants seen."""
    t.place(v.id, f"{v.id}-square", "square", f"{v.name}文化广场", "polygon", square(v, 0, 60, 30, 22), "detection")
    t.place(v.id, f"{v.id}-junction", "junction", f"{v.name}十字路口", "point", [v.at(-120, 0)], "recognition")
    t.place(v.id, f"{v.id}-exit", "exit", f"{v.name}东出村口", "point", [v.at(386, 3)], "identification")
    road = [v.at(-400, 5), v.at(-120, 0), v.at(150, -6), v.at(400, 0)]
    t.place(v.id, f"{v.id}-road", "road", f"{v.name}主街", "line", road, "detection")
    if v.number % 3 != 0:
        pond = [v.at(-200 + 38 * math.cos(k), -150 + 26 * math.sin(k)) for k in (0.3, 1.4, 2.6, 3.7, 4.8, 5.7)]
        t.place(v.id, f"{v.id}-pond", "pond", f"{v.name}坑塘", "polygon", pond, "detection")
    if v.number % 3 != 1:
        ditch = [v.at(-320, -230), v.at(-60, -245), v.at(240, -225)]
        t.place(v.id, f"{v.id}-ditch", "ditch", f"{v.name}沟渠", "line", ditch, "detection")
    if v.number % 2 == 1 or v.number % 3 == 0:
        t.place(v.id, f"{v.id}-school", "school", f"{v.name}小学", "polygon", square(v, 150, 200, 40, 28), "detection")
    if v.number in {5, 17, 24}:
        name = f"{v.name}古建筑"
        t.place(v.id, f"{v.id}-old", "ancient_building", name, "polygon", square(v, 60, -90, 14, 10), "observation")
    if v.number % 4 == 1:
        route = [v.at(0, 60), v.at(-120, 0), v.at(-200, -110), v.at(0, -200), v.at(150, -6), v.at(0, 60)]
        t.place(v.id, f"{v.id}-patrol", "patrol_route", f"{v.name}夜巡路线", "line", route, "detection")


STANDS = ((0.0, 85.0), (-130.0, 10.0), (408.0, 8.0), (-165.0, -118.0), (112.0, 172.0))
"""Where the poles stand, one for each of SCENERY."""
AIMS = ((180.0, 90.0), (110.0, 290.0), (259.0, 85.0), (228.0, 100.0), (52.0, 205.0))
"""Where the cameras of a pole look: first at its place, then along the street."""
LENSES = {
    1: "{hfov_deg: 70, width_px: 3840, height_px: 2160, range_m: 100, ir_range_m: 60}",
    2: "{hfov_deg: 32, width_px: 3840, height_px: 2160, range_m: 150, ir_range_m: 80}",
}
"""Longer lenses at the junction and the exit: faces and plates are wanted there, 125 and 250 px/m."""


def village_devices(t: Town, v: Village) -> None:
    """Add the village's poles, cameras, dome, loudspeakers and transceiver."""
    fixed = 8 if v.number == 1 else 5 if v.number in {4, 11, 18, 25} else 4
    fourth = 4 if v.number % 3 == 0 or v.number % 4 == 1 else 3
    stands = [0, 1, 2, fourth, 0, 7 - fourth, 1, 2][
        :fixed
    ]  # the square's pole first, then junction, exit, school or pond
    used = sorted(set(stands))
    poles = {k: t.pole(v, f"pole-{v.id}-{n}", f"{v.name}{SCENERY[k]}杆") for n, k in enumerate(used, 1)}
    seen: dict[int, int] = {}
    for n, k in enumerate(stands, 1):
        turn = seen[k] = seen.get(k, -1) + 1
        at = v.at(*STANDS[k])
        aim: float | None = AIMS[k][turn] + t.rng.randint(-9, 9)
        name = f"{v.name}{SCENERY[k]}{('枪机', '辅机')[turn]}"
        more = {"lens": "{focal_mm: 4, sensor_width_mm: 5.37}"} if n == 4 else {}
        if turn == 0 and k in LENSES:
            more["lens"] = LENSES[k]
            if k == 2:
                more["tilt_deg"] = "10"  # a long lens looks flatter, or its far edge is 40 m away
        if v.number == 1:
            more["site"] = f"dg01-grid-{1 if STANDS[k][0] < 0 else 2}"
        if v.number in {9, 16, 23} and n == 3:
            aim = None  # nobody noted it at commissioning: its coverage cannot be claimed
        t.camera(v, f"{v.id}-cam-{n:02d}", name, n, poles[k], at, aim, **more)
    for n in range(2 if v.number == 1 else 1 if v.number % 2 == 0 or v.number == 27 else 0):
        k, where = used[n], SCENERY[used[n]]
        t.camera(
            v, f"{v.id}-ptz-{n + 1:02d}", f"{v.name}{where}球机", 31 + n, poles[k], v.at(*STANDS[k]), 45, kind="ptz"
        )
    for n in range(2 if v.number <= 12 else 1):
        where, pole = (("文化广场", poles[0]), ("东出村口", poles[2]))[n]
        t.speakers.append(
            f"- {{id: {v.id}-spk-{n + 1:02d}, name: {v.name}{where}音柱, kind: speaker, site: {v.id}, link: {pole}, "
            f"address: {{host: 127.64.{v.number}.{101 + n}}}}}"
        )
    number = f"{v.number:02d}"
    t.links.append(
        f"- {{id: tx-{number}, name: {v.name}光端机, kind: transceiver, upstream: {v.switch}, device: tx-{number}}}"
    )
    t.equipment.append(
        f"- {{id: tx-{number}, name: {v.name}光端机, kind: transceiver, site: {v.id}, link: {v.switch}, "
        f"address: {{host: 127.64.{v.number}.201}}}}"
    )


def switches(t: Town, all_villages: list[Village]) -> None:
    """Add the eight switches that gather the villages, each in the first village it serves."""
    first: dict[str, Village] = {}
    for v in all_villages:
        first.setdefault(v.switch, v)
    for id_, v in first.items():
        name = f"{v.name}汇聚交换机"
        line = f"line-{v.operator}"
        t.links.append(f"- {{id: {id_}, name: {name}, kind: switch, upstream: {line}, device: {id_}}}")
        t.equipment.append(
            f"- {{id: {id_}, name: {name}, kind: switch, site: {v.id}, link: {line}, "
            f"address: {{host: 127.64.{v.number}.211}}}}"
        )


def campus(t: Town, v: Village) -> None:
    """Add the school with a boundary of its own and ten cameras that leave no corner (S5)."""
    ring = square(v, -330, 250, 95, 70)
    t.sites.append(
        "- {id: dg01-school, name: 大郭镇中心学校, name_en: Daguo Central School, kind: campus, parent: dg01, "
        f"target: 98, boundary: {ring_text(ring)}, coverage: {{area: 100, exit: 100}}}}"
    )
    corners = [(-1, -1, 45), (1, -1, 315), (1, 1, 225), (-1, 1, 135), (0, -1, 0)]
    for n, (a, b, aim) in enumerate(corners):
        at = v.at(-330 + a * 90, 250 + b * 65)
        where = ("西南角", "东南角", "东北角", "西北角", "校门")[n]
        pole = t.pole(v, f"pole-school-{n + 1}", f"中心学校{where}杆")
        for k, name in enumerate(("全景", "近景")):
            t.camera(
                v,
                f"school-cam-{2 * n + k + 1:02d}",
                f"中心学校{where}{name}",
                51 + 2 * n + k,
                pole,
                at,
                aim + 25 - 50 * k,
                site="dg01-school",
                lens="{width_px: 3840, height_px: 2160, range_m: 120, ir_range_m: 60}",
            )
    t.place("dg01-school", "dg01-school-gate", "exit", "中心学校校门", "point", [v.at(-330, 194)], "recognition")
    t.place(
        "dg01-school",
        "dg01-school-yard",
        "square",
        "中心学校操场",
        "polygon",
        square(v, -330, 260, 50, 30),
        "detection",
    )


def checkpoint(t: Town, v: Village) -> None:
    """Add the smart checkpoint on the town's way out (S4): two devices that see the lanes in and out."""
    ring = square(v, 470, 0, 40, 25)
    t.sites.append(
        "- {id: dg27-kk, name: 大郭镇东出口智能卡口, name_en: Daguo East Checkpoint, kind: checkpoint, parent: dg27, "
        f"boundary: {ring_text(ring)}}}"
    )
    pole = t.pole(v, "pole-dg27-kk", "东出口卡口龙门架")
    for n, (name, aim) in enumerate((("进镇方向", 90), ("出镇方向", 270)), 1):
        t.camera(
            v,
            f"dg27-kk-{n:02d}",
            f"东出口卡口{name}",
            60 + n,
            pole,
            v.at(470, 0),
            aim,
            kind="checkpoint",
            site="dg27-kk",
        )
    t.place("dg27-kk", "dg27-kk-lanes", "exit", "东出口车道", "line", [v.at(440, 0), v.at(500, 0)], "identification")


def zones(t: Town, around: list[Village]) -> None:
    """Add the town's patrol zones (S4: zones and routes), one on each side of the town."""
    for n, v in enumerate(around, 1):
        t.place("daguo", f"daguo-zone-{n}", "zone", f"第{'一二三四'[n - 1]}防区", "polygon", v.ring, "detection")


def buildings(t: Town, all_villages: list[Village]) -> str:
    """Return the text of config/daguo-buildings.geojson."""
    near = 800.0  # no village is wider

    def within(v: Village, points: Iterable[LonLat]) -> list[Metric]:
        return [p for p in map(v.metric, points) if math.hypot(*p) < near]

    return collection(
        settlement(
            v.number,
            v.id,
            v.at,
            [v.metric(p) for p in v.ring],
            within(v, t.poles),
            [(kind, shape, metric) for kind, shape, points in t.shapes if (metric := within(v, points))],
        )
        for v in all_villages
    )


def render() -> tuple[str, str]:
    """Return the texts of config/cameras.yaml and config/daguo-buildings.geojson."""
    rng = random.Random(SEED)  # noqa: S311  scenery, no secret
    all_villages, around = villages(rng)
    t = Town(rng)
    seat, last = all_villages[0], all_villages[-1]
    city = '- {id: luohe, name: 漯河市, name_en: Luohe City, kind: city, code: "411100"}'
    county = '- {id: linying, name: 临颍县, name_en: Linying County, kind: county, parent: luohe, code: "411122"}'
    town = (
        f'- {{id: daguo, name: 大郭镇, name_en: Daguo Town, kind: town, parent: linying, code: "{TOWN}", '
        f"boundary: {ring_text(around)}}}"
    )
    t.sites += [city, county, town]
    for v in all_villages:
        pictures = "pictures: on_request, " if v is seat else ""  # in one village it can be tried
        t.sites.append(
            f"- {{id: {v.id}, name: {v.name}, name_en: {v.name_en} Village, kind: village, parent: daguo, "
            f'code: "{v.code}", {pictures}boundary: {ring_text(v.ring)}}}'
        )
    for n, ring in enumerate(grids(seat), 1):
        t.sites.append(
            f"- {{id: dg01-grid-{n}, name: 大郭村第{'一二'[n - 1]}网格, name_en: Daguo Grid {n}, kind: grid, "
            f"parent: dg01, boundary: {ring_text(ring)}}}"
        )
    t.links += [
        "- {id: line-mobile, name: 移动公司专线, kind: operator_line, operator: 中国移动}",
        "- {id: line-telecom, name: 电信公司专线, kind: operator_line, operator: 中国电信}",
    ]
    switches(t, all_villages)
    for v in all_villages:
        key_places(t, v)
        village_devices(t, v)
    campus(t, seat)
    checkpoint(t, last)
    zones(t, [all_villages[k] for k in (1, 8, 18, 25)])
    parts = [(HERE / "data" / "cameras.head.yaml").read_text(encoding="utf-8")]
    for title, key, lines in (
        (
            "地点：市、县、镇、27 个行政村、网格、校园、卡口。Places, each with a boundary and a target.",
            "sites",
            t.sites,
        ),
        ("链路（故障域）：杆 → 光端机 → 交换机 → 运营商线路。Fault domains, from the pole up.", "links", t.links),
    ):
        parts.append("\n".join([f"\n# {title}", f"{key}:", *lines, ""]))
    parts.append("\n# 设备，一机一行。Devices, one a line.\ndevices:\n")
    for title, lines in (
        (
            "128 台固定摄像机，含校园 10 台、卡口 2 台。128 fixed cameras, 10 of the school, 2 of the checkpoint.",
            t.cameras,
        ),
        ("16 台高速球机。16 PTZ domes.", t.domes),
        ("39 只音柱。39 loudspeakers.", t.speakers),
        ("光端机与交换机。Fibre transceivers and switches.", t.equipment),
    ):
        parts.append("\n".join([f"# {title}", *lines, ""]))
    parts.append("\n".join(["\n# 重点部位。Key places: what the contract wants seen.", "key_places:", *t.places, ""]))
    parts.append("\n" + (HERE / "data" / "cameras.tail.yaml").read_text(encoding="utf-8"))
    return "".join(parts), buildings(t, all_villages)


if __name__ == "__main__":
    register, geometry = render()
    if "--write" in sys.argv[1:]:
        TARGET.write_text(register, encoding="utf-8")
        BUILDINGS.write_text(geometry, encoding="utf-8")
    else:
        sys.stdout.write(geometry if "--buildings" in sys.argv[1:] else register)
