"""Rates of months, what is behind them, and reports, for machines. Declarations; pure."""

from __future__ import annotations

from camboard.openapi.declare import CSV, JSON, LANG, Body, Call, Parameter
from camboard.openapi.desk import WHO
from camboard.openapi.schema import (
    Schema,
    by_name,
    count,
    flag,
    instant,
    length,
    many,
    maybe,
    number,
    one_of,
    optional,
    percent,
    record,
    ref,
    share,
    text,
    whole,
    words,
)
from camboard.openapi.shapes import DEVICE_ID, SITE_ID, TARGET, VERDICT
from camboard.words import mark
from camkeeper.model.contract import WindowKind
from camkeeper.model.incident import Cause
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import Rule
from camkeeper.standing.report import MonthState

MONTH_TEXT = text(mark("年月"), example="2026-10", pattern=r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$")
MONTH_PART = text(mark("年月"), example="2026-10", pattern=r"^[0-9]{4}-[0-9]{2}$")
DAY_TEXT = text(example="2026-10-03", pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")
_POLICY = text(mark("核算口径的名称与版本"), example="time-weighted/1")
_PERCENTS = record(
    ratio=percent(example="94.48"),
    lower=percent(example="94.36"),
    upper=percent(example="94.49"),
    completeness=percent(example="99.86"),
    good=percent(example="94.22"),
)
FIGURE = record(
    note=mark("一个口径算出的数字；比较时用整数，不用小数"),
    rule=one_of(Rule),
    verdict=VERDICT,
    ratio=maybe(share()),
    lower=maybe(share()),
    upper=maybe(share()),
    completeness=maybe(number(example=0.9986)),
    percent=_PERCENTS,
    days=count(mark("计入的天数"), example=31),
    looks=record(
        note=mark("每日巡查口径的查看次数"), online=count(example=4100), offline=count(example=240), unknown=count()
    ),
    time=ref("Buckets"),
)
NET_AND_GROSS = record(note=mark("net 已剔除约定窗口，gross 不剔除"), net=ref("Figure"), gross=ref("Figure"))
_SLA_WINDOW = record(
    id=text(example="w1"),
    kind=one_of(WindowKind),
    from_ms=instant(example=1_791_000_000_000),
    to_ms=instant(example=1_791_086_400_000),
    reason=text(example="道路施工，光缆迁改"),
    evidence=maybe(text(example="会议纪要 12 号")),
    approver=maybe(text(example="镇综治中心")),
    devices=maybe(many(DEVICE_ID, mark("null：全部设备"))),
)
SLA = record(
    month=MONTH_TEXT,
    from_ms=instant(example=1_790_784_000_000),
    to_ms=instant(example=1_793_462_400_000),
    complete=flag(mark("这个月已经过完"), example=True),
    closed=maybe(
        record(
            note=mark("已经结账"),
            seq=whole(example=4021),
            by=text(example="李主任"),
            why=maybe(text(example="重算")),
        )
    ),
    timezone=text(example="Asia/Shanghai"),
    deciding_policy=_POLICY,
    sites=many(
        record(
            id=SITE_ID,
            name=text(example="大郭村"),
            kind=one_of(SiteKind, example=SiteKind.VILLAGE),
            target_bp=TARGET,
            figures=by_name(ref("NetAndGross"), mark("按核算口径"), example="time-weighted/1"),
        )
    ),
    windows=many(_SLA_WINDOW, mark("触及这个时段的约定窗口")),
)
_SHORT_FIGURE = record(rule=one_of(Rule), verdict=VERDICT, percent=_PERCENTS, time=ref("Buckets"))
RATED = record(
    id=text(example="v03"),
    name=text(example="大郭村"),
    kind=maybe(one_of(SiteKind, mark("维保单位为 null"), example=SiteKind.VILLAGE)),
    parent_id=maybe(text(example="town")),
    target_bp=TARGET,
    cameras=count(example=7),
    net=ref("ShortFigure"),
    gross=ref("ShortFigure"),
)
_CAUSE = record(
    cause=one_of(Cause),
    count=count(example=4),
    open=count(example=1),
    lasted_ms=length(),
    answered=count(),
    answer_ms=maybe(length(mark("平均多久有人接单"))),
    recovered=count(),
    recover_ms=maybe(length(mark("平均多久恢复"))),
)
_AGREED = record(
    id=text(example="w1"),
    kind=one_of(WindowKind),
    from_ms=instant(),
    to_ms=instant(),
    reason=text(example="道路施工，光缆迁改"),
    evidence=maybe(text(example="会议纪要 12 号")),
    approver=maybe(text(example="镇综治中心")),
    devices=maybe(count(example=12)),
    counts=flag(mark("起决定作用的口径剔除它"), example=True),
)
_COVER = record(
    site_id=SITE_ID,
    target_bp=maybe(TARGET),
    design=maybe(share()),
    lower=maybe(share()),
    upper=maybe(share()),
    worst=maybe(share()),
    worst_ms=maybe(instant()),
    lower_hours=number(example=401.5),
    upper_hours=number(example=410.2),
)
MONTH = record(
    month=MONTH_TEXT,
    from_ms=instant(example=1_790_784_000_000),
    to_ms=instant(example=1_793_462_400_000),
    state=one_of(MonthState, mark("进行中、草稿、已结账、已更正"), example=MonthState.CLOSED),
    closed=maybe(
        record(
            seq=whole(example=4021),
            at_ms=instant(),
            by=text(example="李主任"),
            why=maybe(text(example="重算")),
            figures=maybe(text(mark("结账时各数字的 SHA-256"), example="0" * 64)),
        )
    ),
    timezone=text(example="Asia/Shanghai"),
    deciding_policy=_POLICY,
    total=ref("Rated"),
    other_policies=by_name(ref("ShortFigure"), mark("其余口径，仅供对照"), example="daily-mean/1"),
    sites=many(ref("Rated")),
    contractors=many(ref("Rated")),
    days=many(record(day=DAY_TEXT, time=ref("Buckets"))),
    incidents=many(_CAUSE),
    agreed=many(_AGREED),
    coverage=maybe(many(_COVER)),
    ledger=record(note=mark("算到账本的哪一条"), seq=whole(example=4020), hash=text(example="0" * 64)),
)
SCHEMAS: dict[str, Schema] = {
    "Figure": FIGURE,
    "NetAndGross": NET_AND_GROSS,
    "Sla": SLA,
    "ShortFigure": _SHORT_FIGURE,
    "Rated": RATED,
    "MonthReport": MONTH,
}
_SITE = Parameter(name="site", schema=SITE_ID, note=mark("这个地点及其下级"))
_MONTH = Parameter(name="month", schema=MONTH_TEXT, note=mark("哪个月；不写为本月"))
WHY_ASK = (
    _SITE,
    Parameter(name="device", schema=DEVICE_ID, note=mark("一台设备；有它就不看 site")),
    _MONTH,
    Parameter(name="from", schema=DAY_TEXT, note=mark("从哪一天起；有它就不看 month")),
    Parameter(name="to", schema=DAY_TEXT, note=mark("到哪一天止，含这一天")),
)
_MISSING = (404,)

SLA_CALL = Call(
    id="sla",
    tag="figures",
    summary=mark("一个月的在线率：与命令 camkeeper sla --json 相同"),
    query=(
        _MONTH,
        _SITE,
        Parameter(name="policy", schema=_POLICY, note=mark("只要这个口径")),
    ),
    reply=ref("Sla"),
    also=_MISSING,
)
WHY_CSV = Call(
    id="whyCsv",
    tag="figures",
    summary=mark("数字背后的每一段时间，CSV"),
    note=mark("每段附起始记录的序号与散列。至多 50,000 行。"),
    query=WHY_ASK,
    media=(CSV,),
    sample="device_id,device,status,start_ms,end_ms,length_ms,...,seq,hash\r\n"
    "cam-0007,大郭村文化广场东杆 1号,down,1795264800000,1795266900000,2100000,...,4018,9f2c\r\n",
    also=_MISSING,
)
WHY_CAMERAS_CSV = Call(
    id="whyCamerasCsv",
    tag="figures",
    summary=mark("每台摄像机的各部分时间，最差在前，CSV"),
    query=WHY_ASK,
    media=(CSV,),
    sample="device_id,device,site_id,up_ms,degraded_ms,down_ms,unknown_ms,excluded_ms,absent_ms\r\n"
    "cam-0007,大郭村文化广场东杆 1号,v03,2592000000,0,86400000,0,0,0\r\n",
    also=_MISSING,
)
_ROWS = (
    "month,level,id,name,cameras,target_bp,policy,verdict,ratio_percent,...\r\n"
    "2026-10,total,town,大郭镇,144,9500,time-weighted/1,missed,94.48,...\r\n"
)
MONTHS_CSV = Call(
    id="monthsCsv", tag="figures", summary=mark("每月一行，CSV"), media=(CSV,), sample=_ROWS, also=_MISSING
)
MONTH_CSV = Call(
    id="monthCsv",
    tag="figures",
    summary=mark("一个月：合计、各地点、各维保单位，CSV"),
    path={"month": MONTH_PART},
    media=(CSV,),
    sample=_ROWS,
    also=_MISSING,
)
MONTH_JSON = Call(
    id="monthJson",
    tag="figures",
    summary=mark("一个月的报表"),
    path={"month": MONTH_PART},
    media=(JSON,),
    reply=ref("MonthReport"),
    also=_MISSING,
)
MONTH_STEP = Call(
    id="monthStep",
    tag="figures",
    summary=mark("封账、先看一遍、更正：命令 camkeeper month 用的"),
    path={"month": MONTH_PART, "step": words("close", "preview", "amend")},
    body=Body(
        fields=record(
            by=optional(WHO),
            text=optional(text(mark("为什么"), example="重算")),
            figures=optional(text(mark("先看一遍时各数字的散列"), example="0" * 64)),
            windows=optional(text(mark("先看一遍时各约定的散列"), example="0" * 64)),
            signatures=optional(text(mark("签名，JSON 列表，各有 public_key 与 signature"), example="[]")),
        )
    ),
    reply={**record(done=flag(example=True)), "additionalProperties": True},
    also=(404, 409),
)
AUDIT_CSV = Call(
    id="auditCsv",
    tag="access",
    summary=mark("谁做了什么：审计记录与账本登记，CSV"),
    note=mark("至多 10,000 行；整段散列相连。"),
    query=(
        Parameter(name="who", schema=text(example="王强"), note=mark("姓名中的文字")),
        Parameter(name="what", schema=text(example="export"), note=mark("做了什么")),
        Parameter(name="day", schema=DAY_TEXT, note=mark("哪一天")),
        Parameter(
            name="source",
            schema=words("access", "chain", "windows", "views", "orders", "incidents"),
            note=mark("哪一份登记"),
        ),
        Parameter(name="before", schema=text(example="1795266900000.access.311"), note=mark("从哪一条往前")),
        LANG,
    ),
    media=(CSV,),
    sample="time,utc_ms,register,number,by,role,address,what,target,detail,hash\r\n"
    "2026-11-21 21:15:00,1795266900000,access,311,王强,technician,10.20.0.8,认领,I000123,,9f2c\r\n",
)
