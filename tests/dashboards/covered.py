"""A small town with geometry, and its coverage as the monitor computes it. Synthetic places, real computing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from math import cos, radians

import shapely
from shapely.geometry import Polygon
from tests.dashboards.township import AT_MS, MONTH_MS, TODAY_MS, Township, device, standing

from camcover.optics import Lens, Mount
from camkeeper.cover.ground import Obstacle
from camkeeper.cover.sight import State, state_of
from camkeeper.cover.township import TownshipCover
from camkeeper.model.cover import CoveragePolicy, ObstacleFile
from camkeeper.model.equipment import Address, Device, DeviceKind, Link, LinkKind
from camkeeper.model.place import KeyPlace, KeyPlaceType, LonLat, Shape, Site, SiteKind
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.standing.coverage import CoverageMap, CoverageStanding, Darkness, HoursCover, SurveyBand
from camkeeper.standing.view import DeviceStanding

ORIGIN: LonLat = (113.84, 33.80)
SIDE_M = 200.0
NAMES = ("大郭村", "葛岗村", "陶庄村", "何庄村", "社仓西村", "岗杨村")
NAMES_EN = ("Daguo", "Gegang", "Taozhuang", "Hezhuang", "Shecangxi", "Gangyang")
EVIL = '柳湾<img src=x onerror="window.slipped=1">\u202e'
_M_PER_DEG = 111_195.0


def at(east_m: float, north_m: float) -> LonLat:
    """Return the place so many metres from the south-west corner."""
    lat = ORIGIN[1] + north_m / _M_PER_DEG
    return ORIGIN[0] + east_m / (_M_PER_DEG * cos(radians(ORIGIN[1]))), lat


def corner(village: int) -> tuple[float, float]:
    return village % 3 * SIDE_M, village // 3 * SIDE_M


def box(east_m: float, north_m: float, width_m: float, height_m: float) -> tuple[LonLat, ...]:
    return (
        at(east_m, north_m),
        at(east_m + width_m, north_m),
        at(east_m + width_m, north_m + height_m),
        at(east_m, north_m + height_m),
    )


_CAMERAS = (
    # east, north, azimuth, kind: a square, a street seen from both ends, a pond, a gate
    (60, 60, 45, DeviceKind.CAMERA),
    (20, 100, 90, DeviceKind.CAMERA),
    (180, 100, 270, DeviceKind.CAMERA),
    (120, 170, 200, DeviceKind.PTZ),
    (150, 30, None, DeviceKind.CAMERA),
)


def _devices(village: int) -> tuple[Device, ...]:
    east, north = corner(village)
    out = []
    for n, (x, y, azimuth, kind) in enumerate(_CAMERAS):
        lon, lat = at(east + x, north + y)
        dome = kind is DeviceKind.PTZ
        mount = Mount(
            lon_deg=lon,
            lat_deg=lat,
            height_m=6.0,
            tilt_deg=12.0,
            azimuth_deg=None if azimuth is None else float(azimuth),
        )
        lens = Lens(
            hfov_deg=58.0 if dome else 90.0,
            range_m=110.0 if dome else 80.0,
            ir_range_m=30.0,
            width_px=3840,
            height_px=2160,
        )
        out.append(
            Device(
                id=f"cam-{village}{n}",
                name=EVIL if (village, n) == (5, 0) else f"{NAMES[village]}{n + 1}号杆",
                kind=kind,
                site_id=f"v{village}",
                address=Address(host="127.0.0.1"),
                link_id=f"pole-{village}{n // 2}",
                mount=mount,
                lens=lens,
            )
        )
    return tuple(out)


def _places(village: int) -> tuple[KeyPlace, ...]:
    east, north = corner(village)

    def place(name: str, kind: KeyPlaceType, shape: Shape, where: tuple[LonLat, ...], band: str) -> KeyPlace:
        return KeyPlace(
            id=f"{name}-{village}",
            site_id=f"v{village}",
            type=kind,
            name=f"{NAMES[village]}{name}",
            shape=shape,
            coordinates=where,
            band=band,
        )

    street = (at(east + 10, north + 100), at(east + 190, north + 100))
    return (
        place("广场", KeyPlaceType.SQUARE, Shape.POLYGON, box(east + 76, north + 78, 24, 16), "observation"),
        place("主街", KeyPlaceType.ROAD, Shape.LINE, street, "detection"),
        place("路口", KeyPlaceType.JUNCTION, Shape.POINT, (at(east + 32, north + 100),), "recognition"),
        place("坑塘", KeyPlaceType.POND, Shape.POLYGON, box(east + 20, north + 20, 25, 20), "detection"),
    )


def obstacles() -> tuple[Obstacle, ...]:
    out: list[Obstacle] = []
    for village in range(len(NAMES)):
        east, north = corner(village)
        for x, y in ((110, 110), (140, 110), (110, 140), (30, 120), (60, 125), (120, 60), (150, 60), (35, 60)):
            out.append((Polygon(box(east + x, north + y, 16, 10)), 4.0 if x < 100 else None, f"b{village}-{x}-{y}"))
    return tuple(out)


@cache
def registry() -> Registry:
    """Six villages in one town, five cameras each; four villages hang on one switch, two on another."""
    town = Site(
        id="town", name="大郭镇", name_en="Daguo Town", kind=SiteKind.TOWN, timezone="Asia/Shanghai", target_bp=9500
    )
    villages = tuple(
        Site(
            id=f"v{n}",
            name=NAMES[n],
            name_en=NAMES_EN[n],
            kind=SiteKind.VILLAGE,
            timezone="Asia/Shanghai",
            target_bp=9500,
            parent_id="town",
            boundary=box(*corner(n), SIDE_M, SIDE_M),
        )
        for n in range(len(NAMES))
    )
    links = [Link(id="line", name="移动专线", kind=LinkKind.OPERATOR_LINE, operator="中国移动")]
    links += [Link(id=f"sw-{n}", name=f"汇聚交换机 {n + 1}", kind=LinkKind.SWITCH, upstream_id="line") for n in (0, 1)]
    links += [
        Link(id=f"pole-{v}{p}", name=f"{NAMES[v]}{p + 1}号立杆", kind=LinkKind.POLE, upstream_id=f"sw-{v // 4}")
        for v in range(len(NAMES))
        for p in range(3)
    ]
    return Registry(
        name="大郭镇公共安全视频",
        sites=(town, *villages),
        devices=tuple(d for v in range(len(NAMES)) for d in _devices(v)),
        links=tuple(links),
        key_places=tuple(p for v in range(len(NAMES)) for p in _places(v)),
        coverage=CoveragePolicy(targets={"area": 3000, "road": 9500}),
        obstacles=(ObstacleFile(path="made-up.geojson", attribution="建筑：合成 / buildings: synthetic"),),
        synthetic_geometry=True,
        digest="0" * 64,
    )


@cache
def cover() -> TownshipCover:
    """Computed once for all tests: nothing here depends on what a test does."""
    return TownshipCover.build(registry(), obstacles())


def _standing_devices() -> list[DeviceStanding]:
    status = {"cam-00": Status.DOWN, "cam-11": Status.UNKNOWN, "cam-22": Status.DEGRADED}
    return [
        device(
            d.id, status.get(d.id, Status.UP), name=d.name, kind=d.kind, site_id=d.site_id, in_window=d.id == "cam-33"
        )
        for d in registry().devices
    ]


@dataclass(slots=True, kw_only=True)
class CoveredTown(Township):
    """A township whose coverage follows the statuses that a test sets."""

    computing: bool = False
    empty: bool = False
    asked: list[tuple[str, bool, frozenset[str]]] = field(default_factory=list)
    _seen: CoverageStanding | None = None
    _of: object = None

    def __post_init__(self) -> None:
        made = standing(_standing_devices())
        names = {site.id: site for site in registry().sites}
        sites = tuple(replace(s, name=names[s.id].name, name_en=names[s.id].name_en) for s in made.sites)
        self.value = replace(made, sites=sites, total=sites[0])

    def states(self) -> dict[str, State]:
        return {d.id: state_of(d.status, d.reason) for d in self.value.devices}

    def coverage(self) -> CoverageStanding | None:
        if self.computing:
            return None
        if self._seen is None or self._of is not self.value:
            made = cover().standing(self.states(), at_ms=self.value.at_ms)
            sites = tuple(replace(s, today=_hours(TODAY_MS), month=_hours(MONTH_MS)) for s in made.sites)
            band = SurveyBand(
                site_id="v0", as_entered=0.31, p5=0.27, p50=0.3, p95=0.333, known_azimuth_only=0.31, trials=200
            )
            self._seen, self._of = replace(made, sites=() if self.empty else sites, survey=(band,)), self.value
        return self._seen

    def coverage_map(self) -> CoverageMap | None:
        return None if self.computing else cover().map

    async def darkness(self, site_id: str, *, night: bool, failed: frozenset[str]) -> Darkness:
        self.asked.append((site_id, night, failed))
        return cover().darkness(self.states(), site_id, night=night, failed=failed, at_ms=self.value.at_ms)

    def fall(self, *ids: str, status: Status = Status.DOWN) -> None:
        """Let these devices change, a second later, and tell."""
        now = {d.id: d for d in self.value.devices}
        at_ms = self.value.at_ms + 1000
        new = {
            i: device(i, status, name=now[i].name, kind=now[i].kind, site_id=now[i].site_id, since_ms=AT_MS)
            for i in ids
        }
        devices = tuple(new.get(d.id, d) for d in self.value.devices)
        self.value = replace(
            self.value, at_ms=at_ms, devices=devices, monitor=replace(self.value.monitor, last_tick_ms=at_ms)
        )
        self.feed.publish(frozenset(ids))


def _hours(start_ms: int) -> tuple[HoursCover, ...]:
    hours = (AT_MS - start_ms) / 3_600_000
    return (
        HoursCover(
            layer="area",
            period=Span(start_ms=start_ms, end_ms=AT_MS),
            known_until_ms=AT_MS,
            lower=0.28,
            upper=0.3,
            design=0.31,
            lower_hours=0.28 * hours,
            upper_hours=0.3 * hours,
            worst=0.12,
            worst_ms=AT_MS - 7_200_000,
        ),
    )


def area_deg2(shape: shapely.Geometry) -> float:
    return float(shapely.area(shape))
