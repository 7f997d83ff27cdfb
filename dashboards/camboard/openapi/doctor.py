"""The doctor, for programs. Declarations; pure."""

from __future__ import annotations

from camboard.openapi.declare import CSV, JSON, Body, Call
from camboard.openapi.desk import WHO
from camboard.openapi.schema import count, flag, many, maybe, number, one_of, optional, record, ref, text
from camboard.openapi.shapes import DEVICE_ID, SITE_ID
from camboard.words import mark
from camkeeper.doctor.finding import Check, FieldName, Severity, Sureness

_ID = text(mark("发现的编号：检查:对象"), example="model:dg01-cam-01")
EDIT = record(
    note=mark("建议写入登记簿的一个值"),
    device=DEVICE_ID,
    field=text(mark("字段，如 mount.lon_deg"), example="model"),
    old=maybe(text(mark("登记的值"), example="DS-2CD3T26")),
    new=text(mark("建议的值"), example="DS-2CD3T47"),
)
FINDING = record(
    id=_ID,
    check=one_of(Check),
    title_zh=text(example="型号与设备不符"),
    title_en=text(example="Another model answers"),
    severity=one_of(Severity, mark("severe 严重，minor 一般，advice 建议")),
    sureness=one_of(Sureness, mark("proven 确证，likely 很可能，possible 可能")),
    zh=text(example="登记型号 DS-2CD3T26，应答 DS-2CD3T47"),
    en=text(example="model DS-2CD3T26 registered, DS-2CD3T47 answers"),
    devices=many(DEVICE_ID),
    sites=many(SITE_ID),
    numbers={
        "type": "object",
        "description": mark("证据：名称里带单位的数与词，因检查而异"),
        "additionalProperties": {"type": ["number", "string"]},
        "examples": [{"registered": "DS-2CD3T26", "answered": "DS-2CD3T47"}],
    },
    advice_zh=text(example="改为 DS-2CD3T47"),
    advice_en=text(example="make it DS-2CD3T47"),
    edits=many(ref("DoctorEdit"), mark("空：要由人决定")),
)
ACCURACY = record(
    note=mark("一个字段的准确率；没有旁证的算未知，从不算对"),
    field=one_of(FieldName),
    title_zh=text(example="型号"),
    title_en=text(example="model"),
    devices=count(example=144),
    checked=count(example=140),
    right=count(example=138),
    wrong=count(example=2),
    unknown=count(example=4),
    missing=count(mark("没有填写的，含在未知里"), example=1),
    rate=maybe(number(mark("对 / 核对；没有核对的为 null"), example=0.985714)),
)
EXAMINATION = record(
    devices=count(example=218),
    answered=count(mark("有应答可比的设备"), example=183),
    severe=count(mark("严重的发现"), example=1),
    findings=many(ref("DoctorFinding")),
    accuracy=many(ref("DoctorAccuracy")),
)
SCHEMAS = {"DoctorEdit": EDIT, "DoctorFinding": FINDING, "DoctorAccuracy": ACCURACY, "Examination": EXAMINATION}
DOCTOR = Call(
    id="doctor",
    tag="township",
    summary=mark("登记簿体检：发现、证据、改法，各字段的准确率"),
    media=(JSON,),
    reply=ref("Examination"),
    also=(404,),
)
DOCTOR_FIX = Call(
    id="doctorFix",
    tag="township",
    summary=mark("按发现的建议改登记簿：合为一次，要么全改，要么不改"),
    body=Body(fields=record(by=optional(WHO), ids=text(mark("发现的编号，每行一个"), example="model:dg01-cam-01"))),
    reply=record(
        done=flag(example=True),
        number=count(mark("登记簿的第几次变更"), example=4),
        zh=text(example="已改 1 台设备"),
        en=text(example="1 device is changed"),
    ),
    also=(404, 409),
)
DOCTOR_CSV = Call(
    id="doctorCsv",
    tag="township",
    summary=mark("体检的全部发现，CSV"),
    media=(CSV,),
    sample="id,check,severity,sureness,title,finding,proposal,devices,sites,edits\r\n"
    "model:dg01-cam-01,model,minor,likely,Another model answers,...,...,dg01-cam-01,dg01,...\r\n",
    also=(404,),
)
DOCTOR_FIELDS_CSV = Call(
    id="doctorFieldsCsv",
    tag="township",
    summary=mark("各字段的准确率，CSV"),
    media=(CSV,),
    sample="field,name,devices,checked,right,wrong,unknown,missing,rate_percent\r\n"
    "model,型号,218,140,138,2,78,1,98.5714\r\n",
    also=(404,),
)
