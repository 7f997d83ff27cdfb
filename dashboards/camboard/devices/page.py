"""`/devices`: the list, steps for those that were chosen, and the list as a table."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from markupsafe import Markup

from camboard import form
from camboard.board import Board, board_of
from camboard.devices import tagging
from camboard.devices.query import LIST, DeviceQuery
from camboard.devices.view import CHOSEN, device_list
from camboard.download import csv_response
from camboard.i18n import Language
from camboard.live import KEY, Live, at_words, kept_parts, page_of_live, with_key
from camboard.pages import PAGES, fragment_response, language_of
from camboard.query import BadQuery
from camboard.register.way import may_import
from camboard.rows import site_name
from camboard.text import local, percent, plain
from camboard.windows.link import NEW
from camboard.words import KIND, REASON, STATE, State
from camkeeper.standing.view import DeviceStanding

_LONGEST = 2_000
"""Of the ids in an address."""


async def page(request: web.Request) -> web.Response:
    """`GET /devices?q=&site=&status=&kind=&contractor=&link=&cause=&tag=&sort=&page=`."""
    say = language_of(request)
    board = board_of(request)
    labelled, number = tagging.told_of(request.query, say)
    more = {
        "undo": number if tagging.may_tag(board) and board.principal.scope.whole else 0,
        "undo_key": board.form_key(tagging.LABELS),
        "by": form.remembered(request),
        "signed": board.signed,
    }
    done = labelled or _done(request, say)
    return page_of_live(request, "devicespage.html", _live(request, say), say, done=done, more=more)


async def fragment(request: web.Request) -> web.Response:
    """`GET /fragments/devices`."""
    made = _live(request, language_of(request))
    return fragment_response(board_of(request), made.index, made.html)


async def act(request: web.Request) -> web.Response:
    """`POST /devices`: step (probe, window, tag_on, tag_off), back, tag, all, one field for each that was chosen."""
    board, say = board_of(request), language_of(request)
    fields = await form.fields_of(request)
    form.check(request, board, fields)
    query = DeviceQuery.read(dict(parse_qsl(fields.get("back", ""))))
    index = board.index()
    step = fields.get("step", "")
    chosen = [name.removeprefix(CHOSEN) for name in fields if name.startswith(CHOSEN)]
    if fields.get("all") and step in tagging.STEPS:
        chosen = tagging.found_all(fields, query, board)
    if not all(device_id in index.device_by_id for device_id in chosen):
        raise web.HTTPNotFound
    if not chosen:
        return page_of_live(request, "devicespage.html", _live(request, say, query), say, told=say("没有选设备"))
    if step in tagging.STEPS:
        return await _label(request, fields, query, chosen)
    if step == "window" and board.windows is not None and board.may("GET", NEW):
        return _to_window(chosen)
    if step != "probe" or board.insight is None:
        raise BadQuery("step")
    asked = len(board.insight.probe_now(chosen))
    told = urlencode({"asked": asked, "late": len(chosen) - asked})
    there = query.address(LIST, page=query.page)
    return web.Response(status=303, headers={"Location": f"{there}{'&' if '?' in there else '?'}{told}"})


async def _label(
    request: web.Request, fields: Mapping[str, str], query: DeviceQuery, chosen: list[str]
) -> web.Response:
    board, say = board_of(request), language_of(request)
    told = await tagging.label(request, board, fields, chosen)
    if not told.done:
        sentence = told.en if say.code == "en" else told.zh
        return page_of_live(request, "devicespage.html", _live(request, say, query), say, told=sentence)
    there = query.address(LIST, page=query.page)
    number = urlencode({"tagged": told.number, "of": len(chosen)})
    return web.Response(status=303, headers={"Location": f"{there}{'&' if '?' in there else '?'}{number}"})


def _to_window(chosen: list[str]) -> web.Response:
    ids = " ".join(sorted(chosen))
    if len(ids) > _LONGEST:
        raise form.Refused(400, "选得太多，请分次登记或按地点登记", "Too many were chosen; do it in parts, or by place")
    asked = urlencode({"kind": "maintenance", "devices": ids})
    return web.Response(status=303, headers={"Location": f"{NEW}?{asked}"})


async def table(request: web.Request) -> web.StreamResponse:
    """`GET /devices.csv`: all pages of the same choice."""
    board, say = board_of(request), language_of(request)
    index = board.index()
    zone = ZoneInfo(index.standing.timezone)
    heading = (
        "id", "name", "kind", "site_id", "site", "status", "reason", "since", "last_probe", "online_rate_month",
        "lower", "upper", "good_rate_month", "up_ms", "down_ms", "unknown_ms", "excluded_ms", "degraded_ms", "host",
        "maker", "model", "firmware", "serial", "contractor", "links", "tags",
    )  # fmt: skip

    def when(at_ms: int | None) -> str:
        return "" if at_ms is None else f"{local(at_ms, zone):%Y-%m-%d %H:%M:%S}"

    def cells(device: DeviceStanding) -> tuple[str | int | None, ...]:
        site, month, facts = index.site_by_id.get(device.site_id), device.month.buckets, device.facts
        return (
            plain(device.id), plain(device.name), say(KIND[device.kind]), plain(device.site_id),
            site_name(site, say) if site else "", say(STATE[State.of(device)]), say(REASON[device.reason]),
            when(device.since_ms), when(device.last_sample_ms), percent(month.ratio), percent(month.lower),
            percent(month.upper), percent(month.good_ratio) if device.kind.has_picture else None, month.up_ms,
            month.down_ms, month.unknown_ms, month.excluded_ms, month.degraded_ms, plain(device.host),
            plain(device.maker or facts.manufacturer or ""), plain(device.model or facts.model or ""),
            plain(facts.firmware or ""), plain(facts.serial or ""), plain(device.contractor_id),
            plain(" ".join(device.link_ids)), plain(" ".join(device.tags)),
        )  # fmt: skip

    rows = (cells(device) for device in DeviceQuery.read(request.query).choose(index))
    name = f"devices-{local(index.standing.at_ms, zone):%Y%m%d-%H%M}.csv"
    return await csv_response(request, heading, rows, name)


def _live(request: web.Request, say: Language, query: DeviceQuery | None = None) -> Live:
    board = board_of(request)
    query = DeviceQuery.read(request.query) if query is None else query
    index = board.index()
    past = board.insight.past() if board.insight is not None else None
    desk = board.desk_now()
    rooms: Mapping[str, object] = {
        "may_probe": _may_step(board) and board.insight is not None,
        "may_plan": _may_step(board) and board.windows is not None and board.may("GET", NEW),
        "has_why": board.insight is not None,
        "may_import": may_import(board),
        "may_tag": tagging.may_tag(board),
        # Whoever is signed in is not asked for a name: all of them share what is kept.
        "by": "" if board.signed else form.remembered(request),
        "signed": bool(board.signed),
        "open_count": None if desk is None else len(desk.open),
    }

    def write() -> Markup:
        values = {"o": device_list(query, index, past, at_words(index), say), "key": KEY, **rooms}
        return request.app[PAGES].write("devices.html", say, values)

    asked = (say.code, query, *rooms.values())
    kept = kept_parts(board, "devices").of((index.standing, past), asked, write)
    return Live(
        html=with_key(kept, board.form_key(LIST)),
        index=index,
        here=query.address(LIST, page=query.page),
        fragment=query.address("/fragments/devices", page=query.page),
        at=at_words(index),
    )


def _may_step(board: Board) -> bool:
    return board.may("POST", LIST)


def _done(request: web.Request, say: Language) -> str:
    asked, late = request.query.get("asked", ""), request.query.get("late", "")
    if not (asked.isdecimal() and late.isdecimal() and len(asked) < 5 and len(late) < 5):
        return ""
    return probed_words(int(asked), int(late), say)


def probed_words(asked: int, late: int, say: Language) -> str:
    """Say what became of a wish to probe."""
    parts = []
    if asked:
        parts.append(say("正在探测 %(n)d 台，结果出来后本页自动更新", n=asked))
    if late:
        parts.append(say("%(n)d 台刚刚探测过，10 秒内不重复", n=late))
    return say("；").join(parts)
