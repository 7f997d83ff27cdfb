"""`/import`: hand in a register, see what it would do, put it in place, take it back. No rule of its own.

POST file -> 303 -> the draft, which comes again by itself while it is read (no script) -> columns, other wishes ->
apply -> the running monitor has it. An id of a draft is of these bytes read by these wishes.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from markupsafe import Markup

from camboard import form, handed
from camboard.board import Board, board_of
from camboard.download import csv_response, disposition
from camboard.i18n import Language
from camboard.live import at_words
from camboard.pages import PAGES, html_response, language_of, page_response, shell
from camboard.query import BadQuery
from camboard.register.view import (
    CHANGES,
    EFFECTS,
    FINDINGS,
    TwiceError,
    change_lines,
    chosen_fields,
    datum_of,
    draft_view,
    finding_lines,
    stage_words,
    version_rows,
)
from camboard.register.way import HERE
from camboard.register.words import FIELD
from camboard.rows import site_name
from camboard.source import RegisterSource
from camboard.text import plain
from camcover.datum import Datum
from camkeeper.register.fields import Field
from camkeeper.register.store import StoreRefused
from camkeeper.standing.registers import Draft, Intake, Version, Wishes

FILE = "register"
EVERY_S = 1
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NAME = 120


async def page(request: web.Request) -> web.Response:
    """`GET /import?draft=&done=`: the form and the history; or one draft."""
    room, say = _room(request), language_of(request)
    wanted = request.query.get("draft", "")
    intake = room.intake(wanted) if wanted else None
    if intake is not None:
        return _draft_page(request, intake, say)
    told = say("预览已不在（内存里只留最近几份），请重新上传") if wanted else ""
    return await _start_page(request, say, told=told, done=await _done(room, request.query.get("done", ""), say))


async def upload(request: web.Request) -> web.Response:
    """`POST /import`, multipart: by, and last the file `register`. 303 to its draft."""
    room, board, say = _room(request), board_of(request), language_of(request)
    got = await handed.read(request, board, field=FILE)
    if not got.data:
        return await _start_page(request, say, told=say("没有选文件，或文件是空的"))
    request[form.TAKEN] = form.Sent(by=got.sent.by, step="upload")
    name = plain(got.name.replace("\\", "/").rpartition("/")[2], limit=_NAME) or FILE
    intake = room.begin(got.data, name=name, by=got.sent.by)
    response = _see(intake)
    form.remember(response, got.sent.by)
    return response


async def act(request: web.Request) -> web.Response:
    """`POST /import/{draft}`: step `again` (map, datum, complete, strict), `apply` or `drop`."""
    room, board, say = _room(request), board_of(request), language_of(request)
    fields = await form.fields_of(request, lists=("map",))
    form.check(request, board, fields)
    sent = form.sent_of(fields, board)
    request[form.TAKEN] = sent
    intake = room.intake(request.match_info["draft"])
    if intake is None:
        return await _start_page(request, say, told=say("预览已不在（内存里只留最近几份），请重新上传"))
    if sent.step == "drop":
        room.drop(intake.id)
        return web.Response(status=303, headers={"Location": HERE})
    if sent.step == "again":
        try:
            wishes = _wishes(intake.draft, fields)
        except TwiceError as twice:
            word = say(FIELD[Field(twice.args[0])])
            return _draft_page(request, intake, say, told=say("两列不能都是“%(field)s”", field=word))
        except ValueError:
            raise BadQuery("map") from None
        return _see(room.again(intake.id, wishes, by=sent.by))
    if sent.step != "apply":
        raise BadQuery("step")
    told = await room.apply(intake.id, by=sent.by)
    now = room.intake(intake.id)
    if not told.done:
        return _draft_page(request, now or intake, say, told=told.en if say.code == "en" else told.zh)
    number = now.version.number if now is not None and now.version is not None else 0
    room.drop(intake.id)
    return web.Response(status=303, headers={"Location": f"{HERE}?{urlencode({'done': number})}"})


async def undo(request: web.Request) -> web.Response:
    """`POST /import/undo`: number, by."""
    room, board, say = _room(request), board_of(request), language_of(request)
    sent = await form.read(request, board)
    number = sent.fields.get("number", "")
    if not number.isdecimal() or len(number) > 6:
        raise BadQuery("number")
    request[form.TAKEN] = form.Sent(by=sent.by, step=f"undo {number}")
    told = await room.undo(int(number), by=sent.by)
    if not told.done:
        return await _start_page(request, say, told=told.en if say.code == "en" else told.zh)
    return web.Response(status=303, headers={"Location": f"{HERE}?{urlencode({'done': number})}"})


async def findings_csv(request: web.Request) -> web.StreamResponse:
    """`GET /import/{draft}/findings.csv`."""
    draft, say = _draft(request), language_of(request)
    heading = (say("位置"), say("程度"), say("类别"), say("说明"))
    return await csv_response(request, heading, finding_lines(draft, say), "import-findings.csv")


async def changes_csv(request: web.Request) -> web.StreamResponse:
    """`GET /import/{draft}/changes.csv`."""
    draft, say = _draft(request), language_of(request)
    heading = (say("变动"), say("设备编号"), say("位置"), say("字段"), say("原为"), say("改为"))
    return await csv_response(
        request, heading, change_lines(draft, _names(board_of(request), say), say), "import-changes.csv"
    )


async def rows_csv(request: web.Request) -> web.StreamResponse:
    """`GET /import/{draft}/rows.csv`: the rows as they were read, to fill in what they lack."""
    made = _draft(request).handed
    rows = [*((notice,) for notice in made.notices), *(row for sheet in made.sheets for row in sheet.rows)]
    return await csv_response(request, rows[0], rows[1:], "import-rows.csv")


async def workbook(request: web.Request) -> web.Response:
    """`GET /import/register.xlsx`: the register, corrections marked."""
    try:
        made = await _room(request).workbook()
    except (LookupError, OSError):
        raise form.Refused(409, "现有配置读不了，不能导出", "The configuration cannot be read; no export") from None
    response = web.Response(body=made, content_type=_XLSX)
    response.headers["Content-Disposition"] = disposition("camkeeper-register.xlsx")
    return response


def _room(request: web.Request) -> RegisterSource:
    """Return where registers are handed in; 404 where nobody does, and for who sees a part of the township."""
    board = board_of(request)
    if board.registers is None or not board.principal.scope.whole:
        raise web.HTTPNotFound
    return board.registers


def _draft(request: web.Request) -> Draft:
    intake = _room(request).intake(request.match_info["draft"])
    if intake is None or intake.draft is None:
        raise web.HTTPNotFound
    return intake.draft


def _names(board: Board, say: Language) -> dict[str, str]:
    standing = board.index().standing
    return {s.id: site_name(s, say) for s in standing.sites} | dict(standing.contractors)


def _see(intake: Intake) -> web.Response:
    return web.Response(status=303, headers={"Location": f"{HERE}?{urlencode({'draft': intake.id})}"})


def _wishes(draft: Draft | None, fields: Mapping[str, str]) -> Wishes:
    mapping = {} if draft is None else chosen_fields(draft, fields.get("map", ""))
    return Wishes(
        mapping=mapping,
        datum=datum_of(fields.get("datum", "")),
        complete=fields.get("complete") == "1",
        strict=fields.get("strict") == "1",
    )


async def _versions(room: RegisterSource) -> tuple[Version, ...]:
    try:
        return await room.history()
    except (OSError, StoreRefused, ValueError):  # told by every page's warning already
        return ()


async def _done(room: RegisterSource, number: str, say: Language) -> str:
    if not number.isdecimal() or len(number) > 6:
        return ""
    found = next((v for v in await _versions(room) if v.number == int(number)), None)
    if found is None:
        return ""
    words = {"n": found.number, "added": found.added, "changed": found.changed, "removed": found.removed}
    if found.undone_ms is not None:
        return say("第 %(n)d 次导入已撤销，登记簿已逐字节恢复，监测端已采用", **words)
    return say(
        "第 %(n)d 次导入已写入，监测端已采用，无需重启：新增 %(added)d，变更 %(changed)d，撤除 %(removed)d", **words
    )


async def _start_page(request: web.Request, say: Language, *, told: str = "", done: str = "") -> web.Response:
    board, room = board_of(request), _room(request)
    zone = ZoneInfo(board.index().standing.timezone)
    values = {
        "keys": {path: board.form_key(path) for path in (HERE, f"{HERE}/undo")},
        "by": form.remembered(request),
        "signed": board.signed,
        "pending": [(plain(i.name), _address(i), stage_words(i, say)) for i in room.intakes()],
        "versions": version_rows(await _versions(room), zone),
        "devices": len(board.index().standing.devices),
    }
    html = request.app[PAGES].write("register.html", say, values)
    return _page(request, say, html, here=HERE, told=told, done=done)


def _draft_page(request: web.Request, intake: Intake, say: Language, *, told: str = "") -> web.Response:
    board = board_of(request)
    path = f"{HERE}/{intake.id}"
    values = {
        "i": intake,
        "name": plain(intake.name),
        "stage": stage_words(intake, say),
        "o": None if intake.draft is None else draft_view(intake.draft, _names(board, say), say),
        "d": intake.draft,
        "why": "" if intake.refused is None else plain(intake.refused[say.code == "en"], limit=400),
        "action": path,
        "key": board.form_key(path),
        "by": form.remembered(request) or intake.by,
        "signed": board.signed,
        "datums": tuple(str(datum) for datum in Datum),
        "most": {"findings": FINDINGS, "changes": CHANGES, "effects": EFFECTS},
    }
    html = request.app[PAGES].write("registerdraft.html", say, values)
    return _page(request, say, html, here=_address(intake), told=told, again=intake.working)


def _address(intake: Intake) -> str:
    return f"{HERE}?{urlencode({'draft': intake.id})}"


def _page(
    request: web.Request, say: Language, html: Markup, *, here: str, told: str = "", done: str = "", again: bool = False
) -> web.Response:
    board: Board = board_of(request)
    index = board.index()
    around = shell(
        board, index, say, body=html, here=here, fragment="", at=at_words(index),
        synthetic=index.standing.synthetic_geometry,
    )  # fmt: skip
    values = {"shell": around, "told": told, "done": done, "again": here if again else "", "every_s": EVERY_S}
    text = request.app[PAGES].write("registerpage.html", say, values)
    return html_response(text, status=409) if told else page_response(request, text, say)
