"""Every other fsync of a real process fails: what was tried again is on record once."""

from __future__ import annotations

from pathlib import Path

import pytest
from rel.lives import Story
from rel.rows.ioerr import writer
from tests.peers.process import program


@pytest.mark.slow
def test_a_commit_whose_sync_failed_is_not_stored_twice(tmp_path: Path) -> None:
    program("strace")
    found = writer(tmp_path / "x", Story(seed=3, devices=10, steps=60), "fsync", 2, within_s=60)
    assert found.faults == []
    assert found.injected["fdatasync"] > 5  # commits that wait for one another are one: fewer than there are steps
    assert found.came_to_its_end
    assert found.acknowledged == 60
