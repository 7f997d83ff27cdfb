"""`/api/v1/coverage/sites.geojson`: the boundaries with what is seen inside them, for a map of somebody else's."""

from __future__ import annotations

import asyncio

from aiohttp import web

from camboard.board import board_of
from camboard.cover import geo, wire
from camboard.cover.api import NotYet, now
from camboard.cover.query import night_of
from camboard.download import disposition
from camboard.source import JSON
from camkeeper.standing.coverage import CoverageMap, CoverageStanding

_GEOJSON = "application/geo+json"


async def sites(request: web.Request) -> web.Response:
    """`GET /api/v1/coverage/sites.geojson?night=`: every site that has a boundary."""
    board, night = board_of(request), night_of(request.query)
    value = now(board)
    chart = board.coverage.coverage_map() if board.coverage is not None else None
    if chart is None:
        raise NotYet
    body = await asyncio.to_thread(collection, value, chart, night=night)
    response = web.Response(body=body, content_type=_GEOJSON)
    response.headers["Content-Disposition"] = disposition(f"coverage-{'night' if night else 'day'}.geojson")
    response.enable_compression()
    return response


def collection(value: CoverageStanding, chart: CoverageMap, *, night: bool) -> bytes:
    """Write a FeatureCollection, WGS-84; the basis of the figures stands beside the features."""
    features: list[geo.Feature] = []
    for site in value.sites:
        shape = chart.boundaries.get(site.site_id)
        if shape is None or site.night != night:
            continue
        properties: dict[str, JSON] = {
            "site_id": site.site_id,
            "name": site.name,
            "name_en": site.name_en,
            "kind": site.kind.value,
            "parent_id": site.parent_id,
            "night": site.night,
            "cameras": site.cameras,
            "layers": [wire.layer(layer) for layer in site.layers],
        }
        features.append((properties, shape))
    members: dict[str, JSON] = {"at_ms": value.at_ms, "synthetic": chart.synthetic, "basis": wire.basis(value.basis)}
    return geo.collection(features, members)
