"""Laws of comparing two tables: each changed cell once, with texts that differ, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from camkeeper.report.compare import differences
from camkeeper.report.table import Cell, Column, Kind, Table
from camkeeper.report.words import Lang

KINDS = (Kind.HOURS, Kind.MINUTES, Kind.PERCENT, Kind.COUNT, Kind.PLAIN, Kind.FEN, Kind.INSTANT)
COLUMNS = (
    Column(key="id", head=("编号", "Id")),
    *(Column(key=kind.value, head=(kind.value, kind.value), kind=kind) for kind in KINDS),
)
CELLS = st.none() | st.integers(0, 10_000_000)
TABLES = st.dictionaries(st.sampled_from("abcdef"), st.tuples(*(CELLS for _ in KINDS)), max_size=6)

Rows = dict[str, tuple[int | None, ...]]


def table(rows: Rows) -> Table:
    made: tuple[tuple[Cell, ...], ...] = tuple((name, *cells) for name, cells in rows.items())
    return Table(key="t", title=("", ""), columns=COLUMNS, rows=made)


@given(old=TABLES, new=TABLES)
def test_each_changed_cell_is_told_once(old: Rows, new: Rows) -> None:
    found = list(differences([table(old)], [table(new)], Lang.ZH, "Asia/Shanghai"))
    changed = sum(a != b for name in old.keys() & new.keys() for a, b in zip(old[name], new[name], strict=True))
    assert len(found) == changed + len(old.keys() ^ new.keys())
    assert all(d.old != d.new for d in found)
    assert len({(d.row, d.field) for d in found}) == len(found)


@given(rows=TABLES)
def test_the_same_has_no_difference(rows: Rows) -> None:
    assert not list(differences([table(rows)], [table(dict(reversed(rows.items())))], Lang.EN, "Asia/Shanghai"))
