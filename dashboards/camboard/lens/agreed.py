"""Agreed windows, pictures and settlements as one scope shows them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from camboard.lens.reach import OUTSIDE, Reach
from camboard.source import JSON
from camkeeper.model.view import ViewRecord
from camkeeper.standing.picture import PictureStanding
from camkeeper.standing.view import DeviceStanding, Standing
from camkeeper.standing.windows import WindowsStanding, WindowView

_SETTLED = frozenset(
    {"month", "from_ms", "to_ms", "complete", "closed", "timezone", "deciding_policy", "policy", "site"}
)
"""Of a settlement what is of no place."""


def windows(value: WindowsStanding, standing: Standing, seen: Reach) -> WindowsStanding:
    """Return the windows that cover anything within reach; `standing`: the scoped one."""
    ancestry = _ancestry(standing)

    def own(views: Iterable[WindowView]) -> tuple[WindowView, ...]:
        cut = (_window(v, standing.devices, ancestry, seen) for v in views)
        return tuple(v for v in cut if v is not None)

    whole = {v.plan_id for v in (*value.now, *value.coming, *value.past) if is_whole(v, seen)}
    return replace(
        value,
        now=own(value.now),
        coming=own(value.coming),
        past=own(value.past),
        audit=tuple(event for event in value.audit if event.plan_id in whole),
    )


def is_whole(view: WindowView, seen: Reach) -> bool:
    """Return whether a window names nothing beyond."""
    return not view.everything and all(map(seen.shows, (*view.site_ids, *view.device_ids, *view.link_ids)))


def _window(
    view: WindowView, devices: Iterable[DeviceStanding], ancestry: Mapping[str, frozenset[str]], seen: Reach
) -> WindowView | None:
    """Return a window within reach; what was written of one that reaches further may be about the rest."""
    if is_whole(view, seen):
        return view
    sites, links, ids = set(view.site_ids), set(view.link_ids), set(view.device_ids)
    covered = [
        d
        for d in devices
        if view.everything
        or d.id in ids
        or not links.isdisjoint(d.link_ids)
        or not sites.isdisjoint(ancestry.get(d.site_id, frozenset()))
    ]
    if not covered:
        return None
    cameras = sum(d.kind.has_picture for d in covered)
    return replace(
        view,
        reason=OUTSIDE,
        approver="",
        by="",
        evidence=None,
        evidence_text="",
        site_ids=tuple(i for i in view.site_ids if i in seen.site_ids),
        device_ids=tuple(i for i in view.device_ids if i in seen.device_ids),
        link_ids=tuple(i for i in view.link_ids if i in seen.link_ids),
        devices=len(covered),
        cameras=cameras,
        counted_out_ms=view.counted_out_ms // view.cameras * cameras if view.cameras else 0,
        may_end=False,
        may_withdraw=False,
    )


def _ancestry(standing: Standing) -> dict[str, frozenset[str]]:
    """Return the ids of each site and of all above it, as far as they are shown."""
    out: dict[str, frozenset[str]] = {}
    for site in standing.sites:  # parents first
        out[site.id] = out.get(site.parent_id or "", frozenset()) | {site.id}
    return out


def pictures(value: PictureStanding, seen: Reach) -> PictureStanding:
    """Return the pictures within reach; what the worker did is the whole township's."""
    return replace(
        value,
        cameras={i: view for i, view in value.cameras.items() if i in seen.device_ids},
        diagnosed=0,
        verdicts={},
        failed=0,
        dropped=0,
        crashed=0,
        waiting=0,
        weather_site_ids=tuple(i for i in value.weather_site_ids if i in seen.site_ids),
    )


def views(records: Iterable[ViewRecord], seen: Reach, limit: int) -> tuple[ViewRecord, ...]:
    """Return the entries about devices within reach, the newest `limit`."""
    return tuple(record for record in records if record.device_id in seen.device_ids)[:limit]


def settlement(value: Mapping[str, JSON], seen: Reach) -> dict[str, JSON]:
    """Return a settlement with the sites within reach. Anything new in it is left out until it has a rule here."""
    out: dict[str, JSON] = {name: part for name, part in value.items() if name in _SETTLED}
    sites, agreed = value.get("sites"), value.get("windows")
    if isinstance(sites, list):
        out["sites"] = [s for s in sites if isinstance(s, Mapping) and s.get("id") in seen.site_ids]
    if isinstance(agreed, list):
        out["windows"] = [w for w in agreed if isinstance(w, Mapping) and _names_within(w.get("devices"), seen)]
    return out


def _names_within(devices: JSON, seen: Reach) -> bool:
    return isinstance(devices, list) and bool(devices) and all(each in seen.device_ids for each in devices)
