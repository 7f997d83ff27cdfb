"""Blind zones as a night patrol can walk them: where to stop, in which order, how far, how long.

Metres of one `camcover.frame.Frame`. A patrol of three to five people walks at night past what no camera sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camcover.obstacle import Obstacle
from camcover.overlay import Place
from camcover.tour import legs_m, length_m, rounds, shorten, tour
from camcover.ways import walking_m

PACE_M_S = 1.0
LOOK_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stop:
    """Where to stand and look. `leg_m`: the walk here from the stop before, or from the start."""

    number: int
    """In the order of walking, over all rounds."""
    x_m: float
    y_m: float
    zone: BaseGeometry
    """The blind ground looked at from here."""
    area_m2: float
    weight: float
    """Its share of all blind ground listed, and for each key place, the share of its weight that lies here."""
    place_id: str | None
    """The nearest key place, or None where there are none."""
    place_m: float | None
    """From the zone to it: 0 where it lies inside."""
    leg_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Round:
    """One walk from the start; `length_m` with the way back where it is closed."""

    stops: tuple[Stop, ...]
    length_m: float
    minutes: float
    weight: float
    over_budget: bool
    """True for a single stop that is too far: no order of walking helps."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PatrolPlan:
    """Rounds, the one that matters most first."""

    rounds: tuple[Round, ...]
    area_m2: float
    """Blind ground outside buildings that the stops stand for."""
    dropped: int
    """Zones too small to walk to."""
    dropped_m2: float
    by_road: bool
    closed: bool

    @property
    def stops(self) -> tuple[Stop, ...]:
        """All stops in the order of walking."""
        return tuple(stop for walk in self.rounds for stop in walk.stops)

    @property
    def length_m(self) -> float:
        """Of all rounds."""
        return sum(walk.length_m for walk in self.rounds)

    @property
    def minutes(self) -> float:
        """Of all rounds."""
        return sum(walk.minutes for walk in self.rounds)


def patrol(
    blind: BaseGeometry,
    *,
    places: Sequence[Place] = (),
    obstacles: Iterable[Obstacle] = (),
    roads: Sequence[BaseGeometry] = (),
    start: tuple[float, float],
    min_area_m2: float = 25.0,
    budget_m: float = 4_000.0,
    stop_m: float = 60.0,
    near_m: float = 10.0,
    closed: bool = True,
    pace_m_s: float = PACE_M_S,
    look_s: float = LOOK_S,
) -> PatrolPlan:
    """List the blind zones as stops and order them into rounds of at most `budget_m`.

    Ground under buildings is left out: nobody walks there. Zones below `min_area_m2` are dropped and counted; larger
    ones are cut so that none is wider than `stop_m`, and scraps within half of that join their neighbour's stop. A key
    place counts where it lies within `near_m` of a zone. With `roads`, distances are along them.
    """
    if min(min_area_m2, budget_m, stop_m, near_m, look_s) < 0 or stop_m == 0 or pace_m_s <= 0:
        raise ValueError("areas, distances and times are not negative; pace and stop_m are positive")
    houses = [item.shape for item in obstacles if shapely.get_dimensions(item.shape) == 2]
    ground = shapely.difference(shapely.make_valid(blind), shapely.union_all(houses))
    zones = _areas(ground)
    large = shapely.area(zones) >= min_area_m2
    merged = _gathered([piece for zone in zones[large] for piece in _cut(zone, stop_m)], stop_m / 2)
    points = shapely.get_coordinates([_stand(zone) for zone in merged]).reshape(-1, 2)
    away = walking_m(np.vstack([np.array(start, dtype=np.float64), points]), roads)
    worth = _weights(merged, places, near_m)
    walks = _walks(away, worth, budget_m, closed=closed)
    made: list[Round] = []
    number = 1
    for walk in walks:
        stops = _stops(walk, merged, points, worth, places, away, number)
        number += len(stops)
        length = length_m(walk, away, closed=closed)
        made.append(
            Round(
                stops=stops,
                length_m=length,
                minutes=(length / pace_m_s + look_s * len(stops)) / 60,
                weight=sum(stop.weight for stop in stops),
                over_budget=length > budget_m,
            )
        )
    return PatrolPlan(
        rounds=tuple(made),
        area_m2=float(sum(zone.area for zone in merged)),
        dropped=int((~large).sum()),
        dropped_m2=float(shapely.area(zones[~large]).sum()),
        by_road=len(roads) > 0,
        closed=closed,
    )


def _areas(shape: BaseGeometry) -> NDArray[np.object_]:
    parts = shapely.get_parts(shape)
    return np.asarray(parts[(shapely.get_dimensions(parts) == 2) & ~shapely.is_empty(parts)])


def _cut(zone: BaseGeometry, stop_m: float) -> list[BaseGeometry]:
    """Cut a zone by a grid centred on it into pieces no wider than `stop_m`."""
    west, south, east, north = zone.bounds
    columns, rows = int(np.ceil((east - west) / stop_m)), int(np.ceil((north - south) / stop_m))
    if columns * rows <= 1:
        return [zone]
    x, y = np.linspace(west, east, columns + 1), np.linspace(south, north, rows + 1)
    left, low = (axis.ravel() for axis in np.meshgrid(x[:-1], y[:-1]))
    right, high = (axis.ravel() for axis in np.meshgrid(x[1:], y[1:]))
    shapely.prepare(zone)
    return list(_areas(shapely.geometrycollections(shapely.intersection(zone, shapely.box(left, low, right, high)))))


def _gathered(pieces: Sequence[BaseGeometry], within_m: float) -> list[BaseGeometry]:
    """Join scraps: from the largest on, a piece whose ground is within reach of an earlier piece's stand joins it."""
    heads: list[BaseGeometry] = []
    stands: list[BaseGeometry] = []
    joined: list[list[BaseGeometry]] = []
    for piece in sorted(pieces, key=lambda one: (-one.area, one.bounds)):
        away = shapely.distance(_stand(piece), stands) if stands else np.empty(0)
        if len(away) and away.min() <= within_m:
            joined[int(np.argmin(away))].append(piece)
        else:
            heads.append(piece)
            stands.append(_stand(piece))
            joined.append([piece])
    return [shapely.union_all(group) for group in joined]


def _stand(zone: BaseGeometry) -> BaseGeometry:
    """Return a point inside the zone's largest part, so outside all buildings."""
    return shapely.point_on_surface(max(_areas(zone), key=lambda part: part.area))


def _weights(zones: Sequence[BaseGeometry], places: Sequence[Place], near_m: float) -> list[float]:
    """Return what each zone is worth: its share of the ground, and its shares of key places times their weights."""
    ground = sum(zone.area for zone in zones)
    around = [shapely.buffer(zone, near_m) for zone in zones]
    worth = [zone.area / ground for zone in zones]
    for place in places:
        total = _measure(place.shape)
        for index, zone in enumerate(around):
            if total and zone.intersects(place.shape):
                worth[index] += place.weight * _measure(zone.intersection(place.shape)) / total
    return worth


def _measure(shape: BaseGeometry) -> float:
    match shapely.get_dimensions(shape):
        case 2:
            return float(shape.area)
        case 1:
            return float(shape.length)
        case _:
            return float(shapely.get_num_coordinates(shape))


def _walks(away: NDArray[np.float64], worth: Sequence[float], budget_m: float, *, closed: bool) -> list[list[int]]:
    """Return rounds of indices into `away` (0 is the start), the most worth first."""
    walks = rounds(tour(away, closed=closed), away, budget_m, closed=closed)
    walks = [shorten(walk, away, closed=closed) for walk in walks]
    return sorted(walks, key=lambda walk: (-sum(worth[stop - 1] for stop in walk), walk))


def _stops(
    walk: Sequence[int],
    zones: Sequence[BaseGeometry],
    points: NDArray[np.float64],
    worth: Sequence[float],
    places: Sequence[Place],
    away: NDArray[np.float64],
    number: int,
) -> tuple[Stop, ...]:
    made: list[Stop] = []
    for at, leg in zip(walk, legs_m(walk, away, closed=False), strict=True):
        zone = zones[at - 1]
        far = [float(zone.distance(place.shape)) for place in places]
        nearest = int(np.argmin(far)) if far else None
        made.append(
            Stop(
                number=number + len(made),
                x_m=float(points[at - 1, 0]),
                y_m=float(points[at - 1, 1]),
                zone=zone,
                area_m2=float(zone.area),
                weight=worth[at - 1],
                place_id=None if nearest is None else places[nearest].id,
                place_m=None if nearest is None else far[nearest],
                leg_m=leg,
            )
        )
    return tuple(made)
