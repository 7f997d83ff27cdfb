"""The journal: raw samples packed 14 bytes each, kept only until the judge's tracks are checkpointed.

A sample is acknowledged when its row is on disk; the row's CRC tells a damaged one before it is folded.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

from camkeeper.model.probing import Sample
from camkeeper.model.status import Reason, Status

_SAMPLE = struct.Struct(">iqBB")
_ROW = struct.Struct(">qqq")
SAMPLE_BYTES = _SAMPLE.size


def pack(samples: Sequence[Sample], numbers: Mapping[str, int]) -> bytes:
    """Return the samples as bytes, in their order; KeyError for a device that has no number."""
    return b"".join(_SAMPLE.pack(numbers[s.device_id], s.at_ms, s.status.code, s.reason.code) for s in samples)


def unpack(blob: bytes, ids: Mapping[int, str]) -> tuple[Sample, ...]:
    """Return the samples of one row, in order; KeyError for a number or code that nobody wrote."""
    return tuple(
        Sample(device_id=ids[device], at_ms=at_ms, status=Status.from_code(status), reason=Reason.from_code(reason))
        for device, at_ms, status, reason in _SAMPLE.iter_unpack(blob)
    )


def row_crc(from_seq: int, to_seq: int, tick_ms: int | None, blob: bytes) -> int:
    """Return the CRC-32 that a row carries; a missing tick counts as -1."""
    return zlib.crc32(blob, zlib.crc32(_ROW.pack(from_seq, to_seq, -1 if tick_ms is None else tick_ms)))


def values_crc(*values: object) -> int:
    """Return the CRC-32 of a few values, spelled as text: for the one-row tables."""
    return zlib.crc32(repr(values).encode())
