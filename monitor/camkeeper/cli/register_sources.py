"""What `camkeeper import` reads besides spreadsheets: devices that answer, and extracts of OpenStreetMap."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.register.handed import Handed
    from camkeeper.register.known import Known
    from camkeeper.register.table import Sheet

Made = tuple[str, str, "Callable[[Known], Handed]"]
"""(name, digest, what makes the sheets)."""
ENROLLED = "enrolled"


def of_osm(file: Path) -> Made:
    """Read an extract."""
    from camkeeper.register.handed import Handed
    from camkeeper.register.osm import NOTICE, sheet_of_osm
    from camkeeper.register.reading import MAX_BYTES

    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        fail(f"读不到 {file}：{error.strerror}", f"cannot read {file}: {error.strerror}")

    def make(known: Known) -> Handed:
        return Handed(sheets=(sheet_of_osm(data, file.name, known),), notices=(NOTICE,))

    return file.name, hashlib.sha256(data).hexdigest(), make


def of_discovery(config: Path, *, nets: Sequence[str], ports: Sequence[int], wait_s: float, site: str | None) -> Made:
    """Ask the segment, and each address of the networks that were named."""
    import asyncio

    from camkeeper.clock import SystemClock
    from camkeeper.probe.discovery import Found, discover
    from camkeeper.probe.sweep import hosts_of, sweep
    from camkeeper.register.found import sheet_of_found
    from camkeeper.register.handed import Handed

    try:
        hosts = hosts_of(_networks(config, nets))
    except ValueError as error:
        fail(f"--net 应为内网网段，至多 4096 个地址：{error}", f"--net wants a private network: {error}", code=2)

    async def asked() -> tuple[Found, ...]:
        if nets:
            tell(f"询问 {len(hosts)} 个地址……", f"asking {len(hosts)} addresses ...")
            return await sweep(hosts, ports=ports, clock=SystemClock(), timeout_s=wait_s)
        return await discover(timeout_s=wait_s)

    try:
        found = asyncio.run(asked())
    except OSError as error:
        why = error.strerror or str(error)
        fail(f"无法发出发现请求：{why}。可用 --net 指定网段。", f"cannot send the request: {why}. Try --net.")
    tell(f"{len(found)} 台设备应答。", f"{len(found)} devices answered.")
    told = "\n".join(f"{f.host}:{f.port} {f.endpoint}" for f in found)

    def make(known: Known) -> Handed:
        if site is not None and not known.sites(site):
            fail(f"配置里没有地点 {site}", f"the configuration has no site {site}", code=2)
        return Handed(sheets=(sheet_of_found(found, known, site),))

    return f"discover {' '.join(nets)}".strip(), hashlib.sha256(told.encode()).hexdigest(), make


def _networks(config: Path, nets: Sequence[str]) -> Sequence[str]:
    """Return what was named; `enrolled`: the /24 networks of what is enrolled."""
    if ENROLLED not in nets:
        return nets
    from camkeeper.config import ConfigError, load
    from camkeeper.probe.sweep import networks_of

    try:
        registry = load(config)
    except (ConfigError, OSError) as error:
        fail(f"读不了 {config}：{error}", f"cannot read {config}: {error}")
    return (*(n for n in nets if n != ENROLLED), *networks_of([d.address.host for d in registry.devices]))


def write_table(path: Path, sheets: Sequence[Sheet], notices: Sequence[str]) -> None:
    """Write the rows as they were read, to be filled in and imported; a cell that begins like a formula is guarded."""
    import csv

    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([notice] for notice in notices)
            for sheet in sheets:
                csv.writer(file).writerows([guarded(cell) for cell in row] for row in sheet.rows)
    except OSError as error:
        fail(f"写不了 {path}：{error.strerror}", f"cannot write {path}: {error.strerror}")
    tell(f"已写入 {path}；补全后用 camkeeper import 导入", f"{path} is written; fill it in and import it")


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet calculates."""
    return f"'{cell}" if cell.lstrip().startswith(("=", "+", "-", "@")) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
