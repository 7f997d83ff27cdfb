"""Each scenario as written; the same with the monitor started anew before every statement; the same by other ticks."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.incident.scenario import check, read, run

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_scenario(path: Path) -> None:
    scenario = read(path)
    check(scenario, run(scenario))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_restart_before_every_statement_changes_nothing(path: Path) -> None:
    straight, broken = read(path), read(path)
    assert run(broken, restart_always=True) == run(straight)
    assert broken.restarts >= len(broken.steps)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_how_often_it_ticks_changes_nothing(path: Path) -> None:
    often, seldom = read(path), read(path)
    assert run(often, tick_ms=1000) == run(seldom, tick_ms=60_000)


def test_every_scenario_is_there() -> None:
    names = {path.stem for path in FILES}
    assert names >= {
        "pole",
        "switch",
        "operator-line",
        "village",
        "two-causes",
        "partial-recovery",
        "flapping",
        "child-before-parent",
        "parent-in-maintenance",
        "uplink",
        "restart",
        "wrong-password",
        "picture-covered",
        "picture-platform",
    }
