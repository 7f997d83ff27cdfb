"""What is wrong with a file or a value, in both languages, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One bad row."""

    source: str
    line: int
    """Counted from 1, as editors do; the header is a line too."""
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.zh} / {self.en}"


class WrittenWrongError(ValueError):
    """A value that cannot be read: one bad row, or one bad option."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class UnreadableError(Exception):
    """A file that cannot be read at all: nothing may be computed from it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def quoted(text: str, limit: int = 60) -> str:
    """Return a field for a message: cut to `limit`, with control and direction characters made visible."""
    return repr(text if len(text) <= limit else text[:limit] + "…")
