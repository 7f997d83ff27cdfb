"""`camkeeper run`: the monitor and its board, until told to stop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from camkeeper.cli.say import fail

if TYPE_CHECKING:
    from camkeeper.run.crew import CrewLink

ConfigOption = Annotated[
    Path, typer.Option("--config", envvar="CAMKEEPER_CONFIG", help="乡镇配置文件 / the township's configuration")
]
LedgerOption = Annotated[Path, typer.Option("--ledger", envvar="CAMKEEPER_LEDGER", help="账本文件 / the ledger's file")]
ListenOption = Annotated[
    str, typer.Option("--listen", help="看板地址 HOST:PORT（仅限本机回环）/ address of the board, loopback only")
]
LogOption = Annotated[
    Literal["json", "text"] | None,
    typer.Option("--log", help="日志格式，默认：终端用 text，其余用 json / log form; default: text on a terminal"),
]


def run(
    config: ConfigOption = Path("config/cameras.yaml"),
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    listen: ListenOption = "127.0.0.1:8080",
    log: LogOption = None,
) -> None:
    """启动监测与看板，直到收到 SIGTERM / Ctrl-C；SIGHUP 重新读取配置。

    Run the monitor and its board until SIGTERM or Ctrl-C; SIGHUP reads the configuration again.
    """
    start(config=config, ledger=ledger, listen=listen, log=log or ("text" if sys.stderr.isatty() else "json"))


def start(
    *,
    config: Path,
    ledger: Path,
    listen: str,
    log: Literal["json", "text"],
    level: str = "INFO",
    beside: Callable[[], AbstractAsyncContextManager[object]] = nullcontext,
    crew: CrewLink | None = None,
) -> None:
    """Run the monitor in this process; shared with `camkeeper demo` and `camkeeper edge`.

    `beside` is entered before and left after it; `crew`: who else asks devices. Ends by `typer.Exit` where it cannot
    start.
    """
    import asyncio

    from aiohttp import web

    from camkeeper.run.kernels import keep_in_state

    keep_in_state(ledger)  # before the imports that bring the kernels
    from camboard.app import create_app, create_runner
    from camboard.settings import BoardSettings
    from camkeeper import logs
    from camkeeper.clock import Clock
    from camkeeper.config import ConfigError
    from camkeeper.ledger.record import LedgerError
    from camkeeper.probe.latch import LatchFileError
    from camkeeper.run.app import Settings, monitor
    from camkeeper.run.board import BoardError, parse_listen
    from camkeeper.run.keeper import Keeper

    logs.configure(form=log, level=level)
    try:
        host, port = parse_listen(listen)

        def board(keeper: Keeper, clock: Clock) -> web.AppRunner:
            settings = BoardSettings(host=host, port=port, clock=clock, allowed_hosts=keeper.public_hosts)
            return create_runner(create_app(keeper, settings=settings))

        async def both() -> None:
            async with beside():
                await monitor(Settings(config=config, ledger=ledger, host=host, port=port, crew=crew), board=board)

        asyncio.run(both())
    except ConfigError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        fail(f"{config} 有 {len(error.faults)} 处错误，未启动", f"{config} has {len(error.faults)} faults; not started")
    except (LedgerError, BoardError, LatchFileError, OSError) as error:
        fail(f"无法启动：{error}", f"cannot start: {error}")
