"""`camkeeper hub`: a county's hub over many edges."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from camkeeper.cli.edge import ServerOption
from camkeeper.cli.run import ListenOption, LoginOption, LogOption
from camkeeper.cli.say import fail, tell, wide_console

if TYPE_CHECKING:
    from camkeeper.hub.duty import Duty
    from camkeeper.hub.settings import HubSettings

app = typer.Typer(
    no_args_is_help=True,
    help="县级平台：收取各乡镇账本，逐条验链，汇总在线率；失联记为未知。\n\n"
    "A county's hub: takes the townships' ledgers, proves each chain, sums up; silence is unknown.",
)
FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="平台的文件夹 / the hub's folder")]
EdgeArgument = Annotated[str, typer.Argument(metavar="ID", help="乡镇边缘节点的名字 / the edge's id")]


@app.command()
def init(
    folder: FolderArgument,
    *,
    listen: Annotated[str, typer.Option("--leaf", metavar="HOST:PORT", help="收取上报的地址 / where edges come to")] = (
        "0.0.0.0:7422"
    ),
    advertise: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="乡镇看到的地址 / the address as edges see it")
    ] = None,
    port: Annotated[int, typer.Option(help="本机 nats-server 端口 / port of the local server")] = 4251,
    cert: Annotated[Path | None, typer.Option(help="TLS 证书 / certificate")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS 私钥 / its key")] = None,
    ca: Annotated[
        Path | None, typer.Option(help="要求乡镇出示该 CA 的证书 / CA that edges' certificates must have")
    ] = None,
) -> None:
    """写好平台的配置，文件仅本人可读。

    Write a hub's configuration; only its owner may read it.
    """
    from camkeeper.bus.private import new_password
    from camkeeper.hub import duty
    from camkeeper.hub.settings import FILE, HubSettings, HubSettingsError, save

    host, _, number = listen.rpartition(":")
    if not host or not number.isdecimal():
        fail(f"--leaf 应为 HOST:PORT：{listen}", f"--leaf wants HOST:PORT: {listen}", code=2)
    if (folder / FILE).exists():
        fail(f"已有配置，未改动：{folder / FILE}", f"there is a configuration already: {folder / FILE}")
    try:
        settings = HubSettings(
            password=new_password(),
            port=port,
            leaf_host=host,
            leaf_port=int(number),
            advertise=advertise or listen,
            cert=None if cert is None else str(cert.resolve()),
            key=None if key is None else str(key.resolve()),
            ca=None if ca is None else str(ca.resolve()),
        )
        save(folder, settings)
        if not (folder / duty.FILE).exists():
            (folder / duty.FILE).write_text(duty.TEMPLATE, encoding="utf-8")
    except HubSettingsError as error:
        fail(f"{error}", f"{error}", code=2)
    except OSError as error:
        fail(f"写不了：{error}", f"cannot be written: {error}")
    tell(f"县名、通知通道写在 {folder / duty.FILE}", f"The county's name and channels: {folder / duty.FILE}")
    if cert is None:
        tell("未配置 TLS：只宜在专网内使用。", "No TLS: for a network of your own only.")
    tell(
        f"已写入。登记乡镇：camkeeper hub enrol {folder} ID", f"Written. Enrol an edge: camkeeper hub enrol {folder} ID"
    )


@app.command()
def enrol(folder: FolderArgument, edge_id: EdgeArgument) -> None:
    """登记一个乡镇，打印它的接入地址（含口令，请保密）；平台运行中也可。

    Enrol an edge and print the address that it is to use (with its password); while the hub runs, too.
    """
    from camkeeper.hub.settings import enrolled

    settings = _change(folder, lambda known: enrolled(known, edge_id))
    print(settings.url_of(edge_id))
    tell(
        "在乡镇上执行：camkeeper edge init DIR --id … --hub 以上地址", "There: camkeeper edge init DIR --id … --hub URL"
    )


@app.command()
def dismiss(folder: FolderArgument, edge_id: EdgeArgument) -> None:
    """取消一个乡镇的登记：它不能再接入，已收的账本保留。

    Let an edge in no longer; what it reported stays.
    """
    from camkeeper.hub.settings import dismissed

    _change(folder, lambda known: dismissed(known, edge_id))
    tell(f"{edge_id} 已取消", f"{edge_id} is dismissed")


def _change(folder: Path, change: Any) -> HubSettings:
    from camkeeper.hub.settings import HubSettingsError, load, save

    try:
        settings: HubSettings = change(load(folder))
        save(folder, settings)
    except HubSettingsError as error:
        fail(f"{error}", f"{error}")
    except ValueError as error:
        fail(f"{error}", f"{error}", code=2)
    except OSError as error:
        fail(f"写不了：{error}", f"cannot be written: {error}")
    return settings


@app.command()
def run(
    folder: FolderArgument,
    listen: ListenOption = "127.0.0.1:8090",
    log: LogOption = None,
    login: LoginOption = "password",
    nats_server: ServerOption = None,
) -> None:
    """启动平台，直到收到 SIGTERM / Ctrl-C。看板须登录；首次：camkeeper access first --ledger DIR。

    Run the hub until SIGTERM or Ctrl-C. Its board asks who comes; at first: camkeeper access first --ledger DIR.
    """
    import asyncio
    import signal

    from aiohttp import web

    from camboard.app import create_runner
    from camboard.county.app import create_county_app
    from camboard.settings import BoardSettings
    from camkeeper import logs
    from camkeeper.access import Access, AccessError
    from camkeeper.bus.server import BusError
    from camkeeper.clock import SystemClock
    from camkeeper.config import ConfigError
    from camkeeper.hub.app import hub
    from camkeeper.hub.county import CountyView
    from camkeeper.hub.settings import HubSettingsError
    from camkeeper.run.board import BoardError, parse_listen

    logs.configure(form=log or ("text" if sys.stderr.isatty() else "json"))

    async def until_stopped() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        host, port = parse_listen(listen, login=login == "password")
        clock = SystemClock()

        def board(county: CountyView, access: Access | None) -> web.AppRunner:
            settings = BoardSettings(host=host, port=port, clock=clock)
            return create_runner(create_county_app(county, settings=settings, access=access))

        await hub(
            folder.resolve(),
            clock,
            board=board,
            host=host,
            port=port,
            stopped=stopped,
            program=nats_server,
            login=login,
        )

    try:
        asyncio.run(until_stopped())
    except ConfigError as error:
        for fault in error.faults:
            tell(fault.chinese, str(fault))
        fail("hub.yaml 有错误，未启动", "hub.yaml has faults; not started")
    except (HubSettingsError, BusError, BoardError, AccessError, OSError) as error:
        fail(f"无法启动：{error}", f"cannot start: {error}")


@app.command()
def sla(
    folder: FolderArgument,
    month: Annotated[str | None, typer.Option(help="月份 YYYY-MM，默认本月 / default: this month")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """全县某月：各乡镇之和，不是百分比的平均。

    A county's month: the sum of its edges, never a mean of percentages.
    """
    from camkeeper.availability.days import month_of
    from camkeeper.clock import SystemClock
    from camkeeper.config import ConfigError
    from camkeeper.hub.app import COPIES
    from camkeeper.hub.duty import ZONE, load
    from camkeeper.hub.figures import county

    try:
        zone = load(folder).timezone
    except ConfigError:
        zone = ZONE  # `camkeeper hub check` tells
    now_ms = SystemClock().wall_ms()
    paths = {path.stem: path for path in sorted((folder / COPIES).glob("*.ledger"))}
    if not paths:
        fail(f"还没有收到任何账本：{folder}", f"no edge has reported yet: {folder}")
    try:
        found = county(paths, month=month or month_of(now_ms, zone), now_ms=now_ms)
    except ValueError as error:
        fail(f"月份应写成 2026-10：{error}", f"{error}", code=2)
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
        return
    from rich.table import Table

    from camkeeper.hub.figures import figure_cells

    table = Table(title=f"全县 county {found.month}")
    for heading in ("乡镇\nedge", "在线率\nrate", "下限\nlower", "上限\nupper", "完整度\ncomplete"):
        table.add_column(heading, justify="left" if heading.startswith("乡镇") else "right")
    table.add_row("全县 county", *figure_cells(found.net))
    for edge in found.edges:
        table.add_row(f"{edge.name} {edge.edge_id}", *figure_cells(edge.net))
    wide_console().print(table)
    for edge_id in found.missing:
        tell(f"{edge_id} 没有这个月的数据", f"{edge_id} has nothing of this month")


@app.command()
def check(folder: FolderArgument) -> None:
    """检查 hub.yaml：每处错误给出文件、行号和改法。

    Check hub.yaml: each fault with its file, line and remedy.
    """
    from camkeeper.hub.duty import FILE

    duty = _duty(folder)
    for warning in duty.warnings:
        tell(warning.chinese, str(warning))
    told = " ".join(duty.told) or "-"
    tell(f"{folder / FILE} 可用；告警发往：{told}", f"{folder / FILE} works; alarms go to: {told}")


def _duty(folder: Path) -> Duty:
    from camkeeper.config import ConfigError
    from camkeeper.hub.duty import load

    try:
        return load(folder)
    except ConfigError as error:
        for fault in error.faults:
            tell(fault.chinese, str(fault))
        fail(f"hub.yaml 有 {len(error.faults)} 处错误", f"hub.yaml has {len(error.faults)} faults")


@app.command()
def notify(
    folder: FolderArgument,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="hub.yaml 里的通道编号 / a channel of hub.yaml")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """发一条测试消息，显示平台自己的代码和原话。只有平台明确接受，退出码才为 0。

    Send a test message and show the platform's own code and words. Exit 0 only where it says that it took the message.
    """
    from camkeeper.cli.notify import send_once, show, trial_letter

    duty = _duty(folder)
    setting = next((one for one in duty.channels if one.id == channel), None)
    if setting is None:
        known = " ".join(one.id for one in duty.channels) or "-"
        fail(f"没有通道 {channel}；hub.yaml 里有：{known}", f"no channel {channel}; hub.yaml has: {known}", code=2)
    letter = trial_letter(setting, duty.name, duty.timezone)
    receipt = send_once(setting, letter, folder)
    show(setting, letter, receipt, as_json=as_json)
    raise typer.Exit(0 if receipt.outcome == "accepted" else 1)
