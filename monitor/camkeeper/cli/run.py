"""`camkeeper run`: the monitor and its board, until told to stop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from camkeeper.cli.say import fail

if TYPE_CHECKING:
    from camkeeper.model.access import Role, Scope
    from camkeeper.run.crew import CrewLink

ConfigOption = Annotated[
    Path, typer.Option("--config", envvar="CAMKEEPER_CONFIG", help="乡镇配置文件 / the township's configuration")
]
LedgerOption = Annotated[Path, typer.Option("--ledger", envvar="CAMKEEPER_LEDGER", help="账本文件 / the ledger's file")]
ListenOption = Annotated[str, typer.Option("--listen", help="看板地址 HOST:PORT / address of the board")]
LogOption = Annotated[
    Literal["json", "text"] | None,
    typer.Option("--log", help="日志格式，默认：终端用 text，其余用 json / log form; default: text on a terminal"),
]
LoginOption = Annotated[
    Literal["password", "open"],
    typer.Option(
        "--login", help="password：登录后使用；open：不登录，仅限本机 / sign in, or nobody is asked: loopback only"
    ),
]


def run(
    config: ConfigOption = Path("config/cameras.yaml"),
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    listen: ListenOption = "127.0.0.1:8080",
    log: LogOption = None,
    login: LoginOption = "password",
) -> None:
    """启动监测与看板，直到收到 SIGTERM / Ctrl-C；SIGHUP 重新读取配置。

    Run the monitor and its board until SIGTERM or Ctrl-C; SIGHUP reads the configuration again.
    """
    form: Literal["json", "text"] = log or ("text" if sys.stderr.isatty() else "json")
    start(config=config, ledger=ledger, listen=listen, log=form, login=login)


def start(
    *,
    config: Path,
    ledger: Path,
    listen: str,
    log: Literal["json", "text"],
    level: str = "INFO",
    beside: Callable[[], AbstractAsyncContextManager[object]] = nullcontext,
    crew: CrewLink | None = None,
    login: Literal["password", "open"] = "password",
    trial: Mapping[Role, Scope] | None = None,
) -> None:
    """Run the monitor in this process; shared with `camkeeper demo` and `camkeeper edge`.

    `beside` is entered before and left after it; `crew`: who else asks devices; `trial`: what an account of each
    role sees in a demo. Ends by `typer.Exit` where it cannot start.
    """
    import asyncio

    from aiohttp import web

    from camkeeper.run.kernels import keep_in_state
    from camkeeper.secrets.private import no_core

    keep_in_state(ledger)  # before the imports that bring the kernels
    no_core()
    from camboard.app import create_app, create_runner
    from camboard.settings import BoardSettings
    from camkeeper import logs
    from camkeeper.access import Access, AccessError
    from camkeeper.clock import Clock
    from camkeeper.config import ConfigError
    from camkeeper.ledger.record import LedgerError
    from camkeeper.probe.latch import LatchFileError
    from camkeeper.run.access import check_reach
    from camkeeper.run.app import Settings, monitor
    from camkeeper.run.board import BoardError, parse_listen
    from camkeeper.run.keeper import Keeper

    logs.configure(form=log, level=level)
    try:
        host, port = parse_listen(listen, login=login == "password")
        check_reach(ledger, listen, host)

        def board(keeper: Keeper, clock: Clock, access: Access | None) -> web.AppRunner:
            settings = BoardSettings(host=host, port=port, clock=clock, allowed_hosts=keeper.public_hosts)
            return create_runner(create_app(keeper, settings=settings, access=access))

        async def both() -> None:
            async with beside():
                settings = Settings(
                    config=config, ledger=ledger, host=host, port=port, crew=crew, login=login, trial=trial
                )
                await monitor(settings, board=board)

        asyncio.run(both())
    except ConfigError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        fail(f"{config} 有 {len(error.faults)} 处错误，未启动", f"{config} has {len(error.faults)} faults; not started")
    except (LedgerError, AccessError, BoardError, LatchFileError, OSError) as error:
        fail(f"无法启动：{error}", f"cannot start: {error}")
