"""What one check found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How it is. Everything but `ok` and `unknown` is a finding: exit code 1."""

    OK = "ok"
    UNKNOWN = "unknown"  # cannot be looked at from here; nobody is blamed for that
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check. `zh` and `en` say what is; the remedies are empty where nothing is to be done."""

    check: str
    level: Level
    zh: str
    en: str
    remedy_zh: str = ""
    remedy_en: str = ""
    figures: Mapping[str, int | float | str | None] = field(default_factory=dict)


def fine(check: str, zh: str, en: str, **figures: float | str | None) -> Finding:
    """Return a check that found nothing wrong."""
    return Finding(check=check, level=Level.OK, zh=zh, en=en, figures=figures)


def unknown(check: str, zh: str, en: str) -> Finding:
    """Return a check that could not look."""
    return Finding(check=check, level=Level.UNKNOWN, zh=zh, en=en)
