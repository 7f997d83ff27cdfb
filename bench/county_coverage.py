"""A county from cold, in a process of its own: 5,000 cameras, 229 villages, and what each is asked.

Run by bench_coverage.py; prints one JSON line. `python bench/county_coverage.py VILLAGES CAMERAS BEGAN_S`,
where BEGAN_S is the parent's `perf_counter()` just before the start (one monotonic clock serves the whole machine).
"""

from __future__ import annotations

import json
import resource
import sys
from time import perf_counter, process_time

LOADED_AT_S = perf_counter()

import numpy as np  # noqa: E402  # everything from here on is part of a cold start
import shapely  # noqa: E402
from shapely.geometry.base import BaseGeometry  # noqa: E402

from camcover.optics import Lens, Mount  # noqa: E402
from camcover.viewshed import warm_up  # noqa: E402
from camkeeper.cover import hours  # noqa: E402
from camkeeper.cover.board import Board  # noqa: E402
from camkeeper.cover.sight import State  # noqa: E402
from camkeeper.cover.township import TownshipCover  # noqa: E402
from camkeeper.model.equipment import Address, Device, DeviceKind  # noqa: E402
from camkeeper.model.place import KeyPlace, KeyPlaceType, LonLat, Shape, Site, SiteKind  # noqa: E402
from camkeeper.model.registry import Registry  # noqa: E402
from camkeeper.model.span import Span  # noqa: E402

LON, LAT, LON_M, LAT_M = 125.5, 42.7, 81_900.0, 111_090.0
"""Dongfeng county, and metres of a degree there."""
ACROSS, SIDE_M, HOUSES = 16, 2000.0, 44
DAY_MS = 86_400_000
FAULTS_A_MONTH = 6

IMPORTED_AT_S = perf_counter()


def place_at(village: int, x_m: float, y_m: float) -> LonLat:
    """Return longitude and latitude of a spot relative to the middle of a village."""
    row, column = divmod(village, ACROSS)
    return LON + (column * SIDE_M + x_m) / LON_M, LAT + (row * SIDE_M + y_m) / LAT_M


def ring(village: int, x_m: float, y_m: float, wide_m: float, high_m: float) -> tuple[LonLat, ...]:
    """Return a rectangle about a spot, not closed."""
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return tuple(place_at(village, x_m + i * wide_m / 2, y_m + j * high_m / 2) for i, j in corners)


def registry_of(villages: int, cameras: int, rng: np.random.Generator) -> Registry:
    """Return villages of 4 km2, each with a street, a square, a pond, a junction and its share of the cameras."""
    sites = [Site(id="county", name="县", kind=SiteKind.COUNTY, timezone="Asia/Shanghai", target_bp=9500)]
    places, devices = [], []
    for v in range(villages):
        sites.append(
            Site(
                id=f"v{v}",
                name=f"村{v}",
                kind=SiteKind.VILLAGE,
                timezone="Asia/Shanghai",
                target_bp=9500,
                parent_id="county",
                boundary=ring(v, 0, 0, SIDE_M, SIDE_M),
            )
        )
        street = tuple(place_at(v, x, rng.uniform(-9, 9)) for x in (-250, -80, 90, 250))
        for kind, shape, points, band in (
            (KeyPlaceType.ROAD, Shape.LINE, street, "detection"),
            (KeyPlaceType.SQUARE, Shape.POLYGON, ring(v, 30, 20, 50, 40), "observation"),
            (KeyPlaceType.POND, Shape.POLYGON, ring(v, -120, -60, 60, 30), "detection"),
            (KeyPlaceType.JUNCTION, Shape.POINT, (place_at(v, 0, 0),), "recognition"),
        ):
            places.append(
                KeyPlace(
                    id=f"v{v}-{kind}", site_id=f"v{v}", type=kind, name=kind, shape=shape, coordinates=points, band=band
                )
            )
    for n in range(cameras):
        v = n % villages
        lon, lat = place_at(v, rng.uniform(-260, 260), rng.uniform(-130, 130))
        dome = n % 9 == 8
        devices.append(
            Device(
                id=f"c{n}",
                name=f"枪机{n}",
                kind=DeviceKind.PTZ if dome else DeviceKind.CAMERA,
                site_id=f"v{v}",
                address=Address(host="127.0.0.1"),
                mount=Mount(lon_deg=lon, lat_deg=lat, height_m=float(rng.uniform(3.5, 6)), azimuth_deg=n * 37 % 360),
                lens=Lens(hfov_deg=58.0 if dome else 84.0, range_m=120.0 if dome else 50.0, ir_range_m=30.0),
            )
        )
    return Registry(name="县", sites=tuple(sites), devices=tuple(devices), key_places=tuple(places))


def houses_of(villages: int, rng: np.random.Generator) -> list[tuple[BaseGeometry, float | None, str]]:
    """Return rows of houses around each village's middle, some low, some of unknown height."""
    out: list[tuple[BaseGeometry, float | None, str]] = []
    for v in range(villages):
        for n in range(HOUSES):
            x, y = (n % 11 - 5) * 45 + rng.uniform(-6, 6), (n // 11 - 1.5) * 55 + rng.uniform(-6, 6)
            height = (3.0, 6.5, None)[n % 3]
            out.append((shapely.Polygon(ring(v, x, y, rng.uniform(9, 18), rng.uniform(7, 12))), height, f"h{v}-{n}"))
    return out


def month_of(cameras: int, span: Span, rng: np.random.Generator) -> dict[str, list[tuple[int, int, State]]]:
    """Return each camera's month: working, with some faults and some silences."""
    out: dict[str, list[tuple[int, int, State]]] = {}
    for n in range(cameras):
        cuts = np.sort(rng.integers(span.start_ms, span.end_ms, 2 * FAULTS_A_MONTH)).tolist()
        edges = [span.start_ms, *cuts, span.end_ms]
        states = [State.WORKING if i % 2 == 0 else (State.DARK, State.UNKNOWN)[i // 2 % 2] for i in range(len(edges))]
        out[f"c{n}"] = [(a, b, s) for a, b, s in zip(edges, edges[1:], states, strict=False) if a < b]
    return out


def main() -> None:
    """Measure and print."""
    villages, cameras, began_s = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    rng = np.random.default_rng(11)
    registry, houses = registry_of(villages, cameras, rng), houses_of(villages, rng)
    made_at_s = perf_counter()
    warm_up()
    warm_at_s = perf_counter()
    cover = TownshipCover.build(registry, houses)
    built_at_s = perf_counter()
    board = Board(cover)
    board.update({f"c{n}": State.WORKING for n in range(cameras)})
    shown_at_s = perf_counter()
    cpu_s = process_time()
    changes = []
    for n in range(60):
        at_s = perf_counter()
        board.update({f"c{n * 61 % cameras}": State.DARK})
        board.standing(n)
        changes.append((perf_counter() - at_s) * 1000)
    span = Span(start_ms=1_790_000_000_000, end_ms=1_790_000_000_000 + 30 * DAY_MS)
    histories = month_of(cameras, span, rng)
    edges = hours.slot_edges(span)
    at_s = perf_counter()
    slots = [hours.over(panel, histories, edges) for panel in cover.panels]
    month_s = perf_counter() - at_s
    print(
        json.dumps(
            {
                "interpreter_s": LOADED_AT_S - began_s,
                "imports_s": IMPORTED_AT_S - LOADED_AT_S,
                "made_up_s": made_at_s - IMPORTED_AT_S,
                "kernels_s": warm_at_s - made_at_s,
                "build_s": built_at_s - warm_at_s,
                "shown_s": shown_at_s - built_at_s,
                "cold_s": shown_at_s - began_s - (made_at_s - IMPORTED_AT_S),
                "cold_cpu_s": cpu_s - (made_at_s - IMPORTED_AT_S),
                "change_ms": float(np.median(changes)),
                "change_worst_ms": max(changes),
                "month_s": month_s,
                "slots": sum(s.lower.size for s in slots),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
