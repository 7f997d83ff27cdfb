"""Two versions of a month, row by row: what changed, from what to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from camkeeper.report.table import Cell, Column, Table, shown
from camkeeper.report.words import Lang, Words

GONE: Words = ("（无此行）", "(no such row)")
ROW: Words = ("整行", "row")


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
            if was.get(column.key) != cells[column.key]:
                yield Difference(
                    table=new.key,
                    row=name,
                    field=column.head,
                    old=_told(was.get(column.key), column, lang, tz),
                    new=_told(cells[column.key], column, lang, tz),
                )
    for name in before:
        yield Difference(table=new.key, row=name, field=ROW, old=name, new=lang.pick(GONE))


def _named(table: Table) -> Iterator[tuple[str, dict[str, Cell]]]:
    """Yield rows by name; of several that are called alike, the later ones with their number."""
    seen: dict[str, count[int]] = {}
    for name, cells in table.named():
        number = next(seen.setdefault(name, count(1)))
        yield (name if number == 1 else f"{name} ({number})"), cells


def _told(cell: Cell, column: Column, lang: Lang, tz: str) -> str:
    return shown(cell, column.kind, lang, tz)
