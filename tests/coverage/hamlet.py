"""A made-up hamlet: a block of houses, lanes between them, a few cameras."""

from __future__ import annotations

import numpy as np
from shapely import LineString, box
from shapely.geometry.base import BaseGeometry

from camcover.camera import Camera
from camcover.obstacle import Obstacle
from camcover.optics import Lens, Mount
from camcover.overlay import Place
from camcover.terrain import Terrain

AREA = box(0, 0, 160, 120)
LENS = Lens(hfov_deg=85, width_px=2560, height_px=1440, range_m=50, ir_range_m=30)
MOUNT = Mount(lon_deg=113.9, lat_deg=33.8, height_m=4.0, tilt_deg=10.0)


def houses(*, seed: int = 1) -> tuple[Obstacle, ...]:
    generator = np.random.default_rng(seed)
    made: list[Obstacle] = []
    for column in range(4):
        for row in range(3):
            west, south = column * 40 + generator.uniform(5, 12), row * 40 + generator.uniform(5, 12)
            shape = box(west, south, west + generator.uniform(10, 20), south + generator.uniform(8, 16))
            made.append(Obstacle(id=f"house-{column}-{row}", shape=shape, height_m=[3.0, 6.0][(column + row) % 2]))
    return tuple(made)


def lanes() -> tuple[BaseGeometry, ...]:
    across = [LineString([(0, y), (160, y)]) for y in (2, 40, 80)]
    return (*across, *(LineString([(x, 0), (x, 120)]) for x in (2, 80)))


def places() -> tuple[Place, ...]:
    roads = (Place(id=f"lane-{i}", layer="road", shape=lane, band="observation") for i, lane in enumerate(lanes()))
    gate = Place(id="gate", layer="exit", shape=LineString([(0, 2), (8, 2)]).centroid, band="recognition", weight=2.0)
    return (Place(id="area", layer="area", shape=AREA, weight=3.0), *roads, gate)


def terrain() -> Terrain:
    return Terrain.build(houses())


def camera(id_: str, x_m: float, y_m: float, azimuth_deg: float | None, *, ptz: bool = False) -> Camera:
    mount = Mount(lon_deg=113.9, lat_deg=33.8, height_m=4.0, tilt_deg=10.0, azimuth_deg=azimuth_deg)
    return Camera(id=id_, x_m=x_m, y_m=y_m, mount=mount, lens=LENS, ptz=ptz)


def cameras(*azimuths_deg: float | None) -> tuple[Camera, ...]:
    """Return cameras at crossings of lanes, where no house stands."""
    spots = [(2.0, 2.0), (80.0, 40.0), (80.0, 80.0), (2.0, 80.0), (150.0, 40.0), (40.0, 40.0)]
    pairs = zip(spots, azimuths_deg, strict=False)
    return tuple(camera(f"cam-{i}", x, y, azimuth) for i, ((x, y), azimuth) in enumerate(pairs))
