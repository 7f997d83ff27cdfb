"""The pages of threats name files and rows that exist, in both languages the same ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rel.rows import NAMES

ROOT = Path(__file__).parents[2]
PAGES = ("docs/threats.md", "docs/threats.zh-CN.md")
_PATH = re.compile(r"`((?:monitor|dashboards|tests|scripts)/[\w./-]+|pyproject\.toml)`")
_ROW = re.compile(r"(?:row|记分卡) `(\w+)`")


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_row_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    paths = _PATH.findall(text)
    assert len(paths) > 40
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert set(_ROW.findall(text)) <= set(NAMES)


def test_both_languages_name_the_same() -> None:
    zh, en = ((ROOT / page).read_text(encoding="utf-8") for page in reversed(PAGES))
    assert sorted(_PATH.findall(zh)) == sorted(_PATH.findall(en))
    assert sorted(_ROW.findall(zh)) == sorted(_ROW.findall(en))
