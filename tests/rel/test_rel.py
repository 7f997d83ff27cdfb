"""The harness itself: a run that broke nothing proves nothing, and the page is what the results say."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from rel.__main__ import FINDINGS, STORED, keep, stored
from rel.drive import drive
from rel.result import read
from rel.row import Check, Outcome, Row, Setting, at_least, at_most, equal
from rel.rows import NAMES, row
from rel.table import page

CHECKS = st.lists(st.builds(Check, name=st.text(), value=st.integers(), bar=st.text(), held=st.booleans()))


@given(CHECKS, st.dictionaries(st.text(), st.integers(min_value=0, max_value=3)))
def test_passed_only_where_all_held_and_each_fault_happened(checks: list[Check], injected: dict[str, int]) -> None:
    outcome = Outcome(checks=tuple(checks), injected=injected)
    proved = bool(checks) and bool(injected)
    assert outcome.passed == (proved and all(c.held for c in checks) and min(injected.values(), default=0) > 0)


def test_bars() -> None:
    assert at_most("x", 3, 3).held
    assert not at_most("x", 4, 3).held
    assert at_least("x", 3, 3).held
    assert not at_least("x", 2, 3).held
    assert equal("x", "a", "a").held


def _made(run: object) -> Row:
    return Row(name="sla", does_zh="", does_en="", mark_zh="", mark_en="", run=run)  # type: ignore[arg-type]


async def _breaks(_: Setting) -> Outcome:
    raise OSError("the disk is gone")


def test_a_run_that_breaks_off_has_failed_and_leaves_nothing() -> None:
    folders: list[Path] = []

    async def run(setting: Setting) -> Outcome:
        folders.append(setting.folder)
        (setting.folder / "x").write_text("x")
        return await _breaks(setting)

    result = drive(_made(run), quick=True, seed=1, tell=lambda _zh, _en: None)
    assert not result.passed
    assert "the disk is gone" in result.error
    assert not folders[0].exists()
    assert read(json.loads(json.dumps(result.plain()))) == result


def test_results_are_kept_in_the_scorecards_order(tmp_path: Path) -> None:
    result = drive(_made(_breaks), quick=True, seed=1, tell=lambda _zh, _en: None)
    path = tmp_path / "r.json"
    keep(path, {"sla": result})
    assert stored(path) == {"sla": result}


def test_the_page_is_what_the_results_say() -> None:
    findings = FINDINGS.read_text(encoding="utf-8") if FINDINGS.exists() else ""
    made = page((row(name) for name in NAMES), stored(STORED), findings)
    assert (Path(__file__).parents[2] / "docs" / "reliability.md").read_text(encoding="utf-8") == made
