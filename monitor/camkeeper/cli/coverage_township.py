"""`camkeeper coverage` for the configured township: from the ledger and the configuration alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camkeeper.cli.say import fail, tell, wide_console

if TYPE_CHECKING:
    from rich.console import Console

    from camkeeper.run.coverage.offline import Found
    from camkeeper.standing.coverage import HoursCover, LayerCover, SiteCover

USAGE = 2
SILENT_MS = 60_000
"""As for `camkeeper status`."""
VERDICTS = {"met": "达标 met", "missed": "未达标 missed", "undetermined": "未能判定 undetermined"}


def township(
    *,
    config: Path,
    ledger: Path,
    at: str | None,
    month: str | None,
    night: bool,
    as_json: bool,
    geojson: Path | None,
    kml: Path | None,
) -> None:
    """Show the township's coverage now, at an instant, or over a month; write its shapes where asked to."""
    if at is not None and month is not None:
        fail("--at 与 --month 只能选一个", "--at or --month, not both", code=USAGE)
    found = _found(config, ledger, at, month)
    if found.silent_s is not None and at is None and month is None:
        tell(
            f"监测没有在运行：账本停在 {found.silent_s} 秒前，状态一律按未知计",
            f"no monitor is running: the ledger stopped {found.silent_s} s ago, so everything is unknown",
        )
    _write(found, night, geojson, kml)
    if as_json:
        print(json.dumps(_json(found, night=night, month=month), ensure_ascii=False, indent=1, allow_nan=False))
    else:
        _show(wide_console(), found, night=night, month=month)


def _found(config: Path, ledger: Path, at: str | None, month: str | None) -> Found:
    from camcover.bands import BandError
    from camcover.frame import FrameError
    from camkeeper.account.fault import WrittenWrongError
    from camkeeper.account.moment import instant_ms
    from camkeeper.clock import SystemClock
    from camkeeper.config import ConfigError, load
    from camkeeper.ledger import LedgerError
    from camkeeper.run.coverage.offline import coverage_of

    try:
        at_ms = None if at is None else instant_ms(at)
        registry = load(config)
        wall_ms = SystemClock().wall_ms()
        return coverage_of(ledger, registry, wall_ms=wall_ms, silent_ms=SILENT_MS, at_ms=at_ms, month=month)
    except WrittenWrongError as error:
        fail(f"--at：{error.zh}", f"--at: {error}", code=USAGE)
    except ConfigError as error:
        fail(f"{config} 有错误，请运行 camkeeper check", f"{config} is faulty; run camkeeper check: {error.faults[0]}")
    except (BandError, FrameError) as error:
        fail(f"算不了覆盖：{error}", f"coverage cannot be computed: {error}")
    except ValueError as error:
        fail(f"月份应写成 2026-10：{error}", f"{error}", code=USAGE)
    except (LedgerError, OSError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")


def _sites(found: Found, *, night: bool) -> list[SiteCover]:
    return [site for site in found.standing.sites if site.night is night]


def _json(found: Found, *, night: bool, month: str | None) -> dict[str, Any]:
    from camboard.cover import wire as coverwire

    return {
        "at_ms": found.standing.at_ms,
        "night": night,
        "month": found.month,
        "from_ms": found.period.start_ms,
        "to_ms": found.period.end_ms,
        "complete": found.complete,
        "asked": "now" if month is None else "month",
        "synthetic_geometry": found.cover.registry.synthetic_geometry,
        "basis": coverwire.basis(found.standing.basis),
        "sites": [
            {
                **coverwire.site(site),
                "places": coverwire.places(site.places),
                "month_verdicts": [
                    _judged(layer.target_bp, hours.lower, hours.upper)
                    for layer, hours in zip(site.layers, site.month, strict=True)
                ],
            }
            for site in _sites(found, night=night)
        ],
    }


def _judged(target_bp: int | None, lower: float | None, upper: float | None) -> str | None:
    """Judge shares: met where even the lower bound reaches the target, missed where not even the upper one does."""
    if target_bp is None:
        return None
    goal = target_bp / 10_000 - 1e-9
    if lower is not None and lower >= goal:
        return "met"
    return "missed" if upper is not None and upper < goal else "undetermined"


def _show(console: Console, found: Found, *, night: bool, month: str | None) -> None:
    from rich.markup import escape
    from rich.table import Table

    basis, registry = found.standing.basis, found.cover.registry
    if registry.synthetic_geometry:
        console.print("[bold]! 几何为合成数据 / the geometry is synthetic[/bold]", highlight=False)
    for warning in basis.warnings:
        console.print(f"! {escape(warning)}", highlight=False)
    when = "夜间 by night" if night else "白天 by day"
    state = "整月 whole month" if found.complete else "截至目前 so far"
    span = _clock(found.standing.at_ms, found) if month is None else f"{found.month} {state}"
    table = Table(title=f"{escape(registry.name)} · {when} · {span}", title_justify="left")
    table.add_column("地点 · 层\nsite · layer")
    for heading in ("总量\ntotal", "设计\ndesign", "下限–上限\nlower–upper", "目标\ntarget", "结论\nverdict"):
        table.add_column(heading, justify="right", no_wrap=True)
    if month is not None:
        table.add_column("覆盖小时\ncoverage-hours", justify="right")
        table.add_column("最差\nworst", justify="right")
    for site in _sites(found, night=night):
        for n, (layer, hours) in enumerate(zip(site.layers, site.month, strict=True)):
            name = f"{site.name} · {layer.layer}" if n else f"[bold]{escape(site.name)}[/bold] · {layer.layer}"
            table.add_row(name, *(_row(layer) if month is None else _month_row(layer, hours, found)))
    console.print(table)
    console.print(basis.definition, markup=False, highlight=False)
    console.print(basis.definition_en, markup=False, highlight=False)
    told = f"{basis.policy} · CRS {basis.crs} · {basis.lens_model} · SHA-256 {basis.inputs[:16]}"
    console.print(told, markup=False, highlight=False)
    for zh, en, ids in (
        ("方位角未登记，不计覆盖", "azimuth unknown, nothing claimed", basis.unknown_azimuth),
        ("登记在建筑物内，按最近外墙计", "inside a building, taken from the nearest wall", basis.inside_building),
        ("没有位置或镜头", "without position or lens", basis.no_position),
    ):
        if ids:
            console.print(f"◆ {zh} / {en}: {len(ids)} ({', '.join(ids[:8])}…)", markup=False, highlight=False)


def _row(layer: LayerCover) -> tuple[str, ...]:
    cover = layer.cover
    low, high = cover.share(cover.lower), cover.share(cover.upper)
    return (
        f"{cover.total:,.0f} {cover.unit.value}",
        _percent(cover.share(cover.design)),
        _bounds(low, high),
        *_promise(layer.target_bp, low, high),
    )


def _month_row(layer: LayerCover, hours: HoursCover, found: Found) -> tuple[str, ...]:
    worst = "-" if hours.worst_ms is None else f"{_percent(hours.worst)}\n{_clock(hours.worst_ms, found)}"
    return (
        f"{layer.cover.total:,.0f} {layer.cover.unit.value}",
        _percent(hours.design),
        _bounds(hours.lower, hours.upper),
        *_promise(layer.target_bp, hours.lower, hours.upper),
        _bounds_of(hours.lower_hours, hours.upper_hours),
        worst,
    )


def _promise(target_bp: int | None, lower: float | None, upper: float | None) -> tuple[str, str]:
    judged = _judged(target_bp, lower, upper)
    return "-" if target_bp is None else f"{target_bp / 100:g}%", "-" if judged is None else VERDICTS[judged]


def _percent(share: float | None) -> str:
    """Return a share in percent, cut and never rounded up."""
    return "-" if share is None else f"{int((share + 1e-9) * 10_000) / 100:.2f}%"


def _bounds(low: float | None, high: float | None) -> str:
    one, other = _percent(low), _percent(high)
    return one if one == other else f"{one}–{other}"


def _bounds_of(low: float, high: float) -> str:
    digits = 2 if high < 100 else 1  # the first minutes of a month are not 0.0 hours
    one, other = f"{low:,.{digits}f}", f"{high:,.{digits}f}"
    return one if one == other else f"{one}–{other}"


def _clock(at_ms: int, found: Found) -> str:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from camkeeper.standing.build import timezone_of

    there = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(timezone_of(found.cover.registry)))
    return there.strftime("%Y-%m-%d %H:%M:%S")


def _write(found: Found, night: bool, geojson: Path | None, kml: Path | None) -> None:
    if geojson is None and kml is None:
        return
    from camkeeper.geo import geojson as geojson_file
    from camkeeper.geo import kml as kml_file
    from camkeeper.run.coverage.shapes import features, members

    shapes, about, path = features(found, night=night), members(found, night=night), Path()
    try:
        if geojson is not None:
            path = geojson
            geojson_file.write(path, shapes, about)
        if kml is not None:
            path = kml
            said = f"{found.standing.basis.definition}\n{found.standing.basis.definition_en}"
            kml_file.write(path, shapes, name=found.cover.registry.name, description=said)
    except OSError as error:
        fail(f"写不了 {path}：{error.strerror or error}", f"cannot write {path}: {error.strerror or error}", code=USAGE)
