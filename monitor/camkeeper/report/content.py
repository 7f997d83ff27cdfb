"""From a book to plain values for the page: everything already written out, nothing left for the template to decide."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from camkeeper.report.cover import cover_told
from camkeeper.report.names import in_language
from camkeeper.report.parts import Part, parts
from camkeeper.report.table import Column, Kind, Table, local, shown
from camkeeper.report.values import Book, Version
from camkeeper.report.words import Lang, Words, words
from camkeeper.sheet.text import clean

_RIGHT = frozenset({Kind.COUNT, Kind.PLAIN, Kind.PERCENT, Kind.HOURS, Kind.MINUTES, Kind.FEN, Kind.NUMBER})
_LEAST_AXIS = Fraction(1, 2)
"""The chart's foot is no higher than this below the lowest bound; from there up to 100%."""

MOST_PARTIES = 3
"""Boxes for contractors; a county with more names them all under the rates."""
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)

Json = dict[str, Any]


def content(book: Book, lang: Lang) -> Json:
    """Return everything on paper, as JSON values."""
    book = in_language(book, lang)
    report = book.report
    return {
        "lang": lang.value,
        "draft": lang.pick(("草稿 未封账", "DRAFT - NOT CLOSED")) if book.draft else "",
        "cover": _cover(book, lang),
        "foot": _foot(book, lang),
        "parts": [_part(part, lang, report.timezone) for part in parts(book, lang)],
        "chart": _chart(book, lang),
        "sign": {
            "by": lang.pick(("签字", "Signature")),
            "seal": lang.pick(("（盖章）", "(seal)")),
            "name": lang.pick(("姓名", "Name")),
            "date": lang.pick(("日期", "Date")),
            "parties": [clean(name, 40) for name in _parties(book, lang)],
        },
    }


def _cover(book: Book, lang: Lang) -> Json:
    report, total = book.report, book.report.total
    start, end = (local(at, report.timezone) for at in (report.period.start_ms, report.period.end_ms))
    state = lang.pick(words(report.state))
    facts: list[tuple[Words, str]] = [
        (("统计期间", "Period"), f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M} ({report.timezone})"),
        (("范围", "Scope"), lang.pick((f"摄像机 {total.cameras} 台", f"{total.cameras} cameras"))),
        (("维保单位", "Contractors"), lang.pick(("、", ", ")).join(clean(n, 30) for n in _contractors(book)) or "–"),
        (("口径", "Policy"), report.policy.id),
        (("状态", "State"), state),
    ]
    if book.versions:
        newest = book.versions[-1] if book.version_seq is None else _version(book)
        at = local(newest.at_ms, report.timezone)
        facts.append(
            (
                ("封账记录", "Closing record"),
                f"#{newest.seq} · {at:%Y-%m-%d %H:%M} · {clean(newest.by, 30)} · {newest.hash[:16]}",
            )
        )
    year, month = report.month.split("-")
    return {
        "title": lang.pick(
            (f"{clean(book.title, 40)}　在线率月报", f"{clean(book.title, 40)} · Monthly availability report")
        ),
        "month": lang.pick((f"{year} 年 {int(month)} 月", f"{_MONTHS[int(month) - 1]} {year}")),
        "facts": [[lang.pick(name), value] for name, value in facts],
        "figures": _figures(book, lang),
        "verdict": {
            "kind": total.net.verdict.value,
            "word": _capital(lang.pick(words(total.net.verdict))),
            "told": [lang.pick(told) for told in cover_told(book)],
        },
    }


def _capital(told: str) -> str:
    """Return "● Met" for "● met"."""
    return told[:2] + told[2:3].upper() + told[3:]


def _figures(book: Book, lang: Lang) -> list[Json]:
    """Return the figures that stand large on the cover."""
    net = book.report.total.net
    from_to = " – ".join(shown(_bp(s), Kind.PERCENT, lang, "UTC") for s in (net.lower, net.upper))
    return [
        {"name": lang.pick(("在线率", "Online rate")), "value": shown(_bp(net.ratio), Kind.PERCENT, lang, "UTC")},
        {"name": lang.pick(("下限 – 上限", "Bounds")), "value": from_to},
        {"name": lang.pick(("目标", "Target")), "value": f"{book.report.total.target_bp / 100:g}%"},
        {"name": lang.pick(("完整度", "Known")), "value": shown(_bp(net.completeness), Kind.PERCENT, lang, "UTC")},
    ]


def _bp(share: Fraction | None) -> int | None:
    return None if share is None else share.numerator * 10_000 // share.denominator


def _version(book: Book) -> Version:
    return next(v for v in book.versions if v.seq == book.version_seq)


def _foot(book: Book, lang: Lang) -> Json:
    report = book.report
    return {
        "left": f"{clean(book.title, 24)} {report.month} · {report.policy.id}",
        "head": lang.pick((f"账本 #{report.seq} {report.head}", f"Ledger #{report.seq} {report.head}")),
        "page": lang.pick(("第 {} 页 / 共 {} 页", "Page {} of {}")),
    }


def _parties(book: Book, lang: Lang) -> list[str]:
    if book.parties:
        return [f"{party.name} {party.role}".strip() for party in book.parties]
    owner, other = lang.pick(("甲方", "Owner")), lang.pick(("乙方", "Contractor"))
    return [owner, *(_contractors(book)[:MOST_PARTIES] or [other])]


def _contractors(book: Book) -> list[str]:
    """Return who cares for any device here: one that has no camera, but switches and lines, signs as well."""
    named = {d.contractor_id: d.contractor for d in book.devices if d.contractor_id}
    return [named[contractor_id] for contractor_id in sorted(named)]


def _part(part: Part, lang: Lang, tz: str) -> Json:
    return {
        "number": part.number,
        "title": lang.pick(part.title),
        "texts": [clean(text, 1000) for text in part.texts],
        "chart": part.chart,
        "tables": [_table(table, lang, tz) for table in part.tables if table.paper_rows != 0],
    }


def _table(table: Table, lang: Lang, tz: str) -> Json:
    columns = [(place, column) for place, column in enumerate(table.columns) if column.width]
    listed = table.rows if table.paper_rows is None else table.rows[: table.paper_rows]
    return {
        "title": lang.pick(table.title),
        "note": lang.pick(table.note),
        "columns": [_column(column, lang) for _, column in columns],
        "rows": [
            [shown(row[place], column.kind, lang, tz, limit=column.limit) for place, column in columns]
            for row in listed
        ],
    }


def _column(column: Column, lang: Lang) -> Json:
    return {
        "head": lang.pick(column.head),
        "width": column.width,
        "right": column.kind in _RIGHT,
        "verdict": column.key == "verdict",
    }


def _chart(book: Book, lang: Lang) -> Json:
    """Return the daily band: shares as floats, None for what nobody measured. For drawing, never for reading."""
    days = [d for d in book.report.total.days if d.buckets.accountable_ms]
    target = Fraction(book.report.total.target_bp, 10_000)
    lows = [d.buckets.lower for d in days if d.buckets.lower is not None and d.buckets.ratio is not None]
    foot = max(Fraction(0), min([target, *lows]) - Fraction(1, 50))
    foot = Fraction(int(foot * 20), 20)
    return {
        "title": lang.pick(
            ("每日在线率：线为在线率，带为上下限", "Each day: the line is the rate, the band its bounds")
        ),
        "target": float(target),
        "target_name": lang.pick(("；目标", "; target")),
        "foot": float(foot),
        "days": [
            {
                "day": d.day.day,
                "ratio": None if d.buckets.ratio is None else float(d.buckets.ratio),
                "lower": None if d.buckets.ratio is None else float(d.buckets.lower or 0),
                "upper": None if d.buckets.ratio is None else float(d.buckets.upper or 0),
            }
            for d in days
        ],
    }
