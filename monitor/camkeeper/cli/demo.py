"""`camkeeper demo`: a township of virtual devices and the monitor on it, in one command."""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from camkeeper.cli.run import start
from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.model.access import Role, Scope

PASSWORD_ENV = "CAMKEEPER_DEMO_PASSWORD"  # noqa: S105  (the name of a variable)
READY_S = 300
"""Drawing what the cameras look at takes half a minute on two idle cores."""
PORTS = range(8080, 8120)


def demo(
    config: Annotated[Path, typer.Option(help="示范乡镇配置 / the demo township")] = Path("config/cameras.yaml"),
    scenario: Annotated[Path, typer.Option(help="故障剧本 / scenario of faults")] = Path("config/demo-scenario.yaml"),
    ledger: Annotated[Path, typer.Option(help="账本文件 / the ledger's file")] = Path("var/demo/camkeeper.ledger"),
    port: Annotated[int, typer.Option(help="看板端口；0：自动选择 / port of the board; 0: choose")] = 0,
    login: Annotated[
        Literal["open", "password"],
        typer.Option(
            help="password：每个角色一个账户，打印密码 / password: an account of each role, passwords printed"
        ),
    ] = "open",
) -> None:
    """启动示范乡镇（虚拟设备）和监测，打印看板地址；Ctrl-C 全部结束。

    Start a demo township of virtual devices and the monitor on it; Ctrl-C ends all of it.
    """
    # A password of this run only: the fleet enforces it, the monitor reads it by reference, nobody else needs it.
    os.environ[PASSWORD_ENV] = secrets.token_urlsafe(12)
    tell("正在绘制虚拟摄像机的画面，约需半分钟……", "Drawing what the virtual cameras look at: half a minute or so...")
    with fleet(config, scenario) as ready:
        tell(
            f"示范乡镇已就绪：{ready.get('devices', '?')} 台虚拟设备（地理位置为合成）。按 Ctrl-C 全部结束。\n"
            f"另开终端可看：camkeeper status --ledger {ledger}（sla、verify 同样）",
            f"The demo township is up: {ready.get('devices', '?')} virtual devices (geometry is synthetic). Ctrl-C ends"
            f" all of it.\nIn another terminal: camkeeper status --ledger {ledger} (sla and verify likewise)",
        )
        start(
            config=config,
            ledger=ledger,
            listen=f"127.0.0.1:{port or free_port()}",
            log="text" if sys.stderr.isatty() else "json",
            level="WARNING",
            login=login,
            trial=_trial(config) if login == "password" else None,
        )


def _trial(config: Path) -> dict[Role, Scope]:
    """Return what the demo's accounts see: the contractor its own devices, everybody else all."""
    from camkeeper.config import ConfigError, load
    from camkeeper.model.access import EVERYTHING, Role, Scope

    try:
        contractors = load(config).contractors
    except ConfigError:  # told, with every fault, where the monitor starts
        contractors = ()
    own = Scope(contractor_id=contractors[0].id) if contractors else EVERYTHING
    return {Role.CONTRACTOR: own}


@contextmanager
def fleet(config: Path, scenario: Path) -> Iterator[dict[str, Any]]:
    """Run `camkeeper fleet` beside us until the block ends; yields what it said when it was ready."""
    command = [sys.executable, "-m", "camkeeper", "fleet", "--with-parent"]
    command += ["--config", str(config), "--scenario", str(scenario)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  (our own program)
    try:
        yield _ready(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    if process.stdout is None:
        raise ValueError("the fleet was started without a pipe")
    readable, _, _ = select.select([process.stdout], [], [], READY_S)
    if not readable:
        fail(
            f"虚拟设备 {READY_S:.0f} 秒内没有就绪：机器太忙，请稍后再试",
            f"the virtual devices were not ready within {READY_S:.0f} s: the machine is too busy; try again later",
        )
    line = process.stdout.readline()
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError:
        fail("虚拟设备没有启动（原因见上）", "the virtual devices did not start (reason above)")
    return said


def free_port() -> int:
    """Return the first free port of the board's range."""
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    return fail(
        f"{PORTS[0]}-{PORTS[-1]} 端口均被占用，请用 --port 指定",
        f"ports {PORTS[0]}-{PORTS[-1]} are all taken; name one by --port",
    )
