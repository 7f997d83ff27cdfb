"""What an amendment would change: the closed month as it stands, and as the windows of today make it.

Both parties sign over the digests of both, so that what is signed is exactly what the record then says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from camkeeper.availability.buckets import Buckets
from camkeeper.ledger.closing import (
    Closed,
    closed_months,
    closing_config,
    figures_digest,
    month_buckets,
    windows_digest,
)
from camkeeper.ledger.configs import config_at
from camkeeper.ledger.excerpt import identity_of

COLUMNS = ("up_ms", "down_ms", "unknown_ms", "excluded_ms", "absent_ms", "degraded_ms")
KIND = "camkeeper amendment 1"
"""What a signature under an amendment begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """An amendment before it is made."""

    closed: Closed
    figures: str
    """Digest of the figures as they would be, hexadecimal."""
    windows: str
    ledger: str
    """The ledger's id, hexadecimal."""
    old: Mapping[str, int]
    """All devices together, milliseconds."""
    new: Mapping[str, int]
    changed: tuple[str, ...]
    """Ids of the devices whose figures differ."""

    @property
    def empty(self) -> bool:
        """True where nothing would change."""
        return self.figures == self.closed.figures and self.windows == self.closed.windows

    def statement(self, why: str) -> dict[str, Any]:
        """Return what the parties sign."""
        return {
            "ledger": self.ledger,
            "month": self.closed.month,
            "before": self.closed.figures,
            "figures": self.figures,
            "windows": self.windows,
            "why": why,
        }


def preview(db: sqlite3.Connection, month: str) -> Preview:
    """Return what amending a month now would change; ValueError where it is not closed."""
    closed = closed_months(db).get(month)
    if closed is None:
        raise ValueError(f"{month} is not closed")
    newest = config_at(db, None)
    config = None if newest is None else newest.config
    old = month_buckets(db, closing_config(db, closed), closed.span)
    new = month_buckets(db, config, closed.span)
    return Preview(
        closed=closed,
        figures=figures_digest(new),
        windows=windows_digest(config, closed.span),
        ledger=identity_of(db).ledger_id.hex(),
        old=totals(old.values()),
        new=totals(new.values()),
        changed=tuple(sorted(i for i in old.keys() | new.keys() if old.get(i) != new.get(i))),
    )


def totals(buckets: Iterable[Buckets]) -> dict[str, int]:
    """Return all of it added up, by the names of the columns."""
    out = dict.fromkeys(COLUMNS, 0)
    for one in buckets:
        for name in COLUMNS:
            out[name] += getattr(one, name)
    return out


def note(found: Preview, signatures: Iterable[Mapping[str, str]]) -> dict[str, object]:
    """Return what an amending record says beside the new figures: what was before, what changed, who signed."""
    return {
        "before": {"seq": found.closed.seq, "figures": found.closed.figures, "windows": found.closed.windows},
        "old": dict(found.old),
        "new": dict(found.new),
        "changed": len(found.changed),
        "signatures": [dict(s) for s in signatures],
    }
