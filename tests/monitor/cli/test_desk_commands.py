"""Incidents and orders on the command line: read from a real ledger; steps without a monitor fail in words."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.monitor.run.test_desk import DARK, rig
from tests.monitor.run.township import OCTOBER_MS
from typer.testing import CliRunner

from camkeeper.cli import app
from camkeeper.clock import SimulatedClock
from camkeeper.run.board import address_beside


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    """A ledger in which a switch failed and nobody reacted."""
    path = tmp_path / "t.ledger"

    async def live() -> None:
        with rig(path, SimulatedClock(wall_ms=OCTOBER_MS)) as one:
            await one.round(times=2)
            await one.round(DARK, times=5)

    asyncio.run(live())
    return path


def said(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == code, done.output
    return done.output


def test_incidents_and_orders_are_read_from_the_ledger_alone(ledger: Path) -> None:
    (incident,) = json.loads(said("incidents", "--ledger", str(ledger), "--json"))
    assert incident["members"].keys() == DARK
    assert incident["work_order"] == "WO-0001"
    assert "switch sw" in said("incidents", "--ledger", str(ledger), "--all")
    (order,) = json.loads(said("workorder", "list", "--ledger", str(ledger), "--json"))
    assert order["state"] == "assigned"
    assert order["contractor"] == "weibao"
    assert set(order["devices"]) == DARK
    assert order["respond_by_ms"] < order["repair_by_ms"]
    assert "WO-0001" in said("workorder", "list", "--ledger", str(ledger))


def test_steps_want_a_running_monitor(ledger: Path) -> None:
    assert "--board" in said("ack", "I000001", "--by", "张三", "--ledger", str(ledger), code=1)
    address_beside(ledger).write_text("http://127.0.0.1:1/\n")
    assert "127.0.0.1:1" in said("workorder", "accept", "WO-0001", "--by", "张三", "--ledger", str(ledger), code=1)
    said("workorder", "accept", "931x", "--by", "张三", "--ledger", str(ledger), code=2)
    said("ack", "I000001", "--by", "张三", "--board", "file:///etc/passwd", code=2)


def test_no_ledger_is_told(tmp_path: Path) -> None:
    assert "cannot read the ledger" in said("incidents", "--ledger", str(tmp_path / "none"), code=1)
    assert "cannot read the ledger" in said("workorder", "list", "--ledger", str(tmp_path / "none"), code=1)
