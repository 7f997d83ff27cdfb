"""What a machine must know of one address: what it may say, what comes back, what can go wrong. Values; pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from camboard.openapi.schema import Schema
from camboard.words import mark

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
GEOJSON, CSV, ICS, EVENTS = "application/geo+json", "text/csv", "text/calendar", "text/event-stream"

TAGS = {
    "township": mark("全镇与设备"),
    "coverage": mark("覆盖"),
    "figures": mark("在线率、报表与原因"),
    "incidents": mark("事件"),
    "orders": mark("工单"),
    "windows": mark("检修与剔除"),
    "pictures": mark("画面"),
    "access": mark("账号与令牌"),
    "machines": mark("程序与监控"),
}
"""Chapters, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of the query; what is left out or empty is as if nobody had asked."""

    name: str
    schema: Schema
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is sent: an object of texts, as JSON or as a form; with `file`, multipart with the file last."""

    fields: Schema
    media: tuple[str, ...] = (JSON, FORM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One address as the document has it."""

    id: str
    """`operationId`."""
    tag: str
    summary: str
    note: str = ""
    path: dict[str, Schema] = field(default_factory=dict)
    """Schemas of the parts of the path."""
    query: tuple[Parameter, ...] = ()
    body: Body | None = None
    reply: Schema | None = None
    """Of a 200 in JSON, or of what `media` says; None: bytes."""
    media: tuple[str, ...] = (JSON,)
    sample: str = ""
    """A reply that is no JSON."""
    also: tuple[int, ...] = ()
    """Statuses beside 200 and those that follow from the rest: 304, 404, 409, 503 ..."""
    same: tuple[int, ...] = ()
    """Statuses that have the very reply of a 200: a health check that says no says why in the same words."""

    def __post_init__(self) -> None:
        if self.tag not in TAGS:
            raise ValueError(f"{self.id}: no chapter {self.tag!r}")


LANG = Parameter(
    name="lang",
    schema={"type": "string", "enum": ["zh", "en"], "examples": ["zh"]},
    note=mark("表中文字的语言"),
)
