"""The ten parts of the report: headings, sentences and tables, each made once for paper, workbook and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from camkeeper.availability.buckets import Promise
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import Rule
from camkeeper.report import columns as c
from camkeeper.report import rows, sentences
from camkeeper.report.compare import differences
from camkeeper.report.table import Table
from camkeeper.report.values import Book, DeviceLine
from camkeeper.report.words import Lang, Words, words
from camkeeper.standing.report import Rated

WORST = 10
_PLACES = frozenset({SiteKind.VILLAGE, SiteKind.CAMPUS, SiteKind.CHECKPOINT, SiteKind.GRID})
_ORDER = {Promise.MISSED: 0, Promise.UNDETERMINED: 1, Promise.MET: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One numbered part; `chart`: the daily band stands in it."""

    number: int
    title: Words
    texts: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    chart: bool = False


def parts(book: Book, lang: Lang) -> tuple[Part, ...]:
    """Return the parts, from the accounting method to the annex; the cover is what `paper` makes of the book."""
    return (
        Part(
            number=1,
            title=("结论", "Conclusion"),
            texts=(conclusion(book, lang),),
            tables=(_total(book), *_versions(book, lang)),
        ),
        Part(
            number=2, title=("统计口径", "Accounting method"), texts=tuple(method(book, lang)), tables=(_rules(book),)
        ),
        Part(
            number=3,
            title=("在线率与完好率", "Online and good-order rate"),
            tables=(_sites(book), _contractors(book, lang), _days(book)),
            chart=True,
        ),
        _incidents(book, lang),
        _devices(book, lang),
        _excluded(book, lang),
        _coverage(book, lang),
        _service(book, lang),
        _deduction(book, lang),
        _annex(book, lang),
    )


def conclusion(book: Book, lang: Lang) -> str:
    """Answer "was the promise kept, and how sure are we" in one sentence."""
    total = book.report.total
    told = sentences.verdict(total.net.verdict, f"{total.target_bp / 100:g}%")
    return f"{lang.pick(words(total.net.verdict))}　{lang.pick(told)}"


def method(book: Book, lang: Lang) -> Iterator[str]:
    """Yield how the figures were made."""
    policy = book.report.policy
    if book.method is not None:
        yield lang.pick(sentences.asking(book.method))
    yield lang.pick(sentences.counting(policy.unknown_limit_bp))
    if policy.rule is not Rule.TIME_WEIGHTED:
        zh, en = words(policy.rule)
        yield lang.pick((f"按规则“{zh}”判定。", f"Decided by the rule: {en}."))
    yield lang.pick(sentences.basis(book))


def places(sites: Iterable[Rated]) -> list[Rated]:
    """Return the sites that are judged by themselves: villages, grids, campuses, checkpoints."""
    return [site for site in sites if site.kind in _PLACES]


def worst_first(found: Iterable[Rated]) -> list[Rated]:
    """Return missed ones first, then undetermined, each by its lower bound."""
    return sorted(found, key=lambda r: (_ORDER[r.net.verdict], r.net.lower is None, r.net.lower or 0, r.id))


def worst_devices(devices: Iterable[DeviceLine]) -> list[DeviceLine]:
    """Return the devices that were down longest, most first."""
    return sorted((d for d in devices if d.net.down_ms), key=lambda d: (-d.net.down_ms, d.id))[:WORST]


def _total(book: Book) -> Table:
    return Table(key="total", title=("总计", "All together"), columns=c.RATES, rows=(rows.rated(book.report.total),))


def _rules(book: Book) -> Table:
    found = (book.report.total.net, *book.report.others)
    title = ("同一批样本按各口径（第一行为准）", "The same samples by each policy (the first decides)")
    return Table(key="rules", title=title, columns=c.RULES, rows=tuple(rows.rule(f) for f in found))


def _sites(book: Book) -> Table:
    above = [s for s in book.report.sites if s.kind not in _PLACES]
    below = worst_first(places(book.report.sites))
    return Table(
        key="sites",
        title=("各地点（差的在前）", "By site, worst first"),
        columns=c.RATES,
        rows=tuple(rows.rated(s) for s in (*above, *below)),
        note=sentences.SITES_NOTE,
    )


def _contractors(book: Book, lang: Lang) -> Table:
    listed = worst_first(book.report.contractors)
    title = ("各维保单位", "By contractor")
    return Table(
        key="contractors", title=title, columns=c.RATES, rows=tuple(rows.contractor(one, lang) for one in listed)
    )


def _days(book: Book) -> Table:
    title = ("每日", "By day")
    return Table(key="days", title=title, columns=c.DAYS, rows=tuple(rows.day(d) for d in book.report.total.days))


def _incidents(book: Book, lang: Lang) -> Part:
    causes = book.report.causes
    table = Table(
        key="causes", title=("按疑因", "By cause"), columns=c.CAUSES, rows=tuple(rows.cause(line) for line in causes)
    )
    return Part(
        number=4,
        title=("事件", "Incidents"),
        texts=(lang.pick(sentences.incidents(book)),),
        tables=(table,) if causes else (),
    )


def _devices(book: Book, lang: Lang) -> Part:
    worst = worst_devices(book.devices)
    told = lang.pick(sentences.repeated(book))
    table = Table(
        key="worst",
        title=(f"离线最久的 {WORST} 台", f"The {WORST} devices longest down"),
        columns=c.DEVICES,
        rows=tuple(rows.device(d) for d in worst),
    )
    return Part(
        number=5,
        title=("最差设备与反复故障", "Worst devices, repeat faults"),
        texts=(told,),
        tables=(table,) if worst else (),
    )


def _excluded(book: Book, lang: Lang) -> Part:
    told = lang.pick(sentences.left_out(book))
    lines = book.report.excluded
    table = Table(
        key="excluded",
        title=("约定的时段", "Agreed spans"),
        columns=c.EXCLUDED,
        rows=tuple(rows.excluded(line) for line in lines),
        ids=2,
        note=sentences.EXCLUDED_NOTE,
    )
    return Part(number=6, title=("剔除的时间", "Excluded time"), texts=(told,), tables=(table,) if lines else ())


def _coverage(book: Book, lang: Lang) -> Part:
    lines, title = book.report.coverage, ("覆盖", "Coverage")
    if not lines:
        told = lang.pick(sentences.NO_COVERAGE if lines is None else sentences.NO_AREA)
        return Part(number=7, title=title, texts=(told,))
    told = lang.pick(sentences.COVERAGE)
    table = Table(key="coverage", title=title, columns=c.COVERAGE, rows=tuple(rows.cover(line) for line in lines))
    return Part(number=7, title=title, texts=(told,), tables=(table,))


def _service(book: Book, lang: Lang) -> Part:
    title = ("工单与巡检", "Work orders and inspections")
    table = Table(key="service", title=title, columns=c.SERVICE, rows=tuple(rows.service(book, lang)))
    return Part(number=8, title=title, tables=(table,))


def _deduction(book: Book, lang: Lang) -> Part:
    title = ("扣款计算", "Deductions")
    if book.bills is None:
        told = lang.pick(sentences.NO_TERMS)
        return Part(number=9, title=title, texts=(told,))
    told = lang.pick(sentences.DEDUCTION)
    sums = Table(
        key="bills", title=("合计", "Sums"), columns=c.BILLS, rows=tuple(rows.bill(b) for b in book.bills), ids=1
    )
    lines = Table(
        key="amounts",
        title=("逐项", "Line by line"),
        columns=c.AMOUNTS,
        rows=tuple(rows.amounts(book.bills, lang)),
        ids=3,
        note=sentences.TRACE_NOTE,
    )
    return Part(number=9, title=title, texts=(told,), tables=(sums, lines) if lines.rows else (sums,))


def _versions(book: Book, lang: Lang) -> Iterator[Table]:
    """Yield the closing and what amendments changed, old and new."""
    if not book.versions:
        return
    made = tuple(
        (
            v.seq,
            v.at_ms,
            v.by,
            v.why or None,
            *rows.rated(v.total)[6:9],
            v.total.net.verdict,
            v.agrees,
            v.hash,
            v.figures,
        )
        for v in book.versions
    )
    yield Table(key="versions", title=("封账与更正", "Closing and amendments"), columns=c.VERSIONS, rows=made)
    changed = []
    for old, new in zip(book.versions, book.versions[1:], strict=False):
        before, after = (
            Table(key="sites", title=("", ""), columns=c.RATES, rows=tuple(rows.rated(s) for s in (v.total, *v.sites)))
            for v in (old, new)
        )
        changed += [
            (new.seq, d.row or lang.pick(("总计", "all")), lang.pick(d.field), d.old, d.new)
            for d in differences([before], [after], lang, book.report.timezone)
        ]
    if changed:
        title = ("更正前后", "Before and after")
        yield Table(key="changes", title=title, columns=c.CHANGES, rows=tuple(changed), ids=3)


def _annex(book: Book, lang: Lang) -> Part:
    told = lang.pick(sentences.annex(book))
    return Part(number=10, title=("附表", "Annex"), texts=(told,), tables=tuple(_raw(book)))


def _raw(book: Book) -> Iterator[Table]:
    """Yield the records behind the figures; only the workbook and JSON have them."""
    devices = tuple(rows.device(d) for d in book.devices)
    yield Table(key="devices", title=("设备", "Devices"), columns=c.DEVICES, rows=devices, paper_rows=0)
    known = {d.id for d in book.devices}
    incidents = tuple(
        (
            i.id,
            i.cause,
            i.began_ms,
            i.opened_ms,
            i.acknowledged_ms,
            i.acknowledged_by,
            i.resolved_ms,
            ", ".join(m for m in i.members if m in known),
        )
        for i in book.incidents
    )
    yield Table(key="incidents", title=("事件", "Incidents"), columns=c.INCIDENTS, rows=incidents, paper_rows=0)
    orders = tuple(
        (
            o.id,
            o.kind,
            o.state,
            o.cause,
            o.contractor or None,
            o.opened_ms,
            o.accepted_ms,
            o.restored_ms,
            o.closed_ms,
            o.overdue,
            ", ".join(o.device_ids),
        )
        for o in book.orders
    )
    yield Table(key="orders", title=("工单", "Orders"), columns=c.ORDERS, rows=orders, paper_rows=0)
    spans = tuple(
        (
            i.number,
            i.device_id,
            i.status,
            i.span.start_ms,
            i.span.end_ms,
            i.span.length_ms,
            i.span.start_ms,
            i.span.end_ms,
        )
        for i in book.intervals
    )
    yield Table(
        key="intervals", title=("时段（非在线）", "Intervals (not up)"), columns=c.INTERVALS, rows=spans, paper_rows=0
    )
