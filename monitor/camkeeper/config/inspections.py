"""`inspections`: rounds 巡检 that the calendar opens as work orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from camkeeper.config import scalars as s
from camkeeper.config.entry import Entry
from camkeeper.config.fault import shown, shown_zh
from camkeeper.config.scalars import refuse
from camkeeper.model.inspection import Inspection
from camkeeper.window.rule import RuleError, read_rule

_DAY_MS = 86_400_000
_FIRST_YEAR, _LAST_YEAR = 1970, 9000


def _every(value: Any) -> str:
    """Days between two rounds, or an RRULE; returns the RRULE."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and 1 <= int(value) <= 1000:
        return f"FREQ=DAILY;INTERVAL={int(value)}"
    try:
        return str(read_rule(value)) if isinstance(value, str) else _every("")
    except RuleError as error:
        raise refuse(
            zh=f"应为相隔天数，或 FREQ=MONTHLY;BYDAY=1MO 样式的规则，不是{shown_zh(value)}（{error.fault}）",
            en=f"wants days between two rounds, or a rule as FREQ=MONTHLY;BYDAY=1MO, not {shown(value)} ({error})",
        ) from None


def _local(value: Any) -> datetime:
    """Local time without an offset, to the minute."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None or at.second or at.microsecond or not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise refuse(
            zh=f"应为 2026-10-05T08:30 样式的当地时间（不带时区），不是{shown_zh(value)}",
            en=f"wants a local time as 2026-10-05T08:30, without an offset, not {shown(value)}",
        )
    return at


Every = Annotated[str, BeforeValidator(_every)]
LocalTime = Annotated[datetime, BeforeValidator(_local)]
DaysWithin = Annotated[int, BeforeValidator(s.whole(1, 366))]


class InspectionEntry(Entry):
    """A round as agreed."""

    id: s.Id
    name: s.Text
    sites: tuple[s.Id, ...] = ()
    devices: tuple[s.Id, ...] = ()
    contractor: s.Id | None = None
    every: Every
    first: LocalTime
    within_days: DaysWithin = 3
    items: tuple[s.Text, ...] = ()

    @model_validator(mode="after")
    def _goes_somewhere(self) -> InspectionEntry:
        if not self.sites and not self.devices:
            raise refuse(zh="须写明 sites 或 devices", en="wants sites or devices", key="sites")
        if len(set(self.items)) != len(self.items):
            raise refuse(zh="检查项不能重复", en="an item stands twice", key="items")
        return self


def inspection(e: InspectionEntry, site_of: Mapping[str, str], tz: str) -> Inspection:
    """Return the round. `site_of`: device id -> its site; times are of the zone `tz`."""
    sites = dict.fromkeys((*e.sites, *(site_of[i] for i in e.devices)))
    return Inspection(
        id=e.id,
        name=e.name,
        site_ids=tuple(sites),
        device_ids=e.devices,
        contractor_id=e.contractor or "",
        first=e.first,
        tz=tz,
        rule=e.every,
        within_ms=e.within_days * _DAY_MS,
        items=e.items,
    )
