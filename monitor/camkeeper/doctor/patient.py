"""What is examined: a register, what is known of the ground, and what devices answered. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from shapely.geometry.base import BaseGeometry

from camkeeper.model.equipment import Device
from camkeeper.model.probing import DeviceFacts
from camkeeper.model.registry import Registry


class Building(NamedTuple):
    """One building, WGS-84."""

    id: str
    shape: BaseGeometry
    height_m: float | None


@dataclass(frozen=True, kw_only=True)
class Patient:
    """All that a check may ask."""

    registry: Registry
    answers: Mapping[str, DeviceFacts] = field(default_factory=dict)
    """What devices said of themselves, by id; who never answered is not there."""
    buildings: tuple[Building, ...] = ()
    batches: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Ids of devices whose position came with one import, by the import's name."""

    @cached_property
    def cameras(self) -> tuple[Device, ...]:
        """Devices with a picture."""
        return tuple(d for d in self.registry.devices if d.kind.has_picture)

    @cached_property
    def cameras_by_site(self) -> dict[str, list[Device]]:
        """Cameras by the site they are enrolled in."""
        out: dict[str, list[Device]] = defaultdict(list)
        for device in self.cameras:
            out[device.site_id].append(device)
        return dict(out)

    def site_name(self, site_id: str) -> str:
        """Return what people call a place."""
        return self.registry.site_by_id[site_id].name
