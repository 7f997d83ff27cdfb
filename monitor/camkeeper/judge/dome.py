"""Where a dome's picture was taken, and which position its baseline belongs to. Pure.

Home is the preset that the device calls so, where it tells its position; else the first position at which the dome was
seen three times. A dome that says zeros for ever says nothing: boards without a motor answer so. Zeros are believed of
one that was ever seen to say anything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from camkeeper.model.dome import DomeReport, Place, Position, Space

OFTEN: Final = 3
"""So many pictures at one position, ten minutes apart each, make it the one that it comes back to."""
_MOST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Dome:
    """What is remembered of one dome. `seen`: positions and how often, while no home is known."""

    home: Position | None = None
    by_preset: bool = False
    tells: bool = False
    """It was seen to say something else than zeros."""
    seen: tuple[tuple[Position, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "home": None if self.home is None else _row(self.home),
            "by_preset": self.by_preset,
            "tells": self.tells,
            "seen": [[_row(position), count] for position, count in self.seen],
        }

    @classmethod
    def from_json(cls, it: Mapping[str, Any]) -> Dome:
        """Read `to_json` back; KeyError, TypeError or ValueError for anything else."""
        return cls(
            home=None if it["home"] is None else _position(it["home"]),
            by_preset=bool(it["by_preset"]),
            tells=bool(it["tells"]),
            seen=tuple((_position(row), int(count)) for row, count in it["seen"]),
        )


def place_of(dome: Dome, report: DomeReport) -> tuple[Dome, Place]:
    """Return where the picture was taken that this report came with, and what is remembered from now on.

    The home changes where the device moved its home preset, and where one is first known: a baseline of another
    position is then none.
    """
    position = report.position
    if position is None:
        return dome, Place.UNKNOWN
    dome = replace(dome, tells=dome.tells or not position.is_blank)
    if not dome.tells:
        return dome, Place.UNKNOWN
    preset = report.home
    if preset is not None and (dome.home is None or not dome.by_preset or not preset.is_at(dome.home)):
        dome = replace(dome, home=preset, by_preset=True, seen=())
    if report.moving:
        return dome, Place.ELSEWHERE
    if dome.home is None:
        dome = _counted(dome, position)
    return dome, Place.HOME if dome.home is not None and position.is_at(dome.home) else Place.ELSEWHERE


def _counted(dome: Dome, position: Position) -> Dome:
    known = next(((p, n) for p, n in dome.seen if p.is_at(position)), (position, 0))
    if known[1] + 1 >= OFTEN:
        return replace(dome, home=known[0], seen=())
    others = [one for one in dome.seen if one[0] != known[0]]
    return replace(dome, seen=tuple([*others, (known[0], known[1] + 1)][-_MOST:]))


def _row(p: Position) -> list[Any]:
    return [p.pan, p.tilt, p.zoom, p.space.value]


def _position(row: Sequence[Any]) -> Position:
    pan, tilt, zoom, space = row
    return Position(pan=float(pan), tilt=float(tilt), zoom=None if zoom is None else float(zoom), space=Space(space))
