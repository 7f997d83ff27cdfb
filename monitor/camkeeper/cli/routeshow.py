"""The van's way as a table."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from camkeeper.cli.say import tell, wide_console


def show_route(found: dict[str, Any]) -> None:
    """Print what `GET /api/v1/orders/route` said: stops in driving order, then what has no position."""
    table = Table()
    for heading in ("站\nstop", "村\nvillage", "路程\nleg", "工单\norder", "故障\nfault"):
        table.add_column(heading)
    for heading in ("可恢复\ngives back", "重点部位\nkey places", "位置\nwhere"):
        table.add_column(heading)
    for n, stop in enumerate(found["stops"], 1):
        for place, order in enumerate(stop["orders"]):
            first = place == 0
            head = (str(n), stop["site"], f"{stop['leg_m'] / 1000:.1f} km") if first else ("", "", "")
            table.add_row(*head, *_cells(order))
    for order in found["unplaced"]:
        table.add_row("-", "?", "-", *_cells(order))
    wide_console().print(table)
    km = found["length_m"] / 1000
    tell(f"直线 {km:.1f} 公里，不含返程", f"{km:.1f} km as the crow flies, without the way back")
    if not found["measured"]:
        tell("覆盖还没有算出：按开单先后排列", "coverage is not computed yet: ordered by age")


def _cells(order: dict[str, Any]) -> tuple[str, ...]:
    gain = order["gain"] or {"area_m2": 0.0, "place_ids": []}
    fault = f"{order['name']} {order['cause'] or ''}".strip()
    return order["id"], fault, f"{gain['area_m2']:.0f} m²", str(len(gain["place_ids"])), order["position"] or "-"
