"""Faults: what is wrong in a file, where, and what to do about it, in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

Loc = tuple[str | int, ...]
"""Keys and 0-based places in lists, from the top of the file."""

_HINTS_IN_A_LONG_LIST = 40
"""Looking for the nearest of thousands of ids takes a tenth of a second: not for every one of thousands of faults."""
_LONG_LIST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault or warning. `line` counts from 1; 0 is the file as a whole. No message ever holds a secret."""

    file: str
    line: int
    path: str
    en: str
    zh: str

    def __str__(self) -> str:
        return f"{self._where}: {self.en}"

    @property
    def chinese(self) -> str:
        """The same line in Chinese."""
        return f"{self._where}：{self.zh}"

    @property
    def _where(self) -> str:
        at = f"{self.file}:{self.line}" if self.line else self.file
        return f"{at}: {self.path}" if self.path else at


class ConfigError(Exception):
    """A configuration that cannot be used. `faults` has every one of them, by line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def dotted(loc: Loc) -> str:
    """Return `devices.1.mount.height_m`."""
    return ".".join(str(part) for part in loc)


def shown(value: object) -> str:
    """Return a value as a message may show it: short, and never what could hold a password.

    >>> shown("http://admin:secret@10.1.2.3/"), shown("x" * 80), shown(None), shown({})
    ('***', "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'", 'nothing', 'a mapping')
    """
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    if "@" in text:  # addresses pasted with user:password@
        return "***"
    text = "".join(c if c.isprintable() else "�" for c in text)
    return f"'{text[:48]}…'" if len(text) > 48 else f"'{text}'"


def shown_zh(value: object) -> str:
    """Return the same in Chinese."""
    if value is None:
        return "空"
    if isinstance(value, dict):
        return "键值表"
    return "列表" if isinstance(value, list | tuple) else shown(value)


@dataclass(slots=True)
class Nearest:
    """Finds the nearest known word; remembers, and gives up politely in very faulty files."""

    _found: dict[tuple[str, int], str | None] = field(default_factory=dict)
    _spent: int = 0

    def of(self, word: object, known: Iterable[str]) -> str | None:
        """Return the known word nearest to `word`, or None."""
        if not isinstance(word, str):
            return None
        words = known if isinstance(known, tuple | list) else tuple(known)
        key = (word, len(words))
        if key not in self._found:
            if len(words) > _LONG_LIST:
                self._spent += 1
                if self._spent > _HINTS_IN_A_LONG_LIST:
                    return None
            near = get_close_matches(word, words, n=1, cutoff=0.6)
            self._found[key] = near[0] if near else None
        return self._found[key]
