"""The fixed words of a digest, Chinese and English. `{}` fields take cleaned values only."""

from __future__ import annotations

from camkeeper.model.channel import Language
from camkeeper.workorder.deadline import Overdue

_WORDS: dict[str, tuple[str, str]] = {
    "title.day": ("【日报】{name} {when} 在线率 {rate}", "[Daily] {name} {when}: online {rate}"),
    "title.week": ("【周报】{name} {when} 在线率 {rate}", "[Weekly] {name} {when}: online {rate}"),
    "rate": (
        "在线率 {rate}（下限 {lower}，上限 {upper}），目标 {target}：{verdict}",
        "Online {rate} (at least {lower}, at most {upper}), target {target}: {verdict}",
    ),
    "good": (
        "完好率 {rate}（下限 {lower}，上限 {upper}）",
        "In good order {rate} (at least {lower}, at most {upper})",
    ),
    "unknown": ("未知时间占 {share}，按未知计，不算在线也不算离线", "Unknown {share} of the time: neither up nor down"),
    "nothing": ("没有可计的时间，不下结论", "Nothing was measured, so nothing is concluded"),
    "met": ("达标", "kept"),
    "missed": ("未达标", "missed"),
    "undetermined": ("未能判定", "undetermined"),
    "none": ("未测得", "not measured"),
    "worst": ("最差：{list}", "Worst: {list}"),
    "worst.sure": ("{name} {rate}", "{name} {rate}"),
    "worst.one": ("{name} {rate}（{lower}–{upper}）", "{name} {rate} ({lower}-{upper})"),
    "incidents": ("事件 {n} 起{open}{causes}", "Incidents: {n}{open}{causes}"),
    "incidents.open": ("，未恢复 {n}", ", {n} not over"),
    "incidents.causes": ("：{list}", ": {list}"),
    "orders": (
        "工单：新开 {opened}，关闭 {closed}，超时 {late}",
        "Orders: {opened} new, {closed} closed, {late} overdue",
    ),
    "orders.late": ("超时：{list}", "Overdue: {list}"),
    "gaps": (
        "监测自身中断 {n} 次，共 {total}：{list}；其间一律记为未知",
        "The monitor itself saw nothing for {total} ({n}): {list}; told as unknown",
    ),
    "seen": ("白天覆盖 {share}{change}{hours}", "Covered by day {share}{change}{hours}"),
    "seen.change": ("，较前期 {points} 个百分点", ", {points} points against the time before"),
    "seen.hours": ("（有记录 {n}/{of} 小时）", " ({n} of {of} hours on record)"),
    "url": ("看板 {url}", "Board {url}"),
    "join": ("，", ", "),
    "more": ("等 {n} 个", ", {n} in all"),
}
_LATE = {Overdue.RESPONSE: ("接单", "answer"), Overdue.REPAIR: ("修复", "repair")}


def say(language: Language, key: str, **values: object) -> str:
    """Return the words for `key` with the values in their places."""
    return _WORDS[key][language is Language.EN].format(**values)


def late_word(language: Language, what: Overdue) -> str:
    """Return what is late."""
    return _LATE[what][language is Language.EN]
