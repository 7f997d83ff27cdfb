"""`camkeeper sla`: the month that decides payment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from camkeeper.cli.run import LedgerOption
from camkeeper.cli.say import fail, wide_console

VERDICTS = {"met": "达标 met", "missed": "未达标 missed", "undetermined": "未能判定 undetermined"}


def sla(
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    month: Annotated[str | None, typer.Option(help="月份 YYYY-MM，默认账本最新的月 / default: the newest")] = None,
    site: Annotated[str | None, typer.Option(help="只看这个地点及其下级 / only this site and all below it")] = None,
    policy: Annotated[str | None, typer.Option(help="只用这个口径 / only this accounting policy")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """某月是否达标：各口径并列，含上下限、免责前后两种数字。

    Was the promise of a month kept: every policy side by side, with bounds, with and without the agreed windows.
    """
    from camkeeper.clock import SystemClock
    from camkeeper.ledger import LedgerError
    from camkeeper.run.sla import sla as computed

    try:
        figures = computed(ledger, month=month, site_id=site, policy=policy, now_ms=SystemClock().wall_ms())
    except LookupError as error:
        fail(f"配置里没有：{error.args[0]}", f"not in the configuration: {error.args[0]}", code=2)
    except ValueError as error:
        fail(f"月份应写成 2026-10：{error}", f"{error}", code=2)
    except (LedgerError, OSError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")
    if as_json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        _show(figures)


def _show(figures: dict[str, Any]) -> None:
    from rich.table import Table

    console = wide_console()
    state = "整月 whole month" if figures["complete"] else "截至目前 so far"
    if figures["from_ms"] == figures["to_ms"]:
        state = "尚未开始 not begun"
    if figures["closed"]:
        state += "，已封账 closed"
    for policy in figures["sites"][0]["figures"] if figures["sites"] else ():
        decides = "（以此为准 decides）" if policy == figures["deciding_policy"] else ""
        table = Table(title=f"{figures['month']} {state} · {policy}{decides} · {figures['timezone']}")
        for heading in ("地点\nsite", "目标\ntarget", "在线率\nrate", "下限\nlower", "上限\nupper", "完整度\ncomplete"):
            table.add_column(heading, justify="left" if heading.startswith("地点") else "right")
        table.add_column("完好率\ngood order", justify="right")
        table.add_column("免责计入\ngross", justify="right")
        table.add_column("结论\nverdict", no_wrap=True)
        for site in figures["sites"]:
            net, gross = site["figures"][policy]["net"], site["figures"][policy]["gross"]
            table.add_row(
                site["name"],
                f"{site['target_bp'] / 100:g}%",
                *(_percent(net["percent"][key]) for key in ("ratio", "lower", "upper", "completeness")),
                _good(net),
                _percent(gross["percent"]["ratio"]),
                VERDICTS[net["verdict"]],
            )
        console.print(table)
    for window in figures["windows"]:
        console.print(
            f"◆ {window['id']}：{window['reason']}；证据 {window['evidence'] or '-'}；批准 {window['approver'] or '-'}",
            highlight=False,
        )


def _good(figure: dict[str, Any]) -> str:
    """Return the good-order rate over its denominator: the time that was up or down."""
    tenths = (figure["time"]["up_ms"] + figure["time"]["down_ms"]) // 360_000  # of camera-hours, cut
    return f"{_percent(figure['percent']['good'])} / {tenths / 10:,.1f} h"


def _percent(shown: str | None) -> str:
    return "未测得" if shown is None else f"{shown}%"
