"""Reads a scene: one GeoJSON FeatureCollection of cameras, obstacles, sites and key places. See docs/scene.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from shapely.geometry.base import BaseGeometry

from camcover.bands import DORI, STANDARDS
from camcover.camera import Camera
from camcover.datum import Datum
from camcover.frame import Frame
from camcover.obstacle import Obstacle
from camkeeper.geo import scene_checks
from camkeeper.geo.fault import BadValueError, Fault, UnreadableError, printable
from camkeeper.geo.jsonfile import LIMIT_BYTES, Collection, collection
from camkeeper.geo.obstacles import wgs84
from camkeeper.geo.properties import Properties, named
from camkeeper.geo.scene_features import (
    CAMERA,
    KEYS,
    OBSTACLE,
    Given,
    SceneCamera,
    SceneObstacle,
    ScenePlace,
    SceneRoad,
    SceneSite,
    Thing,
    thing_of,
)
from camkeeper.geo.shape import mended, shape_of
from camkeeper.geo.tags import blocks

LEAST_M2, LEAST_M = 1e-4, 1e-3
"""A square centimetre, a millimetre: less is a slip of the drawing hand, and no share of it means anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFile:
    """A scene; every shape in metres of `frame`, valid."""

    file: str
    name: str
    synthetic: bool
    """The file says that its geometry is made up."""
    attribution: str
    datum: Datum
    """Of the file; everything here is converted from it."""
    standard: str
    target_height_m: float
    frame: Frame
    cameras: tuple[Camera, ...]
    details: Mapping[str, SceneCamera]
    """By camera id: links, name, what was assumed; their shapes are WGS-84."""
    working: frozenset[str]
    """Ids of cameras that work."""
    links: Mapping[str, frozenset[str]]
    """Link id -> ids of the cameras that hang on it."""
    obstacles: tuple[Obstacle, ...]
    by_storeys: int
    """Obstacles whose height is a number of storeys."""
    sites: tuple[SceneSite, ...]
    keyplaces: tuple[ScenePlace, ...]
    roads: tuple[SceneRoad, ...]
    faults: tuple[Fault, ...]

    @property
    def dropped(self) -> int:
        """How many features take no part."""
        return sum(fault.dropped for fault in self.faults)


def read(path: Path | str, limit: int = LIMIT_BYTES) -> SceneFile:
    """Return the scene in the file, bad features told one by one; UnreadableError where it is no scene at all."""
    path = Path(path)
    found = collection(path, limit)
    terms = _terms(path, found.members)
    reader = _Reader(file=path.name, datum=found.datum, standard=terms.standard)
    for index, feature in enumerate(found.features):
        reader.take(index, feature)
    scene_checks.far_away(reader.things, reader.told)
    scene_checks.unknown_keys(found.members, reader.used_keys, path.name, reader.faults)
    scene_checks.references(reader.things, reader.told)
    scene_checks.datum(reader.things, found.datum, path.name, reader.faults)
    return _scene(path.name, found, terms, reader)


@dataclass(frozen=True, slots=True)
class _Terms:
    name: str
    synthetic: bool
    attribution: str
    standard: str
    target_height_m: float


def _terms(path: Path, members: Mapping[str, Any]) -> _Terms:
    """Read what holds for the whole file; a slip here would falsify every figure, so it ends the reading."""
    top = Properties(members)
    try:
        return _Terms(
            name=top.text("name") or path.stem,
            synthetic=top.flag("synthetic", default=False),
            attribution=top.text("attribution") or "",
            standard=top.text("standard", tuple(STANDARDS)) or DORI,
            target_height_m=top.number("target_height_m", 0, 100) or 0.0,
        )
    except BadValueError as error:
        raise UnreadableError(f"{path}：{error.zh}", f"{path}: {error.en}") from None


class _Reader:
    """Takes features one by one; keeps what is good and tells what isn't."""

    def __init__(self, *, file: str, datum: Datum, standard: str) -> None:
        self.file = file
        self.datum = datum
        self.standard = standard
        self.things: dict[str, tuple[str, Thing]] = {}
        """By `features[3]`: its kind and what it became."""
        self.faults: list[Fault] = []
        self.used_keys: dict[tuple[str, str], list[str]] = {}
        """(kind, key) -> where."""
        self._first: dict[tuple[str, str], str] = {}

    def told(self, where: str, id_: str | None, zh: str, en: str, *, dropped: bool = False) -> None:
        """Tell something; a dropped feature is forgotten."""
        if dropped:
            self.things.pop(where, None)
            zh, en = f"{zh}；已略过", f"{en}; left out"
        self.faults.append(Fault(file=self.file, where=where, id=id_, zh=zh, en=en, dropped=dropped))

    def take(self, index: int, feature: Any) -> None:
        where = f"features[{index}]"
        own_id = None
        try:
            values = _values(feature)
            own_id = named("id", values.get("id", feature.get("id")))
            kind = _kind(values)
            shape, repaired = mended(wgs84(shape_of(feature.get("geometry")), self.datum))
            given = Given(
                where=where, shape=shape, properties=Properties(values), own_id=own_id, standard=self.standard
            )
            thing = thing_of(kind, given)
            self._once(kind, thing, where)
        except BadValueError as error:
            self.told(where, own_id, error.zh, error.en, dropped=True)
            return
        if repaired:
            self.told(where, own_id, "轮廓自相交，已修复", "its outline crosses itself, repaired")
        for zh, en in given.hints:
            self.told(where, own_id, zh, en)
        for key in values:
            self.used_keys.setdefault((kind, key), []).append(where)
        self.things[where] = (kind, thing)

    def _once(self, kind: str, thing: Thing, where: str) -> None:
        if isinstance(thing, SceneObstacle | SceneRoad):
            return
        first = self._first.setdefault((kind, thing.id), where)
        if first != where:
            raise BadValueError(f"id 与 {first} 重复", f"its id is that of {first}")


def _values(feature: Any) -> Mapping[str, Any]:
    """Return the properties of what claims to be a feature."""
    if not isinstance(feature, dict) or feature.get("type", "Feature") != "Feature":
        raise BadValueError("不是 Feature", "is no Feature")
    properties = feature.get("properties")
    if not isinstance(properties, dict | None):
        raise BadValueError("properties 应为对象", "properties must be an object")
    return properties or {}


def _kind(values: Mapping[str, Any]) -> str:
    kind = values.get("kind")
    if kind is None and blocks(values, plain=False):  # buildings as they come from OpenStreetMap
        return OBSTACLE
    if kind is None:
        raise BadValueError(f"缺少 kind，应为下列之一：{' '.join(KEYS)}", f"has no kind: one of {', '.join(KEYS)}")
    found = Properties(values).text("kind", tuple(KEYS))
    assert found is not None  # noqa: S101  # `kind` is there
    return found


_T = TypeVar("_T", SceneObstacle, SceneSite, ScenePlace, SceneRoad)


def _scene(file: str, found: Collection, terms: _Terms, reader: _Reader) -> SceneFile:
    frame = Frame.around(*scene_checks.middle([thing for _, thing in reader.things.values()]))
    metric = _metric(frame, reader)
    things = [thing for _, thing in reader.things.values()]
    cameras = [thing for thing in things if isinstance(thing, SceneCamera)]

    def in_metres(kind: type[_T]) -> tuple[_T, ...]:
        found = ((where, thing) for where, (_, thing) in reader.things.items())
        return tuple(replace(thing, shape=metric[where]) for where, thing in found if isinstance(thing, kind))

    return SceneFile(
        file=file,
        name=printable(terms.name, 100),
        synthetic=terms.synthetic,
        attribution=printable(terms.attribution, 200),
        datum=found.datum,
        standard=terms.standard,
        target_height_m=terms.target_height_m,
        frame=frame,
        cameras=tuple(_camera(frame, camera) for camera in cameras),
        details={camera.id: camera for camera in cameras},
        working=frozenset(camera.id for camera in cameras if camera.working),
        links=_links(cameras),
        obstacles=tuple(
            Obstacle(id=one.id, shape=one.shape, height_m=one.height_m) for one in in_metres(SceneObstacle)
        ),
        by_storeys=sum(isinstance(one, SceneObstacle) and one.by_storeys for one in things),
        sites=in_metres(SceneSite),
        keyplaces=in_metres(ScenePlace),
        roads=in_metres(SceneRoad),
        faults=tuple(reader.faults),
    )


def _metric(frame: Frame, reader: _Reader) -> dict[str, BaseGeometry]:
    """Return every shape in metres by where it stands; what is next to nothing there is dropped, and told."""
    out: dict[str, BaseGeometry] = {}
    for where, (_, thing) in list(reader.things.items()):
        try:
            out[where] = _in_metres(frame, thing.shape)
        except BadValueError as error:
            reader.told(where, thing.id, error.zh, error.en, dropped=True)
    return out


def _in_metres(frame: Frame, shape: BaseGeometry) -> BaseGeometry:
    """Return the shape in metres, valid there too: a hair's breadth of a hole may close on the way."""
    out, _ = mended(frame.to_metric(shape))
    if 0 < out.area < LEAST_M2 or 0 < out.length < LEAST_M:
        raise BadValueError("几何小得不成形", "the geometry is next to nothing")
    return out


def _camera(frame: Frame, camera: SceneCamera) -> Camera:
    at = frame.to_metric(camera.shape)
    return Camera(id=camera.id, x_m=float(at.x), y_m=float(at.y), mount=camera.mount, lens=camera.lens, ptz=camera.ptz)


def _links(cameras: list[SceneCamera]) -> dict[str, frozenset[str]]:
    out: dict[str, set[str]] = {}
    for camera in cameras:
        for link in camera.links:
            out.setdefault(link, set()).add(camera.id)
    return {link: frozenset(ids) for link, ids in out.items()}


__all__ = ["CAMERA", "SceneCamera", "SceneFile", "ScenePlace", "SceneRoad", "SceneSite", "read"]
