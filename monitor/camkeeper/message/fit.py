"""Making lines fit: whole lines go first, by weight; a character is never cut in two."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

KEEP = 9
"""The weight of what always stays: the first line, the deadline, the number."""

Measure = Callable[[str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line, and how much it is worth when room is short (0 goes first)."""

    text: str
    weight: int


def utf8_bytes(text: str) -> int:
    """Return the length as platforms count it."""
    return len(text.encode("utf-8", "replace"))


def cut(text: str, limit: int, measure: Measure = utf8_bytes) -> str:
    """Return the longest beginning of `text` within `limit`, with `…` where something is missing.

    >>> cut("摄像机离线", 12), cut("摄像机", 9), cut("摄像机", 2)
    ('摄像机…', '摄像机', '')
    """
    if measure(text) <= limit:
        return text
    room = limit - measure("…")
    used = 0
    for at, char in enumerate(text):
        used += measure(char)
        if used > room:
            kept = at
            while kept and unicodedata.combining(text[kept]):  # an accent stays with its letter
                kept -= 1
            return text[:kept] + "…" if room >= 0 and kept else "…" if room >= 0 else ""
    return text


def fit(lines: Sequence[Line], limit: int, *, measure: Measure = utf8_bytes, separator: str = "\n") -> str:
    """Return the lines joined, within `limit`: the least worth are left out first, the later of equals before."""
    kept = list(lines)
    while len(kept) > 1 and measure(separator.join(line.text for line in kept)) > limit:
        worst = min(range(len(kept)), key=lambda place: (kept[place].weight, -place))
        if kept[worst].weight >= KEEP:
            break
        del kept[worst]
    return cut(separator.join(line.text for line in kept), limit, measure)
