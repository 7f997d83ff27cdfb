"""What an amendment would change: the closed month as it stands, and as the windows of today make it.

Both parties sign over the digests of both, so that what is signed is exactly what the record then says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from camkeeper.availability.buckets import Buckets
from camkeeper.ledger.chain import Kind
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
from camkeeper.ledger.months import month_of

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
    windows = windows_digest(config, closed.span)
    new = month_buckets(db, config, closed.span)
    # A configuration decides a month's figures by what it excludes, and by nothing else.
    same = windows == windows_digest(closing_config(db, closed), closed.span)
    old = new if same else month_buckets(db, closing_config(db, closed), closed.span)
    return Preview(
        closed=closed,
        figures=figures_digest(new),
        windows=windows,
        ledger=identity_of(db).ledger_id.hex(),
        old=totals(old.values()),
        new=totals(new.values()),
        changed=tuple(sorted(i for i in old.keys() | new.keys() if old.get(i) != new.get(i))),
    )


def basis_of(db: sqlite3.Connection, month: str) -> tuple[object, ...]:
    """Return what the preview of a month follows from: where it is the same, so is the preview. A few milliseconds.

    Closings, configurations and lives are records; a change that reaches back into the month splits one of its
    intervals, and each names the record that began it.
    """
    closed = closed_months(db).get(month)
    if closed is None:
        return (month, None)
    span = closed.span
    months = month_of(span.start_ms), month_of(span.end_ms)
    config = db.execute("SELECT max(seq) FROM chain WHERE kind = ? AND kind <> 4", (int(Kind.CONFIG),)).fetchone()
    lives = db.execute("SELECT count(*), count(t1), max(t0), max(t1) FROM life").fetchone()
    rows = db.execute("SELECT count(*), sum(seq), sum(t0) FROM interval WHERE month BETWEEN ? AND ?", months).fetchone()
    waiting = db.execute("SELECT count(*), sum(seq) FROM open_interval WHERE t0 < ?", (span.end_ms,)).fetchone()
    return (month, closed.seq, config, lives, rows, waiting)


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
