"""The exact angular sweep, compiled: from walls to the rings of many cameras' fields in one loop.

One file, because Numba's cache looks only at the date of the file whose kernel is called: a helper elsewhere could
change and the stale machine code still run.

Everything is relative to the camera, in metres; angles t run counter-clockwise from the right edge of the field, in
radians, 0 <= t <= width. Only walls that show the camera their outside can be the nearest: the others are left out.

`pieces` (m, 8): t0, t1, x0, y0, x1, y1 of a wall cut to the range, and whether its ends are those of the wall (1) or
lie beyond the edge of the field (0). `spans` (m, 7): t0, t1, x0, y0, x1, y1 of what bounds the field, and 1 for an arc
of the range instead of a wall.
"""

from __future__ import annotations

from math import atan2, ceil, cos, pi, sin, sqrt
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from camcover.grid import Walls, cells_within
from camcover.jit import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]
Rows = TypeVar("Rows", Floats, Integers)

TINY_RAD = 1e-11
"""Narrower sectors are rounding, not sight: they would be hairline leaks where walls share a corner."""
T0, T1, X0, Y0, X1, Y1, OWN0, OWN1 = range(8)
ARC = 6
FULL = 2 * pi
CHORD_RAD = pi / 180
"""Arcs are drawn as chords of at most one degree: their area is at most 0.0051% too small, never too large."""
SAME_M = 1e-9
NARROW_RAD = 1e-6
"""Narrower parts may collapse when added to coordinates of millions of metres."""


@kernel
def add_piece(wall: Floats, right: float, width: float, far: float, pieces: Floats, count: int) -> int:
    """Cut a wall (relative x1, y1, x2, y2) to range and field; return the new number of pieces."""
    ax, ay, bx, by = wall
    ex, ey = bx - ax, by - ay
    if ax * by - ay * bx >= 0.0:  # its inside, or edge-on
        return count
    length2 = ex * ex + ey * ey
    u = -(ax * ex + ay * ey) / length2
    nx, ny = ax + u * ex, ay + u * ey  # the foot of the perpendicular
    gap2 = far * far - nx * nx - ny * ny
    if gap2 <= 0.0:
        return count
    half = sqrt(gap2 / length2)
    if u + half <= 0.0 or u - half >= 1.0:
        return count
    # the line's solid side is on its left: seen from outside, counter-clockwise runs from b to a
    x0, y0, x1, y1 = bx, by, ax, ay
    if bx * bx + by * by > far * far:
        x0, y0 = ax + (u + half) * ex, ay + (u + half) * ey
    if ax * ax + ay * ay > far * far:
        x1, y1 = ax + (u - half) * ex, ay + (u - half) * ey
    t0 = atan2(y0, x0) - right
    t1 = atan2(y1, x1) - right
    t0 += FULL if t0 < 0.0 else 0.0
    t1 += FULL if t1 < 0.0 else 0.0
    if t1 < t0:  # across the right edge: the part before it, and the part after it
        if min(t1, width) > TINY_RAD:
            count = _put(pieces, count, (0.0, min(t1, width), x0, y0, x1, y1, 0.0, 1.0 if t1 <= width else 0.0))
        if width - t0 > TINY_RAD:
            count = _put(pieces, count, (t0, width, x0, y0, x1, y1, 1.0, 0.0))
    elif min(t1, width) - t0 > TINY_RAD:
        count = _put(pieces, count, (t0, min(t1, width), x0, y0, x1, y1, 1.0, 1.0 if t1 <= width else 0.0))
    return count


@kernel
def _put(rows: Floats, count: int, row: tuple[float, float, float, float, float, float, float, float]) -> int:
    for column in range(8):
        rows[count, column] = row[column]
    return count + 1


@kernel
def _radius(piece: Floats, dx: float, dy: float) -> float:
    """Return how far along the direction (dx, dy) the piece's line is, in lengths of that direction."""
    ex, ey = piece[X1] - piece[X0], piece[Y1] - piece[Y0]
    radius: float = (piece[X0] * ey - piece[Y0] * ex) / (dx * ey - dy * ex)
    return radius


@kernel
def _corner(piece: Floats, t: float, dx: float, dy: float) -> tuple[float, float]:
    """Return where the piece is at t: its own end, exactly, or the crossing with the direction (dx, dy)."""
    if piece[OWN0] > 0.0 and abs(piece[T0] - t) <= TINY_RAD:
        return piece[X0], piece[Y0]
    if piece[OWN1] > 0.0 and abs(piece[T1] - t) <= TINY_RAD:
        return piece[X1], piece[Y1]
    r = _radius(piece, dx, dy)
    return r * dx, r * dy


@kernel
def _nearest(pieces: Floats, active: Integers, first: int, count: int, best: int, dx: float, dy: float) -> int:
    """Return which of active[first:count] and `best` (or -1) the direction meets first."""
    shortest = np.inf if best < 0 else _radius(pieces[best], dx, dy)
    for i in range(first, count):
        r = _radius(pieces[active[i]], dx, dy)
        if r < shortest:
            shortest, best = r, active[i]
    return best


@kernel
def _close(spans: Floats, count: int, piece: Floats, t: float, dx: float, dy: float) -> None:
    """End the last span at t, in the direction (dx, dy)."""
    span = spans[count - 1]
    span[T1] = t
    if span[ARC] > 0.0:
        return
    span[X1], span[Y1] = _corner(piece, t, dx, dy)


@kernel
def _open(spans: Floats, count: int, piece: Floats, arc: float, t: float, dx: float, dy: float) -> int:
    """Begin a span at t, in the direction (dx, dy)."""
    spans[count, T0] = t
    spans[count, ARC] = arc
    if arc == 0.0:
        spans[count, X0], spans[count, Y0] = _corner(piece, t, dx, dy)
    return count + 1


@kernel
def _towards(pieces: Floats, m: int, event: int, left: float) -> tuple[float, float]:
    """Return a direction at an event: exactly that of a wall's end, or of the left edge (event -1, or cut by it)."""
    if event < 0 or (event >= m and pieces[event - m, OWN1] == 0.0):
        return cos(left), sin(left)
    if event < m:
        return pieces[event, X0], pieces[event, Y0]
    return pieces[event - m, X1], pieces[event - m, Y1]


@kernel
def _removed(active: Integers, slot: Integers, gone: int, seen: int, alive: int) -> tuple[int, int]:
    """Take a piece out of active[:alive], whose first `seen` have been compared; return the new `seen` and `alive`."""
    hole = slot[gone]
    if hole < seen:
        seen -= 1
        active[hole] = active[seen]
        slot[active[hole]] = hole
        hole = seen
    alive -= 1
    if hole < alive:
        active[hole] = active[alive]
        slot[active[hole]] = hole
    return seen, alive


@kernel
def sweep_spans(pieces: Floats, m: int, right: float, width: float, spans: Floats) -> int:
    """Write what bounds the field from t = 0 to `width`; return the number of spans.

    The nearest wall is asked for only in the middle of a sector that is kept, among the nearest so far and what came
    since; among all active ones only when that has ended. Walls do not cross: between two ends the nearest stays it.
    """
    times = np.empty(2 * m)
    times[:m], times[m : 2 * m] = pieces[:m, T0], pieces[:m, T1]
    order = np.argsort(times)
    active, slot = np.empty(m, np.int64), np.empty(m, np.int64)
    alive, seen, nearest, bounding, count = 0, 0, -1, -2, 0
    t, dx, dy = 0.0, cos(right), sin(right)
    for k in range(2 * m + 1):
        last = k == 2 * m
        event = -1 if last else order[k]
        time = width if last else times[event]
        if time - t > TINY_RAD:
            middle = right + (t + time) / 2
            if nearest < 0 or seen < alive:
                nearest = _nearest(pieces, active, 0 if nearest < 0 else seen, alive, nearest, cos(middle), sin(middle))
            seen = alive
            if nearest != bounding:
                if count:
                    _close(spans, count, pieces[bounding], t, dx, dy)
                count = _open(spans, count, pieces[nearest], 1.0 if nearest < 0 else 0.0, t, dx, dy)
                bounding = nearest
            t = time
            dx, dy = _towards(pieces, m, event, right + width)
        if event >= m:
            seen, alive = _removed(active, slot, event - m, seen, alive)
            if event - m == nearest:
                nearest = -1
        elif event >= 0:
            active[alive], slot[event] = event, alive
            alive += 1
    if count:
        _close(spans, count, pieces[max(bounding, 0)], width, cos(right + width), sin(right + width))
    return count


@kernel
def cut_near(spans: Floats, count: int, near: float, cut: Floats) -> int:
    """Write the spans, less the parts of walls that stand within `near`; return their number."""
    kept = 0
    for i in range(count):
        _, _, x0, y0, x1, y1, arc = spans[i]
        if arc > 0.0 or near <= 0.0:
            cut[kept, :7] = spans[i]
            kept += 1
            continue
        ex, ey = x1 - x0, y1 - y0
        length2 = ex * ex + ey * ey
        u = -(x0 * ex + y0 * ey) / length2 if length2 > 0.0 else 0.0
        gap2 = near * near - (x0 + u * ex) ** 2 - (y0 + u * ey) ** 2
        if gap2 <= 0.0:
            cut[kept, :7] = spans[i]
            kept += 1
            continue
        half = sqrt(gap2 / length2) if length2 > 0.0 else 0.0
        for low, high in ((0.0, min(u - half, 1.0)), (max(u + half, 0.0), 1.0)):
            if high > low:
                kept = _part_of(spans[i], low, high, cut, kept)
    return kept


@kernel
def _part_of(span: Floats, low: float, high: float, cut: Floats, kept: int) -> int:
    """Write the part of a wall span between two fractions of its length, unless it is too narrow to see."""
    t0, t1, x0, y0, x1, y1, _ = span
    ex, ey = x1 - x0, y1 - y0
    xa, ya, ta, xb, yb, tb = x0, y0, t0, x1, y1, t1
    if low > 0.0:
        xa, ya = x0 + low * ex, y0 + low * ey
        ta = t0 + atan2(x0 * ya - y0 * xa, x0 * xa + y0 * ya)
    if high < 1.0:
        xb, yb = x0 + high * ex, y0 + high * ey
        tb = t0 + atan2(x0 * yb - y0 * xb, x0 * xb + y0 * yb)
    if tb - ta <= TINY_RAD:
        return kept
    cut[kept, T0], cut[kept, T1], cut[kept, ARC] = ta, tb, 0.0
    cut[kept, X0], cut[kept, Y0], cut[kept, X1], cut[kept, Y1] = xa, ya, xb, yb
    return kept + 1


@kernel
def all_rings(cameras: Floats, walls: Walls) -> tuple[Floats, Integers, Bools]:
    """Sweep cameras (n, 7): x, y, right edge in radians, width in radians, near, far, height (0: every wall blocks).

    Returns points (v, 2); for each ring its first point, its camera, and 1 for a hole, with a last row that ends them;
    and for each camera whether its rings have parts so narrow that rounding might spoil them.
    """
    points, size = np.empty((1024, 2)), 0
    ring, rings = np.empty((256, 3), np.int64), 0
    doubtful = np.zeros(len(cameras), np.bool_)
    stamp = np.zeros(len(walls.ends_m), np.int32)
    pieces, spans, cut = np.empty((64, 8)), np.empty((130, 7)), np.empty((260, 7))
    for c in range(len(cameras)):
        camera = cameras[c]
        if not (camera[5] > camera[4] and np.isfinite(camera[0] + camera[1] + camera[2] + camera[5])):
            continue
        most = _most_walls(camera, walls)
        if 2 * most > len(pieces):
            pieces, spans, cut = np.empty((4 * most, 8)), np.empty((8 * most + 2, 7)), np.empty((16 * most + 4, 7))
        m = _gather(camera, c + 1, walls, stamp, pieces)
        swept = sweep_spans(pieces, m, camera[2], camera[3], spans)
        count = cut_near(spans, swept, camera[4], cut)
        doubtful[c] = count != swept or _narrow(spans, cut, count)
        room = 8 * count + 2 * int(FULL / CHORD_RAD) + 16
        if size + room > len(points):
            points = _grown(points, 2 * (size + room))
        if rings + 2 * count + 2 > len(ring):
            ring = _grown(ring, 2 * (rings + 2 * count + 2))
        size, rings = _rings(camera, c, cut, count, points, size, ring, rings)
    ring[rings, 0] = size
    return points[:size], ring[: rings + 1], doubtful


@kernel
def _narrow(spans: Floats, cut: Floats, count: int) -> bool:
    """Tell whether a span is very narrow, or was cut by the near limit, where wall and arc meet in a point."""
    for i in range(count):
        if cut[i, T1] - cut[i, T0] < NARROW_RAD or cut[i, T0] != spans[i, T0] or cut[i, T1] != spans[i, T1]:
            return True
    return False


@kernel
def _grown(array: Rows, rows: int) -> Rows:
    larger = np.empty((rows, array.shape[1]), array.dtype)
    larger[: len(array)] = array
    return larger


@kernel
def _most_walls(camera: Floats, walls: Walls) -> int:
    """Return an upper bound of how many walls can bound the field."""
    west, east, south, north = cells_within(camera[0], camera[1], camera[5], walls)
    most = 0
    for row in range(south, north):
        most += walls.start[row * walls.columns + east] - walls.start[row * walls.columns + west]
    return most


@kernel
def _gather(camera: Floats, mark: int, walls: Walls, stamp: NDArray[np.int32], pieces: Floats) -> int:
    """Write the pieces of all walls that bound this camera; return their number."""
    x, y, right, width, _, far, height = camera
    west, east, south, north = cells_within(x, y, far, walls)
    wall = np.empty(4)
    count = 0
    for row in range(south, north):
        for k in range(walls.start[row * walls.columns + west], walls.start[row * walls.columns + east]):
            w = walls.items[k]
            if stamp[w] == mark or walls.top_m[w] < height:
                continue
            stamp[w] = mark
            wall[0], wall[1] = walls.ends_m[w, 0] - x, walls.ends_m[w, 1] - y
            wall[2], wall[3] = walls.ends_m[w, 2] - x, walls.ends_m[w, 3] - y
            count = add_piece(wall, right, width, far, pieces, count)
    return count


@kernel
def _rings(
    camera: Floats, c: int, spans: Floats, count: int, points: Floats, size: int, ring: Integers, rings: int
) -> tuple[int, int]:
    """Draw each run of adjoining spans as one ring; return the new numbers of points and rings."""
    first = 0
    whole = camera[3] >= FULL and count > 0
    for i in range(count if whole else 0):
        if not _adjoin(camera, spans[i - 1 if i else count - 1], spans[i]):  # begin after a gap
            first, whole = i, False
            break
    begin = first
    for k in range(count):
        j = (first + k) % count
        if k == 0 or not _adjoin(camera, spans[j - 1 if j else count - 1], spans[j]):
            begin = j
            ring[rings, 0], ring[rings, 1], ring[rings, 2] = size, c, 0
            rings += 1
        size = _outer(camera, spans[j], points, size, ring[rings - 1, 0])
        after = (j + 1) % count
        if k == count - 1 or not _adjoin(camera, spans[j], spans[after]):
            if whole and camera[4] > 0.0:
                ring[rings, 0], ring[rings, 1], ring[rings, 2] = size, c, 1
                rings += 1
                size = _arc(camera, camera[4], FULL, 0.0, points, size, size)
            elif not whole and camera[4] > 0.0:
                size = _arc(camera, camera[4], spans[j, T1], spans[begin, T0], points, size, ring[rings - 1, 0])
            elif not whole:
                size = _add(camera, 0.0, 0.0, points, size, ring[rings - 1, 0])
            first_point = ring[rings - 1, 0]
            if size > first_point + 1 and _same(camera, points[first_point], points[size - 1]):
                size -= 1  # it ends in the point where it began
            if size - first_point < 3:  # narrower than the numbers resolve
                rings -= 1
                size = ring[rings, 0]
    return size, rings


@kernel
def _adjoin(camera: Floats, one: Floats, other: Floats) -> bool:
    """Tell whether `other` begins where `one` ends; in a full circle also across its seam."""
    return bool(one[T1] == other[T0] or (camera[3] >= FULL and one[T1] == camera[3] and other[T0] == 0.0))


@kernel
def _outer(camera: Floats, span: Floats, points: Floats, size: int, first: int) -> int:
    """Add the outer edge of a span."""
    if span[ARC] > 0.0:
        return _arc(camera, camera[5], span[T0], span[T1], points, size, first)
    size = _add(camera, span[X0], span[Y0], points, size, first)
    return _add(camera, span[X1], span[Y1], points, size, first)


@kernel
def _arc(camera: Floats, radius: float, t0: float, t1: float, points: Floats, size: int, first: int) -> int:
    """Add an arc from t0 to t1, either way round, as chords that begin and end exactly there."""
    turn = t1 - t0
    if camera[3] >= FULL and radius == camera[4] and turn > 0.0:  # backwards across the seam
        turn -= FULL
    chords = max(1, ceil(abs(turn) / CHORD_RAD - 1e-9))
    dx, dy = radius * cos(camera[2] + t0), radius * sin(camera[2] + t0)
    c, s = cos(turn / chords), sin(turn / chords)
    for _ in range(chords):
        size = _add(camera, dx, dy, points, size, first)
        dx, dy = dx * c - dy * s, dx * s + dy * c
    return _add(camera, radius * cos(camera[2] + t1), radius * sin(camera[2] + t1), points, size, first)


@kernel
def _add(camera: Floats, dx: float, dy: float, points: Floats, size: int, first: int) -> int:
    """Add a point of the ring that begins at `first`, unless it is the one before."""
    points[size, 0], points[size, 1] = camera[0] + dx, camera[1] + dy
    if size > first and _same(camera, points[size - 1], points[size]):
        return size
    return size + 1


@kernel
def _same(camera: Floats, one: Floats, other: Floats) -> bool:
    """Tell whether two points are one but for rounding."""
    same = max(SAME_M, 1e-15 * max(abs(camera[0]), abs(camera[1])))
    return bool(abs(one[0] - other[0]) <= same and abs(one[1] - other[1]) <= same)
