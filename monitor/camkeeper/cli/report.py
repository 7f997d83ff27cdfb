"""`camkeeper report`: the month that both parties sign, as PDF, workbook or JSON."""

from __future__ import annotations

import gc
import json
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from camkeeper.cli.run import ConfigOption, LedgerOption
from camkeeper.cli.say import fail, tell, wide_console

if TYPE_CHECKING:
    from camkeeper.model.access import Scope
    from camkeeper.model.registry import Registry
    from camkeeper.report.values import Book
    from camkeeper.report.words import Lang
    from camkeeper.run.monthbook import Wanted
    from camkeeper.standing.report import CoverLine

USAGE = 2
Form = Literal["pdf", "xlsx", "json"]


def report(  # noqa: PLR0917 - options, never given by place
    config: ConfigOption = Path("config/cameras.yaml"),
    ledger: LedgerOption = Path("var/camkeeper.ledger"),
    month: Annotated[str | None, typer.Option(help="月份 YYYY-MM，默认账本最新的月 / default: the newest")] = None,
    form: Annotated[Form, typer.Option("--format", help="输出形式 / form of the output")] = "pdf",
    lang: Annotated[Literal["zh", "en"], typer.Option(help="语言 / language")] = "zh",
    out: Annotated[
        Path | None, typer.Option(help="输出文件，- 为标准输出；默认按月份取名 / file, - for standard output")
    ] = None,
    site: Annotated[str | None, typer.Option(help="只报这个地点及其下级 / only this site and all below it")] = None,
    contractor: Annotated[str | None, typer.Option(help="只报这个维保单位 / only this contractor's devices")] = None,
    version: Annotated[
        int | None, typer.Option(help="按这条封账或更正记录出具 / as this closing or amending record fixed it")
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(
            help="比较两个版本：记录序号、now 或 JSON 文件 / two versions: numbers of records, now, or JSON files"
        ),
    ] = None,
    coverage: Annotated[bool, typer.Option(help="计算覆盖 / with figures of coverage")] = True,
) -> None:
    """出具月报（PDF、XLSX 或 JSON）；未封账的每页标明草稿。

    The monthly report, as PDF, XLSX or JSON. A month that nobody has closed is marked as a draft on every page.
    """
    from camkeeper.model.access import Scope
    from camkeeper.report.words import Lang
    from camkeeper.run.monthbook import Wanted

    scope = Scope(site_ids=None if site is None else frozenset({site}), contractor_id=contractor)
    wanted = Wanted(month=month, scope=scope, version_seq=version)
    registry = _registry(config)
    if contractor is not None and registry is None:
        fail(f"按单位出具需要配置文件 {config}", f"a contractor's report needs the configuration {config}", code=USAGE)
    if compare is not None:
        _compare(ledger, wanted, registry, compare, Lang(lang), as_json=form == "json")
        return
    # A county's month is millions of small values that live to the end: looking for garbage among them costs a quarter.
    gc.set_threshold(200_000)
    tell("正在读账本……", "Reading the ledger...")
    book = _book(ledger, wanted, registry, coverage=coverage)
    places, devices, spans = (f"{len(x):,}" for x in (book.report.sites, book.devices, book.intervals))
    tell(
        f"正在排版 {book.report.month}：{places} 个地点、{devices} 台设备、{spans} 个时段……",
        f"Making {book.report.month}: {places} sites, {devices} devices, {spans} intervals...",
    )
    _write(_made(book, form, Lang(lang)), out or Path(f"camkeeper-{book.report.month}.{form}"))


def _registry(config: Path) -> Registry | None:
    from camkeeper.config import ConfigError, load

    if not config.exists():
        tell(
            f"没有 {config}：只用账本，没有设备名称、维保单位、扣款和覆盖",
            f"There is no {config}: from the ledger alone, without names, contractors, deductions and coverage",
        )
        return None
    try:
        return load(config)
    except ConfigError as error:
        fail(f"{config} 有错误，请运行 camkeeper check", f"{config} is faulty; run camkeeper check: {error.faults[0]}")


def _book(ledger: Path, wanted: Wanted, registry: Registry | None, *, coverage: bool) -> Book:
    from camkeeper.clock import SystemClock
    from camkeeper.ledger import LedgerError
    from camkeeper.run.monthbook import read_book

    now_ms = SystemClock().wall_ms()
    cover = _cover(ledger, wanted, registry, now_ms) if coverage and registry is not None else nullcontext(lambda: None)
    try:
        with cover as lines:
            book = read_book(ledger, wanted, now_ms=now_ms, registry=registry)
            return replace(book, report=replace(book.report, coverage=lines()))
    except LookupError as error:
        fail(f"账本里没有：{error.args[0]}", f"not in the ledger: {error.args[0]}", code=USAGE)
    except ValueError as error:
        fail(f"月份应写成 2026-10：{error}", f"{error}", code=USAGE)
    except (LedgerError, OSError) as error:
        fail(f"读不了账本 {ledger}：{error}", f"cannot read the ledger {ledger}: {error}")


@contextmanager
def _cover(
    ledger: Path, wanted: Wanted, registry: Registry, now_ms: int
) -> Iterator[Callable[[], tuple[CoverLine, ...] | None]]:
    """Compute the month's coverage by today's cameras beside the block; yields what waits for it (None: no geometry).

    A county's coverage costs as much as all the rest of its report. The process is forked: what is imported need not be
    imported again, and here no thread was begun and no ledger opened yet.
    """
    from camcover.bands import BandError
    from camcover.frame import FrameError
    from camkeeper.run.coverage.month import month_cover

    if wanted.scope.contractor_id is not None or not any(site.boundary for site in registry.sites):
        yield lambda: () if wanted.scope.contractor_id is not None else None
        return
    tell("正在计算覆盖……", "Computing coverage...")
    shown = _shown(registry, wanted.scope)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as beside:
        asked = beside.submit(month_cover, ledger, registry, shown, month=wanted.month, now_ms=now_ms)

        def lines() -> tuple[CoverLine, ...] | None:
            try:
                return asked.result()
            except (BandError, FrameError, BrokenProcessPool) as error:
                tell(f"算不了覆盖：{error}", f"Coverage cannot be computed: {error}")
                return None

        yield lines


def _shown(registry: Registry, scope: Scope) -> set[str]:
    roots = scope.site_ids
    if roots is None:
        return set(registry.site_by_id)
    return {site.id for root in roots if root in registry.site_by_id for site in registry.subtree(root)}


def _made(book: Book, form: Form, lang: Lang) -> bytes:
    from camkeeper.report.paper import PaperError, pdf
    from camkeeper.report.plain import text
    from camkeeper.report.workbook import workbook

    if form == "json":
        return text(book, lang).encode()
    if form == "xlsx":
        return workbook(book, lang)
    try:
        return pdf(book, lang)
    except PaperError as error:
        fail(f"排版失败：{error}", f"typesetting failed: {error}")


def _write(data: bytes, out: Path) -> None:
    if str(out) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        fail(f"写不了 {out}：{error}", f"cannot write {out}: {error}")
    tell(f"已写出 {out}（{len(data) / 1024:,.0f} KB）", f"Wrote {out} ({len(data) / 1024:,.0f} KB)")


def _compare(
    ledger: Path, wanted: Wanted, registry: Registry | None, which: tuple[str, str], lang: Lang, *, as_json: bool
) -> None:
    from dataclasses import asdict

    from camkeeper.report.plain import compared

    old, new = (_document(ledger, wanted, registry, one, lang) for one in which)
    try:
        found = compared(old, new, lang)
    except ValueError as error:
        fail(f"这两个版本不能比较：{error}", f"these two cannot be compared: {error}", code=USAGE)
    if as_json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
        return
    from rich.table import Table

    table = Table(title=f"{new['month']} · {which[0]} → {which[1]} · {len(found)}")
    for heading in ("表\ntable", "行\nrow", "项\nfield", "原\nold", "新\nnew"):
        table.add_column(heading)
    for one in found:
        table.add_row(one.table, one.row, lang.pick(one.field), one.old, one.new)
    wide_console().print(table, markup=False)


def _document(ledger: Path, wanted: Wanted, registry: Registry | None, which: str, lang: Lang) -> dict[str, Any]:
    """Return one version: a file's, a record's, or as it stands."""
    from dataclasses import replace

    from camkeeper.report.plain import text

    if which.isdecimal() or which == "now":
        version = None if which == "now" else int(which)
        book = _book(ledger, replace(wanted, version_seq=version), registry, coverage=False)
        read: dict[str, Any] = json.loads(text(book, lang))
        return read
    try:
        read = json.loads(Path(which).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fail(f"读不了 {which}：{error}", f"cannot read {which}: {error}", code=USAGE)
    if not isinstance(read, dict):
        fail(f"{which} 不是月报", f"{which} is no report", code=USAGE)
    return read
