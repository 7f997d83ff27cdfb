"""Brings a patient: the buildings of the configuration, and which positions came with which import. I/O."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from camkeeper.config.document import UnreadableError
from camkeeper.doctor.patient import Building, Patient
from camkeeper.geo import obstacles
from camkeeper.geo.fault import UnreadableError as UnreadableGeometry
from camkeeper.model.probing import DeviceFacts
from camkeeper.model.registry import Registry
from camkeeper.register.kept import Entry, Kept
from camkeeper.register.store import Store, Version

_AREAL: Final = frozenset({"Polygon", "MultiPolygon"})
_POSITION: Final = ("lon_deg", "lat_deg")


def patient_of(config: Path, registry: Registry, answers: Mapping[str, DeviceFacts] | None = None) -> Patient:
    """Return what is to be examined; what cannot be read of geometry or history is not there."""
    return Patient(
        registry=registry,
        answers={i: f for i, f in (answers or {}).items() if i in registry.device_by_id},
        buildings=buildings(registry),
        batches=batches(config),
    )


def buildings(registry: Registry) -> tuple[Building, ...]:
    """Return the buildings among the obstacles, WGS-84."""
    out: list[Building] = []
    for source in registry.obstacles:
        try:
            found, _ = obstacles.read(source, registry.coverage)
        except (UnreadableGeometry, OSError):
            continue  # `camkeeper check` tells of it
        out.extend(Building(f.id, f.shape, f.height_m) for f in found if f.shape.geom_type in _AREAL)
    return tuple(out)


def batches(config: Path) -> dict[str, frozenset[str]]:
    """Return the ids of devices whose position the register has from one import, by its number and file."""
    store = Store(config)
    try:
        versions, base = store.history(), store.base()
    except (OSError, UnreadableError, ValueError, KeyError):
        return {}
    standing = [v for v in versions if v.undone_ms is None]
    states = [_before(config, base.name, v) for v in standing] + [_positions(base.register)]
    owner: dict[str, str] = {}
    for version, before, after in zip(standing, states, states[1:], strict=False):
        for device_id, at in after.items():
            if before.get(device_id) != at:
                owner[device_id] = f"{version.number} {version.source}"
    out: dict[str, set[str]] = {}
    for device_id in states[-1]:
        if device_id in owner:
            out.setdefault(owner[device_id], set()).add(device_id)
    return {name: frozenset(ids) for name, ids in out.items()}


def _before(config: Path, name: str, version: Version) -> dict[str, tuple[str, ...]]:
    """Return the positions that an import found."""
    path = config.parent / f"{name}.history" / f"{version.number:04d}" / "register.before"
    return _positions(path.read_bytes() if path.exists() else None)


def _positions(data: bytes | None) -> dict[str, tuple[str, ...]]:
    if data is None:
        return {}
    try:
        kept = Kept.of(data, "register")
    except (UnreadableError, ValueError):
        return {}
    entries: dict[str, Entry] = {**kept.devices, **kept.amended}
    return {
        i: tuple(str(mount.get(key)) for key in _POSITION)
        for i, entry in entries.items()
        if isinstance(mount := entry.get("mount"), dict) and mount.keys() >= set(_POSITION)
    }
