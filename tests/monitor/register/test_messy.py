"""Messy registers: every planted fault found, none in clean rows; what is applied is undone byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.register.messy import FAULTS, Messy, config, messy

from camcover.datum import Datum
from camkeeper.clock import SystemClock
from camkeeper.config import load
from camkeeper.register.book import Wishes, apply, draft
from camkeeper.register.finding import Weight, What
from camkeeper.register.store import Store, StoreRefused

_TOLD = {Weight.ERROR, Weight.DOUBT}


def _town(folder: Path, devices: int = 0) -> Path:
    path = folder / "cameras.yaml"
    path.write_text(config(devices), encoding="utf-8")
    return path


def _found(path: Path, file: Messy) -> set[tuple[int, What]]:
    made = draft(path, file.data, file.name, Wishes())
    return {(f.row or 0, f.what) for f in made.plan.findings if f.weight in _TOLD or f.what is What.REPEATED_ROW}


@pytest.mark.parametrize("layout", ["xlsx", "csv-gb", "csv-tab"])
def test_every_planted_fault_is_found_and_no_other(tmp_path: Path, layout: str) -> None:
    file = messy(1000, layout=layout, faults=90)
    assert {what for _, what in file.planted} >= {what for _, what in FAULTS} | {What.REPEATED_ROW, What.DUPLICATE}
    assert _found(_town(tmp_path), file) == file.planted


def test_five_thousand_rows(tmp_path: Path) -> None:
    file = messy(5000, layout="xlsx", faults=150, seed=3)
    assert _found(_town(tmp_path), file) == file.planted


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
def test_a_shifted_batch_is_recognised_and_read_right_when_told(tmp_path: Path, datum: Datum) -> None:
    path, file = _town(tmp_path, 300), messy(300, layout="xlsx", faults=0, shift=datum)
    told = [f for f in draft(path, file.data, file.name, Wishes()).plan.findings if f.weight is Weight.DOUBT]
    assert [f.what for f in told] == [What.DATUM_SUSPECTED]
    assert f"--datum {datum}" in told[0].en
    right = draft(path, file.data, file.name, Wishes(datum=datum)).plan
    assert not [f for f in right.findings if f.weight in _TOLD]
    assert not any(key.startswith("mount.") for c in right.changed for key, _, _ in c.fields)


def test_apply_and_undo_byte_for_byte(tmp_path: Path) -> None:
    path, clock = _town(tmp_path, 100), SystemClock()
    untouched = path.read_bytes()
    first, second = messy(200, layout="csv-gb", faults=0), messy(160, layout="xlsx", faults=0)
    apply(path, draft(path, first.data, first.name, Wishes()), by="甲", clock=clock)
    assert path.read_bytes() == untouched + b"registers: [register.yaml]\n"
    assert len(load(path).devices) == 200
    register = (tmp_path / "register.yaml").read_bytes()
    again = draft(path, first.data, first.name, Wishes())
    assert again.refused is not None
    assert len(again.plan.unchanged) == 200
    apply(path, draft(path, second.data, second.name, Wishes(complete=True)), by="乙", clock=clock)
    assert len(load(path).devices) == 160
    store = Store(path)
    assert [(v.by, v.added, v.removed) for v in store.history()] == [("甲", 100, 0), ("乙", 0, 40)]
    store.undo(by="丙", clock=clock)
    assert (tmp_path / "register.yaml").read_bytes() == register
    store.undo(by="丙", clock=clock)
    assert path.read_bytes() == untouched
    assert not (tmp_path / "register.yaml").exists()
    with pytest.raises(StoreRefused, match="nothing to undo"):
        store.undo(by="丙", clock=clock)


def test_what_moved_meanwhile_is_refused(tmp_path: Path) -> None:
    path, file, clock = _town(tmp_path), messy(60, layout="csv-tab", faults=0), SystemClock()
    made = draft(path, file.data, file.name, Wishes())
    path.write_text(path.read_text(encoding="utf-8") + "# 改\n", encoding="utf-8")
    with pytest.raises(StoreRefused, match="changed meanwhile"):
        apply(path, made, by="甲", clock=clock)
    apply(path, draft(path, file.data, file.name, Wishes()), by="甲", clock=clock)
    with (tmp_path / "register.yaml").open("ab") as register:
        register.write(b"# edited\n")
    with pytest.raises(StoreRefused, match="changed since"):
        Store(path).undo(by="甲", clock=clock)


def test_strict_refuses_the_whole_file(tmp_path: Path) -> None:
    path, file = _town(tmp_path), messy(60, layout="csv-tab", faults=5)
    assert draft(path, file.data, file.name, Wishes(strict=True)).refused is not None
    assert draft(path, file.data, file.name, Wishes()).refused is None
