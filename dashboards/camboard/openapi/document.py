"""The OpenAPI 3.1 document, made from the route table and what is declared beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from camboard.i18n import Language
from camboard.openapi import cover, desk, doctor, figures, machines, shapes, township, windows
from camboard.openapi.declare import GEOJSON, JSON, TAGS, Call
from camboard.openapi.schema import Schema, example_of, ref, told
from camboard.route import Anyone, Route
from camboard.words import mark
from camkeeper.model.access import Role

VERSION = "1"
"""Of the addresses below `/api/v1`."""
COMPONENTS: dict[str, Schema] = {
    **shapes.SHAPES,
    **township.SCHEMAS,
    **doctor.SCHEMAS,
    **cover.SCHEMAS,
    **figures.SCHEMAS,
    **desk.SCHEMAS,
    **windows.SCHEMAS,
    **machines.SCHEMAS,
}
INTRO = mark(
    "时刻为 1970 年以来的 UTC 毫秒，时长为毫秒。名称与登记时相同，以 ASCII 转义的 JSON 给出。"
    "谁在问：Authorization: Bearer ck_…，令牌在账号页上建，带角色、地点与维保单位；权限以外的东西一概是 404。"
    "错误都附状态码与中英文原因。"
)
ERRORS = {
    304: mark("没有变化，手里的就是新的"),
    400: mark("参数或请求体无法解读"),
    401: mark("没有登录，也没有有效的令牌"),
    403: mark("这个角色不可以，或请求不是从本系统的页面发出的"),
    404: mark("没有这个对象，或不在可见范围内，或这台监测没有这项功能"),
    408: mark("发送太慢"),
    409: mark("没有采取这一步，附原因"),
    413: mark("请求过大"),
    415: mark("请求体的格式不收"),
    503: mark("暂时不能，附 Retry-After"),
}
_OTHER = mark("其他错误，同样的格式")


def plain_path(path: str) -> str:
    """Return a path as the document has it: without the patterns of its parts.

    >>> plain_path("/orders/{number:[1-9][0-9]{0,8}}/photos/{digest:[0-9a-f]{64}}")
    '/orders/{number}/photos/{digest}'
    """
    out, depth, skipping = "", 0, False
    for char in path:
        depth += (char == "{") - (char == "}")
        if char == ":" and depth == 1:
            skipping = True
        if char == "}" and depth == 0:
            skipping = False
        if not skipping:
            out += char
    return out


def names_in(path: str) -> tuple[str, ...]:
    """Return the names of the parts of a path."""
    return tuple(part.partition("}")[0] for part in plain_path(path).split("{")[1:])


def calls(routes: Iterable[Route]) -> Iterator[tuple[Route, Call]]:
    """Yield the routes that machines may use, with what is declared of them."""
    for route in routes:
        if route.call is not None:
            yield route, route.call


def document(routes: Iterable[Route], say: Language) -> dict[str, Any]:
    """Write the whole document in a language."""
    paths: dict[str, dict[str, Any]] = {}
    for route, call in calls(routes):
        paths.setdefault(plain_path(route.path), {})[route.method.lower()] = operation(route, call)
    made = {
        "openapi": "3.1.0",
        "info": {"title": "camkeeper", "version": VERSION, "description": INTRO},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": word} for name, word in TAGS.items()],
        "paths": paths,
        "components": {"schemas": COMPONENTS, "securitySchemes": _SCHEMES, "responses": {"Error": _error(_OTHER)}},
    }
    out: dict[str, Any] = told(made, say)
    return out


_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": mark("令牌，ck_ 开头")},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "camkeeper",
        "description": mark("浏览器登录后的会话"),
    },
}


def roles(route: Route) -> tuple[Role, ...] | None:
    """Return who may, in the order of the roles; None: anybody, without signing in."""
    return None if isinstance(route.may, Anyone) else tuple(role for role in Role if role in route.may)


def operation(route: Route, call: Call) -> dict[str, Any]:
    """Write one address."""
    missing = set(names_in(route.path)) ^ set(call.path)
    if missing:
        raise ValueError(f"{route.path}: parts of the path and declarations differ: {missing}")
    may = roles(route)
    out: dict[str, Any] = {
        "operationId": call.id,
        "tags": [call.tag],
        "summary": call.summary,
        "security": [] if may is None else [{"token": []}, {"session": []}],
        "x-roles": [] if may is None else [role.value for role in may],
        "responses": responses(route, call),
    }
    if call.note:
        out["description"] = call.note
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": schema} for name, schema in call.path.items()
    ]
    parameters += [
        {"name": p.name, "in": "query", "required": False, "description": p.note, "schema": p.schema}
        for p in call.query
    ]
    if parameters:
        out["parameters"] = parameters
    if call.body is not None:
        content = {media: {"schema": _body(call.body.fields, media)} for media in call.body.media}
        out["requestBody"] = {"required": True, "content": content}
    return out


def _body(fields: Schema, media: str) -> Schema:
    """Return the schema of a body: files are sent as multipart alone."""
    files = {name for name, schema in fields.get("properties", {}).items() if "contentMediaType" in schema}
    if not files or media not in {JSON, "application/x-www-form-urlencoded"}:
        return fields
    return {**fields, "properties": {n: s for n, s in fields["properties"].items() if n not in files}}


def statuses(route: Route, call: Call) -> tuple[int, ...]:
    """Return the errors that an address may answer with."""
    found = set(call.also)
    if call.query or call.body is not None:
        found.add(400)
    if roles(route) is not None:
        found |= {401, 403}
    if call.body is not None:
        found |= {403, 413, 415}
    return tuple(sorted(found))


def responses(route: Route, call: Call) -> dict[str, Any]:
    """Write every answer that an address has."""
    good: dict[str, Any] = {"description": call.summary, "content": _content(call)}
    out = {"200": good, **{str(status): {**good, "description": ERRORS[status]} for status in call.same}}
    for status in statuses(route, call):
        out[str(status)] = {"description": ERRORS[304]} if status == 304 else _error(ERRORS[status])
    out["default"] = {"$ref": "#/components/responses/Error"}
    return out


def _content(call: Call) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for media in call.media:
        if call.reply is not None and media in {JSON, GEOJSON}:
            made[media] = {"schema": call.reply, "example": example_of(call.reply, COMPONENTS)}
        elif media.startswith("text/"):
            made[media] = {"schema": {"type": "string"}, **({"example": call.sample} if call.sample else {})}
            if call.reply is not None:
                made[media]["x-data"] = call.reply  # what each `data:` of the stream holds
        else:
            made[media] = {}
    return made


def _error(word: str) -> dict[str, Any]:
    return {"description": word, "content": {JSON: {"schema": ref("Error")}}}
