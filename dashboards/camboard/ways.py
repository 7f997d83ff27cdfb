"""The way to the duty desk from every page, and its gravest incidents for the first page. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.desk.incidents import IncidentRow, row
from camboard.i18n import Language
from camboard.index import Index
from camkeeper.standing.desk import DeskStanding

_GRAVEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A link in the header."""

    word: str
    address: str
    count: int | None
    live: bool
    """Whether the count renews itself."""
    selected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gravest:
    """The first open incidents of the desk."""

    open_count: int
    rows: tuple[IncidentRow, ...]


def ways(
    desk: DeskStanding | None, here: str, say: Language, *, windows: bool = False, pictures: bool = False
) -> tuple[Way, ...]:
    """Return the header's links; without a desk only that to the register of views."""
    at = here.partition("?")[0]
    views = Way(word=say("看图登记"), address="/views", count=None, live=False, selected=at == "/views")
    looked = (views,) if pictures else ()
    if desk is None:
        return looked
    agreed = Way(word=say("检修剔除"), address="/windows", count=None, live=False, selected=at.startswith("/windows"))
    return (
        Way(
            word=say("事件"),
            address="/incidents",
            count=len(desk.open),
            live=True,
            selected=at.startswith("/incidents"),
        ),
        Way(word=say("工单"), address="/orders", count=None, live=False, selected=at.startswith("/orders")),
        *((agreed,) if windows else ()),
        *looked,
    )


def gravest(desk: DeskStanding | None, index: Index, say: Language) -> Gravest | None:
    """Return the three gravest: the desk has them gravest first."""
    if desk is None:
        return None
    zone = ZoneInfo(index.standing.timezone)
    rows = tuple(row(view, index, index.standing.at_ms, zone, say) for view in desk.open[:_GRAVEST])
    return Gravest(open_count=len(desk.open), rows=rows)
