"""Agreed windows for machines: as JSON, and as a calendar. Pure."""

from __future__ import annotations

import json

from camboard.i18n import Language
from camboard.index import Index
from camboard.source import JSON
from camboard.windows.rows import KIND, effects
from camkeeper.model.wire import to_json
from camkeeper.standing.windows import WindowsStanding, WindowView
from camkeeper.window.book import WindowEvent
from camkeeper.window.ics import Entry, write_ics
from camkeeper.window.plan import Document


def standing(value: WindowsStanding) -> dict[str, JSON]:
    """Write what is agreed now, coming and past, and every deed."""
    return {
        "at_ms": value.at_ms,
        "policy": value.policy,
        "unreadable": value.unreadable,
        "now": [_view(v) for v in value.now],
        "coming": [_view(v) for v in value.coming],
        "past": [_view(v) for v in value.past],
        "audit": [_plain(event) for event in value.audit],
    }


def _view(view: WindowView) -> JSON:
    return {
        "id": view.id,
        "plan": view.plan_id,
        "kind": view.kind.value,
        "from_ms": view.span.start_ms,
        "to_ms": view.span.end_ms,
        "reason": view.reason,
        "approver": view.approver,
        "evidence": view.evidence_text if view.evidence is None else _plain(view.evidence),
        "by": view.by,
        "entered_ms": view.entered_ms,
        "late": view.late,
        "rule": view.rule,
        "sites": list(view.site_ids),
        "devices": list(view.device_ids),
        "links": list(view.link_ids),
        "all": view.everything,
        "devices_covered": view.devices,
        "cameras_covered": view.cameras,
        "counted_out_ms": view.counted_out_ms,
        "may_end": view.may_end,
        "may_withdraw": view.may_withdraw,
    }


def _plain(value: WindowEvent | Document) -> JSON:
    out: JSON = json.loads(json.dumps(to_json(value)))
    return out


def calendar(value: WindowsStanding, index: Index, say: Language) -> bytes:
    """Write the feed: one event a window, past ones too, so that a calendar keeps what was."""
    name = f"{index.standing.name} · {say('检修与剔除')}"
    views = (*value.past, *value.now, *value.coming)
    return write_ics([_entry(v, value, say) for v in views], name=name, now_ms=value.at_ms)


def _entry(view: WindowView, value: WindowsStanding, say: Language) -> Entry:
    told = [*effects(view, value.at_ms, say)]
    if view.approver:
        told.append(say("批准：%(who)s", who=view.approver))
    return Entry(
        uid=view.id,
        span=view.span,
        tz=value.tz,
        summary=f"{say(KIND[view.kind])} · {view.reason}",
        description="\n".join(told),
        location=" ".join((*view.site_ids, *view.link_ids, *view.device_ids)),
        categories=(say(KIND[view.kind]),),
        changed_ms=view.span.start_ms if view.entered_ms is None else view.entered_ms,
    )
