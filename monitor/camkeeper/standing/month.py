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


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBy:
    """A signature under an amendment, judged."""

    name: str
    """Of the party whose key it is; empty: of nobody that the contract names."""
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthVersion:
    """One closing or amending record of a month."""

    seq: int
    at_ms: int
    by: str
    why: str
    amends: bool
    figures: str
    """SHA-256 of the figures that it fixes, hexadecimal."""
    devices: int
    old: Mapping[str, int] | None = None
    """Of an amendment: all devices together before it, milliseconds by column. None: not told here."""
    new: Mapping[str, int] | None = None
    changed: int = 0
    """Devices whose figures differ."""
    signed: tuple[SignedBy, ...] = ()
    parties: tuple[str, ...] = ()
    """Who could sign: the contract's parties, by name."""
