"""Coverage as one scope shows it. Pure.

A site's figures are the site's, whoever's cameras see it; a contractor has no share of them, so a scope of one
contractor's devices shows no coverage at all.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import shapely
from shapely.geometry.base import BaseGeometry

from camboard.lens.reach import Reach
from camkeeper.standing.coverage import Basis, CoverageMap, CoverageStanding, Darkness, SiteCover

_NEAR_DEG = 0.001
"""Buildings so near to a shown boundary (about 100 m) shade what is shown."""


def coverage(value: CoverageStanding, seen: Reach, *, cameras: int) -> CoverageStanding:
    """Return the coverage of the sites within reach; `cameras`: how many of those shown have a picture."""
    return replace(
        value,
        basis=_basis(value.basis, seen, cameras),
        sites=tuple(_site(s, seen) for s in value.sites if s.site_id in seen.site_ids),
        survey=tuple(band for band in value.survey if band.site_id in seen.site_ids),
    )


def chart(value: CoverageMap, places: frozenset[str], seen: Reach) -> CoverageMap:
    """Return the shapes within reach; `places`: the key places that are shown."""
    boundaries = {i: shape for i, shape in value.boundaries.items() if i in seen.site_ids}
    key = "\n".join((value.digest, *sorted(seen.site_ids), "", *sorted(seen.device_ids)))
    return replace(
        value,
        digest=hashlib.sha256(key.encode()).hexdigest(),
        boundaries=boundaries,
        obstacles=_near(value.obstacles, tuple(boundaries.values())),
        fields=tuple(f for f in value.fields if f.device_id in seen.device_ids),
        places=tuple((i, shape) for i, shape in value.places if i in places),
        links=tuple(link for link in value.links if link.id in seen.link_ids),
    )


def darkness(value: Darkness, seen: Reach) -> Darkness:
    """Return what is dark at a site within reach, without the names of others' cameras that see it, too."""
    return replace(
        value,
        cameras_dark=tuple(i for i in value.cameras_dark if i in seen.device_ids),
        places=tuple(p for p in value.places if p.site_id in seen.site_ids),
    )


def _site(site: SiteCover, seen: Reach) -> SiteCover:
    return replace(
        site,
        parent_id=site.parent_id if site.parent_id in seen.site_ids else None,
        places=tuple(p for p in site.places if p.site_id in seen.site_ids),
    )


def _basis(value: Basis, seen: Reach, cameras: int) -> Basis:
    def own(ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(i for i in ids if i in seen.device_ids)

    return replace(
        value,
        cameras=cameras - len(own(value.no_position)),
        unknown_azimuth=own(value.unknown_azimuth),
        inside_building=own(value.inside_building),
        no_position=own(value.no_position),
        warnings=(),
        measured_azimuth=own(value.measured_azimuth),
    )


def _near(
    obstacles: tuple[tuple[BaseGeometry, float | None], ...], boundaries: tuple[BaseGeometry, ...]
) -> tuple[tuple[BaseGeometry, float | None], ...]:
    if not obstacles or not boundaries:
        return ()
    tree = shapely.STRtree([shape for shape, _ in obstacles])
    found = tree.query(list(boundaries), predicate="dwithin", distance=_NEAR_DEG)[1]
    return tuple(obstacles[n] for n in sorted({int(n) for n in found}))
