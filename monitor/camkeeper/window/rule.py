"""A recurrence rule (RFC 5545 RRULE) read from anybody's text: bounded, or refused with a named reason.

Rounds and windows come daily to yearly. What comes by the hour or by the second is nobody's maintenance and can keep a
machine busy for ever; so does an interval of zero, which the library would take.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")
MAX_TEXT = 512
MAX_COUNT = 10_000
MAX_INTERVAL = 1_000
MAX_TIMES_A_DAY = 24
MAX_LIST = 128


class RuleFault(StrEnum):
    """Why a rule is not taken."""

    TOO_LONG = "too_long"
    NOT_A_RULE = "not_a_rule"
    TWICE = "twice"
    UNKNOWN_PART = "unknown_part"
    NO_FREQUENCY = "no_frequency"
    TOO_OFTEN = "too_often"
    BAD_VALUE = "bad_value"
    COUNT_AND_UNTIL = "count_and_until"


class RuleError(ValueError):
    """A rule that is not taken: `fault` says why, `detail` what of it."""

    def __init__(self, fault: RuleFault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault, self.detail = fault, detail


class Frequency(StrEnum):
    """How often at most."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekday:
    """`2TU`: the second Tuesday; `nth` 0: every one."""

    day: int
    """0 is Monday."""
    nth: int = 0

    def __str__(self) -> str:
        return f"{self.nth or ''}{WEEKDAYS[self.day]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that was read. Its times are the local ones of the zone that it is expanded in."""

    freq: Frequency
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    """Inclusive: aware (UTC) where the rule ends in Z, else local."""
    by_month: tuple[int, ...] = ()
    by_week: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_weekday: tuple[Weekday, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_position: tuple[int, ...] = ()
    week_start: int = 0

    def __str__(self) -> str:
        """Write it as an RRULE's value, parts in one fixed order: equal rules are equal texts."""
        parts = [f"FREQ={self.freq}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%dT%H%M%S}{'Z' if self.until.tzinfo else ''}")
        lists = (getattr(self, name) for name in _LISTS.values())
        parts += [f"{key}={','.join(map(str, got))}" for key, got in zip(_LISTS, lists, strict=True) if got]
        if self.week_start:
            parts.append(f"WKST={WEEKDAYS[self.week_start]}")
        return ";".join(parts)


def read_rule(text: str) -> Rule:
    """Read `FREQ=WEEKLY;BYDAY=TU` (with or without `RRULE:` before it); RuleError where it is not taken."""
    if len(text) > MAX_TEXT:
        raise RuleError(RuleFault.TOO_LONG, f"{len(text)} > {MAX_TEXT}")
    parts = _parts(text.strip().upper().removeprefix("RRULE:"))
    rule = Rule(
        freq=_frequency(parts),
        interval=_number(parts, "INTERVAL", 1, MAX_INTERVAL) or 1,
        count=_number(parts, "COUNT", 1, MAX_COUNT),
        until=_until(parts.get("UNTIL")),
        week_start=_week_start(parts.get("WKST", "MO")),
        by_month=_list(parts, "BYMONTH", _plain(1, 12)),
        by_week=_list(parts, "BYWEEKNO", _signed(53)),
        by_year_day=_list(parts, "BYYEARDAY", _signed(366)),
        by_month_day=_list(parts, "BYMONTHDAY", _signed(31)),
        by_weekday=_list(parts, "BYDAY", _weekday),
        by_hour=_list(parts, "BYHOUR", _plain(0, 23)),
        by_minute=_list(parts, "BYMINUTE", _plain(0, 59)),
        by_position=_list(parts, "BYSETPOS", _signed(366)),
    )
    if rule.count is not None and rule.until is not None:
        raise RuleError(RuleFault.COUNT_AND_UNTIL)
    times = max(1, len(rule.by_hour)) * max(1, len(rule.by_minute))
    if times > MAX_TIMES_A_DAY:
        raise RuleError(RuleFault.TOO_OFTEN, f"{times} > {MAX_TIMES_A_DAY}")
    _combines(rule)
    return rule


def _parts(text: str) -> dict[str, str]:
    out: dict[str, str] = {}
    for part in text.removesuffix(";").split(";"):
        key, equals, value = part.partition("=")
        if not equals or not value:
            raise RuleError(RuleFault.NOT_A_RULE, part[:40])
        if key in out:
            raise RuleError(RuleFault.TWICE, key[:40])
        if key == "BYSECOND":
            raise RuleError(RuleFault.TOO_OFTEN, key)
        if key not in _KEYS:
            raise RuleError(RuleFault.UNKNOWN_PART, key[:40])
        out[key] = value
    return out


def _frequency(parts: Mapping[str, str]) -> Frequency:
    told = parts.get("FREQ")
    if told is None:
        raise RuleError(RuleFault.NO_FREQUENCY)
    if told in {"HOURLY", "MINUTELY", "SECONDLY"}:
        raise RuleError(RuleFault.TOO_OFTEN, told)
    try:
        return Frequency(told)
    except ValueError:
        raise RuleError(RuleFault.BAD_VALUE, f"FREQ={told[:40]}") from None


def _integer(key: str, text: str, low: int, high: int) -> int:
    # No int() of a thousand digits, no "１" and no "1_0".
    if re.fullmatch(r"[+-]?[0-9]{1,5}", text, re.ASCII) is None or not low <= int(text) <= high:
        raise RuleError(RuleFault.BAD_VALUE, f"{key}={text[:40]}")
    return int(text)


def _number(parts: Mapping[str, str], key: str, low: int, high: int) -> int | None:
    return _integer(key, parts[key], low, high) if key in parts else None


def _signed(limit: int) -> Callable[[str, str], int]:
    def read(key: str, text: str) -> int:
        value = _integer(key, text, -limit, limit)
        if value == 0:
            raise RuleError(RuleFault.BAD_VALUE, f"{key}={text}")
        return value

    return read


def _plain(low: int, high: int) -> Callable[[str, str], int]:
    return lambda key, text: _integer(key, text, low, high)


def _weekday(key: str, text: str) -> Weekday:
    nth, day = text[:-2], text[-2:]
    if day not in WEEKDAYS:
        raise RuleError(RuleFault.BAD_VALUE, f"{key}={text[:40]}")
    return Weekday(day=WEEKDAYS.index(day), nth=_signed(53)(key, nth) if nth else 0)


def _list(parts: Mapping[str, str], key: str, read: Callable[[str, str], T]) -> tuple[T, ...]:
    items = parts[key].split(",") if key in parts else []
    if len(items) > MAX_LIST:
        raise RuleError(RuleFault.TOO_LONG, key)
    return tuple(dict.fromkeys(read(key, item) for item in items))


def _week_start(text: str) -> int:
    if text not in WEEKDAYS:
        raise RuleError(RuleFault.BAD_VALUE, f"WKST={text[:40]}")
    return WEEKDAYS.index(text)


def _until(text: str | None) -> datetime | None:
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{8})(?:T([0-9]{6})(Z?))?", text, re.ASCII)
    # A date alone: the whole of that day.
    digits = match[1] + (match[2] or "235959") if match is not None else ""
    try:
        at = datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007 (local, as written)
    except ValueError:
        raise RuleError(RuleFault.BAD_VALUE, f"UNTIL={text[:40]}") from None
    return at.replace(tzinfo=UTC) if match is not None and match[3] else at


def _combines(rule: Rule) -> None:
    """Refuse what RFC 5545 (3.3.10) does not let stand together."""
    if rule.by_week and rule.freq is not Frequency.YEARLY:
        raise RuleError(RuleFault.BAD_VALUE, f"BYWEEKNO with {rule.freq}")
    if rule.by_year_day and rule.freq is not Frequency.YEARLY:
        raise RuleError(RuleFault.BAD_VALUE, f"BYYEARDAY with {rule.freq}")
    if rule.by_month_day and rule.freq is Frequency.WEEKLY:
        raise RuleError(RuleFault.BAD_VALUE, f"BYMONTHDAY with {rule.freq}")
    counted = any(d.nth for d in rule.by_weekday)
    if counted and (rule.freq in {Frequency.DAILY, Frequency.WEEKLY} or rule.by_week):
        raise RuleError(RuleFault.BAD_VALUE, f"BYDAY with a number and {rule.freq}")
    others = (rule.by_month, rule.by_week, rule.by_year_day, rule.by_month_day, rule.by_weekday, rule.by_hour)
    if rule.by_position and not any((*others, rule.by_minute)):
        raise RuleError(RuleFault.BAD_VALUE, "BYSETPOS alone")


_LISTS: Mapping[str, str] = {
    "BYMONTH": "by_month",
    "BYWEEKNO": "by_week",
    "BYYEARDAY": "by_year_day",
    "BYMONTHDAY": "by_month_day",
    "BYDAY": "by_weekday",
    "BYHOUR": "by_hour",
    "BYMINUTE": "by_minute",
    "BYSETPOS": "by_position",
}
_KEYS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}) | _LISTS.keys()
