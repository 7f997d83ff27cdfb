"""Obstacles lower than the camera: it looks over them, and what lies close behind is hidden.

A point at the target height ht is hidden behind a top at Hb if the line to the camera at Hc passes below that top, so
the shadow of a footprint F is all m F with 1 <= m <= k = (Hc - ht) / (Hc - Hb), scaled about the camera. Walked towards
the camera, a hidden point enters F through an edge on F's far side: the shadow is F and the strips between each far
edge and its k-fold image. A roof is no ground, so F itself is taken away even where Hb <= ht.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from camcover.jit import kernel
from camcover.terrain import Terrain

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]
Shapes = NDArray[np.object_]

WIDEST_SCALE = 1e5
"""A top just below the camera hides all behind it; more would leave the numbers no digits."""
EDGE_ON = 1e-11
WIDEST_RUN_RAD = 2.0


def without_shadows(seen: Shapes, lit: Shapes, stands_m: Floats, terrain: Terrain, target_height_m: float) -> Shapes:
    """Return the fields less the lower roofs and the shadows of lower obstacles, shape (n,).

    `lit`: the fields without a near limit, which say what obstacles can matter. `stands_m` (n, 3): x, y and height of
    each camera, 0 where unknown (then nothing is lower).
    """
    camera, roof = terrain.roof_tree.query(lit, predicate="intersects")
    low = terrain.roof_m[roof] < stands_m[camera, 2]
    camera, roof = camera[low], roof[low]
    casts = terrain.roof_m[roof] > target_height_m
    strips, whose, with_roof = _roof_strips(stands_m, camera[casts], roof[casts], terrain, target_height_m)
    fences, fence_camera = _fence_strips(lit, stands_m, terrain, target_height_m)
    bare = np.ones(len(camera), dtype=bool)
    bare[np.flatnonzero(casts)[whose[with_roof]]] = False
    shapes = np.concatenate([terrain.roofs[roof[bare]], strips, fences])
    return _less(seen, shapes, np.concatenate([camera[bare], camera[casts][whose], fence_camera]))


def scale(height_m: Floats, top_m: Floats, target_height_m: float) -> Floats:
    """Return k, how many times farther than the obstacle its shadow ends; `height_m` > `top_m` > `target_height_m`.

    >>> 10 * scale(np.array([5.0]), np.array([2.5]), 0.0)
    array([20.])
    """
    k: Floats = np.minimum((height_m - target_height_m) / (height_m - top_m), WIDEST_SCALE)
    return k


def _less(seen: Shapes, shadows: Shapes, owner: Integers) -> Shapes:
    result = seen.copy()
    if len(owner) == 0:
        return result
    order = np.argsort(owner, kind="stable")
    shaded, index = np.unique(owner[order], return_inverse=True)
    united = shapely.union_all(shapely.geometrycollections(shadows[order], indices=index)[:, None], axis=1)
    result[shaded] = shapely.difference(seen[shaded], united)
    return result


def _roof_strips(
    stands_m: Floats, camera: Integers, roof: Integers, terrain: Terrain, target_height_m: float
) -> tuple[Shapes, Integers, Bools]:
    """Return the strips behind roofs, the pair of camera and roof that each belongs to, and which hold their roof."""
    if len(camera) == 0:
        return np.empty(0, dtype=object), camera, np.zeros(0, dtype=bool)
    roofs, which = np.unique(roof, return_inverse=True)
    rings, whose = shapely.get_rings(terrain.roofs[roofs], return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    point_start = np.searchsorted(ring, np.arange(len(rings) + 1))
    ring_start = np.searchsorted(whose, np.arange(len(roofs) + 1))
    k = scale(stands_m[camera, 2], terrain.roof_m[roof], target_height_m)
    at = np.column_stack([stands_m[camera, :2], k])
    outlines, start, pair, with_roof = _strips(at, which, points, point_start, ring_start)
    index = np.repeat(np.arange(len(pair)), np.diff(start))
    return shapely.polygons(shapely.linearrings(outlines, indices=index)), pair, with_roof


def _fence_strips(lit: Shapes, stands_m: Floats, terrain: Terrain, target_height_m: float) -> tuple[Shapes, Integers]:
    """Return the strips behind lines, and the camera of each."""
    camera, fence = terrain.fence_tree.query(lit, predicate="intersects")
    top, height = terrain.fence_top_m[fence], stands_m[camera, 2]
    casts = (top < height) & (top > target_height_m)
    camera, fence = camera[casts], fence[casts]
    at, ends = stands_m[camera, None, :2], terrain.fences_m[fence].reshape(-1, 2, 2)
    k = scale(height[casts], top[casts], target_height_m)
    far = at + k[:, None, None] * (ends - at)
    quads = np.stack([ends[:, 0], ends[:, 1], far[:, 1], far[:, 0]], axis=1)
    a, b = ends[:, 0] - at[:, 0], ends[:, 1] - at[:, 0]
    wide = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) > EDGE_ON * np.hypot(*a.T) * np.hypot(*b.T)
    return shapely.polygons(quads[wide]), camera[wide]


@kernel
def _strips(
    at: Floats, roof: Integers, points: Floats, point_start: Integers, ring_start: Integers
) -> tuple[Floats, Integers, Integers, Bools]:
    """Return outlines (v, 2), the first point of each strip (and the end), its pair, and whether it holds its roof.

    A roof that every direction enters and leaves once is drawn with its shadow as one outline. Of others a strip
    follows far edges that adjoin, through an angle of at most two radians, so that its outline is simple.
    """
    most = 0
    for p in range(len(at)):
        most += point_start[ring_start[roof[p] + 1]] - point_start[ring_start[roof[p]]]
    outline, start, pair = np.empty((4 * most + 4, 2)), np.empty(most + 1, np.int64), np.empty(most, np.int64)
    with_roof = np.zeros(most, np.bool_)
    size, strips = 0, 0
    for p in range(len(at)):
        if ring_start[roof[p] + 1] - ring_start[roof[p]] == 1:
            ring = ring_start[roof[p]]
            start[strips], pair[strips] = size, p
            size = _whole(at[p], points[point_start[ring] : point_start[ring + 1]], outline, size)
            if size > start[strips]:
                with_roof[strips] = True
                strips += 1
                continue
        for ring in range(ring_start[roof[p]], ring_start[roof[p] + 1]):
            first, last = point_start[ring], point_start[ring + 1] - 1
            i = first
            while i < last:
                j, angle = i, 0.0
                while j < last and angle <= WIDEST_RUN_RAD:
                    turn = _turn(at[p], points[j], points[j + 1])
                    if turn <= EDGE_ON:
                        break
                    angle += turn
                    j += 1
                if j > i:
                    start[strips], pair[strips] = size, p
                    strips += 1
                    size = _outline(at[p], points, i, j, outline, size)
                i = max(j, i + 1)
    start[strips] = size
    return outline[:size], start[: strips + 1], pair[:strips], with_roof[:strips]


@kernel
def _whole(at: Floats, ring: Floats, outline: Floats, size: int) -> int:
    """Write a ring and its shadow as one outline, if its far edges follow each other; return the new size."""
    n = len(ring) - 1
    enters, leaves, angle = -1, -1, 0.0
    before = _turn(at, ring[n - 1], ring[n])
    for i in range(n):
        turn = _turn(at, ring[i], ring[i + 1])
        if abs(turn) <= EDGE_ON:
            return size
        if turn > 0.0:
            angle += turn
        if turn > 0.0 and before < 0.0:
            if enters >= 0:
                return size
            enters = i
        if turn < 0.0 and before > 0.0:
            leaves = i
        before = turn
    if enters < 0 or angle > WIDEST_RUN_RAD:
        return size
    i = leaves
    while i != enters:  # the near edges as they are
        outline[size, 0], outline[size, 1] = ring[i]
        size, i = size + 1, (i + 1) % n
    outline[size, 0], outline[size, 1] = ring[enters]
    return _outline_far(at, ring, enters, leaves, outline, size + 1)


@kernel
def _outline_far(at: Floats, ring: Floats, enters: int, leaves: int, outline: Floats, size: int) -> int:
    """Write the images of the far corners, from where the far edges begin to where they end."""
    n = len(ring) - 1
    i = enters
    while True:
        outline[size, 0] = at[0] + at[2] * (ring[i, 0] - at[0])
        outline[size, 1] = at[1] + at[2] * (ring[i, 1] - at[1])
        size += 1
        if i == leaves:
            return size
        i = (i + 1) % n


@kernel
def _turn(at: Floats, a: Floats, b: Floats) -> float:
    """Return the angle from a to b as the camera sees it: positive where an outline (inside left) shows its inside."""
    ax, ay, bx, by = a[0] - at[0], a[1] - at[1], b[0] - at[0], b[1] - at[1]
    return float(np.arctan2(ax * by - ay * bx, ax * bx + ay * by))


@kernel
def _outline(at: Floats, points: Floats, i: int, j: int, outline: Floats, size: int) -> int:
    """Write points i..j and their images back again; return the new size."""
    for n in range(i, j + 1):
        outline[size, 0], outline[size, 1] = points[n]
        size += 1
    for n in range(j, i - 1, -1):
        outline[size, 0] = at[0] + at[2] * (points[n, 0] - at[0])
        outline[size, 1] = at[1] + at[2] * (points[n, 1] - at[1])
        size += 1
    return size
