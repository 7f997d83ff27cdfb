"""`camkeeper fleet`: serve a township of virtual devices on loopback."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camfleet.scenario import Scenario
    from camkeeper.model.registry import Registry


class Pictures(StrEnum):
    """Where snapshots come from."""

    LIVE = "live"
    LIGHT = "light"


def fleet(  # noqa: PLR0917 - typer hands options over by name
    config: Annotated[Path | None, typer.Option(help="要模拟的配置 / the configuration whose devices to serve")] = None,
    scenario: Annotated[Path | None, typer.Option(help="故障剧本 / scenario of faults")] = None,
    count: Annotated[int | None, typer.Option(help="压测：这么多台摄像机 / load test: so many cameras")] = None,
    port_base: Annotated[int, typer.Option(help="压测的第一个端口 / first port of the load test")] = 10_000,
    write_config: Annotated[Path | None, typer.Option(help="把压测乡镇写成配置 / write the load township here")] = None,
    every: Annotated[float, typer.Option(help="压测配置的轮询秒数 / seconds between polls, written there")] = 60.0,
    password_env: Annotated[
        str | None, typer.Option(help="存放设备口令的环境变量 / variable that holds every device's password")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="随机种子，默认用剧本的 / seed; default: the scenario's")] = None,
    speed: Annotated[float, typer.Option(min=0.001, help="剧本快进倍数 / how much faster the scenario plays")] = 1.0,
    pictures: Annotated[
        Pictures, typer.Option(help="live：实时绘制；light：循环使用几张 / drawn live, or a few in turns")
    ] = Pictures.LIVE,
    truth: Annotated[Path | None, typer.Option(help="把真实状态逐行写入 / append the true states here")] = None,
    control_port: Annotated[
        int | None, typer.Option(help="控制端口，0 为自动 / control port on 127.0.0.1; 0: choose")
    ] = None,
    with_parent: Annotated[bool, typer.Option("--with-parent", help="随父进程结束 / end with the parent")] = False,
) -> None:
    """在本机回环地址上运行虚拟设备乡镇，按剧本制造故障；就绪时打印一行 JSON，Ctrl-C 结束。

    Serve a township of virtual devices on loopback, with faults by a scenario. Prints one JSON line when ready.
    """
    import asyncio

    from camfleet.limits import FleetError
    from camfleet.serve import Options, serve

    parent_pid = os.getppid() if with_parent else None
    options = Options(
        seed=seed,
        speed=speed,
        pictures=pictures.value,
        ahead=config is not None,
        truth=truth,
        control_port=control_port,
        parent_pid=parent_pid,
    )
    if (config is None) == (count is None):
        fail("--config 与 --count 二者取一", "give either --config or --count", code=2)
    if write_config is not None and count is None:
        fail("--write-config 只与 --count 同用", "--write-config goes with --count", code=2)
    try:
        registry = (
            _registered(config) if config is not None else _load_township(count or 0, port_base, every, write_config)
        )
        passwords = _passwords(registry, password_env, config)
        asyncio.run(serve(registry, passwords, _scenario(scenario, registry), options=options))
    except FleetError as error:
        fail(error.zh, error.en)


def _registered(path: Path) -> Registry:
    from camkeeper.config.fault import ConfigError
    from camkeeper.config.load import load

    try:
        return load(path)
    except ConfigError as error:
        chinese = "\n".join(fault.chinese for fault in error.faults)
        fail(f"配置有误：\n{chinese}", f"the configuration is faulty:\n{error}")


def _scenario(path: Path | None, registry: Registry) -> Scenario:
    from camfleet.scenario import EMPTY, ScenarioError, load

    if path is None:
        return EMPTY
    try:
        return load(path, registry=registry)
    except ScenarioError as error:
        fail("剧本有误：\n" + "\n".join(error.chinese), f"the scenario is faulty:\n{error}")


def _load_township(count: int, port_base: int, every_s: float, write_to: Path | None) -> Registry:
    from camfleet.township import PASSWORD_ENV, configuration, meets_ephemeral, township

    registry = township(count, port_base)
    os.environ.setdefault(PASSWORD_ENV, "fleet-on-loopback")
    if meets_ephemeral(count, port_base):
        tell(
            "端口伸入系统临时端口范围（32768 起），个别端口可能已被占用；--port-base 宜小些",
            "the ports reach into the ephemeral range (32768 and up): some may be taken, choose a lower --port-base",
        )
    if write_to is not None:
        try:
            write_to.write_text(configuration(registry, every_s=every_s), encoding="utf-8")
        except OSError as error:
            fail(f"写不了 {write_to}：{error.strerror}", f"cannot write {write_to}: {error.strerror}")
        tell(
            f"已写出 {write_to}；监测端须设置环境变量 {PASSWORD_ENV}（未设置时为 fleet-on-loopback）",
            f"wrote {write_to}; the monitor wants the variable {PASSWORD_ENV} (fleet-on-loopback where it is not set)",
        )
    return registry


def _passwords(registry: Registry, password_env: str | None, config: Path | None) -> dict[str, str]:
    """Return the password of every credential, by its id: from one variable, or each by its reference."""
    from camkeeper.config.secrets import Secrets

    if password_env is not None:
        password = os.environ.get(password_env)
        if not password:
            fail(f"环境变量 {password_env} 没有设置", f"the variable {password_env} is not set")
        return dict.fromkeys(registry.credential_by_id, password)
    secrets = Secrets(config.parent if config is not None else Path())
    missing = secrets.faults(registry.credentials)
    if missing:
        fail("；".join(error.zh for error in missing), "; ".join(error.en for error in missing))
    return {credential.id: secrets.resolve(credential) for credential in registry.credentials}
