"""`camkeeper workorder`: repairs and rounds. Reading is from the ledger alone, steps go through the board."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.incidents import BoardOption, ByOption, JsonOption, utc
from camkeeper.cli.run import LedgerOption
from camkeeper.cli.say import fail, tell, wide_console

if TYPE_CHECKING:
    from camkeeper.model.workorder import WorkOrder

app = typer.Typer(
    no_args_is_help=True, help="工单：谁在修、修好没有。\n\nWork orders: who repairs, and whether it works."
)

NumberArgument = Annotated[str, typer.Argument(help="工单号，如 931 或 WO-0931 / the order's number")]
TextOption = Annotated[str, typer.Option("--text", help="备注、原因 / a note, a reason")]


@app.command("list")
def list_orders(
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    as_json: JsonOption = False,
    all_: Annotated[bool, typer.Option("--all", help="包括已结束的 / finished ones, too")] = False,
) -> None:
    """列出工单；只读账本，监测不必在运行。

    List orders. Reads the ledger alone; the monitor need not run.
    """
    from camkeeper.ledger import LedgerError, LedgerReader

    try:
        with LedgerReader(ledger) as reader:
            book = reader.orders()
    except (LedgerError, OSError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")
    found = tuple(book.orders.values()) if all_ else tuple(book.live())
    if as_json:
        print(json.dumps([_json(order) for order in found], ensure_ascii=False, indent=2))
    elif found:
        _show(found)
    else:
        tell("没有工单", "no work orders")


def _json(order: WorkOrder) -> object:
    from camkeeper.model.wire import to_json
    from camkeeper.workorder.deadline import due

    by = due(order)
    return {
        "id": order.id,
        "number": order.number,
        "state": order.state,
        "contractor": order.contractor_id,
        "incidents": list(order.incident_ids),
        "devices": sorted(order.devices),
        "opened_ms": order.opened_ms,
        "respond_by_ms": by.respond_by_ms,
        "repair_by_ms": by.repair_by_ms,
        "closed_ms": order.closed_ms,
        "history": to_json(order.history),
    }


def _show(found: tuple[WorkOrder, ...]) -> None:
    from rich.table import Table

    from camkeeper.workorder.deadline import due

    table = Table()
    for heading in ("工单\norder", "状态\nstate", "维保\ncontractor", "范围\ndomain", "设备\ndevices"):
        table.add_column(heading)
    for heading in ("开单 (UTC)\nopened", "应修复 (UTC)\nrepair by", "事件\nincidents"):
        table.add_column(heading)
    for order in found:
        by_ms, domain = due(order).repair_by_ms, order.subject.domain
        table.add_row(
            order.id,
            order.state,
            order.contractor_id or "-",
            f"{domain.kind} {domain.id}" if domain is not None else "-",
            str(len(order.devices)),
            utc(order.opened_ms),
            utc(by_ms) if by_ms is not None else "-",
            " ".join(order.incident_ids) or "-",
        )
    wide_console().print(table)


def _step(step: str, zh: str, en: str) -> Callable[..., None]:
    def take(
        number: NumberArgument,
        by: ByOption,
        text: TextOption = "",
        ledger: LedgerOption = Path("var/camkeeper.ledger"),
        board: BoardOption = None,
    ) -> None:
        from camkeeper.cli.act import post

        found = re.fullmatch(r"(?:WO-)?0*([1-9][0-9]{0,8})", number, re.ASCII | re.IGNORECASE)
        if found is None:
            fail(f"{number} 不是工单号", f"{number} is no order's number", code=2)
        post(f"api/v1/orders/{found[1]}/{step}", {"by": by, "text": text}, ledger=ledger, board=board)
        tell(f"WO-{int(found[1]):04d} 已登记：{zh}", f"WO-{int(found[1]):04d}: {en}")

    take.__doc__ = f"{zh}。\n\n{en[0].upper()}{en[1:]}."
    return take


for _name, _zh, _en in (
    ("accept", "接单", "accepted"),
    ("onsite", "到场", "on site"),
    ("repaired", "报修复，由探测证实", "said to be repaired; the probe proves it"),
    ("note", "备注", "noted"),
    ("cancel", "取消，须写原因 --text", "cancelled; wants a reason, --text"),
):
    app.command(_name)(_step(_name, _zh, _en))
