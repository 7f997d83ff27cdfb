"""A calendar that phones and desks can subscribe to (RFC 5545): windows and inspections, one event an occurrence.

Occurrences are written one by one and not as rules: calendars differ in what they make of a rule on the night when the
clocks change, and the feed has to say what is accounted. Each has its start in the local zone, which the calendar
carries along, and its elapsed length.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar

from camkeeper.model.span import Span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_TEXT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event of a feed."""

    uid: str
    """Stable: a calendar replaces the event that has it."""
    span: Span
    tz: str
    summary: str
    description: str = ""
    location: str = ""
    categories: tuple[str, ...] = ()
    changed_ms: int
    """When what it tells was last changed."""


def write_ics(entries: Iterable[Entry], *, name: str, now_ms: int) -> bytes:
    """Return a calendar as UTF-8 with CRLF, lines folded at 75 bytes, text escaped.

    Control and direction characters are taken out: a device's name must not turn a line around.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//camkeeper//camkeeper//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _clean(name))
    shown = sorted(entries, key=lambda e: (e.span, e.uid))
    for entry in shown:
        calendar.add_component(_event(entry, now_ms))
    if shown:
        first, last = _years(shown)
        calendar.add_missing_timezones(first_date=first, last_date=last)
    out: bytes = calendar.to_ical()
    return out


def _event(entry: Entry, now_ms: int) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{_clean(entry.uid)}@camkeeper")
    event.add("dtstamp", _utc(now_ms).replace(microsecond=0))
    event.add("last-modified", _utc(entry.changed_ms).replace(microsecond=0))
    event.add("dtstart", _utc(entry.span.start_ms).astimezone(ZoneInfo(entry.tz)).replace(microsecond=0))
    # In hours and below: a day of DURATION is a calendar's day, of 23 or 25 hours where the clocks change.
    event["duration"] = icalendar.vText(_elapsed(entry.span.length_ms))
    event.add("summary", _clean(entry.summary))
    for key, text in (("description", entry.description), ("location", entry.location)):
        if text:
            event.add(key, _clean(text))
    if entry.categories:
        event.add("categories", [_clean(c) for c in entry.categories])
    event.add("transp", "TRANSPARENT")
    return event


def _elapsed(length_ms: int) -> str:
    minutes, seconds = divmod(max(1, length_ms // 1000), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "H"), (minutes, "M"), (seconds, "S")]
    return "PT" + "".join(f"{n}{unit}" for n, unit in parts if n)


def _years(entries: Sequence[Entry]) -> tuple[date, date]:
    """Return the years that the zones have to be right for."""
    first = _utc(entries[0].span.start_ms) - timedelta(days=1)
    last = _utc(max(e.span.end_ms for e in entries)) + timedelta(days=1)
    return date(first.year, 1, 1), date(last.year + 1, 1, 1)


def _utc(at_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at_ms)


def _clean(text: str) -> str:
    kept = (c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return "".join(kept)[:_MAX_TEXT]
