"""Reads a calendar that somebody hands in: bounded before it is parsed, every fault told with its event.

Of a calendar only VEVENTs are read. Its own zones are thrown away unread, because a zone's rules are rules too and
would be walked: an event has to name a zone of the IANA database (or Windows' name for one), be in UTC, or float.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import icalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from camkeeper.window.rule import Rule, RuleError, RuleFault, read_rule

MAX_BYTES = 1024 * 1024
MAX_EVENTS = 2_000
_LINE_BREAK = re.compile(r"\r\n|\n|\r")


class IcsFault(StrEnum):
    """Why a calendar, or one event of it, is not taken."""

    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    NOT_A_CALENDAR = "not_a_calendar"
    BAD_START = "bad_start"
    BAD_LENGTH = "bad_length"
    BAD_ZONE = "bad_zone"
    BAD_RULE = "bad_rule"
    NOT_READ = "not_read"  # RDATE, RECURRENCE-ID: said, not guessed


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One fault. `uid` is empty where it is the calendar's own."""

    fault: IcsFault
    uid: str = ""
    detail: str = ""
    rule: RuleFault | None = None
    """With `BAD_RULE`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEvent:
    """A span that was read, one-off or recurring: the times of a `WindowPlan`. Reason and scope are people's to add."""

    uid: str
    summary: str
    description: str
    first: datetime
    """Naive local time."""
    tz: str
    length_ms: int
    rule: Rule | None = None
    but: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What could be read, and what could not."""

    events: tuple[ReadEvent, ...] = ()
    faults: tuple[Told, ...] = ()


class _NotTakenError(Exception):
    def __init__(self, fault: IcsFault, detail: object = "", rule: RuleFault | None = None) -> None:
        self.fault, self.detail, self.rule = fault, str(detail)[:80], rule


def read_ics(data: bytes, *, tz: str) -> Reading:
    """Read a calendar; `tz` is the zone of times that float."""
    if len(data) > MAX_BYTES:
        return Reading(faults=(Told(fault=IcsFault.TOO_LARGE, detail=f"{len(data)} > {MAX_BYTES}"),))
    try:
        blocks = tuple(_event_texts(data.decode("utf-8-sig")))
    except (UnicodeDecodeError, _NotTakenError) as e:
        fault = e.fault if isinstance(e, _NotTakenError) else IcsFault.NOT_A_CALENDAR
        return Reading(faults=(Told(fault=fault, detail=str(getattr(e, "detail", ""))),))
    events: list[ReadEvent] = []
    faults: list[Told] = []
    for block in blocks:
        uid = ""
        try:
            event = _parsed(block)
            uid = str(event.get("uid", ""))[:200]
            events.append(_read(event, uid, tz))
        except _NotTakenError as e:
            faults.append(Told(fault=e.fault, uid=uid, detail=e.detail, rule=e.rule))
    return Reading(events=tuple(events), faults=tuple(faults))


def _event_texts(text: str) -> Iterator[str]:
    """Yield each top VEVENT's own lines, alarms and the like left out."""
    lines = _LINE_BREAK.split(text.strip())
    if lines[0].upper() != "BEGIN:VCALENDAR" or lines[-1].upper() != "END:VCALENDAR":
        raise _NotTakenError(IcsFault.NOT_A_CALENDAR, lines[0])
    path: list[str] = []
    block: list[str] = []
    count = 0
    for line in lines:
        key = line[:64].upper().strip()
        if key.startswith("BEGIN:"):
            path.append(key[6:])
        if path == ["VCALENDAR", "VEVENT"]:
            block.append(line)
        if key.startswith("END:"):
            if not path or path.pop() != key[4:]:
                raise _NotTakenError(IcsFault.NOT_A_CALENDAR, line)
            if path == ["VCALENDAR"] and key == "END:VEVENT":
                count += 1
                if count > MAX_EVENTS:
                    raise _NotTakenError(IcsFault.TOO_MANY, MAX_EVENTS)
                yield "\r\n".join([*block, ""])
                block = []
    if path:
        raise _NotTakenError(IcsFault.NOT_A_CALENDAR, path[-1])


def _parsed(block: str) -> icalendar.Event:
    try:
        event = icalendar.Event.from_ical(block)
    except OSError as e:
        # TZID=Asia is a folder of the zone database: the library opens it.
        raise _NotTakenError(IcsFault.BAD_ZONE) from e
    except (ValueError, IndexError, KeyError) as e:
        raise _NotTakenError(IcsFault.NOT_A_CALENDAR, e) from e
    if not isinstance(event, icalendar.Event):
        raise _NotTakenError(IcsFault.NOT_A_CALENDAR)
    return event


def _read(event: icalendar.Event, uid: str, tz: str) -> ReadEvent:
    for key in ("RDATE", "RECURRENCE-ID", "EXRULE"):
        if key in event:
            raise _NotTakenError(IcsFault.NOT_READ, key)
    first, zone = _start(event, tz)
    return ReadEvent(
        uid=uid,
        summary=str(event.get("summary", ""))[:500],
        description=str(event.get("description", ""))[:2000],
        first=first,
        tz=zone,
        length_ms=_length_ms(event, first, zone),
        rule=_rule(event),
        but=_but(event, zone),
    )


def _start(event: icalendar.Event, tz: str) -> tuple[datetime, str]:
    value = event.get("dtstart")
    at = _time(event, "dtstart")
    if not isinstance(at, date) or not 1970 <= at.year <= 9000:
        raise _NotTakenError(IcsFault.BAD_START, value)
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day), tz  # noqa: DTZ001 (local: a whole day)
    zone = _zone(value, at, tz)
    # A zone of the file's own naming has been thrown away: the local reading stands as it was written.
    local = at.astimezone(ZoneInfo(zone)) if at.tzinfo is not None and zone != "UTC" else at
    if local.second or local.microsecond:
        raise _NotTakenError(IcsFault.BAD_START, local)
    return local.replace(tzinfo=None, fold=0), zone


def _time(event: icalendar.Event, key: str) -> object:
    """Return a property's date, time or length; None where there is none, or more than one, or it can't be read."""
    value = event.get(key)
    return None if value is None or isinstance(value, list | icalendar.vBroken) else getattr(value, "dt", None)


def _zone(value: object, at: datetime, tz: str) -> str:
    named = str(getattr(value, "params", {}).get("TZID", ""))
    if not named:
        return "UTC" if at.tzinfo is not None else tz
    zone = WINDOWS_TO_OLSON.get(named, named)
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise _NotTakenError(IcsFault.BAD_ZONE, named) from e


def _length_ms(event: icalendar.Event, first: datetime, zone: str) -> int:
    end, length = _time(event, "dtend"), _time(event, "duration")
    if isinstance(length, timedelta):
        ms = length // timedelta(milliseconds=1)
    elif isinstance(end, date):
        start = first.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        until = end if isinstance(end, datetime) else datetime(end.year, end.month, end.day)  # noqa: DTZ001 (local)
        aware = until if until.tzinfo is not None else until.replace(tzinfo=ZoneInfo(zone))
        ms = (aware.astimezone(UTC) - start) // timedelta(milliseconds=1)
    elif event.get("dtend") is None and event.get("duration") is None and _is_day(event):
        ms = 86_400_000
    else:
        raise _NotTakenError(IcsFault.BAD_LENGTH)
    if ms <= 0:
        raise _NotTakenError(IcsFault.BAD_LENGTH, ms)
    return ms


def _is_day(event: icalendar.Event) -> bool:
    return not isinstance(_time(event, "dtstart"), datetime)


def _rule(event: icalendar.Event) -> Rule | None:
    value = event.get("rrule")
    if value is None:
        return None
    if isinstance(value, list):
        raise _NotTakenError(IcsFault.NOT_READ, "RRULE x 2")
    try:
        return read_rule(value.to_ical().decode() if hasattr(value, "to_ical") else str(value))
    except RuleError as e:
        raise _NotTakenError(IcsFault.BAD_RULE, e.detail, e.fault) from e


def _but(event: icalendar.Event, zone: str) -> frozenset[date]:
    values = event.get("exdate", [])
    out: set[date] = set()
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, icalendar.vBroken):
            raise _NotTakenError(IcsFault.BAD_START, "EXDATE")
        for one in getattr(value, "dts", ()):
            at = one.dt
            if isinstance(at, datetime):
                at = (at.astimezone(ZoneInfo(zone)) if at.tzinfo is not None else at).date()
            out.add(at)
    return frozenset(out)
