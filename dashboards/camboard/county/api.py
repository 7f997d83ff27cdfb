"""The county for machines: integers first, percents as people read them beside."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from camboard.county.lens import county_of
from camboard.county.query import TownQuery, month_in
from camboard.query import BadQuery
from camkeeper.availability.buckets import Buckets, truncated_percent
from camkeeper.hub.view import County, Rate, Town
from camkeeper.standing.export import buckets_json
from camkeeper.standing.why import WhyAsk

_ROWS = 1000


async def county(request: web.Request) -> web.Response:
    """`GET /api/v1/county?month=`: the sum of all towns, and each."""
    found = _found(request)
    return _json(
        {
            "month": found.month,
            "at_ms": found.at_ms,
            "timezone": found.timezone,
            "target_bp": found.target_bp,
            "reading": found.reading,
            "missing": list(found.missing),
            "now": _now(found.now),
            "today": told(found.today),
            "net": told(found.net),
            "gross": told(found.gross),
            "edges": [_edge(t) for t in found.towns],
        }
    )


async def edges(request: web.Request) -> web.Response:
    """`GET /api/v1/edges`: how it stands with each edge, without figures."""
    return _json({"edges": [_state(t) for t in _found(request).towns]})


async def town(request: web.Request) -> web.Response:
    """`GET /api/v1/towns/{id}?month=`: a town's sites and cameras, worst first."""
    query, source = TownQuery.read(request.query), county_of(request).source
    detail = await source.town(request.match_info["id"], query.month or source.this_month())
    return _json(
        {
            "edge": detail.month.edge_id,
            "name": detail.month.name,
            "month": detail.month.month,
            "from_ms": detail.period.start_ms,
            "to_ms": detail.period.end_ms,
            "complete": detail.month.complete,
            "closed": detail.month.closed,
            "rate": _rate(detail.month.rate),
            "sites": [
                {"id": s.id, "name": s.name, "kind": s.kind, "cameras": s.cameras, "rate": _rate(s.rate)}
                for s in detail.sites
            ],
            "devices": [
                {
                    "id": d.id,
                    "site": d.site_id,
                    "kind": d.kind,
                    "status_at_last_report": None if d.status is None else d.status.value,
                    "since_ms": d.since_ms,
                    "time": buckets_json(d.net),
                }
                for d in detail.devices
            ],
        }
    )


async def why(request: web.Request) -> web.Response:
    """`GET /api/v1/towns/{id}/why?month=&site=&device=&page=`: the stretches behind a figure, a thousand a page."""
    query, source = TownQuery.read(request.query), county_of(request).source
    ask = WhyAsk(
        site_id=query.site,
        device_id=query.device,
        month=query.month or source.this_month(),
        stretches_from=(query.page - 1) * _ROWS,
        count=_ROWS,
    )
    found = await source.why(request.match_info["id"], ask)
    return _json(
        {
            "site": found.site_id,
            "device": found.device_id,
            "month": found.month,
            "from_ms": found.period.start_ms,
            "to_ms": found.period.end_ms,
            "policy": found.policy.id,
            "verdict": found.net.verdict,
            "time": buckets_json(found.net.buckets),
            "head": {"seq": found.head_seq, "hash": found.head_hash},
            "stretches_total": found.stretches_total,
            "stretches": [
                {
                    "device": s.device_id,
                    "from_ms": s.span.start_ms,
                    "to_ms": s.span.end_ms,
                    "status": None if s.status is None else s.status.value,
                    "excluded_ms": s.excluded_ms,
                    "reason": None if s.reason is None else s.reason.value,
                    "seq": s.seq,
                    "hash": s.hash,
                }
                for s in found.stretches
            ],
        }
    )


async def healthz(_: web.Request) -> web.Response:
    """`GET /healthz`: the process answers."""
    return web.Response(text="ok\n")


def _found(request: web.Request) -> County:
    try:
        return county_of(request).source.county(month_in(request.query))
    except ValueError as error:
        raise BadQuery("month") from error


def _state(t: Town) -> dict[str, Any]:
    return {
        "edge": t.edge_id,
        "name": t.name,
        "state": t.state.value,
        "since_ms": t.since_ms,
        "seq": t.seq,
        "head": t.head,
        "behind": t.behind,
        "tick_ms": t.tick_ms,
        "lag_ms": t.lag_ms,
        "refusals": t.refusals,
        "refused": t.refused or None,
        "alarms": sorted(k.value for k in t.alarms),
    }


def _edge(t: Town) -> dict[str, Any]:
    out = _state(t) | {"cameras": t.cameras, "now": {status.value: n for status, n in t.now.items()}}
    if t.last is not None:
        out["today"] = told(t.last.today) | {"until_ms": t.last.today_until_ms}
    if t.month is not None:
        rate = t.month.rate
        out |= {
            "policy": rate.policy,
            "verdict": rate.verdict.value,
            "target_bp": rate.target_bp,
            "until_ms": t.month.until_ms,
            "complete": t.month.complete,
            "closed": t.month.closed,
            "percent": _percent(rate),
            "net": told(rate.net),
            "gross": told(rate.gross),
        }
    return out


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "policy": rate.policy,
        "verdict": rate.verdict.value,
        "target_bp": rate.target_bp,
        "percent": _percent(rate),
        "net": buckets_json(rate.net),
        "gross": buckets_json(rate.gross),
    }


def _percent(rate: Rate) -> dict[str, str | None]:
    return {"ratio": rate.ratio, "lower": rate.lower, "upper": rate.upper, "completeness": rate.completeness}


def _now(now: Buckets) -> dict[str, int]:
    return {
        "up": now.up_ms - now.degraded_ms,
        "degraded": now.degraded_ms,
        "down": now.down_ms,
        "unknown": now.unknown_ms,
    }


def told(buckets: Buckets) -> dict[str, Any]:
    """Return a sum as JSON values: by time, whatever rule a town has."""
    return {
        "time": buckets_json(buckets),
        "percent": {
            "ratio": truncated_percent(buckets.ratio),
            "lower": truncated_percent(buckets.lower),
            "upper": truncated_percent(buckets.upper),
            "completeness": truncated_percent(buckets.completeness),
        },
    }


def _json(value: dict[str, Any]) -> web.Response:
    response = web.json_response(text=json.dumps(value, ensure_ascii=False), headers={"Cache-Control": "no-store"})
    response.enable_compression()
    return response
