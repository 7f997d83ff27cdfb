"""`digests`: the letter of each day and of each week, and to whom they go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from camkeeper.config import scalars as s
from camkeeper.config.entry import Entry
from camkeeper.config.fault import shown, shown_zh
from camkeeper.config.findings import Findings
from camkeeper.config.scalars import refuse
from camkeeper.model.channel import Language
from camkeeper.model.digest import DigestKind, DigestPolicy, DigestRule

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _weekday(value: Any) -> int:
    if not isinstance(value, str) or value not in _DAYS:
        listed = " ".join(_DAYS)
        raise refuse(
            zh=f"应为下列之一：{listed}；不是{shown_zh(value)}", en=f"wants one of: {listed}; not {shown(value)}"
        )
    return _DAYS.index(value)


Weekday = Annotated[int, BeforeValidator(_weekday)]


class DailyEntry(Entry):
    """A letter each day, of the day before."""

    at: s.TimeOfDay = "08:00"
    to: tuple[s.Id, ...]
    language: Language | None = None
    always: s.Flag = False

    @model_validator(mode="after")
    def _somebody_reads_it(self) -> DailyEntry:
        if not self.to or len(set(self.to)) != len(self.to):
            raise refuse(zh="至少一个通道，不重复", en="wants one channel at least, each once", key="to")
        return self


class WeeklyEntry(DailyEntry):
    """A letter each week, of the seven days before."""

    on: Weekday = 0


class DigestsEntry(Entry):
    """Both."""

    daily: DailyEntry | None = None
    weekly: WeeklyEntry | None = None


def check(e: DigestsEntry, root: Mapping[str, Any], findings: Findings) -> None:
    """Add the faults of channels that are not in the file."""
    listed = root.get("channels")
    if not isinstance(listed, list | None):
        return  # told already
    there = tuple(str(one["id"]) for one in listed or () if isinstance(one, dict) and "id" in one)
    for key, rule in (("daily", e.daily), ("weekly", e.weekly)):
        for place, channel_id in enumerate(() if rule is None else rule.to):
            if channel_id not in there:
                findings.unknown_id(("digests", key, "to", place), channel_id, there, zh="通道", en="channel")


def policy(e: DigestsEntry, tz: str) -> DigestPolicy:
    """Return the letters; their times are of the zone `tz`."""
    rules = []
    if e.daily is not None:
        rules.append(_rule(DigestKind.DAY, e.daily))
    if e.weekly is not None:
        rules.append(_rule(DigestKind.WEEK, e.weekly, weekday=e.weekly.on))
    return DigestPolicy(rules=tuple(rules), timezone=tz)


def _rule(kind: DigestKind, e: DailyEntry, *, weekday: int = 0) -> DigestRule:
    hours, minutes = e.at.split(":")
    return DigestRule(
        kind=kind,
        minute=int(hours) * 60 + int(minutes),
        channel_ids=e.to,
        weekday=weekday,
        language=e.language,
        always=e.always,
    )
