"""Schemas that many replies have in common: errors, rates, buckets, domains, counts. Pure."""

from __future__ import annotations

from camboard.openapi.schema import (
    Schema,
    count,
    flag,
    instant,
    length,
    many,
    maybe,
    one_of,
    percent,
    record,
    ref,
    text,
    whole,
)
from camboard.words import State, mark
from camkeeper.availability.buckets import Promise
from camkeeper.model.incident import DomainKind
from camkeeper.model.place import SiteKind
from camkeeper.model.status import Status

TARGET = whole(mark("目标，万分之一：9500 即 95%"), example=9500, minimum=0, maximum=10_000)
SITE_ID = text(mark("地点编号"), example="v03")
DEVICE_ID = text(mark("设备编号"), example="cam-0007")
AT = instant(mark("所说的时刻"))
VERDICT = one_of(
    Promise, mark("达标：连下限也达到目标，且未知不超过 2%；未达标：连上限也不到；其余为未定"), example=Promise.MISSED
)

BUCKETS = record(
    note=mark("五部分之和等于时段乘以摄像机数；degraded_ms 是 up_ms 的一部分"),
    up_ms=length(mark("在线"), example=2_592_000_000),
    down_ms=length(mark("离线"), example=151_200_000),
    unknown_ms=length(mark("未知：没有人测到"), example=3_600_000),
    excluded_ms=length(mark("约定剔除，两边都不计"), example=0),
    absent_ms=length(mark("尚未登记或已拆除"), example=0),
    degraded_ms=length(mark("在线而没有可用画面"), example=7_200_000),
)
PERCENT = record(
    note=mark("文字，截到两位，从不进位；没有测得为 null"),
    ratio=percent(mark("在线 ÷（在线＋离线）"), example="94.48"),
    lower=percent(mark("未知全算离线"), example="94.36"),
    upper=percent(mark("未知全算在线"), example="94.49"),
    good=percent(mark("只算有可用画面的"), example="94.22"),
    completeness=percent(mark("测得的份额"), example="99.86"),
)
RATE = record(
    start_ms=instant(example=1_793_462_400_000),
    end_ms=instant(),
    buckets=ref("Buckets"),
    percent=ref("Percent"),
    target_bp=TARGET,
    verdict=VERDICT,
)
STATUS_COUNTS = record(note=mark("按状态的台数"), **{s.value: count() for s in Status})
STATE_COUNTS = record(note=mark("按状态的台数；约定窗口内的算维护"), **{s.value: count() for s in State})
SITE = record(
    id=SITE_ID,
    name=text(example="大郭村"),
    name_en=text(example="Dagou"),
    kind=one_of(SiteKind, example=SiteKind.VILLAGE),
    code=maybe(text(mark("行政区划代码"), example="410721104201")),
    parent_id=maybe(text(example="town")),
    target_bp=TARGET,
    cameras=ref("StatusCounts"),
    cameras_total=count(example=7),
    cameras_online=count(mark("此刻有应答的：在线与异常"), example=6),
    others=ref("StatusCounts"),
    today=ref("Rate"),
    month=ref("Rate"),
)
DOMAIN = record(
    note=mark("事件落在谁身上：一台设备，或众设备共有的一环"),
    kind=one_of(DomainKind, example=DomainKind.POLE),
    id=text(example="pole-12"),
)
ERROR = record(
    error=record(
        status=whole(mark("与响应的状态码相同"), example=404),
        zh=text(mark("中文原因"), example="没有这一页或这个对象"),
        en=text(mark("英文原因"), example="There is no such page or thing"),
    ),
)
DONE = record(note=mark("这一步已经落盘"), done=flag(example=True))
HEALTH_REASONS = many(text(example="data are 63000 ms old"), mark("为什么不行；没有问题时为空"))

SHAPES: dict[str, Schema] = {
    "Buckets": BUCKETS,
    "Percent": PERCENT,
    "Rate": RATE,
    "StatusCounts": STATUS_COUNTS,
    "StateCounts": STATE_COUNTS,
    "Site": SITE,
    "Domain": DOMAIN,
    "Error": ERROR,
    "Done": DONE,
}
