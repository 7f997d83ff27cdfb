"""`camkeeper coverage`: of the configured township, or of any scene of a GIS."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camkeeper.cli.run import ConfigOption, LedgerOption
from camkeeper.cli.say import fail

USAGE = 2


def coverage(
    scene: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SCENE.geojson]",
            help="场景文件；不写则为已配置的乡镇 / a scene; without it the configured township",
            show_default=False,
        ),
    ] = None,
    *,
    config: ConfigOption = Path("config/cameras.yaml"),
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    at: Annotated[
        str | None, typer.Option("--at", metavar="T", help="某一时刻，带时区（仅乡镇）/ at an instant (township)")
    ] = None,
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="某月（仅乡镇）/ over a month (township)")
    ] = None,
    night: Annotated[
        bool, typer.Option("--night", help="按夜间（红外）计算 / by night, as far as infrared goes")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
    geojson: Annotated[
        Path | None, typer.Option("--geojson", metavar="OUT", help="写出 GeoJSON 图层 / write the shapes")
    ] = None,
    kml: Annotated[Path | None, typer.Option("--kml", metavar="OUT", help="写出 KML / write the shapes as KML")] = None,
    if_fails: Annotated[
        list[str] | None,
        typer.Option(
            "--if-fails", metavar="ID", help="若此摄像机或链路失效（仅场景，可多次）/ if it failed (scene; repeatable)"
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            "--trials",
            min=0,
            max=10_000,
            show_default=False,
            help="误差区间的模拟次数，0 不算；默认 200，大场景较少（场景）/ trials of the survey band (scene)",
        ),
    ] = None,
) -> None:
    """摄像机真正看得见多少：可视域、盲区、重点部位、若失效则损失多少。

    How much the cameras really see: viewsheds, blind zones, key places, and what a failure would darken.
    """
    if scene is None:
        if if_fails or trials is not None:
            fail(
                "--if-fails 和 --trials 只用于场景文件：请写上 SCENE.geojson",
                "--if-fails and --trials are about a scene: name a SCENE.geojson",
                code=USAGE,
            )
        from camkeeper.cli.coverage_township import township

        township(
            config=config,
            ledger=ledger,
            at=at,
            month=month,
            night=night,
            as_json=as_json,
            geojson=geojson,
            kml=kml,
        )
        return
    if at is not None or month is not None:
        fail(
            "--at 和 --month 只用于已配置的乡镇：场景文件没有时间",
            "--at and --month are about the configured township: a scene has no time",
            code=USAGE,
        )
    from camkeeper.cli.coverage_scene import of_scene

    of_scene(
        scene,
        night=night,
        as_json=as_json,
        geojson=geojson,
        kml=kml,
        if_fails=tuple(if_fails or ()),
        trials=trials,
    )
