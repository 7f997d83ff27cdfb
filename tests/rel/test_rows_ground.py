"""Each row of the scorecard that breaks the monitor's own ground, in its quick size."""

from __future__ import annotations

import pytest
from tests.rel.rows import run

pytestmark = pytest.mark.timeout(300)  # a machine that others use, too


def _holds(name: str) -> None:
    found = run(name)
    assert found["passed"], found


@pytest.mark.slow
def test_kill9() -> None:
    _holds("kill9")


@pytest.mark.slow
def test_power() -> None:
    _holds("power")


@pytest.mark.slow
def test_ioerr() -> None:
    _holds("ioerr")


@pytest.mark.slow
def test_diskfull() -> None:
    _holds("diskfull")


@pytest.mark.slow
def test_bitflip() -> None:
    _holds("bitflip")


@pytest.mark.slow
def test_clock() -> None:
    _holds("clock")


@pytest.mark.slow
def test_load() -> None:
    _holds("load")


@pytest.mark.slow
def test_dead() -> None:
    _holds("dead")
