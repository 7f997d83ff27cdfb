"""A real ledger's month on paper, as workbook and as JSON: the figures are those of `camkeeper sla --json`."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTCollection
from python_calamine import CalamineWorkbook
from tests.dashboards.report_town import FIRST, SECOND, TICK_MS, registered, written

from camkeeper.availability.buckets import Promise
from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, snapshot_of
from camkeeper.model.access import Scope
from camkeeper.model.contract import WindowKind
from camkeeper.model.deduction import DeductionTerms, Step
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.incident import Cause
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import Rule
from camkeeper.model.registry import Registry
from camkeeper.model.status import Status
from camkeeper.model.workorder import OrderKind, OrderState
from camkeeper.report.content import content
from camkeeper.report.cover import cover_told
from camkeeper.report.deduct import Ground
from camkeeper.report.paper import FONTS, pages, pdf
from camkeeper.report.plain import compared, document, tables, text
from camkeeper.report.table import money
from camkeeper.report.values import Book
from camkeeper.report.words import Lang, words
from camkeeper.report.workbook import workbook
from camkeeper.run.monthbook import Wanted, read_book
from camkeeper.run.sla import sla
from camkeeper.standing.report import MonthState
from camkeeper.workorder.deadline import Overdue

FORMULA = '=HYPERLINK("http://x","1")'
TERMS = DeductionTerms(
    name="c2026",
    total=(Step(below_bp=9990, fen=50_000),),
    village=(Step(below_bp=9500, fen=20_000),),
    device={DeviceKind.CAMERA: (Step(below_bp=8000, fen=5_000),)},
)


@pytest.fixture(scope="module")
def registry() -> Registry:
    made = registered(6, 24)
    devices = (replace(made.devices[0], name=FORMULA), *made.devices[1:])
    return replace(made, devices=devices, deductions=(TERMS,))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Path:
    path = tmp_path_factory.mktemp("report") / "a.ledger"
    written(path, registry, close=FIRST)
    return path


def book(ledger: Path, registry: Registry | None, month: str = FIRST, **wanted: Any) -> Book:
    return read_book(ledger, Wanted(month=month, **wanted), now_ms=TICK_MS, registry=registry)


def rows(of: Book, key: str) -> dict[str, dict[str, Any]]:
    return dict(next(t for t in tables(of, Lang.ZH) if t.key == key).named())


@pytest.mark.parametrize("month", [FIRST, SECOND])
def test_figures_are_those_of_sla_to_the_millisecond(ledger: Path, registry: Registry, month: str) -> None:
    told = sla(ledger, month=month, site_id=None, policy=None, now_ms=TICK_MS)
    found = rows(book(ledger, registry, month), "sites")
    assert found.keys() == {site["id"] for site in told["sites"]}
    for site in told["sites"]:
        net, row = site["figures"][told["deciding_policy"]]["net"], found[site["id"]]
        for key in ("up", "down", "unknown", "excluded", "absent", "degraded"):
            assert row[key] == net["time"][f"{key}_ms"]
        assert f"{row['rate'] / 100:.2f}" == net["percent"]["ratio"]
        assert row["verdict"] == net["verdict"]


@pytest.mark.parametrize("month", [FIRST, SECOND])
def test_devices_and_intervals_add_up_to_the_whole(ledger: Path, registry: Registry, month: str) -> None:
    of = book(ledger, registry, month)
    total = of.report.total
    for key in ("up_ms", "down_ms", "unknown_ms", "excluded_ms", "degraded_ms"):
        assert sum(getattr(d.net, key) for d in of.devices) == getattr(total.net.buckets, key)
    down = sum(i.span.length_ms for i in of.intervals if i.status is Status.DOWN)
    unknown = sum(i.span.length_ms for i in of.intervals if i.status is Status.UNKNOWN)
    assert (down, unknown) == (total.gross.buckets.down_ms, total.gross.buckets.unknown_ms)


def test_amounts_lead_to_the_intervals_of_the_annex(ledger: Path, registry: Registry) -> None:
    of = book(ledger, registry)
    assert of.bills is not None
    by_number = {i.number: i for i in of.intervals}
    care = {d.id: d.contractor_id for d in of.devices}
    amounts = [(bill, amount) for bill in of.bills for amount in bill.amounts]
    assert {amount.ground for _, amount in amounts} >= {Ground.TOTAL}
    for bill, amount in amounts:
        traced = [by_number[n] for n in amount.trace]
        assert traced
        assert all(i.status is Status.DOWN and care[i.device_id] == bill.contractor_id for i in traced)
        assert sum(i.span.length_ms for i in traced) >= amount.down_ms


def test_the_workbook_has_typed_cells_and_names_stay_text(ledger: Path, registry: Registry) -> None:
    of = book(ledger, registry)
    made = CalamineWorkbook.from_filelike(io.BytesIO(workbook(of)))
    sheets = {name: made.get_sheet_by_name(name).to_python() for name in made.sheet_names}
    devices = next(s for name, s in sheets.items() if name == "10 设备")
    assert devices[1 + next(n for n, d in enumerate(of.devices) if d.name == FORMULA)][1] == FORMULA
    sites = next(s for name, s in sheets.items() if "各地点" in name)
    town = dict(zip(sites[0], sites[1], strict=True))
    ratio = of.report.total.net.ratio
    assert ratio is not None
    assert town["在线率"] == int(ratio * 10_000) / 10_000
    intervals = next(s for name, s in sheets.items() if "非在线" in name)
    assert len(intervals) == 1 + len(of.intervals)
    assert workbook(of) == workbook(of)


def test_no_formula_is_in_the_workbook(ledger: Path, registry: Registry) -> None:
    with zipfile.ZipFile(io.BytesIO(workbook(book(ledger, registry)))) as packed:
        sheets = [packed.read(name) for name in packed.namelist() if name.startswith("xl/worksheets/sheet")]
    assert sheets
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)


@pytest.mark.parametrize("lang", list(Lang))
def test_a_pdf_is_the_same_twice_and_has_pages(ledger: Path, registry: Registry, lang: Lang) -> None:
    of = book(ledger, registry)
    made = pdf(of, lang)
    assert made.startswith(b"%PDF")
    assert made == pdf(of, lang)
    assert len(pages(of, lang, dpi=30)) >= 2


def test_only_an_open_month_is_a_draft(ledger: Path, registry: Registry) -> None:
    closed, running = book(ledger, registry), book(ledger, registry, SECOND)
    assert not content(closed, Lang.ZH)["draft"]
    assert content(running, Lang.ZH)["draft"] == "草稿 未封账"
    assert [v.agrees for v in closed.versions] == [True]
    assert closed.report.head in content(closed, Lang.EN)["foot"]["head"]


def test_the_ledger_alone_is_enough(ledger: Path) -> None:
    of = book(ledger, None)
    assert of.title == "大郭镇"
    assert of.bills is None
    assert pdf(of).startswith(b"%PDF")


def test_a_contractor_sees_its_own_devices_and_nobody_elses(ledger: Path, registry: Registry) -> None:
    of = book(ledger, registry, scope=Scope(contractor_id="k2"))
    assert {d.contractor_id for d in of.devices} == {"k2"}
    assert {i.device_id for i in of.intervals} <= {d.id for d in of.devices}
    assert of.bills is not None
    assert [b.contractor_id for b in of.bills] == ["k2"]
    assert of.bills[0].fen == next(b.fen for b in book(ledger, registry).bills or () if b.contractor_id == "k2")


def test_an_amendment_shows_old_and_new(ledger: Path, registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "amended.ledger"
    shutil.copy(ledger, path)
    without = replace(registry, windows=())
    with Ledger.open(path, boot=Boot(boot_id="b3", version="t"), clock=SimulatedClock(wall_ms=TICK_MS)) as own:
        own.append(Batch(config=snapshot_of(without), at_ms=TICK_MS)).result(10)
        own.amend(FIRST, by="王主任", why="依据不足").result(10)
    of = book(path, registry)
    assert of.report.state is MonthState.AMENDED
    assert [v.agrees for v in of.versions] == [True, True]
    changed = rows(of, "changes")
    assert any("v01" in row["row"] for row in changed.values())
    first, second = (document(book(path, registry, version_seq=v.seq), Lang.ZH) for v in of.versions)
    found = compared(json.loads(json.dumps(first)), json.loads(json.dumps(second)), Lang.ZH)
    assert {d.row for d in found if d.table == "sites"} == {"town", "v01"}
    assert any(d.table == "excluded" and d.new == "（无此行）" for d in found)
    assert compared(first, first, Lang.ZH) == []


def test_a_version_of_another_month_is_not_there(ledger: Path, registry: Registry) -> None:
    with pytest.raises(LookupError):
        book(ledger, registry, version_seq=1)


def test_documents_of_different_months_are_not_compared(ledger: Path, registry: Registry) -> None:
    old, new = (json.loads(text(book(ledger, registry, m))) for m in (FIRST, SECOND))
    with pytest.raises(ValueError, match=FIRST):
        compared(old, new, Lang.ZH)


ENUMS: tuple[type[StrEnum], ...] = (
    Promise, MonthState, Rule, WindowKind, Cause, DeviceKind, SiteKind, Status, OrderKind, OrderState, Overdue, Ground,
)  # fmt: skip


def test_every_value_has_words_in_both_languages() -> None:
    assert all(all(words(value)) for enum in ENUMS for value in enum)
    assert words(MonthState.CLOSED) != words(OrderState.CLOSED)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


@pytest.mark.parametrize("lang", list(Lang))
def test_every_character_has_a_glyph_in_the_shipped_font(ledger: Path, registry: Registry, lang: Lang) -> None:
    (file,) = FONTS.glob("*.ttc")
    with TTCollection(file, lazy=True) as fonts:
        glyphs = set(fonts.fonts[0].getBestCmap())
    texts = [*_strings(content(book(ledger, registry), lang)), *(w for e in ENUMS for v in e for w in words(v))]
    assert {c for one in texts for c in one if ord(c) > 0x20} - {chr(g) for g in glyphs} == set()


def test_days_follow_each_other(ledger: Path, registry: Registry) -> None:
    days = [row["day"] for row in rows(book(ledger, registry), "days").values()]
    assert all((b - a).days == 1 for a, b in pairwise(days))


@pytest.mark.parametrize("promise", list(Promise))
def test_the_cover_answers_in_words(ledger: Path, registry: Registry, promise: Promise) -> None:
    of = book(ledger, registry)
    total = replace(of.report.total, net=replace(of.report.total.net, verdict=promise))
    zh, en = next(cover_told(replace(of, report=replace(of.report, total=total))))
    said = {Promise.MET: "做到了", Promise.MISSED: "没有做到", Promise.UNDETERMINED: "无法判定"}[promise]
    assert said in zh
    assert en.startswith("95% online was promised")
    told = [one for one, _ in cover_told(of)]
    assert f"{money(sum(bill.fen for bill in of.bills or ()))} 元" in told[-1]


def test_every_contractor_with_a_device_signs(ledger: Path, registry: Registry) -> None:
    parties = content(book(ledger, registry), Lang.ZH)["sign"]["parties"]
    assert parties == ["甲方", "平安运维公司", "惠民网络公司"]
    assert content(book(ledger, None), Lang.ZH)["sign"]["parties"] == ["甲方", "乙方"]
