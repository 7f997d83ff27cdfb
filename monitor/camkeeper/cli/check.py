"""`camkeeper check`: is the configuration good? Nothing is asked, nothing is written, no secret is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.say import tell

if TYPE_CHECKING:
    from camkeeper.config import Fault, Loaded
    from camkeeper.model.registry import Registry


def check(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="配置文件 / the configuration", show_default=True)
    ] = Path("config/cameras.yaml"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """检查配置文件：一次列出全部错误（文件、行号、位置、原因、最接近的已知词）。有错误时退出码为 1。

    Check the configuration: every fault at once, with file, line, path, reason and the nearest known word.
    """
    from camkeeper.config import ConfigError, load_with_warnings

    try:
        loaded = load_with_warnings(path)
    except ConfigError as error:
        if as_json:
            _print_json({"ok": False, "faults": [_as_json(f) for f in error.faults]})
        else:
            _tell_faults(path, error.faults)
        raise typer.Exit(1) from None
    if as_json:
        _print_json(
            {
                "ok": True,
                "digest": loaded.registry.digest,
                "counts": counts(loaded.registry),
                "warnings": [_as_json(w) for w in loaded.warnings],
            }
        )
    else:
        _tell_summary(loaded)


def counts(registry: Registry) -> dict[str, int]:
    """Return how many of each kind are enrolled; `cameras` are all devices with a picture."""
    kinds = [device.kind for device in registry.devices]
    sites = [site.kind for site in registry.sites]
    return {
        "devices": len(kinds),
        "cameras": sum(kind.has_picture for kind in kinds),
        **{str(kind): kinds.count(kind) for kind in dict.fromkeys(kinds)},
        **{f"sites_{kind}": sites.count(kind) for kind in dict.fromkeys(sites)},
        "links": len(registry.links),
        "key_places": len(registry.key_places),
        "windows": len(registry.windows) + len(registry.plans),
    }


def _tell_faults(path: Path, faults: tuple[Fault, ...]) -> None:
    for fault in faults:
        typer.echo(f"{fault.chinese}\n{fault}")
    tell(f"{path}：{len(faults)} 处错误", f"{path}: {len(faults)} fault{'s' if len(faults) > 1 else ''}")


_KINDS = {
    "camera": ("固定摄像机", "fixed cameras"),
    "ptz": ("球机", "PTZ domes"),
    "checkpoint": ("卡口", "checkpoint devices"),
    "speaker": ("音柱", "loudspeakers"),
    "transceiver": ("光端机", "transceivers"),
    "switch": ("交换机", "switches"),
    "recorder": ("录像机", "recorders"),
    "sites_village": ("村", "villages"),
    "sites_grid": ("网格", "grids"),
    "sites_campus": ("校园", "campuses"),
    "sites_checkpoint": ("卡口地点", "checkpoint places"),
    "links": ("链路", "links"),
    "key_places": ("重点部位", "key places"),
    "windows": ("约定时段", "agreed windows"),
}


def _tell_summary(loaded: Loaded) -> None:
    registry = loaded.registry
    for warning in loaded.warnings:
        typer.echo(f"提醒：{warning.chinese}\nWarning: {warning}")
    found = counts(registry)
    known = [(word, found[key]) for key, word in _KINDS.items() if found.get(key)]
    zh = "；" * bool(known) + "，".join(f"{words[0]} {n}" for words, n in known)
    en = "; " * bool(known) + ", ".join(f"{n} {words[1]}" for words, n in known)
    typer.echo(f"{registry.name}：配置无误。带画面的设备共 {found['cameras']} 台{zh}。")
    typer.echo(f"{registry.name}: no faults. {found['cameras']} cameras in all{en}.")
    if registry.synthetic_geometry:
        typer.echo("几何为合成数据。\nThe geometry is synthetic.")


def _as_json(fault: Fault) -> dict[str, object]:
    return {"file": fault.file, "line": fault.line, "path": fault.path, "zh": fault.zh, "en": fault.en}


def _print_json(value: object) -> None:
    import json

    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
