"""Configurations on record: which one was in force, and where each device stood."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from camkeeper.ledger.chain import Kind, read_config
from camkeeper.ledger.record import LedgerDamagedError
from camkeeper.ledger.snapshot import DeviceEntry, Snapshot, from_json
from camkeeper.model.policy import DEFAULT_ACCOUNTING, AccountingPolicy

FALLBACK_ZONE = "Asia/Shanghai"
"""Of a ledger without any configuration on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigAt:
    """A configuration and its place in the chain."""

    seq: int
    at_ms: int
    config: Snapshot


def newest_first(db: sqlite3.Connection) -> Iterator[ConfigAt]:
    """Yield the configurations on record, newest first, reading each only when it is asked for."""
    rows = db.execute(
        "SELECT seq, at_ms FROM chain WHERE kind = ? AND kind <> 4 ORDER BY seq DESC", (int(Kind.CONFIG),)
    ).fetchall()
    for seq, at_ms in rows:
        yield ConfigAt(seq=seq, at_ms=at_ms, config=config_of(db, seq))


def config_of(db: sqlite3.Connection, seq: int) -> Snapshot:
    """Return the configuration of record `seq`; KeyError where that is none."""
    row = db.execute("SELECT body FROM chain WHERE seq = ? AND kind = ?", (seq, int(Kind.CONFIG))).fetchone()
    if row is None:
        raise KeyError(f"record {seq} is no configuration")
    return _read(row[0])


@lru_cache(maxsize=4)
def _read(body: bytes) -> Snapshot:
    """Read a snapshot: a county's takes 40 ms, and one report asks for it several times."""
    try:
        return from_json(read_config(body))
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerDamagedError(f"配置记录读不出 / a configuration on record cannot be read: {error}") from error


def config_at(db: sqlite3.Connection, at_ms: int | None) -> ConfigAt | None:
    """Return the newest configuration taken into force at or before `at_ms` (None: the newest of all)."""
    return next((c for c in newest_first(db) if at_ms is None or c.at_ms <= at_ms), None)


def entries_of(db: sqlite3.Connection, device_ids: Iterable[str]) -> dict[str, tuple[DeviceEntry, str]]:
    """Return each device's (entry, zone) in the newest configuration that has it; retired ones are in older ones."""
    missing, out = set(device_ids), {}
    if missing:
        for found in newest_first(db):
            for device_id in missing & found.config.device_by_id.keys():
                out[device_id] = (found.config.device_by_id[device_id], found.config.zone_of(device_id))
            missing -= out.keys()
            if not missing:
                break
    return out


def zone_of(config: Snapshot | None) -> str:
    """Return the zone of the ledger as a whole: that of the first site with none above it, wherever it is listed."""
    sites = () if config is None else config.sites
    return next((site.timezone for site in sites if site.parent_id is None), FALLBACK_ZONE)


def deciding(config: Snapshot | None) -> AccountingPolicy:
    """Return the accounting policy that decides: the first one."""
    return config.policies[0] if config is not None and config.policies else DEFAULT_ACCOUNTING[0]


def patrol_at(config: Snapshot | None) -> str:
    """Return the local time of the daily look: of the first policy that looks, else the default."""
    policies = config.policies if config is not None and config.policies else DEFAULT_ACCOUNTING
    looking = [p for p in policies if p.rule == "patrol_daily"]
    return looking[0].patrol_at if looking else policies[0].patrol_at
