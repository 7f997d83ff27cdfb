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
    from camkeeper.clock import SystemClock
    from camkeeper.ledger import LedgerError, LedgerReader

    now_ms = SystemClock().wall_ms()
    try:
        with LedgerReader(ledger) as reader:
            book = reader.orders()
    except (LedgerError, OSError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")
    found = tuple(book.orders.values()) if all_ else tuple(book.live())
    if as_json:
        print(json.dumps([_json(order, now_ms) for order in found], ensure_ascii=False, indent=2))
    elif found:
        _show(found, now_ms)
    else:
        tell("没有工单", "no work orders")


def _json(order: WorkOrder, now_ms: int) -> object:
    from camkeeper.model.wire import to_json
    from camkeeper.workorder.deadline import due, overdue

    by = due(order)
    return {
        "id": order.id,
        "number": order.number,
        "state": order.state,
        "kind": order.kind,
        "name": order.subject.name,
        "overdue": overdue(order, now_ms) is not None,
        "photos": [photo.digest for photo in order.photos],
        "contractor": order.contractor_id,
        "incidents": list(order.incident_ids),
        "devices": sorted(order.devices),
        "opened_ms": order.opened_ms,
        "respond_by_ms": by.respond_by_ms,
        "repair_by_ms": by.repair_by_ms,
        "closed_ms": order.closed_ms,
        "history": to_json(order.history),
    }


def _show(found: tuple[WorkOrder, ...], now_ms: int) -> None:
    from rich.table import Table

    from camkeeper.workorder.deadline import due, overdue

    table = Table()
    for heading in ("工单\norder", "状态\nstate", "维保\ncontractor", "范围\ndomain", "设备\ndevices"):
        table.add_column(heading)
    for heading in ("开单 (UTC)\nopened", "应完成 (UTC)\ndue", "事件\nincidents"):
        table.add_column(heading)
    for order in found:
        by_ms, domain = due(order).repair_by_ms, order.subject.domain
        late = " 超时 late" if order.state.live and overdue(order, now_ms) is not None else ""
        about = f"{domain.kind} {domain.id}" if domain is not None else f"巡检 {order.subject.name}"
        table.add_row(
            order.id,
            order.state,
            order.contractor_id or "-",
            about,
            str(len(order.devices)),
            utc(order.opened_ms),
            f"{utc(by_ms)}{late}" if by_ms is not None else "-",
            " ".join(order.incident_ids) or "-",
        )
    wide_console().print(table)


def number_in(text: str) -> int:
    """Return the number of `931` or `WO-0931`; ends the command for any other text."""
    found = re.fullmatch(r"(?:WO-)?0*([1-9][0-9]{0,8})", text, re.ASCII | re.IGNORECASE)
    if found is None:
        fail(f"{text} 不是工单号", f"{text} is no order's number", code=2)
    return int(found[1])


def _step(step: str, zh: str, en: str) -> Callable[..., None]:
    def take(
        number: NumberArgument,
        by: ByOption,
        text: TextOption = "",
        ledger: LedgerOption = Path("var/camkeeper.ledger"),
        board: BoardOption = None,
    ) -> None:
        from camkeeper.cli.act import post

        n = number_in(number)
        post(f"api/v1/orders/{n}/{step}", {"by": by, "text": text}, ledger=ledger, board=board)
        tell(f"WO-{n:04d} 已登记：{zh}", f"WO-{n:04d}: {en}")

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


@app.command("photo")
def photo(
    number: NumberArgument,
    file: Annotated[Path, typer.Argument(help="照片：JPEG、PNG、WebP、HEIC，5 MB 以内 / a photo, 5 MB at most")],
    by: ByOption,
    text: TextOption = "",
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    board: BoardOption = None,
) -> None:
    """给工单附一张修复照片；原样保存，不解码。

    Attach a photo of the repair; it is kept as it is and never decoded.
    """
    from camkeeper.cli.act import post_file

    n = number_in(number)
    try:
        data = file.read_bytes()
    except OSError as error:
        fail(f"读不了 {file}：{error.strerror}", f"cannot read {file}: {error.strerror}")
    sent = ("photo", file.name, data)
    post_file(f"api/v1/orders/{n}/photo", {"by": by, "text": text}, sent, ledger=ledger, board=board)
    tell(f"WO-{n:04d} 已附照片", f"WO-{n:04d}: the photo is kept")


@app.command("assign")
def assign(
    number: NumberArgument,
    contractor: Annotated[str, typer.Argument(help="维保单位编号 / the contractor's id")],
    by: ByOption,
    text: TextOption = "",
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    board: BoardOption = None,
) -> None:
    """把工单改派给另一家维保单位；时限不变。

    Give an order to another contractor; its deadlines stay.
    """
    from camkeeper.cli.act import post

    n = number_in(number)
    fields = {"by": by, "text": text, "contractor": contractor}
    post(f"api/v1/orders/{n}/assign", fields, ledger=ledger, board=board)
    tell(f"WO-{n:04d} 已改派给 {contractor}", f"WO-{n:04d} was given to {contractor}")


@app.command("sign")
def sign(
    number: NumberArgument,
    by: ByOption,
    bad: Annotated[
        list[str] | None, typer.Option("--bad", help="不合格项：序号=问题，可多次 / a bad item: N=what is wrong")
    ] = None,
    unit: Annotated[str, typer.Option("--unit", help="单位 / company")] = "",
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    board: BoardOption = None,
) -> None:
    """给巡检签字：没有列为不合格的项即合格。

    Sign for an inspection round: what is not named bad is good.
    """
    from camkeeper.cli.act import get, post

    n = number_in(number)
    items = len(get(f"api/v1/orders/{n}", ledger=ledger, board=board)["checklist"])
    fields = {"by": by, "unit": unit, **{f"item.{i}": "good" for i in range(1, items + 1)}}
    for said in bad or []:
        place, _, note = said.partition("=")
        if not (place.isascii() and place.isdigit() and 1 <= int(place) <= items and note.strip()):
            fail(f"{said} 应为 序号=问题（1 至 {items}）", f"{said} should be N=what is wrong (1 to {items})", code=2)
        fields |= {f"item.{int(place)}": "bad", f"note.{int(place)}": note}
    post(f"api/v1/orders/{n}/sign", fields, ledger=ledger, board=board)
    tell(f"WO-{n:04d} 已签字", f"WO-{n:04d} is signed")


@app.command("route")
def route(
    contractor: Annotated[str, typer.Option("--contractor", help="只看这家维保单位 / this contractor's alone")] = "",
    as_json: JsonOption = False,
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    board: BoardOption = None,
) -> None:
    """先修什么、怎么走：重点部位在前，按村成组，从驻地出发。

    What to repair first and the way there: key places first, grouped by village, from the depot.
    """
    from urllib.parse import urlencode

    from camkeeper.cli.act import get
    from camkeeper.cli.routeshow import show_route

    tail = f"?{urlencode({'contractor': contractor})}" if contractor else ""
    found = get(f"api/v1/orders/route{tail}", ledger=ledger, board=board)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    elif found["stops"] or found["unplaced"]:
        show_route(found)
    else:
        tell("没有要修的", "nothing to repair")
