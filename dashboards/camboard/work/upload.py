"""A photo that somebody sends: counted while it is read, never decoded, its file name never looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.multipart import MultipartReader

from camboard import form
from camboard.board import Board
from camkeeper.workorder.photo import MAX_BYTES

FIELD = "photo"
PATIENCE_S = 90.0
"""For all of it: 5 MB over half a megabit a second."""
_AT_ONCE = 4
_AROUND = 64 * 1024
"""Fields and boundaries beside the photo."""
_MAX_PARTS = 12
_MAX_TEXT = 4096
SLOTS = web.AppKey("upload_slots", asyncio.Semaphore)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What was sent."""

    sent: form.Sent
    data: bytes
    """Empty where no file was chosen."""


def slots() -> asyncio.Semaphore:
    """Return how many photos may be in memory at once."""
    return asyncio.Semaphore(_AT_ONCE)


async def read(request: web.Request, board: Board, *, secret_address: bool = False) -> Upload:
    """Return the photo and who sends it; Refused where it is too large, too slow, unreadable, foreign or nobody's."""
    if request.content_type != "multipart/form-data":
        raise form.Refused(415, "照片须以 multipart/form-data 发送", "A photo is sent as multipart/form-data")
    if (request.content_length or 0) > MAX_BYTES + _AROUND:
        raise _too_large()
    try:
        async with asyncio.timeout(PATIENCE_S), request.app[SLOTS]:
            return await _parts(request, board, secret_address=secret_address)
    except TimeoutError:
        raise form.Refused(408, "发送太慢，请重试", "Sent too slowly; try again") from None
    except (ValueError, AssertionError, HttpProcessingError):
        # Whatever the parser says of a crooked body: it is the sender's.
        raise form.Refused(400, "请求无法解读", "The request cannot be read") from None


async def _parts(request: web.Request, board: Board, *, secret_address: bool) -> Upload:
    fields: dict[str, str] = {}
    data: bytes | None = None
    reader = await request.multipart()
    for _ in range(_MAX_PARTS):
        part = await reader.next()
        if part is None:
            break
        if isinstance(part, MultipartReader) or part.name is None:
            raise ValueError("a part that is none of ours")
        if part.name == FIELD and data is None:
            # The sender is judged before his megabytes are read: our pages put the file last.
            form.check(request, board, fields, secret_address=secret_address)
            data = await _bytes(part, MAX_BYTES)
        elif part.name == FIELD:
            raise ValueError("one photo at a time")
        else:
            fields[part.name] = (await _bytes(part, _MAX_TEXT)).decode("utf-8")
    else:
        raise ValueError("too many parts")
    form.check(request, board, fields, secret_address=secret_address)
    return Upload(sent=form.sent_of(fields, board), data=data or b"")


async def _bytes(part: BodyPartReader, most: int) -> bytes:
    out = bytearray()
    while chunk := await part.read_chunk():
        out += chunk
        if len(out) > most:
            raise _too_large()
    return bytes(out)


def _too_large() -> form.Refused:
    return form.Refused(413, "照片不能超过 5 MB", "A photo has 5 MB at most")


def extension_of(media_type: str) -> str:
    """Return how the name of a file of this type ends."""
    return _ENDS.get(media_type, "bin")


_ENDS: Mapping[str, str] = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic"}
