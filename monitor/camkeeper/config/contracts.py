"""`contractors[].service`: a contract of its own."""

from __future__ import annotations

from camkeeper.config import scalars as s
from camkeeper.config.entry import Entry


class ServiceTermsEntry(Entry):
    """What one contract says otherwise than `policy.service`."""

    preset: s.Preset | None = None
    stable_s: s.Cadence | None = None
    restore_within_s: s.Cadence | None = None
    relapse_days: s.Days | None = None
    auto_close: s.Flag | None = None
