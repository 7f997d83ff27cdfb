"""Small generated townships with real geometry: villages side by side, a school in the first, cameras anywhere."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st
from shapely.geometry import box

from camcover.optics import Lens, Mount
from camkeeper.cover.ground import Obstacle
from camkeeper.cover.sight import State
from camkeeper.model.cover import CoveragePolicy
from camkeeper.model.equipment import Address, Device, DeviceKind, Link, LinkKind
from camkeeper.model.place import KeyPlace, KeyPlaceType, LonLat, Shape, Site, SiteKind
from camkeeper.model.registry import Registry

WEST, SOUTH = 113.94, 33.80
LON_M, LAT_M = 1 / 92_600, 1 / 110_900
"""Degrees a metre here, near enough."""
SIDE_M = 120.0
ZONE = "Asia/Shanghai"


def lonlat(x_m: float, y_m: float) -> LonLat:
    return WEST + x_m * LON_M, SOUTH + y_m * LAT_M


def square(x_m: float, y_m: float, side_m: float) -> tuple[LonLat, ...]:
    corners = ((0.0, 0.0), (side_m, 0.0), (side_m, side_m), (0.0, side_m))
    return tuple(lonlat(x_m + dx, y_m + dy) for dx, dy in corners)


def site(name: str, kind: SiteKind, parent: str | None, boundary: tuple[LonLat, ...] = ()) -> Site:
    return Site(id=name, name=name, kind=kind, timezone=ZONE, target_bp=9500, parent_id=parent, boundary=boundary)


def camera(
    name: str,
    x_m: float,
    y_m: float,
    *,
    azimuth_deg: float | None = 90.0,
    hfov_deg: float = 90.0,
    site_id: str = "v0",
    link: str | None = None,
    night: bool = True,
) -> Device:
    lon, lat = lonlat(x_m, y_m)
    return Device(
        id=name,
        name=name,
        kind=DeviceKind.CAMERA,
        site_id=site_id,
        address=Address(host="127.0.0.1"),
        link_id=link,
        mount=Mount(lon_deg=lon, lat_deg=lat, azimuth_deg=azimuth_deg),
        lens=Lens(hfov_deg=hfov_deg, range_m=40.0, ir_range_m=20.0 if night else None),
    )


def place(name: str, site_id: str, kind: KeyPlaceType, shape: Shape, coordinates: tuple[LonLat, ...]) -> KeyPlace:
    return KeyPlace(
        id=name, site_id=site_id, type=kind, name=name, shape=shape, coordinates=coordinates, band="detection"
    )


def township(devices: tuple[Device, ...], *, villages: int = 2, links: tuple[Link, ...] = ()) -> Registry:
    """A town of villages in a row; the first has a school below it and each a road, a pond and an exit."""
    found = [site("town", SiteKind.TOWN, None, square(-500, -500, 2000))]
    places: list[KeyPlace] = []
    for n in range(villages):
        x_m = n * SIDE_M
        found.append(site(f"v{n}", SiteKind.VILLAGE, "town", square(x_m, 0, SIDE_M)))
        ends = (lonlat(x_m, 60), lonlat(x_m + SIDE_M, 60))
        places += [
            place(f"road{n}", f"v{n}", KeyPlaceType.ROAD, Shape.LINE, ends),
            place(f"pond{n}", f"v{n}", KeyPlaceType.POND, Shape.POLYGON, square(x_m + 70, 70, 30)),
            place(f"exit{n}", f"v{n}", KeyPlaceType.EXIT, Shape.POINT, (lonlat(x_m + 110, 60),)),
        ]
    found.append(site("school", SiteKind.CAMPUS, "v0", square(10, 10, 40)))
    places.append(place("gate", "school", KeyPlaceType.EXIT, Shape.POINT, (lonlat(30, 10),)))
    return Registry(
        name="试验镇",
        sites=tuple(found),
        devices=devices,
        links=links,
        key_places=tuple(places),
        coverage=CoveragePolicy(targets={"area": 5000}),
    )


HOUSES: tuple[Obstacle, ...] = tuple(
    (box(*lonlat(x, y), *lonlat(x + 12, y + 9)), height, f"house{n}")
    for n, (x, y, height) in enumerate([(20, 70, 3.0), (60, 30, None), (130, 50, 6.0), (180, 80, 2.5)])
)
LINKS = (
    Link(id="line", name="线路", kind=LinkKind.OPERATOR_LINE),
    Link(id="sw", name="交换机", kind=LinkKind.SWITCH, upstream_id="line"),
)


@st.composite
def townships(draw: st.DrawFn, *, most: int = 6) -> Registry:
    devices = tuple(
        camera(
            f"c{n}",
            draw(st.integers(-20, 260)),
            draw(st.integers(-20, 140)),
            azimuth_deg=draw(st.one_of(st.none(), st.integers(0, 359).map(float))),
            hfov_deg=draw(st.sampled_from([40.0, 90.0, 200.0, 360.0])),
            night=draw(st.booleans()),
            link=draw(st.sampled_from([None, "sw", "line"])),
        )
        for n in range(draw(st.integers(0, most)))
    )
    return township(devices, villages=draw(st.integers(1, 3)), links=LINKS)


def some_states(registry: Registry) -> st.SearchStrategy[dict[str, State]]:
    ids = [d.id for d in registry.devices]
    if not ids:
        return st.just({})
    return st.dictionaries(st.sampled_from(ids), st.sampled_from(State))


def some_histories(
    registry: Registry, start_ms: int, end_ms: int
) -> st.SearchStrategy[dict[str, list[tuple[int, int, State]]]]:
    """Spells of every camera between two instants, some with gaps."""

    @st.composite
    def of_one(draw: st.DrawFn) -> list[tuple[int, int, State]]:
        cuts = sorted(draw(st.sets(st.integers(start_ms, end_ms), min_size=2, max_size=7)))
        spells = [(a, b, draw(st.sampled_from([*State, None]))) for a, b in pairwise(cuts)]
        return [(a, b, state) for a, b, state in spells if state is not None]

    return st.fixed_dictionaries({d.id: of_one() for d in registry.devices})
