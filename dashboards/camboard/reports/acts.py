"""Closing and amending a month on its page, each with a step between; and what a month costs. Works without script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from camboard import form
from camboard.board import Board, board_of
from camboard.i18n import Language
from camboard.live import Live, at_words, page_of_live, write_live
from camboard.pages import fragment_response, language_of
from camboard.reports.page import report_of, source_of
from camboard.reports.seal import changes
from camboard.reports.settle import bill_views
from camboard.reports.view import STATE, counted
from camboard.source import MonthSource
from camboard.text import plain
from camkeeper.standing.month import MonthAct, MonthActed, MonthStep

_MOST_SIGNATURES = 4
_CHANGED_SHOWN = 40


async def deductions(request: web.Request) -> web.Response:
    """`GET /reports/{month}/deductions`."""
    say = language_of(request)
    return page_of_live(request, "settlepage.html", await _deductions(request, say), say)


async def deductions_fragment(request: web.Request) -> web.Response:
    """`GET /fragments/reports/{month}/deductions`."""
    made = await _deductions(request, language_of(request))
    return fragment_response(board_of(request), made.index, made.html)


async def _deductions(request: web.Request, say: Language) -> Live:
    board, month = board_of(request), request.match_info["month"]
    report = await report_of(board, month)
    settlement = await source_of(board).settlement(month, board.principal.scope)
    values = {
        "month": month,
        "state": say(STATE[report.state]),
        "waits": settlement is None,
        "configured": settlement is None or settlement.bills is not None,
        "bills": () if settlement is None else bill_views(settlement, report, say),
        "orders": board.may("GET", "/orders"),
        "at": at_words(board.index()),
    }
    here = f"/reports/{month}/deductions"
    return write_live(request, say, "settle.html", values, here, f"/fragments{here}")


async def ask_close(request: web.Request) -> web.Response:
    """`GET /reports/{month}/close`: what would be fixed, and the question."""
    return await _close_page(request)


async def close(request: web.Request) -> web.Response:
    """`POST /reports/{month}/close`: 303 to the month; 409 with the question and the reason where it is refused."""
    board, say, month = board_of(request), language_of(request), request.match_info["month"]
    sent = await form.read(request, board)
    if sent.fields.get("sure") != "1":
        return await _close_page(request, told=say("请先核对并勾选"), by=sent.by)
    acted = await _source(board).act_month(MonthAct(step=MonthStep.CLOSE, month=month, by=sent.by))
    if not acted.done:
        return await _close_page(request, told=_reason(acted, say), by=sent.by)
    return _back(month, sent.by)


async def _close_page(request: web.Request, *, told: str = "", by: str = "") -> web.Response:
    board, say, month = board_of(request), language_of(request), request.match_info["month"]
    _source(board)
    report = await report_of(board, month)
    villages = [s for s in report.sites if s.cameras and s.parent_id is not None]
    here = f"/reports/{month}/close"
    values = {
        "month": month,
        "step": "close",
        "sealed": report.sealed is not None,
        "state": say(STATE[report.state]),
        "figure": counted(report.total.net, report.total.target_bp, say),
        "undetermined": sum(s.net.verdict.value == "undetermined" for s in villages),
        "policy": report.policy.id,
        "seq": report.seq,
        "key": board.form_key(here),
        "by": by or form.remembered(request),
        "at": at_words(board.index()),
    }
    return page_of_live(
        request, "sealpage.html", write_live(request, say, "seal.html", values, here, ""), say, told=told
    )


async def ask_amend(request: web.Request) -> web.Response:
    """`GET /reports/{month}/amend?why=`: what would change, and what the parties sign."""
    return await _amend_page(request, why=request.query.get("why", "")[: form.MAX_TEXT])


async def amend(request: web.Request) -> web.Response:
    """`POST /reports/{month}/amend`: 303 to the month; 409 with everything that was sent where it is refused."""
    board, say, month = board_of(request), language_of(request), request.match_info["month"]
    sent = await form.read(request, board)
    kept: dict[str, Any] = {"why": sent.text, "by": sent.by, "signed": sent.fields.get("signatures", "")}
    if not sent.text:
        return await _amend_page(request, told=say("更正须写明原因"), **kept)
    try:
        signatures = signatures_in(kept["signed"])
    except ValueError:
        return await _amend_page(request, told=say("签名读不出：每行一个公钥和一个签名，中间空格"), **kept)
    expected = (sent.fields.get("figures", ""), sent.fields.get("windows", ""))
    acted = await _source(board).act_month(
        MonthAct(step=MonthStep.AMEND, month=month, by=sent.by, why=sent.text, expected=expected, signatures=signatures)
    )
    if not acted.done:
        return await _amend_page(request, told=_reason(acted, say), **kept)
    return _back(month, sent.by)


async def _amend_page(
    request: web.Request, *, why: str = "", told: str = "", by: str = "", signed: str = ""
) -> web.Response:
    board, say, month = board_of(request), language_of(request), request.match_info["month"]
    found = await _source(board).act_month(MonthAct(step=MonthStep.PREVIEW, month=month, by="", why=why))
    if not found.done:
        raise form.Refused(409, found.zh, found.en)
    report, statement = await report_of(board, month), found.told["statement"]
    versions = await source_of(board).versions(month)
    here = f"/reports/{month}/amend"
    changed = [plain(i) for i in found.told["changed"]]
    values = {
        "month": month,
        "step": "amend",
        "state": say(STATE[report.state]),
        "empty": found.told["empty"],
        "changes": changes(found.told["old"], found.told["new"], say),
        "changed": changed[:_CHANGED_SHOWN],
        "changed_total": len(changed),
        "parties": [plain(p) for p in (versions[-1].parties if versions else ())],
        "statement": json.dumps(statement, ensure_ascii=False, sort_keys=True) if why else "",
        "figures": statement["figures"],
        "windows": statement["windows"],
        "why": plain(why, limit=form.MAX_TEXT),
        "given": plain(signed, limit=4000),
        "key": board.form_key(here),
        "by": by or form.remembered(request),
        "at": at_words(board.index()),
    }
    return page_of_live(
        request, "sealpage.html", write_live(request, say, "seal.html", values, here, ""), say, told=told
    )


def signatures_in(text: str) -> tuple[Mapping[str, str], ...]:
    """Return the signatures of a field, a public key and a signature a line; ValueError for anything else."""
    words = text.split()
    pairs = list(zip(words[::2], words[1::2], strict=False))
    if len(words) % 2 or len(pairs) > _MOST_SIGNATURES:
        raise ValueError(text)
    return tuple({"public_key": public, "signature": signature} for public, signature in pairs)


def _source(board: Board) -> MonthSource:
    """Return where months are closed; 404 for whoever sees a part of the township alone."""
    if not isinstance(board.source, MonthSource):
        raise web.HTTPNotFound
    return board.source


def _reason(acted: MonthActed, say: Language) -> str:
    return acted.en if say.code == "en" else acted.zh


def _back(month: str, by: str) -> web.Response:
    response = web.Response(status=303, headers={"Location": f"/reports/{month}"})
    form.remember(response, by)
    return response
