"""What a healthy picture of one camera looks like, by day or by night, as it is kept."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from camkeeper.model.picture import Context
from camkeeper.picture.aim import Aim, AimError
from camkeeper.picture.deviation import Deviation, Usual
from camkeeper.picture.sheet import GRID_COLUMNS, GRID_ROWS, SPECTRUM, Numbers
from camkeeper.picture.tiles import TILE_PX

MAX_BYTES: Final = 500_000
_MAGIC: Final = b"CKBAS"
_VERSION: Final = 3
_HEAD: Final = struct.Struct("<5sBII")


class BaselineError(ValueError):
    """No baseline can be had; the message says why and what to do, Chinese / English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """`strays`: of each field of `Deviation`, the least and the most that a healthy picture showed."""

    context: Context
    width_px: int
    height_px: int
    frames: int
    dropped: int
    """Pictures that were handed in and not learnt from."""
    usual: Usual
    own_whole: float
    strays: Mapping[str, tuple[float, float]]
    aim: Aim

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes, hex."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def low(self, name: str) -> float:
        """Return the least of a deviation among healthy pictures, with room for those not seen yet."""
        return min(self.strays[name][0], 0.0) * self._room

    def high(self, name: str) -> float:
        """Return the most of a deviation among healthy pictures, with room for those not seen yet."""
        return max(self.strays[name][1], 0.0) * self._room

    @property
    def _room(self) -> float:
        return 1.0 + 2.0 / self.frames

    def to_bytes(self) -> bytes:
        """Return the same bytes for the same baseline, at most `MAX_BYTES`."""
        usual = self.usual
        grids = [usual.fine, usual.middle, usual.coarse, usual.steep, usual.across, usual.along]
        tiles = [usual.own, usual.lowest]
        arrays = b"".join(np.asarray(a, "<f2").tobytes() for a in [*grids, *tiles])
        aim = self.aim.to_bytes()
        head = json.dumps(
            {
                "context": self.context.value,
                "size": [self.width_px, self.height_px],
                "frames": self.frames,
                "dropped": self.dropped,
                "numbers": {f.name: getattr(usual.numbers, f.name) for f in fields(Numbers)},
                "edges": list(usual.edges.shape),
                "own_whole": self.own_whole,
                "strays": {name: list(pair) for name, pair in sorted(self.strays.items())},
            },
            sort_keys=True,
        ).encode()
        body = zlib.compress(head + b"\n" + arrays + usual.edges.tobytes() + aim, 6)
        return _HEAD.pack(_MAGIC, _VERSION, len(head), zlib.crc32(body)) + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Baseline:
        """Return the baseline; raise BaselineError for anything that `to_bytes` did not write."""
        if len(data) < _HEAD.size or data[:5] != _MAGIC:
            raise BaselineError("不是基线文件 / this is no baseline")
        if len(data) > MAX_BYTES:
            raise BaselineError("基线文件过大 / a baseline is smaller than this")
        _, version, head_size, crc = _HEAD.unpack_from(data)
        if version != _VERSION:
            raise BaselineError(f"基线版本 {version}，应为 {_VERSION}：请重新学习 / another version: learn it again")
        if zlib.crc32(data[_HEAD.size :]) != crc:
            raise BaselineError("基线文件已损坏，请重新学习 / the baseline is damaged: learn it again")
        try:
            return _read(_inflate(data[_HEAD.size :]), head_size)
        except (AimError, KeyError, IndexError, TypeError, ValueError, zlib.error) as error:
            raise BaselineError("基线内容无法读取，请重新学习 / the baseline cannot be read: learn it again") from error


def _read(body: bytes, head_size: int) -> Baseline:
    head: dict[str, Any] = json.loads(body[:head_size])
    rows, columns = (int(n) for n in head["edges"])
    cells, tiles = (GRID_ROWS, GRID_COLUMNS), (rows // TILE_PX, columns // TILE_PX)
    shapes: list[tuple[int, ...]] = [cells, cells, cells, cells, (SPECTRUM,), (SPECTRUM,), tiles, tiles]
    at, arrays = head_size + 1, []
    for shape in shapes:
        size = 2 * int(np.prod(shape))
        arrays.append(np.frombuffer(body[at : at + size], "<f2").astype(np.float32).reshape(shape))
        at += size
    edges = np.frombuffer(body[at : at + rows * columns], np.uint8).reshape(rows, columns)
    fine, middle, coarse, steep, across, along, own, lowest = arrays
    return Baseline(
        context=Context(head["context"]),
        width_px=int(head["size"][0]),
        height_px=int(head["size"][1]),
        frames=int(head["frames"]),
        dropped=int(head["dropped"]),
        usual=Usual(
            numbers=Numbers(**{f.name: float(head["numbers"][f.name]) for f in fields(Numbers)}),
            fine=fine,
            middle=middle,
            coarse=coarse,
            steep=steep,
            across=across,
            along=along,
            edges=edges,
            own=own,
            lowest=lowest,
        ),
        own_whole=float(head["own_whole"]),
        strays={
            f.name: (float(head["strays"][f.name][0]), float(head["strays"][f.name][1])) for f in fields(Deviation)
        },
        aim=Aim.from_bytes(body[at + rows * columns :]),
    )


def _inflate(data: bytes) -> bytes:
    unpack = zlib.decompressobj()
    body = unpack.decompress(data, 4 * MAX_BYTES)
    if unpack.unconsumed_tail or not unpack.eof:
        raise ValueError("it does not end where it should")
    return body
