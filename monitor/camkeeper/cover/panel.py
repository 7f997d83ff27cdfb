"""A township by day or by night as numbers: one overlay a site, and every figure a sum of their columns.

A column is one place of one overlay: the ground of a site, or one key place. A row is one layer of one site in one
unit: the sum of some columns. Amounts are whole thousandths of m2, m or pieces, so that sums are exact in any order:
the town is its villages to the last digit, and hours add up to their month.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from camcover.bands import SEEN
from camcover.basis import inputs_hash
from camcover.overlay import Overlay, Place
from camkeeper.cover.eyes import Eyes, reaching
from camkeeper.cover.ground import UNIT_OF, Ground
from camkeeper.model.cover import AREA
from camkeeper.model.place import KeyPlace
from camkeeper.model.registry import Registry
from camkeeper.standing.coverage import Unit

MILLI = 1000
Milli = NDArray[np.int64]
_COUNTED = "counted"
"""Layer of the second ground of a site that overlaps a neighbour: what sums above it count."""


def milli(amounts: NDArray[np.float64]) -> Milli:
    """Return amounts as whole thousandths."""
    return np.rint(amounts * MILLI).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """The overlay of one site: its own ground where it is measured, and the key places entered for it."""

    site_id: str
    overlay: Overlay
    inputs: bytes
    """Digest of all that it was made from."""
    columns: slice
    """Its places among the panel's columns."""
    design: Milli
    totals: Milli
    """(p,) each."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One layer of one site: the sum of these columns."""

    site_id: str
    layer: str
    unit: Unit
    columns: NDArray[np.int64]
    inputs: bytes
    """Digest over the parts that it sums."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """All of a township by day, or all of it by night."""

    night: bool
    parts: tuple[Part, ...]
    rows: tuple[Row, ...]
    column_of_area: Mapping[str, int]
    """Measured site -> the column of its own ground."""
    column_of_place: Mapping[str, int]
    """Key place id -> its column."""

    @cached_property
    def totals(self) -> Milli:
        """(columns,) what there is to see."""
        return _joined([part.totals for part in self.parts])

    @cached_property
    def design(self) -> Milli:
        """(columns,) what is seen when every camera works."""
        return _joined([part.design for part in self.parts])

    @cached_property
    def part_of_column(self) -> NDArray[np.int64]:
        """(columns,) the place of each column's part."""
        return np.repeat(np.arange(len(self.parts)), [len(part.totals) for part in self.parts])

    @cached_property
    def parts_of_camera(self) -> dict[str, tuple[int, ...]]:
        """Camera id -> the parts that it sees something of."""
        out: dict[str, list[int]] = {}
        for n, part in enumerate(self.parts):
            for camera_id in part.overlay.camera_ids:
                out.setdefault(camera_id, []).append(n)
        return {camera_id: tuple(parts) for camera_id, parts in out.items()}

    @cached_property
    def parts_of_site(self) -> dict[str, tuple[int, ...]]:
        """Site id -> the parts that any of its rows sums."""
        out: dict[str, set[int]] = {}
        for row in self.rows:
            out.setdefault(row.site_id, set()).update(self.part_of_column[row.columns].tolist())
        return {site_id: tuple(sorted(parts)) for site_id, parts in out.items()}

    @cached_property
    def cameras_of_site(self) -> dict[str, int]:
        """Site id -> how many cameras see any of it by design."""
        return {
            site_id: len({i for n in parts for i in self.parts[n].overlay.camera_ids})
            for site_id, parts in self.parts_of_site.items()
        }

    @cached_property
    def rows_of_site(self) -> dict[str, tuple[int, ...]]:
        """Site id -> its rows, in order."""
        out: dict[str, list[int]] = {}
        for n, row in enumerate(self.rows):
            out.setdefault(row.site_id, []).append(n)
        return {site_id: tuple(rows) for site_id, rows in out.items()}

    def row_sums(self, columns: Milli) -> Milli:
        """Return (..., rows) of amounts (..., columns)."""
        out = np.empty((*columns.shape[:-1], len(self.rows)), dtype=np.int64)
        for n, row in enumerate(self.rows):
            out[..., n] = columns[..., row.columns].sum(axis=-1)
        return out


def _joined(parts: Sequence[Milli]) -> Milli:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def panel_of(
    registry: Registry, ground: Ground, eyes: Eyes, *, night: bool, previous: Mapping[str, Part] | None = None
) -> Panel:
    """Return the panel; the overlay of a site whose inputs did not change is taken from `previous` (by site id)."""
    places = _places(registry, ground)
    shapes = [shapely.union_all([place.shape for place in found]) for found in places.values()]
    parts: list[Part] = []
    start = 0
    for (site_id, found), cameras in zip(places.items(), reaching(eyes, night=night, shapes=shapes), strict=True):
        old = (previous or {}).get(site_id)
        parts.append(_part(site_id, found, eyes, cameras, night=night, start=start, previous=old))
        start += len(found)
    return _with_rows(registry, ground, tuple(parts), night=night)


def _places(registry: Registry, ground: Ground) -> dict[str, list[Place]]:
    """Return what each site's overlay cuts: its ground first, then its key places in the register's order."""
    measured = set(ground.measured)
    by_site: dict[str, list[KeyPlace]] = {}
    for place in registry.key_places:
        by_site.setdefault(place.site_id, []).append(place)
    out: dict[str, list[Place]] = {}
    for site in registry.sites:
        found: list[Place] = []
        if site.id in measured:
            own, counted = ground.open[site.id], ground.counted.get(site.id)
            found.append(Place(id=f"{AREA}:{site.id}", layer=AREA, shape=own, band=SEEN))
            if counted is not None and counted is not own:
                found.append(Place(id=f"{_COUNTED}:{site.id}", layer=_COUNTED, shape=counted, band=SEEN))
        found += [
            Place(id=p.id, layer=p.type, shape=ground.places[p.id], band=p.band, weight=p.weight)
            for p in by_site.get(site.id, ())
        ]
        if found:
            out[site.id] = found
    return out


def _part(
    site_id: str, places: list[Place], eyes: Eyes, cameras: list[int], *, night: bool, start: int, previous: Part | None
) -> Part:
    columns = slice(start, start + len(places))
    inputs = _inputs(places, eyes, cameras, night=night)
    if previous is not None and previous.inputs == inputs:
        overlay = previous.overlay
    else:
        bands = {place.band for place in places}
        overlay = Overlay.build(
            places,
            [eyes.cameras[n].id for n in cameras],
            {band: eyes.fields[night, band][cameras] for band in sorted(bands)},
        )
    every = np.ones(len(cameras), dtype=np.bool_)
    return Part(
        site_id=site_id,
        overlay=overlay,
        inputs=inputs,
        columns=columns,
        design=milli(overlay.seen(every)),
        totals=milli(overlay.totals),
    )


def _inputs(places: Sequence[Place], eyes: Eyes, cameras: Sequence[int], *, night: bool) -> bytes:
    views = {band: astuple(eyes.views[night, band]) for band in sorted({place.band for place in places})}
    digest = inputs_hash(
        cameras=(),
        obstacles=(),
        places=places,
        numbers={
            "walls": eyes.walls.hex(),
            "views": views,
            "cameras": [eyes.digests[n].hex() for n in cameras],
        },
    )
    return bytes.fromhex(digest)


def _with_rows(registry: Registry, ground: Ground, parts: tuple[Part, ...], *, night: bool) -> Panel:
    columns = [(part, place) for part in parts for place in part.overlay.places]
    area = {part.site_id: n for n, (part, place) in enumerate(columns) if place.layer == AREA}
    counted = {part.site_id: n for n, (part, place) in enumerate(columns) if place.layer == _COUNTED}
    known = {place.id for place in registry.key_places}
    of_place = {place.id: n for n, (_, place) in enumerate(columns) if place.id in known}
    measured = frozenset(ground.measured)
    inputs = [part.inputs for part, _ in columns]
    rows: list[Row] = []
    for site in _in_order(registry):
        for (layer, unit), found in _columns_of(registry, ground, site, measured, area, counted, of_place).items():
            digest = hashlib.sha256(b"".join(sorted({inputs[n] for n in found}))).digest()
            rows.append(
                Row(site_id=site, layer=layer, unit=unit, columns=np.array(found, dtype=np.int64), inputs=digest)
            )
    return Panel(night=night, parts=parts, rows=tuple(rows), column_of_area=area, column_of_place=of_place)


def _in_order(registry: Registry) -> list[str]:
    """Return all sites, parents first."""
    return [site.id for root in registry.children.get(None, ()) for site in registry.subtree(root.id)]


def _columns_of(
    registry: Registry,
    ground: Ground,
    site_id: str,
    measured: frozenset[str],
    area: Mapping[str, int],
    counted: Mapping[str, int],
    of_place: Mapping[str, int],
) -> dict[tuple[str, Unit], list[int]]:
    """Return the columns of each layer of a site. A key place belongs to one site and to all above it, once."""
    below = [site.id for site in registry.subtree(site_id)]
    out: dict[tuple[str, Unit], list[int]] = {}
    if site_id in measured:
        out[AREA, Unit.AREA] = [area[site_id]]
    else:
        tops = [i for i in below if i in ground.counted and ground.counted[i] is not None]
        found = [counted.get(i, area[i]) for i in tops]
        if found:
            out[AREA, Unit.AREA] = found
    among = set(below)
    for place in registry.key_places:
        if place.site_id in among:
            out.setdefault((place.type.value, UNIT_OF[place.shape]), []).append(of_place[place.id])
    return out
