"""From values to rows: one function a table. What nobody measured is None."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from camkeeper.availability.daily import DaySum
from camkeeper.availability.figures import Figure
from camkeeper.report.deduct import Amount, Bill, Ground
from camkeeper.report.table import Cell, cut_percent, money, percent
from camkeeper.report.values import Book, DeviceLine
from camkeeper.report.words import Lang, Words
from camkeeper.standing.report import CauseLine, CoverLine, ExcludedLine, Rated
from camkeeper.workorder.figures import Spread

Row = tuple[Cell, ...]
NAMED = 3
"""Intervals that fit on a line."""
NOBODY: Words = ("（无维保单位）", "(nobody)")


def contractor(one: Rated, lang: Lang) -> Row:
    """Write a contractor, or what is in nobody's care."""
    written = rated(one)
    return written if one.id else ("", lang.pick(NOBODY), *written[2:])


def rated(one: Rated) -> Row:
    """Write a site, a contractor, or all together."""
    net, time = one.net, one.net.buckets
    return (
        one.id,
        one.name,
        one.kind,
        one.parent_id,
        one.cameras,
        one.target_bp,
        cut_percent(net.ratio),
        cut_percent(net.lower),
        cut_percent(net.upper),
        cut_percent(net.completeness),
        cut_percent(time.good_ratio),
        cut_percent(one.gross.ratio),
        net.verdict,
        time.up_ms,
        time.down_ms,
        time.unknown_ms,
        time.excluded_ms,
        time.absent_ms,
        time.degraded_ms,
    )


def rule(found: Figure) -> Row:
    """Write what one accounting policy makes of the month."""
    shares = (found.ratio, found.lower, found.upper, found.completeness)
    return (found.policy_id, found.rule, *(cut_percent(s) for s in shares), found.verdict)


def day(one: DaySum) -> Row:
    """Write one local day of all cameras."""
    b = one.buckets
    shares = (b.ratio, b.lower, b.upper, b.completeness, b.good_ratio)
    return (one.day, *(cut_percent(s) for s in shares), b.up_ms, b.down_ms, b.unknown_ms, b.excluded_ms)


def cause(line: CauseLine) -> Row:
    """Write incidents of one cause."""
    return (
        line.cause,
        line.count,
        line.open,
        line.lasted_ms,
        line.answered,
        line.answer_ms,
        line.recovered,
        line.recover_ms,
    )


def device(line: DeviceLine) -> Row:
    """Write one device's month."""
    net = line.net
    return (
        line.id,
        line.name,
        line.kind,
        line.site,
        line.contractor,
        cut_percent(net.ratio),
        line.outages,
        line.longest_ms,
        net.up_ms,
        net.down_ms,
        net.unknown_ms,
        net.excluded_ms,
        net.absent_ms,
        net.degraded_ms,
    )


def excluded(line: ExcludedLine) -> Row:
    """Write one agreed span; every device: None."""
    return (
        line.id,
        line.span.start_ms,
        line.span.end_ms,
        line.kind,
        line.reason,
        line.evidence or None,
        line.approver or None,
        line.devices,
        line.counts,
    )


def cover(line: CoverLine) -> Row:
    """Write one site's open ground by day."""
    design = _bp(line.design)
    return (
        line.site_id,
        line.name,
        line.target_bp,
        design,
        None if design is None else 10_000 - design,
        _bp(line.lower),
        _bp(line.upper),
        _bp(line.worst),
        line.worst_ms,
        line.lower_hours,
        line.upper_hours,
    )


def _bp(share: float | None) -> int | None:
    """Return hundredths of a per cent, cut; sums of areas may lack their last bits."""
    return None if share is None else int(share * 10_000 + 1e-6)


def service(book: Book, lang: Lang) -> Iterator[Row]:
    """Yield repairs and rounds."""
    s, r = book.report.service, book.rounds
    lines: tuple[tuple[str, str, int, Spread | None], ...] = (
        ("报修", "repairs", s.faults, None),
        ("其中未修复", "of them open", s.open, None),
        ("接单", "accepted", s.acceptance.count, s.acceptance),
        ("修复（以探测为准）", "restored (by the probe)", s.repair.count, s.repair),
        ("响应超时", "answered late", s.late_response, None),
        ("修复超时", "repaired late", s.late_repair, None),
        ("返修", "reopened", s.reopened, None),
        ("自行恢复", "recovered alone", s.recovered_alone, None),
        ("巡检应做", "inspections due", r.due, None),
        ("巡检已签字", "inspections signed", r.signed, None),
        ("巡检超时", "inspections late", r.late, None),
        ("巡检发现问题", "bad items found", r.bad_items, None),
    )
    for zh, en, count, spread in lines:
        times = (None, None, None) if spread is None else (spread.mean_ms, spread.median_ms, spread.longest_ms)
        yield (lang.pick((zh, en)), count, *times)


def bill(one: Bill) -> Row:
    """Write what a contractor's month comes to."""
    return (one.contractor_id, one.contractor, one.terms.id, len(one.amounts), one.fen, one.doubt_fen)


def amounts(bills: Iterable[Bill], lang: Lang) -> Iterator[Row]:
    """Yield every amount with its reckoning."""
    for one in bills:
        for amount in one.amounts:
            name = amount.name or amount.id or one.contractor
            reason = _reckoning(amount, one, lang)
            yield (
                one.contractor_id,
                amount.ground,
                amount.id,
                one.contractor,
                name,
                reason,
                _traced(amount.trace, lang),
                ", ".join(f"#{n}" for n in amount.trace),
                amount.fen,
                amount.doubt_fen,
            )


def _traced(trace: Sequence[int], lang: Lang) -> str:
    """Write the intervals on one line of paper: all of a few, else the first and how many; a number is never cut."""
    if len(trace) <= NAMED:
        return ", ".join(f"#{n}" for n in trace)
    return lang.pick((f"#{trace[0]} 等 {len(trace)} 段", f"#{trace[0]}, {len(trace)} in all"))


def _reckoning(amount: Amount, of: Bill, lang: Lang) -> str:
    if amount.ground is Ground.CAP:
        most = money(of.terms.most_fen or 0)
        return lang.pick((f"每月最多扣 {most} 元", f"at most CNY {most} a month"))
    if amount.units:
        minutes, each = -(-amount.late_ms // 60_000), money(amount.each_fen)
        zh = f"超时 {minutes} 分钟，计 {amount.units} 档 × {each} 元"
        en = f"{minutes} min late: {amount.units} x CNY {each}"
        capped = amount.fen < amount.units * amount.each_fen
        return lang.pick((zh + "，封顶", en + ", capped")) if capped else lang.pick((zh, en))
    low, high = (percent(cut_percent(s) or 0) for s in (amount.lower, amount.upper))
    hours = amount.down_ms // 360_000
    down = f"{hours // 10:,}.{hours % 10}"
    if amount.below_bp is None:
        zh = f"{low} – {high}：未知时间足以改变结论，不扣"
        return lang.pick((zh, f"{low} - {high}: what is unknown decides; nothing taken off"))
    below = f"{amount.below_bp / 100:g}%"
    return lang.pick((f"上限 {high} < {below}；离线 {down} h", f"upper bound {high} < {below}; down {down} h"))
