"""`camkeeper export`: a month in one file, for the other party."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from camkeeper.cli.run import ConfigOption, LedgerOption
from camkeeper.cli.say import fail, tell

USAGE = 2


def export(
    *,
    month: Annotated[
        str | None, typer.Option("--month", metavar="2026-10", help="这个月的证据包 / the evidence of this month")
    ] = None,
    kml: Annotated[
        Path | None, typer.Option("--kml", metavar="OUT", help="设备、状态与视域 / devices, states and what they see")
    ] = None,
    geojson: Annotated[Path | None, typer.Option("--geojson", metavar="OUT", help="同上 / the same")] = None,
    table: Annotated[Path | None, typer.Option("--csv", metavar="OUT", help="同上，表格 / the same as a table")] = None,
    config: ConfigOption = Path("config/cameras.yaml"),
    out: Annotated[
        Path | None,
        typer.Option("--out", help="写到这里，默认 LEDGER 旁 / where to; beside the ledger", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有文件 / replace a file that is there")] = False,
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """导出一个月的证据包：账本片段、口径、剔除、数字与链头。对方用 camkeeper verify 文件 核验，不需配置与网络。

    Write a month's evidence into one file. The other party proves it by `camkeeper verify FILE`, without configuration
    or network. The same head of the ledger gives the same bytes.

    --kml、--geojson、--csv 写出每台设备的位置、状态与视域。 / These write each device's place, state and field of view.
    """
    if kml or geojson or table:
        from camkeeper.cli.export_devices import devices

        devices(config=config, ledger=ledger, kml=kml, geojson=geojson, table=table)
        if month is None:
            return
    if month is None:
        fail("请给出 --month，或 --kml、--geojson、--csv", "give --month, or --kml, --geojson, --csv", code=USAGE)
    _bundle(month, out, ledger, force=force, as_json=as_json)


def _bundle(month: str, out: Path | None, ledger: Path, *, force: bool, as_json: bool) -> None:
    from camkeeper.bundle.export import export as made
    from camkeeper.ledger import LedgerError

    try:
        found = made(ledger, month)
    except ValueError as error:
        fail(f"月份应写成 2026-10：{error}", str(error), code=USAGE)
    except (LedgerError, OSError) as error:
        fail(f"导出不了 {month}：{error}", f"{month} cannot be exported: {error}")
    manifest = found.manifest
    path = out or ledger.parent / f"camkeeper-{month}-{manifest['state']}-{manifest['head'][:12]}.zip"
    write(path, found.data, force=force)
    if as_json:
        print(json.dumps({"file": str(path), "bytes": len(found.data)} | manifest, ensure_ascii=False, indent=2))
        return
    tell(f"已写入 {path}（{len(found.data):,} 字节）", f"written: {path} ({len(found.data):,} bytes)")
    tell(
        f"第 {manifest['first_seq']}–{manifest['last_seq']} 条，链头 {manifest['head']}",
        f"records {manifest['first_seq']} to {manifest['last_seq']}, head {manifest['head']}",
    )
    if manifest["state"] == "draft":
        tell(
            "月未封账，这是草稿：camkeeper month close",
            "the month is not closed, this is a draft: camkeeper month close",
        )


def write(path: Path, data: bytes, *, force: bool) -> None:
    """Put a file in its place whole, or not at all; ends the command where it cannot."""
    import os
    import tempfile

    if path.exists() and not force:
        try:
            same = path.read_bytes() == data
        except OSError:
            same = False
        if same:
            return
        fail(f"{path} 已存在，加 --force 覆盖", f"{path} is there already; --force replaces it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o640)
        Path(name).replace(path)
    except OSError as error:
        fail(f"写不了 {path}：{error.strerror}", f"cannot write {path}: {error.strerror}")
