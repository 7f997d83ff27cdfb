"""`camkeeper picture`: learn what a camera's healthy pictures are like, and hold pictures against it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from camkeeper.cli.incidents import BoardOption, ByOption
from camkeeper.cli.run import LedgerOption
from camkeeper.cli.say import fail, tell, wide_console

app = typer.Typer(
    no_args_is_help=True,
    help="图像诊断：能连上的摄像机，画面还能用吗？\n\nPictures: a camera that answers may still be blind.",
)

MAX_BASELINE_FILE = 2**20


class ContextChoice(StrEnum):
    """By the sun, not by the picture's brightness."""

    day = "day"
    night = "night"


Images = Annotated[
    list[Path],
    typer.Argument(metavar="IMAGES...", help="JPEG 截图，按时间先后 / JPEG snapshots of one camera, in order of time"),
]


@app.command("learn")
def learn(
    images: Images,
    context: Annotated[
        ContextChoice, typer.Option(help="白天或夜间，以太阳高度为准 / by the sun: above -4° it is day")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="BASELINE", help="写到这个文件 / the file to write")],
) -> None:
    """由至少 5 张正常画面学习一台摄像机的基线；有毛病的画面不学，逐张说明。

    Learn one camera's baseline from at least 5 healthy pictures; what is faulty is left out, and named.
    """
    from camkeeper.cli import picture_run as run
    from camkeeper.cli.picture_show import left_out

    files = _readable(images)
    _writable(out)
    try:
        learned = asyncio.run(run.learn(files, context=context.value, tick=_ticker(len(files))))
    except run.TooFewError as error:
        left_out(error.dropped)
        fail(
            f"可用画面只有 {error.used} 张，至少要 {run.LEARN_FRAMES} 张：请再取几张正常画面",
            f"only {error.used} usable pictures, {run.LEARN_FRAMES} are needed: take some more healthy ones",
        )
    except run.RefusedError as error:
        fail(*_both(error))
    except run.WorkerError as error:
        _broken(error)
    try:
        run.write(out, learned.baseline)
    except OSError as error:
        fail(
            f"写不了基线 {out}：{error.strerror}；请换个位置",
            f"cannot write {out}: {error.strerror}; choose another place",
        )
    left_out(learned.dropped)
    print(
        f"已学习 learned: {out}（{context.value}，{len(learned.baseline) / 1024:.0f} KB，"
        f"SHA-256 {learned.digest[:16]}）\n"
        f"用了 {learned.used} 张，舍弃 {len(learned.dropped)} 张 · {learned.used} used, {len(learned.dropped)} left out"
    )
    if learned.strange:
        print(
            f"另有 {learned.strange} 张场景或尺寸与多数不同，未学 · "
            f"{learned.strange} more of another scene or size were not learned from"
        )


@app.command("check")
def check(
    images: Images,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="BASELINE", help="与此基线比较；没有则只凭常识 / hold them against it; else common sense"),
    ] = None,
    context: Annotated[
        ContextChoice | None, typer.Option(help="画面是白天还是夜间；默认同基线 / default: the baseline's")
    ] = None,
    hfov_deg: Annotated[
        float, typer.Option(min=1.0, max=179.0, help="水平视场角，度 / horizontal field of view, degrees")
    ] = 90.0,
    tilt_deg: Annotated[
        float,
        typer.Option(
            min=-90.0,
            max=90.0,
            help="镜头下倾角，度；影响转角的换算 / how far down it looks, degrees: turns are about the mast",
        ),
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """逐张诊断画面：遮挡、转动、模糊、冻结等；不是图片的文件也有结论。查完即返回 0，结论看输出。

    Diagnose pictures one by one. What is no picture has a verdict, too. Exit code 0 says that all were examined,
    whatever the verdicts; 1 that they could not be.
    """
    from camkeeper.cli import picture_run as run
    from camkeeper.cli.picture_show import show

    files = _readable(images)
    known = None if baseline is None else _baseline(baseline)
    wanted = None if context is None else context.value
    try:
        looks = asyncio.run(
            run.check(
                files,
                baseline=known,
                context=wanted,
                hfov_deg=hfov_deg,
                tilt_deg=tilt_deg,
                tick=_ticker(len(files)),
            )
        )
    except run.ContextError as error:
        fail(
            f"基线 {baseline} 是{_context(error.learned)}的，画面是{_context(error.wanted)}的："
            f"请用 --context {error.wanted} 另学一份",
            f"the baseline {baseline} is of the {error.learned}, the pictures of the {error.wanted}: learn another one",
        )
    except run.RefusedError as error:
        fail(
            f"基线 {baseline} 不能用：{_both(error)[0]}；请用 camkeeper picture learn 重新学习",
            f"the baseline {baseline} will not do: {_both(error)[1]}; learn it again with camkeeper picture learn",
        )
    except run.WorkerError as error:
        _broken(error)
    if as_json:
        print(json.dumps({"pictures": [look.json() for look in looks]}, ensure_ascii=False, indent=2))
    else:
        show(wide_console(), looks)


@app.command("relearn")
def relearn(
    device: Annotated[str, typer.Argument(help="设备编号 / the camera's id")],
    by: ByOption,
    why: Annotated[str, typer.Option("--why", help="事由，如：按新方位安装 / why, such as: meant to point there now")],
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    board: BoardOption = None,
) -> None:
    """画面就该是现在这样：由运行中的监测重新学习一台摄像机的基线。验收时的基线仍留着。

    The picture is meant to be as it is now: the running monitor learns a camera's baseline anew. The accepted one of
    commissioning stays on file.
    """
    from urllib.parse import quote

    from camkeeper.cli.act import post

    post(f"api/v1/devices/{quote(device, safe='')}/relearn", {"by": by, "why": why}, ledger=ledger, board=board)
    tell(
        f"{device} 已开始重新学习；若方位已改，请同时更正登记的方位角",
        f"{device} is being learned anew; if it was turned on purpose, correct the register too",
    )


def _readable(images: list[Path]) -> list[Path]:
    for path in images:
        if path.is_dir():
            fail(
                f"{path} 是文件夹：请列出其中的图片，如 {path}/*.jpg",
                f"{path} is a folder: name the pictures in it, like {path}/*.jpg",
            )
        if not path.exists():
            fail(f"没有这个文件：{path}；请核对路径", f"there is no file {path}; check its path")
        if not path.is_file():
            fail(f"{path} 不是普通文件；请先存成文件", f"{path} is no regular file; save the picture first")
        try:
            path.open("rb").close()
        except OSError as error:
            fail(
                f"读不了 {path}：{error.strerror}；请检查权限",
                f"cannot read {path}: {error.strerror}; check who may read it",
            )
    return images


def _writable(out: Path) -> None:
    if out.is_dir():
        fail(f"{out} 是文件夹：请给出文件名", f"{out} is a folder: name a file")
    if not out.absolute().parent.is_dir():
        fail(f"没有文件夹 {out.parent}；请先建立", f"there is no folder {out.parent}; make it first")


def _baseline(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BASELINE_FILE + 1)
    except OSError as error:
        fail(
            f"读不了基线 {path}：{error.strerror}；请先用 camkeeper picture learn 学习",
            f"cannot read the baseline {path}: {error.strerror}; learn one with camkeeper picture learn first",
        )


def _broken(error: Exception) -> NoReturn:
    fail(
        f"图像诊断进程出错：{error}；请检查安装（camkeeper 依赖 OpenCV）",
        f"the process that examines pictures failed: {error}; check the installation (OpenCV)",
    )


def _both(error: Exception) -> tuple[str, str]:
    """Return what is wrong in Chinese and in English: a baseline's errors have both."""
    zh, _, en = str(error).partition(" / ")
    return zh, en or zh


def _context(value: str) -> str:
    return {"day": "白天", "night": "夜间"}[value]


def _ticker(total: int) -> Callable[[int], None]:
    """Return what counts aloud on standard error, once in a while."""
    import sys

    every = 1 if sys.stderr.isatty() else 50

    def tick(done: int) -> None:
        if total <= 10 or done % every:
            return
        if sys.stderr.isatty():
            print(f"\r{done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        else:
            tell(f"已诊断 {done}/{total} 张", f"{done} of {total} examined")

    return tick
