"""One picture reduced to what diagnosis and learning need of it: some numbers, a map of edges, grids of energies.

Nothing here shows a picture again: the map keeps the strength of edges alone, 256 pixels wide, and the grids have
32 x 18 cells.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from camkeeper.picture.aim import Aim, AimError, aim_of

GRID_ROWS: Final = 18
GRID_COLUMNS: Final = 32
SPECTRUM: Final = 96
"""Frequencies of a profile that are looked at, from the 4th on: 1 / 5 to 1 / 240 of the picture's height and more."""
LEARN_FEATURES: Final = 180
_MAGIC: Final = b"CKSHT"
_VERSION: Final = 1
_HEAD: Final = struct.Struct("<5sBHHHHII")
_MOST_BYTES: Final = 4_000_000


class SheetError(ValueError):
    """The bytes are no sheet; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Of the whole picture. Grey levels 0 to 255 unless said otherwise; all finite."""

    mean: float
    p1: float
    p50: float
    p99: float
    saturated: float
    """Share of pixels at 250 and above."""
    chroma: float
    """Mean difference between a pixel's strongest and weakest colour."""
    red: float
    blue: float
    """Median of (red - green), (blue - green) over the brightness."""
    noise: float
    """Log of the high-pass in a fifth of the blocks, the quietest; blocks that are black or white have no say."""
    noise_floor: float
    """The same of the quietest thirtieth."""
    flat_rows: float
    """Share of rows, from the bottom up, that are all of one tone."""
    flat_cells: float
    """Share of cells without any texture."""
    flat_spread: float
    """Between the means of the flat cells (5th to 95th percentile)."""

    @property
    def span(self) -> float:
        """Contrast: from the darkest to the brightest hundredth."""
        return self.p99 - self.p1

    @property
    def veil(self) -> float:
        """The darkest hundredth as a share of the brightest: 0 to 1."""
        return self.p1 / max(self.p99, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """`width_px` x `height_px` are of the picture that was measured (half of the camera's).

    `fine`, `middle`, `coarse` (18, 32) float32: log energy of detail of 2, 4 and 8 pixels; `steep` (18, 32) float32:
    the steepest step against the contrast of its surroundings, 0 where there is none; `across`, `along` (96,)
    float32: spectra of the profile of rows and of columns, in grey levels; `edges` (h, 256) uint8.
    """

    width_px: int
    height_px: int
    numbers: Numbers
    fine: NDArray[np.float32]
    middle: NDArray[np.float32]
    coarse: NDArray[np.float32]
    steep: NDArray[np.float32]
    across: NDArray[np.float32]
    along: NDArray[np.float32]
    edges: NDArray[np.uint8]
    aim: Aim | None = None
    """Only where the sheet is to be learnt from."""

    def to_bytes(self) -> bytes:
        """Return the same bytes for the same sheet, some 30 to 60 KB."""
        numbers = np.array([getattr(self.numbers, f.name) for f in fields(Numbers)], "<f4").tobytes()
        grids = b"".join(np.asarray(g, "<f2").tobytes() for g in (self.fine, self.middle, self.coarse, self.steep))
        spectra = b"".join(np.asarray(s, "<f4").tobytes() for s in (self.across, self.along))
        aim = self.aim.to_bytes() if self.aim is not None else b""
        body = zlib.compress(numbers + grids + spectra + self.edges.tobytes() + aim, 6)
        rows, columns = self.edges.shape
        head = _HEAD.pack(_MAGIC, _VERSION, self.width_px, self.height_px, columns, rows, len(aim), zlib.crc32(body))
        return head + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Sheet:
        """Return the sheet; raise SheetError for anything that `to_bytes` did not write."""
        if len(data) < _HEAD.size or data[:5] != _MAGIC:
            raise SheetError("not a sheet")
        _, version, width, height, columns, rows, aim_size, crc = _HEAD.unpack_from(data)
        if version != _VERSION:
            raise SheetError(f"a sheet of version {version}")
        if zlib.crc32(data[_HEAD.size :]) != crc:
            raise SheetError("a sheet that was damaged")
        cells = GRID_ROWS * GRID_COLUMNS
        sizes = [4 * len(fields(Numbers)), *[2 * cells] * 4, *[4 * SPECTRUM] * 2, rows * columns, aim_size]
        parts = _split(_inflate(data[_HEAD.size :], sum(sizes)), sizes)
        grids = [np.frombuffer(p, "<f2").astype(np.float32).reshape(GRID_ROWS, GRID_COLUMNS) for p in parts[1:5]]
        return cls(
            width_px=width,
            height_px=height,
            numbers=Numbers(**_named(parts[0])),
            fine=grids[0],
            middle=grids[1],
            coarse=grids[2],
            steep=grids[3],
            across=np.frombuffer(parts[5], "<f4").astype(np.float32),
            along=np.frombuffer(parts[6], "<f4").astype(np.float32),
            edges=np.frombuffer(parts[7], np.uint8).reshape(rows, columns),
            aim=_aim(parts[8]),
        )


def with_aim(sheet: Sheet, image: NDArray[np.uint8]) -> Sheet:
    """Return the sheet with what a later turn is measured by: a tenth of a second, so only for learning."""
    return replace(sheet, aim=aim_of(image, limit=LEARN_FEATURES))


def _named(data: bytes) -> dict[str, float]:
    return {f.name: float(v) for f, v in zip(fields(Numbers), np.frombuffer(data, "<f4"), strict=True)}


def _aim(data: bytes) -> Aim | None:
    try:
        return Aim.from_bytes(data) if data else None
    except AimError as error:
        raise SheetError(str(error)) from error


def _split(body: bytes, sizes: list[int]) -> list[bytes]:
    parts, at = [], 0
    for size in sizes:
        parts.append(body[at : at + size])
        at += size
    return parts


def _inflate(data: bytes, size: int) -> bytes:
    if size > _MOST_BYTES:
        raise SheetError(f"a sheet that claims {size} bytes")
    unpack = zlib.decompressobj()
    try:
        body = unpack.decompress(data, size + 1)
    except zlib.error as error:
        raise SheetError("a sheet that does not unpack") from error
    if len(body) != size:
        raise SheetError(f"a sheet of {len(body)} bytes where {size} were announced")
    return body
