"""A probe at once, and the label for the pole."""

from __future__ import annotations

import segno
from aiohttp import web

from camboard import form
from camboard.board import board_of
from camboard.device.way import device_address
from camboard.overview import board_name
from camboard.pages import PAGES, html_response, language_of
from camboard.rows import site_name
from camboard.text import plain
from camboard.words import KIND
from camkeeper.standing.view import DeviceStanding

QUIET = 4
"""Modules of white around a code, as ISO/IEC 18004 wants them."""


async def probe(request: web.Request) -> web.Response:
    """`POST /devices/{id}/probe`: 303 back; the result comes by itself."""
    board = board_of(request)
    device = device_of(request)
    if board.insight is None:
        raise web.HTTPNotFound
    form.check(request, board, await form.fields_of(request))
    asked = bool(board.insight.probe_now([device.id]))
    return web.Response(status=303, headers={"Location": f"{device_address(device.id)}?probed={int(asked)}"})


async def label(request: web.Request) -> web.Response:
    """`GET /devices/{id}/label`: a page of A6 for the pole."""
    board, say = board_of(request), language_of(request)
    device, index = device_of(request), board.index()
    site = index.site_by_id.get(device.site_id)
    contractors = dict(index.standing.contractors)
    address = f"{request.scheme}://{request.host}{device_address(device.id)}"
    size, path = qr_path(address)
    values = {
        "html_lang": say.html_lang,
        "town": board_name(index, say),
        "name": plain(device.name),
        "id": plain(device.id),
        "kind": say(KIND[device.kind]),
        "site": site_name(site, say) if site else plain(device.site_id),
        "contractor": plain(contractors.get(device.contractor_id, "")),
        "address": address,
        "size": size,
        "path": path,
        "back": device_address(device.id),
    }
    return html_response(request.app[PAGES].write("label.html", say, values))


def device_of(request: web.Request) -> DeviceStanding:
    """Return the device that the address names; 404 where the reader has none such."""
    device = board_of(request).index().device_by_id.get(request.match_info["id"])
    if device is None:
        raise web.HTTPNotFound
    return device


def qr_path(text: str) -> tuple[int, str]:
    """Return (modules a side with the quiet zone, SVG path of the dark ones) of a QR code.

    Error correction Q: a quarter of it may be scratched or dirty. No style in it, so the page's policy stands.
    """
    rows = [bytes(row) for row in segno.make_qr(text, error="q", boost_error=False).matrix]
    parts = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            width = 1
            while x + width < len(row) and row[x + width] == row[x]:
                width += 1
            if row[x]:
                parts.append(f"M{x + QUIET} {y + QUIET}h{width}v1h-{width}z")
            x += width
    return len(rows) + 2 * QUIET, "".join(parts)
