"""Words of the report, Chinese and English."""

from __future__ import annotations

from enum import StrEnum

from camkeeper.availability.buckets import Promise
from camkeeper.model.contract import WindowKind
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.incident import Cause
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import Rule
from camkeeper.model.status import Status
from camkeeper.model.workorder import OrderKind, OrderState
from camkeeper.report.deduct import Ground
from camkeeper.standing.report import MonthState
from camkeeper.workorder.deadline import Overdue

Words = tuple[str, str]


class Lang(StrEnum):
    """What a report is written in."""

    ZH = "zh"
    EN = "en"

    def pick(self, words: Words) -> str:
        """Return one of (Chinese, English)."""
        return words[self is Lang.EN]


class Form(StrEnum):
    """What a report is written as."""

    PDF = "pdf"
    XLSX = "xlsx"


YES_NO: tuple[Words, Words] = (("否", "no"), ("是", "yes"))
_WORDS: tuple[tuple[StrEnum, Words], ...] = (
    # A shape beside the word: a verdict is never told by colour alone.
    (Promise.MET, ("● 达标", "● met")),
    (Promise.MISSED, ("■ 未达标", "■ missed")),
    (Promise.UNDETERMINED, ("▲ 未能判定", "▲ undetermined")),
    (MonthState.RUNNING, ("草稿：本月未过完", "Draft: the month is not over")),
    (MonthState.DRAFT, ("草稿：尚未封账", "Draft: not closed")),
    (MonthState.CLOSED, ("已封账", "Closed")),
    (MonthState.AMENDED, ("已封账，有更正", "Closed and amended")),
    (Rule.TIME_WEIGHTED, ("按时间计", "by time")),
    (Rule.DAILY_MEAN, ("日平均", "mean of days")),
    (Rule.PATROL_DAILY, ("每日一查", "one look a day")),
    (WindowKind.MAINTENANCE, ("检修", "maintenance")),
    (WindowKind.EXCLUSION, ("免责", "exclusion")),
    (Cause.POWER, ("停电", "power")),
    (Cause.LINK, ("链路", "link")),
    (Cause.SWITCH, ("交换机", "switch")),
    (Cause.OPERATOR_LINE, ("运营商线路", "operator's line")),
    (Cause.AUTH, ("登录被拒", "login refused")),
    (Cause.IMAGE, ("画面异常", "bad picture")),
    (Cause.DEVICE, ("设备自身", "the device itself")),
    (Cause.UNSTABLE, ("频繁掉线", "unstable")),
    (Cause.MONITOR, ("监测自身", "the monitor itself")),
    (DeviceKind.CAMERA, ("枪机", "camera")),
    (DeviceKind.PTZ, ("球机", "dome")),
    (DeviceKind.CHECKPOINT, ("卡口", "checkpoint")),
    (DeviceKind.SPEAKER, ("音柱", "loudspeaker")),
    (DeviceKind.TRANSCEIVER, ("光端机", "transceiver")),
    (DeviceKind.SWITCH, ("交换机", "switch")),
    (DeviceKind.RECORDER, ("录像机", "recorder")),
    (SiteKind.CITY, ("市", "city")),
    (SiteKind.COUNTY, ("县", "county")),
    (SiteKind.TOWN, ("镇", "town")),
    (SiteKind.VILLAGE, ("村", "village")),
    (SiteKind.GRID, ("网格", "grid")),
    (SiteKind.CAMPUS, ("校园", "campus")),
    (SiteKind.CHECKPOINT, ("卡口", "checkpoint")),
    (Status.UP, ("在线", "up")),
    (Status.DEGRADED, ("异常", "degraded")),
    (Status.DOWN, ("离线", "down")),
    (Status.UNKNOWN, ("未知", "unknown")),
    (OrderKind.REPAIR, ("报修", "repair")),
    (OrderKind.INSPECTION, ("巡检", "inspection")),
    (OrderState.OPENED, ("待派单", "opened")),
    (OrderState.ASSIGNED, ("已派单", "assigned")),
    (OrderState.ACCEPTED, ("已接单", "accepted")),
    (OrderState.ON_SITE, ("已到场", "on site")),
    (OrderState.REPAIRED, ("报称修复", "said to be repaired")),
    (OrderState.VERIFIED, ("已核实", "verified")),
    (OrderState.SIGNED, ("已签字", "signed")),
    (OrderState.CLOSED, ("已办结", "closed")),
    (OrderState.MERGED, ("已合并", "merged")),
    (OrderState.CANCELLED, ("已取消", "cancelled")),
    (Overdue.RESPONSE, ("响应超时", "answered late")),
    (Overdue.REPAIR, ("修复超时", "repaired late")),
    (Ground.TOTAL, ("总在线率", "rate of all")),
    (Ground.VILLAGE, ("村级在线率", "rate of a village")),
    (Ground.DEVICE, ("设备在线率", "rate of a device")),
    (Ground.RESPONSE, ("响应超时", "late answer")),
    (Ground.REPAIR, ("修复超时", "late repair")),
    (Ground.CAP, ("扣款封顶", "cap")),
)
_OF: dict[tuple[type, str], Words] = {(type(value), value.value): told for value, told in _WORDS}
"""By type, too: closed is one thing of a month, and another of an order."""


def words(value: StrEnum) -> Words:
    """Return a value's words; KeyError where nobody gave it any (a test looks at each)."""
    return _OF[type(value), value.value]
