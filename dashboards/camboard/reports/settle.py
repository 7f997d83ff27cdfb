"""What a month costs, in words: a cell for each contractor, and every amount with what it comes from. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.i18n import Language, span_words
from camboard.text import local, percent, plain
from camboard.why.link import why_address
from camboard.words import mark
from camkeeper.report.deduct import Amount, Bill, Ground
from camkeeper.report.settlement import SHOWN, Settlement
from camkeeper.standing.report import MonthReport

GROUND = {
    Ground.TOTAL: mark("总在线率"),
    Ground.VILLAGE: mark("地点在线率"),
    Ground.DEVICE: mark("设备在线率"),
    Ground.RESPONSE: mark("接单超时"),
    Ground.REPAIR: mark("修复超时"),
    Ground.CAP: mark("封顶减免"),
}
ROWS_SHOWN = 60
"""Amounts on a page, the largest first; the report's workbook has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillCell:
    """One contractor's amount in the table of rates."""

    text: str
    note: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountRow:
    """One amount."""

    ground: str
    name: str
    address: str
    """Of the figure or the order that it comes from; empty: of the terms alone."""
    rate: str
    rule: str
    yuan: str
    doubt: str
    intervals: tuple[str, ...]
    intervals_more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillView:
    """One contractor's bill."""

    id: str
    contractor: str
    terms: str
    yuan: str
    doubt: str
    most: str
    rows: tuple[AmountRow, ...]
    more: int


def yuan(fen: int) -> str:
    """Return whole fen as yuan; nothing is rounded, because nothing is left over.

    >>> yuan(123450), yuan(-5), yuan(0)
    ('¥1,234.50', '-¥0.05', '¥0.00')
    """
    sign, whole = "-" if fen < 0 else "", abs(fen)
    return f"{sign}¥{whole // 100:,}.{whole % 100:02d}"


def cells(settlement: Settlement | None, report: MonthReport, say: Language) -> dict[str, BillCell]:
    """Return each contractor's cell, by id."""
    return {c.id: _cell(c.id, settlement, report.month, say) for c in report.contractors}


def _cell(contractor_id: str, settlement: Settlement | None, month: str, say: Language) -> BillCell:
    if settlement is None:
        return BillCell(text=say("正在计算"))
    if settlement.bills is None:
        return BillCell(text=say("未配置"))
    bill = settlement.bill_of(contractor_id)
    if bill is None:
        return BillCell(text="–")
    doubt = say("未知另存疑 %(yuan)s", yuan=yuan(bill.doubt_fen)) if bill.doubt_fen else ""
    return BillCell(text=yuan(bill.fen), note=doubt, address=f"/reports/{month}/deductions#b-{bill.contractor_id}")


def bill_views(settlement: Settlement, report: MonthReport, say: Language) -> tuple[BillView, ...]:
    """Write every bill."""
    return tuple(_bill(bill, settlement, report, say) for bill in settlement.bills or ())


def _bill(bill: Bill, settlement: Settlement, report: MonthReport, say: Language) -> BillView:
    ranked = sorted(bill.amounts, key=lambda a: (a.ground is not Ground.TOTAL, -abs(a.fen), -a.doubt_fen, a.id))
    return BillView(
        id=bill.contractor_id,
        contractor=plain(bill.contractor),
        terms=f"{bill.terms.name}/{bill.terms.version}",
        yuan=yuan(bill.fen),
        doubt=yuan(bill.doubt_fen) if bill.doubt_fen else "",
        most="" if bill.terms.most_fen is None else yuan(bill.terms.most_fen),
        rows=tuple(_row(amount, settlement, report, say) for amount in ranked[:ROWS_SHOWN]),
        more=max(0, len(ranked) - ROWS_SHOWN),
    )


def _row(amount: Amount, settlement: Settlement, report: MonthReport, say: Language) -> AmountRow:
    shown = tuple(_intervals(amount, settlement, ZoneInfo(report.timezone), say))
    return AmountRow(
        ground=say(GROUND[amount.ground]),
        name=plain(amount.name or amount.id),
        address=_address(amount, report),
        rate=_rate(amount),
        rule=_rule(amount, say),
        yuan=yuan(amount.fen),
        doubt=yuan(amount.doubt_fen) if amount.doubt_fen else "",
        intervals=shown,
        intervals_more=len(amount.trace) - len(shown),
    )


def _address(amount: Amount, report: MonthReport) -> str:
    match amount.ground:
        case Ground.DEVICE:
            return why_address(device_id=amount.id, month=report.month)
        case Ground.VILLAGE:
            return why_address(site_id=amount.id, month=report.month)
        case Ground.TOTAL:
            return why_address(site_id=report.sites[0].id, month=report.month)
        case Ground.RESPONSE | Ground.REPAIR:
            return f"/orders/{amount.id.removeprefix('WO-').lstrip('0')}"
        case _:
            return ""


def _rate(amount: Amount) -> str:
    low, high = percent(amount.lower), percent(amount.upper)
    if low is None or high is None:
        return ""
    return low if low == high else f"[{low}, {high}]"


def _rule(amount: Amount, say: Language) -> str:
    if amount.units:
        late = span_words(amount.late_ms, say)
        return say("超 %(late)s，计 %(n)d 次 × %(yuan)s", late=late, n=amount.units, yuan=yuan(amount.each_fen))
    if amount.below_bp is not None:
        return say("上限低于 %(step)s", step=f"{amount.below_bp / 100:g}%")
    return say("未知若全算离线才低于档次，不扣") if amount.doubt_fen else ""


def _intervals(amount: Amount, settlement: Settlement, zone: ZoneInfo, say: Language) -> Iterator[str]:
    for number in amount.trace[:SHOWN]:
        line = settlement.intervals.get(number)
        if line is None:
            continue
        start, end = local(line.span.start_ms, zone), local(line.span.end_ms, zone)
        name = plain(settlement.names.get(line.device_id, line.device_id))
        yield f"#{number} {name} {start:%m-%d %H:%M}–{end:%m-%d %H:%M}（{span_words(line.span.length_ms, say)}）"
