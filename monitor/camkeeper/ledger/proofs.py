"""The further checks of `verify`: rollups, closed months, bookmarks.

The connection sees the tables derived afresh under their own names, and everything else of the ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from camkeeper.ledger import journal, windows
from camkeeper.ledger.chain import JsonObject, Kind, read_object
from camkeeper.ledger.closing import Closed, all_closings, closing_config, figures_digest, month_buckets, windows_digest
from camkeeper.ledger.configs import config_at
from camkeeper.ledger.rollup import DAY_MS, Day, Row, compute, days_within, stored
from camkeeper.ledger.schema import has_windows
from camkeeper.model.span import Span

MOST_FAULTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that does not hold; `seq` where it is a record of the chain."""

    where: str
    zh: str
    en: str
    seq: int | None = None


@dataclass(slots=True)
class Findings:
    """Faults and counts as they are gathered."""

    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, where: str, zh: str, en: str, seq: int | None = None) -> None:
        """Note a fault; after the first hundred no more are kept."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(where=where, zh=zh, en=en, seq=seq))


_STORED_DAY = """
SELECT day, device, lived, excluded, up, degraded, down, look, raw_up, raw_degraded, raw_down, raw_look
FROM day_rollup WHERE day = ? ORDER BY device
"""


def check_rollups(db: sqlite3.Connection, out: Findings, span: Span | None) -> None:
    """Compute every rolled-up day again whose basis is the present one; the others nobody reads."""
    have = stored(db)
    found = config_at(db, None)
    done = 0
    for first, last in _months(sorted({day for day, _ in have}), span):
        period = Span(start_ms=(first - 1) * DAY_MS, end_ms=(last + 3) * DAY_MS)
        days = [
            d
            for d in days_within(db, found.config if found else None, period)
            if first <= d.number <= last and have.get((d.number, d.zone)) == d.basis
        ]
        for zone in sorted({d.zone for d in days}):
            done += _compare_days(db, out, [d for d in days if d.zone == zone])
    out.counts["day_rollup"] = done


def _months(days: Sequence[int], span: Span | None) -> Iterator[tuple[int, int]]:
    """Yield (first, last) day numbers, at most 31 days together; only those that touch the span."""
    if span is not None:
        days = [d for d in days if (d + 2) * DAY_MS > span.start_ms and (d - 1) * DAY_MS < span.end_ms]
    while days:
        part = [d for d in days if d < days[0] + 31]
        yield part[0], part[-1]
        days = days[len(part) :]


def _compare_days(db: sqlite3.Connection, out: Findings, days: Sequence[Day]) -> int:
    wanted: dict[int, set[Row]] = {d.number: set() for d in days}
    for row in compute(db, days):
        wanted[row[0] or 0].add(row)
    for day in days:
        kept = {row for row in db.execute(_STORED_DAY, (day.number,)) if row[1] in day.devices}
        for row in sorted(kept ^ wanted[day.number], key=repr)[:10]:
            zh, en = ("多出", "has, and the chain does not say so,") if row in kept else ("缺少", "lacks")
            out.add("day_rollup", f"{day.day} 的日汇总{zh} {row}", f"the rollup of {day.day} {en} {row}")
    return len(days)


def check_closings(db: sqlite3.Connection, out: Findings, month: str | None) -> None:
    """Compute the figures of closed months again, each as its newest record fixes it."""
    newest: dict[str, Closed] = {c.month: c for c in all_closings(db)}
    done = 0
    for closed in newest.values():
        if month is not None and closed.month != month:
            continue
        config = closing_config(db, closed)
        done += 1
        if windows_digest(config, closed.span) != closed.windows:
            zh, en = "免责时段与封账时不同", "the windows are not those it was closed with"
            out.add("close", f"{closed.month}：{zh}", f"{closed.month}: {en}", closed.seq)
        if figures_digest(month_buckets(db, config, closed.span)) != closed.figures:
            zh, en = "数字与封账时不同", "the figures are not those it was closed with"
            out.add("close", f"{closed.month}：{zh}", f"{closed.month}: {en}", closed.seq)
    out.counts["close"] = done


def check_windows(db: sqlite3.Connection, out: Findings) -> None:
    """Check that what people agreed on is whole: every row sealed, and the last one that of the configuration."""
    if not has_windows(db, "ledger"):
        return
    for number in windows.broken(db):
        zh, en = (
            f"第 {number} 条检修与剔除记录被改动或缺失",
            f"agreed window {number} was changed, or one before it is gone",
        )
        out.add("window_event", zh, en, number)
    (out.counts["window_event"],) = db.execute("SELECT count(*) FROM window_event").fetchone()
    found = config_at(db, None)
    head = found.config.windows_head if found is not None else ""
    if head and head != windows.newest_head(db):
        zh, en = "检修与剔除记录与链中的配置不符", "what was agreed is not what the configuration in the chain has"
        out.add("window_event", zh, en)


def check_bookmarks(db: sqlite3.Connection, out: Findings, records: int) -> None:
    """Check the checksums of what is not in the chain, and that it does not speak of records that are gone."""
    for tick_ms, boot_id, samples, sealed_ms, crc in db.execute(
        "SELECT last_tick_ms, boot_id, samples, sealed_ms, crc FROM poller"
    ):
        _expect(out, "poller", journal.values_crc(tick_ms, boot_id, samples, sealed_ms) == crc)
        # Nothing is derived from a seal or a boot: were the last of them cut off, no table would miss it.
        if _newest(db, Kind.SEAL)[0] != sealed_ms:
            out.add("poller", f"链中没有 {sealed_ms} 的封记", f"the seal of {sealed_ms} is not in the chain", records)
        if _newest(db, Kind.BOOT)[1].get("boot", "") != boot_id:
            out.add("poller", f"链中没有启动 {boot_id} 的记录", f"the boot {boot_id} is not in the chain", records)
    for journal_id, tracks, crc in db.execute("SELECT journal_id, tracks, crc FROM track_checkpoint"):
        _expect(out, "track_checkpoint", journal.values_crc(journal_id, tracks) == crc)
    rows = 0
    for row_id, from_seq, to_seq, tick_ms, blob, crc in db.execute(
        "SELECT id, from_seq, to_seq, tick_ms, samples, crc FROM journal ORDER BY id"
    ):
        rows += 1
        _expect(out, "journal", journal.row_crc(from_seq, to_seq, tick_ms, blob) == crc, row_id)
        if to_seq > records:
            zh, en = f"缺少第 {records} 条之后的记录", f"records after {records} are missing"
            out.add("journal", zh, en, records)
    out.counts["journal"] = rows


def _newest(db: sqlite3.Connection, kind: Kind) -> tuple[int | None, JsonObject]:
    """Return instant and body of the newest record of a kind; None and nothing where there is none."""
    query = "SELECT at_ms, body FROM chain WHERE kind = ? AND kind <> 4 ORDER BY seq DESC LIMIT 1"
    row = db.execute(query, (int(kind),)).fetchone()
    return (None, {}) if row is None else (row[0], read_object(row[1]))


def _expect(out: Findings, where: str, holds: bool, row: int = 1) -> None:  # noqa: FBT001 - a condition is a boolean
    if not holds:
        out.add(where, f"{where} 第 {row} 行校验和不符", f"{where}: row {row} does not have its checksum")
