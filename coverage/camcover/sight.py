"""Which element can be seen from where at all, whichever way the camera is turned.

Walls do not move when a camera is turned: one full-circle sweep a position answers for every azimuth, and a sector is
then a run of sorted bearings. So every degree costs as little as every fifteenth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from camcover.bands import px_per_m
from camcover.camera import Camera, View
from camcover.demand import Demand
from camcover.optics import FULL_CIRCLE_DEG, reach_m
from camcover.terrain import Terrain
from camcover.viewshed import ENDLESS_M, Sectors, placements, sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """By day or night, on a plane how high, with names of densities from which standard."""

    night: bool = False
    target_height_m: float = 0.0
    standard: str = "dori"

    def view(self, band: str) -> View:
        """Return what is asked of a camera where this band is wanted."""
        density = px_per_m(band, self.standard)
        return View(night=self.night, px_per_m=density, target_height_m=self.target_height_m)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """Elements that each viewer (n,) sees when turned towards them, by rising bearing.

    Viewer `i` owns `element[start[i]:start[i + 1]]` and their `bearing_deg` in [0, 360).
    """

    start: NDArray[np.int64]
    element: NDArray[np.int64]
    bearing_deg: NDArray[np.float64]
    hfov_deg: NDArray[np.float64]
    inside: NDArray[np.bool_]
    """Put inside a building by the register; it looks from the wall that it faces."""

    @classmethod
    def of(cls, viewers: Sequence[Camera], demand: Demand, terrain: Terrain, ask: Ask) -> Sight:
        """Look around from every viewer; one inside a building looks from its wall, as in `camcover.viewshed`."""
        hfov = np.array([viewer.lens.hfov_deg for viewer in viewers], dtype=np.float64)
        if not viewers or not len(demand):
            none = np.zeros(len(viewers), dtype=np.bool_)
            start = np.zeros(len(viewers) + 1, dtype=np.int64)
            return cls(start=start, element=start[:0], bearing_deg=np.empty(0), hfov_deg=hfov, inside=none)
        near, far = _reach(viewers, demand.bands, ask)
        placed = placements(viewers, terrain)
        inside = np.array([place.inside for place in placed])
        x, y = np.array([place.x_m for place in placed]), np.array([place.y_m for place in placed])
        rounds = _full_circles(viewers, x, y, np.minimum(far.max(axis=1), ENDLESS_M))
        areas = sweep(rounds, terrain, ask.target_height_m)
        tree = shapely.STRtree(shapely.points(demand.x_m, demand.y_m))
        viewer, element = tree.query(areas, predicate="intersects")
        east, north = demand.x_m[element] - x[viewer], demand.y_m[element] - y[viewer]
        distance, band = np.hypot(east, north), demand.band[element]
        within = (distance >= near[viewer, band]) & (distance <= far[viewer, band]) & (far[viewer, band] > 0)
        viewer, element = viewer[within], element[within]
        bearing = np.degrees(np.arctan2(east[within], north[within])) % FULL_CIRCLE_DEG
        bearing[bearing >= FULL_CIRCLE_DEG] = 0.0  # a hair west of north rounds up to 360
        order = np.lexsort((element, bearing, viewer))
        start = np.searchsorted(viewer[order], np.arange(len(viewers) + 1))
        return cls(start=start, element=element[order], bearing_deg=bearing[order], hfov_deg=hfov, inside=inside)

    def __len__(self) -> int:
        return len(self.hfov_deg)

    def around(self, viewer: int) -> NDArray[np.int64]:
        """Return the elements that this viewer could see."""
        return self.element[self.start[viewer] : self.start[viewer + 1]]

    def towards(self, viewer: int, azimuth_deg: float | None) -> NDArray[np.int64]:
        """Return the elements that this viewer sees when turned to `azimuth_deg`; None: not known, so nothing."""
        around = self.around(viewer)
        if self.hfov_deg[viewer] >= FULL_CIRCLE_DEG:
            return around
        if azimuth_deg is None:
            return around[:0]
        low, high = self.runs(viewer, np.array([azimuth_deg]))
        return np.asarray(around[np.arange(low[0], high[0]) % max(len(around), 1)])

    def runs(self, viewer: int, azimuth_deg: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return for each azimuth (a,) the half-open run of `around` inside the sector; indices wrap at its length.

        For a lens of less than a full circle.
        """
        bearing = self.bearing_deg[self.start[viewer] : self.start[viewer + 1]]
        two = np.concatenate([bearing, bearing + FULL_CIRCLE_DEG])
        half = self.hfov_deg[viewer] / 2
        left = (azimuth_deg - half) % FULL_CIRCLE_DEG
        low = np.searchsorted(two, left, "left").astype(np.int64)
        return low, np.searchsorted(two, left + 2 * half, "right").astype(np.int64)

    def new(self, viewer: int, azimuth_deg: NDArray[np.float64], seen: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
        """Return for each azimuth (a,) the elements that it sees and that are not among `seen` (e,) yet."""
        around = self.around(viewer)
        if self.hfov_deg[viewer] >= FULL_CIRCLE_DEG:
            return [around[~seen[around]]] * len(azimuth_deg)
        twice = np.concatenate([around, around])
        fresh = ~seen[twice]
        left = np.concatenate([[0], np.cumsum(fresh)])
        low, high = self.runs(viewer, azimuth_deg)
        found = twice[fresh]
        return [found[a:b] for a, b in zip(left[low].tolist(), left[high].tolist(), strict=True)]

    def centred(self, viewer: int, azimuth_deg: float, won: NDArray[np.bool_]) -> float:
        """Return a whole azimuth that has what it wins (e,) in the middle, or this one where that would lose any.

        A bracket is a few degrees off, and what lies at the edge of the picture is lost first.
        """
        own = slice(self.start[viewer], self.start[viewer + 1])
        side = (self.bearing_deg[own][won[self.element[own]]] - azimuth_deg + 180.0) % FULL_CIRCLE_DEG - 180.0
        half = self.hfov_deg[viewer] / 2
        side = side[np.abs(side) <= half]
        if not len(side):
            return azimuth_deg
        middle = float(np.rint(azimuth_deg + (side.min() + side.max()) / 2))
        kept = np.abs(side + azimuth_deg - middle).max() <= half
        return middle % FULL_CIRCLE_DEG if kept else azimuth_deg

    def sums(self, viewer: int, azimuth_deg: NDArray[np.float64], parts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for each azimuth (a,) the sum of `parts` (e,) over what it sees."""
        around = self.around(viewer)
        worth = parts[around]
        if self.hfov_deg[viewer] >= FULL_CIRCLE_DEG:
            return np.full(len(azimuth_deg), worth.sum(), dtype=np.int64)
        summed = np.concatenate([[0], np.cumsum(np.concatenate([worth, worth]))])
        low, high = self.runs(viewer, azimuth_deg)
        return np.asarray(summed[high] - summed[low], dtype=np.int64)


def _reach(
    viewers: Sequence[Camera], bands: Sequence[str], ask: Ask
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (near, far) as arrays (viewer, band)."""
    views = [ask.view(band) for band in bands]
    known: dict[tuple[object, ...], list[tuple[float, float]]] = {}
    limits: list[list[tuple[float, float]]] = []
    for viewer in viewers:
        key = (viewer.mount.height_m, viewer.mount.tilt_deg, viewer.lens)
        if key not in known:
            known[key] = [reach_m(viewer.mount, viewer.lens, view) for view in views]
        limits.append(known[key])
    table = np.array(limits, dtype=np.float64)
    return table[..., 0], table[..., 1]


def _full_circles(
    viewers: Sequence[Camera], x_m: NDArray[np.float64], y_m: NDArray[np.float64], far_m: NDArray[np.float64]
) -> Sectors:
    heights = [np.nan if viewer.mount.height_m is None else viewer.mount.height_m for viewer in viewers]
    nothing = np.zeros(len(viewers))
    return Sectors(
        x_m=x_m,
        y_m=y_m,
        azimuth_deg=nothing,
        hfov_deg=np.full(len(viewers), FULL_CIRCLE_DEG),
        near_m=nothing,
        far_m=far_m,
        height_m=np.array(heights, dtype=np.float64),
    )
