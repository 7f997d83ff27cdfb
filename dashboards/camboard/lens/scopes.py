"""The board of each principal: what their role has rooms for, of what their scope shows.

Who sees everything looks through the application's own values. Who doesn't shares the cut ones with all of the same
scope, and gets only the rooms that are built here: a new one is closed to scopes until it has a lens.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from camboard.board import Board
from camboard.index import IndexCache
from camboard.lens.history import ScopedHistory
from camboard.lens.past import ScopedInsight, ScopedReports
from camboard.lens.rooms import ScopedCoverage, ScopedPictures, ScopedStanding, ScopedWindows
from camboard.lens.work import ScopedDesk, ScopedWork
from camboard.picture.index import PictureCache
from camkeeper.model.access import Principal, Role, Scope, Via

_KEPT = 64
"""Scopes whose values are kept; a county has fewer."""
_NOBODYS = "\x00"
"""A contractor's account that names no contractor sees nothing, rather than everything."""
_READERS = frozenset({Role.OFFICIAL, Role.COUNTY})
"""They read figures: no desk, no orders, no windows, no pictures."""


class Scopes:
    """One owner, the event loop."""

    def __init__(self, board: Board) -> None:
        self._whole = board
        self._boards: OrderedDict[tuple[Role, Scope], Board] = OrderedDict()

    def board_for(self, principal: Principal) -> Board:
        """Return the board as this principal may see it. Cheap: the same role and scope share all but the name."""
        if principal.via is Via.OPEN:
            return self._whole
        key = (principal.role, scope_of(principal))
        found = self._boards.get(key)
        if found is None:
            while len(self._boards) >= _KEPT:
                self._boards.popitem(last=False)
            found = self._boards[key] = self._build(*key)
        self._boards.move_to_end(key)
        return replace(found, principal=principal)

    def _build(self, role: Role, scope: Scope) -> Board:
        board = self._whole if scope.whole else self._scoped(scope)
        town = board.source if isinstance(board.source, ScopedStanding) else None
        desk = self._whole.desk
        if role in _READERS:
            board = replace(board, desk=None, work=None, windows=None, pictures=None, access=None)
        elif desk is not None:
            board = replace(board, desk=ScopedDesk(desk, role, town))
        if role is Role.CONTRACTOR:
            board = replace(board, coverage=None, windows=None, access=None, reports=None)
        return replace(board, kept={})

    def _scoped(self, scope: Scope) -> Board:
        whole, town = self._whole, ScopedStanding(self._whole.source, scope)
        sited = scope.contractor_id is None
        return Board(
            source=town,
            settings=whole.settings,
            coverage=ScopedCoverage(whole.coverage, town) if whole.coverage is not None and sited else None,
            work=ScopedWork(whole.work, town) if whole.work is not None else None,
            windows=ScopedWindows(whole.windows, town) if whole.windows is not None and sited else None,
            pictures=ScopedPictures(whole.pictures, town) if whole.pictures is not None else None,
            table=whole.table,
            reports=ScopedReports(whole.reports, scope) if whole.reports is not None else None,
            history=ScopedHistory(whole.history, town) if whole.history is not None else None,
            insight=ScopedInsight(whole.insight, town) if whole.insight is not None else None,
            secret=whole.secret,
            feed=whole.feed,
            indexes=IndexCache(),
            picture_indexes=PictureCache(),
        )


def scope_of(principal: Principal) -> Scope:
    """Return what part the principal sees; a contractor's account that names no contractor sees none."""
    if principal.role is Role.CONTRACTOR and not principal.scope.contractor_id:
        return replace(principal.scope, contractor_id=_NOBODYS)
    return principal.scope
