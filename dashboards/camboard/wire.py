"""The JSON of the API: integers in milliseconds, percents as cut text, nothing rounded. Pure."""

from __future__ import annotations

from camboard.index import Index, this_instant
from camboard.picture.index import PictureIndex
from camboard.source import JSON
from camboard.words import State
from camkeeper.standing.export import percents_json, rate_json, site_json
from camkeeper.standing.view import DeviceStanding, MonitorStanding, SiteStanding


def device(view: DeviceStanding, *, full: bool) -> dict[str, JSON]:
    """Write one device; `full` adds the ladder, the strip and what the device says of itself."""
    out: dict[str, JSON] = {
        "id": view.id,
        "name": view.name,
        "kind": view.kind.value,
        "site_id": view.site_id,
        "host": view.host,
        "tags": list(view.tags),
        "status": view.status.value,
        "shown": State.of(view).value,
        "reason": view.reason.value,
        "since_ms": view.since_ms,
        "last_sample_ms": view.last_sample_ms,
        "unstable": view.unstable,
        "in_window": view.in_window,
        "today": rate_json(view.today),
        "month": rate_json(view.month),
    }
    if full:
        out["rungs"] = [
            {"rung": r.rung.value, "verdict": r.verdict.value, "ms": r.ms, "detail": r.detail} for r in view.rungs
        ]
        out["strip"] = [
            {
                "start_ms": s.span.start_ms,
                "end_ms": s.span.end_ms,
                "status": None if s.status is None else s.status.value,
            }
            for s in view.strip
        ]
        facts = view.facts
        out["facts"] = {
            "manufacturer": facts.manufacturer,
            "model": facts.model,
            "firmware": facts.firmware,
            "clock_offset_s": facts.clock_offset_s,
            "uptime_s": facts.uptime_s,
            "profiles": [{"token": p.token, "width": p.width, "height": p.height} for p in facts.profiles],
        }
    return out


def site(view: SiteStanding, pictures: PictureIndex | None) -> dict[str, JSON]:
    """Write one site; where pictures are looked at, of how many cameras, and what was proved."""
    out: dict[str, JSON] = site_json(view)
    if pictures is not None:
        out["pictures"] = {
            "looked": pictures.looked[view.id],
            "found": pictures.found[view.id],
            "weather": view.id in pictures.weather,
        }
    return out


def monitor(view: MonitorStanding) -> dict[str, JSON]:
    """Write what the monitor thinks of itself."""
    return {
        "boot_id": view.boot_id,
        "started_ms": view.started_ms,
        "last_tick_ms": view.last_tick_ms,
        "last_sample_ms": view.last_sample_ms,
        "lag_ms": view.lag_ms,
        "uplinks": [{"id": u.id, "name": u.name, "sees": u.sees, "since_ms": u.since_ms} for u in view.uplinks],
        "warnings": list(view.warnings),
        "probes_total": view.probes_total,
        "probes_missed": view.probes_missed,
        "policy": view.policy,
    }


def standing(index: Index, *, age_ms: int, stale: bool) -> dict[str, JSON]:
    """Write the township at one instant, without its devices and sites, which have addresses of their own."""
    view = index.standing
    instant = this_instant(index.cameras)
    return {
        "at_ms": view.at_ms,
        "age_ms": age_ms,
        "stale": stale,
        "name": view.name,
        "timezone": view.timezone,
        "synthetic_geometry": view.synthetic_geometry,
        "now": {
            "cameras": {state.value: index.cameras[state] for state in State},
            "percent": percents_json(instant),
            "verdict": instant.verdict(target_bp=view.total.target_bp).value,
        },
        "total": site_json(view.total),
        "villages_total": view.villages_total,
        "villages_with_camera": view.villages_with_camera,
        "devices_total": len(view.devices),
        "monitor": monitor(view.monitor),
    }
