"""A village with names that nobody should trust: two cameras dark, one unknown, one dome, one without azimuth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, radians, sin

import shapely
from shapely.geometry.base import BaseGeometry

from camkeeper.cover.sight import State
from camkeeper.model.place import KeyPlaceType, SiteKind
from camkeeper.model.span import Span
from camkeeper.sheet import Mark
from camkeeper.standing.coverage import (
    Basis,
    CameraField,
    Cover,
    CoverageMap,
    CoverageStanding,
    Darkness,
    HoursCover,
    LayerCover,
    PlaceCover,
    SiteCover,
    SurveyBand,
    Unit,
)

LON, LAT = 113.85, 33.8
LON_M, LAT_M = 92595.0, 110919.0
AT_MS = 1_792_800_000_000
HOSTILE = '"]#panic("x")\u202e[$a$\n= *b* \\ <label> @ref'


@dataclass(frozen=True, slots=True, kw_only=True)
class Hamlet:
    standing: CoverageStanding
    cover: CoverageMap
    darkness: Darkness
    devices: dict[str, Mark]


def lon_lat(x_m: float, y_m: float) -> tuple[float, float]:
    return LON + x_m / LON_M, LAT + y_m / LAT_M


def polygon(*points_m: tuple[float, float]) -> BaseGeometry:
    return shapely.Polygon([lon_lat(*point) for point in points_m])


def box(x_m: float, y_m: float, half_m: float) -> BaseGeometry:
    return polygon(
        (x_m - half_m, y_m - half_m),
        (x_m + half_m, y_m - half_m),
        (x_m + half_m, y_m + half_m),
        (x_m - half_m, y_m + half_m),
    )


def sector(x_m: float, y_m: float, azimuth_deg: float, range_m: float) -> BaseGeometry:
    arc = [radians(azimuth_deg + turn) for turn in range(-42, 43, 3)]
    return polygon((x_m, y_m), *((x_m + range_m * sin(t), y_m + range_m * cos(t)) for t in arc))


CAMERAS = (
    # id, x, y, azimuth, state, dome
    ("cam-01", -200.0, -90.0, 40.0, State.DARK, False),
    ("cam-02", 180.0, -100.0, 300.0, State.DARK, False),
    ("cam-03", -60.0, 120.0, 100.0, State.UNKNOWN, False),
    ("cam-04", 120.0, 100.0, 200.0, State.WORKING, True),
    ("cam-05", 120.0, 100.0, 20.0, State.WORKING, False),
    ("cam-06", 0.0, -20.0, None, State.WORKING, False),
)


def hamlet(*, name: str = "大郭村", night: bool = False, dark: bool = True) -> Hamlet:
    """`dark` False: the two work, and nothing is lost."""
    boundary = polygon((-700, -600), (650, -560), (720, 560), (-640, 610))
    houses = [box(x, y, 9.0) for x in range(-300, 301, 60) for y in range(-180, 181, 45)]
    fields = {i: sector(x, y, az, 70.0) if az is not None else shapely.Polygon() for i, x, y, az, _, _ in CAMERAS}
    states = {i: state if dark or state is not State.DARK else State.WORKING for i, _, _, _, state, _ in CAMERAS}
    seen = shapely.union_all(list(fields.values()))
    upper = shapely.union_all([fields[i] for i in fields if states[i] is not State.DARK])
    shapes = {
        "square": box(0, 0, 30),
        "road": shapely.LineString([lon_lat(-300, -8), lon_lat(0, -14), lon_lat(300, -12)]),
        "exit": shapely.Point(lon_lat(298, -12)),
        "school": box(150, -70, 30),
    }
    places = (
        _place("square", KeyPlaceType.SQUARE, "文化广场", Unit.AREA, (3600, 3500, 3500, 3500)),
        _place("road", KeyPlaceType.ROAD, name + "主街", Unit.LENGTH, (600, 590, 500, 590)),
        _place("exit", KeyPlaceType.EXIT, HOSTILE, Unit.COUNT, (1, 1, 1, 1)),
        _place("school", KeyPlaceType.SCHOOL, "小学", Unit.AREA, (3600, 3500, 900, 1800 if dark else 3500)),
    )
    layers = (
        LayerCover(layer="area", target_bp=None, cover=places[0].cover),
        LayerCover(layer="square", target_bp=9500, cover=places[0].cover),
        LayerCover(layer="road", target_bp=9000, cover=places[1].cover),
        LayerCover(layer="exit", target_bp=10_000, cover=places[2].cover),
        LayerCover(layer="school", target_bp=9000, cover=places[3].cover),
    )
    site = SiteCover(
        site_id="dg01",
        name=name,
        name_en="Daguo Village",
        kind=SiteKind.VILLAGE,
        parent_id=None,
        night=night,
        cameras=len(CAMERAS),
        layers=layers,
        places=places,
        today=(_hours(),),
        month=(_hours(),),
    )
    return Hamlet(
        standing=CoverageStanding(at_ms=AT_MS, basis=_basis(), sites=(site,), survey=(_band(),)),
        cover=CoverageMap(
            digest="",
            boundaries={"dg01": boundary},
            obstacles=tuple((house, None) for house in houses),
            fields=tuple(_field(camera, fields[camera[0]]) for camera in CAMERAS),
            places=tuple(shapes.items()),
            attribution=("© OpenStreetMap contributors, ODbL 1.0",),
            synthetic=True,
        ),
        darkness=Darkness(
            at_ms=AT_MS,
            site_id="dg01",
            night=night,
            failed=(),
            cameras_dark=tuple(i for i, state in states.items() if state is State.DARK),
            lost=seen.difference(upper),
            blind=boundary.difference(seen),
            layers=layers,
            places=tuple(place for place in places if place.cover.lost > 0),
        ),
        devices={
            i: Mark(name=f"{name}北杆枪机 {HOSTILE}", dome=dome, state=states[i]) for i, _, _, _, _, dome in CAMERAS
        },
    )


def supposed(village: Hamlet, *failed: str) -> Darkness:
    return replace(village.darkness, failed=failed)


def _place(
    place_id: str, kind: KeyPlaceType, name: str, unit: Unit, amounts: tuple[float, float, float, float]
) -> PlaceCover:
    total, design, lower, upper = map(float, amounts)
    cover = Cover(unit=unit, total=total, design=design, lower=lower, upper=upper)
    return PlaceCover(id=place_id, site_id="dg01", name=name, type=kind, band="observation", cover=cover)


def _field(camera: tuple[str, float, float, float | None, State, bool], field: BaseGeometry) -> CameraField:
    device_id, x_m, y_m, azimuth_deg, _, dome = camera
    lon_deg, lat_deg = lon_lat(x_m, y_m)
    reach = polygon(*((x_m + 90 * sin(radians(t)), y_m + 90 * cos(radians(t))) for t in range(0, 360, 5)))
    return CameraField(
        device_id=device_id,
        site_id="dg01",
        lon_deg=lon_deg,
        lat_deg=lat_deg,
        azimuth_deg=azimuth_deg,
        day=field,
        night=field,
        envelope=reach if dome else None,
        inside_building=False,
    )


def _hours() -> HoursCover:
    return HoursCover(
        layer="area",
        period=Span(start_ms=0, end_ms=10),
        known_until_ms=5,
        lower=0.16,
        upper=0.171,
        design=0.2,
        lower_hours=1.0,
        upper_hours=1.2,
        worst=0.11,
        worst_ms=3,
    )


def _basis() -> Basis:
    return Basis(
        definition="覆盖率：边界内在用摄像机看得见的地面占比，遮挡已扣除。",
        definition_en="Share of the ground inside the boundary that working cameras see, obstacles taken off.",
        policy="default/1",
        inputs="ab12cd34ef567890" * 4,
        crs="EPSG:4547",
        lens_model="rectilinear",
        cameras=144,
        unknown_azimuth=("cam-06",),
        inside_building=(),
        no_position=(),
        warnings=("高度未知的建筑一律按挡住计 / buildings of unknown height block",),
    )


def _band() -> SurveyBand:
    return SurveyBand(
        site_id="dg01", as_entered=0.198, p5=0.17, p50=0.19, p95=0.21, known_azimuth_only=0.18, trials=200
    )
