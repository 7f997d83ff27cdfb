"""The ways from every page to every other, and its gravest incidents for the first page. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.board import Board
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


def ways(board: Board, here: str, say: Language) -> tuple[Way, ...]:
    """Return the header's links: what there is, as far as whoever asks may open it."""
    at, desk, principal = here.partition("?")[0], board.desk_now(), board.principal
    there = {
        "/": (say("总览"), True),
        "/map": (say("覆盖地图"), board.coverage is not None),
        "/incidents": (say("事件"), desk is not None),
        "/orders": (say("工单"), desk is not None),
        "/devices": (say("设备"), True),
        "/reports": (say("报表"), board.reports is not None),
        "/windows": (say("检修剔除"), desk is not None and board.windows is not None),
        "/views": (say("看图登记"), board.pictures_now() is not None),
        "/doctor": (say("体检"), board.doctor is not None and principal.scope.whole),
        "/settings": (say("设置"), desk is not None and board.work is not None and principal.scope.whole),
        "/audit": (say("审计"), board.access is not None),
        "/accounts": (say("账号"), board.access is not None),
    }
    return tuple(
        Way(
            word=word,
            address=address,
            count=len(desk.open) if address == "/incidents" and desk is not None else None,
            live=address == "/incidents",
            selected=at == address or (address != "/" and at.startswith(f"{address}/")),
        )
        for address, (word, found) in there.items()
        if found and board.may("GET", address)
    )


def gravest(desk: DeskStanding | None, index: Index, say: Language) -> Gravest | None:
    """Return the three gravest: the desk has them gravest first."""
    if desk is None:
        return None
    zone = ZoneInfo(index.standing.timezone)
    rows = tuple(row(view, index, index.standing.at_ms, zone, say) for view in desk.open[:_GRAVEST])
    return Gravest(open_count=len(desk.open), rows=rows)
