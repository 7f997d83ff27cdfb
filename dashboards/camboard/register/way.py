"""Whether there is a way to `/import`."""

from __future__ import annotations

from camboard.board import Board

HERE = "/import"


def may_import(board: Board) -> bool:
    """Return whether whoever asks may hand in registers: admins who see the whole township."""
    return board.registers is not None and board.may("GET", HERE) and board.principal.scope.whole
