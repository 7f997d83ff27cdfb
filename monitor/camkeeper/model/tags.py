"""Labels 标签 that people put on devices: plain words, few and short. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

MAX_CHARACTERS: Final = 20
MAX_TAGS: Final = 12
_BETWEEN: Final = re.compile(r"[\s,，;；、/|]+")
_INSIDE: Final = frozenset("-_.·")
_MARKS_IN_A_ROW: Final = 2
"""Tibetan and Mongolian words have marks; stacks of them write over the line above."""


class TagError(ValueError):
    """A text that is no label; both sentences are for people."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def tag_of(text: str) -> str:
    """Return a label as it is kept; TagError where it is no plain word of 1 to 20 characters.

    >>> tag_of(" ＶＩＰ "), tag_of("校门口")
    ('VIP', '校门口')
    """
    word = unicodedata.normalize("NFKC", text[: 8 * MAX_CHARACTERS]).strip()
    if not 1 <= len(word) <= MAX_CHARACTERS or len(text) > 8 * MAX_CHARACTERS:
        raise TagError(f"标签应有 1 到 {MAX_CHARACTERS} 个字", f"a label has 1 to {MAX_CHARACTERS} characters")
    if not (_is_word(word[0]) and all(_is_word(c) or c in _INSIDE or _is_mark(c) for c in word) and not _stacked(word)):
        raise TagError(
            "标签只用文字和数字，中间可有 - _ . ·，不含空格和符号",
            "a label is letters and digits, with - _ . · between them; no blanks, no signs",
        )
    return word


def tags_of(words: Iterable[str]) -> tuple[str, ...]:
    """Return labels in order, each once; TagError where one is none, or there are more than twelve."""
    found = tuple(sorted({tag_of(word) for word in words}))
    if len(found) > MAX_TAGS:
        raise TagError(f"一台设备至多 {MAX_TAGS} 个标签", f"a device has {MAX_TAGS} labels at most")
    return found


def split(cell: str) -> tuple[str, ...]:
    """Return the words of a cell: parted by blanks, commas, semicolons, 、 or a slash."""
    return tuple(word for word in _BETWEEN.split(cell) if word)


def _is_word(c: str) -> bool:
    return unicodedata.category(c)[0] in "LN"


def _is_mark(c: str) -> bool:
    return unicodedata.category(c) in {"Mn", "Mc"}


def _stacked(word: str) -> bool:
    row = 0
    for c in word:
        row = row + 1 if _is_mark(c) else 0
        if row > _MARKS_IN_A_ROW:
            return True
    return False
