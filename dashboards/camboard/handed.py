"""A form with a file: counted while it is read, never opened; its type is judged elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import BodyPartReader, web
from aiohttp.multipart import MultipartReader

from camboard import form
from camboard.board import Board
from camkeeper.window.evidence import MAX_BYTES

FIELD = "evidence"
PATIENCE_S = 180.0
"""For all of it: 10 MB over half a megabit a second."""
_AT_ONCE = 2
_AROUND = 64 * 1024
_MAX_PARTS = 80
"""A site chosen from a list is a part of its own."""
_MAX_TEXT = 16 * 1024
HANDING = web.AppKey("handing_in", asyncio.Semaphore)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What was sent."""

    sent: form.Sent
    name: str = ""
    """The file's, as the sender's machine has it."""
    data: bytes = b""
    """Empty where no file was chosen."""


def turns() -> asyncio.Semaphore:
    """Return how many files may be in memory at once."""
    return asyncio.Semaphore(_AT_ONCE)


async def read(request: web.Request, board: Board, *, field: str = FIELD) -> Handed:
    """Return the fields and the file; Refused where it is too large, too slow, unreadable, foreign or nobody's.

    A program may send the fields alone, as JSON or as a plain form. `field`: of the file.
    """
    if request.content_type != "multipart/form-data":
        return Handed(sent=await form.read(request, board))
    if (request.content_length or 0) > MAX_BYTES + _AROUND:
        raise _too_large()
    try:
        async with asyncio.timeout(PATIENCE_S), request.app[HANDING]:
            return await _parts(request, board, field)
    except TimeoutError:
        raise form.Refused(408, "发送太慢，请重试", "Sent too slowly; try again") from None
    except (ValueError, RuntimeError, LookupError, AssertionError):
        # Whatever the parser says of a crooked body: it is the sender's.
        raise form.Refused(400, "请求无法解读", "The request cannot be read") from None


async def _parts(request: web.Request, board: Board, field: str) -> Handed:
    fields: dict[str, str] = {}
    name, data = "", None
    reader = await request.multipart()
    for _ in range(_MAX_PARTS):
        part = await reader.next()
        if part is None:
            break
        if isinstance(part, MultipartReader) or part.name is None:
            raise ValueError("a part that is none of ours")
        if part.name != field:
            text = (await _bytes(part, _MAX_TEXT)).decode("utf-8")
            # What is chosen from a list comes once for each.
            fields[part.name] = f"{fields[part.name]} {text}" if part.name in fields else text
        elif data is None:
            # The sender is judged before his megabytes are read: our pages put the file last.
            form.check(request, board, fields)
            name, data = part.filename or "", await _bytes(part, MAX_BYTES)
        else:
            raise ValueError("one file at a time")
    else:
        raise ValueError("too many parts")
    form.check(request, board, fields)
    return Handed(sent=form.sent_of(fields, board), name=name, data=data or b"")


async def _bytes(part: BodyPartReader, most: int) -> bytes:
    out = bytearray()
    while chunk := await part.read_chunk():
        out += chunk
        if len(out) > most:
            raise _too_large()
    return bytes(out)


def _too_large() -> form.Refused:
    return form.Refused(413, "文件不能超过 10 MB", "A file has 10 MB at most")
