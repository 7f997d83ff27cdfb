"""The township, its sites and devices, for machines. Declarations; pure."""

from __future__ import annotations

from camboard.openapi.declare import CSV, GEOJSON, LANG, Call, Parameter
from camboard.openapi.schema import (
    Schema,
    count,
    flag,
    instant,
    length,
    many,
    maybe,
    number,
    one_of,
    optional,
    record,
    ref,
    text,
    whole,
    words,
)
from camboard.openapi.shapes import AT, DEVICE_ID, SITE, SITE_ID, VERDICT
from camboard.query import KINDS
from camboard.words import State, mark
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.probing import Rung, Verdict
from camkeeper.model.status import Reason, Status

_UPLINK = record(
    id=text(example="line-mobile"), name=text(example="移动专线"), sees=flag(example=True), since_ms=maybe(instant())
)
MONITOR = record(
    note=mark("监测程序对自己的判断"),
    boot_id=text(example="b-1"),
    started_ms=instant(example=1_795_180_500_000),
    last_tick_ms=instant(mark("到这一刻为止都已落盘")),
    last_sample_ms=maybe(instant(example=1_795_266_899_600)),
    lag_ms=number(mark("最近一分钟事件循环的最大迟延，毫秒"), example=3.5),
    uplinks=many(_UPLINK, mark("监测程序自己的出口")),
    warnings=many(text(example="clock stepped"), mark("要给人看的句子")),
    probes_total=count(example=123_456),
    probes_missed=count(example=0),
    policy=text(mark("起决定作用的核算口径"), example="time-weighted/1"),
)
STANDING = record(
    at_ms=AT,
    age_ms=length(mark("数据已有多旧"), example=120),
    stale=flag(mark("旧到不可当作现状")),
    name=text(example="大郭镇"),
    timezone=text(example="Asia/Shanghai"),
    synthetic_geometry=flag(mark("地理位置是合成的演示数据"), example=False),
    now=record(note=mark("此刻的摄像机"), cameras=ref("StateCounts"), percent=ref("Percent"), verdict=VERDICT),
    total=ref("Site"),
    villages_total=count(example=27),
    villages_with_camera=count(mark("至少有一台摄像机在工作的村"), example=26),
    devices_total=count(example=184),
    monitor=MONITOR,
)
_PICTURES = record(
    note=mark("只在监测画面的地方有"),
    looked=count(mark("看过画面的摄像机"), example=6),
    found=count(mark("画面问题已坐实的"), example=1),
    weather=flag(mark("全村画面同时变差：天气，不是谁的责任")),
)
SITE_MORE = record(SITE, pictures=optional(_PICTURES))
DEVICE = record(
    id=DEVICE_ID,
    name=text(example="大郭村文化广场东杆 1号"),
    kind=one_of(DeviceKind),
    site_id=SITE_ID,
    host=text(example="10.20.3.14"),
    tags=many(text(example="校门口"), mark("标签")),
    status=one_of(Status, example=Status.DOWN),
    shown=one_of(State, mark("屏幕上的状态：约定窗口内为维护"), example=State.DOWN),
    reason=one_of(Reason, mark("为什么是这个状态"), example=Reason.NO_ANSWER),
    since_ms=maybe(instant(example=1_795_264_800_000)),
    last_sample_ms=maybe(instant(example=1_795_266_888_000)),
    unstable=flag(),
    in_window=flag(mark("在约定的检修窗口内")),
    today=ref("Rate"),
    month=ref("Rate"),
)
_RUNG = record(
    rung=one_of(Rung),
    verdict=one_of(Verdict, example=Verdict.TIMEOUT),
    ms=number(example=5000.0),
    detail=text(mark("给人看的证据，不含口令"), example="no answer within 5 s"),
)
_SEGMENT = record(
    start_ms=instant(example=1_795_180_500_000),
    end_ms=instant(),
    status=maybe(one_of(Status, mark("null：当时没有登记"))),
)
_FACTS = record(
    note=mark("设备自己说的"),
    manufacturer=maybe(text(example="HIKVISION")),
    model=maybe(text(example="DS-2CD3T46")),
    firmware=maybe(text(example="V5.5.0")),
    clock_offset_s=maybe(number(mark("正数为快"), example=1.5)),
    uptime_s=maybe(number(example=864_000)),
    profiles=many(
        record(token=text(example="Profile_1"), width=maybe(whole(example=1920)), height=maybe(whole(example=1080)))
    ),
)
DEVICE_FULL = record(
    record(at_ms=AT),
    DEVICE,
    rungs=many(_RUNG, mark("探测阶梯，自下而上")),
    strip=many(_SEGMENT, mark("最近 24 小时")),
    facts=_FACTS,
    picture=optional(maybe(ref("Picture"))),
    clock=optional(many(ref("Drift"), mark("时钟偏差的历史"))),
)
POSITION: Schema = maybe(
    record(
        type=words("Point"),
        coordinates=many(number(example=113.842_117), mark("经度、纬度，WGS-84")),
    )
)
_FEATURE = record(
    type=words("Feature"),
    id=DEVICE_ID,
    properties=record(
        name=text(example="大郭村文化广场东杆 1号"),
        kind=one_of(DeviceKind),
        site_id=SITE_ID,
        status=one_of(Status, example=Status.DOWN),
        shown=one_of(State, example=State.DOWN),
        reason=one_of(Reason, example=Reason.NO_ANSWER),
        since_ms=maybe(instant(example=1_795_264_800_000)),
        last_sample_ms=maybe(instant(example=1_795_266_888_000)),
        percent_month=ref("Percent"),
        azimuth_deg=maybe(number(mark("自北顺时针，度"), example=135.0)),
    ),
    geometry=POSITION,
)
SCHEMAS: dict[str, Schema] = {
    "Standing": STANDING,
    "Monitor": MONITOR,
    "SiteNow": SITE_MORE,
    "Device": DEVICE,
    "DeviceFull": DEVICE_FULL,
}

_SITE_FILTER = Parameter(name="site", schema=SITE_ID, note=mark("这个地点及其下级"))
_KIND = Parameter(
    name="kind",
    schema=words(*sorted(KINDS)),
    note=mark("设备种类；cameras 为全部摄像机，others 为其余，all 为全部"),
)
_STATUS = Parameter(name="status", schema=one_of(State, example=State.DOWN), note=mark("屏幕上的状态"))
_SEARCH = Parameter(name="q", schema=text(example="广场"), note=mark("名称、编号或地址中的文字"))
_PAGE = Parameter(
    name="page", schema=whole(example=1, minimum=1, maximum=100_000), note=mark("第几页；超出时给最后一页")
)
CHOICE = (
    _SITE_FILTER,
    _KIND,
    _STATUS,
    _SEARCH,
    Parameter(name="contractor", schema=text(example="k1"), note=mark("维保单位编号")),
    Parameter(name="link", schema=text(example="pole-12"), note=mark("立杆、交换机或线路的编号：挂在它上面的设备")),
    Parameter(name="cause", schema=one_of(Reason, example=Reason.NO_ANSWER), note=mark("为什么是这个状态")),
    Parameter(
        name="sort",
        schema=words("worst", "rate", "good", "longest", "probed", "name", "site"),
        note=mark("排序：最差、在线率、完好率、最久、最近探测、名称、地点"),
    ),
)

STANDING_CALL = Call(
    id="standing",
    tag="township",
    summary=mark("全镇此刻、今日与本月"),
    note=mark("不含设备与地点，它们各有地址。"),
    reply=ref("Standing"),
)
SITES = Call(
    id="sites",
    tag="township",
    summary=mark("全部地点，上级在前"),
    reply=record(at_ms=AT, sites=many(ref("SiteNow"))),
)
SITE_CALL = Call(
    id="site",
    tag="township",
    summary=mark("一个地点"),
    path={"id": SITE_ID},
    reply=record(record(at_ms=AT), SITE_MORE),
    also=(404,),
)
DEVICES = Call(
    id="devices",
    tag="township",
    summary=mark("设备，离线的在前"),
    query=(
        _SITE_FILTER,
        _KIND,
        _STATUS,
        Parameter(name="tag", schema=text(example="主干道"), note=mark("标签")),
        _SEARCH,
        _PAGE,
        Parameter(name="per_page", schema=whole(example=50, minimum=1, maximum=500), note=mark("每页几台")),
    ),
    reply=record(
        at_ms=AT,
        total=count(example=184),
        page=whole(example=1),
        pages=whole(example=4),
        per_page=whole(example=50),
        devices=many(ref("Device")),
    ),
    also=(404,),
)
DEVICES_GEOJSON = Call(
    id="devicesGeojson",
    tag="township",
    summary=mark("设备与状态，GeoJSON"),
    note=mark("没有登记位置的设备，geometry 为 null。"),
    query=CHOICE,
    media=(GEOJSON,),
    reply=record(type=words("FeatureCollection"), at_ms=AT, synthetic=flag(), features=many(_FEATURE)),
    also=(404,),
)
DEVICES_CSV = Call(
    id="devicesCsv",
    tag="township",
    summary=mark("设备列表，CSV"),
    query=(*CHOICE, LANG),
    media=(CSV,),
    sample="id,name,kind,site_id,site,status,...\r\ncam-0007,大郭村文化广场东杆 1号,固定摄像机,v03,大郭村,离线,...\r\n",
)
DEVICE_CALL = Call(
    id="device",
    tag="township",
    summary=mark("一台设备：阶梯、24 小时、画面与时钟"),
    path={"id": DEVICE_ID},
    reply=ref("DeviceFull"),
    also=(404,),
)
