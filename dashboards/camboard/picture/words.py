"""The words and shapes of pictures, aims and clocks. Chinese here, English in the catalogue."""

from __future__ import annotations

from camboard.desk.words import tongue
from camboard.i18n import Language
from camboard.text import plain
from camboard.words import REASON, mark
from camkeeper.message.times import clock_off
from camkeeper.model.picture import Context, Drift, PictureVerdict, Scope
from camkeeper.model.status import Reason
from camkeeper.model.view import Viewed

PICTURE = {
    PictureVerdict.OK: mark("画面正常"),
    PictureVerdict.NO_SIGNAL: REASON[Reason.IMAGE_NO_SIGNAL],
    PictureVerdict.HALF_PICTURE: REASON[Reason.IMAGE_HALF_PICTURE],
    PictureVerdict.NOISE: REASON[Reason.IMAGE_NOISE],
    PictureVerdict.STRIPES: REASON[Reason.IMAGE_STRIPES],
    PictureVerdict.DARK: REASON[Reason.IMAGE_DARK],
    PictureVerdict.BRIGHT: REASON[Reason.IMAGE_BRIGHT],
    PictureVerdict.FOG: REASON[Reason.IMAGE_FOG],
    PictureVerdict.MOVED: REASON[Reason.IMAGE_MOVED],
    PictureVerdict.ROTATED: REASON[Reason.IMAGE_ROTATED],
    PictureVerdict.BLUR: REASON[Reason.IMAGE_BLUR],
    PictureVerdict.COVER: REASON[Reason.IMAGE_COVER],
    PictureVerdict.OTHER_SCENE: REASON[Reason.IMAGE_OTHER_SCENE],
    PictureVerdict.IR_STUCK: REASON[Reason.IMAGE_IR_STUCK],
    PictureVerdict.CAST: mark("画面偏色"),
    PictureVerdict.FROZEN: REASON[Reason.IMAGE_FROZEN],
}
CONTEXT = {Context.DAY: mark("白天"), Context.NIGHT: mark("夜间")}
SCOPE = {
    Scope.DEVICE: mark("本机"),
    Scope.WEATHER: mark("天气：邻近摄像机都一样，不归任何人"),
    Scope.PLATFORM: mark("多台同时：取图的平台停了"),
}
VIEWED = {
    Viewed.THUMBNAIL: mark("告警模糊图"),
    Viewed.SNAPSHOT: mark("原图"),
    Viewed.ASKED: mark("申请取原图"),
}
ADVISORY = {
    "cast": mark("可能偏色"),
    "dirt": mark("镜头可能有污渍"),
    "web": mark("镜头前可能有蛛网"),
    "still": mark("画面静止，无法判断是否冻结"),
    "reaimed": mark("修复后朝向与验收时略有不同"),
}
_WRONG_S = 1.0
"""Devices tell whole seconds: less is right."""


def verdict_word(verdict: PictureVerdict, say: Language) -> str:
    """Return what a picture amounts to."""
    return say(PICTURE[verdict])


def advisory_words(names: tuple[str, ...], say: Language) -> tuple[str, ...]:
    """Return hints that are no alarm."""
    return tuple(say(ADVISORY[name]) if name in ADVISORY else plain(name, limit=40) for name in names)


def amount_words(offset_s: float, say: Language) -> str:
    """Return how long an offset is, without its sign: `4 分 12 秒`."""
    seconds = round(abs(offset_s))
    days, hours, minutes, rest = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60
    units = ((days, say("天")), (hours, say("小时")), (minutes, say("分")), (rest, say("秒")))
    return " ".join(f"{n} {unit}" for n, unit in units if n) or f"0 {say('秒')}"


def clock_word(offset_s: float, say: Language) -> str:
    """Return whether a clock is fast, slow or right."""
    if abs(offset_s) < _WRONG_S:
        return say("准")
    amount = amount_words(offset_s, say)
    return say("快 %(amount)s", amount=amount) if offset_s > 0 else say("慢 %(amount)s", amount=amount)


def correction_word(offset_s: float, say: Language) -> str:
    """Return what to do to a time burnt into footage."""
    if abs(offset_s) < _WRONG_S:
        return say("录像时间不必校正")
    amount = amount_words(offset_s, say)
    if offset_s > 0:
        return say("录像时间减 %(amount)s 为真实时间", amount=amount)
    return say("录像时间加 %(amount)s 为真实时间", amount=amount)


def drift_words(drift: Drift, now_ms: int, tz: str, say: Language) -> str:
    """Return how far the clock was off on a day, in the words of messages: `5月3日快 4 分 12 秒`."""
    return clock_off(drift.offset_s, drift.at_ms, now_ms, tz, tongue(say))


def degrees(value: float, *, decimals: int = 0) -> str:
    """Return a bearing from 0 up to, and without, 360.

    >>> degrees(359.7), degrees(-20.04, decimals=1), degrees(359.96, decimals=1)
    ('0°', '340.0°', '0.0°')
    """
    rounded = round(value % 360, decimals) % 360
    return f"{rounded:.{decimals}f}°"


def turned_deg(planned_deg: float, measured_deg: float) -> float:
    """Return how far it was turned, clockwise positive, in (-180, 180].

    >>> turned_deg(350, 10), turned_deg(10, 350), turned_deg(0, 180)
    (20, -20, 180)
    """
    return 180 - (180 - (measured_deg - planned_deg)) % 360
