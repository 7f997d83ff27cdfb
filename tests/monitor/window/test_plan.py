"""Agreements: whole or refused with every reason; windows with ids that stay."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from camkeeper.model.contract import WindowKind
from camkeeper.model.span import Span
from camkeeper.model.wire import from_json, to_json
from camkeeper.window.plan import Document, PlanError, PlanFault, WindowPlan
from camkeeper.window.rule import read_rule

HOUR, DAY = 3_600_000, 86_400_000
_TUESDAY = datetime.fromisoformat("2026-10-06T09:00")
_START_MS = 1_791_248_400_000  # the same in Shanghai
_PAPER = Document(name="停电通知.pdf", digest="ab" * 32, size_bytes=1000)


def _plan(**more: Any) -> WindowPlan:
    fields: dict[str, Any] = {
        "id": "w1",
        "kind": WindowKind.MAINTENANCE,
        "first": _TUESDAY,
        "tz": "Asia/Shanghai",
        "length_ms": 2 * HOUR,
        "rule": read_rule("FREQ=WEEKLY"),
        "reason": "例行保养",
        "agreed_ms": _START_MS - DAY,
        "link_ids": frozenset({"sw-03"}),
    }
    return WindowPlan(**fields | more)


_EXCLUSION = {
    "kind": WindowKind.EXCLUSION,
    "evidence": _PAPER,
    "approver": "镇综治中心",
    "until_ms": _START_MS + 30 * DAY,
}


@pytest.mark.parametrize(
    ("more", "faults"),
    [
        ({"reason": " "}, {PlanFault.NO_REASON}),
        ({"link_ids": frozenset()}, {PlanFault.NO_SCOPE}),
        ({"length_ms": 0}, {PlanFault.LENGTH}),
        ({"length_ms": 40 * DAY}, {PlanFault.LENGTH}),
        ({"length_ms": 8 * DAY}, {PlanFault.OVERLAPS}),
        ({"tz": "Moon/Base"}, {PlanFault.BAD_ZONE}),
        ({"tz": "Asia"}, {PlanFault.BAD_ZONE}),
        (
            {"length_ms": 60_000, "rule": read_rule("FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))))},
            {PlanFault.TOO_MANY},
        ),
        (
            {"length_ms": 30 * HOUR, "rule": read_rule("FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1,2")},
            {PlanFault.OVERLAPS},
        ),
        ({"first": _TUESDAY.replace(second=5)}, {PlanFault.BAD_TIME}),
        (
            {"kind": WindowKind.EXCLUSION, "reason": ""},
            {PlanFault.NO_REASON, PlanFault.NO_EVIDENCE, PlanFault.NO_APPROVER, PlanFault.NO_LIMIT},
        ),
        (_EXCLUSION | {"until_ms": None}, {PlanFault.NO_LIMIT}),
        (_EXCLUSION | {"evidence": replace(_PAPER, digest="")}, {PlanFault.NO_EVIDENCE}),
    ],
)
def test_every_fault_at_once(more: dict[str, Any], faults: set[PlanFault]) -> None:
    with pytest.raises(PlanError) as told:
        _plan(**more)
    assert set(told.value.faults) == faults


def test_windows_are_the_same_in_every_period() -> None:
    plan = _plan(**_EXCLUSION)
    month = plan.windows(Span(start_ms=_START_MS, end_ms=_START_MS + 28 * DAY))
    assert [w.id for w in month] == [f"w1@2026-10-{d:02d}T09:00" for d in (6, 13, 20, 27)]
    assert month[1].span == Span(start_ms=_START_MS + 7 * DAY, end_ms=_START_MS + 7 * DAY + 2 * HOUR)
    assert month[0].evidence == f"停电通知.pdf sha256:{'ab' * 32}"
    assert (month[0].approver, month[0].link_ids) == ("镇综治中心", frozenset({"sw-03"}))
    # A period that begins in the middle of a window has the whole of it: the accounting cuts, not the agreement.
    later = plan.windows(Span(start_ms=_START_MS + 7 * DAY + HOUR, end_ms=_START_MS + 8 * DAY))
    assert later == (month[1],)


def test_one_off_has_the_plans_own_id() -> None:
    (window,) = _plan(rule=None).windows(Span(start_ms=0, end_ms=_START_MS + DAY))
    assert (window.id, window.span.start_ms) == ("w1", _START_MS)


def test_revoked_is_over_at_once_and_what_was_stays() -> None:
    plan = _plan().ended(_START_MS + 7 * DAY + HOUR)
    assert plan.ended(_START_MS + 90 * DAY) == plan
    windows = plan.windows(Span(start_ms=_START_MS, end_ms=_START_MS + 90 * DAY))
    assert [w.span.length_ms for w in windows] == [2 * HOUR, HOUR]


def test_kept_as_json() -> None:
    plan = _plan(**_EXCLUSION, but=frozenset({_TUESDAY.date()}))
    assert from_json(WindowPlan, json.loads(json.dumps(to_json(plan)))) == plan
