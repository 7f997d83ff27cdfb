"""One month as one value: everything that its page writes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from camboard.chart.view import Chart, days_chart
from camboard.cover.amount import share
from camboard.desk.words import cause_word
from camboard.figure import Figure, figure
from camboard.i18n import Language, span_words
from camboard.picture.goodrate import hours
from camboard.reports.amounts import RateRow, bounds, cover_verdict, cover_worst_first, rate_row, worst_first
from camboard.text import local, percent, plain, utc_offset
from camboard.words import PROMISE, PROMISE_SHAPE, mark
from camkeeper.availability.buckets import Promise
from camkeeper.availability.figures import Figure as Counted
from camkeeper.model.contract import WindowKind
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import Rule
from camkeeper.standing.report import CauseLine, CoverLine, ExcludedLine, MonthReport, MonthState, Rated

STATE = {
    MonthState.RUNNING: mark("进行中"),
    MonthState.DRAFT: mark("草稿：尚未封账"),
    MonthState.CLOSED: mark("已封账"),
    MonthState.AMENDED: mark("已封账，有更正"),
}
RULE = {
    Rule.TIME_WEIGHTED: mark("按时间计"),
    Rule.DAILY_MEAN: mark("日平均"),
    Rule.PATROL_DAILY: mark("每日一查"),
}
WINDOW = {WindowKind.MAINTENANCE: mark("检修"), WindowKind.EXCLUSION: mark("免责")}
_RANKED = frozenset({SiteKind.VILLAGE, SiteKind.CAMPUS, SiteKind.CHECKPOINT})
ROWS_SHOWN = 50
"""Of villages on a screen page, of each table; the printed one has all of them: a county's are 4,500 elements."""
AGREED_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRow:
    """Incidents of one cause."""

    cause: str
    count: int
    open: int
    lasted: str
    answer: str
    recover: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedRow:
    """One agreed span."""

    id: str
    kind: str
    start: str
    end: str
    reason: str
    evidence: str
    approver: str
    devices: int | None
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverRow:
    """One site's coverage of the month."""

    name: str
    design: str | None
    mean: str | None
    worst: str | None
    worst_at: str
    hours: str
    verdict: Promise | None
    verdict_word: str
    verdict_shape: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """What another accounting policy makes of the same samples."""

    id: str
    rule: str
    rate: str | None
    bounds: str | None
    verdict: Promise
    verdict_word: str
    verdict_shape: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthView:
    """The page of a month."""

    month: str
    state: MonthState
    state_word: str
    sealed: str
    """By whom, when and why it was closed; empty: it was not."""
    digest: str
    """SHA-256 of the closed figures."""
    span: str
    figure: Figure
    sentence: str
    gross: str | None
    good: str | None
    total: RateRow
    policy: str
    rule: str
    grace: str
    others: tuple[RuleRow, ...]
    chart: Chart
    sites: tuple[RateRow, ...]
    sites_total: int
    contractors: tuple[RateRow, ...]
    causes: tuple[CauseRow, ...]
    service: tuple[tuple[str, str, str], ...]
    """Repairs: (term, value, note)."""
    agreed: tuple[AgreedRow, ...]
    agreed_more: int
    excluded: str
    """Camera time that was left out, in hours."""
    coverage: tuple[CoverRow, ...] | None
    coverage_total: int
    other_month: str
    """Held against this one; empty: none."""
    months: tuple[str, ...]
    """That may be chosen."""
    before: str
    after: str
    seq: int
    head: str


def month_view(
    report: MonthReport,
    other: MonthReport | None,
    months: tuple[str, ...],
    say: Language,
    *,
    whole: bool = False,
) -> MonthView:
    """Write a month. `whole`: every village, however many."""
    zone = ZoneInfo(report.timezone)
    total, net = report.total, report.total.net
    shown = counted(net, total.target_bp, say)
    others = {} if other is None else {site.id: site for site in other.sites}
    ranked = sorted((s for s in report.sites if s.kind in _RANKED and s.cameras), key=worst_first)
    listed = ranked if whole else ranked[:ROWS_SHOWN]
    agreed = report.excluded if whole else report.excluded[:AGREED_SHOWN]
    seen = cover_worst_first(report)
    covered = seen if whole else seen[:ROWS_SHOWN]
    at = months.index(report.month) if report.month in months else -1
    return MonthView(
        month=report.month,
        state=report.state,
        state_word=say(STATE[report.state]),
        sealed=_sealed(report, zone, say),
        digest="" if report.sealed is None else report.sealed.figures,
        span=_span(report, zone),
        figure=shown,
        sentence=_sentence(report, shown, say),
        gross=percent(total.gross.ratio),
        good=percent(net.buckets.good_ratio),
        total=rate_row(total, None if other is None else other.total, say),
        policy=report.policy.id,
        rule=say(RULE[report.policy.rule]),
        grace=percent_bp(report.policy.unknown_limit_bp),
        others=tuple(_rule_row(f, say) for f in report.others),
        chart=days_chart(
            f"m-{report.month}", say("每日在线率 %(month)s", month=report.month), total.days, total.target_bp, say
        ),
        sites=tuple(_site_row(s, others.get(s.id), report.month, say) for s in listed),
        sites_total=len(ranked),
        contractors=_contractors(report, other, say),
        causes=tuple(_cause_row(line, say) for line in report.causes),
        service=_service(report, say),
        agreed=tuple(_agreed_row(line, zone, say) for line in agreed),
        agreed_more=len(report.excluded) - len(agreed),
        excluded=hours(net.buckets.excluded_ms),
        coverage=None if report.coverage is None else tuple(_cover_row(line, zone, say) for line in covered),
        coverage_total=len(seen),
        other_month="" if other is None else other.month,
        months=tuple(m for m in months if m != report.month),
        before=months[at + 1] if 0 <= at < len(months) - 1 else "",
        after=months[at - 1] if at > 0 else "",
        seq=report.seq,
        head=report.head,
    )


def counted(net: Counted, target_bp: int, say: Language) -> Figure:
    """Write a figure as its rule counts it; a scale is drawn of time only."""
    by_time = figure(net.buckets, target_bp, net.verdict, say)
    return replace(
        by_time,
        value=percent(net.ratio),
        lower=percent(net.lower),
        upper=percent(net.upper),
        completeness=percent(net.completeness),
        scale=by_time.scale if net.rule is Rule.TIME_WEIGHTED else None,
    )


def percent_bp(bp: int) -> str:
    """Return basis points as `2%` or `2.5%`."""
    return f"{bp / 100:g}%"


def _sentence(report: MonthReport, shown: Figure, say: Language) -> str:
    """Answer "is the promise kept, and how sure are we" in one sentence."""
    running = report.state is MonthState.RUNNING
    known = {"known": shown.completeness or "0%", "target": shown.target}
    if shown.lower is None or shown.upper is None:
        return say("还没有可计的时间，不能下结论")
    if shown.verdict is Promise.MET:
        told = say("把未知全算作离线也达到 %(target)s；已知时间占 %(known)s", **known)
    elif shown.verdict is Promise.MISSED:
        told = say("把未知全算作在线也不到 %(target)s；已知时间占 %(known)s", **known)
    else:
        told = say("未知的时间足以改变结论（目标 %(target)s），所以不下结论；已知时间占 %(known)s", **known)
    return told + say("；这个月还没有过完") if running else told


def _sealed(report: MonthReport, zone: ZoneInfo, say: Language) -> str:
    sealed = report.sealed
    if sealed is None:
        return ""
    at = f"{local(sealed.at_ms, zone):%Y-%m-%d %H:%M}"
    told = say("%(by)s 于 %(at)s 封账，账本第 %(seq)d 条", by=plain(sealed.by), at=at, seq=sealed.seq)
    return f"{told} · {plain(sealed.why, limit=300)}" if sealed.why else told


def _span(report: MonthReport, zone: ZoneInfo) -> str:
    start, end = local(report.period.start_ms, zone), local(report.period.end_ms, zone)
    return f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M} {utc_offset(end)}"


def _rule_row(found: Counted, say: Language) -> RuleRow:
    return RuleRow(
        id=found.policy_id,
        rule=say(RULE[found.rule]),
        rate=percent(found.ratio),
        bounds=bounds(found),
        verdict=found.verdict,
        verdict_word=say(PROMISE[found.verdict]),
        verdict_shape=PROMISE_SHAPE[found.verdict],
    )


def _site_row(site: Rated, other: Rated | None, month: str, say: Language) -> RateRow:
    return rate_row(site, other, say, trend=f"/trend?{urlencode({'site': site.id, 'month': month})}")


def _contractors(report: MonthReport, other: MonthReport | None, say: Language) -> tuple[RateRow, ...]:
    before = {} if other is None else {c.id: c for c in other.contractors}
    rows = (rate_row(c, before.get(c.id), say) for c in sorted(report.contractors, key=worst_first))
    return tuple(rows)


def _cause_row(line: CauseLine, say: Language) -> CauseRow:
    return CauseRow(
        cause=cause_word(line.cause, say),
        count=line.count,
        open=line.open,
        lasted=span_words(line.lasted_ms, say),
        answer=_mean(line.answer_ms, line.answered, say),
        recover=_mean(line.recover_ms, line.recovered, say),
    )


def _mean(ms: int | None, count: int, say: Language) -> str:
    return "–" if ms is None else say("%(span)s（%(n)d 起）", span=span_words(ms, say), n=count)


def _service(report: MonthReport, say: Language) -> tuple[tuple[str, str, str], ...]:
    s = report.service
    return (
        (say("报修"), str(s.faults), say("其中未修复 %(n)d", n=s.open)),
        (say("接单平均"), _mean(s.acceptance.mean_ms, s.acceptance.count, say), say("超时 %(n)d", n=s.late_response)),
        (say("修复平均"), _mean(s.repair.mean_ms, s.repair.count, say), say("超时 %(n)d", n=s.late_repair)),
        (say("返修"), str(s.reopened), ""),
        (say("自行恢复"), str(s.recovered_alone), ""),
    )


def _agreed_row(line: ExcludedLine, zone: ZoneInfo, say: Language) -> AgreedRow:
    return AgreedRow(
        id=plain(line.id),
        kind=say(WINDOW[line.kind]),
        start=f"{local(line.span.start_ms, zone):%m-%d %H:%M}",
        end=f"{local(line.span.end_ms, zone):%m-%d %H:%M}",
        reason=plain(line.reason, limit=300),
        evidence=plain(line.evidence, limit=300),
        approver=plain(line.approver),
        devices=line.devices,
        counts=line.counts,
    )


def _cover_row(line: CoverLine, zone: ZoneInfo, say: Language) -> CoverRow:
    low, high = share(line.lower), share(line.upper)
    judged = cover_verdict(line)
    few, many = f"{line.lower_hours:,.1f}", f"{line.upper_hours:,.1f}"
    return CoverRow(
        name=plain(line.name),
        design=share(line.design),
        mean=low if low == high or high is None else f"{low}–{high}",
        worst=share(line.worst),
        worst_at="" if line.worst_ms is None else f"{local(line.worst_ms, zone):%m-%d %H:%M}",
        hours=few if few == many else f"{few}–{many}",
        verdict=judged,
        verdict_word="" if judged is None else say(PROMISE[judged]),
        verdict_shape="" if judged is None else PROMISE_SHAPE[judged],
    )
