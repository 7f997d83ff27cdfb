"""Cameras that were turned, as their pictures show: the register with measured aims in place of the entered ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from shapely.geometry.base import BaseGeometry

from camcover.optics import Mount
from camkeeper.model.picture import Finding, PictureVerdict, Turn
from camkeeper.model.registry import Registry

_UPRIGHT_DEG = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the register has of a camera that was turned. Degrees; the field in metres of the frame, by day."""

    azimuth_deg: float
    error_deg: float
    """Of what was measured."""
    field: BaseGeometry


def turned(mount: Mount, turn: Turn) -> Mount:
    """Return the mount as the turn leaves it. A roll is left out: fields of view are not rolled.

    A turn is measured against the picture that was learned, so the register's own error stays in it.
    """
    tilt_deg = mount.tilt_deg
    if tilt_deg is not None:
        tilt_deg = max(-_UPRIGHT_DEG, min(_UPRIGHT_DEG, tilt_deg + turn.pitch_deg))
    return replace(
        mount,
        azimuth_deg=None if mount.azimuth_deg is None else azimuth_after(mount.azimuth_deg, turn),
        tilt_deg=tilt_deg,
        azimuth_error_deg=math.hypot(mount.azimuth_error_deg, turn.error_deg),
    )


def azimuth_after(planned_deg: float, turn: Turn) -> float:
    """Return the azimuth after a turn, in [0, 360)."""
    measured_deg = (planned_deg + turn.yaw_deg) % 360
    return 0.0 if measured_deg == 360 else measured_deg  # -1e-20 % 360


def turns(registry: Registry, findings: Mapping[str, Finding]) -> dict[str, Turn]:
    """Return the measured turn of each camera whose registered azimuth no longer holds."""
    out = {}
    for device_id, finding in findings.items():
        device = registry.device_by_id.get(device_id)
        if finding.verdict is not PictureVerdict.MOVED or finding.turn is None or device is None:
            continue
        if device.mount is not None and device.mount.azimuth_deg is not None:
            out[device_id] = finding.turn
    return out


def adrift(findings: Mapping[str, Finding]) -> frozenset[str]:
    """Return the cameras that were turned nobody knows how far: whether they see anything of theirs is unknown."""
    return frozenset(i for i, f in findings.items() if f.verdict is PictureVerdict.MOVED and f.turn is None)


def aimed(registry: Registry, measured: Mapping[str, Turn]) -> Registry:
    """Return the register in which these cameras point where their pictures show; the same where there are none."""
    if not measured:
        return registry
    devices = tuple(
        replace(d, mount=turned(d.mount, measured[d.id])) if d.id in measured and d.mount is not None else d
        for d in registry.devices
    )
    return replace(registry, devices=devices)
