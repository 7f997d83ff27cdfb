"""What a bundle says in words and numbers, all made from the segment alone: export writes it, verify repeats it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from camkeeper.availability.days import month_span
from camkeeper.bundle import names
from camkeeper.bundle.replayed import Replayed
from camkeeper.ledger.chain import Kind, read_object
from camkeeper.ledger.closing import Closed, all_closings, figures_digest, month_buckets, windows_digest
from camkeeper.ledger.configs import newest_first, zone_of
from camkeeper.ledger.parcel import Parcel
from camkeeper.ledger.record import LedgerDamagedError
from camkeeper.ledger.snapshot import Snapshot, to_json
from camkeeper.model.span import Span
from camkeeper.run.sla import Asked, sla_of

DEVICE_COLUMNS = ("id", "up_ms", "down_ms", "unknown_ms", "excluded_ms", "absent_ms", "degraded_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """A month as the record has it."""

    asked: Asked
    whole: Span
    closings: tuple[Closed, ...]
    """Closing and amendments of the month, oldest first."""
    parts: dict[str, bytes]
    """Those that are made from the segment: name -> bytes."""
    figures: dict[str, Any]
    holds: bool
    """The newest closing's digests are those of the figures and windows; True where the month is not closed."""


def readable(value: object) -> bytes:
    """Return JSON for people and programs: one value, one spelling."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def claims_of(reader: Replayed, month: str) -> Claims:
    """Return everything that a segment says of a month; LedgerError or ValueError where it says nothing of it."""
    with reader.reading() as db:
        closings = tuple(c for c in all_closings(db) if c.month == month)
        newest = reader.config_at()
        if newest is None:
            raise LedgerDamagedError("没有配置记录 / there is no configuration on record")
        zone = closings[-1].zone if closings else zone_of(newest.config)
        whole = month_span(month, zone)
        config = (reader.config_for(month) if closings else None) or newest.config
        through_ms = whole.end_ms if closings else _through(reader)
        end_ms = max(whole.start_ms, min(whole.end_ms, through_ms))
        period = Span(start_ms=whole.start_ms, end_ms=end_ms)
        asked = Asked(month=month, period=period, complete=end_ms == whole.end_ms, tz=zone, config=config)
        buckets = month_buckets(db, config, period)
        figures = sla_of(reader, asked, site_id=None, policy=None)
        windows = figures.pop("windows")
        parts = {
            names.REGISTER: _register(reader, config),
            names.POLICY: readable(to_json(config)["policies"]),
            names.WINDOWS: readable(windows),
            names.FIGURES: readable(figures),
            names.DEVICES: table(
                DEVICE_COLUMNS,
                [
                    (i, b.up_ms, b.down_ms, b.unknown_ms, b.excluded_ms, b.absent_ms, b.degraded_ms)
                    for i, b in sorted(buckets.items())
                ],
            ),
            names.CLOSINGS: readable([_closing(reader, c) for c in closings]),
        }
        holds = not closings or (
            closings[-1].figures == figures_digest(buckets) and closings[-1].windows == windows_digest(config, whole)
        )
    return Claims(asked=asked, whole=whole, closings=closings, parts=parts, figures=figures, holds=holds)


def _through(reader: Replayed) -> int:
    """Return how far a month that is not closed is told: the last record is the seal that says so."""
    with reader.reading() as db:
        row = db.execute("SELECT kind, body FROM chain ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None or row[0] != 6:
        raise LedgerDamagedError("月未封账，末条也不是封记 / not closed, and the last record is no seal")
    return int(str(read_object(row[1])["through_ms"]))


def heads_of(parcel: Parcel) -> bytes:
    """Hourly heads and the last one: both parties keep some, and a change lies between two of them."""
    last = parcel.end.seq
    rows: list[tuple[object, ...]] = [
        (seq, record.at_ms, digest.hex())
        for seq, (record, digest) in enumerate(zip(parcel.records, parcel.heads(), strict=True), parcel.start.seq + 1)
        if record.kind is Kind.SEAL or seq == last
    ]
    return table(("seq", "at_ms", "sha256"), rows)


def _register(reader: Replayed, config: Snapshot) -> bytes:
    with reader.reading() as db:
        versions = [
            {"seq": c.seq, "digest": c.config.digest, "source_sha256": c.config.source_digest, "judge": c.config.judge}
            for c in newest_first(db)
        ]
    value = to_json(config)
    return readable({"versions": versions[::-1]} | {k: value[k] for k in ("sites", "devices")})


def _closing(reader: Replayed, closed: Closed) -> dict[str, object]:
    """Return a closing as its record has it: an amendment with what it changed, and who signed it."""
    with reader.reading() as db:
        (body,) = db.execute("SELECT body FROM chain WHERE seq = ?", (closed.seq,)).fetchone()
    return read_object(body) | {"seq": closed.seq, "at_ms": closed.at_ms}


def table(columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> bytes:
    """Return a CSV file, ends of lines as everywhere else here."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode()
