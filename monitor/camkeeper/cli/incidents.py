"""`camkeeper incidents`: what is open, from the ledger alone; `camkeeper ack` takes one on, through the board."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from camkeeper.cli.run import LedgerOption
from camkeeper.cli.say import fail, tell, wide_console

if TYPE_CHECKING:
    from camkeeper.model.incident import Incident
    from camkeeper.workorder.book import WorkOrderBook

ByOption = Annotated[str, typer.Option("--by", help="登记人姓名 / who you are")]
BoardOption = Annotated[
    str | None,
    typer.Option(
        "--board", help="看板地址，默认取账本旁的 .board 文件 / the board; default: the file beside the ledger"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]


def incidents(
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    as_json: JsonOption = False,
    all_: Annotated[bool, typer.Option("--all", help="包括已结束的 / those that are over, too")] = False,
) -> None:
    """列出事件：同一原因的故障算一件。只读账本，监测不必在运行。

    List incidents, one a fault. Reads the ledger alone; the monitor need not run.
    """
    from camkeeper.ledger import LedgerError, LedgerReader

    try:
        with LedgerReader(ledger) as reader, reader.reading():
            found, book = reader.incidents(open_only=not all_), reader.orders()
    except (LedgerError, OSError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")
    if as_json:
        print(json.dumps([_json(i, book) for i in found], ensure_ascii=False, indent=2))
    elif found:
        _show(found, book)
    else:
        tell("没有未结束的事件" if not all_ else "没有事件", "no incident is open" if not all_ else "no incidents")


def ack(
    incident: Annotated[str, typer.Argument(help="事件编号，如 I000123 / the incident's id")],
    by: ByOption,
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    board: BoardOption = None,
) -> None:
    """确认一个事件：有人在处理，不再催办。

    Acknowledge an incident: somebody is on it, and it is not escalated any more.
    """
    from urllib.parse import quote

    from camkeeper.cli.act import post

    post(f"api/v1/incidents/{quote(incident, safe='')}/ack", {"by": by}, ledger=ledger, board=board)
    tell(f"已确认 {incident}", f"{incident} is acknowledged")


def _json(incident: Incident, book: WorkOrderBook) -> dict[str, Any]:
    from camkeeper.incident import incident_to_json

    order = book.of_incident(incident.id)
    return {**incident_to_json(incident), "work_order": order.id if order is not None else None}


def _show(found: tuple[Incident, ...], book: WorkOrderBook) -> None:
    from rich.table import Table

    table = Table()
    for heading in ("事件\nincident", "起于 (UTC)\nsince", "范围\ndomain", "疑因\ncause", "设备\ndevices"):
        table.add_column(heading)
    for heading in ("状态\nstate", "工单\norder", "确认\nby"):
        table.add_column(heading)
    for incident in found:
        order = book.of_incident(incident.id)
        out = sum(m.recovered_ms is None for m in incident.members.values())
        table.add_row(
            incident.id,
            utc(incident.began_ms),
            f"{incident.domain.kind} {incident.domain.id}",
            incident.cause,
            f"{out}/{len(incident.members)}",
            incident.state,
            order.id if order is not None else "-",
            incident.acknowledged_by or "-",
        )
    wide_console().print(table)


def utc(at_ms: int) -> str:
    """Return an instant as people read it."""
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%m-%d %H:%M:%S}"
