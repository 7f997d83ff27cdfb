"""Calendars out: lines, zones and lengths as RFC 5545 wants them. Calendars in: bounded, told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camkeeper.model.span import Span
from camkeeper.window.ics import Entry, write_ics
from camkeeper.window.ics_read import MAX_BYTES, IcsFault, Reading, read_ics
from camkeeper.window.occur import expand
from camkeeper.window.rule import RuleFault

HOUR, DAY = 3_600_000, 86_400_000
T0 = 1_791_248_400_000  # 2026-10-06 09:00 in Shanghai


def _entry(**more: Any) -> Entry:
    fields: dict[str, Any] = {
        "uid": "w1@2026-10-06T09:00",
        "span": Span(start_ms=T0, end_ms=T0 + 2 * HOUR),
        "tz": "Asia/Shanghai",
        "summary": "维护",
        "changed_ms": T0,
    }
    return Entry(**fields | more)


@settings(max_examples=60)
@given(
    st.text(min_size=1, max_size=200),
    st.text(max_size=400),
    st.integers(T0 - 400 * DAY, T0 + 400 * DAY).map(lambda ms: ms // 60_000 * 60_000),
    st.integers(1, 60 * 24 * 31),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe"]),
)
def test_any_text_and_time_comes_back(summary: str, told: str, start_ms: int, length_min: int, tz: str) -> None:
    span = Span(start_ms=start_ms, end_ms=start_ms + length_min * 60_000)
    entry = _entry(summary=summary, description=told, span=span, tz=tz, categories=("a,b", "免责"))
    data = write_ics([entry], name="大郭镇", now_ms=T0)
    lines = data.split(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in lines)
    assert not any(ord(c) < 32 and c not in "\r\n\t" for c in data.decode())
    (event,) = icalendar.Calendar.from_ical(data).walk("VEVENT")
    length = event.get("duration").dt
    assert length == timedelta(minutes=length_min)
    begun = event.get("dtstart").dt.astimezone(UTC)
    second_of_two = begun.timestamp() * 1000 != start_ms
    # A start in the second of two equal hours can't be told by local time; agreements never have one.
    assert not second_of_two or tz != "Asia/Shanghai"


def test_a_feed_carries_its_zones_and_elapsed_lengths() -> None:
    # 27 h over the night of 25 hours: a DURATION of P1DT3H would be an hour longer.
    start_ms = int(datetime(2026, 10, 24, 20, 0, tzinfo=UTC).timestamp()) * 1000
    long = _entry(uid="x", span=Span(start_ms=start_ms, end_ms=start_ms + 27 * HOUR), tz="Europe/Berlin")
    text = write_ics([_entry(), long], name="大郭镇 维护", now_ms=T0).decode()
    for line in (
        "BEGIN:VTIMEZONE",
        "TZID:Asia/Shanghai",
        "TZID:Europe/Berlin",
        "DTSTART;TZID=Asia/Shanghai:20261006T090000",
        "DURATION:PT2H",
        "DURATION:PT27H",
        "UID:w1@2026-10-06T09:00@camkeeper",
        "X-WR-CALNAME:大郭镇 维护",
    ):
        assert f"{line}\r\n" in text
    assert write_ics([long, _entry()], name="大郭镇 维护", now_ms=T0).decode() == text
    assert b"VEVENT" not in write_ics([], name="空", now_ms=T0)


def test_direction_tricks_stay_out() -> None:
    data = write_ics([_entry(summary="北杆\u202e1.2.3\x07\u200b")], name="x", now_ms=T0).decode()
    assert "SUMMARY:北杆1.2.3\r\n" in data


def _ics(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""]).encode()


def _event(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VEVENT", "UID:u1", "SUMMARY:停电", *lines, "END:VEVENT")


_AT = "DTSTART;TZID=Asia/Shanghai:20261006T090000"


def test_what_a_phone_exports_is_read() -> None:
    alarm = ("BEGIN:VALARM", "DURATION:PT1M", "TRIGGER:-PT10M", "END:VALARM")
    data = _ics(*_event(_AT, "DTEND;TZID=Asia/Shanghai:20261006T113000", "RRULE:FREQ=WEEKLY;BYDAY=TU", *alarm))
    (read,) = read_ics(data, tz="Europe/Berlin").events
    assert (read.uid, read.summary, read.tz) == ("u1", "停电", "Asia/Shanghai")
    assert (read.first.isoformat(), read.length_ms) == ("2026-10-06T09:00:00", 150 * 60_000)
    assert str(read.rule) == "FREQ=WEEKLY;BYDAY=TU"


@pytest.mark.parametrize(
    ("lines", "first", "tz", "length_ms"),
    [
        (("DTSTART:20261006T010000Z", "DURATION:PT2H"), "2026-10-06T01:00:00", "UTC", 2 * HOUR),
        (("DTSTART:20261006T090000", "DURATION:PT90M"), "2026-10-06T09:00:00", "Asia/Shanghai", 90 * 60_000),
        (("DTSTART;VALUE=DATE:20261006",), "2026-10-06T00:00:00", "Asia/Shanghai", DAY),
        (
            ("DTSTART;VALUE=DATE:20261006", "DTEND;VALUE=DATE:20261008"),
            "2026-10-06T00:00:00",
            "Asia/Shanghai",
            2 * DAY,
        ),
        (
            ("DTSTART;TZID=China Standard Time:20261006T090000", "DURATION:PT1H"),
            "2026-10-06T09:00:00",
            "Asia/Shanghai",
            HOUR,
        ),
        (
            ("DTSTART;TZID=Europe/Berlin:20261024T220000", "DTEND:20261025T230000Z"),
            "2026-10-24T22:00:00",
            "Europe/Berlin",
            27 * HOUR,
        ),
    ],
)
def test_times_in_every_form(lines: tuple[str, ...], first: str, tz: str, length_ms: int) -> None:
    reading = read_ics(_ics(*_event(*lines)), tz="Asia/Shanghai")
    assert not reading.faults
    (read,) = reading.events
    assert (read.first.isoformat(), read.tz, read.length_ms) == (first, tz, length_ms)


@pytest.mark.parametrize(
    ("lines", "fault", "rule"),
    [
        ((_AT, "DURATION:PT1H", "RRULE:FREQ=SECONDLY"), IcsFault.BAD_RULE, RuleFault.TOO_OFTEN),
        ((_AT, "DURATION:PT1H", "RRULE:FREQ=DAILY;INTERVAL=0"), IcsFault.BAD_RULE, RuleFault.BAD_VALUE),
        ((_AT, "DURATION:PT1H", "RRULE:FREQ=WAT"), IcsFault.BAD_RULE, RuleFault.BAD_VALUE),
        ((_AT, "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=" + "9" * 5000), IcsFault.BAD_RULE, None),
        ((_AT, "DURATION:PT1H", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), IcsFault.NOT_READ, None),
        ((_AT, "DURATION:PT1H", "RDATE:20261007T090000Z"), IcsFault.NOT_READ, None),
        ((_AT,), IcsFault.BAD_LENGTH, None),
        ((_AT, "DURATION:-PT1H"), IcsFault.BAD_LENGTH, None),
        ((_AT, "DURATION:P999999999999999999D"), IcsFault.BAD_LENGTH, None),
        ((_AT, "DTEND;TZID=Asia/Shanghai:20261006T080000"), IcsFault.BAD_LENGTH, None),
        (("DTSTART:99999999", "DURATION:PT1H"), IcsFault.BAD_START, None),
        (("DTSTART;TZID=Asia/Shanghai:20261006T090001", "DURATION:PT1H"), IcsFault.BAD_START, None),
        (("DURATION:PT1H",), IcsFault.BAD_START, None),
        (("DTSTART;TZID=Moon/Base:20261006T090000", "DURATION:PT1H"), IcsFault.BAD_ZONE, None),
        (("DTSTART;TZID=../../etc/passwd:20261006T090000", "DURATION:PT1H"), IcsFault.BAD_ZONE, None),
        (("DTSTART;TZID=Asia:20261006T090000", "DURATION:PT1H"), IcsFault.BAD_ZONE, None),
    ],
)
def test_a_hostile_event_is_told_and_its_neighbour_is_read(
    lines: tuple[str, ...], fault: IcsFault, rule: RuleFault | None
) -> None:
    reading = read_ics(_ics(*_event(*lines), *_event(_AT, "DURATION:PT1H")), tz="Asia/Shanghai")
    assert len(reading.events) == 1
    (told,) = reading.faults
    assert told.fault is fault
    assert rule is None or told.rule is rule
    assert len(told.detail) <= 80


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", IcsFault.NOT_A_CALENDAR),
        (b"\xff\xfe\x00", IcsFault.NOT_A_CALENDAR),
        (b"BEGIN:VCALENDAR\r\n" * 5000, IcsFault.NOT_A_CALENDAR),
        (b"BEGIN:VCALENDAR\nEND:VEVENT\nEND:VCALENDAR", IcsFault.NOT_A_CALENDAR),
        (_ics("BEGIN:VEVENT"), IcsFault.NOT_A_CALENDAR),
        (_ics(*_event(_AT, "DURATION:PT1H") * 2001), IcsFault.TOO_MANY),
        (b"x" * (MAX_BYTES + 1), IcsFault.TOO_LARGE),
    ],
)
def test_what_is_no_calendar_is_told(data: bytes, fault: IcsFault) -> None:
    reading = read_ics(data, tz="Asia/Shanghai")
    assert not reading.events
    assert reading.faults[0].fault is fault


def test_a_calendars_own_zone_is_never_walked() -> None:
    zone = ("BEGIN:VTIMEZONE", "TZID:Evil", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0000")
    rule = ("TZOFFSETTO:+0000", "RRULE:FREQ=SECONDLY", "END:STANDARD", "END:VTIMEZONE")
    reading = read_ics(_ics(*zone, *rule, *_event("DTSTART;TZID=Evil:20261006T090000", "DURATION:PT1H")), tz="UTC")
    assert [t.fault for t in reading.faults] == [IcsFault.BAD_ZONE]


@given(st.lists(st.one_of(st.sampled_from([*_event(_AT, "DURATION:PT1H"), "RRULE:FREQ=DAILY"]), st.text(max_size=60))))
def test_any_lines_have_an_answer(lines: list[str]) -> None:
    assert isinstance(read_ics(_ics(*lines), tz="Asia/Shanghai"), Reading)
    assert isinstance(read_ics(_ics(*_event(*lines)), tz="Asia/Shanghai"), Reading)


def test_what_we_write_we_read() -> None:
    (read,) = read_ics(
        write_ics([_entry(description=json.dumps({"a": "b;c,d\\n"}))], name="x", now_ms=T0), tz="UTC"
    ).events
    (again,) = expand(
        first=read.first, tz=read.tz, length_ms=read.length_ms, period=Span(start_ms=0, end_ms=T0 + DAY)
    ).occurrences
    assert again.span == _entry().span
    assert json.loads(read.description) == {"a": "b;c,d\\n"}
