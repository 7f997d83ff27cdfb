"""Draws the synthetic scenes beside it: plans in metres, written as WGS-84. Deterministic, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import numpy as np
from shapely.geometry import LineString, Point, Polygon, box, mapping
from shapely.geometry.base import BaseGeometry

from camcover.frame import Frame

HERE = Path(__file__).parent
DECIMALS = 8
Json = dict[str, Any]


class Plan:
    """A scene on squared paper: metres east and north of a corner."""

    def __init__(self, name: str, lon_deg: float, lat_deg: float, **members: Any) -> None:
        self.members = {"type": "FeatureCollection", "name": name, "synthetic": True, "datum": "wgs84", **members}
        self.frame = Frame.around(lon_deg, lat_deg)
        self.corner = self.frame.to_metric(np.array([[lon_deg, lat_deg]]))[0]
        self.features: list[Json] = []

    def add(self, kind: str, shape: BaseGeometry, **properties: Any) -> None:
        geometry = mapping(shape)
        placed = {"type": geometry["type"], "coordinates": self._degrees(geometry["coordinates"])}
        self.features.append({"type": "Feature", "properties": {"kind": kind, **properties}, "geometry": placed})

    def camera(self, id_: str, x: float, y: float, azimuth_deg: float | None, **properties: Any) -> None:
        said = {"hfov_deg": 90, "range_m": 60, "height_m": 4.5, "tilt_deg": 15, "width_px": 2560, "ir_range_m": 30}
        self.add("camera", Point(x, y), id=id_, azimuth_deg=azimuth_deg, **{**said, **properties})

    def _degrees(self, coordinates: Any) -> Any:
        if isinstance(coordinates[0], int | float):
            lon_lat = self.frame.to_lonlat(np.array([coordinates]) + self.corner)[0]
            return [round(float(value), DECIMALS) for value in lon_lat]
        return [self._degrees(part) for part in coordinates]

    def text(self) -> str:
        head = json.dumps(self.members, ensure_ascii=False)[:-1]
        lines = ",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in self.features)
        return f'{head}, "features": [\n{lines}\n]}}\n'


def disc(x: float, y: float, radius_m: float, corners: int = 32) -> Polygon:
    return Polygon(
        [(x + radius_m * cos(2 * pi * k / corners), y + radius_m * sin(2 * pi * k / corners)) for k in range(corners)]
    )


def houses(plan: Plan, west: float, south: float, columns: int, rows: int, pitch_m: float = 30.0) -> None:
    """Put courtyards of three kinds in rows, with lanes between: high ones, low walls, and one nobody measured."""
    for row in range(rows):
        for column in range(columns):
            x, y = west + column * pitch_m, south + row * pitch_m
            if (row + column) % 3 == 2:
                shape: BaseGeometry = Polygon(
                    [(x, y), (x + 16, y), (x + 16, y + 6), (x + 6, y + 6), (x + 6, y + 16), (x, y + 16)]
                )
                plan.add("obstacle", shape, building="house", height="6,5 m")
            elif (row + column) % 3 == 1:
                plan.add("obstacle", box(x, y, x + 16, y + 10), building="house")
            else:
                plan.add("obstacle", box(x, y, x + 16, y + 10), building="house", **{"building:levels": "2"})
                plan.add("obstacle", LineString([(x, y + 14), (x + 16, y + 14)]), barrier="wall", height_m=2.2)


def dagou() -> Plan:
    """S1: 27 villages, key places of every type, lines of two operators, one maintainer."""
    plan = Plan("S1 大郭镇（合成）", 113.80, 33.77)
    plan.add("site", box(-100, -100, 3500, 1300), id="dagou", name="大郭镇", kind_of_site="town")
    for number in range(27):
        id_ = f"dg{number + 1:02d}"
        west, south = (number % 9) * 400.0, (number // 9) * 400.0
        line = "line-mobile" if number % 2 == 0 else "line-telecom"
        links = [f"pole-{id_}", line]
        plan.add(
            "site", box(west, south, west + 260, south + 200), id=id_, kind_of_site="village", parent="dagou", target=20
        )
        houses(plan, west + 20, south + 20, 3, 2, 70.0)
        places: list[tuple[str, BaseGeometry, str]] = [
            ("junction", Point(west + 58, south + 60), "recognition"),
            ("road", LineString([(west, south + 60), (west + 260, south + 60)]), "observation"),
            ("pond", disc(west + 230, south + 150, 15), "detection"),
            ("ditch", LineString([(west, south + 190), (west + 260, south + 195)]), "seen"),
            ("school", box(west + 90, south + 145, west + 150, south + 180), "observation"),
            ("ancient_building", Point(west + 200, south + 100), "detection"),
        ]
        for type_, shape, band in places:
            plan.add("keyplace", shape, id=f"{id_}-{type_}", type=type_, band=band, site=id_)
        plan.camera(f"{id_}-1", west + 50, south + 60, 90, links=links)
        plan.camera(f"{id_}-2", west + 50, south + 60, 270, links=links)
        plan.camera(f"{id_}-3", west + 205, south + 130, 45, links=[f"pole-{id_}-b", line], working=number != 4)
    return plan


def juling() -> Plan:
    """S2: 128 fixed cameras and 16 domes on 16 transceivers."""
    plan = Plan("S2 巨陵镇（合成）", 113.95, 33.86)
    for number in range(16):
        west, south = (number % 4) * 400.0, (number // 4) * 400.0
        transceiver = f"tx-{number + 1:02d}"
        plan.add("site", box(west, south, west + 300, south + 300), id=f"jl{number + 1:02d}", kind_of_site="village")
        houses(plan, west + 30, south + 30, 4, 4, 70.0)
        for at in range(8):
            x, y = west + 20 + (at % 4) * 70, south + 22 + (at // 4) * 140
            plan.camera(f"jl{number + 1:02d}-{at + 1}", x, y, at * 45.0, link=transceiver)
        plan.camera(
            f"jl{number + 1:02d}-ptz", west + 150, south + 22, 0, link=transceiver, ptz=True, hfov_deg=58, range_m=120
        )
    return plan


def dongfeng() -> Plan:
    """S4: 4 zones, 8 patrol areas, 16 patrol routes, exits in 3 lines of defence, 13 checkpoints."""
    plan = Plan("S4 东丰县（合成）", 125.50, 42.65)
    plan.add("site", box(0, 0, 1600, 1600), id="dongfeng", name="东丰县城", kind_of_site="county")
    houses(plan, 100, 100, 8, 8, 180.0)
    for zone in range(4):
        west, south = (zone % 2) * 800.0, (zone // 2) * 800.0
        plan.add("keyplace", box(west, south, west + 800, south + 800), id=f"zone-{zone + 1}", type="zone", target=5)
        for half in range(2):
            area = box(west + half * 400, south, west + (half + 1) * 400, south + 800)
            plan.add("keyplace", area, id=f"patrol-area-{zone * 2 + half + 1}", type="zone", target=5)
    for route in range(16):
        y = 50.0 + route * 100
        plan.add(
            "keyplace", LineString([(0, y), (1600, y)]), id=f"route-{route + 1:02d}", type="patrol_route", target=10
        )
        for at in range(2):
            plan.camera(
                f"df-{route + 1:02d}-{at + 1}", 200 + at * 700, y, 90, range_m=80, link=f"switch-{route // 4 + 1}"
            )
    for number in range(13):
        angle = 2 * pi * number / 13
        x, y = 800 + 700 * cos(angle), 800 + 700 * sin(angle)
        towards = (450 - number * 360 / 13) % 360
        link = f"defence-{number % 3 + 1}"
        plan.camera(f"kk-{number + 1:02d}", x, y, towards, hfov_deg=38, width_px=4096, range_m=40, link=link)
        ahead = Point(x + 15 * cos(angle), y + 15 * sin(angle))
        plan.add("keyplace", ahead, id=f"exit-{number + 1:02d}", type="exit", band="identification")
    return plan


def campus() -> Plan:
    """S5: a campus of 52 cameras whose target is: no blind zone."""
    plan = Plan("S5 三门峡市第三中学（合成）", 111.19, 34.78)
    outline = Polygon([(0, 0), (240, 0), (240, 120), (140, 120), (140, 200), (0, 200)])
    plan.add("site", outline, id="campus", name="第三中学", kind_of_site="campus", target=100)
    for at, (x, y, w, h) in enumerate(((30, 30, 60, 15), (30, 70, 60, 15), (120, 30, 15, 60), (170, 60, 40, 30))):
        plan.add("obstacle", box(x, y, x + w, y + h), id=f"building-{at + 1}", height_m=15)
    for at in range(52):
        ring = outline.exterior
        spot = ring.interpolate(at / 52 * ring.length)
        middle = Point(90, 95)
        inward = Point(spot.x + (middle.x - spot.x) * 0.01, spot.y + (middle.y - spot.y) * 0.01)
        azimuth = round(float(np.degrees(np.arctan2(middle.x - spot.x, middle.y - spot.y))) % 360, 3)
        plan.camera(f"c{at + 1:02d}", inward.x, inward.y, azimuth, tilt_deg=25, range_m=50, link=f"switch-{at % 4 + 1}")
    return plan


def xun() -> Plan:
    """S6: the county town as a whole, main roads along a line, special places around a point."""
    plan = Plan("S6 浚县（合成）", 114.55, 35.67)
    plan.add("site", box(0, 0, 120, 120), id="town", name="县城", kind_of_site="town", target=100)
    plan.add("site", box(400, 0, 1400, 300), id="township", name="乡镇", kind_of_site="town")
    for at, (x, y) in enumerate(((0, 0), (120, 0), (120, 120), (0, 120))):
        plan.camera(f"town-{at + 1}", x, y, (45 - at * 90) % 360, range_m=130, tilt_deg=None)
    main = LineString([(400, 150), (1400, 150)])
    plan.add("keyplace", main, id="main-road", type="road", band="detection", site="township", target=80)
    for at in range(12):
        plan.camera(f"road-{at + 1:02d}", 400 + at * 84, 146, 88, hfov_deg=40, range_m=90, link="road-switch")
    houses(plan, 420, 170, 10, 3, 60.0)
    for at, (x, y) in enumerate(((600, 60), (900, 60))):
        around = f"special-{at + 1}"
        plan.add("keyplace", disc(x, y, 12), id=around, type="square", band="observation", site="township")
        plan.add("keyplace", Point(x, y), id=f"{around}-point", type="square", band="observation", site="township")
        for number, (dx, dy, azimuth) in enumerate(
            ((-18, 0, 90), (18, 0, 270), (0, 18, 180), (0, -18, 0))[: 4 - 2 * at]
        ):
            plan.camera(f"{around}-{number + 1}", x + dx, y + dy, azimuth, tilt_deg=None, width_px=3840)
    return plan


def grids() -> Plan:
    """S7: a community of 6 grids."""
    plan = Plan("S7 七一社区（合成）", 113.85, 34.02)
    plan.add("site", box(0, 0, 300, 200), id="qiyi", name="七一社区", kind_of_site="village", target=30)
    houses(plan, 20, 20, 9, 5, 32.0)
    for number in range(6):
        west, south = (number % 3) * 100.0, (number // 3) * 100.0
        grid = box(west, south, west + 100, south + 100)
        plan.add("site", grid, id=f"grid-{number + 1}", kind_of_site="grid", parent="qiyi", target=30)
        for at in range(number + 1):
            plan.camera(
                f"g{number + 1}-{at + 1}", west + 12 + at * 15, south + 50, at * 60.0, link=f"pole-{number + 1}"
            )
    return plan


SCENES: dict[str, Callable[[], Plan]] = {
    "s1_dagou": dagou,
    "s2_juling": juling,
    "s4_dongfeng": dongfeng,
    "s5_campus": campus,
    "s6_xun": xun,
    "s7_grids": grids,
}


def drawn() -> Iterator[tuple[Path, str]]:
    """Yield every scene's file and text."""
    for name, draw in SCENES.items():
        yield HERE / f"{name}.geojson", draw().text()


if __name__ == "__main__":
    for path, text in drawn():
        path.write_text(text, encoding="utf-8")
