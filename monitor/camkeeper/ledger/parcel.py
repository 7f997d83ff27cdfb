"""A part of a ledger on its way to a copy elsewhere: what follows a place in the record, in bytes.

A parcel has records of the chain and rows of the two registers that the chain names by their heads (agreed windows and
views of pictures): all that `verify` and every figure need. Samples do not travel: what counts is in the transitions.
Hashes are not sent but made again by the receiver; only those at both ends are, so that a parcel is refused whole.

Layout, integers big-endian: "CKP1", then `_HEAD`, then the records (kind u8, at_ms i64, length u32, body), then windows
and views (length u32, body).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from camkeeper.ledger.chain import Entry, Kind, sealed

MAGIC = b"CKP1"
_HEAD = struct.Struct(">16sqQQQ32s32sqQIII")
_RECORD = struct.Struct(">BqI")
_LENGTH = struct.Struct(">I")
_NO_TICK = -(2**63)
MOST_BYTES = 256 * 1024
"""A parcel that is put together is about this large at the most; one record alone may be larger."""


class ParcelError(ValueError):
    """Bytes that are no parcel, or parcels that do not follow each other."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """How far a copy of a ledger has come: numbers of the newest rows, 0 where there is none."""

    seq: int = 0
    windows: int = 0
    views: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which ledger: with these two its genesis hash is made."""

    ledger_id: bytes
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What follows `start`, unchanged and in order."""

    identity: Identity
    start: Place
    start_head: bytes
    """Hash of the record at `start`; the genesis hash where that is 0."""
    records: tuple[Entry, ...] = ()
    windows: tuple[bytes, ...] = ()
    """Bodies of agreed windows."""
    views: tuple[bytes, ...] = ()
    """Bodies of the register of views."""
    head: bytes
    """Hash of the last record."""
    tick_ms: int | None = None
    """With this parcel everything until here is told; None: more is to come, or nothing was observed yet."""
    samples: int = 0
    """Acknowledged since the ledger began, as of the end."""

    @property
    def end(self) -> Place:
        """The place after it."""
        return Place(
            seq=self.start.seq + len(self.records),
            windows=self.start.windows + len(self.windows),
            views=self.start.views + len(self.views),
        )

    def heads(self) -> Iterator[bytes]:
        """Yield the hash of each record, made anew from `start_head`."""
        head = self.start_head
        for seq, record in enumerate(self.records, self.start.seq + 1):
            head = sealed(head, seq, record.kind, record.at_ms, record.body)
            yield head


def pack(parcel: Parcel) -> bytes:
    """Return a parcel as bytes."""
    out = [
        MAGIC,
        _HEAD.pack(
            parcel.identity.ledger_id,
            parcel.identity.created_ms,
            parcel.start.seq,
            parcel.start.windows,
            parcel.start.views,
            parcel.start_head,
            parcel.head,
            _NO_TICK if parcel.tick_ms is None else parcel.tick_ms,
            parcel.samples,
            len(parcel.records),
            len(parcel.windows),
            len(parcel.views),
        ),
    ]
    for record in parcel.records:
        out += (_RECORD.pack(record.kind, record.at_ms, len(record.body)), record.body)
    for body in (*parcel.windows, *parcel.views):
        out += (_LENGTH.pack(len(body)), body)
    return b"".join(out)


class _Bytes:
    """Bytes that are read from the front."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, length: int) -> bytes:
        part = self._data[self._at : self._at + length]
        if len(part) != length:
            raise ParcelError("the parcel is cut off")
        self._at += length
        return part

    @property
    def left(self) -> int:
        return len(self._data) - self._at


def unpack(data: bytes) -> Parcel:
    """Return the parcel of some bytes; ParcelError for any that `pack` does not write. Hashes are not looked at."""
    source = _Bytes(data)
    if source.take(len(MAGIC)) != MAGIC:
        raise ParcelError("not a parcel")
    ledger_id, created_ms, seq, windows, views, start_head, head, tick_ms, samples, n_records, n_windows, n_views = (
        _HEAD.unpack(source.take(_HEAD.size))
    )
    if n_records * _RECORD.size + (n_windows + n_views) * _LENGTH.size > source.left:
        raise ParcelError("the parcel is cut off")
    if max(seq + n_records, windows + n_windows, views + n_views, samples) >= 2**62:
        raise ParcelError("numbers that no ledger has")
    records = tuple(_record(source) for _ in range(n_records))
    sides = tuple(source.take(_LENGTH.unpack(source.take(_LENGTH.size))[0]) for _ in range(n_windows + n_views))
    if source.left:
        raise ParcelError(f"{source.left} bytes after the end of the parcel")
    return Parcel(
        identity=Identity(ledger_id=ledger_id, created_ms=created_ms),
        start=Place(seq=seq, windows=windows, views=views),
        start_head=start_head,
        records=records,
        windows=sides[:n_windows],
        views=sides[n_windows:],
        head=head,
        tick_ms=None if tick_ms == _NO_TICK else tick_ms,
        samples=samples,
    )


def _record(source: _Bytes) -> Entry:
    kind, at_ms, length = _RECORD.unpack(source.take(_RECORD.size))
    try:
        known = Kind(kind)
    except ValueError as error:
        raise ParcelError(f"no record is of kind {kind}") from error
    return Entry(kind=known, at_ms=at_ms, body=source.take(length))


def size_of(parcel: Parcel) -> int:
    """Return how many bytes `pack` makes of it."""
    sides = (*parcel.windows, *parcel.views)
    return (
        len(MAGIC)
        + _HEAD.size
        + sum(_RECORD.size + len(r.body) for r in parcel.records)
        + sum(_LENGTH.size + len(b) for b in sides)
    )


def merged(parcels: Sequence[Parcel], *, most_bytes: int = MOST_BYTES) -> tuple[Parcel, int]:
    """Join as many of the first parcels as follow each other and fit; returns the whole and how many they were.

    At least one, whatever its size. After a day without an uplink thousands of small ones wait: one message and one
    fsync for hundreds of them is what makes catching up fast.
    """
    whole, size, count = parcels[0], size_of(parcels[0]), 1
    records, windows, views = list(whole.records), list(whole.windows), list(whole.views)
    for part in parcels[1:]:
        size += size_of(part)
        if size > most_bytes or not _follows(whole, part):
            break
        records += part.records
        windows += part.windows
        views += part.views
        whole = part
        count += 1
    first = parcels[0]
    if count == 1:
        return first, 1
    joined = replace(
        whole,
        start=first.start,
        start_head=first.start_head,
        records=tuple(records),
        windows=tuple(windows),
        views=tuple(views),
    )
    return joined, count


def _follows(before: Parcel, after: Parcel) -> bool:
    return after.identity == before.identity and after.start == before.end and after.start_head == before.head
