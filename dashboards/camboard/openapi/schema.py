"""JSON schemas in a few words, and examples made of them. Pure.

Every leaf has a value of its own for an example, so that what is shown of a reply always fits its schema. Notes are
Chinese messages of the catalogue; `told` brings them into a language.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from camboard.i18n import Language

Schema = dict[str, Any]
"""A JSON Schema of draft 2020-12, as OpenAPI 3.1 has them."""
OPTIONAL = "x-optional"
_REF = "#/components/schemas/"


def _noted(schema: Schema, note: str) -> Schema:
    return {**schema, "description": note} if note else schema


def text(note: str = "", *, example: str = "", **more: Any) -> Schema:
    """Return the schema of a text."""
    return _noted({"type": "string", **more, "examples": [example]}, note)


def whole(note: str = "", *, example: int = 0, **more: Any) -> Schema:
    """Return the schema of a whole number."""
    return _noted({"type": "integer", **more, "examples": [example]}, note)


def number(note: str = "", *, example: float = 0.0) -> Schema:
    """Return the schema of any number."""
    return _noted({"type": "number", "examples": [example]}, note)


def flag(note: str = "", *, example: bool = False) -> Schema:
    """Return the schema of true or false."""
    return _noted({"type": "boolean", "examples": [example]}, note)


def instant(note: str = "", *, example: int = 1_795_266_900_000) -> Schema:
    """Return the schema of an instant: UTC milliseconds since 1970."""
    return whole(note, example=example)


def length(note: str = "", *, example: int = 5_400_000) -> Schema:
    """Return the schema of a duration in milliseconds."""
    return whole(note, example=example, minimum=0)


def count(note: str = "", *, example: int = 3) -> Schema:
    """Return the schema of a number of things."""
    return whole(note, example=example, minimum=0)


def share(note: str = "") -> Schema:
    """Return the schema of a part of one."""
    return _noted({"type": "number", "minimum": 0, "maximum": 1.000_001, "examples": [0.8133]}, note)


def percent(note: str = "", *, example: str = "94.99") -> Schema:
    """Return the schema of a percent as people see it: text, cut to two places; null where nothing was measured."""
    return maybe(text(note, example=example, pattern=r"^[0-9]+(\.[0-9]+)?$"))


def one_of(kind: type[StrEnum], note: str = "", *, example: StrEnum | None = None) -> Schema:
    """Return the schema of one of an enum's values."""
    values = [member.value for member in kind]
    return _noted({"type": "string", "enum": values, "examples": [values[0] if example is None else example]}, note)


def words(*values: str, note: str = "") -> Schema:
    """Return the schema of one of these texts."""
    return _noted({"type": "string", "enum": list(values), "examples": [values[0]]}, note)


def maybe(schema: Schema) -> Schema:
    """Return the schema of the same, or null."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    out = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        out["enum"] = [*schema["enum"], None]
    return out


def many(schema: Schema, note: str = "") -> Schema:
    """Return the schema of a list."""
    return _noted({"type": "array", "items": schema}, note)


def by_name(schema: Schema, note: str = "", *, example: str = "") -> Schema:
    """Return the schema of an object whose names are data; `example` is one of them."""
    return _noted({"type": "object", "additionalProperties": schema, "x-example-name": example}, note)


def record(*parts: Schema, note: str = "", **fields: Schema) -> Schema:
    """Return the schema of an object: the fields of `parts`, which are records too, then its own."""
    all_fields: dict[str, Schema] = {}
    for part in parts:
        all_fields |= part["properties"]
    all_fields |= fields
    required = [name for name, schema in all_fields.items() if OPTIONAL not in schema]
    out: Schema = {"type": "object", "properties": all_fields}
    if required:
        out["required"] = required
    return _noted(out, note)


def optional(schema: Schema) -> Schema:
    """Return the schema of a field that may be left out."""
    return {**schema, OPTIONAL: True}


def renamed(part: Schema, **names: str) -> Schema:
    """Return a record with fields of other names: Python's keywords can't be names of arguments."""
    properties = {names.get(name, name): schema for name, schema in part["properties"].items()}
    return {**part, "properties": properties, "required": [names.get(n, n) for n in part.get("required", ())]}


def ref(name: str) -> Schema:
    """Return a reference to a schema of the components."""
    return {"$ref": _REF + name}


def name_of(schema: Schema) -> str:
    """Return the component that a reference names; empty for any other schema."""
    told = str(schema.get("$ref", ""))
    return told.removeprefix(_REF) if told.startswith(_REF) else ""


def example_of(schema: Schema, known: Mapping[str, Schema]) -> Any:
    """Return a value that fits: all fields, one entry in each list."""
    named = name_of(schema)
    if named:
        return example_of(known[named], known)
    if "examples" in schema:
        return schema["examples"][0]
    inner = schema.get("additionalProperties")
    if "anyOf" in schema:
        made = example_of(schema["anyOf"][0], known)
    elif "items" in schema:
        made = [example_of(schema["items"], known)]
    elif isinstance(inner, dict):
        made = {schema["x-example-name"]: example_of(inner, known)}
    else:
        made = {name: example_of(each, known) for name, each in schema.get("properties", {}).items()}
    return made


def told(value: Any, say: Language) -> Any:
    """Return a part of the document with its words in a language, and without marks of our own."""
    if isinstance(value, list):
        return [told(each, say) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: say(each) if name in {"description", "summary"} and isinstance(each, str) else told(each, say)
        for name, each in value.items()
        if name not in {OPTIONAL, "x-example-name"}
    }
