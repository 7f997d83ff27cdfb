"""`camkeeper selfcheck`, and `camkeeper doctor --self`: is the monitor itself well?"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.run import ConfigOption, LedgerOption

if TYPE_CHECKING:
    from camkeeper.selfcheck import Finding

DeepOption = Annotated[
    bool, typer.Option("--deep", help="核验整个账本，而不只最近一天 / verify all of the ledger, not its last day alone")
]


def selfcheck(
    config: ConfigOption = Path("config/cameras.yaml"),
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    deep: DeepOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """监测自身是否正常：磁盘、时钟、上限、权限、数据库、备份、待发消息、镜像。有问题时退出码为 1。

    Is the monitor itself well? Disk, clock, limits, permissions, databases, backups, letters, mirror; each finding with
    its remedy. Changes nothing; exit code 1 on findings.
    """
    told(config, ledger, deep=deep, as_json=as_json)


def told(config: Path, ledger: Path, *, deep: bool, as_json: bool) -> None:
    """Examine, print, and end by `typer.Exit(1)` where something was found."""
    from camkeeper.clock import SystemClock
    from camkeeper.config import ConfigError, load
    from camkeeper.selfcheck import Level, Subject, examine

    try:
        registry = load(config)
    except ConfigError:
        registry = None
    subject = Subject(ledger=ledger, config=config, registry=registry, now_ms=SystemClock().wall_ms(), deep=deep)
    found = examine(subject)
    bad = [one for one in found if one.level in {Level.WARN, Level.BAD}]
    if as_json:
        typer.echo(
            json.dumps({"ok": not bad, "findings": [asdict(one) for one in found]}, ensure_ascii=False, indent=2)
        )
    else:
        _print(found)
        typer.echo(
            f"共 {len(found)} 项，{len(bad)} 项要处理\n{len(found)} checks, {len(bad)} findings"
            if bad
            else f"共 {len(found)} 项，都正常\n{len(found)} checks, all is well"
        )
    if bad:
        raise typer.Exit(1)


_MARK = {"ok": "  正常 ok  ", "unknown": "  不明 ?   ", "warn": "! 注意 warn", "bad": "✗ 故障 bad "}


def _print(found: tuple[Finding, ...]) -> None:
    for one in found:
        typer.echo(f"{_MARK[one.level]}  {one.check:<14} {one.zh}\n{'':<28}{one.en}")
        if one.remedy_zh:
            typer.echo(f"{'':<28}→ {one.remedy_zh}\n{'':<28}→ {one.remedy_en}")
