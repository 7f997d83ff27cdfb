"""Snapshot: read the size of a JPEG from its markers. Nothing is decoded here.

632 bytes can make a decoder work for 26 seconds and take 6 GB: the frame header is read, and judged, first. Pure.
Source of the marker rules: ITU-T T.81, annex B.
"""

from __future__ import annotations

import re
from typing import Final

from camkeeper.model.probing import SnapshotInfo

MAX_PIXELS: Final = 40_000_000
"""No camera of a township has more; a fisheye dome has 12 million."""
_MAX_SEGMENTS: Final = 1000
_MAX_SCANS: Final = 100
"""A progressive picture has about ten; thousands of scans over few bytes are a way to burn a decoder's time."""
_EOI: Final = 0xD9
_SOS: Final = 0xDA
# SOF0..SOF15 without DHT (C4), JPG (C8) and DAC (CC).
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# TEM and the restart markers have no length.
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
# In a scan's data FF is followed by 00, by a restart marker, or by FF as filling; anything else is the next marker.
_AFTER_SCAN: Final = re.compile(rb"\xff[^\xff\x00\xd0-\xd7]")
_NOT_FILLING: Final = re.compile(rb"[^\xff]")


class JpegError(ValueError):
    """The bytes are no usable JPEG picture; the message says why."""


def read_header(data: bytes) -> SnapshotInfo:
    """Return the picture's size, or raise JpegError.

    A usable picture has one sane frame header, at least one scan, and its end marker: a picture that was cut in the
    middle is grey where the event was, so a missing end is refused. What follows the end is tolerated.
    """
    if data[:2] != b"\xff\xd8":
        raise JpegError("it does not begin as a JPEG")
    at, scans, size = 2, 0, None
    for _ in range(_MAX_SEGMENTS):
        marker, at = _marker(data, at)
        if marker == _EOI:
            if size is None or not scans:
                raise JpegError("it ends without a picture")
            return SnapshotInfo(size_bytes=len(data), width=size[0], height=size[1])
        if marker in _STANDALONE:
            continue
        end = at + _length(data, at)
        if marker in _FRAMES:
            if size is not None:
                raise JpegError("it has more than one frame header")
            size = _size(data[at + 2 : end])
        elif marker == _SOS:
            scans += 1
            if size is None or scans > _MAX_SCANS:
                raise JpegError("a scan before the frame header" if size is None else f"more than {_MAX_SCANS} scans")
            end = _scan_end(data, end)
        at = end
    raise JpegError(f"more than {_MAX_SEGMENTS} segments")


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """Return the marker at `at` and the position behind it; any number of FF may stand before its code."""
    if at >= len(data):
        raise JpegError(_cut(data))
    if data[at] != 0xFF:
        raise JpegError("a marker is missing")
    code = _NOT_FILLING.search(data, at)
    if code is None:
        raise JpegError(_cut(data))
    return data[code.start()], code.end()


def _length(data: bytes, at: int) -> int:
    length = int.from_bytes(data[at : at + 2], "big")
    if at + 2 > len(data) or at + length > len(data):
        raise JpegError(_cut(data))
    if length < 2:
        raise JpegError("a segment shorter than its own length field")
    return length


def _size(frame: bytes) -> tuple[int, int]:
    """Return width and height of a frame header: precision, height, width, number of components, 3 bytes for each."""
    if len(frame) < 6 or not 1 <= frame[5] <= 4 or len(frame) < 6 + 3 * frame[5]:
        raise JpegError("the frame header is broken")
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    if not width or not height:
        raise JpegError(f"a picture of {width}x{height}")
    if width * height > MAX_PIXELS:
        raise JpegError(f"a picture of {width}x{height}, more than {MAX_PIXELS // 1_000_000} megapixels")
    return width, height


def _scan_end(data: bytes, at: int) -> int:
    found = _AFTER_SCAN.search(data, at)
    if found is None:
        raise JpegError(_cut(data))
    return found.start()


def _cut(data: bytes) -> str:
    return f"the picture is cut off after {len(data)} bytes"
