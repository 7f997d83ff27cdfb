"""An inspection round 巡检 as the configuration has it: where, what to look at, how often, who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A round that comes again. `camkeeper.workorder.inspection` makes it due."""

    id: str
    name: str
    site_ids: tuple[str, ...]
    """Where to go; those of the devices where devices are named."""
    device_ids: tuple[str, ...] = ()
    """What to look at; empty: everything there."""
    contractor_id: str = ""
    first: datetime
    """Local time from which the first one may be walked, naive."""
    tz: str
    rule: str
    """An RRULE's value (RFC 5545) that `camkeeper.window.rule` reads."""
    within_ms: int
    """From its start until it is to be signed."""
    items: tuple[str, ...] = ()
    """The checklist; each item is answered at the end."""
