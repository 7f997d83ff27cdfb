"""The rows that feed rubbish and meet hostile devices, in their quick size."""

from __future__ import annotations

import pytest
from rel.fuzz.bombs import PICTURES, bombs
from tests.rel.rows import run

pytestmark = pytest.mark.timeout(300)  # a machine that others use, too


def test_picture_bombs_are_as_many_as_is_told() -> None:
    assert len(bombs("jpeg")) == PICTURES


@pytest.mark.slow
def test_fuzz() -> None:
    found = run("fuzz")
    assert found["passed"], found


@pytest.mark.slow
def test_hostile() -> None:
    found = run("hostile")
    assert found["passed"], found
