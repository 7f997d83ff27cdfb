"""The reading side: any process, while the monitor writes. Opened read-only, so it can neither write nor checkpoint.

Every method is one consistent picture: it reads inside one transaction. A reader belongs to one thread at a time; open
another for another thread, it costs a millisecond.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.daily import DaySum, DayTally
from camkeeper.availability.days import local_date
from camkeeper.ledger import coverage
from camkeeper.ledger.chain import Kind, Record, read_transition
from camkeeper.ledger.closing import Closed, closed_months, closing_config
from camkeeper.ledger.configs import ConfigAt, config_at, entries_of
from camkeeper.ledger.coverage import CoverageHour, KeptHours, SeriesKey, StoredHours
from camkeeper.ledger.daysums import GroupSums, Question, device_tallies, group_sum_pairs, group_sums
from camkeeper.ledger.mailreader import MailReader
from camkeeper.ledger.months import month_of
from camkeeper.ledger.picturereader import PictureReader
from camkeeper.ledger.record import LedgerDamagedError, Life
from camkeeper.ledger.schema import connect_reader
from camkeeper.ledger.snapshot import DeviceEntry, Snapshot
from camkeeper.ledger.spans import (
    Interval,
    Row,
    ToldInterval,
    ToldRow,
    read_intervals,
    read_rows,
    read_told_intervals,
    read_told_rows,
)
from camkeeper.ledger.sums import sums
from camkeeper.model.change import Transition
from camkeeper.model.policy import AccountingPolicy
from camkeeper.model.span import Span
from camkeeper.model.status import Status

ExcludedById = Mapping[str, Sequence[Span]]
"""Device id -> spans not counted."""


class LedgerReader(MailReader, PictureReader):
    """Reads a ledger. Use as a context manager, or `close` it."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._db = connect_reader(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent picture for everything inside; calls nest.

        LedgerDamagedError where the file's bytes are wrong.
        """
        if self._db.in_transaction:
            yield self._db
            return
        self._db.execute("BEGIN")
        try:
            yield self._db
        except sqlite3.Error as error:
            raise LedgerDamagedError(f"{error}：用 camkeeper verify 核验 / let camkeeper verify say what") from error
        finally:
            if self._db.in_transaction:  # an I/O error ends it by itself
                self._db.execute("ROLLBACK")

    def last_tick_ms(self) -> int | None:
        """Return through when everything is observed and on disk."""
        row = self._db.execute("SELECT last_tick_ms FROM poller").fetchone()
        return row[0] if row else None

    def numbers(self) -> dict[str, int]:
        """Return every device that was ever enrolled: id -> number."""
        return {device_id: n for n, device_id in self._db.execute("SELECT device, id FROM device")}

    def lives(self, period: Span | None = None) -> tuple[Life, ...]:
        """Return the lives, all of them or those that touch the period, sorted by device and start."""
        rows = self._db.execute("SELECT id, t0, t1 FROM life JOIN device USING (device) ORDER BY id, t0")
        lives = (Life(device_id=device_id, start_ms=t0, end_ms=t1) for device_id, t0, t1 in rows)
        return tuple(life for life in lives if period is None or life.touches(period))

    def first_life_ms(self) -> int | None:
        """Return when the first device was enrolled; None where none ever was. Lives of a county are 10 ms to read."""
        row = self._db.execute("SELECT min(t0) FROM life").fetchone()
        return None if row[0] is None else int(row[0])

    def intervals(
        self, period: Span, device_ids: Collection[str] | None = None, *, known_until_ms: int | None = None
    ) -> tuple[Interval, ...]:
        """Return what is known of each device, cut to the period, sorted by device id and time.

        Pieces cut at month edges are joined again. Time without an interval is unknown.
        """
        with self.reading() as db:
            return read_intervals(db, period, device_ids, self._known(known_until_ms))

    def interval_rows(self, period: Span, device_ids: Collection[str] | None = None) -> list[Row]:
        """Return `intervals` as bare rows, for who reads a county's month."""
        with self.reading() as db:
            return list(read_rows(db, period, device_ids, self._known(None)))

    def told_rows(self, period: Span) -> list[ToldRow]:
        """Return `told_intervals` as bare rows."""
        with self.reading() as db:
            return read_told_rows(db, period, self._known(None))

    def told_intervals(self, period: Span, *, known_until_ms: int | None = None) -> tuple[ToldInterval, ...]:
        """Return `intervals` of all devices, those of degraded ones with the reason that they began with."""
        with self.reading() as db:
            return read_told_intervals(db, period, self._known(known_until_ms))

    def last_seq(self) -> int:
        """Return the number of the newest record; 0 where there is none."""
        with self.reading() as db:
            return int(db.execute("SELECT coalesce(max(seq), 0) FROM chain").fetchone()[0])

    def coverage_stored(self, period: Span) -> dict[SeriesKey, StoredHours]:
        """Return what is stored of each series within the period: its basis, and the sum of its whole hours."""
        with self.reading() as db:
            return coverage.stored(db, period)

    def coverage_kept(self, period: Span) -> dict[SeriesKey, KeptHours]:
        """Return which hours are stored of each series within the period."""
        with self.reading() as db:
            return coverage.kept(db, period)

    def coverage_hours(self, period: Span, site_id: str | None = None) -> Iterator[tuple[SeriesKey, CoverageHour]]:
        """Yield the stored hours within the period by time, of all sites or of one."""
        with self.reading() as db:
            yield from coverage.hours(db, period, site_id)

    def strip(self, device_ids: Collection[str], period: Span) -> dict[str, tuple[Interval, ...]]:
        """Return each device's intervals in the period, oldest first: the strips of the board."""
        out: dict[str, list[Interval]] = {device_id: [] for device_id in device_ids}
        for interval in self.intervals(period, device_ids):
            out[interval.device_id].append(interval)
        return {device_id: tuple(found) for device_id, found in out.items()}

    def changes(self, device_id: str, period: Span) -> tuple[Transition, ...]:
        """Return the device's transitions dated within the period, oldest first, with their reasons.

        Of several at one instant, the one that stands. Empty for a device that was never enrolled.
        """
        with self.reading() as db:
            row = db.execute("SELECT device FROM device WHERE id = ?", (device_id,)).fetchone()
            if row is None:
                return ()
            rows = db.execute(
                """
                SELECT at_ms, body FROM chain WHERE seq IN (
                    SELECT seq FROM interval WHERE month BETWEEN ? AND ? AND device = ? AND t0 < ? AND t1 > ?
                    UNION SELECT seq FROM open_interval WHERE device = ?)
                ORDER BY seq
                """,
                (
                    month_of(period.start_ms),
                    month_of(period.end_ms),
                    row[0],
                    period.end_ms,
                    period.start_ms,
                    row[0],
                ),
            ).fetchall()
        return tuple(read_transition(device_id, at_ms, body) for at_ms, body in rows if at_ms in period)

    def statuses(self) -> dict[str, Status]:
        """Return the status that each device in service is in, as of the last tick."""
        rows = self._db.execute("SELECT id, status FROM open_interval JOIN device USING (device)")
        return {device_id: Status.from_code(status) for device_id, status in rows}

    def newest(self) -> dict[str, Transition]:
        """Return the transition that each device in service is in since, as of the last tick."""
        rows = self._db.execute(
            "SELECT d.id, c.at_ms, c.body FROM open_interval o JOIN device d USING (device) JOIN chain c USING (seq)"
        )
        return {device_id: read_transition(device_id, at_ms, body) for device_id, at_ms, body in rows}

    def config_at(self, at_ms: int | None = None) -> ConfigAt | None:
        """Return the configuration in force at an instant (None: the newest), or None where there was none."""
        with self.reading() as db:
            return config_at(db, at_ms)

    def config_for(self, month: str) -> Snapshot | None:
        """Return the configuration that decides a month: of a closed one, the one it was closed with."""
        with self.reading() as db:
            closed = closed_months(db).get(month)
            if closed is not None:
                return closing_config(db, closed)
            newest = config_at(db, None)
            return None if newest is None else newest.config

    def entries(self, device_ids: Iterable[str]) -> dict[str, DeviceEntry]:
        """Return where each device stands or, once retired, stood."""
        with self.reading() as db:
            return {device_id: entry for device_id, (entry, _) in entries_of(db, device_ids).items()}

    def closed(self) -> dict[str, Closed]:
        """Return the closed months."""
        with self.reading() as db:
            return closed_months(db)

    def buckets(
        self,
        period: Span,
        *,
        excluded: ExcludedById | None = None,
        device_ids: Collection[str] | None = None,
        known_until_ms: int | None = None,
    ) -> dict[str, Buckets]:
        """Return the buckets of each device over the period, straight from the intervals.

        Devices: those named (a device never enrolled is absent throughout), else all in service within the period.
        Nothing is known from `known_until_ms` on; None: from the last tick on.
        """
        with self.reading() as db:
            numbers = self.numbers()
            wanted = numbers.keys() if device_ids is None else device_ids
            found = sums(
                db,
                keys={numbers[i]: numbers[i] for i in wanted if i in numbers},
                slots=[period],
                known_until_ms=self._known(known_until_ms),
                excluded={numbers[i]: spans for i, spans in (excluded or {}).items() if i in numbers},
            )
        ids = {n: i for i, n in numbers.items()}
        out = {} if device_ids is None else dict.fromkeys(device_ids, Buckets(absent_ms=period.length_ms))
        return out | {ids[n]: one.buckets(period.length_ms) for (n, _), one in found.items()}

    def day_sums(
        self,
        period: Span,
        groups: Mapping[str, str],
        *,
        tz: str,
        policy: AccountingPolicy,
        config: Snapshot | None,
        gross: bool = False,
        known_until_ms: int | None = None,
    ) -> dict[str, tuple[DaySum, ...]]:
        """Return the day sums of each group of devices (device id -> group, such as its site), for `figures`.

        Added up by SQL: a county's month in well under a second. `config` has the windows (`config_for` a month);
        `gross` counts them like any time.
        """
        with self.reading() as db:
            return group_sums(
                db, self._question(period, tz, policy, config, gross=gross, known_until_ms=known_until_ms), groups
            )

    def day_sum_pairs(
        self,
        period: Span,
        groups: Mapping[str, str],
        *,
        tz: str,
        policy: AccountingPolicy,
        config: Snapshot | None,
        known_until_ms: int | None = None,
    ) -> tuple[GroupSums, GroupSums]:
        """Return `day_sums` net and gross, for `figure_pair`, in one pass."""
        with self.reading() as db:
            return group_sum_pairs(
                db, self._question(period, tz, policy, config, gross=False, known_until_ms=known_until_ms), groups
            )

    def day_tallies(
        self,
        period: Span,
        device_ids: Sequence[str],
        *,
        tz: str,
        policy: AccountingPolicy,
        config: Snapshot | None,
        gross: bool = False,
        known_until_ms: int | None = None,
    ) -> tuple[DayTally, ...]:
        """Return each device's local days, as `availability.day_tallies` makes them from its changes."""
        with self.reading() as db:
            ask = self._question(period, tz, policy, config, gross=gross, known_until_ms=known_until_ms)
            return device_tallies(db, ask, device_ids)

    def _question(
        self,
        period: Span,
        tz: str,
        policy: AccountingPolicy,
        config: Snapshot | None,
        *,
        gross: bool,
        known_until_ms: int | None,
    ) -> Question:
        return Question(
            period=period,
            tz=tz,
            policy=policy,
            config=config,
            gross=gross,
            known_until_ms=self._known(known_until_ms),
        )

    def heads(self, tz: str) -> dict[str, Record]:
        """Return the newest seal of each local day ("2026-10-03"): the heads that both parties keep."""
        rows = self._db.execute(
            "SELECT seq, kind, at_ms, body, hash FROM chain WHERE kind = ? AND kind <> 4 ORDER BY seq",
            (int(Kind.SEAL),),
        )
        return {
            local_date(at_ms, tz).isoformat(): Record(seq=seq, kind=Kind(kind), at_ms=at_ms, body=body, hash=digest)
            for seq, kind, at_ms, body, digest in rows
        }

    def _known(self, known_until_ms: int | None) -> int:
        if known_until_ms is not None:
            return known_until_ms
        tick_ms = self.last_tick_ms()
        return -(2**62) if tick_ms is None else tick_ms
