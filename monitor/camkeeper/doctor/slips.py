"""A position that a slip of the pen threw far away: swapped, a sign, a decimal point, two digits changed about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import shapely

from camkeeper.doctor.plane import NO_AREA, Floats, Plane

FAR_M: Final = 5_000.0
"""Nearer than this it may be a survey error, or the neighbouring village."""


class Slip(NamedTuple):
    """One device whose position becomes right by undoing one slip."""

    row: int
    kind: str
    """`swapped`, `sign`, `decimal` or `digits`."""
    lon_deg: float
    lat_deg: float
    away_m: float
    """How far outside its area it is as registered."""


def slips(plane: Plane) -> tuple[Slip, ...]:
    """Return the devices far outside their own area that one slip explains, and only one."""
    far = np.flatnonzero((plane.own != NO_AREA) & (np.nan_to_num(plane.outside_now_m, nan=0.0) > FAR_M))
    out = [found for row in far if (found := _slip(plane, int(row))) is not None]
    return tuple(out)


def _slip(plane: Plane, row: int) -> Slip | None:
    lon, lat = (float(v) for v in plane.points[row])
    tried = list(_candidates(lon, lat))
    points: Floats = np.array([(x, y) for _, x, y in tried])
    hits = shapely.intersects_xy(plane.areas[plane.own[row]], *plane.metres(points).T)
    found = [one for one, hit in zip(tried, hits, strict=True) if hit]
    kinds = {kind for kind, _, _ in found}
    for kind in ("swapped", "sign", "decimal", "digits"):
        if kind in kinds:
            places = {(x, y) for k, x, y in found if k == kind}
            if len(places) != 1:
                return None
            x, y = places.pop()
            return Slip(row, kind, x, y, float(plane.outside_now_m[row]))
    return None


def _candidates(lon: float, lat: float) -> Iterator[tuple[str, float, float]]:
    yield "swapped", lat, lon
    for x, y in ((-lon, lat), (lon, -lat), (-lon, -lat)):
        yield "sign", x, y
    for factor in (10.0, 100.0, 0.1, 0.01):
        yield "decimal", round(lon * factor, 9), lat
        yield "decimal", lon, round(lat * factor, 9)
        yield "decimal", round(lon * factor, 9), round(lat * factor, 9)
    for x in _transposed(lon):
        yield "digits", x, lat
    for y in _transposed(lat):
        yield "digits", lon, y


def _transposed(value: float) -> Iterator[float]:
    """Yield the value with two neighbouring digits changed about, to the third decimal: farther on it is no 100 m."""
    text = f"{value:.9f}".rstrip("0")
    last = text.index(".") + 4
    for n in range(min(last, len(text) - 1)):
        a, b = text[n], text[n + 1]
        if b == "." and n + 2 < len(text):
            b, changed = text[n + 2], f"{text[:n]}{text[n + 2]}.{a}{text[n + 3 :]}"
        else:
            changed = f"{text[:n]}{b}{a}{text[n + 2 :]}"
        if a.isdigit() and b.isdigit() and a != b:
            yield float(changed)
