"""Two versions of a month, row by row: what changed, from what to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from camkeeper.report.table import Cell, Column, Kind, Table, shown
from camkeeper.report.words import Lang, Words

GONE: Words = ("（无此行）", "(no such row)")
ROW: Words = ("整行", "row")
_IN_MS = frozenset({Kind.HOURS, Kind.MINUTES, Kind.INSTANT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One cell that differs, or a row that only one side has."""

    table: str
    row: str
    field: Words
    old: str
    new: str


def differences(old: Iterable[Table], new: Iterable[Table], lang: Lang, tz: str) -> Iterator[Difference]:
    """Yield every changed cell, tables and rows in the new order, then what is gone."""
    before = {table.key: table for table in old}
    for table in new:
        yield from _of_table(before.pop(table.key, None), table, lang, tz)
    for table in before.values():
        for name, _ in _named(table):
            yield Difference(table=table.key, row=name, field=ROW, old=name, new=lang.pick(GONE))


def _of_table(old: Table | None, new: Table, lang: Lang, tz: str) -> Iterator[Difference]:
    before = {} if old is None else dict(_named(old))
    for name, cells in _named(new):
        was = before.pop(name, None)
        if was is None:
            yield Difference(table=new.key, row=name, field=ROW, old=lang.pick(GONE), new=name)
            continue
        for column in new.columns:
            pair = was.get(column.key), cells[column.key]
            if pair[0] != pair[1]:
                before_told, after_told = _pair_told(pair, column, lang, tz)
                yield Difference(table=new.key, row=name, field=column.head, old=before_told, new=after_told)
    for name in before:
        yield Difference(table=new.key, row=name, field=ROW, old=name, new=lang.pick(GONE))


def _named(table: Table) -> Iterator[tuple[str, dict[str, Cell]]]:
    """Yield rows by name; of several that are called alike, the later ones with their number."""
    seen: dict[str, count[int]] = {}
    for name, cells in table.named():
        number = next(seen.setdefault(name, count(1)))
        yield (name if number == 1 else f"{name} ({number})"), cells


def _pair_told(pair: tuple[Cell, Cell], column: Column, lang: Lang, tz: str) -> tuple[str, str]:
    """Write both cells; where paper cuts away what differs, as the numbers that they are."""
    old, new = (shown(cell, column.kind, lang, tz) for cell in pair)
    if old != new:
        return old, new
    unit = " ms" if column.kind in _IN_MS else ""
    return f"{pair[0]}{unit}", f"{pair[1]}{unit}"
