"""`camkeeper map`: one site's coverage on one sheet of paper, from the ledger and the configuration alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.run import ConfigOption, LedgerOption
from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from camkeeper.run.coverage.offline import Found
    from camkeeper.sheet import Form
    from camkeeper.standing.coverage import CoverageStanding

USAGE = 2
SILENT_MS = 60_000
"""As for `camkeeper status`."""


def sheet_map(
    site: Annotated[str, typer.Argument(metavar="SITE", help="地点编号，如 dg01 / id of the site")],
    *,
    config: ConfigOption = Path("config/cameras.yaml"),
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    night: Annotated[
        bool, typer.Option("--night", help="按夜间（红外）计算 / by night, as far as infrared goes")
    ] = False,
    if_fails: Annotated[
        list[str] | None,
        typer.Option("--if-fails", metavar="ID", help="若此设备或链路失效，可多次 / if it failed too; repeatable"),
    ] = None,
    png: Annotated[Path | None, typer.Option("--png", metavar="FILE", help="写出 PNG / write a PNG")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="写出 PDF / write a PDF")] = None,
) -> None:
    """打印一个地点的覆盖图（一页 A4）：可视域、失去的覆盖、盲区、重点部位、数字与口径。

    Print one site's coverage on one A4 page: viewsheds, lost coverage, blind zones, key places, figures.
    """
    if png is None and pdf is None:
        fail("请用 --png 或 --pdf 指明输出文件", "name a file with --png or --pdf", code=USAGE)
    from camkeeper.sheet import Form

    found = _found(config, ledger)
    if found.silent_s is not None:
        tell(
            f"监测没有在运行：账本停在 {found.silent_s} 秒前，状态一律按未知计",
            f"no monitor is running: the ledger stopped {found.silent_s} s ago, so everything is unknown",
        )
    for path, form in ((png, Form.PNG), (pdf, Form.PDF)):
        if path is not None:
            _write(path, _printed(found, site, night=night, failed=tuple(if_fails or ()), form=form))


def _found(config: Path, ledger: Path) -> Found:
    from camcover.bands import BandError
    from camcover.frame import FrameError
    from camkeeper.clock import SystemClock
    from camkeeper.config import ConfigError, load
    from camkeeper.ledger import LedgerError
    from camkeeper.run.coverage.offline import coverage_of

    try:
        return coverage_of(ledger, load(config), wall_ms=SystemClock().wall_ms(), silent_ms=SILENT_MS)
    except ConfigError as error:
        fail(f"{config} 有错误，请运行 camkeeper check", f"{config} is faulty; run camkeeper check: {error.faults[0]}")
    except (BandError, FrameError) as error:
        fail(f"算不了覆盖：{error}", f"coverage cannot be computed: {error}")
    except (LedgerError, OSError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")


def _printed(found: Found, site_id: str, *, night: bool, failed: tuple[str, ...], form: Form) -> bytes:
    from camkeeper.cover.sight import State
    from camkeeper.model.equipment import DeviceKind
    from camkeeper.sheet import Mark, SheetError, village

    registry = found.cover.registry
    devices = {
        device.id: Mark(
            name=device.name,
            dome=device.kind is DeviceKind.PTZ,
            state=found.states.get(device.id, State.UNKNOWN),
        )
        for device in registry.devices
        if device.kind.has_picture
    }
    try:
        return village(
            _surveyed(found, site_id),
            found.cover.map,
            found.cover.darkness(found.states, site_id, night=night, failed=failed, at_ms=found.standing.at_ms),
            devices=devices,
            timezone=registry.site_by_id[site_id].timezone,
            title=registry.name,
            form=form,
        )
    except LookupError as error:
        fail(
            f"没有这个编号，或该地点没有边界：{error.args[0]}",
            f"no such id, or a site without a boundary: {error.args[0]}",
            code=USAGE,
        )
    except SheetError as error:
        fail(f"排版失败：{error}", f"the sheet could not be printed: {error}")


def _surveyed(found: Found, site_id: str) -> CoverageStanding:
    """Return the standing with what survey errors do to this site: a printed figure has its caveat."""
    from dataclasses import replace

    if site_id not in found.cover.ground.surveyed:
        return found.standing
    return replace(found.standing, survey=(found.cover.survey(site_id),))


def _write(path: Path, printed: bytes) -> None:
    try:
        path.write_bytes(printed)
    except OSError as error:
        fail(f"写不了 {path}：{error}", f"cannot write {path}: {error}")
    tell(f"已写出 {path}（{len(printed):,} 字节）", f"wrote {path} ({len(printed):,} bytes)")
