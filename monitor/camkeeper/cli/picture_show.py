"""Pictures for people: a table of verdicts, and why a file is no picture, in both languages."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

from rich.markup import escape
from rich.table import Table

from camkeeper.geo.fault import printable
from camkeeper.model.picture import PictureVerdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from camkeeper.cli.picture_run import Seen

WORDS: Final[dict[PictureVerdict, tuple[str, str]]] = {
    PictureVerdict.OK: ("正常", "ok"),
    PictureVerdict.NO_SIGNAL: ("无信号", "no signal"),
    PictureVerdict.HALF_PICTURE: ("半幅画面", "half picture"),
    PictureVerdict.NOISE: ("噪声", "noise"),
    PictureVerdict.STRIPES: ("条纹", "stripes"),
    PictureVerdict.DARK: ("过暗", "dark"),
    PictureVerdict.BRIGHT: ("过亮", "bright"),
    PictureVerdict.FOG: ("雾或起雾", "fog"),
    PictureVerdict.MOVED: ("被转动", "moved"),
    PictureVerdict.ROTATED: ("歪斜或倒置", "rotated"),
    PictureVerdict.BLUR: ("模糊", "blur"),
    PictureVerdict.COVER: ("疑似遮挡", "cover"),
    PictureVerdict.OTHER_SCENE: ("场景不符", "other scene"),
    PictureVerdict.IR_STUCK: ("红外未切换", "infrared stuck"),
    PictureVerdict.CAST: ("偏色（提示）", "colour cast (advisory)"),
    PictureVerdict.FROZEN: ("画面冻结", "frozen"),
}
_ADVISORY: Final = {
    "cast": "偏色 cast",
    "dirt": "脏污 dirt",
    "web": "蛛网 web",
    "still": "静止，无法判断是否冻结 still",
}
# Why bytes are no picture: the decoder's words are English and fixed.
_WHY: Final = (
    (r"no bytes at all", "空文件"),
    (r"a page of HTML or XML, not a JPEG", "是网页，不是 JPEG"),
    (r"an? (.+), not a JPEG", r"是 \1，不是 JPEG"),
    (r"it does not begin as a JPEG", "不是 JPEG"),
    (r"the picture is cut off after (\d+) bytes", r"传输中断，只收到 \1 字节"),
    (r"(\d+) bytes, more than (\d+) MB", r"\1 字节，超过 \2 MB"),
    (r"(\d+) bits a sample, not 8", r"每样本 \1 位，不是 8 位"),
    (r"(\d+) colour components, not 1 or 3", r"\1 个颜色分量，不是 1 或 3 个"),
    (r"a picture of (\d+x\d+), more than (\d+) megapixels", r"尺寸 \1，超过 \2 百万像素"),
    (r"a picture of (\d+x\d+), too small to judge", r"尺寸 \1，小得无法判断"),
    (r"a progressive picture of (\d+x\d+)", r"尺寸 \1 的渐进式图片"),
    (r"(\d+) scans over (\d+x\d+)", r"\2 上有 \1 次扫描"),
    (r"the decoder crashed twice: .*", "解码进程两次崩溃"),
    (r"the decoder refuses it", "解码器拒绝"),
)


def show(console: Console, looks: Sequence[Seen]) -> None:
    """Print one row a file, and the sum."""
    table = Table()
    table.add_column("文件\nfile", overflow="fold")
    table.add_column("结论\nverdict", no_wrap=True)
    table.add_column("转动 °\nmoved °", justify="right", no_wrap=True)
    table.add_column("说明\nwhy")
    for look in looks:
        turn = look.diagnosis.turn
        moved = "" if turn is None else f"{turn.yaw_deg:+.2f} ± {turn.error_deg:.2f}"
        table.add_row(escape(printable(str(look.path), 300)), word(look), moved, escape(printable(why(look), 300)))
    console.print(table, highlight=False)
    faults = sum(look.diagnosis.verdict.is_fault for look in looks)
    console.print(
        f"共 {len(looks)} 张，{faults} 张有问题 · {len(looks)} pictures, {faults} with a fault", highlight=False
    )


def left_out(dropped: Sequence[Seen]) -> None:
    """Say on standard error what was not learned from, and why."""
    for look in dropped:
        reason = why(look)
        print(
            f"舍弃 left out: {printable(str(look.path), 300)}: {word(look)}{f'，{reason}' if reason else ''}",
            file=sys.stderr,
        )


def word(look: Seen) -> str:
    """Return the verdict in both languages."""
    return " ".join(WORDS[look.diagnosis.verdict])


def why(look: Seen) -> str:
    """Return what else was found, what is only worth a look, and the evidence."""
    found = look.diagnosis
    said = [" ".join(WORDS[alarm]) for alarm in found.alarms if alarm is not found.verdict]
    said += [_ADVISORY.get(word, word) for word in found.advisory if word != found.verdict.value]
    if found.detail:
        said.append(both(found.detail))
    return "；".join(said)


def both(detail: str) -> str:
    """Put Chinese before the reasons that are known; others stay as they are."""
    for pattern, zh in _WHY:
        match = re.fullmatch(pattern, detail)
        if match is not None:
            return f"{match.expand(zh)} {detail}"
    return detail
