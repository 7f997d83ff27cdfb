"""`camkeeper unlatch`: an operator says that a refused credential may be tried again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.run import LedgerOption
from camkeeper.cli.say import fail, tell, wide_console

if TYPE_CHECKING:
    from camkeeper.probe.latch import Latch


def unlatch(
    device: Annotated[
        list[str] | None, typer.Argument(help="设备编号；不写则列出 / device ids; none: list them")
    ] = None,
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
) -> None:
    """密码被拒的设备不再重试；核对密码后用本命令放行，各再试一次。监测运行中也可用。

    A refused credential is not tried again. After checking it, let the devices named be tried once more; the running
    monitor takes notice by itself.
    """
    from camkeeper.probe.latch import FileLatches, LatchFileError
    from camkeeper.run.app import latches_beside

    path = latches_beside(ledger)
    if not path.exists():
        tell(f"没有被锁存的设备（{path}）。", f"No device is latched ({path}).")
        return
    try:
        latches = FileLatches(path)
        known = latches.all()
        if not device:
            _show(known)
            return
        strangers = sorted(set(device) - {latch.device_id for latch in known})
        for device_id in set(device) - set(strangers):
            latches.remove(device_id)
            tell(f"{device_id}：下次完整探测时再试一次。", f"{device_id}: tried once more at its next full probe.")
    except (LatchFileError, OSError) as error:
        fail(f"{path}：{error}", f"{path}: {error}")
    if strangers:
        fail(f"没有被锁存：{'、'.join(strangers)}", f"not latched: {', '.join(strangers)}")


def _show(known: tuple[Latch, ...]) -> None:
    from datetime import UTC, datetime

    from rich.table import Table

    table = Table()
    for heading in ("设备\ndevice", "级\nrung", "原因\ncause", "时间\nsince (UTC)", "设备的话\nwhat it said"):
        table.add_column(heading)
    for latch in known:
        at = datetime.fromtimestamp(latch.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(latch.device_id, latch.scope, latch.cause, at, latch.detail)
    wide_console().print(table)
