"""What a site loses: as it is now, or if something failed too."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, MutableMapping

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from camcover.frame import Frame
from camkeeper.cover import show
from camkeeper.cover.live import Live
from camkeeper.cover.panel import Panel
from camkeeper.cover.sight import State
from camkeeper.model.cover import AREA
from camkeeper.model.registry import Registry
from camkeeper.standing.coverage import Darkness


def behind(registry: Registry, failed: Collection[str]) -> frozenset[str]:
    """Return the devices that fail with these devices and links: themselves, and all that hangs on them.

    LookupError for an id that is neither.
    """
    links = {i for i in failed if i in registry.link_by_id}
    devices = {i for i in failed if i in registry.device_by_id}
    strange = sorted(set(failed) - links - devices)
    if strange:
        raise LookupError(f"没有这个设备或链路：{strange[0]} / no such device or link: {strange[0]}")
    links |= {link.id for link in registry.links if link.device_id in devices}
    dark = {d.id for d in registry.devices if not links.isdisjoint(link.id for link in registry.upstream(d))}
    return frozenset(devices | dark)


def darkness(
    registry: Registry,
    frame: Frame,
    panel: Panel,
    states: Mapping[str, State],
    site_id: str,
    *,
    failed: Collection[str],
    at_ms: int,
    blind: MutableMapping[str, BaseGeometry] | None = None,
) -> Darkness:
    """Return the site's darkness; unknown counts as seeing. LookupError for ids that aren't there.

    `blind`: what was found blind of this panel already, WGS-84 by site; it is filled, because design doesn't change.
    """
    if site_id not in panel.rows_of_site:
        raise LookupError(f"没有这个地点，或它没有边界：{site_id} / no such site, or one without a boundary: {site_id}")
    gone = behind(registry, failed)
    live = Live(panel)
    live.update({**states, **dict.fromkeys(gone, State.DARK)})
    parts = panel.parts_of_site[site_id]
    ids = dict.fromkeys(i for n in parts for i in panel.parts[n].overlay.camera_ids)
    among = {s.id for s in registry.subtree(site_id)}
    places = (
        show.place_cover(panel, place, live.lower, live.upper)
        for place in registry.key_places
        if place.site_id in among
    )
    found = {} if blind is None else blind
    if site_id not in found:
        found[site_id] = _lonlat(frame, _blind(panel, site_id))
    return Darkness(
        at_ms=at_ms,
        site_id=site_id,
        night=panel.night,
        failed=tuple(sorted(failed)),
        cameras_dark=tuple(i for i in ids if live.state(i) is State.DARK),
        lost=_lonlat(frame, _lost(panel, live, site_id)),
        blind=found[site_id],
        layers=show.layers(registry, panel, site_id, live.lower, live.upper),
        places=tuple(place for place in places if place.cover.upper < place.cover.design),
    )


def _lonlat(frame: Frame, shape: BaseGeometry) -> BaseGeometry:
    moved: BaseGeometry = show.lonlat(frame, np.array([shape], dtype=object))[0]
    return moved


def _lost(panel: Panel, live: Live, site_id: str) -> BaseGeometry:
    """Return the ground of the site that is seen by design and not now, in metres of the frame."""
    lost = []
    for n, place in _ground(panel, site_id):
        _, maybe = live.masks(n)
        if not maybe.all():
            every = np.ones(len(maybe), dtype=np.bool_)
            lost.append(panel.parts[n].overlay.shape(place, maybe, lost_from=every))
    # What one village lost seldom touches what another did: sets apart are joined apart.
    return shapely.disjoint_subset_union_all(lost)


def _blind(panel: Panel, site_id: str) -> BaseGeometry:
    """Return the ground of the site that no camera sees by design, in metres of the frame. Seconds for a county."""
    blind = []
    for n, place in _ground(panel, site_id):
        overlay = panel.parts[n].overlay
        blind.append(overlay.shape(place, np.ones(len(overlay.camera_ids), dtype=np.bool_), blind=True))
    return shapely.disjoint_subset_union_all(blind)


def _ground(panel: Panel, site_id: str) -> Iterator[tuple[int, int]]:
    """Yield (part, place in its overlay) of the ground of the site and of all below it."""
    area = next((panel.rows[n] for n in panel.rows_of_site[site_id] if panel.rows[n].layer == AREA), None)
    for column in () if area is None else area.columns.tolist():
        n = int(panel.part_of_column[column])
        yield n, column - panel.parts[n].columns.start
