"""The statement as a table for people, Chinese first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from camkeeper.account.statement import Statement
from camkeeper.availability.buckets import Buckets, Promise, truncated_percent

VERDICTS = {
    Promise.MET: ("达标 met", "green"),
    Promise.MISSED: ("未达标 missed", "red"),
    Promise.UNDETERMINED: ("未定 undetermined", "yellow"),
}
_COLOURS = dict(VERDICTS.values())
_HEADINGS = (
    ("设备", "device"),
    ("在线率 %", "rate"),
    ("下限 %", "lower"),
    ("上限 %", "upper"),
    ("在线", "up"),
    ("离线", "down"),
    ("未知", "unknown"),
    ("免责", "excluded"),
    ("未服役", "absent"),
    ("结论", "verdict"),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def show(statement: Statement, *, period: str, console: Console | None = None) -> None:
    """Print the terms, one row a device, and the verdict on all together. Percent are cut, never rounded up.

    `period` is shown as the person wrote it, in their own time zone.
    """
    console = console or Console()
    terms = statement.terms
    lines = [
        Text(f"期间 period     {printable(period)}"),
        Text(f"样本有效 hold   {duration(terms.hold_ms)}，样本 rows {statement.rows}"),
        *_table(statement),
        _sentence(statement),
    ]
    # One print for all: a county has thousands of rows, and rich's own table takes seconds over them.
    console.print(Text("\n").join(lines), soft_wrap=True)


def _table(statement: Statement) -> list[Text]:
    """Return aligned lines: name and verdict to the left, numbers to the right; a Chinese character is two wide."""
    rows = [(printable(device), buckets) for device, buckets in statement.devices.items()]
    rows.append(("合计 total", statement.total))
    cells = [tuple(column) for column in zip(*_HEADINGS, strict=True)]
    cells += [(name, *_cells(buckets), VERDICTS[statement.verdict(buckets)][0]) for name, buckets in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    last = len(widths) - 1
    lines = []
    for row in cells:
        padded = [
            cell + " " * (width - cell_len(cell)) if n == 0 else " " * (width - cell_len(cell)) + cell
            for n, (cell, width) in enumerate(zip(row[:last], widths[:last], strict=True))
        ]
        lines.append(Text("  ".join(padded) + "  ").append(row[last], style=_COLOURS.get(row[last], "bold")))
    rule = Text("─" * (sum(widths) + 2 * last))
    return [*lines[:2], rule, *lines[2:-1], rule, lines[-1]]


def instant(at_ms: int) -> str:
    """Write an instant in UTC, to the millisecond where it has some."""
    try:
        at = _EPOCH + timedelta(milliseconds=at_ms)
    except OverflowError:
        return f"{at_ms} ms"
    return at.isoformat(sep=" ", timespec="milliseconds" if at_ms % 1000 else "seconds").replace("+00:00", "Z")


def duration(ms: int) -> str:
    """Write milliseconds as hours, minutes and seconds, losing none.

    >>> duration(90_061_500)
    '25:01:01.500'
    """
    seconds, rest = divmod(ms, 1000)
    text = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{rest:03}" if rest else text


def percent(share: Fraction | None) -> str:
    """Write a share, cut to two decimals; a dash where nothing is known."""
    return truncated_percent(share) or "—"


def printable(name: str) -> str:
    """Make control and direction characters visible: a name must not repaint the terminal or turn its line around."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def _cells(buckets: Buckets) -> tuple[str, ...]:
    shares = (buckets.ratio, buckets.lower, buckets.upper)
    spans = (buckets.up_ms, buckets.down_ms, buckets.unknown_ms, buckets.excluded_ms, buckets.absent_ms)
    return (*map(percent, shares), *map(duration, spans))


def _sentence(statement: Statement) -> Text:
    total = statement.total
    words, colour = VERDICTS[statement.verdict(total)]
    target = f"{float(statement.terms.target * 100):.10g}"
    bounds = f"[{percent(total.lower)}, {percent(total.upper)}]"
    text = Text(f"合计在线率 {percent(total.ratio)}%，范围 bounds {bounds}，目标 target {target}%：")
    return text.append(words, style=colour)
