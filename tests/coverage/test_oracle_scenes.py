"""The real command against an oracle that knows only the definitions: scenes by lot, and places where rules meet."""

from __future__ import annotations

import json
from dataclasses import replace
from math import cos, pi, radians, sin, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from tests.coverage import oracle
from tests.coverage.oracle import Block, Eye, amount, field, lonlat, metres, slack_m2
from tests.coverage.oracle_scenes import Json, Scene, drawn, feature
from typer.testing import CliRunner

from camkeeper.cli import app

GRID_M = 1e-3
"""Walls that cross do so on a grid of a millimetre, and shadows carry that farther."""
GROUND = {"all": box(-100, -100, 100, 100)}
BESIDES: tuple[str, ...] = ("--trials", "0")


def coverage(path: Path, *options: str, code: int = 0) -> Json:
    done = CliRunner().invoke(app, ["coverage", str(path), "--json", *BESIDES, *options])
    assert done.exit_code == code, (done.stderr, done.exception)
    found: Json = json.loads(done.stdout)
    return found


def alone(tmp_path: Path, *blocks: Block, target_m: float = 0.0, code: int = 0, **said: Any) -> Json:
    """Return what is told of one camera at the corner."""
    eye = Eye(x_m=0, y_m=0, said={"id": "c", "azimuth_deg": 0, "hfov_deg": 90, "range_m": 50, **said})
    scene = Scene(eyes=(eye,), blocks=blocks, sites=GROUND, places={}, target_m=target_m)
    return coverage(scene.write(tmp_path / "scene.geojson"), code=code)


class Expected:
    """The oracle's fields of a scene, and how far chords and grid may carry a figure."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._fields: dict[tuple[str, str, bool], BaseGeometry] = {}
        self.live = [eye for eye in scene.eyes if eye.get("working", True)]
        slacks = [sum(self.slack(eye)) for eye in scene.eyes]
        self.most = sum(slacks) + 0.05

    def field(self, eye: Eye, band: str = "seen", *, night: bool | None = None) -> BaseGeometry:
        dark = self.scene.night if night is None else night
        key = eye.said["id"], band, dark
        if key not in self._fields:
            target = self.scene.target_m
            self._fields[key] = field(eye, self.scene.blocks, band=band, night=dark, target_m=target)
        return self._fields[key]

    def slack(self, eye: Eye, band: str = "seen", *, night: bool | None = None) -> tuple[float, float]:
        dark = self.scene.night if night is None else night
        less, more = slack_m2(eye, band=band, night=dark, target_m=self.scene.target_m)
        grid = 0.2 * GRID_M * self.field(eye, band, night=dark).length + 0.002 if self.scene.blocks else 0.0
        return less + grid, more + grid

    def union(self, eyes: list[Eye] | tuple[Eye, ...], band: str = "seen") -> BaseGeometry:
        return shapely.union_all([self.field(eye, band) for eye in eyes])

    @property
    def ground(self) -> BaseGeometry:
        """All sites together; without any, all that is seen."""
        sites = list(self.scene.sites.values())
        return shapely.union_all(sites) if sites else self.union(self.scene.eyes)


@pytest.mark.parametrize("seed", range(24))
def test_every_figure_and_shape_of_a_scene_by_lot(seed: int, tmp_path: Path) -> None:
    scene = drawn(seed)
    expected = Expected(scene)
    links = sorted({eye.said["link"] for eye in scene.eyes if "link" in eye.said})
    options = [*(["--night"] if scene.night else []), *(word for link in links for word in ("--if-fails", link))]
    found = coverage(scene.write(tmp_path / "scene.geojson"), "--geojson", str(tmp_path / "out.geojson"), *options)
    for eye, told in zip(scene.eyes, found["cameras"], strict=True):
        _camera(expected, eye, told)
    for (_, shape), told in zip(scene.sites.items(), found["sites"], strict=True):
        _site(expected, shape, told)
    for (shape, band), told in zip(scene.places.values(), found["keyplaces"], strict=True):
        slack = {"m2": expected.most, "m": 0.3, "count": 0.0}[told["unit"]]
        assert told["seen"] == pytest.approx(amount(shape, expected.union(scene.eyes, band)), abs=slack)
        assert told["live"] == pytest.approx(amount(shape, expected.union(expected.live, band)), abs=slack)
        assert told["total"] == pytest.approx(amount(shape, shape))
    _failures(expected, found)
    _shapes(expected, json.loads((tmp_path / "out.geojson").read_text(encoding="utf-8"))["features"])


def _camera(expected: Expected, eye: Eye, told: Json) -> None:
    assert told["id"] == eye.said["id"]
    assert told["valid"]
    for band, area in {"seen": told["area_m2"], **told["bands"]}.items():
        less, more = expected.slack(eye, band)
        assert -less <= area - expected.field(eye, band).area <= more, (band, eye.said)
    less, more = expected.slack(eye, night=True)
    assert -less <= told["night_area_m2"] - expected.field(eye, night=True).area <= more
    if eye.get("ptz") and eye.said["hfov_deg"] < 360:
        everywhere = replace(eye, said={**eye.said, "hfov_deg": 360, "tilt_deg": None})
        scene = expected.scene
        might = field(everywhere, scene.blocks, night=scene.night, target_m=scene.target_m)
        less, more = slack_m2(everywhere, night=scene.night, target_m=scene.target_m)
        grid = GRID_M * might.length
        assert -less - grid <= told["envelope_m2"] - might.area <= more + grid


def _site(expected: Expected, shape: BaseGeometry, told: Json) -> None:
    scene, slack = expected.scene, expected.most
    assert told["area_m2"] == pytest.approx(shape.area, rel=1e-8)
    assert told["covered_m2"] == pytest.approx(amount(shape, expected.union(scene.eyes)), abs=slack)
    assert told["live_m2"] == pytest.approx(amount(shape, expected.union(expected.live)), abs=slack)
    assert told["blind_m2"] == pytest.approx(told["area_m2"] - told["covered_m2"])
    assert told["ratio"] == pytest.approx(told["covered_m2"] / told["area_m2"])
    roofs = [block.shape for block in scene.blocks if block.shape.geom_type.endswith("Polygon")]
    ground = shape.difference(shapely.union_all(roofs))
    assert told["open_m2"] == pytest.approx(ground.area, abs=0.05)
    assert told["open_blind_m2"] == pytest.approx(ground.difference(expected.union(scene.eyes)).area, abs=slack)
    often = sum(int(k) * area for k, area in told["k"].items())
    each = sum(shape.intersection(expected.field(eye)).area for eye in scene.eyes)
    assert often == pytest.approx(each, abs=slack)
    assert sum(told["k"].values()) == pytest.approx(shape.area, abs=0.01)


def _failures(expected: Expected, found: Json) -> None:
    live = expected.live
    seen = expected.union(live).intersection(expected.ground)
    for eye in expected.scene.eyes:
        others = expected.union([one for one in live if one is not eye])
        sole = seen.difference(others).area if eye in live else 0.0
        assert found["sole"][eye.said["id"]] == pytest.approx(sole, abs=expected.most)
    for loss in found["if_fails"]:
        left = expected.union([eye for eye in live if eye.get("link") != loss["id"]])
        assert loss["lost_m2"] == pytest.approx(seen.difference(left).area, abs=expected.most)


def _shapes(expected: Expected, features: list[Json]) -> None:
    period = "night" if expected.scene.night else "day"
    eyes = {eye.said["id"]: eye for eye in expected.scene.eyes}
    for one in features:
        shape, said = shapely.from_geojson(json.dumps(one["geometry"])), one["properties"]
        assert shape.is_valid, one["id"]
        for part in shapely.get_parts(shape).tolist():
            if part.geom_type == "Polygon":  # RFC 7946: the right-hand rule
                assert part.exterior.is_ccw
                assert not any(hole.is_ccw for hole in part.interiors)
        if "area_m2" in said:
            back = metres(shape)
            assert back.area == pytest.approx(said["area_m2"], rel=1e-6, abs=1e-4 * back.length)
        if said["kind"] == "viewshed" and said["period"] == period:
            eye = eyes[said["camera"]]
            true = expected.field(eye, said["band"])
            slack = sum(expected.slack(eye, said["band"])) + 0.3 * GRID_M * true.length + 0.01
            assert metres(shape).symmetric_difference(true).area <= slack
        if said["kind"] == "lost":
            assert amount(shape, shape) > 0


@pytest.mark.parametrize(
    ("height_m", "at", "azimuth_deg", "stands"),
    [
        (None, (5.0, 12.0), 270, (-0.01, 12.0)),  # in the house: at its nearest outside wall
        (4.0, (17.0, 12.0), 90, (20.01, 12.0)),
        (6.0, (17.0, 12.0), 90, (20.01, 12.0)),  # as high as the house: still inside
        (8.0, (5.0, 12.0), 270, (5.0, 12.0)),  # on its roof
        (4.0, (0.0, 12.0), 270, (-0.01, 12.0)),  # on its wall
    ],
)
def test_a_camera_in_on_and_above_a_house(
    height_m: float | None, at: tuple[float, float], azimuth_deg: float, stands: tuple[float, float], tmp_path: Path
) -> None:
    house = Block(shape=box(0, 0, 20, 30), height_m=6.0)
    said = {"id": "c", "azimuth_deg": azimuth_deg, "hfov_deg": 90, "range_m": 50, "height_m": height_m}
    eye = Eye(x_m=at[0], y_m=at[1], said=said)
    scene = Scene(eyes=(eye,), blocks=(house,), sites=GROUND, places={})
    (told,) = coverage(scene.write(tmp_path / "scene.geojson"))["cameras"]
    moved = replace(eye, x_m=stands[0], y_m=stands[1])
    less, more = slack_m2(moved)
    assert -less <= told["area_m2"] - field(moved, [house]).area <= more
    assert told["moved_m"] == pytest.approx(np.hypot(stands[0] - at[0], stands[1] - at[1]), abs=1e-6)
    assert told["inside_building"] == (at[0] > 0 and height_m != 8.0)
    assert told["on_roof"] == (height_m == 8.0)


@pytest.mark.parametrize("standard", ["dori", "oodpcvs"])
@pytest.mark.parametrize("lens_model", ["rectilinear", "fisheye"])
def test_bands_are_sectors_of_the_published_reach(standard: str, lens_model: str, tmp_path: Path) -> None:
    said = {"id": "c", "azimuth_deg": 0, "hfov_deg": 90, "range_m": 60, "width_px": 1920, "lens_model": lens_model}
    scene = Scene(eyes=(Eye(x_m=0, y_m=0, said=said),), sites=GROUND, places={}, standard=standard)
    (told,) = coverage(scene.write(tmp_path / "scene.geojson"))["cameras"]
    focal_px = 960.0 if lens_model == "rectilinear" else 1920 / (pi / 2)
    assert len(told["bands"]) == {"dori": 4, "oodpcvs": 7}[standard]
    for band, area in told["bands"].items():
        reach_m = min(60.0, focal_px / oracle.PX_PER_M[band])
        assert area == pytest.approx(pi * reach_m**2 / 4, rel=oracle.CHORD)


def test_limits_night_and_aim_as_worked_by_hand(tmp_path: Path) -> None:
    # 6 m high, tilted by 25 degrees, 60 across on 16:9: the ground from 6.436 m to 48.808 m
    slanted = {"height_m": 6, "tilt_deg": 25, "hfov_deg": 60, "range_m": 500}
    area = (48.808**2 - 6.436**2) * pi / 6
    assert alone(tmp_path, **slanted)["cameras"][0]["area_m2"] == pytest.approx(area, rel=1e-4)
    at_face = (35.792**2 - 4.720**2) * pi / 6
    assert alone(tmp_path, target_m=1.6, **slanted)["cameras"][0]["area_m2"] == pytest.approx(at_face, rel=1e-4)
    lit = (30**2 - 6.436**2) * pi / 6
    assert alone(tmp_path, ir_range_m=30, **slanted)["cameras"][0]["night_area_m2"] == pytest.approx(lit, rel=1e-4)
    assert alone(tmp_path, **slanted)["cameras"][0]["night_area_m2"] == 0.0
    # a wall of 2.5 m at 10 m, seen from 5 m: dark from 10 m to 20 m of the ground
    wall = Block(shape=LineString([(-200, 10), (200, 10)]), height_m=2.5)
    beyond = alone(tmp_path, wall, height_m=5, hfov_deg=90)["cameras"][0]["area_m2"]
    assert beyond == pytest.approx(50**2 * pi / 4 - (20**2 - 10**2), abs=oracle.CHORD * 50**2 * pi / 4)
    over = alone(tmp_path, wall, target_m=1.6, height_m=5, hfov_deg=90)["cameras"][0]["area_m2"]
    assert over == pytest.approx(50**2 * pi / 4 - (13.6**2 - 10**2), abs=oracle.CHORD * 50**2 * pi / 4)


@pytest.mark.parametrize(
    ("hfov_deg", "azimuth_deg"),
    [
        *((0.01, 0), (1, 359.99), (90, 360), (179.999, -90), (180, 180), (270, 0.01), (359.999, 0), (359.999, 180)),
        *((360, 0), (360, -180)),
    ],
)
def test_an_open_field_at_every_angle(hfov_deg: float, azimuth_deg: float, tmp_path: Path) -> None:
    ahead = Point(40 * sin(radians(azimuth_deg)), 40 * cos(radians(azimuth_deg)))
    said = {"id": "c", "azimuth_deg": azimuth_deg, "hfov_deg": hfov_deg, "range_m": 50}
    places = {"ahead": (ahead, "seen"), "behind": (Point(-ahead.x, -ahead.y), "seen")}
    scene = Scene(eyes=(Eye(x_m=0, y_m=0, said=said),), sites=GROUND, places=places)
    found = coverage(scene.write(tmp_path / "scene.geojson"))
    (camera,) = found["cameras"]
    area = pi * 50**2 * hfov_deg / 360
    assert -oracle.CHORD * area <= camera["area_m2"] - area <= 1e-9 * area
    assert [place["seen"] for place in found["keyplaces"]] == [1.0, float(hfov_deg == 360)]


@pytest.mark.parametrize("range_m", [0.001, 1, 10_000])
def test_from_a_millimetre_to_the_farthest_range(range_m: float, tmp_path: Path) -> None:
    (camera,) = alone(tmp_path, range_m=range_m, hfov_deg=360)["cameras"]
    assert camera["valid"]
    assert camera["area_m2"] == pytest.approx(pi * range_m**2, rel=oracle.CHORD)


@pytest.mark.parametrize("azimuth_deg", [-181, 361, 721, "north", True])
def test_an_impossible_bearing_harms_nobody_else(azimuth_deg: Any, tmp_path: Path) -> None:
    good = feature("camera", lonlat(Point(0, 0)), id="good", azimuth_deg=0, hfov_deg=90, range_m=50)
    bad = feature("camera", lonlat(Point(0, 0)), id="bad", azimuth_deg=azimuth_deg, hfov_deg=90, range_m=50)
    path = tmp_path / "scene.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [bad, good]}), encoding="utf-8")
    found = coverage(path, code=1)
    assert [camera["id"] for camera in found["cameras"]] == ["good"]
    assert found["cameras"][0]["area_m2"] == pytest.approx(pi * 50**2 / 4, rel=oracle.CHORD)
    (fault,) = [fault for fault in found["faults"] if fault["dropped"]]
    assert (fault["where"], fault["id"]) == ("features[0]", "bad")


def test_two_cameras_at_one_spot_and_sites_in_sites(tmp_path: Path) -> None:
    said = {"azimuth_deg": None, "hfov_deg": 360, "range_m": 30}
    eyes = tuple(Eye(x_m=50, y_m=50, said={"id": id_, "link": "pole", **said}) for id_ in ("a", "b"))
    far = Eye(x_m=900, y_m=900, said={"id": "far", **said})
    sites = {"town": box(0, 0, 100, 100), "grid": box(40, 40, 60, 60), "twin": box(40, 40, 60, 60)}
    scene = Scene(eyes=(*eyes, far), sites=sites, places={})
    found = coverage(scene.write(tmp_path / "scene.geojson"), "--if-fails", "pole", "--if-fails", "a")
    disc = pi * 30**2
    assert [site["covered_m2"] for site in found["sites"]] == pytest.approx([disc, 400, 400], rel=oracle.CHORD)
    assert found["sites"][1]["k"]["2"] == pytest.approx(400, rel=1e-6)
    assert found["sole"] == pytest.approx({"a": 0, "b": 0, "far": 0}, abs=1e-6)
    pole, one = found["if_fails"]
    assert pole["lost_m2"] == pytest.approx(disc, rel=oracle.CHORD)
    assert one["lost_m2"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_scene_drawn_on_a_shifted_map_has_the_same_figures(datum: str, tmp_path: Path) -> None:
    scene = replace(drawn(7), sites={"all": box(0, 0, 100, 100)})
    true = coverage(scene.write(tmp_path / "true.geojson"))
    moved = coverage(
        scene.write(tmp_path / "moved.geojson", datum, lambda shape: shapely.transform(lonlat(shape), _shifted(datum)))
    )
    assert moved["datum"] == datum
    for kind in ("cameras", "sites", "keyplaces"):
        for one, other in zip(true[kind], moved[kind], strict=True):
            for key, value in one.items():
                if isinstance(value, float):
                    assert other[key] == pytest.approx(value, rel=1e-4, abs=0.02), (kind, one["id"], key)


def _shifted(datum: str) -> Any:
    """The shift that maps are drawn with, from its series, one point at a time."""

    def gcj(lon: float, lat: float) -> tuple[float, float]:
        x, y = lon - 105, lat - 35
        both = (20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)) * 2 / 3
        north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + both
        north += (20 * sin(pi * y) + 40 * sin(pi * y / 3)) * 2 / 3
        north += (160 * sin(pi * y / 12) + 320 * sin(pi * y / 30)) * 2 / 3
        east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + both
        east += (20 * sin(pi * x) + 40 * sin(pi * x / 3)) * 2 / 3
        east += (150 * sin(pi * x / 12) + 300 * sin(pi * x / 30)) * 2 / 3
        bend = 1 - 0.00669342162296594323 * sin(radians(lat)) ** 2
        meridian = 6378245.0 * (1 - 0.00669342162296594323) / (bend * sqrt(bend))
        return (
            lon + east * 180 / (6378245.0 / sqrt(bend) * cos(radians(lat)) * pi),
            lat + north * 180 / (meridian * pi),
        )

    def baidu(lon: float, lat: float) -> tuple[float, float]:
        far = np.hypot(lon, lat) + 0.00002 * sin(lat * pi * 3000 / 180)
        turn = np.arctan2(lat, lon) + 0.000003 * cos(lon * pi * 3000 / 180)
        return float(far * np.cos(turn)) + 0.0065, float(far * np.sin(turn)) + 0.006

    def shift(points: NDArray[np.float64]) -> NDArray[np.float64]:
        out = [gcj(*point) for point in points.tolist()]
        return np.array([baidu(*point) for point in out] if datum == "bd09" else out)

    return shift


@pytest.mark.parametrize(
    ("lon", "lat"), [(179.9999, -16.5), (-180.0, 10.0), (-70.1, -33.4), (0.0, 0.0), (115.5, 33.0), (20.0, 85.0)]
)
def test_anywhere_on_the_globe_a_disc_is_a_disc(lon: float, lat: float, tmp_path: Path) -> None:
    camera = feature("camera", Point(lon, lat), id="c", hfov_deg=360, range_m=50, azimuth_deg=0)
    path = tmp_path / "scene.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [camera]}), encoding="utf-8")
    found = coverage(path, "--geojson", str(tmp_path / "out.geojson"), "--kml", str(tmp_path / "out.kml"))
    assert found["cameras"][0]["area_m2"] == pytest.approx(pi * 2500, rel=oracle.CHORD)
    for one in json.loads((tmp_path / "out.geojson").read_text(encoding="utf-8"))["features"]:
        shape = shapely.from_geojson(json.dumps(one["geometry"]))
        assert shape.is_valid
        # no part runs round the globe: across the antimeridian a shape is cut in two (RFC 7946, 3.1.9)
        assert all(np.ptp(part.bounds[::2]) < 0.1 for part in shapely.get_parts(shape).tolist())


def test_overlapping_touching_and_repeated_houses_are_one(tmp_path: Path) -> None:
    boxes = [box(10, -20, 20, 5), box(15, 0, 30, 20), box(20, -20, 25, 0), box(10, -20, 20, 5)]
    apart = alone(tmp_path, *(Block(shape=one, height_m=None) for one in boxes), azimuth_deg=90, hfov_deg=120)
    whole = Block(shape=shapely.union_all(boxes), height_m=None)
    together = alone(tmp_path, whole, azimuth_deg=90, hfov_deg=120)
    assert apart["cameras"][0]["area_m2"] == pytest.approx(together["cameras"][0]["area_m2"], rel=1e-9)
    ring = Polygon(box(-30, -30, 30, 30).exterior, [box(-10, -10, 10, 10).exterior])
    in_court = alone(tmp_path, Block(shape=MultiPolygon([ring]), height_m=None), hfov_deg=360)
    assert in_court["cameras"][0]["area_m2"] == pytest.approx(400, rel=1e-6)
