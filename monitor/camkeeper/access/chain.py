"""The audit log's chain: each entry is sealed to the one before it. Pure.

Anyone verifies with any language that has SHA-256 and SQLite:

    head_0 = SHA-256("camkeeper audit 1" || store, 16 bytes || created_ms i64)
    head_n = SHA-256(head_(n-1) || number u64 || at_ms i64 || each text)

Integers are big-endian. The texts are by, role, address, what, target, detail, each as UTF-8 with its length as u32
before it, so that no two entries have the same bytes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from camkeeper.standing.access import AuditRecord

PREFIX = b"camkeeper audit 1"
_NUMBERS = struct.Struct(">Qq")
_LENGTH = struct.Struct(">I")
_INSTANT = struct.Struct(">q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What walking along the chain found."""

    entries: int
    head: str
    """Of the newest entry that is in order, hex."""
    broken_at: int | None = None
    """Number of the first entry that is not what was written, or that is missing; None: all are in order."""
    passed: frozenset[str] = frozenset()
    """Which of the heads looked for stand in the chain."""


def genesis(store: bytes, created_ms: int) -> bytes:
    """Return the head before the first entry."""
    return hashlib.sha256(PREFIX + store + _INSTANT.pack(created_ms)).digest()


def sealed(previous: bytes, number: int, at_ms: int, texts: tuple[str, str, str, str, str, str]) -> bytes:
    """Return the head of an entry; texts are by, role, address, what, target, detail."""
    data = bytearray(previous + _NUMBERS.pack(number, at_ms))
    for text in texts:
        raw = text.encode()
        data += _LENGTH.pack(len(raw)) + raw
    return hashlib.sha256(data).digest()


def texts_of(record: AuditRecord) -> tuple[str, str, str, str, str, str]:
    """Return the texts of an entry in the order of the chain."""
    return (record.by, record.role, record.address, record.what, record.target, record.detail)


def walk(start: bytes, records: Iterable[AuditRecord], *, looked_for: frozenset[str] = frozenset()) -> Verified:
    """Follow the chain from its genesis; records in the order of their numbers."""
    head, count, passed = start, 0, set[str]()
    for record in records:
        right = record.number == count + 1
        after = sealed(head, count + 1, record.at_ms, texts_of(record)) if right else b""
        if after.hex() != record.head:
            return Verified(entries=count, head=head.hex(), broken_at=count + 1, passed=frozenset(passed))
        head, count = after, count + 1
        if record.head in looked_for:
            passed.add(record.head)
    return Verified(entries=count, head=head.hex(), passed=frozenset(passed))
