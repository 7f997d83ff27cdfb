"""The hub's alarms in words, Chinese or English, cut for each channel. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from camkeeper.hub.alarms import HUB, Alarm, Event, Happening, Kind, Member
from camkeeper.message import short
from camkeeper.message.brief import Words
from camkeeper.message.clean import PROSE_CHARACTERS, clean
from camkeeper.message.fit import KEEP, Line, cut
from camkeeper.message.render import laid_out
from camkeeper.message.style import SUBJECT_BYTES, Dialect, Style
from camkeeper.message.times import duration, instant
from camkeeper.model.channel import Language
from camkeeper.model.letter import JSON

_NAMED = 6
_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is known around an alarm."""

    county: str
    timezone: str
    names: Mapping[str, str]
    """Of townships, by edge id; those that never told theirs are left out."""
    enrolled: int


_TITLE = {
    Kind.SILENT: ("乡镇失联", "Township silent"),
    Kind.REFUSED: ("上报账本被拒收", "Ledger refused"),
    Kind.GAP: ("上报缺段补不齐", "Gap in a ledger"),
    Kind.LAGGING: ("上报停滞", "Reports stand still"),
    Kind.UNWRITABLE: ("平台写不进副本", "Hub cannot write"),
    Kind.DISK: ("平台磁盘将满", "Hub's disk nearly full"),
}
_MEANS = {
    Kind.SILENT: (
        "县里收不到上报，不知道摄像机好坏：这段时间记为未知，不记为离线",
        "The county hears nothing and knows nothing of the cameras: this time is unknown, not down",
    ),
    Kind.REFUSED: (
        "送来的账本与已收的对不上，没有收下：从那时起记为未知",
        "What came does not fit what was told before and was not taken: unknown from there on",
    ),
    Kind.GAP: (
        "中间少了记录，一直没有补来：从缺口起记为未知",
        "Records are missing and do not come: unknown from the gap on",
    ),
    Kind.LAGGING: (
        "还连着，但送来的记录是旧的：之后记为未知",
        "It is connected, and what it tells is old: unknown after that",
    ),
    Kind.UNWRITABLE: (
        "记录没有收下，乡镇自己留着，平台恢复后补齐",
        "The records were not taken; the townships keep them until the hub can",
    ),
    Kind.DISK: (
        "满了以后收不进记录（乡镇自己留着，不会丢）",
        "When it is full no record is taken (the townships keep theirs; none is lost)",
    ),
}
_CHECK = {
    Kind.SILENT: (
        "先查：乡镇上联线路、路由、监测主机是否通电",
        "Check: the township's uplink and router, and that its monitor has power",
    ),
    Kind.REFUSED: (
        "先查：是否换过主机或账本，是否有两台机器用同一登记；不要自行删改副本",
        "Check: was the machine or its ledger replaced, do two machines share one enrolment? Leave the copy alone",
    ),
    Kind.GAP: (
        "先查：乡镇主机的账本文件是否完好（camkeeper verify）",
        "Check: is the township's ledger sound (camkeeper verify)?",
    ),
    Kind.LAGGING: (
        "先查：乡镇的监测进程是否停了，主机时钟是否准",
        "Check: does the township's monitor run, and is its clock right?",
    ),
    Kind.UNWRITABLE: ("先查：平台磁盘空间与权限", "Check: the hub's disk space and permissions"),
    Kind.DISK: ("先查：清理或扩大平台磁盘", "Check: free or enlarge the hub's disk"),
}
_OURS = (
    "一半以上的乡镇同时失联：先查平台自己的线路和服务",
    "More than half of all townships at once: check the hub's own line and server first",
)


def words(event: Event, setting: Setting, style: Style) -> Words:
    """Return the message of an event in the language, length and markup of `style`."""
    lines = _lines(event, setting, style.language)
    values = facts(event, setting)
    if style.dialect is Dialect.SMS:
        # Mainland gateways take what stands in 【】 for the sender's registered signature.
        bare = [Line(text=ln.text.strip("【[").replace("】", " ").replace("]", ""), weight=ln.weight) for ln in lines]
        return Words(subject=cut(lines[0].text, SUBJECT_BYTES), text=short.within(bare, style.segments), facts=values)
    return laid_out(lines, style, values)


def _lines(event: Event, setting: Setting, language: Language) -> tuple[Line, ...]:
    alarm, zh = event.alarm, language is Language.ZH
    at = 0 if zh else 1
    began = instant(alarm.began_ms, event.at_ms, setting.timezone)
    standing = alarm.standing or alarm.members
    out = [Line(text=_first(event, setting, language), weight=KEEP)]
    if event.happening is Happening.RESOLVED:
        over_ms = alarm.over_ms or event.at_ms
        until, lasted = instant(over_ms, event.at_ms, setting.timezone), duration(over_ms - alarm.began_ms, language)
        text = f"{began} 至 {until}，历时{lasted}" if zh else f"{began} to {until}, {lasted}"
        return (*out, Line(text=text, weight=KEEP), *_names(alarm.members, setting, language))
    lasting = duration(event.at_ms - alarm.began_ms, language)
    out.append(Line(text=f"自 {began} 起，已{lasting}" if zh else f"since {began}, {lasting}", weight=KEEP))
    if event.happening is Happening.PARTLY:
        back, n = len(alarm.members) - len(standing), len(standing)
        text = f"已恢复 {back} 个，还有 {n} 个" if zh else f"{back} are back, {n} still not"
        out.append(Line(text=text, weight=KEEP))
    out += _names(standing, setting, language)
    out.append(Line(text=_MEANS[alarm.kind][at], weight=7))
    if alarm.kind is Kind.SILENT and len(standing) > 1 and 2 * len(standing) > setting.enrolled:
        out.append(Line(text=_OURS[at], weight=8))
    else:
        out.append(Line(text=_CHECK[alarm.kind][at], weight=6))
    return (*out, *_details(standing, setting))


def _first(event: Event, setting: Setting, language: Language) -> str:
    alarm, zh = event.alarm, language is Language.ZH
    title = _TITLE[alarm.kind][0 if zh else 1]
    concerned = alarm.members if event.happening is Happening.RESOLVED else alarm.standing
    who = _who(concerned, setting, language)
    mark = {
        Happening.OPENED: "",
        Happening.PARTLY: "部分恢复：" if zh else "Partly back: ",
        Happening.RESOLVED: "恢复：" if zh else "Recovered: ",
    }[event.happening]
    county = clean(setting.county, limit=16)
    return f"【{mark}{title}】{county} {who}" if zh else f"[{mark}{title}] {county} {who}"


def _who(members: tuple[Member, ...], setting: Setting, language: Language) -> str:
    if all(m.edge_id == HUB for m in members):
        return ""
    if len(members) == 1:
        return named(members[0].edge_id, setting)
    n = len(members)
    return (
        f"{n} 个乡镇（共 {setting.enrolled} 个）" if language is Language.ZH else f"{n} of {setting.enrolled} townships"
    )


def _names(members: tuple[Member, ...], setting: Setting, language: Language) -> tuple[Line, ...]:
    known = [named(m.edge_id, setting) for m in members if m.edge_id != HUB]
    if len(known) < 2:
        return ()
    zh = language is Language.ZH
    text = ("、" if zh else ", ").join(known[:_NAMED])
    if len(known) > _NAMED:
        text += f"等 {len(known)} 个" if zh else f" and {len(known) - _NAMED} more"
    return (Line(text=text, weight=5),)


def _details(members: tuple[Member, ...], setting: Setting) -> tuple[Line, ...]:
    told = [m for m in members if m.detail][:3]
    one = len(members) == 1
    return tuple(
        Line(
            text=clean(m.detail if one else f"{named(m.edge_id, setting)} {m.detail}", limit=PROSE_CHARACTERS), weight=3
        )
        for m in told
    )


def named(edge_id: str, setting: Setting) -> str:
    """Return a township's name with its id, or the id alone where it never told its name."""
    name = setting.names.get(edge_id, "")
    return f"{clean(name, limit=16)}（{edge_id}）" if name else edge_id


def facts(event: Event, setting: Setting) -> dict[str, JSON]:
    """Return the values behind the words, for machines; instants are UTC milliseconds."""
    alarm: Alarm = event.alarm
    return {
        "incident": alarm.id,
        "status": "resolved" if event.happening is Happening.RESOLVED else "firing",
        "happening": str(event.happening),
        "kind": str(alarm.kind),
        "county": clean(setting.county),
        "at_ms": event.at_ms,
        "began_ms": alarm.began_ms,
        "resolved_ms": alarm.over_ms,
        "edge_count": len(alarm.standing) or len(alarm.members),
        "edges_enrolled": setting.enrolled,
        "edges": [m.edge_id for m in (alarm.standing or alarm.members) if m.edge_id != HUB][:_LISTED],
        "edges_back": [m.edge_id for m in alarm.members if m.back_ms is not None][:_LISTED],
    }
