"""One month by the commands as people run them: JSON, workbook and PDF say what `camkeeper sla --json` says."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from tests.dashboards.report_town import TICK_MS
from tests.monitor.report.county import MONTH, configuration, write_ledger

from camkeeper.availability.daily import added
from camkeeper.clock import SimulatedClock
from camkeeper.config import load
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader, snapshot_of
from camkeeper.model.registry import Registry
from camkeeper.model.span import clipped, merged
from camkeeper.report.content import content
from camkeeper.report.deduct import Ground
from camkeeper.report.plain import document, text
from camkeeper.report.values import Book
from camkeeper.report.words import Lang
from camkeeper.report.workbook import workbook
from camkeeper.run.monthbook import Wanted, read_book

VILLAGES, CAMERAS = 5, 30
BUCKETS = ("up", "down", "unknown", "excluded", "absent", "degraded")
ROW = re.compile(r"^\s*(\S.*?)\s{2,}(\d+)\s+((?:[\d.]+%\s+){7})\S")
"""A site on paper: name, cameras, target, rate, lower, upper, known, good, gross, and the verdict's shape."""

Json = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the configuration and the ledger of a small county."""
    made = tmp_path_factory.mktemp("county")
    (made / "c.yaml").write_text(configuration(VILLAGES, CAMERAS), encoding="utf-8")
    write_ledger(made / "c.ledger", load(made / "c.yaml"))
    return made


@pytest.fixture(scope="module")
def told(folder: Path) -> Json:
    """What `camkeeper sla --json` says."""
    read: Json = json.loads(camkeeper(folder, "sla", "--json", "--month", MONTH))
    return read


def camkeeper(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "camkeeper", *options, "--ledger", "c.ledger"]
    if options[0] == "report":
        command += ["--config", "c.yaml", "--month", MONTH]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=True).stdout


def rows(of: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    table = next(t for part in of["parts"] for t in part["tables"] if t["key"] == key)
    return [dict(zip((c["key"] for c in table["columns"]), row, strict=True)) for row in table["rows"]]


def figures(told: Json, site: Json) -> list[str]:
    """A site's figures as they are printed, in the order of the report's columns."""
    net, gross = (site["figures"][told["deciding_policy"]][kind]["percent"] for kind in ("net", "gross"))
    shown = [net[key] for key in ("ratio", "lower", "upper", "completeness", "good")] + [gross["ratio"]]
    return [f"{site['target_bp'] // 100}.{site['target_bp'] % 100:02d}%", *(f"{one}%" for one in shown)]


def book_of(folder: Path) -> tuple[Book, Registry]:
    registry = load(folder / "c.yaml")
    return read_book(folder / "c.ledger", Wanted(month=MONTH), now_ms=TICK_MS, registry=registry), registry


def test_json(folder: Path, told: Json) -> None:
    read = json.loads(camkeeper(folder, "report", "--format", "json", "--no-coverage", "--out", "-"))
    found = {row["id"]: row for row in rows(read, "sites")}
    assert found.keys() == {site["id"] for site in told["sites"]}
    for site in told["sites"]:
        net, row = site["figures"][told["deciding_policy"]]["net"], found[site["id"]]
        assert {key: row[key] for key in BUCKETS} == {key: net["time"][f"{key}_ms"] for key in BUCKETS}
        assert row["verdict"] == net["verdict"]
        cells = [row[key] for key in ("target", "rate", "lower", "upper", "known", "good", "gross")]
        if row["cameras"]:
            assert [f"{bp // 100}.{bp % 100:02d}%" for bp in cells] == figures(told, site)
    # Every device: its own row adds up to its village's, to the millisecond.
    devices = rows(read, "devices")
    assert len(devices) == CAMERAS
    for site in told["sites"]:
        own = [row for row in devices if row["site"] == site["name"]]
        if own:
            time = site["figures"][told["deciding_policy"]]["net"]["time"]
            assert {k: sum(row[k] for row in own) for k in BUCKETS} == {k: time[f"{k}_ms"] for k in BUCKETS}


def test_an_english_report_calls_places_by_their_english_names(folder: Path, tmp_path: Path) -> None:
    source = (folder / "c.yaml").read_text(encoding="utf-8")
    named = source.replace("name: 东丰县, kind: county", "name: 东丰县, name_en: Dongfeng County, kind: county")
    named = named.replace("name: 永合第1村, kind", "name: 永合第1村, name_en: Yonghe First, kind")
    assert named.count("name_en") == 2
    (tmp_path / "c.yaml").write_text(named, encoding="utf-8")
    wanted = Wanted(month=MONTH)
    book = read_book(folder / "c.ledger", wanted, now_ms=TICK_MS, registry=load(tmp_path / "c.yaml"))
    zh, en = (json.loads(text(book, lang)) for lang in Lang)
    assert (zh["title"], en["title"]) == ("东丰县", "Dongfeng County")
    for key, chinese, english in (("sites", "name", "name"), ("devices", "site", "site")):
        pairs = list(zip(rows(zh, key), rows(en, key), strict=True))
        for old, new in pairs:
            renamed = {"永合第1村": "Yonghe First", "东丰县": "Dongfeng County"}
            assert new[english] == renamed.get(old[chinese], old[chinese])
            assert {k: v for k, v in new.items() if k != english} == {k: v for k, v in old.items() if k != chinese}
        assert any(new[english] == "Yonghe First" for _, new in pairs)
    said = json.dumps(content(book, Lang.EN)["cover"], ensure_ascii=False)
    assert "Dongfeng County · Monthly availability report" in said
    assert "永合第1村" not in said
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(workbook(book, Lang.EN)))
    by_site = sheets.get_sheet_by_name(next(n for n in sheets.sheet_names if "By site" in n))
    cells = [cell for row in by_site.to_python() for cell in row]
    assert "Yonghe First" in cells
    assert "永合第1村" not in cells


def test_each_device_by_another_way(folder: Path) -> None:
    """The report reads a device's month in one piece; its days, one by one, are the same to the millisecond."""
    book, _ = book_of(folder)
    with LedgerReader(folder / "c.ledger") as reader:
        config = reader.config_for(MONTH)
        assert config is not None
        for device in book.devices:
            tallies = reader.day_tallies(
                book.report.period, (device.id,), tz="Asia/Shanghai", policy=config.policies[0], config=config
            )
            whole = sum((t.buckets for t in tallies[1:]), tallies[0].buckets)
            assert whole == device.net
    assert added(book.report.total.days) == book.report.total.days


def test_workbook(folder: Path, told: Json) -> None:
    camkeeper(folder, "report", "--format", "xlsx", "--no-coverage", "--out", "m.xlsx")
    workbook = CalamineWorkbook.from_path(folder / "m.xlsx")
    sheet = workbook.get_sheet_by_name(next(n for n in workbook.sheet_names if "各地点" in n)).to_python()
    found: dict[Any, dict[Any, Any]] = {row[0]: dict(zip(sheet[0], row, strict=True)) for row in sheet[1:]}
    for site in told["sites"]:
        row, time = found[site["id"]], site["figures"][told["deciding_policy"]]["net"]["time"]
        hours = ("在线 h", "离线 h", "未知 h", "剔除 h", "未在网 h", "异常 h")
        assert [round(row[head] * 3_600_000) for head in hours] == [time[f"{key}_ms"] for key in BUCKETS]
        heads = ("目标", "在线率", "下限", "上限", "完整度", "完好率", "不剔除")
        if row["摄像机"]:
            cells = [round(row[head] * 10_000) for head in heads]
            assert [f"{bp // 100}.{bp % 100:02d}%" for bp in cells] == figures(told, site)


def test_text_of_the_pdf(folder: Path, told: Json) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    camkeeper(folder, "report", "--no-coverage", "--out", "m.pdf")
    command = ["pdftotext", "-layout", "m.pdf", "-"]
    text = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True).stdout
    lines = [match for line in text.splitlines() if (match := ROW.match(line))]
    # Between Chinese letters and digits the page has a narrow space that is not in the name.
    printed = {match[1].replace(" ", ""): (int(match[2]), match[3].split()[:7]) for match in lines}
    for site in told["sites"]:
        cameras, cells = printed.get(site["name"], (0, []))
        assert cells == (figures(told, site) if cameras else [])
    assert sum(name.endswith("村") for name in printed) == VILLAGES
    assert "承诺在线率95%" in text.replace(" ", "")
    assert re.search(r"第1页/共\d+页", text.replace(" ", ""))


def test_amounts_are_their_intervals_less_the_agreed_spans(folder: Path) -> None:
    """Of every amount by a rate: the intervals it names, the agreed spans taken off, are its time down, exactly."""
    book, registry = book_of(folder)
    assert book.bills is not None
    site_of = {d.id: d.site_id for d in book.devices}
    windows = {
        site: [w.span for w in registry.windows if w.site_ids and site in w.site_ids] for site in site_of.values()
    }
    length = {
        i.number: i.span.length_ms - sum(s.length_ms for s in merged(clipped(windows[site_of[i.device_id]], i.span)))
        for i in book.intervals
    }
    seen = set()
    for bill in book.bills:
        for amount in bill.amounts:
            if amount.ground in {Ground.TOTAL, Ground.VILLAGE, Ground.DEVICE}:
                seen.add(amount.ground)
                assert sum(length[n] for n in amount.trace) == amount.down_ms
                assert len(set(amount.trace)) == len(amount.trace)
    assert seen >= {Ground.VILLAGE, Ground.DEVICE}


def test_a_late_amendment_is_compared(folder: Path, tmp_path: Path) -> None:
    """An agreed span is withdrawn after closing: the command names each changed figure, with its old and its new."""
    shutil.copy(folder / "c.ledger", tmp_path / "c.ledger")
    shutil.copy(folder / "c.yaml", tmp_path / "c.yaml")
    registry = load(tmp_path / "c.yaml")
    late = replace(registry, windows=tuple(w for w in registry.windows if w.id != "w3"))
    boot = Boot(boot_id="late", version="test")
    with Ledger.open(tmp_path / "c.ledger", boot=boot, clock=SimulatedClock(wall_ms=TICK_MS)) as ledger:
        ledger.append(Batch(config=snapshot_of(late), at_ms=TICK_MS)).result(10)
        ledger.amend(MONTH, by="王主任", why="依据不足").result(10)
    of = read_book(tmp_path / "c.ledger", Wanted(month=MONTH), now_ms=TICK_MS, registry=registry)
    first, second = (str(v.seq) for v in of.versions)
    found = json.loads(camkeeper(tmp_path, "report", "--compare", first, second, "--format", "json"))
    sites = [d for d in found if d["table"] == "sites"]
    assert {d["row"] for d in sites} == {"county", "t03", "v003"}  # the village, its town, its county; nobody else
    olds, news = ({row["id"]: row for row in rows(version(tmp_path, seq), "sites")} for seq in (first, second))
    changed = {(site, key) for site in olds for key in olds[site] if olds[site][key] != news[site][key]}
    assert len(sites) == len(changed)
    assert all(d["old"] != d["new"] for d in found)
    excluded = next(d for d in sites if d["row"] == "v003" and d["field"][0] == "剔除 h")
    assert (float(excluded["old"]), float(excluded["new"])) == (6.5 * CAMERAS / VILLAGES, 0.0)
    assert any(d["table"] == "excluded" and d["new"] == "（无此行）" for d in found)


def version(folder: Path, seq: str) -> Json:
    """Return the month as that record fixed it."""
    wanted = Wanted(month=MONTH, version_seq=int(seq))
    made = read_book(folder / "c.ledger", wanted, now_ms=TICK_MS, registry=load(folder / "c.yaml"))
    return document(made, Lang.ZH)
