"""Scenes for the oracle: houses of all shapes, walls, cameras as registers have them; on the grid of a millimetre."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry import LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from tests.coverage.oracle import PX_PER_M, Block, Eye, lonlat

Json = dict[str, Any]
HEIGHTS_M = (None, 1.0, 2.5, 3.0, 6.0, 12.0)
SITES = {"all": box(0, 0, 100, 100), "beside": box(50, 50, 130, 120), "within": box(10, 10, 40, 40)}
PLACES: dict[str, BaseGeometry] = {
    "school": box(20, 20, 60, 60),
    "road": LineString([(0, 33.3), (110, 50)]),
    "junction": Point(30.5, 71.25),
    "exits": MultiPoint([(1, 2), (55.5, 44), (80, 81)]),
    "ditches": MultiLineString([[(0, 0), (50, 99)], [(99, 0), (10, 77)]]),
    "ponds": MultiPolygon([box(0, 0, 9, 9), box(70, 70, 90, 95)]),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A scene in metres from the oracle's corner; `places` are shapes with their bands."""

    eyes: tuple[Eye, ...] = ()
    blocks: tuple[Block, ...] = ()
    sites: dict[str, BaseGeometry]
    places: dict[str, tuple[BaseGeometry, str]]
    standard: str = "dori"
    target_m: float = 0.0
    night: bool = False

    def write(
        self, path: Path, datum: str = "cgcs2000", moved: Callable[[BaseGeometry], BaseGeometry] = lonlat
    ) -> Path:
        """Write the scene file; `moved` takes metres to degrees of the datum."""
        features = [
            *(feature("obstacle", moved(one.shape), height_m=one.height_m) for one in self.blocks),
            *(feature("camera", moved(Point(one.x_m, one.y_m)), **one.said) for one in self.eyes),
            *(feature("site", moved(shape), id=id_) for id_, shape in self.sites.items()),
            *(
                feature("keyplace", moved(shape), id=id_, type="place", band=band)
                for id_, (shape, band) in self.places.items()
            ),
        ]
        terms = {"datum": datum, "standard": self.standard, "target_height_m": self.target_m}
        path.write_text(json.dumps({"type": "FeatureCollection", **terms, "features": features}), encoding="utf-8")
        return path


def feature(kind: str, shape: BaseGeometry, **said: Any) -> Json:
    return {
        "type": "Feature",
        "properties": {"kind": kind, **said},
        "geometry": json.loads(shapely.to_geojson(shape)),
    }


def drawn(seed: int) -> Scene:
    """A scene by lot: concave houses, courtyards, corners that touch, overlaps, walls; cameras of every kind."""
    rng = np.random.default_rng(seed)
    houses = [Block(shape=_house(rng), height_m=_one(rng, HEIGHTS_M)) for _ in range(int(rng.integers(9)))]
    walls = [
        Block(
            shape=LineString(rng.uniform(0, 120, (int(rng.integers(2, 5)), 2)).round(3)), height_m=_one(rng, HEIGHTS_M)
        )
        for _ in range(int(rng.integers(4)))
    ]
    blocks = (*houses, *walls)
    spots = [Point(at) for at in rng.uniform(-10, 120, (30, 2)).round(3)]
    free = [one for one in spots if all(block.shape.distance(one) > 0.3 for block in blocks)]
    count = int(rng.integers(1, 6))
    return Scene(
        eyes=tuple(Eye(x_m=at.x, y_m=at.y, said=_said(rng, number)) for number, at in enumerate(free[:count])),
        blocks=blocks,
        sites=dict(list(SITES.items())[: int(rng.integers(4))]),
        places={id_: (shape, str(_one(rng, tuple(PX_PER_M)))) for id_, shape in PLACES.items()},
        standard=_one(rng, ("dori", "oodpcvs")),
        target_m=_one(rng, (0.0, 0.0, 1.6, 3.5)),
        night=bool(rng.random() < 0.3),
    )


def _one(rng: np.random.Generator, among: tuple[Any, ...]) -> Any:
    return among[int(rng.integers(len(among)))]


def _said(rng: np.random.Generator, number: int) -> Json:
    """What a register says of a camera; the rest it keeps to itself."""
    said: Json = {
        "id": f"c{number}",
        "hfov_deg": _one(rng, (1, 30.0, 60, 84, 90, 179.5, 180, 200, 359, 360)),
        "range_m": _one(rng, (3, 20, 50, 90, 300)),
        "azimuth_deg": _one(rng, (0, 360, 45, 90, -90, 181, 359.9, 270)),
    }
    sometimes: tuple[tuple[str, float, tuple[Any, ...]], ...] = (
        ("height_m", 0.7, (1.0, 3, 4, 5, 8)),
        ("tilt_deg", 0.5, (-10, 0, 10, 25, 45, 80)),
        ("vfov_deg", 0.3, (5, 30, 70, 120)),
        ("width_px", 0.5, (640, 2560)),
        ("height_px", 0.3, (480, 1440)),
        ("lens_model", 0.3, ("fisheye",)),
        ("ir_range_m", 0.5, (0, 10, 40)),
        ("ptz", 0.3, (True,)),
        ("working", 0.3, (False,)),
        ("link", 0.6, ("switch", "pole")),
    )
    for key, share, among in sometimes:
        if rng.random() < share:
            said[key] = _one(rng, among)
    return said


def _house(rng: np.random.Generator) -> BaseGeometry:
    wide, deep = (int(one) for one in rng.integers(4, 24, 2))
    star = np.linspace(0, 2 * np.pi, 7, endpoint=False)
    spikes = np.where(np.arange(7) % 2, 4.0, 12.0)
    court = [(1, 1), (wide - 1, 1), (wide - 1, deep - 1), (1, deep - 1)]
    horns = [(wide, 0), (wide, deep), (wide * 0.6, deep), (wide * 0.6, 1), (wide * 0.4, 1), (wide * 0.4, deep)]
    shape = _one(
        rng,
        (
            box(0, 0, wide, deep),
            Polygon([(0, 0), (wide, 0), (wide, deep / 2), (wide / 2, deep / 2), (wide / 2, deep), (0, deep)]),
            Polygon(box(0, 0, wide, deep).exterior, [court]),
            Polygon(np.column_stack([spikes * np.cos(star), spikes * np.sin(star)])),
            MultiPolygon([box(0, 0, wide, deep), box(wide, deep, wide + 5, deep + 5)]),
            Polygon([(0, 0), *horns, (0, deep)]),
        ),
    )
    shape = affinity.rotate(shape, _one(rng, (0, 90, 180, 33.0)), origin=(0, 0))
    corner = (rng.uniform(0, 100, 2) * 2).round() / 2

    def placed(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return (points + corner).round(3)

    return shapely.transform(shape, placed)
