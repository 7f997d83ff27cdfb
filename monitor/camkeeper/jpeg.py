"""What a JPEG's markers say of it: size, process, scans, orientation. Nothing is decoded here.

632 bytes can make a decoder work for 26 seconds and take 6 GB: the frame header is read, and judged, first. Pure.
Source of the marker rules: ITU-T T.81, annex B; of the orientation: TIFF 6.0 inside APP1, CIPA DC-008 (Exif).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

MAX_PIXELS: Final = 40_000_000
"""No camera of a township has more; a fisheye dome has 12 million."""
_MAX_SEGMENTS: Final = 1000
_MAX_SCANS: Final = 100
"""A progressive picture has about ten; thousands of scans over few bytes are a way to burn a decoder's time."""
_EOI: Final = 0xD9
_SOS: Final = 0xDA
_APP1: Final = 0xE1
# SOF0..SOF15 without DHT (C4), JPG (C8) and DAC (CC).
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# TEM and the restart markers have no length.
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
# In a scan's data FF is followed by 00, by a restart marker, or by FF as filling; anything else is the next marker.
_AFTER_SCAN: Final = re.compile(rb"\xff[^\xff\x00\xd0-\xd7]")
_NOT_FILLING: Final = re.compile(rb"[^\xff]")


class JpegError(ValueError):
    """The bytes are no usable JPEG picture; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegHeader:
    """What one picture says of itself. Sizes in pixels as they are stored: `orientation` is not applied."""

    width: int
    height: int
    precision: int
    """Bits of one sample: 8 from every camera; 12 and 16 exist."""
    sampling: tuple[tuple[int, int], ...]
    """(horizontal, vertical) factor of each colour component."""
    process: int
    """The frame marker: C0 baseline, C1 extended, C2 progressive; others are lossless, arithmetic or hierarchical."""
    scans: int
    orientation: int = 1
    """Exif's 1..8; 1 where nothing, or nothing sane, is said."""

    @property
    def components(self) -> int:
        """1 grey, 3 colour, 4 CMYK."""
        return len(self.sampling)

    @property
    def progressive(self) -> bool:
        """True where a decoder must keep the coefficients of the whole picture until the last scan came."""
        return self.process == 0xC2

    @property
    def coefficient_bytes(self) -> int:
        """What those coefficients take, two bytes each."""
        across, down = (max(factors) for factors in zip(*self.sampling, strict=True))
        share = sum(h * v for h, v in self.sampling) / (across * down)
        return int(2 * share * self.width * self.height)


def read_header(data: bytes) -> JpegHeader:
    """Return what the markers say, or raise JpegError.

    A usable picture has one sane frame header, at least one scan, and its end marker: a picture that was cut in the
    middle is grey where the event was, so a missing end is refused. What follows the end is tolerated.
    """
    if data[:2] != b"\xff\xd8":
        raise JpegError("it does not begin as a JPEG")
    at, scans, orientation = 2, 0, 1
    frame: tuple[int, bytes] | None = None
    for _ in range(_MAX_SEGMENTS):
        marker, at = _marker(data, at)
        if marker == _EOI:
            if frame is None or not scans:
                raise JpegError("it ends without a picture")
            return _header(*frame, scans, orientation)
        if marker in _STANDALONE:
            continue
        end = at + _length(data, at)
        if marker in _FRAMES:
            if frame is not None:
                raise JpegError("it has more than one frame header")
            frame = marker, data[at + 2 : end]
            _header(*frame, scans, orientation)
        elif marker == _APP1 and orientation == 1:
            orientation = _orientation(data[at + 2 : end])
        elif marker == _SOS:
            scans += 1
            if frame is None or scans > _MAX_SCANS:
                raise JpegError("a scan before the frame header" if frame is None else f"more than {_MAX_SCANS} scans")
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


def _header(process: int, frame: bytes, scans: int, orientation: int) -> JpegHeader:
    """Judge a frame header: precision, height, width, number of components, 3 bytes for each (id, sampling, table)."""
    if len(frame) < 6 or not 1 <= frame[5] <= 4 or len(frame) < 6 + 3 * frame[5]:
        raise JpegError("the frame header is broken")
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    if not width or not height:
        raise JpegError(f"a picture of {width}x{height}")
    if width * height > MAX_PIXELS:
        raise JpegError(f"a picture of {width}x{height}, more than {MAX_PIXELS // 1_000_000} megapixels")
    sampling = tuple((factors >> 4, factors & 15) for factors in frame[7 : 6 + 3 * frame[5] : 3])
    if not all(1 <= h <= 4 and 1 <= v <= 4 for h, v in sampling):
        raise JpegError("the frame header is broken")
    return JpegHeader(
        width=width,
        height=height,
        precision=frame[0],
        sampling=sampling,
        process=process,
        scans=scans,
        orientation=orientation,
    )


def _orientation(body: bytes) -> int:
    """Return Exif's orientation; 1 for anything else in an APP1, or anything odd in it."""
    if body[:6] != b"Exif\0\0" or body[6:8] not in {b"II", b"MM"}:
        return 1
    tiff, order = body[6:], "<" if body[6:8] == b"II" else ">"
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, first)
        for at in range(first + 2, first + 2 + 12 * entries, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at)
            if (tag, kind) == (0x0112, 3):
                return value if 1 <= value <= 8 else 1
    except struct.error:  # it points outside of itself
        return 1
    return 1


def _scan_end(data: bytes, at: int) -> int:
    found = _AFTER_SCAN.search(data, at)
    if found is None:
        raise JpegError(_cut(data))
    return found.start()


def _cut(data: bytes) -> str:
    return f"the picture is cut off after {len(data)} bytes"
