"""Labels put on devices that were chosen, or on all that were found; taken back as the register takes back."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from camboard import form
from camboard.board import Board, board_of
from camboard.devices.query import LIST, DeviceQuery
from camboard.i18n import Language
from camboard.query import BadQuery
from camboard.source import RegisterSource
from camkeeper.standing.registers import RegisterTold

LABELS = "/devices/tags"
STEPS = frozenset({"tag_on", "tag_off"})
_LONGEST = 200


def may_tag(board: Board) -> bool:
    """Return whether whoever asks may label: who runs the township, and a register is kept here."""
    return board.registers is not None and board.may("POST", LABELS)


def room_of(board: Board) -> RegisterSource:
    """Return where labels are kept; 403 for who may not, 404 where nowhere."""
    if not board.may("POST", LABELS):
        raise form.Refused(403, "这一步不归您的角色", "This step is not your role's")
    if board.registers is None:
        raise web.HTTPNotFound
    return board.registers


def found_all(fields: Mapping[str, str], query: DeviceQuery, board: Board) -> list[str]:
    """Return all devices of a choice; Refused where it is no longer the number that somebody ticked."""
    found = [device.id for device in query.choose(board.index())]
    if fields.get("all") != str(len(found)):
        raise form.Refused(
            409, f"符合条件的已变为 {len(found)} 台，请重新勾选", f"Now {len(found)} are found; tick them again"
        )
    return found


async def label(request: web.Request, board: Board, fields: Mapping[str, str], chosen: list[str]) -> RegisterTold:
    """Put a label on devices, or take it off: `step` tag_on or tag_off, `tag`."""
    room = room_of(board)
    sent = form.sent_of(fields, board)
    word = fields.get("tag", "")[:_LONGEST]
    request[form.TAKEN] = form.Sent(by=sent.by, step=f"{sent.step} {len(chosen)} {word[:20]!a}")
    if not word.strip():
        return RegisterTold(done=False, zh="请写标签", en="Write a label")
    on = sent.step == "tag_on"
    return await room.tag(chosen, on=word if on else "", off="" if on else word, by=sent.by)


async def undo(request: web.Request) -> web.Response:
    """`POST /devices/tags`: number, back, by. Takes a change of labels back; 409 where it is not the newest."""
    board = board_of(request)
    sent = await form.read(request, board)
    number = sent.fields.get("number", "")
    if not number.isdecimal() or len(number) > 6 or not board.principal.scope.whole:
        raise BadQuery("number")
    request[form.TAKEN] = form.Sent(by=sent.by, step=f"tag_undo {number}")
    told = await room_of(board).untag(int(number), by=sent.by)
    if not told.done:
        raise form.Refused(409, told.zh, told.en)
    return web.Response(status=303, headers={"Location": f"{LIST}?{urlencode({'untagged': number})}"})


def told_of(query: Mapping[str, str], say: Language) -> tuple[str, int]:
    """Return what became of labels by the address, and the number that can be taken back; 0: none."""
    number, count = query.get("tagged", ""), query.get("of", "")
    if number.isdecimal() and count.isdecimal() and len(number) < 7 and len(count) < 6:
        return say("%(n)d 台设备的标签已更改并生效", n=int(count)), int(number)
    return (say("标签的更改已撤销并生效"), 0) if query.get("untagged", "").isdecimal() else ("", 0)
