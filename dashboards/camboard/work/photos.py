"""Photos of repairs: taken as opaque bytes, given back as attachments, never shown inside a page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aiohttp import web

from camboard.board import board_of
from camboard.desk.story import by_words, stamp
from camboard.i18n import Language
from camboard.source import WorkSource
from camboard.text import plain
from camboard.work import upload
from camkeeper.model.workorder import Step, WorkOrder
from camkeeper.standing.desk import Act, Acted, Action
from camkeeper.workorder.law import LEGAL

_DIGEST = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoRow:
    """One photo of an order."""

    address: str
    word: str
    """When and by whom."""
    size: str


def work_of(request: web.Request) -> WorkSource:
    """Return where orders are asked for; 404 where there is none."""
    work = board_of(request).work
    if work is None:
        raise web.HTTPNotFound
    return work


def photo_rows(order: WorkOrder | None, base: str, zone: ZoneInfo, say: Language) -> tuple[PhotoRow, ...]:
    """Return an order's photos, oldest first; `base` is the address below which they are."""
    taken = [e for e in order.history if e.step is Step.PHOTO and e.photo is not None] if order is not None else []
    return tuple(
        PhotoRow(
            address=f"{base}/{e.photo.digest}",
            word=f"{stamp(e.at_ms, zone)} {plain(by_words(e.by, say))}",
            size=f"{max(1, e.photo.size_bytes // 1024)} KB",
        )
        for e in taken
        if e.photo is not None
    )


def photo_possible(order: WorkOrder) -> bool:
    """Return whether an order takes a photo now."""
    return order.state in LEGAL[order.kind][Step.PHOTO]


async def take(request: web.Request, number: int, *, secret_address: bool = False) -> tuple[Acted, str]:
    """Take a photo for an order; return what became of it, and who sent it."""
    work = work_of(request)
    got = await upload.read(request, board_of(request), secret_address=secret_address)
    act = Act(action=Action.PHOTO, by=got.sent.by, order_number=number, text=got.sent.text)
    return await work.attach(act, got.data), got.sent.by


async def give(request: web.Request, number: int) -> web.Response:
    """Give a photo back under its checked type, as an attachment that nothing opens in our name."""
    digest = request.match_info["digest"]
    if not _DIGEST.match(digest):
        raise web.HTTPNotFound
    try:
        photo, data = await work_of(request).photo(number, digest)
    except LookupError:
        raise web.HTTPNotFound from None
    name = f"WO-{number:04d}-{digest[:8]}.{upload.extension_of(photo.media_type)}"
    return web.Response(
        body=data,
        content_type=photo.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "private, no-store",
        },
    )
