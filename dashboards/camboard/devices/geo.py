"""`/api/v1/devices.geojson`: every device with its state, where the register says it stands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from aiohttp import web

from camboard.board import board_of
from camboard.devices.query import DeviceQuery
from camboard.download import disposition
from camboard.source import JSON
from camboard.words import State
from camkeeper.standing.coverage import CameraField
from camkeeper.standing.export import percents_json
from camkeeper.standing.view import DeviceStanding

GEOJSON = "application/geo+json"
DECIMALS = 6
"""Of degrees: a tenth of a metre."""


async def devices(request: web.Request) -> web.Response:
    """`GET /api/v1/devices.geojson?site=&status=&kind=&q=...`: the choice of the list, as points."""
    board = board_of(request)
    index = board.index()
    query = DeviceQuery.read(request.query)
    if query.site and query.site not in index.site_by_id:
        raise web.HTTPNotFound
    chart = board.coverage.coverage_map() if board.coverage is not None else None
    fields = {field.device_id: field for field in chart.fields} if chart is not None else {}
    chosen = list(query.choose(index))
    at_ms, synthetic = index.standing.at_ms, index.standing.synthetic_geometry
    body = await asyncio.to_thread(collection, chosen, fields, at_ms=at_ms, synthetic=synthetic)
    response = web.Response(body=body, content_type=GEOJSON)
    response.headers["Content-Disposition"] = disposition("devices.geojson")
    response.enable_compression()
    return response


def collection(
    devices: list[DeviceStanding], fields: Mapping[str, CameraField], *, at_ms: int, synthetic: bool
) -> bytes:
    """Write a FeatureCollection, WGS-84."""
    features: list[JSON] = [feature(device, fields.get(device.id)) for device in devices]
    told: dict[str, JSON] = {"type": "FeatureCollection", "at_ms": at_ms, "synthetic": synthetic, "features": features}
    return json.dumps(told, separators=(",", ":")).encode()


def feature(device: DeviceStanding, field: CameraField | None) -> JSON:
    """Write one device; only cameras that are part of the coverage have a position."""
    geometry: JSON = None
    if field is not None:
        where: list[JSON] = [round(field.lon_deg, DECIMALS), round(field.lat_deg, DECIMALS)]
        geometry = {"type": "Point", "coordinates": where}
    return {
        "type": "Feature",
        "id": device.id,
        "properties": {
            "name": device.name,
            "kind": device.kind.value,
            "site_id": device.site_id,
            "status": device.status.value,
            "shown": State.of(device).value,
            "reason": device.reason.value,
            "since_ms": device.since_ms,
            "last_sample_ms": device.last_sample_ms,
            "percent_month": percents_json(device.month.buckets),
            "azimuth_deg": None if field is None else field.azimuth_deg,
        },
        "geometry": geometry,
    }
