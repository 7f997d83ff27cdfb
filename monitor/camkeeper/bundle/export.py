"""A month as one file. The same head of the ledger gives the same bytes, whoever writes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camkeeper.bundle import names
from camkeeper.bundle.claims import Claims, claims_of, heads_of, readable
from camkeeper.bundle.container import pack
from camkeeper.bundle.readme import README
from camkeeper.bundle.replayed import replayed
from camkeeper.bundle.segment import Segment, segment_of, sha256
from camkeeper.ledger import LedgerDamagedError, LedgerError, LedgerReader
from camkeeper.ledger.closing import figures_digest, month_buckets
from camkeeper.ledger.parcel import pack as pack_parcel
from camkeeper.ledger.proofs import Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A bundle, and what it says of itself."""

    data: bytes
    manifest: dict[str, Any]
    figures: dict[str, Any]


def export(ledger: Path, month: str) -> Exported:
    """Return a month's bundle. ValueError for an unreadable month, LedgerError where it cannot be made.

    What is exported was derived again from the segment alone, and is what the ledger itself says: where it is not,
    LedgerDamagedError, and nothing is written.
    """
    if not ledger.exists():
        raise LedgerError("没有这个文件，监测是否启动过？ / no such file; was the monitor ever started?")
    with LedgerReader(ledger) as reader, reader.reading() as db:
        segment = segment_of(db, month)
        found = _derived(segment, month)
        if segment.closed:
            own = figures_digest(month_buckets(db, reader.config_for(month), segment.period))
            if own != found.closings[-1].figures:
                raise LedgerDamagedError(
                    "账本的派生表与封账不符：先 camkeeper verify --rebuild"
                    " / the ledger's tables are not what was closed: camkeeper verify --rebuild first"
                )
    parts = {
        names.README: README.encode(),
        names.SEGMENT: pack_parcel(segment.parcel),
        names.OPENING: segment.opening,
        names.OPENING_CONFIG: segment.opening_config,
        names.HEADS: heads_of(segment.parcel),
        **found.parts,
    }
    manifest = manifest_of(segment.parcel.identity.ledger_id, segment, found, parts)
    body = readable(manifest)
    ordered = {name: parts[name] for name in names.CONTENTS}
    ordered |= {names.MANIFEST: body, names.DIGEST: digest_line(body), names.SIGNATURES: readable([])}
    return Exported(data=pack(ordered), manifest=manifest, figures=found.figures)


def _derived(segment: Segment, month: str) -> Claims:
    out = Findings()
    with replayed(segment.parcel, segment.opening, segment.opening_config, out.add) as again:
        found = claims_of(again, month)
    faults = [f"{fault.zh} / {fault.en}" for fault in out.faults]
    if not found.holds:
        faults.append("封账的数字由记录算不出来 / the closed figures do not follow from the records")
    if faults:
        raise LedgerDamagedError("；".join(faults[:3]))
    return found


def manifest_of(ledger_id: bytes, segment: Segment, found: Claims, parts: dict[str, bytes]) -> dict[str, Any]:
    """Return what a bundle says of itself: which month of which ledger, and the digest of every part."""
    return {
        "format": names.FORMAT,
        "ledger": ledger_id.hex(),
        "month": found.asked.month,
        "timezone": found.asked.tz,
        "from_ms": found.asked.period.start_ms,
        "to_ms": found.asked.period.end_ms,
        "complete": found.asked.complete,
        "state": "amended" if len(found.closings) > 1 else "closed" if found.closings else "draft",
        "first_seq": segment.parcel.start.seq + 1,
        "last_seq": segment.parcel.end.seq,
        "head": segment.parcel.head.hex(),
        "parts": [{"name": name, "bytes": len(parts[name]), "sha256": sha256(parts[name])} for name in names.CONTENTS],
    }


def digest_line(manifest: bytes) -> bytes:
    """Return the digest as `sha256sum` writes it: `sha256sum -c` takes it."""
    return f"{sha256(manifest)}  {names.MANIFEST}\n".encode()
