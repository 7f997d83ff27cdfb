"""What the sheet is told of each camera beside its geometry."""

from __future__ import annotations

from dataclasses import dataclass

from camkeeper.cover.sight import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Of a camera, by its id: its name, whether it is a dome, and what coverage makes of it now."""

    name: str
    dome: bool
    state: State
