"""The document for people: chapters, addresses, fields, and a request to copy. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from camboard.access.words import ROLE
from camboard.i18n import Language
from camboard.openapi.declare import FORM, JSON, MULTIPART, TAGS, Call
from camboard.openapi.document import COMPONENTS, ERRORS, calls, plain_path, roles, statuses
from camboard.openapi.schema import OPTIONAL, Schema, example_of, name_of
from camboard.route import Route
from camboard.words import mark

_SAMPLE_LINES = 60
_TYPE = {
    "string": mark("文字"),
    "integer": mark("整数"),
    "number": mark("数"),
    "boolean": mark("真假"),
    "array": mark("列表"),
    "object": mark("对象"),
    "null": "null",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """A parameter, or a field of a body or a reply."""

    name: str
    kind: str
    note: str
    must: bool
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address."""

    id: str
    method: str
    path: str
    summary: str
    note: str
    who: str
    parameters: tuple[FieldRow, ...]
    body: tuple[FieldRow, ...]
    takes: str
    media: str
    fields: tuple[FieldRow, ...]
    sample: Markup
    """With its line ends, which no other text keeps."""
    curl: str
    errors: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A named schema."""

    name: str
    note: str
    fields: tuple[FieldRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """All addresses of one subject, and the values that their replies have."""

    key: str
    word: str
    addresses: tuple[Address, ...]
    values: tuple[Value, ...]


def chapters(routes: Iterable[Route], say: Language) -> tuple[Chapter, ...]:
    """Return the whole document, chapter by chapter."""
    listed = list(calls(routes))
    out = []
    for key, word in TAGS.items():
        own = [(route, call) for route, call in listed if call.tag == key]
        named = sorted({name for _, call in own for name in used(call.reply)})
        values = tuple(value(name, say) for name in named)
        addresses = tuple(address(route, call, say) for route, call in own)
        out.append(Chapter(key=key, word=say(word), addresses=addresses, values=values))
    return tuple(out)


def address(route: Route, call: Call, say: Language) -> Address:
    """Return one address for showing."""
    may = roles(route)
    path = plain_path(route.path)
    body = call.body
    return Address(
        id=call.id,
        method=route.method,
        path=path,
        summary=say(call.summary),
        note=say(call.note) if call.note else "",
        who=say("任何人") if may is None else say("、").join(say(ROLE[role]) for role in may),
        parameters=tuple(_parameters(call, say)),
        body=() if body is None else tuple(_fields(body.fields, say)),
        takes="" if body is None else ", ".join(body.media),
        media=", ".join(call.media),
        fields=() if call.reply is None else tuple(_fields(call.reply, say)),
        sample=escape(_sample(call)),
        curl=curl(route.method, path, call),
        errors=tuple((status, say(ERRORS[status])) for status in sorted({*statuses(route, call), *call.same})),
    )


def _parameters(call: Call, say: Language) -> Iterator[FieldRow]:
    for name, schema in call.path.items():
        yield _row(name, schema, say, must=True)
    for each in call.query:
        yield _row(each.name, each.schema, say, note=each.note, must=False)


def _fields(schema: Schema, say: Language) -> Iterator[FieldRow]:
    """Yield the fields of an object, with those inside it: `now.cameras`, `devices[].id`. References stay closed."""
    for name, inner in schema.get("properties", {}).items():
        yield _row(name, inner, say, must=OPTIONAL not in inner)
        for below in _fields(_inside(inner), say):
            dots = "[]." if "items" in inner else "."
            yield FieldRow(
                name=f"{name}{dots}{below.name}",
                kind=below.kind,
                note=below.note,
                must=below.must,
                values=below.values,
            )


def _inside(schema: Schema) -> Schema:
    inner = schema.get("items", schema)
    return {} if name_of(inner) else inner


def _row(name: str, schema: Schema, say: Language, *, must: bool, note: str = "") -> FieldRow:
    told = note or schema.get("description", "")
    values = tuple(str(v) for v in schema.get("enum", ()) if v is not None)
    return FieldRow(name=name, kind=kind(schema, say), note=say(told) if told else "", must=must, values=values)


def kind(schema: Schema, say: Language) -> str:
    """Return a type in words: `list of Device`, `text or null`."""
    named = name_of(schema)
    if named:
        return named
    if "anyOf" in schema:
        return say(" 或 ").join(kind(each, say) for each in schema["anyOf"])
    if "items" in schema:
        null = say(" 或 ") + "null" if "null" in schema.get("type", ()) else ""
        return say("%(what)s 的列表", what=kind(schema["items"], say)) + null
    types = schema.get("type", "object")
    return say(" 或 ").join(say(_TYPE[each]) for each in ([types] if isinstance(types, str) else types))


def value(name: str, say: Language) -> Value:
    """Return a named schema for showing."""
    schema = COMPONENTS[name]
    note = schema.get("description", "")
    return Value(name=name, note=say(note) if note else "", fields=tuple(_fields(schema, say)))


def used(schema: Any) -> set[str]:
    """Return the components that a schema refers to, and those that they refer to."""
    if isinstance(schema, list):
        return {name for each in schema for name in used(each)}
    if not isinstance(schema, Mapping):
        return set()
    own = name_of(dict(schema))
    if own:
        return {own} | used(COMPONENTS[own])
    return {name for each in schema.values() for name in used(each)}


def _sample(call: Call) -> str:
    if call.sample or call.reply is None:
        return call.sample.replace("\r\n", "\n").rstrip("\n")
    text = json.dumps(example_of(call.reply, COMPONENTS), ensure_ascii=False, indent=1)
    lines = text.split("\n")
    return "\n".join([*lines[:_SAMPLE_LINES], "..."]) if len(lines) > _SAMPLE_LINES else text


def curl(method: str, path: str, call: Call) -> str:
    """Return a command line to copy; the host stands for the board's own."""
    for name, schema in call.path.items():
        path = path.replace(f"{{{name}}}", str(example_of(schema, COMPONENTS)))
    words = ["curl"]
    if method == "POST":
        words += ["-X", "POST"]
    words += ["-H", "'Authorization: Bearer ck_...'"]
    if call.body is not None:
        properties = call.body.fields.get("properties", {})
        sent = {n: example_of(s, COMPONENTS) for n, s in properties.items() if OPTIONAL not in s or n == "text"}
        words += list(_data(sent, call.body.media))
    return " ".join([*words, f"http://127.0.0.1:8600{path}"])


def _data(sent: Mapping[str, Any], media: tuple[str, ...]) -> Iterator[str]:
    if media == (MULTIPART,):
        for name, told in sent.items():
            yield f"-F '{name}={'@photo.jpg' if name == 'photo' else told}'"
    elif JSON in media:
        yield "-H 'Content-Type: application/json' -d " + f"'{json.dumps(dict(sent), ensure_ascii=False)}'"
    elif FORM in media:
        yield from (f"--data-urlencode '{name}={told}'" for name, told in sent.items())
