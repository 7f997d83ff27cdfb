"""Names as they may be printed: they come from registers that anybody filled in."""

from __future__ import annotations

import unicodedata

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, bidirectional overrides and other invisible format characters, private and unassigned ones."""
_MARKS = frozenset({"Mn", "Me", "Mc"})
MARKS_IN_A_ROW = 2
"""Combining marks on one letter; more of them climb over the lines above."""


def clean(text: str, limit: int = 40) -> str:
    r"""Return `text` on one line, without characters that print nothing or reorder their neighbours, cut to `limit`.

    >>> clean("大郭村\u202e\n 北  杆")
    '大郭村 北 杆'
    >>> clean("abcdef", 4)
    'abc…'
    """
    out: list[str] = []
    marks = 0
    for raw in unicodedata.normalize("NFC", text[: 8 * limit]):
        char = " " if raw.isspace() else raw  # a new line separates as a blank does
        category = unicodedata.category(char)
        if category in _DROPPED:
            continue
        marks = marks + 1 if category in _MARKS else 0
        if marks <= MARKS_IN_A_ROW:
            out.append(char)
    line = " ".join("".join(out).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
