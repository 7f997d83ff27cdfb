"""The tree of sites, region codes, and what lies where. Plane geometry in degrees: WGS-84 throughout."""

from __future__ import annotations

from collections.abc import Mapping

import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from camkeeper.config.findings import Findings
from camkeeper.config.schema import DeviceEntry, KeyPlaceEntry, SiteEntry
from camkeeper.model.place import LonLat, SiteKind

_K = SiteKind
_CODE_DIGITS = {_K.CITY: (4, 6), _K.COUNTY: (6,), _K.TOWN: (9,), _K.VILLAGE: (12,)}
_PARENTS: dict[SiteKind, frozenset[SiteKind]] = {
    _K.CITY: frozenset(),
    _K.COUNTY: frozenset({_K.CITY}),
    # Some cities have no counties (441900): their towns stand below them.
    _K.TOWN: frozenset({_K.CITY, _K.COUNTY}),
    _K.VILLAGE: frozenset({_K.TOWN}),
    _K.GRID: frozenset({_K.VILLAGE}),
    _K.CAMPUS: frozenset({_K.CITY, _K.COUNTY, _K.TOWN, _K.VILLAGE, _K.GRID}),
    _K.CHECKPOINT: frozenset({_K.CITY, _K.COUNTY, _K.TOWN, _K.VILLAGE, _K.GRID}),
}
_BORDER_DEG = 1e-6
"""A decimetre: a point surveyed on the border lies inside."""


def check(
    sites: Mapping[int, SiteEntry],
    key_places: Mapping[int, KeyPlaceEntry],
    findings: Findings,
) -> dict[str, BaseGeometry]:
    """Add the faults and warnings of places; return the areas by site id, with their border."""
    by_id = {site.id: site for site in sites.values()}
    areas = {site.id: area for place, site in sites.items() if (area := _area(place, site, findings)) is not None}
    for place, site in sites.items():
        _tree(place, site, by_id, findings)
        _code(place, site, by_id, findings)
        parent = areas.get(site.parent or "")
        if site.id in areas and parent is not None and not parent.buffer(_BORDER_DEG).covers(areas[site.id]):
            findings.warn(
                ("sites", place, "boundary"), zh="边界超出上级地点", en="the boundary reaches out of the parent's"
            )
    wide = {id_: area.buffer(_BORDER_DEG) for id_, area in areas.items()}
    shapely.prepare(list(wide.values()))
    for place, key_place in key_places.items():
        _key_place(place, key_place, wide.get(key_place.site), findings)
    return wide


def check_mounts(devices: Mapping[int, DeviceEntry], areas: Mapping[str, BaseGeometry], findings: Findings) -> None:
    """Warn of each mount outside the area of its site."""
    for place, device in devices.items():
        area = areas.get(device.site)
        mount = device.mount
        if mount is not None and area is not None and not shapely.contains_xy(area, mount.lon_deg, mount.lat_deg):
            findings.warn(
                ("devices", place, "mount"),
                zh=f"安装位置在地点 {device.site} 的边界之外",
                en=f"the mount is outside the boundary of {device.site}",
            )


def opened(ring: tuple[LonLat, ...] | None) -> tuple[LonLat, ...]:
    """Return a ring without its closing point, if it was closed."""
    if not ring:
        return ()
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring


def _area(place: int, site: SiteEntry, findings: Findings) -> BaseGeometry | None:
    if site.boundary is None:
        return None
    return _polygon(("sites", place, "boundary"), site.boundary, findings)


def _polygon(loc: tuple[str | int, ...], ring: tuple[LonLat, ...], findings: Findings) -> BaseGeometry | None:
    points = opened(ring)
    if len(set(points)) < 3:
        findings.fault(loc, zh="边界至少要有 3 个不同的点", en="a ring wants at least 3 different points")
        return None
    polygon = Polygon(points)
    if not polygon.is_valid or polygon.area == 0:
        why = shapely.is_valid_reason(polygon)
        findings.fault(loc, zh=f"边界不成立，多为自相交（{why}）", en=f"not a simple ring: {why}")
        return None
    return polygon


def _tree(place: int, site: SiteEntry, by_id: Mapping[str, SiteEntry], findings: Findings) -> None:
    parent = by_id.get(site.parent or "")
    if parent is not None and parent.kind not in _PARENTS[site.kind]:
        findings.fault(
            ("sites", place, "parent"),
            zh=f"{site.kind} 不能在 {parent.kind} 之下",
            en=f"a {site.kind} does not stand below a {parent.kind}",
        )


def _code(place: int, site: SiteEntry, by_id: Mapping[str, SiteEntry], findings: Findings) -> None:
    if site.code is None:
        return
    loc = ("sites", place, "code")
    digits = _CODE_DIGITS.get(site.kind)
    if digits is None:
        findings.fault(loc, zh=f"{site.kind} 没有区划代码", en=f"a {site.kind} has no region code; leave it out")
        return
    if not (site.code.isascii() and site.code.isdigit() and len(site.code) in digits):
        either = [str(n) for n in digits]
        findings.fault(
            loc,
            zh=f"{site.kind} 的区划代码是 {' 或 '.join(either)} 位数字",
            en=f"the region code of a {site.kind} has {' or '.join(either)} digits",
        )
        return
    if site.kind is SiteKind.CITY and len(site.code) == 6 and not site.code.endswith("00"):
        findings.fault(loc, zh="city 的 6 位区划代码以 00 结尾", en="the 6-digit region code of a city ends in 00")
        return
    parent = by_id.get(site.parent or "")
    above = _beginning(parent) if parent is not None else ""
    if parent is not None and not site.code.startswith(above):
        findings.fault(
            loc,
            zh=f"不在上级 {parent.id} 的代码 {above} 之下",
            en=f"does not begin with {above}, the code of {parent.id}",
        )


def _beginning(parent: SiteEntry) -> str:
    """Return what every code below begins with: 411100, a city, is filled up to the length of a county's code."""
    code = parent.code or ""
    return code.removesuffix("00") if parent.kind is SiteKind.CITY and len(code) == 6 else code


def _key_place(place: int, entry: KeyPlaceEntry, area: BaseGeometry | None, findings: Findings) -> None:
    loc: tuple[str | int, ...] = ("key_places", place)
    shape: BaseGeometry | None
    if entry.point is not None:
        loc, shape = (*loc, "point"), Point(entry.point)
    elif entry.line is not None:
        loc = (*loc, "line")
        if len(set(entry.line)) < 2:
            findings.fault(loc, zh="线至少要有 2 个不同的点", en="a line wants at least 2 different points")
            return
        shape = LineString(entry.line)
    else:
        loc = (*loc, "polygon")
        shape = _polygon(loc, entry.polygon or (), findings)
    if shape is not None and area is not None and not area.covers(shape):
        findings.fault(
            loc,
            zh=f"重点部位不在地点 {entry.site} 的边界之内",
            en=f"the key place is not inside the boundary of {entry.site}",
        )
