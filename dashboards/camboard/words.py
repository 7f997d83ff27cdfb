"""The words and shapes on the screen. Chinese here, English in the catalogue; `mark` only marks for it."""

from __future__ import annotations

from enum import StrEnum

from camkeeper.availability.buckets import Promise
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.probing import Rung, Verdict
from camkeeper.model.status import Reason, Status
from camkeeper.standing.view import DeviceStanding


def mark(message: str) -> str:
    """Mark a message for the catalogue, and return it as it is."""
    return message


class State(StrEnum):
    """What a screen shows of a device: its status, or that it is under agreed maintenance."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, device: DeviceStanding) -> State:
        """Return what to show: within an agreed window the window comes first."""
        return cls.MAINTENANCE if device.in_window else _OF_STATUS[device.status]


_OF_STATUS = {status: State(status.value) for status in Status}  # asked for every device of every Standing

WORST_FIRST = (State.DOWN, State.UNKNOWN, State.DEGRADED, State.MAINTENANCE, State.UP)
"""The order of rows. Unknown right after down: it may be down."""

STATE = {
    State.UP: mark("在线"),
    State.DEGRADED: mark("异常"),
    State.DOWN: mark("离线"),
    State.MAINTENANCE: mark("维护"),
    State.UNKNOWN: mark("未知"),
}
SHAPE = {
    State.UP: "●",
    State.DEGRADED: "▲",
    State.DOWN: "■",
    State.MAINTENANCE: "◆",
    State.UNKNOWN: "○",
}
"""Never colour alone."""

STATUS = {status: STATE[state] for status, state in _OF_STATUS.items()}

PROMISE = {
    Promise.MET: mark("达标"),
    Promise.MISSED: mark("未达标"),
    Promise.UNDETERMINED: mark("未能判定"),
}
PROMISE_SHAPE = {Promise.MET: "✓", Promise.MISSED: "✗", Promise.UNDETERMINED: "?"}

REASON = {
    Reason.RECOVERED: mark("应答正常"),
    Reason.NO_ANSWER: mark("连接不上"),
    Reason.NO_ONVIF: mark("端口通，ONVIF 不应答或报错"),
    Reason.AUTH_REFUSED: mark("口令被拒，已停止再试"),
    Reason.CLOCK_SKEW: mark("设备时钟偏差过大，认证被拒"),
    Reason.NO_ANSWER_AUTHED: mark("认证后的请求无应答"),
    Reason.NO_PICTURE: mark("取不到画面"),
    Reason.NO_STREAM: mark("取不到视频流"),
    Reason.RECORDING_STALE: mark("录像中断"),
    Reason.MONITOR_BLIND: mark("监测端看不见"),
    Reason.SILENCE: mark("久无探测结果"),
    Reason.FIRST_SEEN: mark("刚开始监测"),
    Reason.IMAGE_NO_SIGNAL: mark("没有视频信号"),
    Reason.IMAGE_HALF_PICTURE: mark("画面不完整"),
    Reason.IMAGE_NOISE: mark("画面噪点严重"),
    Reason.IMAGE_STRIPES: mark("画面有条纹"),
    Reason.IMAGE_DARK: mark("画面过暗"),
    Reason.IMAGE_BRIGHT: mark("画面过亮"),
    Reason.IMAGE_FOG: mark("画面发雾"),
    Reason.IMAGE_MOVED: mark("镜头转动"),
    Reason.IMAGE_ROTATED: mark("画面倾倒或翻转"),
    Reason.IMAGE_BLUR: mark("画面模糊"),
    Reason.IMAGE_COVER: mark("疑似遮挡"),
    Reason.IMAGE_OTHER_SCENE: mark("画面不是原来的场景"),
    Reason.IMAGE_IR_STUCK: mark("白天无彩色"),
    Reason.IMAGE_FROZEN: mark("画面冻结"),
    Reason.IMAGE_PLATFORM: mark("多台画面同时冻结"),
}

RUNG = {
    Rung.REACH: mark("连接"),
    Rung.PING: "ping",
    Rung.TIME: mark("校时"),
    Rung.SNMP: "SNMP",
    Rung.AUTH: mark("认证"),
    Rung.SNAPSHOT: mark("抓图"),
    Rung.STREAM: mark("视频流"),
    Rung.RECORDING: mark("录像"),
}

VERDICT = {
    Verdict.OK: mark("正常"),
    Verdict.TIMEOUT: mark("超时"),
    Verdict.REFUSED: mark("连接被拒"),
    Verdict.RESET: mark("连接被重置"),
    Verdict.UNREACHABLE: mark("不可达"),
    Verdict.AUTH_REFUSED: mark("口令被拒"),
    Verdict.LATCHED: mark("口令曾被拒，不再试"),
    Verdict.CLOCK_SKEW: mark("时钟偏差"),
    Verdict.FAULT: mark("设备报错"),
    Verdict.MALFORMED: mark("应答无法解读"),
    Verdict.TOO_LARGE: mark("应答过大"),
    Verdict.REDIRECTED: mark("要求转向，未跟随"),
    Verdict.OFF_ENROLMENT: mark("指向未登记的端口，未访问"),
    Verdict.STALE: mark("录像过旧"),
    Verdict.NOT_OFFERED: mark("设备不提供"),
    Verdict.SKIPPED: mark("未检"),
    Verdict.MONITOR: mark("监测端自身故障"),
}

KIND = {
    DeviceKind.CAMERA: mark("固定摄像机"),
    DeviceKind.PTZ: mark("球机"),
    DeviceKind.CHECKPOINT: mark("卡口"),
    DeviceKind.SPEAKER: mark("音柱"),
    DeviceKind.TRANSCEIVER: mark("光端机"),
    DeviceKind.SWITCH: mark("交换机"),
    DeviceKind.RECORDER: mark("录像机"),
}

SITE_KIND = {
    SiteKind.CITY: mark("市"),
    SiteKind.COUNTY: mark("县"),
    SiteKind.TOWN: mark("镇"),
    SiteKind.VILLAGE: mark("村"),
    SiteKind.GRID: mark("网格"),
    SiteKind.CAMPUS: mark("校园"),
    SiteKind.CHECKPOINT: mark("卡口"),
}
