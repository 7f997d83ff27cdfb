"""Agreed windows and pictures, for machines. Declarations; pure."""

from __future__ import annotations

from camboard.openapi.declare import FORM, ICS, JSON, LANG, MULTIPART, Body, Call, Parameter
from camboard.openapi.desk import WHO
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
    renamed,
    text,
    whole,
    words,
)
from camboard.openapi.shapes import AT, DEVICE_ID, SITE_ID
from camboard.words import mark
from camkeeper.model.contract import WindowKind
from camkeeper.model.picture import Context, PictureVerdict, Scope
from camkeeper.model.view import Viewed
from camkeeper.window.book import Deed

WINDOW_ID = text(mark("窗口编号"), example="W000012")
DOCUMENT = record(
    note=mark("依据文件"),
    name=text(example="会议纪要.pdf"),
    digest=text(example="ab" * 32),
    size_bytes=count(example=183_202),
    media_type=optional(text(example="application/pdf")),
)
_TEXT_OR_FILE: Schema = {
    "description": mark("依据：文件，或配置里写的一句话"),
    "anyOf": [{"$ref": "#/components/schemas/Document"}, {"type": "string"}],
}
WINDOW = record(
    id=WINDOW_ID,
    plan=text(mark("属于哪份约定"), example="W000012"),
    kind=one_of(WindowKind, mark("maintenance 检修，exclusion 剔除")),
    from_ms=instant(),
    to_ms=instant(example=1_795_274_100_000),
    reason=text(example="道路施工，光缆迁改"),
    approver=text(example="镇综治中心"),
    evidence=_TEXT_OR_FILE,
    by=text(mark("谁登记的；空：在配置文件里"), example="王强"),
    entered_ms=maybe(instant()),
    late=flag(mark("开始以后才登记")),
    rule=text(mark("周期，RFC 5545 的 RRULE"), example="FREQ=WEEKLY;BYDAY=TU"),
    sites=many(SITE_ID),
    devices=many(DEVICE_ID),
    links=many(text(example="pole-12")),
    all=flag(mark("全部设备")),
    devices_covered=count(),
    cameras_covered=count(),
    counted_out_ms=length(mark("起决定作用的口径剔除的摄像机毫秒")),
    may_end=flag(),
    may_withdraw=flag(),
)
_DEED = record(
    plan_id=WINDOW_ID,
    at_ms=instant(),
    deed=one_of(Deed),
    by=text(example="王强"),
    text=optional(text(example="提前完工")),
    plan=optional({"type": "object", "description": mark("登记时的约定全文"), "examples": [{"id": "W000012"}]}),
)
WINDOWS = record(
    at_ms=AT,
    policy=text(example="time-weighted/1"),
    unreadable=flag(mark("约定读不出来：一条都不算，也不收新的")),
    now=many(ref("Window")),
    coming=many(ref("Window"), mark("今后 62 天")),
    past=many(ref("Window"), mark("过去 62 天，新的在前")),
    audit=many(_DEED, mark("每一次登记、批准、结束与撤回")),
)
_LIST = mark("编号，以逗号或空格分开")
_REQUEST = renamed(
    record(
        by=optional(WHO),
        kind=one_of(WindowKind),
        begin=text(mark("开始，当地时间"), example="2026-10-06T09:00"),
        end=optional(text(mark("结束；或写 length"), example="2026-10-06T11:00")),
        length=optional(text(mark("多长：90m、2h、1h30m、1d"), example="2h")),
        repeat=optional(text(mark("周期，RRULE"), example="FREQ=WEEKLY;BYDAY=TU")),
        until=optional(text(mark("到哪天为止"), example="2026-12-31")),
        but=optional(text(mark("除去哪几天"), example="2026-10-13")),
        tz=optional(text(example="Asia/Shanghai")),
        reason=text(example="道路施工，光缆迁改"),
        approver=optional(text(mark("剔除须有批准人"), example="镇综治中心")),
        sites=optional(text(_LIST, example="v03 v04")),
        devices=optional(text(_LIST, example="cam-0007")),
        links=optional(text(_LIST, example="pole-12")),
        all=optional(words("1", note=mark("全部设备"))),
    ),
    begin="from",
    end="to",
    but="except",
)
_WITH_FILE = {
    **_REQUEST,
    "properties": {
        **_REQUEST["properties"],
        "evidence": {"type": "string", "contentMediaType": "application/octet-stream", "x-optional": True},
    },
}
DRIFT = record(at_ms=instant(), offset_s=number(mark("正数为快"), example=1.5))
BASELINE = record(
    context=one_of(Context),
    version=count(example=2),
    learned_ms=instant(),
    frames=count(example=12),
    accepted=flag(example=True),
    digest=text(example="9f2c"),
)
_TURN = record(
    yaw_deg=number(mark("从上方看顺时针"), example=12.5),
    pitch_deg=number(mark("向下"), example=-1.0),
    roll_deg=number(example=0.2),
    error_deg=number(example=1.1),
    method=text(example="homography"),
)
FINDING = record(
    note=mark("已坐实，计入数字"),
    verdict=one_of(PictureVerdict, example=PictureVerdict.COVER),
    scope=one_of(Scope),
    since_ms=instant(),
    decided_ms=instant(),
    looks=count(),
    turn=maybe(_TURN),
)
_AIMED = record(
    planned_deg=number(example=130.0),
    measured_deg=number(example=142.5),
    error_deg=number(example=1.1),
    since_ms=instant(),
)
PICTURE = record(
    device_id=DEVICE_ID,
    looked_ms=maybe(instant()),
    context=maybe(one_of(Context)),
    verdict=maybe(one_of(PictureVerdict, mark("最近一张的判断：尚未坐实"))),
    advisory=many(text(example="still")),
    finding=maybe(ref("Finding")),
    baselines=many(ref("Baseline")),
    learnt=record(note=mark("学到几张"), **{context.value: count() for context in Context}),
    aimed=maybe(_AIMED),
    drift=maybe(ref("Drift")),
    has_thumbnail=flag(),
)
PICTURES = record(
    at_ms=AT,
    learn_frames=count(example=5),
    diagnosed=count(),
    verdicts={
        "type": "object",
        "description": mark("启动以来各种判断的张数"),
        "additionalProperties": count(),
        "x-example-name": "ok",
    },
    failed=count(),
    dropped=count(),
    crashed=count(),
    waiting=count(),
    weather_site_ids=many(SITE_ID),
    cameras=many(ref("Picture")),
)
_VIEW = record(
    at_ms=instant(),
    who=text(example="王强"),
    unit=text(example="平安运维公司"),
    why=text(example="核实遮挡"),
    device_id=DEVICE_ID,
    what=one_of(Viewed),
    incident_id=maybe(text(example="I000123")),
)
SCHEMAS: dict[str, Schema] = {
    "Document": DOCUMENT,
    "Window": WINDOW,
    "Windows": WINDOWS,
    "Drift": DRIFT,
    "Baseline": BASELINE,
    "Finding": FINDING,
    "Picture": PICTURE,
    "Pictures": PICTURES,
}
_ENTERED = record(done=flag(example=True), id=maybe(WINDOW_ID))

WINDOWS_CALL = Call(
    id="windows",
    tag="windows",
    summary=mark("约定的检修与剔除：现在、将来、过去与每次登记"),
    reply=ref("Windows"),
    also=(404,),
)
WINDOWS_ICS = Call(
    id="windowsIcs",
    tag="windows",
    summary=mark("约定的检修与剔除，日历"),
    query=(LANG,),
    media=(ICS,),
    sample="BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:W000012\r\n...\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    also=(404,),
)
WINDOW_ADD = Call(
    id="addWindow",
    tag="windows",
    summary=mark("登记一份约定；剔除须附依据文件 evidence，放在最后，至多 10 MB"),
    body=Body(fields=_WITH_FILE, media=(JSON, FORM, MULTIPART)),
    reply=_ENTERED,
    also=(404, 408, 409),
)
WINDOW_STEP = Call(
    id="windowStep",
    tag="windows",
    summary=mark("结束或撤回一份约定"),
    path={"id": WINDOW_ID, "step": words("end", "withdraw")},
    body=Body(fields=record(by=optional(WHO), text=optional(text(mark("为什么"), example="提前完工")))),
    reply=_ENTERED,
    also=(404, 409),
)
PICTURES_CALL = Call(
    id="pictures", tag="pictures", summary=mark("每台摄像机的画面，只有数字"), reply=ref("Pictures"), also=(404,)
)
VIEWS = Call(
    id="views",
    tag="pictures",
    summary=mark("看图登记，新的在前"),
    query=(Parameter(name="limit", schema=whole(example=200, minimum=1, maximum=1000), note=mark("至多几条")),),
    reply=record(views=many(_VIEW)),
    also=(404,),
)
RELEARN = Call(
    id="relearn",
    tag="pictures",
    summary=mark("重新学习一台摄像机的基准画面"),
    path={"id": DEVICE_ID},
    body=Body(fields=record(by=optional(WHO), why=text(mark("为什么"), example="换了杆位"))),
    reply=ref("Done"),
    also=(404, 409),
)
