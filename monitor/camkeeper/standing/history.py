"""Years of one device or one site, for showing: each figure with where it comes from. Frozen values.

The ledger is the record, and every month that it has any time of comes from it alone. What the mirror has from before
the ledger began stands beside, marked, and settles nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.figures import Figure
from camkeeper.model.mirror import BeatDay

MONTHS_A_PAGE = 12


class Source(StrEnum):
    """Where a figure comes from."""

    LEDGER = "ledger"
    MIRROR = "mirror"


class Trouble(StrEnum):
    """Why nothing, or not all, was read from the mirror."""

    NONE = "none"
    NOT_CONFIGURED = "not_configured"
    AWAY = "away"
    REFUSED = "refused"
    SLOW = "slow"
    BUSY = "busy"
    """Others are being read; it was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryAsk:
    """Of what: a device, or a site with all below it; exactly one of them."""

    device_id: str = ""
    site_id: str = ""
    before: str = ""
    """Months before this one; empty: up to the newest."""
    month: str = ""
    """The month shown in days; empty: the newest of those shown."""

    def __post_init__(self) -> None:
        if bool(self.device_id) == bool(self.site_id):
            raise ValueError("a device or a site")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryMonth:
    """One local calendar month."""

    month: str
    buckets: Buckets
    days: int
    """On which it was in service."""
    source: Source
    policy: str
    """`name/version` of the rule by which windows were left out; several, by commas, where it changed within."""
    figure: Figure | None = None
    """Of the ledger's, by the rule that decides; the mirror's settle nothing and have none."""
    agrees: bool | None = None
    """Of the ledger's: whether the mirror says the same of the days that both have; None: not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryDay:
    """One local day."""

    day: date
    buckets: Buckets
    source: Source
    beats: BeatDay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was found, newest first."""

    ask: HistoryAsk
    months: tuple[HistoryMonth, ...]
    month: str
    """Shown in days; empty: there is none."""
    days: tuple[HistoryDay, ...]
    """Of that month, oldest first."""
    older: str
    """Ask `before` this month for more; empty: there is no more."""
    trouble: Trouble
    detail: str = ""
    """In the server's words."""
    url: str = ""
    """Of the mirror's server; empty: none is configured."""
