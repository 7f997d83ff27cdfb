"""The ledger's own register as one list by time: what people and the monitor did. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """In which list of the ledger an entry stands."""

    CHAIN = "chain"
    WINDOWS = "windows"
    VIEWS = "views"
    ORDERS = "orders"
    INCIDENTS = "incidents"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """Where an entry stands in the register's one list: by time, then by list and number."""

    at_ms: int
    source: Source
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEntry:
    """One entry of the ledger's own register."""

    place: Place
    by: str
    """Empty: the monitor itself."""
    what: str
    """A word of the list: `boot`, `config`, `clock_step`, `close`, `amend`, `window_planned`..., `view_snapshot`..."""
    target: str
    detail: str
    head: str
    """Its hash, hexadecimal; empty where its list has none."""
