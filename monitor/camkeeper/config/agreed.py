"""`windows` that come again: a rule beside the first span. Times are those of the township's zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from camkeeper.config.findings import Findings
from camkeeper.config.schema import WindowEntry
from camkeeper.window.plan import PlanError, WindowPlan
from camkeeper.window.rule import read_rule
from camkeeper.window.words import PLAN_FAULT

_FIRST_MS = 1_420_070_400_000
"""2015: a plan is walked from its first time on, and that has an end."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def check(entries: Mapping[int, WindowEntry], tz: str, findings: Findings) -> None:
    """Add the faults of plans that cannot be kept: too long, overlapping, too many in a year."""
    for place, entry in entries.items():
        if entry.rule is None:
            continue
        if entry.start < _FIRST_MS:
            findings.fault(
                ("windows", place, "start"), zh="重复时段不能始于 2015 年以前", en="a rule begins in 2015 or later"
            )
            continue
        try:
            plan(entry, tz)
        except PlanError as error:
            for fault in error.faults:
                zh, en = PLAN_FAULT[fault]
                findings.fault(("windows", place, "rule"), zh=zh, en=en)


def plan(e: WindowEntry, tz: str) -> WindowPlan:
    """Return the plan; PlanError where it is none."""
    return WindowPlan(
        id=e.id,
        kind=e.kind,
        first=(_EPOCH + timedelta(milliseconds=e.start)).astimezone(ZoneInfo(tz)).replace(tzinfo=None),
        tz=tz,
        length_ms=e.end - e.start,
        rule=read_rule(e.rule or ""),
        until_ms=e.until,
        reason=e.reason,
        approver=e.approver or "",
        agreed_ms=e.start,
        site_ids=frozenset(e.sites),
        device_ids=frozenset(e.devices),
        link_ids=frozenset(e.links),
        everything=not (e.sites or e.devices or e.links),
    )


def plans(entries: Iterable[WindowEntry], tz: str) -> tuple[WindowPlan, ...]:
    """Return the plans among the entries."""
    return tuple(plan(e, tz) for e in entries if e.rule is not None)
