"""`camkeeper status`: how the township stands, from the ledger alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from camkeeper.cli.run import ConfigOption, LedgerOption
from camkeeper.cli.say import fail, wide_console

if TYPE_CHECKING:
    from camkeeper.standing.view import RateView, Standing

SILENT_MS = 60_000
"""A ledger without a tick for this long has no monitor: what it said last is not what is."""


def status(
    config: ConfigOption = Path("config/cameras.yaml"),
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """现在怎么样：各村在线数、今日与本月在线率及上下限。

    How the township stands: cameras online per village, the rate of today and of this month with bounds.
    """
    from camkeeper.clock import SystemClock
    from camkeeper.config import ConfigError, load
    from camkeeper.ledger import LedgerError
    from camkeeper.run.offline import standing_of

    try:
        registry = load(config)
        standing = standing_of(ledger, registry, wall_ms=SystemClock().wall_ms(), silent_ms=SILENT_MS)
    except ConfigError as error:
        fail(f"{config} 有错误，请运行 camkeeper check", f"{config} is faulty; run camkeeper check: {error.faults[0]}")
    except (LedgerError, OSError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")
    if as_json:
        print(json.dumps(_json(standing), ensure_ascii=False, indent=2))
    else:
        _show(standing)


def _json(standing: Standing) -> dict[str, Any]:
    from camkeeper.standing.export import site_json

    return {
        "at_ms": standing.at_ms,
        "name": standing.name,
        "warnings": list(standing.monitor.warnings),
        "villages_total": standing.villages_total,
        "villages_with_camera": standing.villages_with_camera,
        "sites": [site_json(site) for site in standing.sites],
        "devices": [
            {
                "id": d.id,
                "site": d.site_id,
                "kind": d.kind,
                "status": d.status,
                "reason": d.reason,
                "since_ms": d.since_ms,
            }
            for d in standing.devices
        ],
    }


def _show(standing: Standing) -> None:
    from rich.table import Table

    from camkeeper.message.evidence import told
    from camkeeper.model.channel import Language
    from camkeeper.model.incident import Evidence
    from camkeeper.model.status import Status

    console = wide_console()
    for warning in standing.monitor.warnings:
        console.print(f"[bold]! {warning}[/bold]", highlight=False)
    table = Table(title=f"{standing.name}：{standing.villages_with_camera}/{standing.villages_total} 个村有在线摄像机")
    for heading in ("地点\nsite", "在线\nup", "异常\ndegraded", "离线\ndown", "未知\nunknown"):
        table.add_column(heading, justify="left" if heading.startswith("地点") else "right")
    for heading in ("今日 [下限, 上限]\ntoday", "本月 [下限, 上限]\nmonth"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("本月完好率\ngood order", justify="right", no_wrap=True)
    for site in standing.sites:
        counts = (site.cameras.get(s, 0) for s in (Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN))
        table.add_row(site.name, *map(str, counts), _rate(site.today), _rate(site.month), _good(site.month))
    console.print(table)
    for device in standing.devices:
        if device.status is Status.DEGRADED and device.reason.is_image:
            fact = Evidence(name=device.reason.value, facts={"devices": 1})
            words = " / ".join(line for language in Language for line in told((fact,), language))
            console.print(f"画面 picture：{device.name}（{device.id}）{words}", highlight=False)


def _good(rate: RateView) -> str:
    """Return the good-order rate over its denominator: the camera-hours that were up or down, cut."""
    from camkeeper.availability.buckets import truncated_percent

    percent = truncated_percent(rate.buckets.good_ratio)
    tenths = (rate.buckets.up_ms + rate.buckets.down_ms) // 360_000
    return "未测得 -" if percent is None else f"{percent}% / {tenths / 10:,.1f} h"


def _rate(rate: RateView) -> str:
    from camkeeper.availability.buckets import truncated_percent

    buckets = rate.buckets
    if buckets.ratio is None:
        return "未测得 -"
    low, high = truncated_percent(buckets.lower), truncated_percent(buckets.upper)
    return f"{truncated_percent(buckets.ratio)}% [{low}, {high}]"
