"""`camkeeper doctor`: what is odd in the register, with evidence, and what would mend it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from camkeeper.cli.incidents import BoardOption
from camkeeper.cli.register import ByOption
from camkeeper.cli.run import ConfigOption, LedgerOption
from camkeeper.cli.say import fail, tell, wide_console
from camkeeper.cli.selfcheck import DeepOption

if TYPE_CHECKING:
    from camkeeper.doctor.examine import Examined
    from camkeeper.doctor.finding import Check

_SHOWN = 60
"""So many findings on a screen; --json has all."""


def doctor(
    *,
    config: ConfigOption = Path("config/cameras.yaml"),
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="CHECK", help="只看这一项检查，可重复 / this check only; repeatable"),
    ] = None,
    fix: Annotated[
        list[str] | None,
        typer.Option(
            "--fix",
            metavar="ID",
            help="按这条发现的建议改登记簿，可重复 / apply what this finding proposes; repeatable",
        ),
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="问运行中的监测：含设备应答 / ask the running monitor: with what devices answered"),
    ] = False,
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    board: BoardOption = None,
    by: ByOption = None,
    of_self: Annotated[
        bool,
        typer.Option("--self", help="检查监测自身：磁盘、时钟、数据库、备份等 / examine the monitor itself"),
    ] = False,
    deep: DeepOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """给登记簿体检：逐条列出疑点、证据与改法，各字段的准确率。有严重疑点时退出码为 1。

    Examine the register: what is odd, by which evidence, what would mend it, and how right each field is. Exit code 1
    where something severe is found. --fix writes through the register's history: `camkeeper import undo` takes it back.
    """
    if of_self:
        from camkeeper.cli.selfcheck import told

        told(config, ledger, deep=deep, as_json=as_json)
        return
    checks = _checks(only or [])
    if live or board is not None:
        _live(checks, fix or [], ledger=ledger, board=board, by=by, as_json=as_json)
        return
    examined = _examined(config)
    if fix:
        _mend(config, examined, fix, by)
        return
    from camkeeper.doctor.export import as_value

    _print(as_value(examined, checks), as_json=as_json)


def _live(
    checks: frozenset[Check], fix: list[str], *, ledger: Path, board: str | None, by: str | None, as_json: bool
) -> None:
    from camkeeper.cli.act import get, post

    if fix:
        told = post("api/v1/doctor/fix", {"ids": "\n".join(fix), "by": _who(by)}, ledger=ledger, board=board)
        tell(str(told.get("zh", "")), str(told.get("en", "")))
        return
    value = get("api/v1/doctor", ledger=ledger, board=board)
    if checks:
        value["findings"] = [f for f in value["findings"] if f["check"] in checks]
    _print(value, as_json=as_json)


def _checks(only: list[str]) -> frozenset[Check]:
    from camkeeper.doctor.finding import Check

    unknown = [word for word in only if word not in set(Check)]
    if unknown:
        listed = " ".join(Check)
        fail(f"没有检查 {unknown[0]}；有：{listed}", f"there is no check {unknown[0]}; there are: {listed}", code=2)
    return frozenset(Check(word) for word in only)


def _examined(config: Path) -> Examined:
    from camkeeper.config import ConfigError, load
    from camkeeper.doctor.bring import patient_of
    from camkeeper.doctor.examine import examine

    try:
        registry = load(config)
    except ConfigError as error:
        n = len(error.faults)
        fail(
            f"{config} 有 {n} 处错误，先用 camkeeper check 改好：{error.faults[0].chinese}",
            f"{config} has {n} faults; see camkeeper check first: {error.faults[0]}",
        )
    return examine(patient_of(config, registry))


def _mend(config: Path, examined: Examined, wanted: list[str], by: str | None) -> None:
    from camkeeper.clock import SystemClock
    from camkeeper.doctor.mend import mend
    from camkeeper.register.store import StoreRefused

    known = examined.by_id()
    missing = [word for word in wanted if word not in known]
    if missing:
        fail(f"没有发现 {missing[0]}", f"there is no finding {missing[0]}")
    try:
        version = mend(config, [known[i] for i in dict.fromkeys(wanted)], by=_who(by), clock=SystemClock())
    except StoreRefused as refused:
        fail(refused.zh, refused.en)
    except OSError as error:
        fail(f"登记簿写不了：{error}", f"the register cannot be written: {error}")
    tell(
        f"已改 {version.changed} 台设备（第 {version.number} 次）。运行中的监测端收到 SIGHUP 后生效；"
        "撤销：camkeeper import undo",
        f"{version.changed} devices changed (number {version.number}). A running monitor takes it at SIGHUP; undo:"
        " camkeeper import undo",
    )


def _who(by: str | None) -> str:
    import getpass

    try:
        return by or getpass.getuser()
    except (KeyError, OSError):  # a container without accounts
        return "-"


def _print(value: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        _show(value)
    if any(f["severity"] == "severe" for f in value["findings"]):
        raise typer.Exit(1)


def _show(value: dict[str, Any]) -> None:
    from rich.table import Table

    from camkeeper.doctor.finding import Severity, Sureness
    from camkeeper.doctor.words import SEVERITY, SURENESS

    findings = value["findings"]
    for f in findings[:_SHOWN]:
        (grave_zh, grave_en), (sure_zh, sure_en) = SEVERITY[Severity(f["severity"])], SURENESS[Sureness(f["sureness"])]
        typer.echo(f"{f['id']}\n  {grave_zh}·{sure_zh} {f['title_zh']}：{f['zh']}")
        typer.echo(f"  {grave_en}, {sure_en}: {f['title_en']}: {f['en']}")
        if f["advice_zh"]:
            mark = f"  --fix {f['id']}" if f["edits"] else ""
            typer.echo(f"  → {f['advice_zh']} / {f['advice_en']}{mark}")
    if len(findings) > _SHOWN:
        typer.echo(f"…… 共 {len(findings)} 条（--json 看全部） / {len(findings)} in all (see --json)")
    table = Table()
    for word in (
        "字段\nfield",
        "台数\ndevices",
        "核对\nchecked",
        "对\nright",
        "错\nwrong",
        "未知\nunknown",
        "准确率\nrate",
    ):
        table.add_column(word, justify="left" if word.startswith("字段") else "right")
    for a in value["accuracy"]:
        counts = (a["devices"], a["checked"], a["right"], a["wrong"], a["unknown"])
        table.add_row(f"{a['title_zh']} {a['title_en']}", *map(str, counts), _percent(a))
    wide_console().print(table)
    n, severe, said, devices = len(findings), value["severe"], value["answered"], value["devices"]
    tell(
        f"{n} 条发现，其中严重 {severe} 条；{devices} 台设备中 {said} 台有应答可比",
        f"{n} findings, {severe} of them severe; {said} of {devices} devices answered and could be compared",
    )


def _percent(row: dict[str, Any]) -> str:
    """Return a share of the checked, cut and never rounded up; nothing checked has no rate."""
    return "未核对 -" if row["rate"] is None else f"{row['right'] * 1000 // row['checked'] / 10:.1f}%"
