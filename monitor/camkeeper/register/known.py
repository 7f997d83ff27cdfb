"""What the configuration has already: by which words a register may name it. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from camkeeper.model.equipment import Device
from camkeeper.model.place import SiteKind
from camkeeper.model.registry import Registry
from camkeeper.register.fields import plain

_TAILS = ("村民委员会", "居民委员会", "村委会", "居委会", "行政村", "社区", "村", "镇", "乡")
_NEAR_DEG = 0.5
"""A township's devices lie within this of its boundaries, whatever datum; a lost digit does not."""
_BORDER_DEG = 1e-6


def core(name: str) -> str:
    """Return a place's name without what is left off in half of the registers.

    >>> core("大郭村村民委员会"), core("大郭村"), core("大郭")
    ('大郭', '大郭', '大郭')
    """
    word = plain(name).replace(" ", "").lower()
    again = True
    while again:
        again = False
        for tail in _TAILS:
            if word.endswith(tail) and len(word) > len(tail):
                word, again = word.removesuffix(tail), True
    return word


@dataclass(frozen=True, kw_only=True)
class Known:
    """A registry, by the words of registers."""

    registry: Registry
    _cache: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def sites(self, text: str, town: str = "") -> tuple[str, ...]:
        """Return the ids of the sites that the text may mean: none, one, or several of one name."""
        key = f"{text}\0{town}"
        if key not in self._cache:
            self._cache[key] = self._sites(text, town)
        return self._cache[key]

    def _sites(self, text: str, town: str) -> tuple[str, ...]:
        if text in self.registry.site_by_id:
            return (text,)
        for found in (self._by_code.get(text, ()), self._by_name.get(plain(text).lower(), ()),
                      self._by_core.get(core(text), ())):  # fmt: skip
            if found:
                return self._within(found, town)
        return ()

    def _within(self, found: tuple[str, ...], town: str) -> tuple[str, ...]:
        if len(found) == 1:
            return found
        if town:
            above = {core(town), town}
            kept = tuple(
                i for i in found
                if any(core(self.registry.site_by_id[a].name) in above for a in self.registry.ancestry(i)[1:])
            )  # fmt: skip
            found = kept or found
        # A village and its own grid or town of one name: the village is meant.
        villages = tuple(i for i in found if self.registry.site_by_id[i].kind is SiteKind.VILLAGE)
        return villages if len(villages) == 1 else found

    @cached_property
    def _by_code(self) -> dict[str, tuple[str, ...]]:
        return _grouped((s.code, s.id) for s in self.registry.sites if s.code)

    @cached_property
    def _by_name(self) -> dict[str, tuple[str, ...]]:
        words = [(plain(s.name).lower(), s.id) for s in self.registry.sites]
        return _grouped([*words, *((s.name_en.lower(), s.id) for s in self.registry.sites if s.name_en)])

    @cached_property
    def _by_core(self) -> dict[str, tuple[str, ...]]:
        return _grouped((core(s.name), s.id) for s in self.registry.sites)

    @cached_property
    def links(self) -> dict[str, tuple[str, ...]]:
        """Ids of links by id and name."""
        return _grouped([*((k.id, k.id) for k in self.registry.links), *((k.name, k.id) for k in self.registry.links)])

    @cached_property
    def contractors(self) -> dict[str, tuple[str, ...]]:
        """Ids of contractors by id and name."""
        firms = self.registry.contractors
        return _grouped([*((k.id, k.id) for k in firms), *((k.name, k.id) for k in firms)])

    @cached_property
    def by_gb(self) -> dict[str, str]:
        """Device ids by GB/T 28181 id."""
        return {d.gb_id: d.id for d in self.registry.devices if d.gb_id}

    @cached_property
    def by_address(self) -> dict[tuple[str, int], str]:
        """Device ids by host and port."""
        return {(d.address.host, d.address.port): d.id for d in self.registry.devices}

    @cached_property
    def regions(self) -> frozenset[str]:
        """Six-digit codes of the counties that the sites lie in."""
        return frozenset(s.code[:6] for s in self.registry.sites if s.code and len(s.code) >= 6)

    @cached_property
    def areas(self) -> dict[str, BaseGeometry]:
        """Boundaries by site id, WGS-84; a site without one has that of the nearest above, below the town."""
        own = {s.id: shapely.Polygon(s.boundary).buffer(_BORDER_DEG) for s in self.registry.sites if s.boundary}
        out: dict[str, BaseGeometry] = {}
        for site in self.registry.sites:
            above = next((i for i in self.registry.ancestry(site.id) if i in own), None)
            if above is not None and self.registry.site_by_id[above].kind not in _WIDE:
                out[site.id] = own[above]
        return out

    @cached_property
    def near(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north of where a device may be; None where no boundary is known."""
        boxes = [shapely.Polygon(s.boundary).bounds for s in self.registry.sites if s.boundary]
        if not boxes:
            return None
        west, south = min(b[0] for b in boxes), min(b[1] for b in boxes)
        east, north = max(b[2] for b in boxes), max(b[3] for b in boxes)
        return west - _NEAR_DEG, south - _NEAR_DEG, east + _NEAR_DEG, north + _NEAR_DEG


_WIDE = frozenset({SiteKind.CITY, SiteKind.COUNTY, SiteKind.TOWN})


def _grouped(pairs: Any) -> dict[str, tuple[str, ...]]:
    out: dict[str, dict[str, None]] = defaultdict(dict)
    for key, value in pairs:
        out[key][value] = None
    return {key: tuple(values) for key, values in out.items()}


def flat(device: Device) -> dict[str, Any]:
    """Return a device's fields by the keys of a row; what it has not is not there."""
    address, mount, lens = device.address, device.mount, device.lens
    out: dict[str, Any] = {
        "name": device.name,
        "kind": device.kind,
        "site": device.site_id,
        "address.host": address.host,
        "address.port": address.port,
        "address.rtsp_port": address.rtsp_port,
        "address.onvif_path": address.onvif_path,
        "gb_id": device.gb_id,
        "contractor": device.contractor_id,
        "link": device.link_id,
        "credential": device.credential_id,
        "maker": device.maker or None,
        "model": device.model or None,
        "serial": device.serial or None,
        "installed": device.installed or None,
        "tags": device.tags or None,
    }
    if mount is not None:
        out |= {f"mount.{key}": getattr(mount, key) for key in _MOUNT}
    if lens is not None:
        out |= {f"lens.{key}": getattr(lens, key) for key in _LENS}
    return {key: value for key, value in out.items() if value is not None}


_MOUNT = ("lon_deg", "lat_deg", "height_m", "azimuth_deg", "tilt_deg")
_LENS = ("hfov_deg", "width_px", "height_px", "range_m")
