"""`camkeeper edge enlist | discharge | poller`: several pollers in one township."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.run import ConfigOption, LogOption
from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.run.crew import CrewLink

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="边缘节点的文件夹 / the edge's folder")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="轮询端名称 / the poller's name")]


def crew_of(folder: Path, edge_id: str, port: int, password: str) -> CrewLink | None:
    """Return how `camkeeper edge run` reaches its crew; None where nobody was enlisted."""
    from camkeeper.crew.settings import CrewSettingsError, load, trust_of
    from camkeeper.run.crew import CrewLink

    try:
        crew = load(folder)
        trust = trust_of(folder, crew, edge_id)
    except CrewSettingsError as error:
        fail(f"{error}", f"{error}")
    if crew is None:
        return None
    return CrewLink(edge_id=edge_id, port=port, password=password, shards=crew.shards, local=crew.local, trust=trust)


def enlist(
    folder: FolderArgument,
    name: NameArgument,
    *,
    out: Annotated[Path | None, typer.Option(help="凭证文件，默认 DIR/crew/NAME.json / the credentials file")] = None,
    ledger: Annotated[
        Path | None, typer.Option(help="账本文件，默认 DIR/camkeeper.ledger / the ledger; DIR/camkeeper.ledger")
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST", help="轮询端在别的主机时：本机的局域网地址 / where pollers are elsewhere: our LAN address"
        ),
    ] = None,
    shards: Annotated[int | None, typer.Option(help="设备分成几片，首次给出 / into how many shards; at first")] = None,
    local: Annotated[
        bool | None, typer.Option("--local/--no-local", help="本机是否也轮询，默认是 / whether this machine asks too")
    ] = None,
) -> None:
    """登记一个轮询端，写出它的凭证文件（请保密）；再次登记即更换口令。

    Let a poller take part, and write its credentials file; once more: with a new password. Without --address the bus
    stays on loopback; with it, other machines reach its port, each with its own account, by TLS alone: the township's
    certificate is made then, and goes into the credentials file.
    """
    from dataclasses import replace

    from camkeeper.crew import settings as crew
    from camkeeper.probe.latch import FileLatches, LatchFileError
    from camkeeper.relay import settings as relay
    from camkeeper.run.app import latches_beside

    try:
        edge = relay.load(folder)
        known = crew.load(folder)
        wished = known or crew.CrewSettings(shards=shards or crew.SHARDS)
        if shards is not None and shards != wished.shards:
            fail(f"分片数已是 {wished.shards}，不能更改", f"there are {wished.shards} shards already; that stays")
        if address is not None:
            wished = replace(wished, host="0.0.0.0", address=address)  # noqa: S104 - asked for in so many words
            wished = crew.sealed(wished, folder, edge.edge_id)
        if local is not None:
            wished = replace(wished, local=local)
        wished = crew.enlisted(wished, name)
        trust = crew.trust_of(folder, wished, edge.edge_id)
        member = crew.MemberSettings(
            edge_id=edge.edge_id,
            name=name,
            host=wished.address or "127.0.0.1",
            port=edge.port,
            password=wished.members[name],
            shards=wished.shards,
            key=FileLatches(latches_beside(ledger or folder / "camkeeper.ledger")).key,
            certificate="" if trust is None else trust.pem,
        )
        path = out or folder / "crew" / f"{name}.json"
        crew.save_member(path, member)
        crew.save(folder, wished)
    except (relay.SettingsError, crew.CrewSettingsError, LatchFileError) as error:
        fail(f"{error}", f"{error}")
    except ValueError as error:
        fail(f"{error}", f"{error}", code=2)
    except OSError as error:
        fail(f"写不了：{error}", f"cannot be written: {error}")
    tell(
        f"已写入 {path}。在轮询主机上：camkeeper edge poller {path.name} --config cameras.yaml",
        f"Written: {path}. On the poller's machine: camkeeper edge poller {path.name} --config cameras.yaml",
    )
    if known is not None and wished.tls and not known.tls and len(known.members) > 1:
        others = " ".join(sorted(known.members.keys() - {name}))
        tell(
            f"主机总线改用 TLS，其他轮询端须重新登记：{others}",
            f"The bus speaks TLS now; enlist the other pollers once more: {others}",
        )
    before = None if known is None else (known.host, known.local, known.tls)
    changed = known is None or (wished.host, wished.local, wished.tls) != before or not known.members
    if changed:
        tell("camkeeper edge run 若在运行，请重启一次。", "Where camkeeper edge run is running: start it again, once.")


def discharge(folder: FolderArgument, name: NameArgument) -> None:
    """取消一个轮询端：它不能再接入，它的设备由其他轮询端接手。

    Let a poller take part no longer; the others take its devices over.
    """
    from camkeeper.crew import settings as crew

    try:
        known = crew.load(folder)
        if known is None:
            fail(f"{folder} 没有轮询端", f"nobody is enlisted in {folder}")
        crew.save(folder, crew.discharged(known, name))
    except crew.CrewSettingsError as error:
        fail(f"{error}", f"{error}")
    except ValueError as error:
        fail(f"{error}", f"{error}", code=2)
    except OSError as error:
        fail(f"写不了：{error}", f"cannot be written: {error}")
    tell(f"{name} 已取消", f"{name} is discharged")


def poller(
    credentials: Annotated[
        Path, typer.Argument(metavar="FILE", help="camkeeper edge enlist 写出的凭证文件 / as `edge enlist` wrote it")
    ],
    config: ConfigOption = Path("config/cameras.yaml"),
    log: LogOption = None,
) -> None:
    """为乡镇主机轮询设备：没有账本和看板，由主机发问、由主机记录；SIGHUP 重新读取配置。

    Ask devices for the township's monitor, which decides and records; SIGHUP reads the configuration again.
    """
    import asyncio

    from camkeeper import logs
    from camkeeper.clock import SystemClock
    from camkeeper.config import ConfigError
    from camkeeper.crew.poll import poll
    from camkeeper.crew.settings import CrewSettingsError, load_member

    logs.configure(form=log or ("text" if sys.stderr.isatty() else "json"))
    try:
        asyncio.run(poll(load_member(credentials), config, SystemClock()))
    except ConfigError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        fail(f"{config} 有 {len(error.faults)} 处错误，未启动", f"{config} has {len(error.faults)} faults; not started")
    except (CrewSettingsError, OSError) as error:
        fail(f"{error}", f"{error}")
