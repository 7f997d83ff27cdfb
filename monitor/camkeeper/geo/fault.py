"""What is odd in a geographic file: where, which value, and what was done about it, in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing to tell. `dropped`: the feature takes no part in any figure; else it was mended, or is only a hint."""

    file: str
    where: str
    """`features[3]`, `way 123`, `layer buildings fid 7`; empty: the file as a whole."""
    id: str | None
    zh: str
    en: str
    dropped: bool = False

    def __str__(self) -> str:
        return f"{self._at}: {self.en}"

    @property
    def chinese(self) -> str:
        """The same line in Chinese."""
        return f"{self._at}：{self.zh}"

    @property
    def _at(self) -> str:
        named = "" if self.id is None else f" (id {printable(self.id)})"
        return f"{self.file}: {self.where}{named}" if self.where else self.file

    def to_json(self) -> dict[str, object]:
        """Return the fault for machines."""
        return {
            "file": self.file,
            "where": self.where,
            "id": self.id,
            "dropped": self.dropped,
            "zh": self.zh,
            "en": self.en,
        }


class UnreadableError(Exception):
    """A file of which nothing can be computed."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class BadValueError(ValueError):
    """A value or shape that cannot be used; the reader decides what becomes of its feature."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def printable(text: str, limit: int = 60) -> str:
    r"""Return text for a message: short, without control or direction characters.

    >>> printable("a\x1b[2Jb"), printable("x" * 80)
    ('a�[2Jb', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…')
    """
    clean = "".join(c if c.isprintable() else "�" for c in text[: limit + 1])
    return clean if len(clean) <= limit else clean[:limit] + "…"


def shown(value: object) -> str:
    """Return any value for a message; what is nested is only named.

    >>> shown("tall"), shown(None), shown({"a": 1}), shown([1]), shown(True), shown(0.5)
    ("'tall'", 'null', '{…}', '[…]', 'true', '0.5')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list | tuple):
        return "[…]"
    if isinstance(value, int) and abs(value) >= 10**20:
        return "一个极大的整数 / a huge integer"
    return repr(printable(value)) if isinstance(value, str) else printable(str(value))
