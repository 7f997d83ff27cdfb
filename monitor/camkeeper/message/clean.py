"""Names as others wrote them, made harmless: one line, nothing invisible, not endless."""

from __future__ import annotations

import unicodedata

NAME_CHARACTERS = 24
PROSE_CHARACTERS = 120

# Cc control, Cf format (bidi overrides, zero-width, tags), Cs lone surrogates, Co private use, Cn unassigned.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = frozenset({"Zs", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me"})
_MARKS_IN_A_ROW = 2


def clean(text: str, *, limit: int = NAME_CHARACTERS) -> str:
    r"""Return one line of at most `limit` characters without control, bidi and invisible characters.

    >>> clean("柳湾\u202e村\n#1"), clean("a" * 40, limit=8)
    ('柳湾村 #1', 'aaaaaaa…')
    """
    out: list[str] = []
    marks = 0
    for char in text[: 8 * limit]:
        category = unicodedata.category(char)
        if category in _SPACES or char in "\t\r\n\v\f\x85":
            kept = " "
        elif category in _DROPPED:
            continue
        else:
            kept = char
        marks = marks + 1 if category in _MARKS else 0
        if marks > _MARKS_IN_A_ROW:  # a tower of accents covers the lines above it
            continue
        out.append(kept)
    # Chat clients make links of what looks like one; a device's name is no place for them.
    line = " ".join("".join(out).split()).replace("://", "：//")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def digits(text: str, *, limit: int) -> str:
    """Return the letters, digits and hyphens of a number that people read out (a work order, a code)."""
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c == "-"))[:limit]
