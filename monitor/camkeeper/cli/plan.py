"""`camkeeper plan SCENE.geojson`: turn before you buy, and walk where nobody sees."""

from __future__ import annotations

import json
import sys
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from camkeeper.cli.say import fail, tell, wide_console

if TYPE_CHECKING:
    from camcover.plan import Wish
    from camkeeper.geo.scene import SceneFile
    from camkeeper.geo.scene_plan import ScenePlan

USAGE = 2
DROPPED = 1
_POSTS = 5
_MOST_POSTS = 200
_EXACT_S = 20.0
_MANY_SITES = 5
"""From here on it takes seconds, and what is being done is told."""


def plan(
    scene: Annotated[Path, typer.Argument(metavar="SCENE.geojson", help="场景文件 / a scene", show_default=False)],
    *,
    posts: Annotated[
        int | None,
        typer.Option(
            "--posts",
            metavar="N",
            min=0,
            max=_MOST_POSTS,
            show_default=False,
            help=f"最多新立几台，默认 {_POSTS}，0 只转向 / new cameras at most; 0: turns only",
        ),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(
            "--target",
            metavar="PCT",
            min=0,
            max=100,
            show_default=False,
            help="看见百分之几为止 / until seen",
        ),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            "--like", metavar="ID", show_default=False, help="新机照此摄像机，默认最常见的 / new ones are like this"
        ),
    ] = None,
    patrol: Annotated[bool, typer.Option("--patrol", help="列出各地点盲区巡逻路线 / blind zones as a walk")] = False,
    start: Annotated[
        str | None,
        typer.Option("--start", metavar="LON,LAT", show_default=False, help="巡逻起点（WGS-84）/ where patrols start"),
    ] = None,
    walk: Annotated[float, typer.Option("--walk", metavar="M", min=1, help="每轮最多步行米数 / metres a round")] = 4000,
    night: Annotated[
        bool, typer.Option("--night", help="按夜间（红外）计算 / by night, as far as infrared goes")
    ] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help=f"再用整数规划求最优，至多 {_EXACT_S:g} 秒 / look for the best, too")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="列出每个部位，不只未看全或有变化的 / every place, not only unmet or changed")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
    geojson: Annotated[
        Path | None, typer.Option("--geojson", metavar="OUT", help="写出 GeoJSON 图层 / write the shapes")
    ] = None,
) -> None:
    """先转后买：先建议转动哪些固定摄像机，再建议在哪里新立，最后列出要走的盲区。

    Turn before you buy: which fixed cameras to turn, then where to put up new ones, then which blind zones to walk.
    """
    from camkeeper.geo import scene_plan
    from camkeeper.geo.scene_plan_figures import document

    read = _read(scene)
    made = scene_plan.build(
        read,
        _wish(posts, target, exact=exact),
        night=night,
        like=_known(read, like),
        walks=patrol,
        start=None if start is None else _metric(read, start),
        budget_m=walk,
        progress=tell if len(read.sites) >= _MANY_SITES else _silent,
    )
    figures = document(made)
    _write(made, geojson)
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8", "replace"))
    else:
        from camkeeper.cli.plan_show import show

        show(wide_console(), figures, everything=everything)
    if read.dropped:
        tell(
            f"略过 {read.dropped} 个要素，方案按其余计算",
            f"{read.dropped} features left out, the plan is of the rest",
        )
        raise typer.Exit(DROPPED)


def _silent(zh: str, en: str) -> None:
    """Tell nobody: it is done at once."""


def _read(path: Path) -> SceneFile:
    from camkeeper.geo import scene as scenes
    from camkeeper.geo.fault import UnreadableError

    try:
        scene = scenes.read(path)
    except UnreadableError as error:
        fail(error.zh, error.en, code=USAGE)
    sys.stderr.write("".join(f"{fault.chinese}\n{fault}\n" for fault in scene.faults))
    if not scene.sites and not scene.keyplaces:
        fail(
            f"{path}：没有地点（site）也没有重点部位（keyplace），无从规划",
            f"{path}: neither a site nor a keyplace: nothing to plan for",
            code=USAGE,
        )
    return scene


def _wish(posts: int | None, target: float | None, *, exact: bool) -> Wish:
    from camcover.plan import Wish

    number = posts if posts is not None else _POSTS if target is None else _MOST_POSTS
    return Wish(number=number, target=None if target is None else target / 100, exact_s=_EXACT_S if exact else None)


def _known(scene: SceneFile, like: str | None) -> str | None:
    if like is not None and like not in scene.details:
        from camkeeper.geo.fault import printable

        fail(f"--like：没有摄像机 {printable(like)}", f"--like: no camera {printable(like)}", code=USAGE)
    return like


def _metric(scene: SceneFile, start: str) -> tuple[float, float]:
    import numpy as np

    try:
        lon, lat = (float(part) for part in start.split(","))
    except ValueError:
        lon, lat = nan, nan
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        fail(
            f"--start：应为 经度,纬度，如 113.94,33.81，而不是 {start}",
            f"--start: must be LON,LAT as in 113.94,33.81, not {start}",
            code=USAGE,
        )
    x, y = scene.frame.to_metric(np.array([[lon, lat]]))[0]
    return float(x), float(y)


def _write(made: ScenePlan, path: Path | None) -> None:
    if path is None:
        return
    from camkeeper.geo import geojson
    from camkeeper.geo.scene_plan_shapes import features

    members = {"name": made.scene.name, "synthetic": made.scene.synthetic, "attribution": made.scene.attribution}
    try:
        geojson.write(path, features(made), members)
    except OSError as error:
        fail(f"写不了 {path}：{error.strerror or error}", f"cannot write {path}: {error.strerror or error}", code=USAGE)
