"""Brings every position of the file to WGS-84, and tells where a whole batch looks like another datum than stated.

`datum` is the whole file's; `mounts_datum` is that of the cameras alone, where their positions were picked on another
map than the boundaries come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from shapely.geometry.base import BaseGeometry

from camcover.datum import Datum, Suspicion, suspect_datum, to_wgs84
from camkeeper.config.entry import Entry
from camkeeper.config.findings import Findings
from camkeeper.config.schema import ContractorEntry, DeviceEntry, KeyPlaceEntry, SiteEntry
from camkeeper.model.place import LonLat

_UNSHIFTED = frozenset({Datum.WGS84, Datum.CGCS2000})
_DIGITS = 9
"""A tenth of a millimetre: the same figures whatever a machine's sine says in its last bit."""
_PICKED_ON = {
    Datum.GCJ02: ("高德、腾讯地图", "Amap or Tencent"),
    Datum.BD09: ("百度地图", "Baidu"),
    Datum.WGS84: ("GPS 或已换算的资料", "GPS, or converted already"),
}

_E = TypeVar("_E", bound=Entry)


def points_to_wgs84(points: Iterable[LonLat], datum: Datum) -> tuple[LonLat, ...]:
    """Return the points in WGS-84."""
    given = tuple(points)
    if datum in _UNSHIFTED or not given:
        return given
    found = to_wgs84(np.array(given, dtype=np.float64), datum).round(_DIGITS)
    return tuple((float(lon), float(lat)) for lon, lat in found)


def site_to_wgs84(entry: SiteEntry, datum: Datum) -> SiteEntry:
    """Return the place with its boundary in WGS-84."""
    if entry.boundary is None or datum in _UNSHIFTED:
        return entry
    return _with(entry, boundary=points_to_wgs84(entry.boundary, datum))


def contractor_to_wgs84(entry: ContractorEntry, datum: Datum) -> ContractorEntry:
    """Return the contractor with the place of its van in WGS-84."""
    if entry.depot is None or datum in _UNSHIFTED:
        return entry
    return _with(entry, depot=points_to_wgs84([entry.depot], datum)[0])


def key_place_to_wgs84(entry: KeyPlaceEntry, datum: Datum) -> KeyPlaceEntry:
    """Return the key place in WGS-84."""
    if datum in _UNSHIFTED:
        return entry
    if entry.point is not None:
        return _with(entry, point=points_to_wgs84([entry.point], datum)[0])
    key = "line" if entry.line is not None else "polygon"
    return _with(entry, **{key: points_to_wgs84(getattr(entry, key) or (), datum)})


def devices_to_wgs84(entries: Mapping[int, DeviceEntry], datum: Datum) -> dict[int, DeviceEntry]:
    """Return the devices with their mounts in WGS-84."""
    mounted = [place for place, entry in entries.items() if entry.mount is not None]
    there = points_to_wgs84((at for entry in entries.values() if (at := _at(entry)) is not None), datum)
    out = dict(entries)
    if datum not in _UNSHIFTED:
        for place, (lon, lat) in zip(mounted, there, strict=True):
            entry = entries[place]
            assert entry.mount is not None  # noqa: S101  (it is in `mounted`)
            out[place] = _with(entry, mount=_with(entry.mount, lon_deg=lon, lat_deg=lat))
    return out


def suspicion(entries: Mapping[int, DeviceEntry], areas: Mapping[str, BaseGeometry], stated: Datum) -> Suspicion | None:
    """Return which datum the mounts seem to be of, where not of the stated one.

    `entries` as written, `areas` of their sites in WGS-84.
    """
    order = list(areas)
    place_of = {id_: n for n, id_ in enumerate(order)}
    judged = [(at, place_of[e.site]) for e in entries.values() if (at := _at(e)) is not None and e.site in place_of]
    if not judged:
        return None
    points = np.array([at for at, _ in judged], dtype=np.float64)
    own = np.array([n for _, n in judged], dtype=np.intp)
    return suspect_datum(points, [areas[id_] for id_ in order], own=own, stated=stated)


def warn(found: Suspicion, key: str, findings: Findings) -> None:
    """Add the warning of a suspected datum; `key` is where the datum of mounts was written."""
    zh, en = _PICKED_ON[found.datum]
    n, before, after, datum = found.points, found.inside_before, found.inside_after, found.datum
    findings.warn(
        (key,),
        zh=f"{n} 个安装位置中只有 {before} 个在本地点边界之内；若按 {datum} 读则有 {after} 个，"
        f"整体相差约 {found.offset_m:.0f} 米。若点位取自{zh}，请写 mounts_datum: {datum}",
        en=f"only {before} of {n} mounts lie inside their site's boundary; read as {datum} {after} would, "
        f"some {found.offset_m:.0f} m away. If they come from {en}, write mounts_datum: {datum}",
    )


def _at(entry: DeviceEntry) -> LonLat | None:
    return None if entry.mount is None else (entry.mount.lon_deg, entry.mount.lat_deg)


def _with(entry: _E, **fields: Any) -> _E:
    return entry.model_copy(update=fields)
