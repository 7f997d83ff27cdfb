"""`/doctor`: findings grouped, the step that applies a proposal, tables to take away; the same for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from aiohttp import web

from camboard import form
from camboard.api import answer
from camboard.board import board_of
from camboard.doctor.view import (
    FIELDS_HEAD,
    FINDINGS_HEAD,
    PATH,
    address,
    doctor_view,
    field_lines,
    finding_lines,
)
from camboard.download import csv_response
from camboard.i18n import Language
from camboard.live import KEY, Live, at_words, page_of_live, with_key, write_kept
from camboard.pages import fragment_response, language_of
from camboard.query import BadQuery, number
from camboard.source import DoctorSource
from camkeeper.doctor.examine import Examined
from camkeeper.doctor.export import as_value
from camkeeper.doctor.finding import Check

_MOST_IDS = 50


async def page(request: web.Request) -> web.Response:
    """`GET /doctor?check=&page=&done=`."""
    say = language_of(request)
    return page_of_live(request, "doctorpage.html", await _live(request, say), say, done=_done(request, say))


async def fragment(request: web.Request) -> web.Response:
    """`GET /fragments/doctor`."""
    made = await _live(request, language_of(request))
    return fragment_response(board_of(request), made.index, made.html)


async def fix(request: web.Request) -> web.Response:
    """`POST /doctor`: id (of one finding), by. 303 back; 409 with the reason where it was refused."""
    board, say, room = board_of(request), language_of(request), _room(request)
    sent = await form.read(request, board)
    wanted = sent.fields.get("id", "")
    request[form.TAKEN] = form.Sent(by=sent.by, step=wanted)
    mended = await room.mend([wanted], by=sent.by)
    if not mended.done:
        told = mended.en if say.code == "en" else mended.zh
        return page_of_live(request, "doctorpage.html", await _live(request, say), say, told=told)
    response = web.Response(status=303, headers={"Location": f"{PATH}?{urlencode({'done': mended.number or 0})}"})
    form.remember(response, sent.by)
    return response


async def findings_csv(request: web.Request) -> web.StreamResponse:
    """`GET /doctor.csv`."""
    lines = finding_lines(await _room(request).examined(), language_of(request))
    return await csv_response(request, FINDINGS_HEAD, lines, "camkeeper-doctor.csv")


async def fields_csv(request: web.Request) -> web.StreamResponse:
    """`GET /doctor/fields.csv`."""
    lines = field_lines(await _room(request).examined(), language_of(request))
    return await csv_response(request, FIELDS_HEAD, lines, "camkeeper-doctor-fields.csv")


async def examined(request: web.Request) -> web.Response:
    """`GET /api/v1/doctor`."""
    return answer(as_value(await _room(request).examined()))


async def fixed(request: web.Request) -> web.Response:
    """`POST /api/v1/doctor/fix`: ids, one a line, and by; all as one change, or none."""
    board, room = board_of(request), _room(request)
    sent = await form.read(request, board)
    ids = sent.fields.get("ids", "").split("\n")
    if not 1 <= len(ids) <= _MOST_IDS:
        raise BadQuery("ids")
    request[form.TAKEN] = form.Sent(by=sent.by, step=" ".join(ids))
    mended = await room.mend(ids, by=sent.by)
    if not mended.done:
        raise form.Refused(409, mended.zh, mended.en)
    return answer({"done": True, "number": mended.number, "zh": mended.zh, "en": mended.en})


def _room(request: web.Request) -> DoctorSource:
    room = board_of(request).doctor
    if room is None:
        raise web.HTTPNotFound
    return room


async def _live(request: web.Request, say: Language) -> Live:
    found: Examined = await _room(request).examined()
    board = board_of(request)
    index, (check, page_number) = board.index(), _asked(request)
    coverage = board.coverage.coverage() if board.coverage is not None else None
    mapped = frozenset() if coverage is None else frozenset(site.site_id for site in coverage.sites)
    rooms: Mapping[str, object] = {
        "open_count": len(desk.open) if (desk := board.desk_now()) is not None else None,
        "by": "" if board.signed else form.remembered(request),
        "may_fix": board.may("POST", PATH),
        "signed": bool(board.signed),
    }
    here = address(check, page_number)
    made = write_kept(
        request,
        say,
        "doctor.html",
        lambda: {
            "o": doctor_view(found, index, mapped, say, check=check, page=page_number),
            "at": at_words(index),
            "key": KEY,
            **rooms,
        },
        moment=(found, index.standing, coverage),
        asked=(check, page_number, *rooms.values()),
        here=here,
        fragment=address(check, page_number, f"/fragments{PATH}"),
    )
    return replace(made, html=with_key(made.html, board.form_key(PATH)))


def _asked(request: web.Request) -> tuple[Check | None, int]:
    word = request.query.get("check", "")
    if word and word not in set(Check):
        raise BadQuery("check")
    return Check(word) if word else None, number(request.query, "page")


def _done(request: web.Request, say: Language) -> str:
    told = request.query.get("done", "")
    if not told.isdecimal() or len(told) > len("000000"):
        return ""
    return say("已写入登记簿（第 %(n)s 次），监测已采用；可在命令行用 camkeeper import undo 撤销", n=told)
