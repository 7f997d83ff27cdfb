"""Takes a picture of every page, in both languages and both schemes, and writes `docs/pages.md` about them.

`python scripts/screenshots.py [PART ...]`: all pages, or those whose name has one of the parts. The township is the
tests' own: the same every time. Needs Debian's chromium and the development environment.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import cv2
import numpy as np
from playwright.async_api import async_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.dashboards.stage import ARGS, CHROMIUM  # noqa: E402
from tests.dashboards.whole_stage import ADMIN, LONG_HISTORY, WholeStage, whole_stage  # noqa: E402
from tests.monitor.run.township import QUICK_DISK  # noqa: E402

FOLDER = ROOT / "docs" / "images" / "pages"
KEPT_PX = 1000
MOST_BYTES = 42_000
"""A hundred of them stay within 4 MB."""
SIZES: Mapping[str, tuple[int, int]] = {
    "/i/{token}": (390, 844),
    "/wall": (1600, 900),
    "/devices/{id}/label": (640, 800),
    "/login": (640, 720),
}
USUAL = (1280, 900)
LOOKS: tuple[tuple[str, Literal["light", "dark"]], ...] = (
    ("zh", "light"),
    ("zh", "dark"),
    ("en", "light"),
    ("en", "dark"),
)
DRAWN = """() => {
    const c = document.querySelector("#map canvas");
    return c && c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some(v => v > 0);
}"""
WHO: Mapping[str, str | None] = {
    "/login": None,
    "/i/{token}": None,
    "/wall": "daping",
    "/accounts": ADMIN,
    "/import": ADMIN,
    "/reports/{month}/close": ADMIN,
    "/reports/{month}/amend": ADMIN,
}
"""Everything else is seen by a technician."""
TITLES: Mapping[str, tuple[str, str]] = {
    "/": ("总览", "Overview: is the promise kept, and how sure are we"),
    "/wall": ("大屏", "Wall: read from five metres, needs no hand"),
    "/audit": ("审计", "Audit: who did what, and the ledger's own register"),
    "/map": ("覆盖地图", "Coverage map: what working cameras see, and what a failure would take away"),
    "/reports": ("报表", "Months: running, closed, compared"),
    "/reports/{month}": ("月报", "One month"),
    "/reports/{month}/deductions": ("扣减", "Deductions: each amount with its intervals"),
    "/reports/{month}/close": ("关闭月份", "Closing a month"),
    "/reports/{month}/amend": ("更正", "Amending a closed month: old and new"),
    "/doctor": ("台账体检", "Doctor: what is odd in the register, and what would mend it"),
    "/import": ("导入台账", "Importing a register: columns, preview, apply, undo"),
    "/trend": ("趋势", "Trend of a device or a site"),
    "/why": ("为什么是这个数", "Why is it this figure: rule, buckets, stretches, records"),
    "/devices": ("设备", "Devices with their thirty days"),
    "/devices/{id}": ("设备页", "One device: ladder, days, picture, clock"),
    "/devices/{id}/label": ("杆上二维码", "Label for the pole"),
    "/views": ("看图登记", "Register of views"),
    "/incidents": ("事件", "Incidents, gravest first"),
    "/incidents/{id}": ("事件页", "One incident: evidence, steps, message"),
    "/orders": ("工单", "Work orders"),
    "/orders/{number}": ("工单页", "One work order, with photos"),
    "/orders/route": ("出车路线", "The way to drive"),
    "/windows": ("检修与剔除", "Maintenance and exclusions"),
    "/windows/new": ("登记检修", "Entering one"),
    "/settings": ("设置", "Channels, with a test letter"),
    "/login": ("登录", "Signing in"),
    "/account": ("我的账号", "One's own account"),
    "/accounts": ("账号与令牌", "Accounts and tokens"),
    "/i/{token}": ("手机页", "Phone page of an incident: no script, no login"),
}


def slug(line: str) -> str:
    """Return a page's name in file names."""
    out = plain(line)
    for part, word in (("{id}", "one"), ("{number}", "one"), ("{month}", "month"), ("/i/{token}", "phone")):
        out = out.replace(part, word)
    return out.strip("/").replace("/", "-") or "overview"


def plain(line: str) -> str:
    """Return a line of the route table without the forms of its parts."""
    return re.sub(r"\{([a-z]+):.*?\}(?=$|/)", r"{\1}", line)


def packed(png: bytes) -> bytes:
    """Return a WebP of the picture, as good as fits."""
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("no picture")
    height, width = image.shape[:2]
    if width > KEPT_PX:
        image = cv2.resize(image, (KEPT_PX, height * KEPT_PX // width), interpolation=cv2.INTER_AREA)
    for quality in (72, 56, 40, 28, 16):
        _, data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])
        if len(data) <= MOST_BYTES:
            break
    return bytes(data.tobytes())


async def taken(stage: WholeStage, line: str, path: str) -> int:
    """Take the four pictures of a page; return their bytes."""
    width, height = SIZES.get(line, USUAL)
    total = 0
    for language, scheme in LOOKS:
        who = WHO.get(plain(line), "zhangmin")
        async with stage.context(who, width=width, height=height, dark=scheme == "dark") as context:
            page = await context.new_page()
            await page.emulate_media(reduced_motion="reduce", color_scheme=scheme)
            await page.goto(f"{stage.base}{path}{'&' if '?' in path else '?'}lang={language}", wait_until="load")
            if line == "/map":
                await page.wait_for_function(DRAWN, timeout=60_000)
            await page.wait_for_timeout(900 if line in {"/map", "/trend", "/wall"} else 250)
            data = packed(await page.screenshot(scale="css"))
        (FOLDER / f"{slug(line)}-{language}-{scheme}.webp").write_bytes(data)
        total += len(data)
    return total


def contact_sheet(lines: list[str]) -> str:
    """Return `docs/pages.md`."""
    out = [
        "# 页面一览 / Every page",
        "",
        "示范乡镇：村名真实，边界、点位、设备与故障全部合成。由 `scripts/screenshots.py` 拍摄，每次相同。",
        "",
        "The demo township: names of villages are real; boundaries, positions, devices and faults are synthetic.",
        "Taken by `scripts/screenshots.py`, the same every time. Each page in Chinese and English, light and dark.",
        "",
    ]
    for line in lines:
        zh, en = TITLES.get(plain(line), (line, line))
        name = slug(line)
        shown = {look: f"images/pages/{name}-{look[0]}-{look[1]}.webp" for look in LOOKS}
        out += [
            f"## {zh} · {en}",
            "",
            f"`{plain(line)}`",
            "",
            f"| 中文，浅色 | English, dark |\n|---|---|\n| ![{zh}]({shown[LOOKS[0]]}) | ![{en}]({shown[LOOKS[3]]}) |",
            "",
            f"[中文，深色]({shown[LOOKS[1]]}) · [English, light]({shown[LOOKS[2]]})",
            "",
        ]
    return "\n".join(out)


async def run(parts: list[str]) -> None:
    """Take the pictures that are asked for."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=QUICK_DISK) as folder:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
            async with whole_stage(Path(folder), browser) as stage:
                paths = {line: path for line, path in (await stage.paths()).items() if line not in LONG_HISTORY}
                for line, path in paths.items():
                    if not parts or any(part in slug(line) for part in parts):
                        print(f"{slug(line):24} {await taken(stage, line, path) / 1000:6.0f} KB", flush=True)
                (ROOT / "docs" / "pages.md").write_text(contact_sheet(list(paths)), encoding="utf-8")
            await browser.close()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1:]))
