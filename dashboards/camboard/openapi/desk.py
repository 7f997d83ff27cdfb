"""The duty desk for machines: incidents and work orders, and the steps that may be taken. Declarations; pure."""

from __future__ import annotations

from camboard.openapi.declare import CSV, LANG, MULTIPART, Body, Call, Parameter
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
    record,
    ref,
    renamed,
    text,
    whole,
    words,
)
from camboard.openapi.shapes import AT, DEVICE_ID, SITE_ID
from camboard.words import mark
from camkeeper.model.incident import Cause, Confidence, Happening, IncidentState
from camkeeper.model.service import FaultClass
from camkeeper.model.status import Reason, Status
from camkeeper.model.workorder import OrderKind, OrderState, Step, Why

NUMBER = whole(mark("工单号"), example=931, minimum=1, maximum=999_999_999)
INCIDENT_ID = text(mark("事件编号"), example="I000123")
DIGEST = text(mark("文件的 SHA-256"), example="ab" * 32, pattern=r"^[0-9a-f]{64}$")
WHO = text(mark("谁，1 至 40 个字；已登录或持令牌时不用写，以账号或令牌的名义登记"), example="王强")
_WHY = text(mark("说明，至多 500 字"), example="更换电源适配器")
_FACT: Schema = {"type": ["string", "integer"], "examples": ["pole-12"]}
MEMBER = record(
    device_id=DEVICE_ID,
    status=one_of(Status, example=Status.DOWN),
    reason=one_of(Reason, example=Reason.NO_ANSWER),
    since_ms=instant(example=1_795_264_800_000),
    recovered_ms=maybe(instant(example=1_795_266_000_000)),
)
INCIDENT = record(
    id=INCIDENT_ID,
    state=one_of(IncidentState, example=IncidentState.OPEN),
    domain=ref("Domain"),
    cause=one_of(Cause, mark("疑因")),
    confidence=one_of(Confidence, mark("把握")),
    evidence=many(
        record(name=text(example="power_link"), facts=by_name(_FACT, example="link_id")),
        mark("依据：名称与其数字、编号"),
    ),
    began_ms=instant(example=1_795_264_800_000),
    opened_ms=maybe(instant(example=1_795_264_890_000)),
    resolved_ms=maybe(instant(example=1_795_266_000_000)),
    acknowledged_by=maybe(text(example="王强")),
    acknowledged_ms=maybe(instant(example=1_795_265_000_000)),
    suppressed_by=maybe(text(mark("被哪起事件压下"), example="I000122")),
    merged_into=maybe(text(example="I000122")),
    merged_why=text(mark("有人并入时写的原因；空：系统自己并入，或没有并入"), example=""),
    absorbed=many(INCIDENT_ID, mark("有人并入它的事件")),
    members=many(ref("Member")),
    name=text(example="大郭村北杆"),
    position=text(mark("去哪里，用文字说"), example="村委会向北 200 米"),
    site_ids=many(SITE_ID),
    order_number=maybe(NUMBER),
    respond_by_ms=maybe(instant()),
    repair_by_ms=maybe(instant()),
    overdue=flag(),
    children=many(INCIDENT_ID, mark("它压下的事件")),
    letters=count(mark("发出的通知")),
    undelivered=count(),
)
_LETTER = record(
    id=text(example="l1"),
    incident_id=maybe(INCIDENT_ID),
    channel_id=text(example="wecom-duty"),
    subject=text(example="【离线·交换机】葛岗村 2台"),
    created_ms=instant(),
    code=text(example="93000"),
    detail=text(example="invalid webhook url"),
)
DESK = record(
    at_ms=AT,
    checked_ms=maybe(instant(mark("最近一次查看变化的时刻：空列表不等于没人看"))),
    open=many(ref("Incident"), mark("未恢复，最严重的在前")),
    recent=many(ref("Incident"), mark("近七天已恢复")),
    waiting_letters=count(),
    dead_letters=many(_LETTER, mark("没有渠道收下的通知")),
)
_HAPPENED = record(
    at_ms=instant(),
    happening=one_of(Happening),
    tells=flag(mark("为此发了通知")),
    device_ids=many(DEVICE_ID),
    by=maybe(text(example="王强")),
)
STEP = record(
    at_ms=instant(),
    number=NUMBER,
    step=one_of(Step),
    by=text(mark("probe：监测程序自己"), example="王强"),
    text=text(example="更换电源适配器"),
    why=maybe(one_of(Why)),
    device_ids=many(DEVICE_ID),
    contractor_id=maybe(text(example="k1")),
    photo=maybe(DIGEST),
)
STORY = record(
    INCIDENT,
    events=many(_HAPPENED),
    steps=many(ref("OrderStep")),
    message=record(
        note=mark("发给人的通知原文"), zh=text(example="【离线·断电?】…"), en=text(example="[Down: power?] …")
    ),
)
ORDER = record(
    number=NUMBER,
    id=text(example="o-931"),
    kind=one_of(OrderKind),
    state=one_of(OrderState, example=OrderState.ASSIGNED),
    domain=maybe(ref("Domain")),
    cause=maybe(one_of(Cause)),
    site_ids=many(SITE_ID),
    contractor_id=maybe(text(example="k1")),
    incident_ids=many(INCIDENT_ID),
    device_ids=many(DEVICE_ID),
    opened_ms=instant(),
    began_ms=instant(),
    accepted_ms=maybe(instant()),
    restored_ms=maybe(instant()),
    closed_ms=maybe(instant()),
    respond_by_ms=maybe(instant()),
    repair_by_ms=maybe(instant()),
    overdue=flag(),
    name=text(example="大郭村北杆"),
    photos=many(record(digest=DIGEST, size_bytes=count(example=183_202), media_type=text(example="image/jpeg"))),
)
ORDER_SHOWN = record(ORDER, position=text(example="村委会向北 200 米"), contractor=text(example="平安运维公司"))
_SIGNED = record(
    name=text(example="王强"),
    unit=text(example="平安运维公司"),
    findings=many(renamed(record(item=text(example="箱体完好"), good=flag(example=True), told=text()), told="note")),
)
ORDER_FULL = record(
    ORDER_SHOWN,
    checklist=many(text(example="箱体完好"), mark("巡检项目")),
    signature=maybe(_SIGNED),
    steps=many(ref("OrderStep")),
)
SPREAD = record(
    count=count(),
    mean_ms=maybe(length()),
    median_ms=maybe(length()),
    longest_ms=maybe(length()),
    excluded_ms=length(mark("双方约定剔除的时间"), example=0),
)
_MONTH = record(
    start_ms=instant(example=1_793_462_400_000),
    end_ms=instant(),
    faults=count(example=12),
    open=count(),
    recovered_alone=count(),
    cancelled=count(),
    reopened=count(),
    late_response=count(),
    late_repair=count(),
    overdue_now=count(),
    mtta=ref("Spread"),
    mttr=ref("Spread"),
    mttr_by_class=by_name(ref("Spread"), mark("按故障种类"), example=FaultClass.DOMAIN.value),
    inspections=record(
        due=count(),
        signed=count(),
        open=count(),
        late=count(),
        cancelled=count(),
        bad_items=count(),
        overdue_now=count(),
    ),
)
_GAIN = record(
    note=mark("修好后找回的覆盖"),
    area_m2=number(example=1234.5),
    places=number(example=1.5),
    place_ids=many(text(example="gate")),
)
_RANKED = record(ORDER_SHOWN, gain=maybe(_GAIN))
WAY = record(
    at_ms=AT,
    contractor_id=text(mark("空：全部单位"), example="k1"),
    start=maybe(many(number(example=113.8), mark("经度、纬度，WGS-84"))),
    measured=flag(mark("已按覆盖量过轻重")),
    length_m=number(mark("直线距离之和"), example=8250.5),
    stops=many(
        record(
            site_id=SITE_ID, site=text(example="大郭村"), leg_m=number(example=1520.0), orders=many(ref("RankedOrder"))
        )
    ),
    unplaced=many(ref("RankedOrder"), mark("没有位置的")),
)
SCHEMAS: dict[str, Schema] = {
    "Member": MEMBER,
    "Incident": INCIDENT,
    "Desk": DESK,
    "Story": STORY,
    "OrderStep": STEP,
    "Order": ORDER,
    "OrderFull": ORDER_FULL,
    "RankedOrder": _RANKED,
    "Spread": SPREAD,
    "OrdersMonth": _MONTH,
    "Way": WAY,
}
_KEPT = (404, 503)
_BY = optional(WHO)

INCIDENTS = Call(
    id="incidents",
    tag="incidents",
    summary=mark("未恢复的事件与近七天已恢复的"),
    note=mark("没有值守台的监测为 404；值守台还没备好时 503 并附 Retry-After。"),
    reply=ref("Desk"),
    also=_KEPT,
)
INCIDENTS_CSV = Call(
    id="incidentsCsv",
    tag="incidents",
    summary=mark("事件列表，CSV"),
    query=(LANG,),
    media=(CSV,),
    sample="id,state,name,domain_kind,domain_id,place,...\r\nI000123,未恢复,大郭村北杆,立杆,pole-12,大郭村,...\r\n",
    also=_KEPT,
)
INCIDENT_CALL = Call(
    id="incident",
    tag="incidents",
    summary=mark("一起事件的全过程"),
    path={"id": INCIDENT_ID},
    reply=ref("Story"),
    also=_KEPT,
)
ACKNOWLEDGE = Call(
    id="acknowledge",
    tag="incidents",
    summary=mark("认领：已有人看到"),
    path={"id": INCIDENT_ID},
    body=Body(fields=record(by=_BY)),
    reply=ref("Done"),
    also=(404, 409, 503),
)
_MERGED = (404, 409, 503)
MERGE = Call(
    id="mergeIncident",
    tag="incidents",
    summary=mark("并入另一起未恢复的同类事件；不另发通知"),
    path={"id": INCIDENT_ID},
    body=Body(fields=record(by=_BY, into=INCIDENT_ID, text=_WHY)),
    reply=ref("Done"),
    also=_MERGED,
)
UNMERGE = Call(
    id="unmergeIncident",
    tag="incidents",
    summary=mark("撤销并入，两起事件都未恢复时可用"),
    path={"id": INCIDENT_ID},
    body=Body(fields=record(by=_BY)),
    reply=ref("Done"),
    also=_MERGED,
)
ORDERS = Call(
    id="orders",
    tag="orders",
    summary=mark("在办工单，逾期的在前；本月用时"),
    reply=record(at_ms=AT, orders=many(ref("Order")), month=optional(ref("OrdersMonth"))),
    also=_KEPT,
)
ORDERS_CSV = Call(
    id="ordersCsv",
    tag="orders",
    summary=mark("在办工单，CSV"),
    query=(LANG,),
    media=(CSV,),
    sample="number,kind,state,name,domain_kind,...\r\n931,维修,已派单,大郭村北杆,立杆,...\r\n",
    also=_KEPT,
)
ORDER_CALL = Call(
    id="order",
    tag="orders",
    summary=mark("一张工单，在办或已了结"),
    path={"number": NUMBER},
    reply=ref("OrderFull"),
    also=(404,),
)
ROUTE = Call(
    id="route",
    tag="orders",
    summary=mark("先修哪里：重点部位与找回的地面在前，按村排成行车顺序"),
    query=(Parameter(name="contractor", schema=text(example="k1"), note=mark("哪家维保单位")),),
    reply=ref("Way"),
    also=(404,),
)
STEP_CALL = Call(
    id="orderStep",
    tag="orders",
    summary=mark("工单的一步：接单、到场、修复、备注、取消"),
    note=mark("取消与备注要写 text。维保单位不能取消。"),
    path={
        "number": NUMBER,
        "step": words("accept", "onsite", "repaired", "note", "cancel"),
    },
    body=Body(fields=record(by=_BY, text=optional(_WHY))),
    reply=ref("Done"),
    also=(404, 409, 503),
)
ASSIGN = Call(
    id="assign",
    tag="orders",
    summary=mark("改派给另一家维保单位"),
    path={"number": NUMBER},
    body=Body(fields=record(by=_BY, contractor=text(mark("维保单位编号"), example="k2"), text=optional(_WHY))),
    reply=ref("Done"),
    also=(404, 409, 503),
)
SIGN = Call(
    id="sign",
    tag="orders",
    summary=mark("巡检签字：每个项目 item.N 为 good 或 bad，note.N 写哪里不好"),
    path={"number": NUMBER},
    body=Body(
        fields={
            **record(by=_BY, unit=optional(text(mark("单位"), example="平安运维公司"))),
            "patternProperties": {
                "^item\\.[0-9]+$": words("good", "bad"),
                "^note\\.[0-9]+$": text(example="门锁坏"),
            },
        }
    ),
    reply=ref("Done"),
    also=(404, 409, 503),
)
_FILE: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
PHOTO = Call(
    id="addPhoto",
    tag="orders",
    summary=mark("工单的照片：JPEG、PNG、WebP、HEIC，至多 5 MB，photo 放在最后"),
    path={"number": NUMBER},
    body=Body(fields=record(by=_BY, text=optional(_WHY), photo=_FILE), media=(MULTIPART,)),
    reply=ref("Done"),
    also=(404, 408, 409),
)
PHOTO_FILE = Call(
    id="photo",
    tag="orders",
    summary=mark("一张照片，作为附件"),
    path={"number": NUMBER, "digest": DIGEST},
    media=("image/jpeg", "image/png", "image/webp", "image/heic"),
    also=(404,),
)
