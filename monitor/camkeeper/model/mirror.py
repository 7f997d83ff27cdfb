"""Where the series go that everyone queries: the settings of the mirror, and how it is doing. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Dialect(StrEnum):
    """What the server speaks."""

    V2 = "v2"  # POST /api/v2/write, InfluxQL on GET /query: InfluxDB 1.8+, 2.x
    V3 = "v3"  # the same, read in pieces of two days: InfluxDB 3 Core refuses queries over 72 hours of files
    V1 = "v1"  # POST /write, InfluxQL on GET /query: InfluxDB before 1.8
    VICTORIA = "victoriametrics"  # POST /api/v2/write; reading by /api/v1/export, because its /query is a stand-in


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxSetting:
    """One server, as configured. `bucket` and `fine` are buckets, or `database/retention policy` of a 1.x server."""

    url: str
    bucket: str
    """Status changes, days, coverage: for years."""
    fine: str = ""
    """Hours of devices and heartbeats: short-lived. Empty: the same bucket as the rest."""
    org: str = ""
    token_ref: str = ""
    """`env:NAME` or `file:PATH`; of a 1.x server `user:password` lies there. Empty: it asks for nothing."""
    dialect: Dialect = Dialect.V2
    fine_days: int = 90
    """Hours older than this are not written: the retention of `fine` is at least as long."""
    timeout_s: float = 10.0
    batch_lines: int = 5_000

    @property
    def fine_bucket(self) -> str:
        """Where hours of devices and heartbeats go."""
        return self.fine or self.bucket

    @property
    def identity(self) -> str:
        """What makes it another target, which starts empty."""
        return f"{self.url}\n{self.org}\n{self.bucket}\n{self.fine_bucket}\n{self.dialect}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """How much of the ledger is not in the mirror yet. Everything zero: it has caught up."""

    records: int = 0
    """Records of the chain not read yet."""
    hours: int = 0
    """Finished hours not written yet."""
    since_ms: int | None = None
    """The oldest instant that is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorStanding:
    """The mirror now."""

    url: str
    behind: Behind
    written: int = 0
    """Lines that the server took since the start."""
    last_ok_ms: int | None = None
    error: str = ""
    """What went wrong last, in the server's words; empty once writing works again."""
    rejected: int = 0
    """Lines that the server refused for good; they lie in the file `LEDGER.mirror.rejected`."""
    heartbeats_lost: int = 0
    """Heartbeats that were overtaken while the server was away: they are best effort."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatDay:
    """What probes of a device found on one local day, from the mirror alone: best effort. None: not measured."""

    day: date
    probes: int
    p50_ms: float | None
    """Median of the lowest rung."""
    p95_ms: float | None
    clock_offset_s: float | None
    """The newest of the day."""
    sharpness: float | None
    """Median, against the camera's own baseline; negative is softer."""
