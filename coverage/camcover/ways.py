"""How far it is on foot: along roads where there are any, else as the crow flies."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Sequence
from math import inf

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Node = tuple[int, ...]
"""An end of a line: its coordinates in units of `_SNAP_M`; the foot of a point: -1, line, number on it."""

_SNAP_M = 0.01
"""Ends of roads that are nearer than this meet."""


def straight_m(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return all distances (n, n) between points (n, 2)."""
    return np.asarray(np.hypot(*(points[:, None, :] - points[None, :, :]).transpose(2, 0, 1)), dtype=np.float64)


def walking_m(points: NDArray[np.float64], roads: Sequence[BaseGeometry]) -> NDArray[np.float64]:
    """Return distances (n, n) on foot between points (n, 2): straight to the nearest road, along roads, straight again.

    Two points that are nearer to each other than to their roads are walked straight between, as are two that no road
    joins. Symmetric, in metres.
    """
    straight = straight_m(points)
    lines = _network(roads)
    if not len(lines):
        return straight
    spots = shapely.points(points)
    nearest = shapely.STRtree(lines).nearest(spots)
    along = shapely.line_locate_point(lines[nearest], spots)
    foot = shapely.line_interpolate_point(lines[nearest], along)
    access = shapely.distance(spots, foot)
    graph, nodes = _graph(lines, nearest, along)
    by_road = np.full_like(straight, inf)
    for one, node in enumerate(nodes):
        reached = _dijkstra(graph, node)
        by_road[one] = access[one] + access + [reached.get(other, inf) for other in nodes]
    by_road = np.minimum(by_road, by_road.T)
    crow = (straight <= access[:, None] + access[None, :]) | ~np.isfinite(by_road)
    return np.where(crow, straight, by_road)


def _network(roads: Sequence[BaseGeometry]) -> NDArray[np.object_]:
    """Return the roads cut at their crossings."""
    parts = shapely.get_parts(shapely.union_all(list(roads), grid_size=_SNAP_M))
    return np.asarray(parts[(shapely.get_type_id(parts) == 1) & (shapely.length(parts) > 0)])


def _graph(
    lines: NDArray[np.object_], nearest: NDArray[np.int64], along: NDArray[np.float64]
) -> tuple[dict[Node, list[tuple[Node, float]]], list[Node]]:
    """Return the neighbours of every node, and the node of every point: its foot on the nearest line."""
    graph: dict[Node, list[tuple[Node, float]]] = {}
    feet: dict[int, dict[float, Node]] = {}
    nodes: list[Node] = []
    for line, metres in zip(nearest.tolist(), along.tolist(), strict=True):
        node = feet.setdefault(line, {}).setdefault(metres, (-1, line, len(nodes)))
        nodes.append(node)
    for index, line in enumerate(lines):
        ends = shapely.get_coordinates(line)[[0, -1]]
        stations = [(0.0, _key(ends[0])), *sorted(feet.get(index, {}).items()), (line.length, _key(ends[1]))]
        for (start, one), (stop, other) in itertools.pairwise(stations):
            graph.setdefault(one, []).append((other, stop - start))
            graph.setdefault(other, []).append((one, stop - start))
    return graph, nodes


def _key(point: NDArray[np.float64]) -> Node:
    return round(float(point[0]) / _SNAP_M), round(float(point[1]) / _SNAP_M)


def _dijkstra(graph: dict[Node, list[tuple[Node, float]]], start: Node) -> dict[Node, float]:
    best = {start: 0.0}
    heap = [(0.0, start)]
    while heap:
        walked, node = heapq.heappop(heap)
        if walked > best[node]:
            continue
        for other, leg in graph.get(node, ()):
            if walked + leg < best.get(other, inf):
                best[other] = walked + leg
                heapq.heappush(heap, (walked + leg, other))
    return best
