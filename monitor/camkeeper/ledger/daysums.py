"""Sums of local days for `availability.figures`: from the rollups, or from the intervals where there are none."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from camkeeper.availability.daily import DaySum, DayTally, Looks
from camkeeper.availability.days import days_of, patrol_ms
from camkeeper.ledger.configs import deciding, patrol_at
from camkeeper.ledger.rollup import day_number, days_within, look_code, stored
from camkeeper.ledger.snapshot import Snapshot
from camkeeper.ledger.sums import Key, Sum, Sums, sum_pairs, sums
from camkeeper.model.contract import WindowKind
from camkeeper.model.policy import AccountingPolicy
from camkeeper.model.span import Span
from camkeeper.model.status import Status

# Net and gross in one pass; in the order of the keys, so that nothing is sorted: 0.2 s of CPU for a county's month.
_READ = """
SELECT g.key, d.day,
    sum(r.lived), sum(r.excluded), sum(r.up), sum(r.degraded), sum(r.down),
    sum(r.look IN (1, 2)), sum(r.look = 3), sum(r.look = 4), max(r.look),
    sum(ifnull(r.raw_up, r.up)), sum(ifnull(r.raw_degraded, r.degraded)), sum(ifnull(r.raw_down, r.down)),
    sum(ifnull(r.raw_look, r.look) IN (1, 2)), sum(ifnull(r.raw_look, r.look) = 3),
    sum(ifnull(r.raw_look, r.look) = 4), max(ifnull(r.raw_look, r.look))
FROM temp.rolled d CROSS JOIN temp.grouped g CROSS JOIN day_rollup r ON r.day = d.day AND r.device = g.device
GROUP BY d.day, g.key
"""
_TEMP = (
    "CREATE TEMP TABLE IF NOT EXISTS rolled (day INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE IF NOT EXISTS grouped (key INTEGER, device INTEGER, PRIMARY KEY (key, device)) WITHOUT ROWID",
    "DELETE FROM temp.rolled",
    "DELETE FROM temp.grouped",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which days, by whose clock, under which policy, until when anything is known."""

    period: Span
    tz: str
    policy: AccountingPolicy
    config: Snapshot | None
    """Has the windows; None: nothing is excluded."""
    gross: bool
    """Count the windows like any time."""
    known_until_ms: int


@dataclass(slots=True)
class _Cell:
    sum: Sum
    looks: Looks
    look: int = 0
    """Status.code that the look found, where the key is one device; 0: does not count."""


_Cells = dict[tuple[Key, date], _Cell]
GroupSums = dict[str, tuple[DaySum, ...]]


def cells(db: sqlite3.Connection, ask: Question, keys: Mapping[int, Key], *, use_rollups: bool = True) -> _Cells:
    """Return what each key has on each local day; pairs with no time in service are left out."""
    parts = dict(days_of(ask.period, ask.tz))
    rolled = _usable(db, ask, keys, parts) if use_rollups else set()
    out = _read(db, keys, sorted(rolled))[ask.gross]
    out.update(_computed(db, ask, keys, [(day, part) for day, part in parts.items() if day not in rolled]))
    return out


def cell_pairs(db: sqlite3.Connection, ask: Question, keys: Mapping[int, Key]) -> tuple[_Cells, _Cells]:
    """Return `cells` twice, net and gross, for the price of one. Where no window touches, one cell is both."""
    parts = dict(days_of(ask.period, ask.tz))
    net_ask = replace(ask, gross=False)
    rolled = _usable(db, net_ask, keys, parts)
    net, gross = _read(db, keys, sorted(rolled))
    rest = [(day, part) for day, part in parts.items() if day not in rolled]
    slots, looks = [part for _, part in rest], _looks(net_ask, rest)
    excluded = _excluded(db, net_ask)
    found = sum_pairs(db, keys=keys, slots=slots, known_until_ms=ask.known_until_ms, excluded=excluded)
    seen = sum_pairs(db, keys=keys, slots=looks, known_until_ms=ask.known_until_ms, excluded=excluded)
    net.update(_found_cells(found[0], seen[0], rest))
    more = _found_cells(found[1], seen[1], rest)
    gross.update((at, net[at] if net[at] == cell else cell) for at, cell in more.items())
    return net, gross


def _usable(db: sqlite3.Connection, ask: Question, keys: Mapping[int, Key], parts: Mapping[date, Span]) -> set[date]:
    """Return the days whose rollup says just what is asked."""
    decides = deciding(ask.config)
    same_windows = ask.gross or ask.policy.excludes == decides.excludes
    if not same_windows or ask.policy.patrol_at != patrol_at(ask.config):
        return set()
    have = stored(db)
    return {
        d.day
        for d in days_within(db, ask.config, ask.period)
        if d.zone == ask.tz
        and have.get((d.number, d.zone)) == d.basis
        and d.span == parts.get(d.day)
        and d.span.end_ms <= ask.known_until_ms
        and keys.keys() <= d.devices
    }


def _read(db: sqlite3.Connection, keys: Mapping[int, Key], days: Sequence[date]) -> tuple[_Cells, _Cells]:
    """Return the cells of rolled-up days, net and gross."""
    net: _Cells = {}
    gross: _Cells = {}
    if not days:
        return net, gross
    for statement in _TEMP:
        db.execute(statement)
    of_number = {day_number(day): day for day in days}
    db.executemany("INSERT INTO temp.rolled VALUES (?)", ((number,) for number in of_number))
    db.executemany("INSERT INTO temp.grouped VALUES (?, ?)", ((key, device) for device, key in keys.items()))
    for key, number, lived, excluded, *rest in db.execute(_READ):
        at = (key, of_number[number])
        net[at] = _cell(lived, excluded, rest[:7])
        gross[at] = net[at] if not excluded and rest[:7] == rest[7:] else _cell(lived, 0, rest[7:])
    return net, gross


def _cell(lived: int, excluded: int, rest: Sequence[int]) -> _Cell:
    up, degraded, down, online, offline, unknown, look = rest
    return _Cell(
        sum=Sum(lived=lived, excluded=excluded, up=up, degraded=degraded, down=down),
        looks=Looks(online=online, offline=offline, unknown=unknown),
        look=look,
    )


def _computed(
    db: sqlite3.Connection, ask: Question, keys: Mapping[int, Key], parts: Sequence[tuple[date, Span]]
) -> _Cells:
    excluded = _excluded(db, ask)
    slots = [part for _, part in parts]
    looks = _looks(ask, parts)
    found = sums(db, keys=keys, slots=slots, known_until_ms=ask.known_until_ms, excluded=excluded)
    seen = sums(db, keys=keys, slots=looks, known_until_ms=ask.known_until_ms, excluded=excluded)
    return _found_cells(found, seen, parts)


def _looks(ask: Question, parts: Sequence[tuple[date, Span]]) -> list[Span]:
    return [_look(part, patrol_ms(day, ask.policy.patrol_at, ask.tz)) for day, part in parts]


def _found_cells(found: Sums, seen: Sums, parts: Sequence[tuple[date, Span]]) -> _Cells:
    out: _Cells = {}
    for (key, i), one in found.items():
        look = seen.get((key, i), Sum())
        out[key, parts[i][0]] = _Cell(
            sum=one,
            looks=Looks(online=look.up, offline=look.down, unknown=look.unknown),
            look=look_code(look),
        )
    return out


def _look(part: Span, at_ms: int) -> Span:
    """Return the one millisecond of the look, or nothing where it lies outside the part."""
    return Span(start_ms=at_ms, end_ms=at_ms + 1) if at_ms in part else Span(start_ms=at_ms, end_ms=at_ms)


def _excluded(db: sqlite3.Connection, ask: Question) -> dict[int, tuple[Span, ...]]:
    if ask.gross or ask.config is None:
        return {}
    kinds: frozenset[WindowKind] = ask.policy.excludes
    spans = ask.config.excluded(kinds, ask.period)
    numbers = {device_id: device for device, device_id in db.execute("SELECT device, id FROM device")}
    return {numbers[i]: found for i, found in spans.items() if i in numbers}


def group_sums(
    db: sqlite3.Connection, ask: Question, groups: Mapping[str, str], *, use_rollups: bool = True
) -> GroupSums:
    """Return the day sums of each group of devices (device id -> group), every day of the period, sorted.

    A device that was never enrolled is absent throughout.
    """
    names, keys = _keys(db, groups)
    return _by_group(ask, groups, names, cells(db, ask, keys, use_rollups=use_rollups))


def group_sum_pairs(db: sqlite3.Connection, ask: Question, groups: Mapping[str, str]) -> tuple[GroupSums, GroupSums]:
    """Return `group_sums` twice: net, with the windows left out, and gross, with the windows counted like any time."""
    names, keys = _keys(db, groups)
    net, gross = cell_pairs(db, ask, keys)
    nets = _by_group(ask, groups, names, net)
    touched = {at[0] for at, cell in gross.items() if net[at] is not cell}
    others = {name: key for name, key in names.items() if key in touched}
    return nets, nets | _by_group(ask, groups, others, gross)


def _keys(db: sqlite3.Connection, groups: Mapping[str, str]) -> tuple[dict[str, Key], dict[int, Key]]:
    """Return the key of each group, by name, and the key of each device number."""
    numbers = {device_id: device for device, device_id in db.execute("SELECT device, id FROM device")}
    key_of = {name: key for key, name in enumerate(sorted(set(groups.values())))}
    return key_of, {numbers[i]: key_of[name] for i, name in groups.items() if i in numbers}


def _by_group(ask: Question, groups: Mapping[str, str], names: Mapping[str, Key], found: _Cells) -> GroupSums:
    members = Counter(groups.values())
    nothing = _Cell(sum=Sum(), looks=Looks())
    parts = list(days_of(ask.period, ask.tz))
    out: GroupSums = {}
    for name, key in names.items():
        cell_of = [(day, part, found.get((key, day), nothing)) for day, part in parts]
        out[name] = tuple(
            DaySum(day=day, buckets=cell.sum.buckets(part.length_ms * members[name]), looks=cell.looks)
            for day, part, cell in cell_of
        )
    return out


def device_tallies(
    db: sqlite3.Connection, ask: Question, device_ids: Sequence[str], *, use_rollups: bool = True
) -> tuple[DayTally, ...]:
    """Return each named device's local days, by device in the order given, then by day."""
    numbers = {device_id: device for device, device_id in db.execute("SELECT device, id FROM device")}
    keys = {numbers[i]: numbers[i] for i in device_ids if i in numbers}
    found = cells(db, ask, keys, use_rollups=use_rollups)
    nothing = _Cell(sum=Sum(), looks=Looks())
    parts = list(days_of(ask.period, ask.tz))
    out: list[DayTally] = []
    for device_id in device_ids:
        number = numbers.get(device_id, -1)
        for day, part in parts:
            cell = found.get((number, day), nothing)
            look = Status.from_code(cell.look) if cell.look else None
            out.append(DayTally(device_id=device_id, day=day, buckets=cell.sum.buckets(part.length_ms), look=look))
    return tuple(out)
