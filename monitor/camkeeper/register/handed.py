"""What somebody hands in, as sheets: a spreadsheet, a CSV, or an extract of OpenStreetMap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from camkeeper.register.known import Known
from camkeeper.register.reading import sheets_of
from camkeeper.register.table import Sheet

Progress = Callable[[str, int], None]
"""Told of each stage and how many rows it has: `reading`, `rows`, `judging`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """Sheets, and what has to be said wherever their contents go."""

    sheets: tuple[Sheet, ...]
    notices: tuple[str, ...] = ()
    """Attributions that a licence asks for."""


def handed(data: bytes, name: str, known: Known) -> Handed:
    """Return the sheets of a file; UnreadableRegister where it is none that we know."""
    from camkeeper.register.osm import NOTICE, is_osm, sheet_of_osm

    if is_osm(data, name):
        return Handed(sheets=(sheet_of_osm(data, name, known),), notices=(NOTICE,))
    sheets = sheets_of(data, name)
    # A table of the map's cameras that somebody filled in brings the attribution back in its title.
    titles = {cell for sheet in sheets for row in sheet.rows[:3] for cell in row[:1]}
    return Handed(sheets=sheets, notices=(NOTICE,) if NOTICE in titles else ())


def quiet(_stage: str, _rows: int) -> None:
    """Tell nobody."""
