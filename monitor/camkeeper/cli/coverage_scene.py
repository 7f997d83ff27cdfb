"""`camkeeper coverage SCENE.geojson`: a tool for GIS people on its own; no configuration, no ledger, no monitor."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from camkeeper.cli.say import fail, tell, wide_console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from camkeeper.geo.scene import SceneFile
    from camkeeper.geo.scene_cover import SceneCover

USAGE = 2
DROPPED = 1
_MANY = 500
"""Cameras from which on people are told that it takes a while."""
_TRIALS, _FEWEST_TRIALS = 200, 20
_FIELDS = 20_000
"""Fields that the survey bands may cost unasked: some ten seconds among houses lower than the cameras."""
_ROWS = 60
"""Rows that a person reads; the rest is in the JSON."""


def of_scene(
    path: Path,
    *,
    night: bool,
    as_json: bool,
    geojson: Path | None,
    kml: Path | None,
    if_fails: tuple[str, ...],
    trials: int | None,
) -> None:
    """Compute and show a scene. Exit code 1 where features were dropped: the figures are of the rest."""
    from camkeeper.geo import scene as scenes
    from camkeeper.geo.fault import UnreadableError

    try:
        scene = scenes.read(path)
    except UnreadableError as error:
        fail(error.zh, error.en, code=USAGE)
    _tell_faults(scene)
    _check_ids(scene, if_fails)
    chosen = _default_trials(len(scene.cameras)) if trials is None else trials
    cover, figures = _computed(scene, night=night, if_fails=if_fails, trials=chosen)
    _write(cover, figures, geojson, kml)
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8", "replace"))
    else:
        _show(wide_console(), figures)
    if scene.dropped:
        tell(
            f"略过 {scene.dropped} 个要素，数字按其余计算",
            f"{scene.dropped} features left out, the figures are of the rest",
        )
        raise typer.Exit(DROPPED)


def _default_trials(cameras: int) -> int:
    """Return 200 trials, fewer of a large scene, none where a minute would not do; told then."""
    trials = min(_TRIALS, _FIELDS // max(1, cameras))
    if trials >= _FEWEST_TRIALS:
        return trials
    tell(
        f"{cameras} 台摄像机，未算误差区间：需要时加 --trials {_FEWEST_TRIALS}",
        f"{cameras} cameras: no survey band without --trials {_FEWEST_TRIALS}",
    )
    return 0


def _tell_faults(scene: SceneFile) -> None:
    sys.stderr.write("".join(f"{fault.chinese}\n{fault}\n" for fault in scene.faults))


def _check_ids(scene: SceneFile, if_fails: tuple[str, ...]) -> None:
    from difflib import get_close_matches

    from camkeeper.geo.fault import printable
    from camkeeper.geo.scene_cover import groups

    known = groups(scene)
    for wanted in if_fails:
        if wanted in known:
            continue
        near = get_close_matches(wanted, known, n=1, cutoff=0.5)
        zh, en = (f"（是否想写 {near[0]}？）", f" (did you mean {near[0]}?)") if near else ("", "")
        fail(
            f"--if-fails：没有摄像机或链路 {printable(wanted)}{zh}",
            f"--if-fails: no camera or link {printable(wanted)}{en}",
            code=USAGE,
        )


def _computed(
    scene: SceneFile, *, night: bool, if_fails: tuple[str, ...], trials: int
) -> tuple[SceneCover, dict[str, Any]]:
    from camkeeper.geo.scene_cover import build
    from camkeeper.geo.scene_figures import document

    many = len(scene.cameras) >= _MANY
    if many:
        tell(
            f"正在计算 {len(scene.cameras)} 台摄像机、{len(scene.obstacles)} 个遮挡物……",
            f"computing {len(scene.cameras)} cameras among {len(scene.obstacles)} obstacles...",
        )

    def step(site: str) -> None:
        if many:
            tell(f"误差区间：{site}", f"survey band: {site}")

    cover = build(scene, night=night)
    return cover, document(cover, if_fails=if_fails, trials=trials, step=step)


def _write(cover: SceneCover, figures: dict[str, Any], geojson: Path | None, kml: Path | None) -> None:
    if geojson is None and kml is None:
        return
    from camkeeper.geo import geojson as geojson_file
    from camkeeper.geo import kml as kml_file
    from camkeeper.geo.scene_shapes import features

    shapes = list(features(cover, figures))
    about = {key: figures[key] for key in ("standard", "lens_model", "definition", "definition_en", "inputs")}
    members = {"name": cover.scene.name, "synthetic": cover.scene.synthetic, "computed_in": figures["crs"], **about}
    if cover.scene.attribution:
        members["attribution"] = cover.scene.attribution
    path = Path()
    try:
        if geojson is not None:
            path = geojson
            geojson_file.write(path, shapes, members)
        if kml is not None:
            path = kml
            said = "\n".join(filter(None, (figures["definition"], figures["definition_en"], cover.scene.attribution)))
            kml_file.write(path, shapes, name=cover.scene.name, description=said)
    except OSError as error:
        fail(f"写不了 {path}：{error.strerror or error}", f"cannot write {path}: {error.strerror or error}", code=USAGE)


def _show(console: Console, figures: dict[str, Any]) -> None:
    when = "夜间 by night" if figures["night"] else "白天 by day"
    synthetic = " · 几何为合成数据 synthetic geometry" if figures["synthetic"] else ""
    console.print(f"{figures['scene']} · {when}{synthetic}", markup=False, highlight=False)
    for table in (_sites(figures), _keyplaces(figures), _cameras(figures), _if_fails(figures)):
        if table is not None:
            console.print(table)
    console.print(figures["definition"], markup=False, highlight=False)
    console.print(figures["definition_en"], markup=False, highlight=False)
    target = f"目标高度 target height {figures['target_height_m']:g} m"
    basis = f"CRS {figures['crs']} · {figures['standard']} · {figures['lens_model']} · {target}"
    basis = f"{basis} · SHA-256 {figures['inputs'][:16]}"
    console.print(basis, markup=False, highlight=False)
    for taken in figures["assumed"]:
        text = f"◆ {taken['zh']}（{taken['count']}） / {taken['en']} ({taken['count']})"
        console.print(text, markup=False, highlight=False)


def _table(title: str, *headings: str) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number == 0 else "right")
    return table


def _row(table: Table, *cells: str) -> None:
    from rich.markup import escape

    from camkeeper.geo.fault import printable

    table.add_row(*(escape(printable(cell, 200)) for cell in cells))


def _sites(figures: dict[str, Any]) -> Table | None:
    if not figures["sites"]:
        return None
    table = _table(
        "地点 Sites",
        *("地点\nsite", "面积\narea m²", "全部\nall", "在用\nworking", "目标\ntarget", "结论\nverdict"),
        *("盲区\nblind m²", "夜间\nnight", "误差 5–50–95%\nsurvey band"),
    )
    for site in figures["sites"][:_ROWS]:
        band = site["survey"]
        _row(
            table,
            _named(site),
            f"{site['area_m2']:,.0f}",
            _percent(site["ratio"]),
            _percent(site["live_ratio"]),
            "-" if site["target"] is None else f"{site['target']:g}%",
            _verdict(site["met"]),
            f"{site['blind_m2']:,.0f}",
            _percent(site["night_ratio"]),
            "-" if band is None else "–".join(_percent(band[key]) for key in ("p5", "p50", "p95")),
        )
    _more(table, len(figures["sites"]))
    return table


def _keyplaces(figures: dict[str, Any]) -> Table | None:
    if not figures["keyplaces"]:
        return None
    table = _table(
        "重点部位 Key places",
        *("部位\nkey place", "类别\ntype", "等级\nband", "总量\ntotal", "全部\nall", "在用\nworking"),
        *("目标\ntarget", "结论\nverdict"),
    )
    unseen_first = sorted(figures["keyplaces"], key=lambda place: place["live_ratio"])
    for place in unseen_first[:_ROWS]:
        unit = {"m2": " m²", "m": " m", "count": ""}[place["unit"]]
        _row(
            table,
            _named(place),
            place["type"],
            place["band"],
            f"{place['total']:,.0f}{unit}",
            _percent(place["ratio"]),
            _percent(place["live_ratio"]),
            f"{place['target']:g}%",
            _verdict(place["met"]),
        )
    _more(table, len(figures["keyplaces"]))
    return table


def _cameras(figures: dict[str, Any]) -> Table | None:
    if not figures["cameras"]:
        return None
    table = _table(
        "摄像机 Cameras",
        *(
            "摄像机\ncamera",
            "可视域\nfield m²",
            "夜间\nnight m²",
            "独有\nalone m²",
            "球机可及\nenvelope m²",
            "备注\nremarks",
        ),
    )
    for camera in figures["cameras"][:_ROWS]:
        _row(
            table,
            _named(camera),
            f"{camera['area_m2']:,.1f}",
            f"{camera['night_area_m2']:,.1f}",
            f"{figures['sole'][camera['id']]:,.1f}",
            "-" if camera["envelope_m2"] is None else f"{camera['envelope_m2']:,.1f}",
            _remarks(camera),
        )
    _more(table, len(figures["cameras"]))
    return table


def _remarks(camera: dict[str, Any]) -> str:
    inside = f"点位在建筑内，移 {camera['moved_m']:.1f} 米 inside a building"
    remarks = (
        ("停用 not working", not camera["working"]),
        ("方位未知 azimuth unknown", not camera["azimuth_known"]),
        (inside, camera["inside_building"]),
    )
    return "；".join(text for text, true in remarks if true)


def _if_fails(figures: dict[str, Any]) -> Table | None:
    if not figures["if_fails"]:
        return None
    table = _table(
        "若失效 If it fails",
        *(
            "失效\nfails",
            "暗掉的摄像机\ncameras",
            "损失面积\nlost m²",
            "损失道路\nlost road m",
            "受损重点部位\nkey places",
        ),
    )
    for loss in figures["if_fails"]:
        places = ", ".join(loss["lost_keyplaces"]) or "-"
        _row(
            table,
            loss["id"],
            str(len(loss["cameras"])),
            f"{loss['lost_m2']:,.1f}",
            f"{loss['lost_road_m']:,.1f}",
            places,
        )
    return table


def _more(table: Table, rows: int) -> None:
    if rows > _ROWS:
        table.caption = f"另有 {rows - _ROWS} 行，见 --json / {rows - _ROWS} more rows: --json"


def _named(thing: dict[str, Any]) -> str:
    return f"{thing['id']} {thing['name']}" if thing["name"] else str(thing["id"])


def _percent(share: float) -> str:
    """Return a share rounded down: 99.96% is not 100%."""
    return f"{int(share * 1000 + 1e-6) / 10:.1f}%"


def _verdict(met: bool | None) -> str:
    return "-" if met is None else "达标 met" if met else "未达标 missed"
