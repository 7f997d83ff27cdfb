"""Two languages: Chinese is written in the sources, English stands in one catalogue, read as text at start.

No compiled catalogue: a fresh clone needs no build step, and a diff shows every changed word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

from babel.messages.pofile import read_po

HERE = Path(__file__).parent
CATALOGUE = HERE / "locale" / "en" / "LC_MESSAGES" / "camboard.po"
DEFAULT = "zh"
HTML_LANG = {"zh": "zh-CN", "en": "en"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language of the board; call it with a Chinese message."""

    code: str
    messages: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def html_lang(self) -> str:
        """The value of `<html lang>`."""
        return HTML_LANG[self.code]

    def __call__(self, message: str, /, **values: object) -> str:
        """Return the message in this language with `%(name)s` filled in."""
        text = self.messages.get(message, message)
        return text % values if values else text


@cache
def languages() -> Mapping[str, Language]:
    """Return both languages by code."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="en")
    english = {str(m.id): str(m.string) for m in catalogue if m.id and m.string and not m.fuzzy}
    return MappingProxyType({"zh": Language(code="zh"), "en": Language(code="en", messages=MappingProxyType(english))})


def span_words(ms: int, say: Language) -> str:
    """Return a duration for people, cut to its two largest units: `35 分钟`, `2 小时 5 分`, `3 天 4 小时`."""
    seconds = max(0, ms) // 1000
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if minutes < 1:
        return say("%(n)d 秒", n=seconds)
    if hours < 1:
        return say("%(n)d 分钟", n=minutes)
    if days < 1:
        return say("%(h)d 小时 %(m)d 分", h=hours, m=minutes % 60)
    return say("%(d)d 天 %(h)d 小时", d=days, h=hours % 24)
