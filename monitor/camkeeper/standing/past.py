"""The past that stands beside every Standing: thirty days of each device, six months of each site. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from camkeeper.availability.figures import Figure

CELL_MS = 4 * 3_600_000
"""Divides the day of every zone whose offset is a multiple of four hours, China's too."""
CELLS = 180
"""Thirty days of six cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRate:
    """One month of one site, by the deciding rule."""

    month: str
    figure: Figure
    target_bp: int
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What no longer changes, or hardly: read anew every hour."""

    at_ms: int
    first_cell: int
    """Number of the first cell: milliseconds since 1970 over CELL_MS."""
    cells: Mapping[str, bytes]
    """Device -> CELLS codes: the worst Status.code that happened in each cell; 0: not in service."""
    months: Mapping[str, tuple[MonthRate, ...]]
    """Site -> its finished months, oldest first; months in which nothing was in service are left out."""
