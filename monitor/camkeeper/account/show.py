"""The statement as a table for people, Chinese first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from rich.console import Console
from rich.table import Table
from rich.text import Text

from camkeeper.account.statement import Statement
from camkeeper.availability.buckets import Buckets, Promise, truncated_percent

VERDICTS = {
    Promise.MET: ("达标 met", "green"),
    Promise.MISSED: ("未达标 missed", "red"),
    Promise.UNDETERMINED: ("未定 undetermined", "yellow"),
}
_NUMBERS = ("在线率 %\nrate", "下限 %\nlower", "上限 %\nupper", "在线\nup", "离线\ndown", "未知\nunknown")
_UNCOUNTED = ("免责\nexcluded", "未服役\nabsent")
_PLAIN_WIDTH = 140
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def show(statement: Statement, console: Console | None = None) -> None:
    """Print the terms, one row a device, and the verdict on all together. Percent are cut, never rounded up."""
    console = console or Console()
    if not console.is_terminal:
        console.width = max(console.width, _PLAIN_WIDTH)  # a file or a pipe has no edge to wrap at
    terms = statement.terms
    console.print(_text(f"期间 period     {instant(terms.period.start_ms)} — {instant(terms.period.end_ms)}"))
    console.print(_text(f"样本有效 hold   {duration(terms.hold_ms)}，样本 rows {statement.rows}"))
    table = Table(show_lines=False, pad_edge=False, show_footer=False)
    table.add_column("设备\ndevice", overflow="fold")
    for heading in (*_NUMBERS, *_UNCOUNTED):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("结论\nverdict", no_wrap=True)
    for device, buckets in statement.devices.items():
        table.add_row(_text(printable(device)), *_cells(statement, buckets))
    table.add_section()
    table.add_row(_text("合计 total"), *_cells(statement, statement.total))
    console.print(table)
    console.print(_sentence(statement))


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


def _cells(statement: Statement, buckets: Buckets) -> tuple[Text, ...]:
    words, colour = VERDICTS[statement.verdict(buckets)]
    shares = (buckets.ratio, buckets.lower, buckets.upper)
    spans = (buckets.up_ms, buckets.down_ms, buckets.unknown_ms, buckets.excluded_ms, buckets.absent_ms)
    return (*(Text(percent(s)) for s in shares), *(Text(duration(ms)) for ms in spans), Text(words, style=colour))


def _sentence(statement: Statement) -> Text:
    total = statement.total
    words, colour = VERDICTS[statement.verdict(total)]
    target = f"{float(statement.terms.target * 100):.10g}"
    bounds = f"[{percent(total.lower)}, {percent(total.upper)}]"
    text = _text(f"合计在线率 {percent(total.ratio)}%，范围 bounds {bounds}，目标 target {target}%：")
    return text.append(words, style=colour)


def _text(words: str) -> Text:
    """Return plain text: a device called `[red]` is shown, not obeyed."""
    return Text(words)
