"""What somebody wrote into a form or a command, as a plan; every fault at once, in both languages. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from camkeeper.availability.days import local_ms
from camkeeper.message.clean import clean
from camkeeper.model.contract import WindowKind
from camkeeper.model.registry import Registry
from camkeeper.window.plan import Document, PlanError, WindowPlan
from camkeeper.window.rule import Rule, RuleError, read_rule
from camkeeper.window.words import PLAN_FAULT, RULE_FAULT

FIELDS = (
    "kind from to length repeat until except tz reason approver sites devices links all".split()  # noqa: SIM905
)
"""What a request may say; all are texts. Lists of ids and dates are parted by commas or blanks."""
REASON_CHARACTERS, NAME_CHARACTERS = 500, 40
MAX_IDS = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_LENGTH = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m(?:in)?)?", re.ASCII | re.IGNORECASE)
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
_BEFORE_MS, _AHEAD_MS = -400 * 86_400_000, 5 * 366 * 86_400_000

Said = tuple[str, str]
"""Chinese, English."""


class RequestError(ValueError):
    """A request that is not taken, with every reason."""

    def __init__(self, faults: tuple[Said, ...]) -> None:
        super().__init__("; ".join(en for _, en in faults))
        self.faults = faults


@dataclass(slots=True, kw_only=True)
class _Reading:
    fields: Mapping[str, str]
    tz: str
    now_ms: int
    faults: list[Said] = field(default_factory=list)

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def wrong(self, zh: str, en: str) -> None:
        self.faults.append((zh, en))


def read_request(
    fields: Mapping[str, str], *, plan_id: str, registry: Registry, tz: str, now_ms: int, evidence: Document | None
) -> WindowPlan:
    """Return the plan that the fields ask for; RequestError where it is none. `tz`: the zone of times without one."""
    at = _Reading(fields=fields, tz=_zone(fields.get("tz", "").strip(), tz), now_ms=now_ms)
    kind = _kind(at)
    first = _local(at, "from")
    if first is not None and not _BEFORE_MS <= local_ms(first.date(), first.time(), at.tz) - now_ms <= _AHEAD_MS:
        at.wrong("开始须在过去 400 天到今后 5 年之间", "it begins within the last 400 days or the next 5 years")
    length_ms = _length_ms(at, first)
    rule = _rule(at)
    until_ms = _until_ms(at)
    but = _but(at)
    scope = _scope(at, registry)
    if at.faults or first is None or kind is None or length_ms is None:
        raise RequestError(tuple(at.faults))
    try:
        return WindowPlan(
            id=plan_id,
            kind=kind,
            first=first,
            tz=at.tz,
            length_ms=length_ms,
            rule=rule,
            but=but,
            until_ms=until_ms,
            reason=clean(at.text("reason"), limit=REASON_CHARACTERS),
            evidence=evidence,
            approver=clean(at.text("approver"), limit=NAME_CHARACTERS),
            agreed_ms=now_ms,
            site_ids=scope["sites"],
            device_ids=scope["devices"],
            link_ids=scope["links"],
            everything=at.text("all") in {"1", "on", "yes", "true"},
        )
    except PlanError as error:
        raise RequestError(tuple(PLAN_FAULT[fault] for fault in error.faults)) from error


def read_length(text: str) -> int | None:
    """Return the milliseconds of `90m`, `2h`, `1h30m`, `1d`; None for anything else."""
    match = _LENGTH.fullmatch(text.replace(" ", ""))
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60_000


def _zone(named: str, usual: str) -> str:
    try:
        return ZoneInfo(named).key if named else usual
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return named  # the plan says that there is none


def _kind(at: _Reading) -> WindowKind | None:
    try:
        return WindowKind(at.text("kind"))
    except ValueError:
        at.wrong("请选择检修或剔除（maintenance、exclusion）", "say whether it is maintenance or an exclusion")
        return None


def _local(at: _Reading, name: str) -> datetime | None:
    """Return a local time to the minute; what has an offset is brought into the zone."""
    text = at.text(name)
    try:
        zone = ZoneInfo(at.tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        at.wrong(*_ZONE)
        return None
    if text == "now":
        return (_EPOCH + at.now_ms * _MS).astimezone(zone).replace(tzinfo=None, fold=0, second=0, microsecond=0)
    try:
        found = datetime.fromisoformat(text)
        found = found.astimezone(zone).replace(tzinfo=None, fold=0) if found.tzinfo is not None else found
    except (ValueError, OverflowError):
        found = None
    if found is None or ":" not in text or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        zh, en = {"from": ("开始", "start")}.get(name, ("结束", "end"))
        at.wrong(f"{zh}时间应写成 2026-10-06T09:00", f"the {en} is written as 2026-10-06T09:00")
        return None
    return found


_ZONE = ("时区无法识别", "there is no such time zone")


def _length_ms(at: _Reading, first: datetime | None) -> int | None:
    to, length = at.text("to"), at.text("length")
    if bool(to) == bool(length):
        at.wrong("结束时间与时长须写一个，也只写一个", "say either when it ends or how long it lasts")
        return None
    if length:
        ms = read_length(length)
        if ms is None:
            at.wrong("时长应写成 2h、90m 或 1h30m", "a length is written as 2h, 90m or 1h30m")
        return ms
    end = _local(at, "to")
    if end is None or first is None:
        return None
    ms = local_ms(end.date(), end.time(), at.tz) - local_ms(first.date(), first.time(), at.tz)
    if ms <= 0:
        at.wrong("结束须晚于开始", "it must end after its start")
        return None
    return ms


def _rule(at: _Reading) -> Rule | None:
    text = at.text("repeat")
    try:
        return read_rule(text) if text else None
    except RuleError as error:
        zh, en = RULE_FAULT[error.fault]
        detail = clean(error.detail, limit=80)
        at.wrong(f"{zh}：{detail}" if detail else zh, f"{en}: {detail}" if detail else en)
        return None


def _until_ms(at: _Reading) -> int | None:
    """Return the time limit; a day alone is all of that day."""
    text = at.text("until")
    if not text:
        return None
    try:
        if ":" not in text:
            after = date.fromisoformat(text) + timedelta(days=1)
            return local_ms(after, datetime.min.time(), at.tz)
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return (found - _EPOCH) // _MS
        return local_ms(found.date(), found.time(), at.tz)
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
        at.wrong("截止应写成 2026-12-31 或 2026-12-31T18:00", "the limit is written as 2026-12-31 or 2026-12-31T18:00")
        return None


def _but(at: _Reading) -> frozenset[date]:
    try:
        return frozenset(date.fromisoformat(word) for word in _words(at.text("except")))
    except ValueError:
        at.wrong("不检修的日期应写成 2026-10-13", "dates left out are written as 2026-10-13")
        return frozenset()


def _scope(at: _Reading, registry: Registry) -> Mapping[str, frozenset[str]]:
    known: Mapping[str, tuple[Collection[str], str, str]] = {
        "sites": (registry.site_by_id, "地点", "site"),
        "devices": (registry.device_by_id, "设备", "device"),
        "links": (registry.link_by_id, "链路", "link"),
    }
    out: dict[str, frozenset[str]] = {}
    for name, (ids, zh, en) in known.items():
        out[name] = frozenset(list(_words(at.text(name)))[:MAX_IDS])
        missing = sorted(out[name] - set(ids))
        if missing:
            shown = clean(" ".join(missing[:3]), limit=120)
            at.wrong(f"没有这个{zh}：{shown}", f"there is no such {en}: {shown}")
    return out


def _words(text: str) -> Iterator[str]:
    return (word for word in re.split(r"[\s,，、]+", text) if word)
