"""`camkeeper edge`: a township that also reports to a county's hub."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from camkeeper.cli.run import ConfigOption, ListenOption, LoginOption, LogOption
from camkeeper.cli.say import fail, tell

app = typer.Typer(
    no_args_is_help=True,
    help="乡镇边缘节点：本地监测、本地账本，断网不丢，恢复后按序上报。\n\n"
    "A township's edge: monitors and keeps its own ledger; an uplink cut loses nothing, and all is delivered in order.",
)
FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="边缘节点的文件夹 / the edge's folder")]
ServerOption = Annotated[
    str | None, typer.Option("--nats-server", envvar="CAMKEEPER_NATS_SERVER", help="nats-server 程序 / the program")
]
MIB = 1024 * 1024


@app.command()
def init(
    folder: FolderArgument,
    *,
    edge_id: Annotated[str, typer.Option("--id", metavar="ID", help="在平台登记的名字 / the id enrolled at the hub")],
    hub: Annotated[
        str,
        typer.Option(
            metavar="URL", envvar="CAMKEEPER_HUB", help="camkeeper hub enrol 给出的地址 / as `hub enrol` says"
        ),
    ],
    creds: Annotated[Path | None, typer.Option(help="NATS 凭证文件 / a NATS credentials file")] = None,
    ca: Annotated[Path | None, typer.Option(help="平台证书的 CA / CA of the hub's certificate")] = None,
    cert: Annotated[Path | None, typer.Option(help="向平台出示的证书 / certificate that the hub wants to see")] = None,
    key: Annotated[Path | None, typer.Option(help="它的私钥 / its key")] = None,
    port: Annotated[int, typer.Option(help="本机 nats-server 端口 / port of the local server")] = 4250,
    store_mib: Annotated[int, typer.Option(help="离线缓存上限 MiB / what may wait on disk")] = 512,
) -> None:
    """写好边缘节点的配置，文件仅本人可读。

    Write an edge's configuration; only its owner may read it.
    """
    from camkeeper.bus.private import new_password
    from camkeeper.relay.settings import EdgeSettings, save

    try:
        settings = EdgeSettings(
            edge_id=edge_id,
            hub_url=hub,
            password=new_password(),
            port=port,
            max_store_bytes=store_mib * MIB,
            ca=None if ca is None else str(ca.resolve()),
            credentials=None if creds is None else str(creds.resolve()),
            cert=None if cert is None else str(cert.resolve()),
            key=None if key is None else str(key.resolve()),
        )
        path = save(folder, settings)
    except FileExistsError as error:
        fail(f"已有配置，未改动：{error}", f"there is a configuration already, nothing changed: {error}")
    except ValueError as error:
        fail(f"{error}", f"{error}", code=2)
    except OSError as error:
        fail(f"写不了：{error}", f"cannot be written: {error}")
    tell(f"已写入 {path}。启动：camkeeper edge run {folder}", f"Written: {path}. Start: camkeeper edge run {folder}")


@app.command()
def run(
    folder: FolderArgument,
    config: ConfigOption = Path("config/cameras.yaml"),
    ledger: Annotated[
        Path | None, typer.Option(help="账本文件，默认 DIR/camkeeper.ledger / the ledger; DIR/camkeeper.ledger")
    ] = None,
    listen: ListenOption = "127.0.0.1:8080",
    log: LogOption = None,
    login: LoginOption = "password",
    nats_server: ServerOption = None,
) -> None:
    """启动监测、看板和上报；与平台断开时照常监测，账本留在本机。

    Run the monitor, its board and the relay; without the hub everything goes on, and the ledger stays here.
    """
    from camkeeper.bus.server import BusError
    from camkeeper.cli.crew import crew_of
    from camkeeper.cli.run import start
    from camkeeper.relay.edge import relaying
    from camkeeper.relay.settings import SettingsError, load

    where = ledger or folder / "camkeeper.ledger"
    try:
        settings = load(folder)
        start(
            config=config,
            ledger=where,
            listen=listen,
            log=log or ("text" if sys.stderr.isatty() else "json"),
            login=login,
            crew=crew_of(folder, settings.edge_id, settings.port, settings.password),
            beside=lambda: relaying(folder.resolve(), settings, where, program=nats_server),
        )
    except SettingsError as error:
        fail(f"{error}", f"{error}")
    except BusError as error:
        fail(f"无法启动上报：{error}", f"the relay cannot start: {error}")
