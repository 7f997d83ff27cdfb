"""From the lens to the telephone: one message per fault, none for the weather."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.judge.story import Story

STORIES = sorted((Path(__file__).parent / "stories").glob("*.txt"))


@pytest.mark.parametrize("path", STORIES, ids=lambda p: p.stem)
def test_story(path: Path) -> None:
    Story().play(path)


def test_every_story_is_there() -> None:
    assert {path.stem for path in STORIES} >= {"cover", "platform", "fog", "turned", "night", "dirty-dome"}
