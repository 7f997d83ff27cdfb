"""A county that is taken down after each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.peers.county import County


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    it = County(tmp_path)
    try:
        yield it
    finally:
        it.stop()
