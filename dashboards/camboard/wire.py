"""The JSON of the API: integers in milliseconds, percents as cut text, nothing rounded. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from camboard.index import Index, this_instant
from camboard.source import JSON
from camboard.words import State
from camkeeper.availability.buckets import Buckets, truncated_percent
from camkeeper.model.status import Status
from camkeeper.standing.view import DeviceStanding, MonitorStanding, RateView, SiteStanding


def buckets(value: Buckets) -> dict[str, JSON]:
    """Write five buckets; `degraded_ms` is a part of `up_ms`."""
    return {
        "up_ms": value.up_ms,
        "down_ms": value.down_ms,
        "unknown_ms": value.unknown_ms,
        "excluded_ms": value.excluded_ms,
        "absent_ms": value.absent_ms,
        "degraded_ms": value.degraded_ms,
    }


def percents(value: Buckets) -> dict[str, JSON]:
    """Write rates as percent, cut to two places; null where nothing was measured."""
    return {
        "ratio": truncated_percent(value.ratio),
        "lower": truncated_percent(value.lower),
        "upper": truncated_percent(value.upper),
        "good": truncated_percent(value.good_ratio),
        "completeness": truncated_percent(value.completeness),
    }


def rate(view: RateView) -> dict[str, JSON]:
    """Write a rate over a period."""
    return {
        "start_ms": view.period.start_ms,
        "end_ms": view.period.end_ms,
        "buckets": buckets(view.buckets),
        "percent": percents(view.buckets),
        "target_bp": view.target_bp,
        "verdict": view.verdict.value,
    }


def counts(by_status: Mapping[Status, int]) -> dict[str, JSON]:
    """Write counts, zeros too."""
    return {status.value: by_status.get(status, 0) for status in Status}


def site(view: SiteStanding) -> dict[str, JSON]:
    """Write one site."""
    return {
        "id": view.id,
        "name": view.name,
        "name_en": view.name_en,
        "kind": view.kind.value,
        "code": view.code,
        "parent_id": view.parent_id,
        "target_bp": view.target_bp,
        "cameras": counts(view.cameras),
        "cameras_total": view.cameras_total,
        "cameras_online": view.cameras_online,
        "others": counts(view.others),
        "today": rate(view.today),
        "month": rate(view.month),
    }


def device(view: DeviceStanding, *, full: bool) -> dict[str, JSON]:
    """Write one device; `full` adds the ladder, the strip and what the device says of itself."""
    out: dict[str, JSON] = {
        "id": view.id,
        "name": view.name,
        "kind": view.kind.value,
        "site_id": view.site_id,
        "host": view.host,
        "status": view.status.value,
        "shown": State.of(view).value,
        "reason": view.reason.value,
        "since_ms": view.since_ms,
        "last_sample_ms": view.last_sample_ms,
        "unstable": view.unstable,
        "in_window": view.in_window,
        "today": rate(view.today),
        "month": rate(view.month),
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
            "percent": percents(instant),
            "verdict": instant.verdict(target_bp=view.total.target_bp).value,
        },
        "total": site(view.total),
        "villages_total": view.villages_total,
        "villages_with_camera": view.villages_with_camera,
        "devices_total": len(view.devices),
        "monitor": monitor(view.monitor),
    }
