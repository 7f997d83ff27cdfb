"""Both languages, everywhere: every page and every error, in the sources and as served."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import lxml.html
import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from babel.numbers import format_decimal
from playwright.async_api import Browser
from tests.dashboards.people import opened, person
from tests.dashboards.test_words import HAN
from tests.dashboards.whole_stage import ADMIN, LONG_HISTORY, PAGE_LINES, PEOPLE, WholeStage
from tests.dashboards.whole_town import whole_town
from tests.monitor.run.township import QUICK_DISK

import camboard
from camboard import guard
from camboard.app import create_app, create_runner
from camboard.i18n import languages
from camboard.settings import BoardSettings

HERE = Path(camboard.__file__ or "").parent
RUN_OF_HAN = re.compile(r"[\u3400-\u9fff]+")
LATIN = re.compile(r"[A-Za-z]{3,}")
SAID = {"say", "mark", "_"}
OURS = {"中文", "村", "请求未完成"}
"""The link to the other language; the ending of a village's name, which a tile leaves out; beside a phrase of HTTP."""
STACK = ("PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC")
FOREIGN_CSS = {"leaflet.css", "uplot.css"}
SHOWN = ("title", "aria-label", "placeholder", "alt", "data-fresh", "data-old", "data-lost")
"""Attributes that people read or hear."""
MINUTES = 30
"""Of the township's last hours: enough for incidents and orders."""


# In the sources.


def _parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _texts(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _said_twice(node: ast.AST, own: str) -> bool:
    """Return whether a call, tuple or pair around a Chinese text says it in English, too."""
    parts: list[ast.expr] = []
    if isinstance(node, ast.Call):
        parts = [*node.args, *(keyword.value for keyword in node.keywords)]
    elif isinstance(node, ast.Tuple):
        parts = list(node.elts)
    return any(LATIN.search(text) and not HAN.search(text) for part in parts for text in _texts(part) if text != own)


def _alone(node: ast.Constant, parents: dict[ast.AST, ast.AST]) -> bool:
    """Return whether a Chinese text is shown in one language only."""
    text, at = str(node.value), parents[node]
    if isinstance(at, ast.Expr) or text in OURS or re.search("[A-Za-z]{2}", text):
        return False
    while True:
        if isinstance(at, ast.Call) and _called(at) in SAID:
            return False
        if isinstance(at, ast.keyword) and at.arg in {"example", "sample"}:
            return False
        if _said_twice(at, text):
            return False
        if at not in parents:
            return True
        at = parents[at]


def _lonely() -> Iterator[str]:
    for path in sorted(HERE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        parents = _parents(tree)
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Constant) and isinstance(node.value, str) and HAN.search(node.value)):
                continue
            if _alone(node, parents):
                yield f"{path.relative_to(HERE)}:{node.lineno}: {node.value}"


def test_no_chinese_in_the_sources_without_english() -> None:
    assert list(_lonely()) == []


def test_the_check_would_tell() -> None:
    tree = ast.parse("def f(say):\n    'Doc 文'\n    say('好')\n    g('坏')\n    h('坏', 'bad')\n    x = '坏'\n")
    parents = _parents(tree)
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and HAN.search(str(n.value))]
    assert sorted(n.lineno for n in nodes if _alone(n, parents)) == [4, 6]


BOTH_AT_ONCE = {"error.html"}


def _templates() -> list[Path]:
    return sorted((HERE / "templates").glob("*.html"))


@pytest.mark.parametrize("path", _templates(), ids=lambda path: path.name)
def test_a_template_says_nothing_of_its_own(path: Path) -> None:
    if path.name in BOTH_AT_ONCE:
        return
    text = path.read_text(encoding="utf-8")
    inside = re.findall(r"\{[{%].*?[}%]\}", re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL), flags=re.DOTALL)
    for each in inside:
        bare = re.sub(r"_\(\s*(\"[^\"]*\"|'[^']*')", "", each)
        assert not HAN.search(bare), f"Chinese that is not marked: {each}"
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    bare = re.sub(r"<(pre|code)\b.*?</\1>|<!--.*?-->", "", bare, flags=re.DOTALL)
    told = re.sub(r"<[^>]*>", " ", bare)
    told += " ".join(re.findall(r'(?:title|aria-label|placeholder|alt)="([^"]*)"', bare))
    words = set(LATIN.findall(told)) - UNITS
    assert not words, f"English that is not in the catalogue: {words}"


UNITS = {"OpenAPI", "camkeeper", "CSV", "JSON", "PDF", "XLSX", "SVG", "Leaflet"}


def test_fonts_have_chinese_ones_to_fall_back_on() -> None:
    for path in sorted((HERE / "static").glob("*.css")):
        if path.name in FOREIGN_CSS:
            continue
        for line in re.findall(
            r"[^;{}]*(?:font-family|font|--font):[^;}]*sans-serif", path.read_text(encoding="utf-8")
        ):
            if "Segoe UI Symbol" not in line:  # of signs alone
                assert all(f'"{name}"' in line for name in STACK), f"{path.name}: {line.strip()}"


def test_errors_have_both_languages() -> None:
    for zh, en in [*guard._SAID.values(), guard._WRITING, guard.COMPUTING]:
        assert HAN.search(zh)
        assert en
        assert not HAN.search(en)


@pytest.mark.parametrize("number", [0, 7, 999, 1000, 65_536, 1_234_567, 2_592_000_000])
def test_thousands_are_parted_as_both_languages_do(number: int) -> None:
    # Pages write f"{n:,}" in either language: the Unicode locale data say the same for both.
    assert {f"{number:,}"} == {format_decimal(number, locale=locale) for locale in ("zh_CN", "en")}


# As served.


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(browser: Browser) -> AsyncIterator[WholeStage]:
    with TemporaryDirectory(dir=QUICK_DISK) as folder:
        async with whole_town(Path(folder), minutes=MINUTES) as town:
            with opened(Path(folder), town.rig.clock) as access:
                role, scope = PEOPLE[ADMIN]
                people = {ADMIN: await person(access, ADMIN, role, scope)}
                runner = create_runner(create_app(town, settings=BoardSettings(clock=town.rig.clock), access=access))
                await runner.setup()
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                base = f"http://127.0.0.1:{runner.addresses[0][1]}"
                yield WholeStage(base=base, town=town, access=access, browser=browser, people=people)
                await runner.cleanup()


def _words(html: str) -> list[str]:
    """Return what people read or hear of a page; what is said to be of another language is left out."""
    root = lxml.html.document_fromstring(html)
    own = root.get("lang")
    out = []
    for element in root.iter():
        if element.tag in {"script", "style"} or callable(element.tag):
            continue
        near = next((e.get("lang") for e in (element, *element.iterancestors()) if e.get("lang")), own)
        if near == own:
            out += [text for text in (element.text, *(element.get(name) for name in SHOWN)) if text]
        parent = element.getparent()
        if element.tail and parent is not None:
            out.append(element.tail)
    return [text.strip() for text in out if text.strip()]


async def _data(whole: WholeStage) -> str:
    """Return all that is data: names, what people wrote, and what messages said."""
    town = whole.town
    desk = town.desk()
    assert desk is not None
    stories = [await town.story(view.incident.id) for view in (*desk.open, *desk.recent)]
    parts = [town.registry, town.standing(), desk, town.windows(), town.coverage(), town.pictures(), stories]
    work = town.work()
    assert work is not None
    parts += [await town.views(1000), await work.channels(), whole.access.accounts()]
    reports = town.reports()
    assert reports is not None
    parts += [await reports.register(before=None, count=1000), await reports.report("2026-10")]
    return "\n".join(repr(part) for part in parts)


async def _page(whole: WholeStage, path: str, code: str) -> str:
    address = f"{whole.base}{path}{'&' if '?' in path else '?'}lang={code}"
    headers = {} if path == "/login" else {**whole.people[ADMIN].headers, "Accept": "text/html"}
    async with ClientSession(headers=headers) as session, session.get(address) as got:
        assert got.content_type == "text/html", path
        if got.status == 404:
            pytest.skip("this township has no such page")
        return await got.text()


@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("line", [line for line in PAGE_LINES if line not in LONG_HISTORY])
async def test_a_page_speaks_one_language(whole: WholeStage, line: str) -> None:
    path, data = (await whole.paths())[line], await _data(whole)
    english = await _page(whole, path, "en")
    assert re.search(r'<html[^>]* lang="en"', english)
    for text in _words(english):
        for run in RUN_OF_HAN.findall(text):
            assert run in data, f"{path}: {text[:120]!r}"
    chinese = await _page(whole, path, "zh")
    assert re.search(r'<html[^>]* lang="zh-CN"', chinese)
    told = {en for en in languages()["en"].messages.values() if en.count(" ") >= 2 and "%(" not in en and "{" not in en}
    for text in _words(chinese):
        assert text not in told, f"{path}: {text[:120]!r} in the Chinese page"


@pytest.mark.asyncio(loop_scope="module")
async def test_an_error_is_told_in_both(whole: WholeStage) -> None:
    async with ClientSession(headers=dict(whole.people[ADMIN].headers)) as session:
        for path, status in (
            ("/api/v1/sites/nothing", 404),
            ("/api/v1/devices?page=x", 400),
            ("/api/v1/sla?month=x", 400),
            ("/api/v1/openapi.json/x", 404),
        ):
            async with session.get(whole.base + path) as got:
                told = (await got.json())["error"]
            assert (got.status, told["status"]) == (status, status)
            assert HAN.search(told["zh"])
            assert not HAN.search(told["en"])
        async with session.put(f"{whole.base}/api/v1/devices") as got:
            assert got.status == 405
            assert HAN.search((await got.json())["error"]["zh"])
