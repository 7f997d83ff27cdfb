"""`camkeeper export --kml, --geojson, --csv`: every device with its state and what it sees, for other programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camkeeper.cli.say import fail, tell

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from camkeeper.model.registry import Registry
    from camkeeper.standing.view import Standing

SILENT_MS = 60_000


def devices(*, config: Path, ledger: Path, kml: Path | None, geojson: Path | None, table: Path | None) -> None:
    """Write the layers that were asked for; ends the command where it cannot."""
    from camkeeper.geo import geojson as geojson_file
    from camkeeper.geo import kml as kml_file
    from camkeeper.register.export import notices_of
    from camkeeper.run.layers import features

    registry, standing, seen = _read(config, ledger)
    notices = notices_of(config)
    about = {"name": registry.name, "at_ms": standing.at_ms, "synthetic": registry.synthetic_geometry}
    if notices:
        about |= {"attribution": "; ".join(notices)}
    shapes = list(features(standing, registry, seen))
    name, said = registry.name, "\n".join(notices)
    writers: tuple[tuple[Path | None, Callable[[Path], Any]], ...] = (
        (kml, lambda path: kml_file.write(path, shapes, name=name, description=said)),
        (geojson, lambda path: geojson_file.write(path, shapes, about)),
        (table, lambda path: path.write_bytes(_csv(standing, registry, seen))),
    )
    for path, write in writers:
        if path is None:
            continue
        try:
            write(path)
        except OSError as error:
            fail(f"写不了 {path}：{error.strerror}", f"cannot write {path}: {error.strerror}")
        tell(f"已写入 {path}（{len(registry.devices)} 台设备）", f"{path} is written ({len(registry.devices)} devices)")
    for notice in notices:
        tell(f"使用时须注明：{notice}", f"say wherever it is used: {notice}")


def _read(config: Path, ledger: Path) -> tuple[Registry, Standing, Mapping[str, BaseGeometry]]:
    from camkeeper.clock import SystemClock
    from camkeeper.config import ConfigError, load
    from camkeeper.ledger import LedgerError
    from camkeeper.run.offline import standing_of

    try:
        registry = load(config)
        wall_ms = SystemClock().wall_ms()
        standing = standing_of(ledger, registry, wall_ms=wall_ms, silent_ms=SILENT_MS)
        return registry, standing, _seen(ledger, registry, wall_ms)
    except ConfigError as error:
        fail(f"{config} 有错误，请运行 camkeeper check", f"{config} is faulty; run camkeeper check: {error.faults[0]}")
    except (LedgerError, OSError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")


def _seen(ledger: Path, registry: Registry, wall_ms: int) -> Mapping[str, BaseGeometry]:
    """Return what each camera sees by day; empty, and told, where coverage cannot be computed."""
    from camcover.bands import BandError
    from camcover.frame import FrameError
    from camkeeper.run.coverage.offline import coverage_of

    try:
        found = coverage_of(ledger, registry, wall_ms=wall_ms, silent_ms=SILENT_MS)
    except (BandError, FrameError, ValueError) as error:
        tell(f"算不了覆盖，只写位置与状态：{error}", f"no coverage, positions and states alone: {error}")
        return {}
    return {field.device_id: field.day for field in found.cover.map.fields}


def _csv(standing: Standing, registry: Registry, seen: Mapping[str, BaseGeometry]) -> bytes:
    import csv
    import io

    from camkeeper.cli.register_sources import guarded
    from camkeeper.run.layers import COLUMNS, rows

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows(standing, registry, seen):
        cells = (row[column] for column in COLUMNS)
        writer.writerow("" if cell is None else guarded(cell) if isinstance(cell, str) else cell for cell in cells)
    return out.getvalue().encode("utf-8-sig")
