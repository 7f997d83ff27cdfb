"""The workbook in a real spreadsheet program: it opens without a word, cells keep their types, a name is never run."""

from __future__ import annotations

import csv
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.dashboards.report_town import FIRST, TICK_MS, registered, written

from camkeeper.report.values import Book
from camkeeper.report.words import Lang
from camkeeper.report.workbook import workbook
from camkeeper.run.monthbook import Wanted, read_book

FORMULAS = ('=HYPERLINK("http://x","1")', "+1+1", "-2+3", "@SUM(1)", "=1+1")
NO_JAVA = "Warning: failed to launch javaldx"
"""LibreOffice says so wherever there is no Java; it needs none for this."""
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,false,true,true,false,-1"
"""Commas, UTF-8, text in quotes and numbers without, formulas as formulas, all sheets: -1."""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A closed month in which devices have names that other programs would calculate."""
    made = registered(6, 24)
    named = [replace(d, name=name) for d, name in zip(made.devices, FORMULAS, strict=False)]
    registry = replace(made, devices=(*named, *made.devices[len(named) :]))
    path = tmp_path_factory.mktemp("sheet") / "a.ledger"
    written(path, registry, close=FIRST)
    return read_book(path, Wanted(month=FIRST), now_ms=TICK_MS, registry=registry)


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile of the tests' own: the user's is never touched, and a running LibreOffice is never asked."""
    return tmp_path_factory.mktemp("profile")


def converted(folder: Path, profile: Path, to: str) -> str:
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice (libreoffice-calc-nogui) is not installed")
    command = [soffice, "--headless", f"-env:UserInstallation=file://{profile}", "--convert-to", to, "m.xlsx"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=True)
    assert [line for line in done.stderr.splitlines() if line.strip() and not line.startswith(NO_JAVA)] == []
    return done.stdout


@pytest.mark.parametrize("lang", list(Lang))
def test_cells_keep_their_types_and_names_stay_text(book: Book, profile: Path, tmp_path: Path, lang: Lang) -> None:
    (tmp_path / "m.xlsx").write_bytes(workbook(book, lang))
    converted(tmp_path, profile, EVERY_SHEET)
    sheets = {path.stem.removeprefix("m-"): path.read_text(encoding="utf-8") for path in tmp_path.glob("*.csv")}
    devices = sheets[lang.pick(("10 设备", "10 Devices"))]
    listed = list(csv.reader(devices.splitlines()))
    assert {row[1] for row in listed} >= set(FORMULAS)
    one = next(line for line in devices.splitlines() if line.startswith('"cam-0000"'))
    # Text is in quotes, and a formula would not be; rates and hours are numbers in their format.
    assert one.startswith('"cam-0000","=HYPERLINK(""http://x"",""1"")",')
    net = next(d for d in book.devices if d.id == "cam-0000").net
    assert net.ratio is not None
    bp = int(net.ratio * 10_000)
    assert f",{bp // 100}.{bp % 100:02d}%," in one
    spans = sheets[lang.pick(("10 时段（非在线）", "10 Intervals (not up)"))].splitlines()
    assert len(spans) == 1 + len(book.intervals)
    first = book.intervals[0]
    assert spans[1].endswith(f",{first.span.start_ms},{first.span.end_ms}")
    assert ",2026-10-01 00:00:00," in spans[1]
    assert not any("#NAME?" in text or "Err:" in text for text in sheets.values())


def test_it_prints(book: Book, profile: Path, tmp_path: Path) -> None:
    (tmp_path / "m.xlsx").write_bytes(workbook(book))
    converted(tmp_path, profile, "pdf")
    assert (tmp_path / "m.pdf").read_bytes().startswith(b"%PDF")
