"""`/reports`, `/reports/{month}` and `/trend`: reading only, each as sums of what the reader may see."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

from aiohttp import web
from markupsafe import Markup

from camboard.board import Board, board_of
from camboard.chart.view import Chart, days_chart
from camboard.download import csv_response, disposition, file_response
from camboard.history import way as historyway
from camboard.history.way import history_address
from camboard.i18n import Language
from camboard.live import AT, OPEN, Live, at_words, kept_each, page_of_live, with_now, write_live
from camboard.pages import PAGES, fragment_response, language_of
from camboard.query import BadQuery
from camboard.reports import wire
from camboard.reports.listing import listing
from camboard.reports.seal import seal
from camboard.reports.settle import cells
from camboard.reports.view import month_view
from camboard.source import MonthSource, ReportSource
from camboard.text import plain
from camkeeper.report.words import Form, Lang
from camkeeper.standing.report import MonthReport

MONTH = r"{month:\d{4}-\d{2}}"
CLOSE = f"/reports/{MONTH}/close"
AMEND = f"/reports/{MONTH}/amend"
DEDUCTIONS = f"/reports/{MONTH}/deductions"
_MEDIA = {
    Form.PDF: "application/pdf",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MONTHS_SHOWN = 12
MONTHS_IN_TABLE = 60


async def page(request: web.Request) -> web.Response:
    """`GET /reports`: the months, newest first."""
    say = language_of(request)
    return page_of_live(request, "reportspage.html", await _listed(request, say), say)


async def fragment(request: web.Request) -> web.Response:
    """`GET /fragments/reports`."""
    made = await _listed(request, language_of(request))
    return fragment_response(board_of(request), made.index, made.html)


async def month(request: web.Request) -> web.Response:
    """`GET /reports/{month}`: one month, on paper too."""
    say = language_of(request)
    return page_of_live(request, "reportpage.html", await _month(request, say), say)


async def month_fragment(request: web.Request) -> web.Response:
    """`GET /fragments/reports/{month}`."""
    made = await _month(request, language_of(request))
    return fragment_response(board_of(request), made.index, made.html)


async def month_csv(request: web.Request) -> web.StreamResponse:
    """`GET /reports/{month}.csv`."""
    report = await report_of(board_of(request), request.match_info["month"])
    return await csv_response(request, wire.HEADING, wire.lines(report), f"camkeeper-{report.month}.csv")


async def months_csv(request: web.Request) -> web.StreamResponse:
    """`GET /reports.csv`: one line for each month, newest first; everything that the reader sees together."""
    board = board_of(request)
    reports = [await report_of(board, name) for name in (await _names(board))[:MONTHS_IN_TABLE]]
    return await csv_response(request, wire.HEADING, (next(wire.lines(r)) for r in reports), "camkeeper-months.csv")


async def month_json(request: web.Request) -> web.Response:
    """`GET /reports/{month}.json`."""
    report = await report_of(board_of(request), request.match_info["month"])
    return file_response(json.dumps(wire.month(report)), "application/json", f"camkeeper-{report.month}.json")


async def month_pdf(request: web.Request) -> web.Response:
    """`GET /reports/{month}.pdf`: the report that both parties sign."""
    return await _paper(request, Form.PDF)


async def month_xlsx(request: web.Request) -> web.Response:
    """`GET /reports/{month}.xlsx`: the same as a workbook, with the records behind it."""
    return await _paper(request, Form.XLSX)


async def _paper(request: web.Request, form: Form) -> web.Response:
    """Send a month in the reader's language and scope."""
    board, month = board_of(request), request.match_info["month"]
    lang = Lang.ZH if language_of(request).code.startswith("zh") else Lang.EN
    try:
        made = await source_of(board).paper(month, board.principal.scope, form=form, lang=lang)
    except (LookupError, ValueError):
        raise web.HTTPNotFound from None
    response = web.Response(body=made, content_type=_MEDIA[form])
    response.headers["Content-Disposition"] = disposition(f"camkeeper-{month}.{form.value}")
    return response


async def trend(request: web.Request) -> web.Response:
    """`GET /trend?site=&device=&month=`: the days of a month of one thing."""
    say = language_of(request)
    return page_of_live(request, "trendpage.html", await _trend(request, say), say)


async def trend_fragment(request: web.Request) -> web.Response:
    """`GET /fragments/trend`: the chart alone, for pages that have a place for it."""
    made = await _trend(request, language_of(request))
    return fragment_response(board_of(request), made.index, made.html)


def source_of(board: Board) -> ReportSource:
    """Return where months are asked for; 404 where nobody makes them."""
    if board.reports is None:
        raise web.HTTPNotFound
    return board.reports


async def report_of(board: Board, named: str) -> MonthReport:
    """Return a month as whoever asks may see it; 404 where there is none."""
    try:
        return await source_of(board).report(named, board.principal.scope)
    except (LookupError, ValueError):
        raise web.HTTPNotFound from None


async def _names(board: Board) -> tuple[str, ...]:
    return tuple(entry.month for entry in await source_of(board).months())


async def _listed(request: web.Request, say: Language) -> Live:
    board = board_of(request)
    before = request.query.get("before", "")
    names = [m for m in await _names(board) if not before or m < before]
    reports = [await report_of(board, name) for name in names[:MONTHS_SHOWN]]
    older = names[MONTHS_SHOWN - 1] if len(names) > MONTHS_SHOWN else ""
    open_count = _open(board)

    def write() -> Markup:
        values = {"r": listing(reports, older, say), "at": AT, "open_count": _some(open_count)}
        return request.app[PAGES].write("reports.html", say, values)

    key = (say.code, older, open_count is None)
    html = kept_each(board, "reports").of(key, tuple(reports), write)
    asked = f"?{urlencode({'before': before})}" if before else ""
    return _now(board, html, open_count, f"/reports{asked}", f"/fragments/reports{asked}")


async def _month(request: web.Request, say: Language) -> Live:
    board, named = board_of(request), request.match_info["month"]
    report, names = await report_of(board, named), await _names(board)
    against = request.query.get("with", "")
    if not against:
        older = [m for m in names if m < named]
        against = older[0] if older else ""
    other = await report_of(board, against) if against and against != named else None
    whole = request.query.get("all") == "1"
    closes = isinstance(board.source, MonthSource) and board.may("POST", CLOSE)
    settlement = await source_of(board).settlement(named, board.principal.scope)
    versions = await source_of(board).versions(named)
    open_count = _open(board)

    def write() -> Markup:
        values = {
            "m": month_view(report, other, names, say, whole=whole),
            "bills": cells(settlement, report, say),
            "seal": seal(report, versions, say, may=closes),
            "whole": whole,
            "at": AT,
            "open_count": _some(open_count),
        }
        return request.app[PAGES].write("report.html", say, values)

    # A version is a record of the chain: its number says all of it but the names of who is to sign.
    key = (
        say.code,
        named,
        names,
        whole,
        closes,
        tuple((v.seq, v.signed, v.parties) for v in versions),
        open_count is None,
    )
    html = kept_each(board, "months").of(key, (report, other, settlement), write)
    kept = {k: request.query[k] for k in ("with", "all") if request.query.get(k)}
    asked = f"?{urlencode(kept)}" if kept else ""
    return _now(board, html, open_count, f"/reports/{named}{asked}", f"/fragments/reports/{named}{asked}")


async def _trend(request: web.Request, say: Language) -> Live:
    board, asked = board_of(request), request.query
    names = await _names(board)
    named = asked.get("month", "") or (names[0] if names else "")
    site, device, small = asked.get("site", ""), asked.get("device", ""), asked.get("small") == "1"
    if site and device:
        raise BadQuery("site")
    chart = await _chart(board, named, site, device, say, small=small)
    kept = {k: v for k, v in (("site", site), ("device", device)) if v}
    at = names.index(named) if named in names else 0
    links = {
        "before": urlencode({**kept, "month": names[at + 1]}) if at + 1 < len(names) else "",
        "after": urlencode({**kept, "month": names[at - 1]}) if at > 0 else "",
    }
    of = f"/devices/{quote(device, safe='')}" if device else f"/?{urlencode({'site': site})}" if site else "/"
    years = history_address(site_id=site, device_id=device) if kept and _has_years(board, device) else ""
    values = {
        "chart": chart,
        "of": of,
        "years": years,
        "at": at_words(board.index()),
        "open_count": _open(board),
        **links,
    }
    here = f"?{urlencode({**kept, 'month': named})}"
    return write_live(request, say, "trend.html", values, f"/trend{here}", f"/fragments/trend{here}")


async def _chart(board: Board, named: str, site: str, device: str, say: Language, *, small: bool) -> Chart:
    if device:
        try:
            found = await source_of(board).trend(device, named, board.principal.scope)
        except (LookupError, ValueError):
            raise web.HTTPNotFound from None
        title = say("%(name)s %(month)s 每日在线率", name=plain(found.name), month=named)
        return days_chart(f"d-{device}-{named}", title, found.points, found.target_bp, say, small=small)
    report = await report_of(board, named)
    rated = next((s for s in report.sites if s.id == site), None) if site else report.total
    if rated is None:
        raise web.HTTPNotFound
    title = say("%(name)s %(month)s 每日在线率", name=plain(rated.name), month=named)
    return days_chart(f"s-{site}-{named}", title, rated.days, rated.target_bp, say, small=small)


def _has_years(board: Board, device: str) -> bool:
    path = historyway.DEVICE if device else historyway.SITE
    shown = bool(device) or board.principal.scope.contractor_id is None
    return board.history is not None and shown and board.may("GET", path)


def _open(board: Board) -> int | None:
    desk = board.desk_now()
    return None if desk is None else len(desk.open)


def _some(open_count: int | None) -> str | None:
    """Return what stands in a kept part for the count: a month outlives it."""
    return None if open_count is None else OPEN


def _now(board: Board, html: Markup, open_count: int | None, here: str, fragment: str) -> Live:
    """Return a kept part as it is sent: with the instant and the count of now."""
    index = board.index()
    return Live(html=with_now(html, index, open_count), index=index, here=here, fragment=fragment, at=at_words(index))
