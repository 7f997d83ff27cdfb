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
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from camcover.grid import cells_within
from camcover.jit import kernel
from camcover.walls import Walls

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
PARTS = 128
"""Of the bearing, to find walls that are hidden by one other: 2.8 degrees each in a full circle."""
NARROW_RAD = 1e-6
"""Narrower parts may collapse when added to coordinates of millions of metres."""


class Eye(NamedTuple):
    """One camera while its rings are drawn: metres and radians; `same_m` is what rounding makes of one point."""

    x: float
    y: float
    right: float
    width: float
    near: float
    far: float
    same_m: float


@kernel
def add_piece(  # noqa: PLR0917  # compiled: scalars, because views of rows cost more than the arithmetic
    ax: float, ay: float, bx: float, by: float, right: float, width: float, far: float, pieces: Floats, count: int
) -> int:
    """Cut a wall (relative to the camera) to range and field; return the new number of pieces."""
    ex, ey = bx - ax, by - ay
    if ax * by - ay * bx >= 0.0:  # its inside, or edge-on
        return count
    # the line's solid side is on its left: seen from outside, counter-clockwise runs from b to a
    x0, y0, x1, y1 = bx, by, ax, ay
    b_is_out, a_is_out = bx * bx + by * by > far * far, ax * ax + ay * ay > far * far
    if b_is_out or a_is_out:
        length2 = ex * ex + ey * ey
        u = -(ax * ex + ay * ey) / length2
        nx, ny = ax + u * ex, ay + u * ey  # the foot of the perpendicular
        gap2 = far * far - nx * nx - ny * ny
        if gap2 <= 0.0:
            return count
        half = sqrt(gap2 / length2)
        if u + half <= 0.0 or u - half >= 1.0:
            return count
        if b_is_out:
            x0, y0 = ax + (u + half) * ex, ay + (u + half) * ey
        if a_is_out:
            x1, y1 = ax + (u - half) * ex, ay + (u - half) * ey
    t0 = atan2(y0, x0) - right
    t1 = atan2(y1, x1) - right
    t0 += FULL if t0 < 0.0 else 0.0
    t1 += FULL if t1 < 0.0 else 0.0
    if t1 < t0:  # across the right edge: the part before it, and the part after it
        if min(t1, width) > TINY_RAD:
            count = _put(pieces, count, 0.0, min(t1, width), x0, y0, x1, y1, 0.0, 1.0 if t1 <= width else 0.0)
        if width - t0 > TINY_RAD:
            count = _put(pieces, count, t0, width, x0, y0, x1, y1, 1.0, 0.0)
    elif min(t1, width) - t0 > TINY_RAD:
        count = _put(pieces, count, t0, min(t1, width), x0, y0, x1, y1, 1.0, 1.0 if t1 <= width else 0.0)
    return count


@kernel
def _put(  # noqa: PLR0917
    rows: Floats,
    count: int,
    t0: float,
    t1: float,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    own0: float,
    own1: float,
) -> int:
    rows[count, T0], rows[count, T1] = t0, t1
    rows[count, X0], rows[count, Y0], rows[count, X1], rows[count, Y1] = x0, y0, x1, y1
    rows[count, OWN0], rows[count, OWN1] = own0, own1
    return count + 1


@kernel
def _radius(pieces: Floats, p: int, dx: float, dy: float) -> float:
    """Return how far along the direction (dx, dy) the line of piece p is, in lengths of that direction."""
    x0, y0 = pieces[p, X0], pieces[p, Y0]
    ex, ey = pieces[p, X1] - x0, pieces[p, Y1] - y0
    radius: float = (x0 * ey - y0 * ex) / (dx * ey - dy * ex)
    return radius


@kernel
def _corner(pieces: Floats, p: int, t: float, dx: float, dy: float) -> tuple[float, float]:
    """Return where piece p is at t: its own end, exactly, or the crossing with the direction (dx, dy)."""
    if pieces[p, OWN0] > 0.0 and abs(pieces[p, T0] - t) <= TINY_RAD:
        return pieces[p, X0], pieces[p, Y0]
    if pieces[p, OWN1] > 0.0 and abs(pieces[p, T1] - t) <= TINY_RAD:
        return pieces[p, X1], pieces[p, Y1]
    r = _radius(pieces, p, dx, dy)
    return r * dx, r * dy


@kernel
def _nearest(pieces: Floats, active: Integers, first: int, count: int, best: int, dx: float, dy: float) -> int:
    """Return which of active[first:count] and `best` (or -1) the direction meets first."""
    shortest = np.inf if best < 0 else _radius(pieces, best, dx, dy)
    for i in range(first, count):
        r = _radius(pieces, active[i], dx, dy)
        if r < shortest:
            shortest, best = r, active[i]
    return best


@kernel
def _close(spans: Floats, count: int, pieces: Floats, p: int, t: float, dx: float, dy: float) -> None:
    """End the last span, of piece p, at t, in the direction (dx, dy)."""
    spans[count - 1, T1] = t
    if spans[count - 1, ARC] == 0.0:
        spans[count - 1, X1], spans[count - 1, Y1] = _corner(pieces, p, t, dx, dy)


@kernel
def _open(spans: Floats, count: int, pieces: Floats, p: int, t: float, dx: float, dy: float) -> int:
    """Begin a span at t, in the direction (dx, dy): of piece p, or of the range where p is -1."""
    spans[count, T0] = t
    spans[count, ARC] = 1.0 if p < 0 else 0.0
    if p >= 0:
        spans[count, X0], spans[count, Y0] = _corner(pieces, p, t, dx, dy)
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
def _between(ax: float, ay: float, bx: float, by: float) -> tuple[float, float]:
    """Return a direction in the middle of two that are less than a straight angle apart: cheaper than by angles."""
    a, b = 1.0 / sqrt(ax * ax + ay * ay), 1.0 / sqrt(bx * bx + by * by)
    return ax * a + bx * b, ay * a + by * b


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
            next_dx, next_dy = _towards(pieces, m, event, right + width)
            if nearest < 0 or seen < alive:
                if time - t < 1.0:
                    mx, my = _between(dx, dy, next_dx, next_dy)
                else:
                    mx, my = cos(right + (t + time) / 2), sin(right + (t + time) / 2)
                nearest = _nearest(pieces, active, 0 if nearest < 0 else seen, alive, nearest, mx, my)
            seen = alive
            if nearest != bounding:
                if count:
                    _close(spans, count, pieces, bounding, t, dx, dy)
                count = _open(spans, count, pieces, nearest, t, dx, dy)
                bounding = nearest
            t = time
            dx, dy = next_dx, next_dy
        if event >= m:
            seen, alive = _removed(active, slot, event - m, seen, alive)
            if event - m == nearest:
                nearest = -1
        elif event >= 0:
            active[alive], slot[event] = event, alive
            alive += 1
    if count:
        _close(spans, count, pieces, bounding, width, cos(right + width), sin(right + width))
    return count


@kernel
def cut_near(spans: Floats, count: int, near: float, cut: Floats) -> int:
    """Write the spans, less the parts of walls that stand within `near`; return their number."""
    kept = 0
    for i in range(count):
        x0, y0, x1, y1 = spans[i, X0], spans[i, Y0], spans[i, X1], spans[i, Y1]
        ex, ey = x1 - x0, y1 - y0
        length2 = ex * ex + ey * ey
        u = -(x0 * ex + y0 * ey) / length2 if length2 > 0.0 else 0.0
        gap2 = near * near - (x0 + u * ex) ** 2 - (y0 + u * ey) ** 2
        if spans[i, ARC] > 0.0 or gap2 <= 0.0:
            for column in range(7):
                cut[kept, column] = spans[i, column]
            kept += 1
            continue
        half = sqrt(gap2 / length2) if length2 > 0.0 else 0.0
        for low, high in ((0.0, min(u - half, 1.0)), (max(u + half, 0.0), 1.0)):
            if high > low:
                kept = _part_of(spans, i, low, high, cut, kept)
    return kept


@kernel
def _part_of(spans: Floats, i: int, low: float, high: float, cut: Floats, kept: int) -> int:
    """Write the part of a wall's span between two fractions of its length, unless it is too narrow to see."""
    x0, y0, x1, y1 = spans[i, X0], spans[i, Y0], spans[i, X1], spans[i, Y1]
    ex, ey = x1 - x0, y1 - y0
    xa, ya, ta, xb, yb, tb = x0, y0, spans[i, T0], x1, y1, spans[i, T1]
    if low > 0.0:
        xa, ya = x0 + low * ex, y0 + low * ey
        ta = spans[i, T0] + atan2(x0 * ya - y0 * xa, x0 * xa + y0 * ya)
    if high < 1.0:
        xb, yb = x0 + high * ex, y0 + high * ey
        tb = spans[i, T0] + atan2(x0 * yb - y0 * xb, x0 * xb + y0 * yb)
    if tb - ta <= TINY_RAD:
        return kept
    cut[kept, T0], cut[kept, T1], cut[kept, ARC] = ta, tb, 0.0
    cut[kept, X0], cut[kept, Y0], cut[kept, X1], cut[kept, Y1] = xa, ya, xb, yb
    return kept + 1


@kernel
def all_rings(cameras: Floats, walls: Walls) -> tuple[Floats, Integers, Bools]:
    """Sweep cameras (n, 7): x, y, right edge in radians, width in radians, near, far, height (0: every wall blocks).

    Returns points (v, 2) of closed rings; for each ring its first point, its camera, and 1 for a hole, with a last row
    that ends them;
    and for each camera whether its rings have parts so narrow that rounding might spoil them.
    """
    points, size = np.empty((1024, 2)), 0
    ring, rings = np.empty((256, 3), np.int64), 0
    doubtful = np.zeros(len(cameras), np.bool_)
    stamp = np.zeros(len(walls.ends_m), np.int32)
    pieces, spans, cut = np.empty((64, 8)), np.empty((130, 7)), np.empty((260, 7))
    for c in range(len(cameras)):
        x, y, right, width = cameras[c, 0], cameras[c, 1], cameras[c, 2], cameras[c, 3]
        near, far, height = cameras[c, 4], cameras[c, 5], cameras[c, 6]
        if not (far > near and np.isfinite(x + y + right + far)):
            continue
        most = _most_walls(x, y, far, walls)
        if 2 * most > len(pieces):
            pieces, spans, cut = np.empty((4 * most, 8)), np.empty((8 * most + 2, 7)), np.empty((16 * most + 4, 7))
        m = _gather(x, y, right, width, far, height, c + 1, walls, stamp, pieces)
        count = sweep_spans(pieces, m, right, width, spans)
        bounds = spans
        if near > 0.0:
            swept, bounds = count, cut
            count = cut_near(spans, swept, near, cut)
            doubtful[c] = count != swept or _differ(spans, cut, count)
        doubtful[c] |= _narrow(bounds, count)
        room = 8 * count + 2 * int(FULL / CHORD_RAD) + 16
        if size + room > len(points):
            points = _grown(points, 2 * (size + room))
        if rings + 2 * count + 2 > len(ring):
            ring = _grown(ring, 2 * (rings + 2 * count + 2))
        eye = Eye(x, y, right, width, near, far, max(SAME_M, 1e-15 * max(abs(x), abs(y))))
        size, rings = _rings(eye, c, bounds, count, points, size, ring, rings)
    ring[rings, 0] = size
    return points[:size], ring[: rings + 1], doubtful


@kernel
def _narrow(spans: Floats, count: int) -> bool:
    """Tell whether a span is very narrow."""
    for i in range(count):  # noqa: SIM110  # compiled: no generators
        if spans[i, T1] - spans[i, T0] < NARROW_RAD:
            return True
    return False


@kernel
def _differ(spans: Floats, cut: Floats, count: int) -> bool:
    """Tell whether a span was cut by the near limit, where wall and arc meet in a point."""
    for i in range(count):  # noqa: SIM110
        if cut[i, T0] != spans[i, T0] or cut[i, T1] != spans[i, T1]:
            return True
    return False


@kernel
def _grown(array: Rows, rows: int) -> Rows:
    larger = np.empty((rows, array.shape[1]), array.dtype)
    larger[: len(array)] = array
    return larger


@kernel
def _most_walls(x: float, y: float, far: float, walls: Walls) -> int:
    """Return an upper bound of how many walls can bound the field."""
    west, east, south, north = cells_within(x, y, far, walls)
    most = 0
    for row in range(south, north):
        most += walls.start[row * walls.columns + east] - walls.start[row * walls.columns + west]
    return most


@kernel
def _gather(  # noqa: PLR0917
    x: float,
    y: float,
    right: float,
    width: float,
    far: float,
    height: float,
    mark: int,
    walls: Walls,
    stamp: NDArray[np.int32],
    pieces: Floats,
) -> int:
    """Write the pieces of all walls that bound this camera; return their number."""
    west, east, south, north = cells_within(x, y, far, walls)
    ends = walls.ends_m
    count = 0
    for row in range(south, north):
        for k in range(walls.start[row * walls.columns + west], walls.start[row * walls.columns + east]):
            w = walls.items[k]
            if stamp[w] == mark or walls.top_m[w] < height:
                continue
            stamp[w] = mark
            count = add_piece(
                ends[w, 0] - x, ends[w, 1] - y, ends[w, 2] - x, ends[w, 3] - y, right, width, far, pieces, count
            )
    return _unhidden(pieces, count, width)


@kernel
def _unhidden(pieces: Floats, count: int, width: float) -> int:
    """Drop the pieces that lie wholly behind others, and return how many are left: most walls of a village do.

    A coarse buffer over the bearing keeps, for each of its parts, a distance at which some one wall closes the whole
    part. A piece that begins beyond it in every part it touches is met first by no direction, so nothing changes.
    """
    closed2 = np.full(PARTS, np.inf)
    scale = PARTS / width
    for p in range(count):
        x0, y0, x1, y1 = pieces[p, X0], pieces[p, Y0], pieces[p, X1], pieces[p, Y1]
        farthest2 = max(x0 * x0 + y0 * y0, x1 * x1 + y1 * y1)
        for part in range(ceil(pieces[p, T0] * scale), min(int(pieces[p, T1] * scale), PARTS)):
            closed2[part] = min(closed2[part], farthest2)
    kept = 0
    for p in range(count):
        x0, y0 = pieces[p, X0], pieces[p, Y0]
        ex, ey = pieces[p, X1] - x0, pieces[p, Y1] - y0
        u = min(max(-(x0 * ex + y0 * ey) / (ex * ex + ey * ey), 0.0), 1.0)
        nearest2 = ((x0 + u * ex) ** 2 + (y0 + u * ey) ** 2) * (1.0 - 1e-9)
        for part in range(int(pieces[p, T0] * scale), min(int(pieces[p, T1] * scale), PARTS - 1) + 1):
            if not closed2[part] < nearest2:
                if kept < p:
                    for column in range(8):
                        pieces[kept, column] = pieces[p, column]
                kept += 1
                break
    return kept


@kernel
def _rings(
    eye: Eye, c: int, spans: Floats, count: int, points: Floats, size: int, ring: Integers, rings: int
) -> tuple[int, int]:
    """Draw each run of adjoining spans as one ring; return the new numbers of points and rings."""
    first = 0
    whole = eye.width >= FULL and count > 0
    for i in range(count if whole else 0):
        if not _adjoin(eye, spans, i - 1 if i else count - 1, i):  # begin after a gap
            first, whole = i, False
            break
    begin = first
    for k in range(count):
        j = (first + k) % count
        if k == 0 or not _adjoin(eye, spans, j - 1 if j else count - 1, j):
            begin = j
            ring[rings, 0], ring[rings, 1], ring[rings, 2] = size, c, 0
            rings += 1
        size = _outer(eye, spans, j, points, size, ring[rings - 1, 0])
        after = j + 1 if j + 1 < count else 0
        if k == count - 1 or not _adjoin(eye, spans, j, after):
            if whole and eye.near > 0.0:
                ring[rings, 0], ring[rings, 1], ring[rings, 2] = size, c, 1
                rings += 1
                size = _arc(eye, eye.near, FULL, 0.0, points, size, size)
            elif not whole and eye.near > 0.0:
                size = _arc(eye, eye.near, spans[j, T1], spans[begin, T0], points, size, ring[rings - 1, 0])
            elif not whole:
                size = _add(eye, 0.0, 0.0, points, size, ring[rings - 1, 0])
            first_point = ring[rings - 1, 0]
            if size > first_point + 1 and _same(eye, points, first_point, size - 1):
                size -= 1  # it ends in the point where it began
            if size - first_point < 3:  # narrower than the numbers resolve
                rings -= 1
                size = ring[rings, 0]
            else:
                points[size, 0], points[size, 1] = points[first_point, 0], points[first_point, 1]
                size += 1
    return size, rings


@kernel
def _adjoin(eye: Eye, spans: Floats, one: int, other: int) -> bool:
    """Tell whether `other` begins where `one` ends; in a full circle also across its seam."""
    end, begin = spans[one, T1], spans[other, T0]
    return bool(end == begin or (eye.width >= FULL and end == eye.width and begin == 0.0))


@kernel
def _outer(eye: Eye, spans: Floats, i: int, points: Floats, size: int, first: int) -> int:
    """Add the outer edge of a span."""
    if spans[i, ARC] > 0.0:
        return _arc(eye, eye.far, spans[i, T0], spans[i, T1], points, size, first)
    size = _add(eye, spans[i, X0], spans[i, Y0], points, size, first)
    return _add(eye, spans[i, X1], spans[i, Y1], points, size, first)


@kernel
def _arc(eye: Eye, radius: float, t0: float, t1: float, points: Floats, size: int, first: int) -> int:
    """Add an arc from t0 to t1, either way round, as chords that begin and end exactly there."""
    turn = t1 - t0
    if eye.width >= FULL and radius == eye.near and turn > 0.0:  # backwards across the seam
        turn -= FULL
    chords = max(1, ceil(abs(turn) / CHORD_RAD - 1e-9))
    dx, dy = radius * cos(eye.right + t0), radius * sin(eye.right + t0)
    c, s = cos(turn / chords), sin(turn / chords)
    size = _add(eye, dx, dy, points, size, first)
    for _ in range(1, chords):
        dx, dy = dx * c - dy * s, dx * s + dy * c
        points[size, 0], points[size, 1] = eye.x + dx, eye.y + dy
        size += 1
    return _add(eye, radius * cos(eye.right + t1), radius * sin(eye.right + t1), points, size, first)


@kernel
def _add(eye: Eye, dx: float, dy: float, points: Floats, size: int, first: int) -> int:
    """Add a point of the ring that begins at `first`, unless it is the one before."""
    points[size, 0], points[size, 1] = eye.x + dx, eye.y + dy
    if size > first and _same(eye, points, size - 1, size):
        return size
    return size + 1


@kernel
def _same(eye: Eye, points: Floats, one: int, other: int) -> bool:
    """Tell whether two points are one but for rounding."""
    return bool(
        abs(points[one, 0] - points[other, 0]) <= eye.same_m and abs(points[one, 1] - points[other, 1]) <= eye.same_m
    )
