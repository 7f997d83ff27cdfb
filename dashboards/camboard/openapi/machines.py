"""Accounts, tokens, health, metrics and the stream of events, for machines. Declarations; pure."""

from __future__ import annotations

from camboard.openapi.declare import EVENTS, LANG, Body, Call
from camboard.openapi.schema import (
    Schema,
    flag,
    instant,
    length,
    many,
    maybe,
    one_of,
    optional,
    record,
    ref,
    text,
    words,
)
from camboard.openapi.shapes import DEVICE_ID, HEALTH_REASONS, SITE_ID
from camboard.words import mark
from camkeeper.model.access import PEOPLE, Role

_ROLE = one_of(Role, example=Role.TECHNICIAN)
_PERSON = words(*[role.value for role in Role if role in PEOPLE])
_SCOPE = record(
    sites=maybe(many(SITE_ID, mark("只见这些地点及其下级；null：全部"))),
    contractor=maybe(text(mark("只见这家维保单位的；null：全部"), example="k1")),
)
ACCOUNT = record(
    record(name=text(example="王强"), role=_ROLE),
    _SCOPE,
    disabled=flag(),
    created_ms=instant(),
    changed_ms=instant(),
    seen_ms=maybe(instant()),
    outside=text(mark("由外部登录系统带来的身份"), example=""),
)
TOKEN = record(
    record(id=text(example="t7f3"), name=text(example="大屏"), role=_ROLE),
    _SCOPE,
    created_ms=instant(),
    created_by=text(example="admin"),
    expires_ms=maybe(instant()),
    used_ms=maybe(instant()),
)
TOLD = record(done=flag(example=True), secret=text(mark("口令或令牌，只在这里出现一次"), example="ck_..."))
EVENT = record(
    note=mark("change：有更新的状态；beat：一时没有变化，数据有这么旧。没有历史：重连后问一次现状就什么都没错过。"),
    at_ms=instant(),
    age_ms=length(example=120),
    stale_after_ms=length(example=20_000),
    changed=many(DEVICE_ID, mark("变化的设备")),
    everything=flag(mark("变化太多或只有数字变了：全部重看")),
)
SCHEMAS: dict[str, Schema] = {"Account": ACCOUNT, "Token": TOKEN, "Told": TOLD, "Event": EVENT}
_SITES = optional(text(mark("地点编号，以空格分开；空为全部"), example="v03 v04"))
_CONTRACTOR = optional(text(mark("维保单位编号；维保角色必填"), example="k1"))
_NAME = text(mark("姓名或用途"), example="王强")
_CHANGES = (404, 409)

ACCOUNTS = Call(
    id="accounts",
    tag="access",
    summary=mark("账号与令牌，不含口令"),
    reply=record(accounts=many(ref("Account")), tokens=many(ref("Token"))),
    also=(404,),
)
ACCOUNT_ADD = Call(
    id="addAccount",
    tag="access",
    summary=mark("新建账号；回一次性口令"),
    body=Body(fields=record(name=_NAME, role=_PERSON, sites=_SITES, contractor=_CONTRACTOR)),
    reply=ref("Told"),
    also=_CHANGES,
)
ACCOUNT_CHANGE = Call(
    id="changeAccount",
    tag="access",
    summary=mark("改账号（step=change）或重置口令（step=reset）"),
    path={"name": _NAME},
    body=Body(
        fields=record(
            step=words("change", "reset"),
            role=optional(_PERSON),
            sites=_SITES,
            contractor=_CONTRACTOR,
            disabled=optional(words("0", "1")),
        )
    ),
    reply=ref("Told"),
    also=_CHANGES,
)
TOKEN_ADD = Call(
    id="addToken",
    tag="access",
    summary=mark("新建令牌"),
    body=Body(
        fields=record(
            name=_NAME,
            role=one_of(Role, example=Role.OFFICIAL),
            sites=_SITES,
            contractor=_CONTRACTOR,
            days=optional(text(mark("几天后失效；空为不失效"), example="90", pattern="^[0-9]{0,4}$")),
        )
    ),
    reply=ref("Told"),
    also=_CHANGES,
)
TOKEN_REVOKE = Call(
    id="revokeToken",
    tag="access",
    summary=mark("撤销令牌"),
    path={"id": text(example="t7f3")},
    body=Body(fields=record()),
    reply=ref("Told"),
    also=_CHANGES,
)
COMMAND = Call(
    id="accessCommand",
    tag="access",
    summary=mark("命令 camkeeper access 用的：与账号页同样的事"),
    path={
        "command": words("first", "add", "passwd", "reset", "disable", "enable", "token_add", "token_revoke"),
    },
    body=Body(
        fields=record(
            name=optional(_NAME),
            role=optional(_ROLE),
            sites=_SITES,
            contractor=_CONTRACTOR,
            password=optional(text(mark("passwd 的新口令"), example="一头牛站在村口")),
            days=optional(text(example="90", pattern="^[0-9]{0,4}$")),
            id=optional(text(mark("token_revoke 的令牌编号"), example="t7f3")),
        )
    ),
    reply=record(done=flag(example=True), zh=text(), en=text(), secret=text(example="ck_...")),
    also=_CHANGES,
)
EVENTS_CALL = Call(
    id="events",
    tag="machines",
    summary=mark("事件流：有更新就说一声，一秒至多四次"),
    note=mark("只说有更新，不带数字；慢的读者收到合并后的。读者太多时 503 并附 Retry-After。"),
    media=(EVENTS,),
    reply=ref("Event"),
    sample='event: change\ndata: {"at_ms": 1795266901000, "age_ms": 120, "stale_after_ms": 20000, '
    '"changed": ["cam-0007"], "everything": false}\n\n',
    also=(503,),
)
HEALTHZ = Call(
    id="healthz",
    tag="machines",
    summary=mark("200 活着，503 请重启"),
    reply=record(live=flag(example=True), reasons=HEALTH_REASONS),
    same=(503,),
)
READYZ = Call(
    id="readyz",
    tag="machines",
    summary=mark("200 数字可信且是新的，503 说明为什么不是"),
    reply=record(ready=flag(example=True), reasons=HEALTH_REASONS),
    same=(503,),
)
METRICS = Call(
    id="metrics",
    tag="machines",
    summary=mark("Prometheus 或 OpenMetrics，看 Accept 头"),
    media=("text/plain", "application/openmetrics-text"),
    sample='camkeeper_devices{kind="camera",site="v03",status="up"} 6.0\n',
)
DOCUMENT = Call(
    id="openapi",
    tag="machines",
    summary=mark("这份说明本身，OpenAPI 3.1"),
    query=(LANG,),
    reply={
        "type": "object",
        "required": ["openapi", "info", "paths"],
        "properties": {
            "openapi": text(example="3.1.0"),
            "info": {"type": "object", "examples": [{"title": "camkeeper", "version": "1"}]},
            "paths": {"type": "object", "examples": [{}]},
        },
    },
)
