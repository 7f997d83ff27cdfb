"""Agreed windows on a terminal, as JSON and as a calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.table import Table

from camkeeper.cli.say import tell, wide_console
from camkeeper.model.contract import WindowKind
from camkeeper.model.letter import JSON
from camkeeper.model.wire import to_json
from camkeeper.standing.windows import WindowsStanding, WindowView
from camkeeper.window.ics import Entry, write_ics
from camkeeper.window.words import DEED

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_MS = 3_600_000
KIND = {WindowKind.MAINTENANCE: "检修 maintenance", WindowKind.EXCLUSION: "剔除 exclusion"}


def as_values(standing: WindowsStanding, *, audit: bool) -> JSON:
    """Return it as JSON values: the windows, or every deed."""
    if audit:
        return [to_json(event) for event in standing.audit]
    return {
        "policy": standing.policy,
        "now": [to_json(view) for view in standing.now],
        "coming": [to_json(view) for view in standing.coming],
        "past": [to_json(view) for view in standing.past],
    }


def show(standing: WindowsStanding) -> None:
    """Print the windows, those of now first."""
    parts = (("正在 now", standing.now), ("将来 coming", standing.coming), ("过去 past", standing.past))
    if not any(views for _, views in parts):
        tell("没有检修或剔除", "nothing is agreed")
        return
    table = Table()
    for heading in ("", "编号\nid", "种类\nkind", "时段（当地）\nwhen", "范围\nscope", "事由\nreason", "作用\neffect"):
        table.add_column(heading)
    for word, views in parts:
        for view in views:
            scope = "全部 all" if view.everything else " ".join((*view.site_ids, *view.link_ids, *view.device_ids))
            table.add_row(
                word,
                view.id,
                KIND[view.kind] + ("\n事后补录 after the fact" if view.late else ""),
                f"{_at(view.span.start_ms, standing.tz)}\n{_at(view.span.end_ms, standing.tz)}",
                f"{scope}\n{view.devices} 台",
                view.reason + (f"\n批准 {view.approver}" if view.approver else ""),
                effect(view, standing.policy),
            )
    wide_console().print(table)


def show_audit(standing: WindowsStanding) -> None:
    """Print every deed, newest first."""
    if not standing.audit:
        tell("还没有人登记过", "nobody entered anything yet")
        return
    table = Table()
    for heading in (
        "登记时间\nentered",
        "编号\nid",
        "做了什么\ndeed",
        "谁\nwho",
        "说明\nwhy",
        "依据 SHA-256\nevidence",
    ):
        table.add_column(heading)
    for event in standing.audit:
        plan = event.plan
        table.add_row(
            _at(event.at_ms, standing.tz),
            event.plan_id,
            " ".join(DEED[event.deed]),
            event.by,
            f"{KIND[plan.kind]}：{plan.reason}" if plan is not None else event.text,
            plan.evidence.digest if plan is not None and plan.evidence is not None else "-",
        )
    wide_console().print(table)


def effect(view: WindowView, policy: str) -> str:
    """Return what a window does."""
    hours = f"{view.counted_out_ms / _HOUR_MS:.1f}"
    if not view.counted_out_ms:
        return "不发告警；照常计入考核\nno alerts; counts as usual"
    return f"不发告警；{hours} 摄像机小时不计入（{policy}）\nno alerts; {hours} camera-hours left out"


def calendar(standing: WindowsStanding) -> bytes:
    """Return it as a calendar."""
    views = (*standing.past, *standing.now, *standing.coming)
    entries = [
        Entry(
            uid=view.id,
            span=view.span,
            tz=standing.tz,
            summary=f"{KIND[view.kind]} · {view.reason}",
            description=effect(view, standing.policy),
            location=" ".join((*view.site_ids, *view.link_ids, *view.device_ids)),
            categories=(view.kind.value,),
            changed_ms=view.span.start_ms if view.entered_ms is None else view.entered_ms,
        )
        for view in views
    ]
    return write_ics(entries, name="camkeeper", now_ms=standing.at_ms)


def _at(at_ms: int, tz: str) -> str:
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(tz)).strftime("%Y-%m-%d %H:%M")
