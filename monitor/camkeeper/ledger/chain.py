"""The hash chain: what a record is, how it is written in bytes, how it is sealed to the one before it.

The other party verifies with any language that has SHA-256 and SQLite:

    hash_0 = SHA-256("camkeeper ledger 1" || ledger_id || created_ms i64)
    hash_n = SHA-256(hash_(n-1) || seq u64 || kind u8 || at_ms i64 || length of body u32 || body)

with big-endian integers. Every field has a fixed width or its length before it, so no two records have the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

from camkeeper.model.change import Transition
from camkeeper.model.status import Reason, Status

GENESIS_PREFIX = b"camkeeper ledger 1"
_HEAD = struct.Struct(">QBqI")
_INSTANT = struct.Struct(">q")
MAX_CONFIG_BYTES = 256 * 1024 * 1024
"""A snapshot that unpacks to more than this is refused: nobody's county is that large, a zip bomb is."""

JsonObject = dict[str, object]


class Kind(IntEnum):
    """What a record says. Never renumbered."""

    BOOT = 1  # the monitor began to write
    CONFIG = 2  # everything that recomputing figures needs
    LIFE = 3  # a device enrolled or retired
    TRANSITION = 4  # a device changed its status
    CLOCK_STEP = 5  # the wall clock was set
    SEAL = 6  # hourly: how far we saw, how many samples
    CLOSE = 7  # a month's figures, fixed
    AMEND = 8  # a closed month's figures, changed: who and why


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record before it has its place in the chain."""

    kind: Kind
    at_ms: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record in its place."""

    seq: int
    kind: Kind
    at_ms: int
    body: bytes
    hash: bytes


def genesis(ledger_id: bytes, created_ms: int) -> bytes:
    """Return the hash that stands before the first record."""
    return hashlib.sha256(GENESIS_PREFIX + ledger_id + _INSTANT.pack(created_ms)).digest()


def sealed(previous: bytes, seq: int, kind: int, at_ms: int, body: bytes) -> bytes:
    """Return the hash of a record that follows the one whose hash is `previous`."""
    return hashlib.sha256(previous + _HEAD.pack(seq, kind, at_ms, len(body)) + body).digest()


def compact(value: object) -> bytes:
    """Return JSON without spaces, keys sorted, UTF-8: one value, one spelling."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()


def entry(kind: Kind, at_ms: int, body: JsonObject) -> Entry:
    """Return a record whose body is a JSON object."""
    return Entry(kind=kind, at_ms=at_ms, body=compact(body))


def transition_body(device: int, transition: Transition) -> bytes:
    """Return `[device, old, new, reason, decided - at]`: codes and a number of milliseconds."""
    return b"[%d,%d,%d,%d,%d]" % (
        device,
        transition.old.code,
        transition.new.code,
        transition.reason.code,
        transition.decided_ms - transition.at_ms,
    )


def read_transition(device_id: str, at_ms: int, body: bytes) -> Transition:
    """Return the transition of a record; ValueError or KeyError for a body that nobody wrote."""
    _, old, new, reason, delay_ms = json.loads(body)
    return Transition(
        device_id=device_id,
        at_ms=at_ms,
        decided_ms=at_ms + delay_ms,
        old=Status.from_code(old),
        new=Status.from_code(new),
        reason=Reason.from_code(reason),
    )


def config_body(snapshot: JsonObject) -> bytes:
    """Return the compressed JSON of a snapshot."""
    return zlib.compress(compact(snapshot), 9)


def read_config(body: bytes) -> JsonObject:
    """Return the snapshot of a `config` record; ValueError where it cannot be read."""
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(body, MAX_CONFIG_BYTES)
    except zlib.error as error:
        raise ValueError(f"config record does not unpack: {error}") from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("config record is cut off or too large")
    return read_object(raw)


def read_object(body: bytes) -> JsonObject:
    """Return the JSON object of a record; ValueError where it is something else."""
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, found {type(value).__name__}")  # noqa: TRY004 - a fault of the data
    return value
