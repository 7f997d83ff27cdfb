"""Steps of people about a month: closing it, amending it. Frozen values between the board and `run.months`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class MonthStep(StrEnum):
    """What is done to a month."""

    CLOSE = "close"
    PREVIEW = "preview"
    """Says what an amendment would change; changes nothing."""
    AMEND = "amend"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthAct:
    """Somebody's step."""

    step: MonthStep
    month: str
    by: str
    why: str = ""
    expected: tuple[str, str] | None = None
    """Digests of (figures, windows) that were signed."""
    signatures: tuple[Mapping[str, str], ...] = ()
    """Each `public_key` and `signature`, hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthActed:
    """What became of it."""

    done: bool
    zh: str = ""
    en: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    """JSON values: the record, or what would change."""
