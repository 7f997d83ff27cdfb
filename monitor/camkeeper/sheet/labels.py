"""Where names go on the map: beside their mark, over no other mark and no other name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PT_MM = 25.4 / 72
LINE = 1.15
"""Height of a line in letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A name for the mark at (`x_mm`, `y_mm`); `urgent` ones choose their place first."""

    text: str
    x_mm: float
    y_mm: float
    size_pt: float
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An upright rectangle on the panel."""

    left: float
    top: float
    right: float
    bottom: float

    def touches(self, other: Box) -> bool:
        """Return whether both share any of the paper."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def inside(self, other: Box) -> bool:
        """Return whether all of it lies within `other`."""
        return (
            self.left >= other.left
            and self.top >= other.top
            and self.right <= other.right
            and self.bottom <= other.bottom
        )


def width_mm(text: str, size_pt: float) -> float:
    """Return about how wide `text` prints: a Chinese character an em, others 0.58 of it."""
    ems = sum(1.0 if unicodedata.east_asian_width(char) in "WF" else 0.58 for char in text)
    return ems * size_pt * PT_MM


def place(
    wanted: Sequence[Wanted], taken: Iterable[Box], *, panel: Box, clear_mm: float = 1.7
) -> tuple[list[tuple[Wanted, Box]], int]:
    """Return the names that find room with their boxes, and how many find none.

    Greedy, in the order given with urgent ones first: right of the mark, left, below, above, then the corners.
    """
    used = list(taken)
    out: list[tuple[Wanted, Box]] = []
    for item in sorted(wanted, key=lambda w: not w.urgent):
        wide, high = width_mm(item.text, item.size_pt), item.size_pt * PT_MM * LINE
        for box in _around(item.x_mm, item.y_mm, wide, high, clear_mm):
            if box.inside(panel) and not any(box.touches(other) for other in used):
                used.append(box)
                out.append((item, box))
                break
    return out, len(wanted) - len(out)


def _around(x: float, y: float, wide: float, high: float, clear: float) -> Iterable[Box]:
    for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)):
        left = x + across * clear - (wide if across < 0 else wide / 2 if across == 0 else 0)
        top = y + down * clear - (high if down < 0 else high / 2 if down == 0 else 0)
        yield Box(left=left, top=top, right=left + wide, bottom=top + high)
