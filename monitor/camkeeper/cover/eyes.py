"""The cameras of a register as geometry knows them, and what each sees: by day and night, in every band asked for.

Viewsheds are compiled code that takes 60 MB to load: a register without a single mount never loads it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camcover.bands import SEEN, px_per_m
from camcover.camera import Camera, View
from camcover.frame import Frame
from camcover.obstacle import Obstacle as Wall
from camcover.terrain import Terrain
from camkeeper.cover.ground import Obstacle
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.registry import Registry

Fields = NDArray[np.object_]
FieldKey = tuple[bool, str]
"""(by night, band)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Eyes:
    """`n` cameras with a position, in the register's order, and their fields in metres of the frame."""

    cameras: tuple[Camera, ...]
    terrain: Terrain
    walls: bytes
    """Digest of the obstacles: where it is the same, so is what stands in the way."""
    digests: tuple[bytes, ...]
    """(n,) of each camera's numbers."""
    views: dict[FieldKey, View]
    fields: dict[FieldKey, Fields]
    """Each (n,) of valid polygons, empty where nothing is seen."""
    inside_building: frozenset[str]
    no_position: tuple[str, ...]

    @cached_property
    def index(self) -> dict[str, int]:
        """Camera id -> its place in every array here."""
        return {camera.id: n for n, camera in enumerate(self.cameras)}

    @cached_property
    def envelopes(self) -> Fields:
        """(n,) what each dome could turn to; None for every other camera."""
        out = np.full(len(self.cameras), None, dtype=object)
        domes = [n for n, camera in enumerate(self.cameras) if camera.ptz]
        if domes:
            from camcover.viewshed import fields

            view = self.views[False, SEEN]
            out[domes] = fields([self.cameras[n] for n in domes], self.terrain, view, envelope=True)
        return out


BOTH = (False, True)


def eyes_of(
    registry: Registry,
    obstacles: Sequence[Obstacle],
    frame: Frame,
    *,
    previous: Eyes | None = None,
    nights: Sequence[bool] = BOTH,
) -> Eyes:
    """Return the cameras and their fields; of those that `previous` had just so, its fields are taken over.

    `nights`: by day, by night, or by both.
    """
    cameras, no_position = _cameras(registry, frame)
    walls = _walls_digest(obstacles, frame)
    if previous is not None and previous.walls == walls:
        terrain = previous.terrain
    else:
        previous, terrain = None, Terrain.build(_walls(obstacles, frame))
    views = _views(registry, nights)
    digests = tuple(hashlib.sha256(_numbers(camera).encode()).digest() for camera in cameras)
    old = _taken_over(digests, previous)
    return Eyes(
        cameras=cameras,
        terrain=terrain,
        walls=walls,
        digests=digests,
        views=views,
        fields={key: _fields(cameras, terrain, view, key, old, previous) for key, view in views.items()},
        inside_building=_inside(cameras, terrain),
        no_position=no_position,
    )


def _inside(cameras: Sequence[Camera], terrain: Terrain) -> frozenset[str]:
    if not cameras:
        return frozenset()
    from camcover.viewshed import placements

    return frozenset(p.camera_id for p in placements(cameras, terrain) if p.inside)


def _cameras(registry: Registry, frame: Frame) -> tuple[tuple[Camera, ...], tuple[str, ...]]:
    seeing = [d for d in registry.devices if d.kind.has_picture]
    placed = [(d, d.mount, d.lens) for d in seeing if d.mount is not None and d.lens is not None]
    points = np.array([(mount.lon_deg, mount.lat_deg) for _, mount, _ in placed], dtype=np.float64).reshape(-1, 2)
    metric = frame.to_metric(points)
    cameras = tuple(
        Camera(id=d.id, x_m=float(x), y_m=float(y), mount=mount, lens=lens, ptz=d.kind is DeviceKind.PTZ)
        for (d, mount, lens), (x, y) in zip(placed, metric, strict=True)
    )
    return cameras, tuple(d.id for d in seeing if d.mount is None or d.lens is None)


def _numbers(camera: Camera) -> str:
    # Degrees as entered: the last digit of a projected metre may differ between machines.
    return repr((camera.id, camera.ptz, camera.mount, camera.lens))


def _walls(obstacles: Sequence[Obstacle], frame: Frame) -> list[Wall]:
    if not obstacles:
        return []
    shapes = frame.to_metric(np.array([shape for shape, _, _ in obstacles], dtype=object))
    return [
        Wall(id=obstacle_id, shape=shape, height_m=height_m)
        for shape, (_, height_m, obstacle_id) in zip(shapes, obstacles, strict=True)
    ]


def _walls_digest(obstacles: Sequence[Obstacle], frame: Frame) -> bytes:
    digest = hashlib.sha256(frame.crs.encode())
    for shape, (_, height_m, obstacle_id) in zip(
        shapely.to_wkb([shape for shape, _, _ in obstacles]), obstacles, strict=True
    ):
        digest.update(f"|{obstacle_id}|{height_m!r}|{len(shape)}|".encode())
        digest.update(shape)
    return digest.digest()


def _views(registry: Registry, nights: Sequence[bool]) -> dict[FieldKey, View]:
    policy = registry.coverage
    bands = [SEEN, *sorted({place.band for place in registry.key_places} - {SEEN})]
    return {
        (night, band): View(
            night=night, px_per_m=px_per_m(band, policy.standard), target_height_m=policy.target_height_m
        )
        for night in nights
        for band in bands
    }


def _taken_over(digests: Sequence[bytes], previous: Eyes | None) -> dict[int, int]:
    """Return place -> place in `previous` of each camera that did not change."""
    if previous is None:
        return {}
    known: Mapping[bytes, int] = {digest: n for n, digest in enumerate(previous.digests)}
    return {n: known[digest] for n, digest in enumerate(digests) if digest in known}


def _fields(
    cameras: Sequence[Camera],
    terrain: Terrain,
    view: View,
    key: FieldKey,
    old: Mapping[int, int],
    previous: Eyes | None,
) -> Fields:
    out = np.empty(len(cameras), dtype=object)
    if previous is None or previous.views.get(key) != view:
        old = {}
    elif old:
        out[list(old)] = previous.fields[key][list(old.values())]
    fresh = [n for n in range(len(cameras)) if n not in old]
    if fresh:
        from camcover.viewshed import fields

        out[fresh] = fields([cameras[n] for n in fresh], terrain, view)
    return out


def reaching(eyes: Eyes, *, night: bool, shapes: Sequence[BaseGeometry]) -> list[list[int]]:
    """Return for each shape the places of the cameras whose field meets it, ascending.

    In any band: what is seen densely enough is always seen.
    """
    seen = eyes.fields[night, SEEN]
    out: list[list[int]] = [[] for _ in shapes]
    if len(seen) and shapes:
        of, camera = shapely.STRtree(seen).query(np.array(shapes, dtype=object), predicate="intersects")
        for n, c in zip(of.tolist(), camera.tolist(), strict=True):
            out[n].append(c)
    return [sorted(cameras) for cameras in out]
