"""The file: a ZIP that any tool opens, written in one way only.

Entries are stored, in a given order, without times, flags or extra fields. Whoever reads writes the parts again and
compares: a byte that is of no part (headers, directory, what lies between) cannot differ unseen either.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_VERSION = 20
_DATE = 0x0021  # 1980-01-01, the first day that a ZIP knows
_MODE = 0o100644 << 16
_UNIX = 3 << 8
MOST_BYTES = 2**31 - 1
"""Of a file: above this a ZIP wants other fields. A county's month is a hundredth of it."""
MOST_PARTS = 64


class NotABundleError(ValueError):
    """Bytes that `pack` does not write."""


def pack(parts: Mapping[str, bytes]) -> bytes:
    """Return the parts, in their order, as one file. ValueError where they are too many or too large."""
    if len(parts) > MOST_PARTS or sum(map(len, parts.values())) > MOST_BYTES - 65_536:
        raise ValueError("too large for a bundle")
    out: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for name, data in parts.items():
        raw, crc = name.encode("ascii"), zlib.crc32(data)
        head = _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DATE, crc, len(data), len(data), len(raw), 0) + raw
        directory.append(
            _CENTRAL.pack(
                *(b"PK\1\2", _UNIX | _VERSION, _VERSION, 0, 0, 0, _DATE, crc, len(data), len(data)),
                *(len(raw), 0, 0, 0, 0, _MODE, at),
            )
            + raw
        )
        out += (head, data)
        at += len(head) + len(data)
    listed = b"".join(directory)
    end = _END.pack(b"PK\5\6", 0, 0, len(parts), len(parts), len(listed), at, 0)
    return b"".join((*out, listed, end))


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the parts of a file by name, in order.

    NotABundleError where it does not begin as one does. Whether all of it is as `pack` writes it, `canonical` says.
    """
    parts: dict[str, bytes] = {}
    at = 0
    while data[at : at + 4] == b"PK\3\4":
        if len(data) - at < _LOCAL.size or len(parts) >= MOST_PARTS:
            raise NotABundleError("cut off, or too many parts")
        length, name_length, extra = (_LOCAL.unpack_from(data, at)[i] for i in (8, 9, 10))
        begin = at + _LOCAL.size + name_length + extra
        name = data[at + _LOCAL.size : at + _LOCAL.size + name_length]
        if begin + length > len(data):
            raise NotABundleError("cut off")
        try:
            text = name.decode("ascii")
        except UnicodeDecodeError:
            raise NotABundleError("a name that no part has") from None
        if text in parts:
            raise NotABundleError(f"two parts are called {text}")
        parts[text] = data[begin : begin + length]
        at = begin + length
    if not parts:
        raise NotABundleError("not a bundle")
    return parts


def canonical(data: bytes, parts: Mapping[str, bytes]) -> bool:
    """Tell whether a file is byte for byte what `pack` makes of its parts."""
    try:
        return pack(parts) == data
    except (ValueError, struct.error):
        return False
