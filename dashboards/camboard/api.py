"""`/api/v1`: the same figures for machines, and the two questions that supervisors ask."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import web

from camboard import wire
from camboard.board import Board, board_of
from camboard.picture import wire as picturewire
from camboard.query import ALL, BadQuery, Query, number, page_of
from camboard.source import JSON
from camkeeper.model.picture import Drift

_MONTH = re.compile(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])", re.ASCII)
_MOST_A_PAGE = 500


def answer(body: Mapping[str, JSON], *, status: int = 200) -> web.Response:
    """Return JSON, in ASCII: a name that turns text around arrives escaped."""
    response = web.json_response(body, status=status)
    response.enable_compression()
    return response


async def standing(request: web.Request) -> web.Response:
    """`GET /api/v1/standing`."""
    board = board_of(request)
    index = board.index()
    age_ms = board.age_ms(index.standing)
    return answer(wire.standing(index, age_ms=age_ms, stale=age_ms > board.settings.stale_after_ms))


async def sites(request: web.Request) -> web.Response:
    """`GET /api/v1/sites`."""
    board = board_of(request)
    view, pictures = board.source.standing(), board.picture_index()
    return answer({"at_ms": view.at_ms, "sites": [wire.site(site, pictures) for site in view.sites]})


async def site(request: web.Request) -> web.Response:
    """`GET /api/v1/sites/{id}`."""
    board = board_of(request)
    index = board.index()
    found = index.site_by_id.get(request.match_info["id"])
    if found is None:
        raise web.HTTPNotFound
    return answer({"at_ms": index.standing.at_ms, **wire.site(found, board.picture_index())})


async def devices(request: web.Request) -> web.Response:
    """`GET /api/v1/devices?site=&kind=&status=&tag=&q=&page=&per_page=`: down first, as on the page."""
    index = board_of(request).index()
    query = Query.read(request.query, kind=ALL)
    if query.site is not None and query.site not in index.site_by_id:
        raise web.HTTPNotFound
    size = number(request.query, "per_page", default=50, most=_MOST_A_PAGE)
    found = query.choose(index, index.ranked)
    tag = request.query.get("tag", "").strip()
    if tag:
        found = [device for device in found if tag in device.tags]
    shown, page, pages = page_of(found, query.page, size)
    return answer(
        {
            "at_ms": index.standing.at_ms,
            "total": len(found),
            "page": page,
            "pages": pages,
            "per_page": size,
            "devices": [wire.device(device, full=False) for device in shown],
        }
    )


async def device(request: web.Request) -> web.Response:
    """`GET /api/v1/devices/{id}`: with its picture and the history of its clock, where pictures are looked at."""
    board = board_of(request)
    index = board.index()
    found = index.device_by_id.get(request.match_info["id"])
    if found is None:
        raise web.HTTPNotFound
    out = {"at_ms": index.standing.at_ms, **wire.device(found, full=True)}
    pictures = board.pictures_now()
    if pictures is not None and found.kind.has_picture:
        own = pictures.cameras.get(found.id)
        out["picture"] = None if own is None else picturewire.camera(own)
        out["clock"] = [picturewire.drift(point) for point in await history(board, found.id)]
    return answer(out)


async def history(board: Board, device_id: str) -> tuple[Drift, ...]:
    """Return the history of a device's clock; nothing where nobody keeps one."""
    if board.pictures is None:
        return ()
    try:
        return await board.pictures.drifts(device_id)
    except LookupError:
        return ()


async def sla(request: web.Request) -> web.Response:
    """`GET /api/v1/sla?month=&site=&policy=`: what `camkeeper sla --json` prints."""
    month, site_id, policy = (request.query.get(name) or None for name in ("month", "site", "policy"))
    if month is not None and not _MONTH.fullmatch(month):
        raise BadQuery("month")
    try:
        return answer(await board_of(request).source.sla(month, site_id, policy))
    except LookupError as exc:
        raise web.HTTPNotFound from exc
    except ValueError as exc:
        raise web.HTTPBadRequest from exc


async def healthz(request: web.Request) -> web.Response:
    """`GET /healthz`: 200 alive, 503 restart me."""
    health = board_of(request).source.health()
    return answer({"live": health.live, "reasons": list(health.reasons)}, status=200 if health.live else 503)


async def readyz(request: web.Request) -> web.Response:
    """`GET /readyz`: 200 only when figures may be trusted to be current."""
    board = board_of(request)
    health = board.source.health()
    reasons = list(health.reasons)
    age_ms = board.age_ms(board.source.standing())
    stale = age_ms > board.settings.stale_after_ms
    if stale:
        reasons.append(f"data are {age_ms} ms old")
    if board.changes_end:
        reasons.append(board.changes_end)
    ready = health.live and health.ready and not stale and board.changes_end is None
    return answer({"ready": ready, "reasons": list(reasons)}, status=200 if ready else 503)
