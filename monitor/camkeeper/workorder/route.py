"""A van's way past the villages where something is to be repaired. WGS-84 degrees; metres as the crow flies.

Nearest neighbour, then 2-opt; the same orders give the same way on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

from camkeeper.model.place import LonLat
from camkeeper.workorder.priority import Ranked

_EARTH_M = 6_371_008.8
_SWEEPS = 60
_CM = 0.01
"""Less is no shortening: it would only be rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One village, and what is to be repaired in it, the weightiest first."""

    site_id: str
    orders: tuple[Ranked, ...]
    leg_m: float
    """From the stop before, or from the start."""

    @property
    def weight(self) -> float:
        """Of all its orders."""
        return sum(r.weight for r in self.orders)


@dataclass(frozen=True, slots=True, kw_only=True)
class VanRoute:
    """One way past all stops, not back."""

    stops: tuple[Stop, ...] = ()
    unplaced: tuple[Ranked, ...] = ()
    """Orders of no site with a known centre: to be asked about."""
    left_out: tuple[Ranked, ...] = ()
    """Of villages beyond `max_stops`, the lightest ones."""

    @property
    def length_m(self) -> float:
        """Of all legs."""
        return sum(s.leg_m for s in self.stops)


def van_route(
    ranked: Iterable[Ranked],
    centres: Mapping[str, LonLat],
    *,
    start: LonLat | None = None,
    max_stops: int | None = None,
) -> VanRoute:
    """Group the orders by village and put the villages into an order to drive.

    An order of several villages is met at the one that has most of its devices. `start`: where the van stands; None: it
    begins in the village where most is to be won back. `max_stops`: the weightiest villages only.
    """
    by_site: dict[str, list[Ranked]] = {}
    unplaced: list[Ranked] = []
    for one in ranked:
        site_id = next((s for s in one.order.subject.site_ids if s in centres), None)
        if site_id is None:
            unplaced.append(one)
        else:
            by_site.setdefault(site_id, []).append(one)
    by_weight = sorted(
        by_site, key=lambda s: (-sum(r.places for r in by_site[s]), -sum(r.weight for r in by_site[s]), s)
    )
    chosen = by_weight if max_stops is None else by_weight[:max_stops]
    way = _way(chosen, centres, start)
    points = ([start] if start is not None else []) + [centres[s] for s in way]
    legs = ([] if start is not None else [0.0]) + [metres(a, b) for a, b in pairwise(points)]
    stops = (Stop(site_id=s, orders=tuple(by_site[s]), leg_m=m) for s, m in zip(way, legs, strict=False))
    left_out = tuple(r for s in by_weight[len(chosen) :] for r in by_site[s])
    return VanRoute(stops=tuple(stops), unplaced=tuple(unplaced), left_out=left_out)


def metres(a: LonLat, b: LonLat) -> float:
    """Return the great-circle distance of two (longitude, latitude) degrees."""
    (lon_a, lat_a), (lon_b, lat_b) = (tuple(map(radians, p)) for p in (a, b))
    h = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_M * asin(min(1.0, sqrt(h)))


def _way(sites: Sequence[str], centres: Mapping[str, LonLat], start: LonLat | None) -> list[str]:
    """Return the sites in driving order; `sites` has the weightiest first."""
    if not sites:
        return []
    left = list(sites)
    way = [left.pop(0)] if start is None else []
    at = centres[way[0]] if start is None else start
    while left:
        near = min(left, key=lambda s: (metres(at, centres[s]), s))
        left.remove(near)
        way.append(near)
        at = centres[near]
    points = ([start] if start is not None else []) + [centres[s] for s in way]
    fixed = 1 if start is not None else 0
    order = _untangled(points)
    return [way[i - fixed] for i in order if i >= fixed]


def _untangled(points: Sequence[LonLat]) -> list[int]:
    """Return the indices in an order that no turning round of a part shortens; the first stays, the end is free."""
    order = list(range(len(points)))
    far = _distances(points)
    for _ in range(_SWEEPS):
        shorter = False
        for i in range(1, len(order) - 1):
            before, first = far[order[i - 1]], order[i]
            for j in range(i + 1, len(order)):
                last = order[j]
                gain = before[first] - before[last]
                if j + 1 < len(order):
                    after = order[j + 1]
                    gain += far[last][after] - far[first][after]
                if gain > _CM:
                    order[i : j + 1] = reversed(order[i : j + 1])
                    shorter, first = True, last
        if not shorter:
            break
    return order


def _distances(points: Sequence[LonLat]) -> list[list[float]]:
    """Return the metres between any two; each pair is computed once, for a county has 26,000."""
    far = [[0.0] * len(points) for _ in points]
    for i, a in enumerate(points):
        for j in range(i):
            far[i][j] = far[j][i] = metres(a, points[j])
    return far
