"""What each kind of feature of a scene becomes. Shapes here are WGS-84; `camkeeper.geo.scene` takes them to metres."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

from shapely.geometry.base import BaseGeometry

from camcover.bands import SEEN, BandError, names, px_per_m
from camcover.optics import Lens, LensModel, Mount
from camkeeper.geo.fault import BadValueError, shown
from camkeeper.geo.height import height_of
from camkeeper.geo.properties import Properties
from camkeeper.geo.shape import LINEAR, POLYGONAL, PUNCTUAL

STOREY_M = 3.0
ASSUMED_WIDTH_PX = 1920
FARTHEST_M = 10_000.0
"""No camera of a village looks farther; more is a slip of units."""
_BIGGEST_PX = 100_000

CAMERA, OBSTACLE, SITE, KEYPLACE, ROAD = "camera", "obstacle", "site", "keyplace", "road"
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    CAMERA: (
        *("kind", "id", "name", "azimuth_deg", "hfov_deg", "range_m", "height_m", "tilt_deg", "vfov_deg", "width_px"),
        *("height_px", "lens_model", "ir_range_m", "ptz", "working", "link", "links", "position_error_m"),
        "azimuth_error_deg",
    ),
    OBSTACLE: ("kind", "id", "name", "height_m", "height", "building", "building:levels", "barrier", "natural"),
    SITE: ("kind", "id", "name", "target", "kind_of_site", "parent"),
    KEYPLACE: ("kind", "id", "name", "type", "band", "target", "weight", "site"),
    ROAD: ("kind", "id", "name", "highway"),
}
"""The properties that are read, by kind."""
_SHAPES: Final[Mapping[str, tuple[str, ...]]] = {
    CAMERA: ("Point",),
    OBSTACLE: (*POLYGONAL, *LINEAR),
    SITE: POLYGONAL,
    KEYPLACE: (*PUNCTUAL, *LINEAR, *POLYGONAL),
    ROAD: LINEAR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneObstacle:
    """A building, wall or tree line."""

    id: str
    shape: BaseGeometry
    height_m: float | None
    by_storeys: bool = False
    """Its height is a number of storeys, each taken as `STOREY_M`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneCamera:
    """A camera and what hangs together with it."""

    id: str
    shape: BaseGeometry
    mount: Mount
    lens: Lens
    ptz: bool
    working: bool
    links: tuple[str, ...]
    """Pole, switch, line...: ids of what it depends on."""
    name: str | None
    assumed: tuple[str, ...]
    """Keys of what the file doesn't say and a figure was taken for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSite:
    """A village, grid, campus... with its boundary."""

    id: str
    shape: BaseGeometry
    target: float | None
    """Percent of its area."""
    kind_of_site: str | None
    parent: str | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenePlace:
    """A key place that must be seen at `band`."""

    id: str
    shape: BaseGeometry
    type: str
    band: str
    target: float
    """Percent that must be seen; a place that doesn't say wants to be seen wholly."""
    weight: float
    site: str | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRoad:
    """A road that a patrol can walk."""

    id: str
    shape: BaseGeometry


Thing = SceneObstacle | SceneCamera | SceneSite | ScenePlace | SceneRoad


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One feature: where it stands, what it says, its valid shape."""

    where: str
    shape: BaseGeometry
    properties: Properties
    own_id: str | None
    """`properties.id`, else the feature's own `id`."""
    standard: str
    hints: list[tuple[str, str]] = field(default_factory=list)
    """What to tell though the feature is used, (zh, en)."""

    @property
    def id(self) -> str:
        """The id that this kind of feature must have."""
        if self.own_id is None:
            raise BadValueError("缺少 id", "has no id")
        return self.own_id

    def hint(self, zh: str, en: str) -> None:
        """Tell something; the feature is used."""
        self.hints.append((zh, en))


def a_kind(kind: str) -> str:
    """Return `a camera`, `an obstacle`."""
    return f"an {kind}" if kind == OBSTACLE else f"a {kind}"


def thing_of(kind: str, given: Given) -> Thing:
    """Return what the feature is; BadValueError where it cannot be used."""
    wanted = _SHAPES[kind]
    if given.shape.geom_type not in wanted:
        raise BadValueError(
            f"{kind} 的几何应为 {' '.join(wanted)}，不是 {given.shape.geom_type}",
            f"the geometry of {a_kind(kind)} is {' or '.join(wanted)}, not {given.shape.geom_type}",
        )
    return _READERS[kind](given)


def _obstacle(given: Given) -> SceneObstacle:
    tags = given.properties.values
    height_m, bad = height_of(tags, storey_m=STOREY_M, default_m=None)
    for error in bad:
        zh = "按高度未知处理，视为遮挡" if height_m is None else f"改用 {height_m:g} 米"
        en = "its height is unknown, so it blocks" if height_m is None else f"took {height_m:g} m instead"
        given.hint(f"{error.zh}；{zh}", f"{error.en}; {en}")
    direct, _ = height_of({**tags, "building:levels": None}, storey_m=STOREY_M, default_m=None)
    return SceneObstacle(
        id=given.own_id or given.where,
        shape=given.shape,
        height_m=height_m,
        by_storeys=height_m is not None and direct is None,
    )


def _camera(given: Given) -> SceneCamera:
    p = given.properties
    width, high = p.whole("width_px", 1, _BIGGEST_PX), p.whole("height_px", 1, _BIGGEST_PX)
    model = p.text("lens_model", tuple(LensModel))
    lens = Lens(
        hfov_deg=p.needed("hfov_deg", 0, 360, above=True),
        width_px=width or ASSUMED_WIDTH_PX,
        height_px=high or max(1, round((width or ASSUMED_WIDTH_PX) * 9 / 16)),
        range_m=p.needed("range_m", 0, FARTHEST_M, above=True),
        ir_range_m=p.number("ir_range_m", 0, FARTHEST_M),
        model=LensModel(model) if model else LensModel.RECTILINEAR,
        vertical_deg=p.number("vfov_deg", 0, 180, above=True),
    )
    error_m, error_deg = p.number("position_error_m", 0, 1000), p.number("azimuth_error_deg", 0, 180)
    mount = Mount(
        lon_deg=float(given.shape.x),
        lat_deg=float(given.shape.y),
        height_m=p.number("height_m", 0, 1000, above=True),
        azimuth_deg=_azimuth_deg(given),
        tilt_deg=p.number("tilt_deg", -90, 90),
        position_error_m=3.0 if error_m is None else error_m,
        azimuth_error_deg=5.0 if error_deg is None else error_deg,
    )
    if lens.by_angle and model == LensModel.RECTILINEAR:
        given.hint(
            "视场角不小于 180° 的镜头按鱼眼计", "no lens of 180 degrees and more is rectilinear: counted as fisheye"
        )
    return SceneCamera(
        id=given.id,
        shape=given.shape,
        mount=mount,
        lens=lens,
        ptz=p.flag("ptz", default=False),
        working=p.flag("working", default=True),
        links=p.ids("link", "links"),
        name=p.text("name"),
        assumed=_assumed(p.values, mount, lens),
    )


def _assumed(values: Mapping[str, Any], mount: Mount, lens: Lens) -> tuple[str, ...]:
    missing = [key for key in ("width_px", "position_error_m", "azimuth_error_deg") if values.get(key) is None]
    if mount.height_m is not None and mount.tilt_deg is not None and lens.vertical_deg is None:
        missing.append("vfov_deg")
        if values.get("height_px") is None:
            missing.append("height_px")
    if values.get("lens_model") is None:
        missing.append("lens_model")
    return tuple(missing)


def _azimuth_deg(given: Given) -> float | None:
    """Return the bearing in [0, 360); None: nobody noted it."""
    if "azimuth_deg" not in given.properties.values:
        if given.properties.values.get("hfov_deg") != 360:
            given.hint(
                "没有 azimuth_deg：方位未知，不计其覆盖", "no azimuth_deg: unknown, so nothing is claimed for it"
            )
        return None
    value = given.properties.number("azimuth_deg", -180, 360)
    if value is None:
        return None
    turned = value % 360.0
    if value < 0:
        given.hint(f"azimuth_deg {value:g} 按 {turned:g} 计", f"azimuth_deg {value:g} read as {turned:g}")
    return 0.0 if turned == 360.0 else turned


def _site(given: Given) -> SceneSite:
    p = given.properties
    return SceneSite(
        id=given.id,
        shape=given.shape,
        target=p.number("target", 0, 100),
        kind_of_site=p.text("kind_of_site"),
        parent=p.id("parent"),
        name=p.text("name"),
    )


def _keyplace(given: Given) -> ScenePlace:
    p = given.properties
    band = p.text("band") or SEEN
    _known_band(band, given.standard)
    type_ = p.text("type")
    if type_ is None:
        given.hint("没有 type", "has no type")
    target, weight = p.number("target", 0, 100), p.number("weight", 0, 1e6)
    return ScenePlace(
        id=given.id,
        shape=given.shape,
        type=type_ or "",
        band=band,
        target=100.0 if target is None else target,
        weight=1.0 if weight is None else weight,
        site=p.id("site"),
        name=p.text("name"),
    )


def _known_band(band: str, standard: str) -> None:
    try:
        px_per_m(band, standard)
    except BandError:
        known = names(standard)
        near = get_close_matches(band[:60], known, n=1, cutoff=0.6)
        zh, en = (f"（是否想写 {near[0]}？）", f" (did you mean {near[0]}?)") if near else ("", "")
        words = " ".join(known)
        raise BadValueError(
            f"band 应为下列之一：{words}；不是 {shown(band)}{zh}", f"band wants one of: {words}; not {shown(band)}{en}"
        ) from None


def _road(given: Given) -> SceneRoad:
    return SceneRoad(id=given.own_id or given.where, shape=given.shape)


_READERS: Final[Mapping[str, Callable[[Given], Thing]]] = {
    CAMERA: _camera,
    OBSTACLE: _obstacle,
    SITE: _site,
    KEYPLACE: _keyplace,
    ROAD: _road,
}
