"""What is to be seen, cut into small weighted elements: what turning and buying cameras is planned on.

All coordinates are metres of one `camcover.frame.Frame`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camcover.overlay import Place

PARTS = 10**12
"""Weights are kept as whole parts of about this many, so that sums are the same in any order and on any machine."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """Elements `(e,)` of the places; a place counts its weight, and half seen counts half of it.

    `place` and `band` are indices into `places` and `bands`; `amount` is m2, metres or a count, as its place is.
    """

    places: tuple[Place, ...]
    bands: tuple[str, ...]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    place: NDArray[np.int64]
    band: NDArray[np.int64]
    amount: NDArray[np.float64]
    parts: NDArray[np.int64]
    weight: float
    """Of everything: the sum of the places' weights."""

    @classmethod
    def sample(cls, places: Iterable[Place], *, cell_m: float = 5.0, step_m: float = 2.0) -> Demand:
        """Cut areas into cells of `cell_m` on one regular grid, lines into steps of at most `step_m`.

        Amounts of the elements of a place sum to its own: a cell is in where its centre is, and all count alike. A
        place smaller than a cell is one element. Lengths of zero raise ValueError; empty places are left out.
        """
        if not (cell_m > 0 and step_m > 0):
            raise ValueError(f"cells and steps have a length: {cell_m}, {step_m}")
        kept = tuple(place for place in places if not place.shape.is_empty)
        bands = tuple(sorted({place.band for place in kept}))
        points = [_elements(place.shape, cell_m, step_m) for place in kept]
        counts = np.array([len(found) for found in points], dtype=np.int64)
        index = np.repeat(np.arange(len(kept), dtype=np.int64), counts)
        xy = np.vstack(points) if points else np.empty((0, 2))
        each = np.array([_total(place.shape) for place in kept]) / np.maximum(counts, 1)
        weights = np.array([place.weight for place in kept], dtype=np.float64)
        weight = float(weights.sum())
        share = weights / (weight or 1.0) / np.maximum(counts, 1)
        band = np.array([bands.index(place.band) for place in kept], dtype=np.int64)
        return cls(
            places=kept,
            bands=bands,
            x_m=np.ascontiguousarray(xy[:, 0]),
            y_m=np.ascontiguousarray(xy[:, 1]),
            place=index,
            band=band[index],
            amount=each[index],
            parts=np.rint(share * PARTS).astype(np.int64)[index],
            weight=weight,
        )

    def __len__(self) -> int:
        return len(self.x_m)

    @property
    def total_parts(self) -> int:
        """Parts of everything."""
        return int(self.parts.sum())

    def amounts(self, seen: NDArray[np.bool_]) -> tuple[float, ...]:
        """Return per place how much of it is `seen` (e,), in its own unit."""
        return tuple(np.bincount(self.place[seen], self.amount[seen], minlength=len(self.places)).tolist())

    def weigh(self, parts: float) -> float:
        """Return the weight that so many parts are."""
        return self.weight * parts / (self.total_parts or 1)


def _elements(shape: BaseGeometry, cell_m: float, step_m: float) -> NDArray[np.float64]:
    """Return the points (n, 2) that stand for a shape."""
    match shapely.get_dimensions(shape):
        case 2:
            return _cells(shapely.make_valid(shape), cell_m)
        case 1:
            return np.vstack([_steps(line, step_m) for line in shapely.get_parts(shape)])
        case _:
            return np.asarray(shapely.get_coordinates(shape), dtype=np.float64)


def _cells(area: BaseGeometry, cell_m: float) -> NDArray[np.float64]:
    west, south, east, north = area.bounds
    xs = (np.arange(np.floor(west / cell_m), np.ceil(east / cell_m)) + 0.5) * cell_m
    ys = (np.arange(np.floor(south / cell_m), np.ceil(north / cell_m)) + 0.5) * cell_m
    x, y = (axis.ravel() for axis in np.meshgrid(xs, ys))
    shapely.prepare(area)
    inside = shapely.contains_xy(area, x, y)
    if not inside.any():
        return np.asarray(shapely.get_coordinates(area.representative_point()), dtype=np.float64)
    return np.column_stack([x[inside], y[inside]])


def _steps(line: BaseGeometry, step_m: float) -> NDArray[np.float64]:
    count = max(1, ceil(line.length / step_m))
    at = (np.arange(count) + 0.5) / count
    points = shapely.line_interpolate_point(line, at, normalized=True)
    return np.asarray(shapely.get_coordinates(points), dtype=np.float64)


def _total(shape: BaseGeometry) -> float:
    """Return m2, metres or the number of points: as `camcover.overlay` counts."""
    match shapely.get_dimensions(shape):
        case 2:
            return float(shapely.make_valid(shape).area)
        case 1:
            return float(shape.length)
        case _:
            return float(shapely.get_num_coordinates(shape))


def of_places(demand: Demand, ids: Sequence[str]) -> NDArray[np.bool_]:
    """Return which elements (e,) belong to the places of these ids."""
    wanted = {index for index, place in enumerate(demand.places) if place.id in set(ids)}
    return np.isin(demand.place, sorted(wanted))
