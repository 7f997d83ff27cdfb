"""The words and shapes of incidents and work orders; causes have the words that messages use."""

from __future__ import annotations

from collections.abc import Mapping

from camboard.i18n import Language
from camboard.words import mark
from camkeeper.message import phrases
from camkeeper.message.evidence import told
from camkeeper.model.channel import Language as Tongue
from camkeeper.model.incident import Cause, Confidence, DomainKind, Evidence, Happening, Incident
from camkeeper.model.status import Status
from camkeeper.model.workorder import OrderState, Step
from camkeeper.standing.desk import Action

DOMAIN = {
    DomainKind.DEVICE: mark("设备"),
    DomainKind.POLE: mark("立杆"),
    DomainKind.POWER: mark("供电"),
    DomainKind.SWITCH: mark("交换机"),
    DomainKind.TRANSCEIVER: mark("光端机"),
    DomainKind.OPERATOR_LINE: mark("运营商线路"),
    DomainKind.SITE: mark("整个地点"),
    DomainKind.MONITOR: mark("监测端"),
}
HAPPENING = {
    Happening.HELD: mark("首次发现"),
    Happening.OPENED: mark("成立"),
    Happening.GREW: mark("又有设备受影响"),
    Happening.SPREAD: mark("范围扩大到上级"),
    Happening.MERGED: mark("并入上级事件"),
    Happening.SPLIT: mark("部分恢复，范围缩小"),
    Happening.CAUSE: mark("疑因更新"),
    Happening.MEMBER_RECOVERED: mark("部分设备恢复"),
    Happening.RESOLVED: mark("全部恢复"),
    Happening.RELAPSED: mark("再次发生"),
    Happening.UNSTABLE: mark("反复通断"),
    Happening.SUPPRESSED: mark("归入上级事件，不单独通知"),
    Happening.RELEASED: mark("上级已恢复，此事件仍在"),
    Happening.WITHDRAWN: mark("撤回：未及通知即已结束"),
    Happening.ACKNOWLEDGED: mark("有人认领"),
    Happening.UNMERGED: mark("撤销并入，重新分开"),
}
ORDER_STATE = {
    OrderState.OPENED: mark("待派单"),
    OrderState.ASSIGNED: mark("待接单"),
    OrderState.ACCEPTED: mark("已接单"),
    OrderState.ON_SITE: mark("已到场"),
    OrderState.REPAIRED: mark("报修复，待核验"),
    OrderState.VERIFIED: mark("探测已核验"),
    OrderState.SIGNED: mark("已签字"),
    OrderState.CLOSED: mark("已关闭"),
    OrderState.MERGED: mark("已并入"),
    OrderState.CANCELLED: mark("已撤销"),
}
ORDER_SHAPE = {
    OrderState.OPENED: ("down", "■"),
    OrderState.ASSIGNED: ("down", "■"),
    OrderState.ACCEPTED: ("degraded", "▲"),
    OrderState.ON_SITE: ("degraded", "▲"),
    OrderState.REPAIRED: ("maintenance", "◆"),
    OrderState.VERIFIED: ("up", "●"),
    OrderState.SIGNED: ("up", "●"),
    OrderState.CLOSED: ("up", "●"),
    OrderState.MERGED: ("unknown", "○"),
    OrderState.CANCELLED: ("unknown", "○"),
}
"""Tone and shape: nobody at it, somebody at it, the probe watching, done, dropped."""
STEP = {
    Step.OPENED: mark("开工单"),
    Step.ASSIGNED: mark("派单"),
    Step.ACCEPTED: mark("接单"),
    Step.ON_SITE: mark("到场"),
    Step.REPAIRED: mark("报修复"),
    Step.VERIFIED: mark("探测核验：已修复"),
    Step.CLOSED: mark("工单关闭"),
    Step.REOPENED: mark("工单重开"),
    Step.GREW: mark("工单增加设备"),
    Step.LEFT: mark("设备转入另一工单"),
    Step.NOTED: mark("备注"),
    Step.PHOTO: mark("照片"),
    Step.SIGNED: mark("签字"),
    Step.MERGED: mark("工单并入另一工单"),
    Step.CANCELLED: mark("工单撤销"),
}
ACTION = {
    Action.ACKNOWLEDGE: mark("认领"),
    Action.ACCEPT: mark("接单"),
    Action.ON_SITE: mark("到场"),
    Action.REPAIRED: mark("修复"),
    Action.NOTE: mark("备注"),
    Action.CANCEL: mark("撤销"),
    Action.ASSIGN: mark("派单"),
    Action.PHOTO: mark("照片"),
    Action.SIGN: mark("签字"),
    Action.MERGE: mark("并入"),
    Action.UNMERGE: mark("撤销并入"),
}
_STATUS_TONE = {
    Status.DOWN: ("down", "■"),
    Status.DEGRADED: ("degraded", "▲"),
    Status.UNKNOWN: ("unknown", "○"),
    Status.UP: ("up", "●"),
}


def tongue(say: Language) -> Tongue:
    """Return the messages' name of the reader's language."""
    return Tongue.EN if say.code == "en" else Tongue.ZH


def cause_word(cause: Cause, say: Language) -> str:
    """Return a probable cause in the words that messages use."""
    word = phrases.say(tongue(say), f"cause.{cause}")
    return word[:1].upper() + word[1:]


def confidence_word(confidence: Confidence, say: Language) -> str:
    """Return how sure of the cause, in the words that messages use."""
    return phrases.say(tongue(say), f"confidence.{confidence}")


def evidence_words(
    evidence: tuple[Evidence, ...], say: Language, names: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return every fact that there are words for; `names` by id, of what it speaks of."""
    return told(evidence, tongue(say), most=len(evidence), names=names)


def tone_of(incident: Incident) -> tuple[str, str]:
    """Return (tone, shape) of an incident: as its worst device, and unknown where only the monitor is blind."""
    if incident.domain.kind is DomainKind.MONITOR:
        return _STATUS_TONE[Status.UNKNOWN]
    members = incident.members.values()
    still = [m.status for m in members if m.recovered_ms is None] or [m.status for m in members]
    return _STATUS_TONE[max(still, key=lambda status: status.severity, default=Status.DOWN)]
