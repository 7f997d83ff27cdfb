"""`camkeeper account`: anybody's samples, the same engine, the same verdict."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.account.statement import Statement, Terms

USAGE = 2


def account(
    samples: Annotated[
        Path,
        typer.Argument(metavar="SAMPLES.csv", help="样本文件，表头 device,at,status / the samples", show_default=False),
    ],
    *,
    start: Annotated[str, typer.Option("--from", metavar="T", help="期间开始（含），带时区 / start, with an offset")],
    end: Annotated[str, typer.Option("--to", metavar="T", help="期间结束（不含），带时区 / end, with an offset")],
    interval: Annotated[str, typer.Option(help="采样间隔：60s、5m、1h、500ms / between samples")],
    grace: Annotated[str, typer.Option(help="样本有效几个间隔 / intervals that a sample holds")] = "2.5",
    exclude: Annotated[
        Path | None,
        typer.Option(
            metavar="WINDOWS.csv", help="免责时段，表头 device,start,end,reason；* 指全部 / windows not to count"
        ),
    ] = None,
    target: Annotated[str, typer.Option(help="目标在线率 % / the promise")] = "95",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="略过坏行，照算其余 / leave bad rows out")] = False,
    encoding: Annotated[str, typer.Option(help="文件编码 utf-8 或 gb18030 / of the files")] = "utf-8",
    source: Annotated[
        str, typer.Option("--source", help="csv、prometheus、zabbix、uptime-kuma 的历史 / whose history it is")
    ] = "csv",
) -> None:
    """按样本计算在线率：在线、离线、未知、免责各多少毫秒，是否达标，有多大把握。

    What anybody's samples say of the promise: milliseconds up, down, unknown, excluded; the bounds; the verdict.
    """
    terms = _terms(start=start, end=end, interval=interval, grace=grace, target=target)
    if source == "csv":
        statement = _read(samples, exclude, terms, encoding)
    else:
        statement = _read_foreign(source, samples, exclude, terms, interval)
    _tell_faults(statement, skip_bad=skip_bad)
    _tell_notes(statement)
    if as_json:
        typer.echo(_json(statement).encode())
    else:
        from camkeeper.account.show import show

        show(statement, period=f"{start} — {end}")


def _terms(*, start: str, end: str, interval: str, grace: str, target: str) -> Terms:
    """Read the options; each that cannot be read ends the command with its own sentence."""
    from camkeeper.account import moment
    from camkeeper.account.fault import WrittenWrongError
    from camkeeper.account.statement import Terms
    from camkeeper.availability.hold import hold_length_ms
    from camkeeper.model.span import Span

    option = ""
    try:
        option = "--from"
        start_ms = moment.instant_ms(start.strip())
        option = "--to"
        end_ms = moment.instant_ms(end.strip())
        option = "--interval"
        interval_ms = moment.duration_ms(interval)
        option = "--grace"
        intervals = moment.decimal(grace)
        option = "--target"
        share = moment.share(target)
    except WrittenWrongError as error:
        fail(f"{option}：{error.zh}", f"{option}: {error.en}", code=USAGE)
    if end_ms <= start_ms:
        fail(f"--to（{end}）必须晚于 --from（{start}）", f"--to ({end}) must be after --from ({start})", code=USAGE)
    try:
        hold_ms = hold_length_ms(interval_ms, intervals)
    except ValueError:
        fail(
            "--interval × --grace 不足 1 毫秒：请加大", "--interval x --grace is below 1 ms: make it longer", code=USAGE
        )
    return Terms(period=Span(start_ms=start_ms, end_ms=end_ms), hold_ms=hold_ms, target=share)


def _read(samples: Path, exclude: Path | None, terms: Terms, encoding: str) -> Statement:
    from camkeeper.account.fault import UnreadableError
    from camkeeper.account.lines import Encoding
    from camkeeper.account.statement import account_csv

    try:
        code = Encoding(
            {"gbk": "gb18030", "gb2312": "gb18030", "utf8": "utf-8"}.get(encoding.lower(), encoding.lower())
        )
    except ValueError:
        fail(
            f"--encoding：不支持 {encoding}，只能是 utf-8 或 gb18030",
            f"--encoding: {encoding} is neither utf-8 nor gb18030",
            code=USAGE,
        )
    try:
        with ExitStack() as open_files:
            return account_csv(
                open_files.enter_context(_opened(samples)),
                None if exclude is None else open_files.enter_context(_opened(exclude)),
                terms,
                samples_name=str(samples),
                windows_name=str(exclude),
                encoding=code,
            )
    except UnreadableError as error:
        fail(error.zh, error.en)
    except OSError as error:
        fail(f"读取失败：{error.strerror or error}", f"reading failed: {error.strerror or error}")


def _read_foreign(source: str, samples: Path, exclude: Path | None, terms: Terms, interval: str) -> Statement:
    """Read another monitor's history, and say what it cannot know."""
    from camkeeper.account import moment
    from camkeeper.account.fault import UnreadableError
    from camkeeper.account.statement import statement
    from camkeeper.account.windows import WindowFile, read_windows
    from camkeeper.foreign.read import SOURCES, read_history

    if source not in SOURCES:
        listed = "、".join(("csv", *SOURCES))
        fail(f"--source：只能是 {listed}", f"--source: one of {listed}", code=USAGE)
    try:
        with _opened(samples):
            history = read_history(source, samples, every_ms=max(1, int(moment.duration_ms(interval))))
        agreed = WindowFile()
        if exclude is not None:
            with _opened(exclude) as file:
                agreed = read_windows(file, source=str(exclude))
    except UnreadableError as error:
        fail(error.zh, error.en)
    except OSError as error:
        fail(f"读取失败：{error.strerror or error}", f"reading failed: {error.strerror or error}")
    for note in history.notes:
        tell(f"○ {note.zh}", f"  {note.en}")
    return statement(history.samples, agreed, terms)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        fail(f"找不到文件 {path}：请检查路径", f"no such file {path}: check the path")
    except OSError as error:
        fail(f"打不开 {path}：{error.strerror or error}", f"cannot open {path}: {error.strerror or error}")


def _json(statement: Statement) -> str:
    """Return the statement as JSON, one device a line.

    Indenting throughout would leave the json module's encoder in C unused: seconds, where there are many devices.
    """
    from json import JSONEncoder

    encode = JSONEncoder(ensure_ascii=False).encode
    value = statement.to_json()
    lines = ",\n".join(f"    {encode(device)}: {encode(figures)}" for device, figures in value["devices"].items())
    devices = f"{{\n{lines}\n  }}" if lines else "{}"
    return f'{{\n  "devices": {devices},\n  "total": {encode(value["total"])}\n}}'


def _tell_faults(statement: Statement, *, skip_bad: bool) -> None:
    """Tell every bad row; without `--skip-bad` no figure follows, because it would be of something else."""
    import sys

    count = len({(fault.source, fault.line) for fault in statement.faults})
    if not count:
        return
    sys.stderr.write("".join(f"{fault}\n" for fault in statement.faults))
    if not skip_bad:
        fail(
            f"{count} 个坏行，未作计算：请改正，或加 --skip-bad 略过坏行",
            f"{count} bad rows, nothing computed: correct them, or give --skip-bad to leave them out",
        )
    tell(
        f"略过 {count} 个坏行，按其余 {statement.rows} 行计算",
        f"{count} bad rows left out, computed from the other {statement.rows}",
    )


def _tell_notes(statement: Statement) -> None:
    """Tell what is no fault but may surprise."""
    from camkeeper.account.show import instant, printable

    if statement.conflicts:
        tell(
            f"{statement.conflicts} 个时刻的状态自相矛盾，取较差者（离线 > 异常 > 在线 > 未知）",
            f"{statement.conflicts} instants have rival statuses, the worse stands: down > degraded > up > unknown",
        )
    if statement.strangers:
        names = ", ".join(printable(name) for name in statement.strangers)
        tell(f"时段文件里的设备没有样本：{names}", f"devices of the windows without samples: {names}")
    if statement.nearest_ms is None:
        tell("没有任何样本", "there are no samples")
        return
    first_ms, last_ms = statement.nearest_ms
    period = statement.terms.period
    if last_ms + statement.terms.hold_ms <= period.start_ms or first_ms >= period.end_ms:
        span = f"{instant(first_ms)} — {instant(last_ms)}"
        tell(
            f"期间内没有样本，样本在 {span}：若时间戳是秒，请改为毫秒",
            f"no sample touches the period, they lie in {span}: if these are seconds, write milliseconds",
        )
