"""Finished local days, rolled up per device, so that a month of a county is read and not computed.

A day is rolled up once it was observed to its end. Its basis (windows, devices of the zone, the look's instant) is
stored with it: a window edited later gives another basis, and the day is computed again. A transition that reaches
back into a rolled-up day drops it, in the transaction that writes the transition.
"""

from __future__ import annotations

import hashlib
import sqlite3
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from camkeeper.availability.days import day_span, days_of, patrol_ms
from camkeeper.ledger.chain import compact
from camkeeper.ledger.configs import deciding, entries_of, patrol_at, zone_of
from camkeeper.ledger.session import Session
from camkeeper.ledger.snapshot import Snapshot
from camkeeper.ledger.sums import Sum, Sums, sums
from camkeeper.model.span import Span
from camkeeper.model.status import Status

DAY_MS = 86_400_000
Row = tuple[int | None, ...]
MOST_DAYS = 8
"""Days computed in one transaction: a county's takes about a second then, and samples wait that long at most."""
_EPOCH = date(1970, 1, 1)
_INSERT = """
INSERT INTO day_rollup
(day, device, lived, excluded, up, degraded, down, look, raw_up, raw_degraded, raw_down, raw_look)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def day_number(day: date) -> int:
    """Return a local date as days since 1970-01-01."""
    return (day - _EPOCH).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One local day of one zone, as it would be rolled up now."""

    day: date
    zone: str
    span: Span
    look_ms: int
    devices: frozenset[int]
    excluded: Mapping[int, tuple[Span, ...]]
    basis: bytes

    @property
    def number(self) -> int:
        """Days since 1970-01-01."""
        return day_number(self.day)

    @property
    def look(self) -> Span:
        """The millisecond of the daily look; empty where the day does not have that instant."""
        return Span(start_ms=self.look_ms, end_ms=self.look_ms + (self.look_ms in self.span))


def zones(db: sqlite3.Connection, config: Snapshot | None) -> dict[str, frozenset[int]]:
    """Return the device numbers of each zone: by the newest configuration that has the device."""
    numbers = {device_id: device for device, device_id in db.execute("SELECT device, id FROM device")}
    found = entries_of(db, numbers)
    out: dict[str, set[int]] = {}
    for device_id, device in numbers.items():
        out.setdefault(found[device_id][1] if device_id in found else zone_of(config), set()).add(device)
    return {zone: frozenset(devices) for zone, devices in out.items()}


def days_within(db: sqlite3.Connection, config: Snapshot | None, period: Span) -> Iterator[Day]:
    """Yield every whole local day inside the period, zone by zone, with the basis that its rollup must have."""
    numbers = {device_id: device for device, device_id in db.execute("SELECT device, id FROM device")}
    policy = deciding(config)
    by_zone = zones(db, config)
    known = config.excluded(policy.excludes, period) if config is not None else {}
    windows = {numbers[device_id]: spans for device_id, spans in known.items() if device_id in numbers}
    for zone, devices in sorted(by_zone.items()):
        # Where all share a zone, a device more or less changes no row of another: the list need not be in the basis.
        listed = sorted(devices) if len(by_zone) > 1 else []
        whole = [(day, span) for day, span in days_of(period, zone) if span == day_span(day, zone)]
        parts = _by_day([span for _, span in whole], {d: spans for d, spans in windows.items() if d in devices})
        for (day, span), excluded in zip(whole, parts, strict=True):
            look_ms = patrol_ms(day, patrol_at(config), zone)
            told = [[d, [[s.start_ms, s.end_ms] for s in excluded[d]]] for d in sorted(excluded)]
            basis = hashlib.sha256(compact([span.start_ms, span.end_ms, look_ms, told, listed])).digest()
            yield Day(day=day, zone=zone, span=span, look_ms=look_ms, devices=devices, excluded=excluded, basis=basis)


def _by_day(days: Sequence[Span], windows: Mapping[int, Sequence[Span]]) -> list[dict[int, tuple[Span, ...]]]:
    """Return each device's excluded spans day by day, cut at the days' edges."""
    out: list[dict[int, tuple[Span, ...]]] = [{} for _ in days]
    ends = [day.end_ms for day in days]
    for device, spans in windows.items():
        for span in spans:
            for i in range(bisect_right(ends, span.start_ms), len(days)):
                part = span.clip(days[i])
                if part is None:
                    break
                out[i][device] = (*out[i].get(device, ()), part)
    return out


def stored(db: sqlite3.Connection) -> dict[tuple[int, str], bytes]:
    """Return the basis of every day that is rolled up."""
    return {(day, zone): basis for day, zone, basis in db.execute("SELECT day, zone, basis FROM rollup_day")}


def roll_up(session: Session, *, days: int, most: int = MOST_DAYS) -> int:
    """Compute the missing and outdated ones among the newest finished days; returns how many (day, zone) were done."""
    session.flush()
    tick_ms = session.last_tick_ms
    if tick_ms is None:
        return 0
    wanted = due(session.db, session.config, Span(start_ms=tick_ms - (days + 1) * DAY_MS, end_ms=tick_ms))[:most]
    for zone in sorted({day.zone for day in wanted}):
        store(session.db, [day for day in wanted if day.zone == zone])
    if wanted:
        (session.rolled_until_ms,) = session.db.execute("SELECT max(end_ms) FROM rollup_day").fetchone()
    return len(wanted)


def due(db: sqlite3.Connection, config: Snapshot | None, period: Span) -> list[Day]:
    """Return the days of the period that want computing, oldest first; none before the first device's life."""
    (first_ms,) = db.execute("SELECT min(t0) FROM life").fetchone()
    if first_ms is None:
        return []
    have = stored(db)
    found = [d for d in days_within(db, config, period) if have.get((d.number, d.zone)) != d.basis]
    return sorted((d for d in found if d.span.end_ms > first_ms), key=lambda d: (d.number, d.zone))


def store(db: sqlite3.Connection, days: Sequence[Day]) -> None:
    """Compute days of one zone and put them in the place of what was there."""
    for day in days:
        db.executemany(
            "DELETE FROM day_rollup WHERE day = ? AND device = ?", ((day.number, device) for device in day.devices)
        )
        db.execute(
            "INSERT OR REPLACE INTO rollup_day (day, zone, start_ms, end_ms, basis) VALUES (?, ?, ?, ?, ?)",
            (day.number, day.zone, day.span.start_ms, day.span.end_ms, day.basis),
        )
    db.executemany(_INSERT, compute(db, days))


def compute(db: sqlite3.Connection, days: Sequence[Day]) -> list[Row]:
    """Return the rows of some days of one zone (in order), from the intervals."""
    if not days:
        return []
    everybody = {device: device for device in days[0].devices}
    raw, raw_seen = _ask(db, days, everybody, {})
    touched = [day for day in days if day.excluded]
    windows: dict[int, list[Span]] = {}
    for day in touched:
        for device, parts in day.excluded.items():
            windows.setdefault(device, []).extend(parts)
    net, seen = _ask(db, touched, {device: device for device in windows}, windows)
    out: list[Row] = []
    for at, other in raw.items():
        one = net.get(at, other)
        look, raw_look = look_code(seen.get(at, raw_seen.get(at))), look_code(raw_seen.get(at))
        row = (at[1], at[0], one.lived, one.excluded, one.up, one.degraded, one.down, look)
        same = one is other or (one == other and look == raw_look)
        out.append((*row, *((None,) * 4 if same else (other.up, other.degraded, other.down, raw_look))))
    return sorted(out, key=lambda row: row[:2])


def _ask(
    db: sqlite3.Connection, days: Sequence[Day], keys: Mapping[int, int], windows: Mapping[int, Sequence[Span]]
) -> tuple[Sums, Sums]:
    """Return (milliseconds, looks) by device and day number."""
    if not days:
        return {}, {}
    number = [day.number for day in days]
    known_ms = days[-1].span.end_ms
    found, seen = (
        sums(db, keys=keys, slots=slots, known_until_ms=known_ms, excluded=windows)
        for slots in ([day.span for day in days], [day.look for day in days])
    )
    return {(d, number[i]): one for (d, i), one in found.items()}, {(d, number[i]): s for (d, i), s in seen.items()}


def look_code(found: Sum | None) -> int:
    """Return what a look of one millisecond found: Status.code, 0 where it does not count."""
    if found is None or not found.lived or found.excluded:
        return 0
    if found.degraded:
        return Status.DEGRADED.code
    if found.up:
        return Status.UP.code
    return Status.DOWN.code if found.down else Status.UNKNOWN.code
