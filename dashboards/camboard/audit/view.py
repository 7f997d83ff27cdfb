"""Entries of two registers as one list by time, newest first: what is shown, what is left out, where to go on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

from camboard.i18n import Language
from camboard.query import BadQuery
from camboard.text import local, plain
from camboard.words import mark
from camkeeper.model.register import Place, RegisterEntry, Source
from camkeeper.standing.access import AuditRecord

ACCESS = "access"
MAX_WORD = 64
SOURCE = {
    ACCESS: mark("操作日志"),
    Source.CHAIN.value: mark("账本"),
    Source.WINDOWS.value: mark("检修与免责"),
    Source.VIEWS.value: mark("看图登记"),
    Source.ORDERS.value: mark("工单"),
    Source.INCIDENTS.value: mark("事件"),
}
WHAT = {
    "login": mark("登录"),
    "login_refused": mark("登录被拒"),
    "login_limited": mark("尝试过多，暂停登录"),
    "logout": mark("退出"),
    "password_set": mark("设置密码"),
    "password_refused": mark("旧密码不对"),
    "password_reset": mark("重置密码"),
    "first_link": mark("生成一次性登录链接"),
    "account_add": mark("新增账号"),
    "account_change": mark("修改账号"),
    "token_new": mark("新增令牌"),
    "token_revoke": mark("撤销令牌"),
    "store_begun": mark("日志开始"),
    "refused": mark("越权被拒"),
    "acknowledge": mark("认领"),
    "assign": mark("派单"),
    "step": mark("工单步骤"),
    "merge": mark("事件合并"),
    "photo": mark("照片"),
    "round": mark("巡检签字"),
    "window_add": mark("新增约定时段"),
    "month_step": mark("封账与更正"),
    "window_step": mark("变更约定时段"),
    "register_step": mark("登记表导入"),
    "doctor_fix": mark("按体检改登记"),
    "evidence": mark("查看证据"),
    "view": mark("看图"),
    "view_current": mark("取当前画面"),
    "relearn": mark("重新学习"),
    "channel_test": mark("发测试消息"),
    "export": mark("导出"),
    "setting": mark("修改设置"),
    "boot": mark("监测启动"),
    "config": mark("配置变更"),
    "clock_step": mark("系统时钟跳变"),
    "close": mark("月份封账"),
    "amend": mark("封账更正"),
    "window_planned": mark("约定时段：登记"),
    "window_approved": mark("约定时段：批准"),
    "window_ended": mark("约定时段：提前结束"),
    "window_withdrawn": mark("约定时段：撤回"),
    "view_thumbnail": mark("看缩略图"),
    "view_snapshot": mark("看原图"),
    "view_asked": mark("申请取原图"),
    "order_assigned": mark("派单"),
    "order_accepted": mark("接单"),
    "order_on_site": mark("到场"),
    "order_repaired": mark("报修复"),
    "order_noted": mark("备注"),
    "order_photo": mark("照片"),
    "order_signed": mark("签字"),
    "order_cancelled": mark("工单撤销"),
    "incident_acknowledged": mark("有人认领"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Who, what, which local day, which register; empty: all."""

    who: str = ""
    what: str = ""
    day: date | None = None
    source: str = ""

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Filter:
        """Read the parameters; BadQuery for a day or register that is none."""
        source, text = params.get("source", ""), params.get("day", "")
        if source and source not in SOURCE:
            raise BadQuery("source")
        try:
            day = date.fromisoformat(text) if text else None
        except ValueError:
            raise BadQuery("day") from None
        return cls(
            who=params.get("who", "").strip()[:MAX_WORD],
            what=params.get("what", "").strip()[:MAX_WORD],
            day=day,
            source=source,
        )

    @property
    def asked(self) -> dict[str, str]:
        """The parameters that say the same."""
        day = "" if self.day is None else self.day.isoformat()
        found = {"who": self.who, "what": self.what, "day": day, "source": self.source}
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of either register."""

    at_ms: int
    source: str
    number: int
    by: str
    role: str
    address: str
    what: str
    target: str
    detail: str
    head: str

    @property
    def order(self) -> tuple[int, str, int]:
        """By time, then by register and number: the same for whoever asks."""
        return self.at_ms, self.source, self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line."""

    key: str
    at: str
    source: str
    by: str
    role: str
    what: str
    target: str
    detail: str
    address: str
    number: int
    head: str


def of_audit(record: AuditRecord) -> Entry:
    """Return an entry of the audit log."""
    return Entry(
        at_ms=record.at_ms,
        source=ACCESS,
        number=record.number,
        by=record.by,
        role=record.role,
        address=record.address,
        what=record.what,
        target=record.target,
        detail=record.detail,
        head=record.head,
    )


def of_register(entry: RegisterEntry) -> Entry:
    """Return an entry of the ledger's register."""
    return Entry(
        at_ms=entry.place.at_ms,
        source=entry.place.source.value,
        number=entry.place.number,
        by=entry.by,
        role="",
        address="",
        what=entry.what,
        target=entry.target,
        detail=entry.detail,
        head=entry.head,
    )


def merged(lists: Iterable[Sequence[Entry]]) -> list[Entry]:
    """Return entries of several registers, newest first."""
    return sorted((entry for found in lists for entry in found), key=lambda e: e.order, reverse=True)


def chosen(entry: Entry, asked: Filter, zone: ZoneInfo, say: Language) -> bool:
    """Return whether a filter lets an entry through; words are looked for in what is shown and in what is kept."""
    if asked.source and entry.source != asked.source:
        return False
    if asked.who and asked.who.casefold() not in entry.by.casefold():
        return False
    if asked.day is not None and local(entry.at_ms, zone).date() != asked.day:
        return False
    told = f"{entry.what} {what_word(entry.what, say)} {entry.target} {entry.detail}"
    return not asked.what or asked.what.casefold() in told.casefold()


def what_word(what: str, say: Language) -> str:
    """Return the word for a deed; a deed that is newer than this list as it is kept."""
    return say(WHAT[what]) if what in WHAT else plain(what)


def row(entry: Entry, zone: ZoneInfo, say: Language) -> Row:
    """Write one line."""
    return Row(
        key=f"{entry.source}-{entry.number}",
        at=f"{local(entry.at_ms, zone):%Y-%m-%d %H:%M:%S}",
        source=say(SOURCE[entry.source]),
        by=plain(entry.by),
        role=plain(entry.role),
        what=what_word(entry.what, say),
        target=plain(entry.target),
        detail=plain(entry.detail, limit=400),
        address=plain(entry.address),
        number=entry.number,
        head=entry.head[:12],
    )


def gap(records: Sequence[AuditRecord]) -> int | None:
    """Return the number that is missing between neighbours of the audit log, newest first; None: none is.

    That entries are whole is proved by the command that walks along all of their hashes; what a page can see is a gap.
    """
    for newer, older in pairwise(records):
        if newer.number != older.number + 1:
            return older.number + 1
    return None


def cursor(entry: Entry) -> str:
    """Return an entry's place as a parameter: the list goes on below it."""
    return f"{entry.at_ms}.{entry.source}.{entry.number}"


def read_cursor(text: str) -> tuple[int, str, int] | None:
    """Return what `cursor` wrote; None for no parameter, BadQuery for any other text."""
    if not text:
        return None
    parts = text.split(".")
    if len(parts) != 3 or parts[1] not in SOURCE or not (parts[0].isdecimal() and parts[2].isdecimal()):
        raise BadQuery("before")
    if len(parts[0]) > 15 or len(parts[2]) > 15:
        raise BadQuery("before")
    return int(parts[0]), parts[1], int(parts[2])


def place_of(before: tuple[int, str, int] | None) -> Place | None:
    """Return the place below which the ledger's register goes on.

    The audit log's entries sort before the ledger's of the same instant, by the name of the register.
    """
    if before is None:
        return None
    at_ms, source, number = before
    if source == ACCESS:
        return Place(at_ms=at_ms, source=Source.CHAIN, number=-1)
    return Place(at_ms=at_ms, source=Source(source), number=number)
