"""From amounts to the frozen values that the board and the command line show."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from camcover.bands import SEEN
from camcover.frame import Frame
from camcover.optics import LensModel
from camkeeper.cover.aim import Planned
from camkeeper.cover.eyes import Eyes
from camkeeper.cover.ground import UNIT_OF, Ground, Obstacle
from camkeeper.cover.panel import MILLI, Panel
from camkeeper.model.place import KeyPlace
from camkeeper.model.registry import Registry
from camkeeper.standing.coverage import (
    Basis,
    CameraField,
    Cover,
    CoverageMap,
    FaultDomain,
    LayerCover,
    PlaceCover,
    Unit,
)

_MAP_GRID_DEG = 1e-8
"""A millimetre: the area of a shape read back from a map is its figure then, less a tenth of a square metre."""


def target_of(registry: Registry, site_id: str, layer: str) -> int | None:
    """Return the basis points that must be seen of a layer: the site's own, else the policy's."""
    own = registry.site_by_id[site_id].coverage_targets.get(layer)
    return registry.coverage.targets.get(layer) if own is None else own


def layers(
    registry: Registry, panel: Panel, site_id: str, lower: NDArray[np.int64], upper: NDArray[np.int64]
) -> tuple[LayerCover, ...]:
    """Return the site's layers from amounts (columns,)."""
    out = []
    for n in panel.rows_of_site[site_id]:
        row = panel.rows[n]
        cover = _cover(panel, row.unit, row.columns, lower, upper)
        out.append(LayerCover(layer=row.layer, target_bp=target_of(registry, site_id, row.layer), cover=cover))
    return tuple(out)


def place_cover(panel: Panel, place: KeyPlace, lower: NDArray[np.int64], upper: NDArray[np.int64]) -> PlaceCover:
    """Return one key place from amounts (columns,)."""
    column = np.array([panel.column_of_place[place.id]])
    return PlaceCover(
        id=place.id,
        site_id=place.site_id,
        name=place.name,
        type=place.type,
        band=place.band,
        cover=_cover(panel, UNIT_OF[place.shape], column, lower, upper),
    )


def _cover(
    panel: Panel, unit: Unit, columns: NDArray[np.int64], lower: NDArray[np.int64], upper: NDArray[np.int64]
) -> Cover:
    return Cover(
        unit=unit,
        total=int(panel.totals[columns].sum()) / MILLI,
        design=int(panel.design[columns].sum()) / MILLI,
        lower=int(lower[columns].sum()) / MILLI,
        upper=int(upper[columns].sum()) / MILLI,
    )


def basis(
    registry: Registry,
    frame: Frame,
    eyes: Eyes,
    panels: Sequence[Panel],
    warnings: Sequence[str],
    *,
    measured: Collection[str] = (),
) -> Basis:
    """Return how every percentage is made, with the digest of all inputs. `measured`: cameras that were turned."""
    policy = registry.coverage
    digest = hashlib.sha256(f"{policy.id}|{policy.standard}|{frame.crs}|".encode())
    digest.update(eyes.walls)
    for part in (part for panel in panels for part in panel.parts):
        digest.update(part.inputs)
    for camera in eyes.digests:
        digest.update(camera)
    models = {camera.lens.model for camera in eyes.cameras}
    height = policy.target_height_m
    what, what_en = (
        (f"离地 {height:g} 米处", f"at {height:g} m above the ground") if height else ("地面", "on the ground")
    )
    return Basis(
        definition=(
            f"覆盖率＝{what}被工作中的摄像机看见的部分÷应看见的全部：面积按空地计（边界内扣除建筑物占地），遮挡按建筑物轮廓与高度精确扣除，"
            "重点部位须达到其像素密度等级；状态未知的摄像机在下限中不计、在上限中计入，离线或无画面的不计；球机按当前预置位计。"
        ),
        definition_en=(
            f"Coverage is what working cameras see {what_en} as a share of all there is to see. An area is open ground:"
            " its boundary less the footprints of buildings. What obstacles hide is taken out exactly, by outline and"
            " height; a key place counts at its pixel density. A camera of unknown status is"
            " blind in the lower bound and sees in the upper one; one that is down or gives no picture is blind. A dome"
            " counts as its present preset looks."
        ),
        policy=policy.id,
        inputs=digest.hexdigest(),
        crs=frame.crs,
        lens_model="+".join(sorted(models)) or LensModel.RECTILINEAR.value,
        cameras=len(eyes.cameras),
        unknown_azimuth=tuple(c.id for c in eyes.cameras if c.mount.azimuth_deg is None and c.lens.hfov_deg < 360),
        inside_building=tuple(sorted(eyes.inside_building)),
        no_position=eyes.no_position,
        warnings=tuple(warnings),
        measured_azimuth=tuple(c.id for c in eyes.cameras if c.id in measured),
    )


def coverage_map(
    registry: Registry,
    frame: Frame,
    ground: Ground,
    eyes: Eyes,
    obstacles: Sequence[Obstacle],
    inputs: str,
    *,
    planned: Mapping[str, Planned],
) -> CoverageMap:
    """Return all shapes in WGS-84, coordinates rounded to a millimetre.

    `planned`: what the register has of cameras whose azimuth was measured.
    """
    devices = registry.device_by_id
    day, night = (lonlat(frame, eyes.fields[dark, SEEN]) for dark in (False, True))
    domes = [n for n, envelope in enumerate(eyes.envelopes) if envelope is not None]
    envelopes = dict(zip(domes, lonlat(frame, eyes.envelopes[domes]), strict=True))
    fields = tuple(
        CameraField(
            device_id=camera.id,
            site_id=devices[camera.id].site_id,
            lon_deg=camera.mount.lon_deg,
            lat_deg=camera.mount.lat_deg,
            azimuth_deg=camera.mount.azimuth_deg,
            day=day[n],
            night=night[n],
            envelope=envelopes.get(n),
            inside_building=camera.id in eyes.inside_building,
            **_planned(frame, planned.get(camera.id)),
        )
        for n, camera in enumerate(eyes.cameras)
    )
    places = lonlat(frame, np.array(list(ground.places.values()), dtype=object))
    boundaries = lonlat(frame, np.array(list(ground.boundaries.values()), dtype=object))
    return CoverageMap(
        digest=inputs,
        boundaries=dict(zip(ground.boundaries, boundaries, strict=True)),
        obstacles=tuple((shape, height_m) for shape, height_m, _ in obstacles),
        fields=fields,
        places=tuple(zip(ground.places, places, strict=True)),
        attribution=tuple(dict.fromkeys(o.attribution for o in registry.obstacles if o.attribution)),
        synthetic=registry.synthetic_geometry,
        links=fault_domains(registry, [camera.id for camera in eyes.cameras]),
    )


def _planned(frame: Frame, planned: Planned | None) -> dict[str, Any]:
    if planned is None:
        return {}
    return {
        "azimuth_error_deg": planned.error_deg,
        "planned_azimuth_deg": planned.azimuth_deg,
        "planned": lonlat(frame, np.array([planned.field], dtype=object))[0],
    }


def fault_domains(registry: Registry, camera_ids: Sequence[str]) -> tuple[FaultDomain, ...]:
    """Return the links with any of these cameras behind them, in the register's order."""
    behind: dict[str, list[str]] = {}
    for camera_id in camera_ids:
        for link in registry.upstream(registry.device_by_id[camera_id]):
            behind.setdefault(link.id, []).append(camera_id)
    return tuple(
        FaultDomain(id=link.id, name=link.name, kind=link.kind, camera_ids=tuple(behind[link.id]))
        for link in registry.links
        if link.id in behind
    )


def lonlat(frame: Frame, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return shapes of the frame in WGS-84, for showing."""
    if not len(shapes):
        return shapes
    moved: NDArray[np.object_] = frame.to_lonlat(shapes)
    return np.asarray(shapely.set_precision(moved, _MAP_GRID_DEG), dtype=object)
