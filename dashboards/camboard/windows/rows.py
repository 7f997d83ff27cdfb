"""Agreed windows as rows, each with what it does. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from camboard.i18n import Language, span_words
from camboard.index import Index
from camboard.rows import site_name
from camboard.text import clock_time, local, plain
from camboard.words import mark
from camkeeper.model.contract import WindowKind
from camkeeper.standing.windows import WindowsStanding, WindowView
from camkeeper.window.book import Deed, WindowEvent

AUDIT_SHOWN = 100
_NAMES_SHOWN = 3
_HOUR_MS = 3_600_000
KIND = {WindowKind.MAINTENANCE: mark("检修"), WindowKind.EXCLUSION: mark("剔除")}
SHAPE = {WindowKind.MAINTENANCE: "◆", WindowKind.EXCLUSION: "◇"}
DEED = {
    Deed.PLANNED: mark("登记"),
    Deed.APPROVED: mark("批准"),
    Deed.ENDED: mark("提前结束"),
    Deed.WITHDRAWN: mark("已撤回"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRow:
    """One window."""

    id: str
    plan_id: str
    address: str
    """Where its end and its withdrawal are sent."""
    kind: str
    shape: str
    when: str
    length: str
    rule: str
    scope: str
    devices: str
    reason: str
    approver: str
    evidence: str
    evidence_address: str
    entered: str
    late: bool
    effects: tuple[str, ...]
    may_end: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One deed."""

    at: str
    plan_id: str
    deed: str
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowList:
    """The page of agreed windows."""

    at: str
    summary: str
    policy: str
    now: tuple[WindowRow, ...]
    coming: tuple[WindowRow, ...]
    past: tuple[WindowRow, ...]
    audit: tuple[AuditRow, ...]
    audit_total: int
    unreadable: bool


def window_list(standing: WindowsStanding, index: Index, at: str, say: Language) -> WindowList:
    """Write the page for one reader. The first row of a plan has its buttons."""
    zone, seen = ZoneInfo(standing.tz), set[str]()

    def rows(views: tuple[WindowView, ...]) -> tuple[WindowRow, ...]:
        out = []
        for view in views:
            out.append(_row(view, index, standing.at_ms, zone, say, acts=view.plan_id not in seen))
            seen.add(view.plan_id)
        return tuple(out)

    now, coming, past = rows(standing.now), rows(standing.coming), rows(standing.past)
    return WindowList(
        at=at,
        summary=say("正在检修或剔除 %(n)d 项，将来 %(m)d 项", n=len(now), m=len(coming)),
        policy=plain(standing.policy),
        now=now,
        coming=coming,
        past=past,
        audit=tuple(_audit(event, zone, say) for event in standing.audit[:AUDIT_SHOWN]),
        audit_total=len(standing.audit),
        unreadable=standing.unreadable,
    )


def _row(view: WindowView, index: Index, now_ms: int, zone: ZoneInfo, say: Language, *, acts: bool) -> WindowRow:
    document = view.evidence
    entered = "" if view.entered_ms is None else f"{plain(view.by)} {clock_time(view.entered_ms, now_ms, zone)}"
    return WindowRow(
        id=view.id,
        plan_id=view.plan_id,
        address=f"/windows/{quote(view.plan_id, safe='')}",
        kind=say(KIND[view.kind]),
        shape=SHAPE[view.kind],
        when=f"{_stamp(view.span.start_ms, zone)} – {_stamp(view.span.end_ms, zone)}",
        length=span_words(view.span.length_ms, say),
        rule=rule_words(view.rule, say),
        scope=_scope(view, index, say),
        devices=say("%(n)d 台设备，其中摄像机 %(m)d 台", n=view.devices, m=view.cameras),
        reason=plain(view.reason, limit=500),
        approver=plain(view.approver),
        evidence=plain(document.name if document is not None else view.evidence_text),
        evidence_address=f"/windows/evidence/{document.digest}" if document is not None else "",
        entered=entered,
        late=view.late,
        effects=effects(view, now_ms, say),
        may_end=view.may_end and acts,
        may_withdraw=view.may_withdraw and acts,
    )


def effects(view: WindowView, now_ms: int, say: Language) -> tuple[str, ...]:
    """Return what a window does, in sentences: for people who must see what they agree to."""
    over, begun = view.span.end_ms <= now_ms, view.span.start_ms <= now_ms
    silent = [] if over or (view.late and not begun) else [say("期间不发告警，探测照常")]
    if over and not view.late:
        silent = [say("期间没有发告警，探测照常")]
    hours = view.counted_out_ms // _HOUR_MS, view.counted_out_ms % _HOUR_MS * 10 // _HOUR_MS
    counted = (
        say("%(n)s 摄像机小时不计入考核", n=f"{hours[0]}.{hours[1]}") if view.counted_out_ms else say("照常计入考核")
    )
    return (*silent, counted)


def rule_words(rule: str, say: Language) -> str:
    """Return a rule for people where it is one of the usual ones, else as it is written."""
    usual = {
        "FREQ=DAILY": say("每天"),
        "FREQ=WEEKLY": say("每周"),
        "FREQ=WEEKLY;INTERVAL=2": say("每两周"),
        "FREQ=MONTHLY": say("每月"),
    }
    return usual.get(rule, plain(rule))


def _scope(view: WindowView, index: Index, say: Language) -> str:
    if view.everything:
        return say("全部设备")
    sites = [site_name(index.site_by_id[i], say) if i in index.site_by_id else plain(i) for i in view.site_ids]
    devices = [plain(index.device_by_id[i].name) if i in index.device_by_id else plain(i) for i in view.device_ids]
    names = [*sites, *(plain(i) for i in view.link_ids), *devices]
    shown = " · ".join(names[:_NAMES_SHOWN])
    return say("%(names)s 等 %(n)d 处", names=shown, n=len(names)) if len(names) > _NAMES_SHOWN else shown


def _audit(event: WindowEvent, zone: ZoneInfo, say: Language) -> AuditRow:
    text = event.text
    if event.deed is Deed.APPROVED:
        text = say("由%(by)s登记", by=event.text)
    elif event.plan is not None:
        text = f"{say(KIND[event.plan.kind])} · {event.plan.reason}"
    return AuditRow(
        at=_stamp(event.at_ms, zone),
        plan_id=plain(event.plan_id),
        deed=say(DEED[event.deed]),
        by=plain(event.by),
        text=plain(text, limit=500),
    )


def _stamp(at_ms: int, zone: ZoneInfo) -> str:
    return local(at_ms, zone).strftime("%Y-%m-%d %H:%M")
