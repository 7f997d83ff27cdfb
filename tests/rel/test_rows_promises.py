"""Each row of the scorecard that asks for what people are told, shown and paid by, in its quick size."""

from __future__ import annotations

import pytest
from tests.rel.rows import run

pytestmark = pytest.mark.timeout(300)  # a machine that others use, too


def _holds(name: str) -> None:
    found = run(name)
    assert found["passed"], found


@pytest.mark.slow
def test_influx() -> None:
    _holds("influx")


@pytest.mark.slow
def test_uplink() -> None:
    _holds("uplink")


@pytest.mark.slow
def test_alert() -> None:
    _holds("alert")


@pytest.mark.slow
def test_flap() -> None:
    _holds("flap")


@pytest.mark.slow
def test_lockout() -> None:
    _holds("lockout")


@pytest.mark.slow
def test_authz() -> None:
    _holds("authz")


@pytest.mark.slow
def test_sla() -> None:
    _holds("sla")


@pytest.mark.slow
def test_soak() -> None:
    _holds("soak")
