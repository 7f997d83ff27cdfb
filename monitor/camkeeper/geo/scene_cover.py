"""What the cameras of a scene see: fields, and how much of every site and key place they cover. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camcover import bands
from camcover.basis import inputs_hash
from camcover.camera import Camera, View
from camcover.overlay import Overlay, Place
from camcover.terrain import Terrain
from camcover.viewshed import Placement, fields, placements
from camkeeper.geo.scene import SceneFile
from camkeeper.geo.shape import polygonal

Shapes = NDArray[np.object_]
ALL_SITES = "*"
"""Id of the place that is the union of all sites: what overlapping sites share counts once."""
AREA, KEYPLACE = "area", "keyplace"
SEEN = bands.SEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneCover:
    """A scene and its fields, by day or by night. Arrays are aligned with `scene.cameras`; shapes in metres."""

    scene: SceneFile
    night: bool
    terrain: Terrain
    placed: tuple[Placement, ...]
    by_band: Mapping[str, Shapes]
    """(n,) for every band of the standard and of the key places, by day or night as asked."""
    seen_by_night: Shapes
    envelope: Shapes
    """(n,) what a dome could turn to; the field itself for all others."""
    overlay: Overlay
    """Its places: all sites together, then the sites, then the key places, in the scene's order."""

    @property
    def seen(self) -> Shapes:
        """Return the fields at any density."""
        return self.by_band[SEEN]

    @property
    def working(self) -> NDArray[np.bool_]:
        """Return (n,): which cameras work."""
        return self.overlay.mask(self.scene.working)

    @property
    def design(self) -> NDArray[np.bool_]:
        """Return (n,): every camera."""
        return np.ones(len(self.scene.cameras), dtype=np.bool_)

    def open_ground(self, shape: BaseGeometry) -> BaseGeometry:
        """Return a site less the roofs on it; itself where there are none."""
        near = self.terrain.roof_tree.query(shape, predicate="intersects")
        if not len(near):
            return shape
        return polygonal(shapely.difference(shape, shapely.union_all(self.terrain.roofs[near])))

    def view(self, band: str = SEEN, *, night: bool | None = None) -> View:
        """Return what is asked at a band."""
        return view_of(self.scene, band, night=self.night if night is None else night)


def view_of(scene: SceneFile, band: str = SEEN, *, night: bool) -> View:
    """Return what the scene asks at a band."""
    density = bands.px_per_m(band, scene.standard)
    return View(night=night, px_per_m=density, target_height_m=scene.target_height_m)


def bands_of(scene: SceneFile) -> tuple[str, ...]:
    """Return `seen`, the bands of the standard, and those of the other standard that a key place asks for."""
    return tuple(dict.fromkeys((*bands.names(scene.standard), *(place.band for place in scene.keyplaces))))


def build(scene: SceneFile, *, night: bool = False) -> SceneCover:
    """Compute the fields and cut every place by them."""
    terrain = Terrain.build(scene.obstacles)
    by_band = {band: fields(scene.cameras, terrain, view_of(scene, band, night=night)) for band in bands_of(scene)}
    dark = by_band[SEEN] if night else fields(scene.cameras, terrain, view_of(scene, night=True))
    return SceneCover(
        scene=scene,
        night=night,
        terrain=terrain,
        placed=placements(scene.cameras, terrain),
        by_band=by_band,
        seen_by_night=dark,
        envelope=_envelope(scene.cameras, terrain, view_of(scene, night=night), by_band[SEEN]),
        overlay=Overlay.build(places(scene, by_band[SEEN]), [camera.id for camera in scene.cameras], by_band),
    )


def _envelope(cameras: tuple[Camera, ...], terrain: Terrain, view: View, seen: Shapes) -> Shapes:
    out = seen.copy()
    domes = np.array([camera.ptz for camera in cameras], dtype=np.bool_)
    if domes.any():
        out[domes] = fields([camera for camera in cameras if camera.ptz], terrain, view, envelope=True)
    return out


def places(scene: SceneFile, seen: Shapes) -> list[Place]:
    """Return what is to be seen. Without sites, all that the cameras see stands for them."""
    whole = union(site.shape for site in scene.sites) if scene.sites else union(seen)
    return [
        Place(id=ALL_SITES, layer=AREA, shape=whole, weight=0.0),
        *(Place(id=site.id, layer=AREA, shape=site.shape) for site in scene.sites),
        *(
            Place(id=place.id, layer=KEYPLACE, shape=place.shape, band=place.band, weight=place.weight)
            for place in scene.keyplaces
        ),
    ]


def union(shapes: Iterable[BaseGeometry]) -> BaseGeometry:
    """Return the area of all shapes together."""
    return polygonal(shapely.union_all(list(shapes)))


def within(shape: BaseGeometry, seen: Shapes) -> BaseGeometry:
    """Return the part of a site that fields see: exact, where the overlay's pieces are snapped to a fine grid."""
    near = seen[shapely.intersects(seen, shape)]
    return polygonal(shapely.intersection(shape, union(near.tolist())))


def groups(scene: SceneFile) -> dict[str, frozenset[str]]:
    """Return what can fail: every camera, and every link with the cameras that hang on it."""
    return {**{camera.id: frozenset({camera.id}) for camera in scene.cameras}, **scene.links}


def digest(scene: SceneFile, *, night: bool) -> str:
    """Return the SHA-256 over all that the figures are computed from."""
    numbers = {
        "standard": scene.standard,
        "target_height_m": scene.target_height_m,
        "night": night,
        "crs": scene.frame.crs,
        "working": sorted(scene.working),
        "links": {link: sorted(ids) for link, ids in scene.links.items()},
        "targets": {site.id: site.target for site in scene.sites},
    }
    wanted = places(scene, np.zeros(0, dtype=np.object_))
    # The id of an obstacle is often only its place in the file.
    obstacles = [replace(obstacle, id="") for obstacle in scene.obstacles]
    return inputs_hash(cameras=scene.cameras, obstacles=obstacles, places=wanted, numbers=numbers)
