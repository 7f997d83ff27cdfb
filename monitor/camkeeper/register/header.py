"""Finds the row of headings below titles, and proposes which column is which field, with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from camcover.datum import Datum
from camkeeper.register.fields import Field, datum_in, field_of, heading, plain
from camkeeper.register.table import Sheet

_LOOKED_AT = 30
"""Titles, dates and the name of the firm take a handful of rows; a table begins before this."""
_FEWEST = 3
_ONE_OFTEN = frozenset({Field.IGNORE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its heading as it stands, the field it is taken for, and why."""

    place: int
    heading: str
    field: Field | None
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a sheet is to be read."""

    first_row: int
    """Place in `Sheet.rows` of the first row below the headings."""
    columns: tuple[Column, ...]
    datum: Datum | None
    """As a heading or a title names it."""
    datum_at: str
    """Those words."""
    fingerprint: str
    """Of the headings: the same register, next month, has the same."""

    def place(self, field: Field) -> int | None:
        """Return the column of a field."""
        return next((c.place for c in self.columns if c.field is field), None)


def layout_of(sheet: Sheet, chosen: Mapping[str, Field | None] | None = None) -> Layout | None:
    """Return how to read a sheet (merged cells filled), or None where no row looks like headings.

    `chosen`: what somebody said, by heading (`headings equal but for units and joints are the same`).
    """
    said = {heading(word): field for word, field in (chosen or {}).items()}
    best: tuple[int, int] | None = None
    for at, row in enumerate(sheet.rows[:_LOOKED_AT]):
        score = _score(row, said)
        if score >= _FEWEST and (best is None or score > best[1]):
            best = (at, score)
    if best is None:
        return None
    at = best[0]
    heads, below = _heads(sheet, at, said)
    titles = [plain(cell) for row in sheet.rows[:at] for cell in row if cell]
    datum, datum_at = _datum(heads, titles)
    basis = "\x1f".join(heading(head) for head in heads)
    return Layout(
        first_row=below,
        columns=_columns(heads, said),
        datum=datum,
        datum_at=datum_at,
        fingerprint=hashlib.sha256(basis.encode()).hexdigest()[:16],
    )


def repeats(row: tuple[str, ...], columns: tuple[Column, ...]) -> bool:
    """Return whether a row is the headings once more, as printed registers have them on each page."""
    first = next((c for c in columns if c.heading), None)
    if first is None or first.place >= len(row) or plain(row[first.place]) != first.heading:
        return False
    same = sum(c.place < len(row) and bool(c.heading) and plain(row[c.place]) == c.heading for c in columns)
    return same >= max(_FEWEST, sum(bool(c.heading) for c in columns) // 2)


def _score(row: tuple[str, ...], said: Mapping[str, Field | None]) -> int:
    found: set[Field | str] = set()
    seen: set[str] = set()
    for cell in row:
        word = heading(cell) if cell and len(cell) <= 40 else ""
        if not word or word in seen:
            continue
        seen.add(word)
        if word in said:
            found.add(word)
        elif (known := field_of(cell)) is not None:
            found.add(known[0])
    return len(found)


def _heads(sheet: Sheet, at: int, said: Mapping[str, Field | None]) -> tuple[list[str], int]:
    """Return the headings and the row below them; a group's heading above (坐标 over 经度, 纬度) is put before."""
    row = [plain(cell) for cell in sheet.rows[at]]
    above = [plain(cell) for cell in sheet.rows[at - 1]] if at else []
    # A title over the whole table is no group; nor is a row of one cell.
    grouped = len({cell for cell in above if cell}) >= 2 and _score(sheet.rows[at - 1], said) >= 1
    out = []
    for place, cell in enumerate(row):
        over = above[place] if grouped and place < len(above) else ""
        if cell and over and over != cell and field_of(cell) is None and field_of(over + cell) is not None:
            out.append(over + cell)
        elif cell and over and over != cell and datum_in(cell) is None and datum_in(over) is not None:
            out.append(f"{cell}({datum_in(over)})")
        else:
            out.append(cell or over)
    below = at + 1
    # Headings merged downwards over two rows come twice once they are filled.
    while below < len(sheet.rows) and [plain(c) for c in sheet.rows[below]] == row:
        below += 1
    return out, below


def _columns(heads: list[str], said: Mapping[str, Field | None]) -> tuple[Column, ...]:
    taken: dict[Field, str] = {}
    out: list[Column | None] = [None] * len(heads)
    # What somebody said comes first, then exact words, then parts of words: the best claim to a field wins.
    found = [(place, head, heading(head)) for place, head in enumerate(heads)]
    for place, head, word in found:
        if word in said:
            field = said[word]
            out[place] = Column(place=place, heading=head, field=field, zh="按指定", en="as you said")
            if field is not None:
                taken[field] = head
    rank = {place: _claim(head, word) for place, head, word in found}
    for place, head, _ in sorted(found, key=lambda f: (rank[f[0]], f[0])):
        if out[place] is None:
            out[place] = _proposed(place, head, taken)
    return tuple(column for column in out if column is not None)


def _claim(head: str, word: str) -> int:
    known = field_of(head)
    return 2 if known is None else int(known[1] != word)


def _proposed(place: int, head: str, taken: dict[Field, str]) -> Column:
    known = field_of(head)
    if not head:
        return Column(place=place, heading="", field=None, zh="没有表头", en="no heading")
    if known is None:
        return Column(place=place, heading=head, field=None, zh="不认识的表头", en="nobody knows this heading")
    field, word = known
    if field is Field.IGNORE:
        return Column(place=place, heading=head, field=field, zh="不属于登记内容", en="not part of a register")
    if field in taken:
        return Column(
            place=place,
            heading=head,
            field=None,
            zh=f"{field} 已取自“{taken[field]}”",
            en=f"{field} is taken from “{taken[field]}” already",
        )
    taken[field] = head
    exact = word == heading(head)
    return Column(
        place=place,
        heading=head,
        field=field,
        zh="表头是已知的词" if exact else f"表头含有“{word}”",
        en="a known word" if exact else f"has “{word}” in it",
    )


def _datum(heads: list[str], titles: list[str]) -> tuple[Datum | None, str]:
    for head in heads:
        known = field_of(head)
        found = datum_in(head)
        if found is not None and known is not None and known[0] in {Field.LON, Field.LAT, Field.LON_LAT, Field.DATUM}:
            return found, head
    for title in titles:
        found = datum_in(title)
        if found is not None:
            return found, title
    return None, ""
