"""What a camera is aimed at, kept so that a later turn can be measured: local features and a map of edges. Pure.

No picture can be had back from it: some hundreds of points with histograms of edge directions round them, and a map of
the edges' strength, 256 pixels wide. Features are SIFT (Lowe 2004; the patent has lapsed), normalised as RootSIFT
(Arandjelovic and Zisserman 2012): AKAZE has left the main modules of OpenCV 5.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

WORK_WIDTH_PX: Final = 768
"""Wider pictures are reduced to it: at 960 fewer turns are found, as exactly, in half as much time again."""
MAP_WIDTH_PX: Final = 256
MAX_FEATURES: Final = 700
MAX_AIM_BYTES: Final = 150_000
_MAGIC: Final = b"CKAIM"
_VERSION: Final = 1
_SIZES: Final = struct.Struct("<5sBHHHHH")
_SEAL: Final = struct.Struct("<I")
_MIN_CONTRAST: Final = 0.02
_SAME_PLACE_PX: Final = 4.0
_SAME_LIKENESS: Final = 0.9


class AimError(ValueError):
    """The bytes are no aim; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Features and edges of one picture, or of several of one camera. Positions in pixels of `width_px` x `height_px`.

    `points` (n, 2) float32, x then y; `descriptors` (n, 128) uint8; `edges` (h, w) uint8, the log-gradient.
    """

    width_px: int
    height_px: int
    points: NDArray[np.float32]
    descriptors: NDArray[np.uint8]
    edges: NDArray[np.uint8]

    def to_bytes(self) -> bytes:
        """Return the same bytes for the same aim, at most `MAX_AIM_BYTES`."""
        rows, columns = self.edges.shape
        # A sixteenth of a pixel is finer than any feature is placed.
        places = np.round(self.points * 16).astype("<u2").tobytes()
        body = zlib.compress(places + self.descriptors.tobytes() + self.edges.tobytes(), 6)
        sizes = _SIZES.pack(_MAGIC, _VERSION, self.width_px, self.height_px, len(self.points), columns, rows)
        return sizes + _SEAL.pack(zlib.crc32(sizes + body)) + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Aim:
        """Return the aim; raise AimError for anything that `to_bytes` did not write."""
        begin = _SIZES.size + _SEAL.size
        if len(data) < begin:
            raise AimError(f"an aim of {len(data)} bytes")
        magic, version, width, height, count, columns, rows = _SIZES.unpack_from(data)
        if magic != _MAGIC or version != _VERSION:
            raise AimError("not an aim, or of another version")
        if (zlib.crc32(data[: _SIZES.size] + data[begin:]),) != _SEAL.unpack_from(data, _SIZES.size):
            raise AimError("an aim that was damaged")
        body = _inflate(data[begin:], count * 132 + columns * rows)
        places, described = count * 4, count * 132
        return cls(
            width_px=width,
            height_px=height,
            points=(np.frombuffer(body[:places], "<u2").reshape(-1, 2) / np.float32(16)).astype(np.float32),
            descriptors=np.frombuffer(body[places:described], np.uint8).reshape(-1, 128),
            edges=np.frombuffer(body[described:], np.uint8).reshape(rows, columns),
        )


def aim_of(image: NDArray[np.uint8], *, mask: NDArray[np.bool_] | None = None, limit: int = MAX_FEATURES) -> Aim:
    """Return the aim of a picture (h, w) or (h, w, 3) BGR; `mask` (any size): True where no on-screen text is."""
    grey = _grey(image)
    height, width = grey.shape
    allowed = None if mask is None else _fitted(mask, width, height)
    points, descriptors = _features(grey, allowed, limit)
    return Aim(width_px=width, height_px=height, points=points, descriptors=descriptors, edges=_edges(grey, mask))


def edges_of(image: NDArray[np.uint8], *, mask: NDArray[np.bool_] | None = None) -> NDArray[np.uint8]:
    """Return only the edges of a picture, as `aim_of` would: a hundredth of the work."""
    return _edges(_grey(image), mask)


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture in grey, at most `WORK_WIDTH_PX` wide."""
    grey = np.asarray(image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    if grey.shape[1] > WORK_WIDTH_PX:
        height = max(16, round(grey.shape[0] * WORK_WIDTH_PX / grey.shape[1]))
        grey = np.asarray(cv2.resize(grey, (WORK_WIDTH_PX, height), interpolation=cv2.INTER_AREA), np.uint8)
    return grey


def _edges(grey: NDArray[np.uint8], mask: NDArray[np.bool_] | None) -> NDArray[np.uint8]:
    """Return the map of edges, 0 where the mask hides the scene."""
    edges = edge_map(grey, MAP_WIDTH_PX)
    if mask is None:
        return edges
    # A gradient reaches a pixel beyond the text, its smoothing another.
    open_to = cv2.erode(_fitted(mask, edges.shape[1], edges.shape[0]), np.ones((5, 5), np.uint8))
    return np.where(open_to > 0, edges, np.uint8(0))


def _fitted(mask: NDArray[np.bool_], width_px: int, height_px: int) -> NDArray[np.uint8]:
    return np.asarray(
        cv2.resize(mask.astype(np.uint8), (width_px, height_px), interpolation=cv2.INTER_NEAREST), np.uint8
    )


def edge_map(grey: NDArray[np.uint8], width_px: int) -> NDArray[np.uint8]:
    """Return the log-gradient of a picture, reduced to `width_px`: what light changes least of it. 1..255."""
    height = max(8, round(grey.shape[0] * width_px / grey.shape[1]))
    small = cv2.resize(grey, (width_px, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    smooth = cv2.GaussianBlur(small, (0, 0), 0.8)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.25)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.25)
    strength = np.log1p(cv2.magnitude(across, down))
    return np.asarray(np.clip(np.round(strength * 50.0), 1, 255), np.uint8)


def merge_aims(aims: Sequence[Aim], *, limit: int = MAX_FEATURES) -> Aim:
    """Return one aim of several pictures of the same view, best evidence first; raise AimError where sizes differ."""
    if not aims:
        raise AimError("no aim to merge")
    first = aims[0]
    if any((a.width_px, a.height_px) != (first.width_px, first.height_px) for a in aims):
        raise AimError("aims of pictures of different sizes")
    points, descriptors = _lasting(aims, limit)
    edges = np.median(np.stack([a.edges for a in aims]), axis=0)
    return Aim(
        width_px=first.width_px,
        height_px=first.height_px,
        points=points,
        descriptors=descriptors,
        edges=np.asarray(edges, np.uint8),
    )


def likeness(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the cosine (n, m) of every descriptor with every other."""
    alike: NDArray[np.float32] = _unit(before) @ _unit(now).T
    return alike


def _lasting(aims: Sequence[Aim], limit: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return features, first those found again at the same place in most of the pictures, each of them once.

    What lasts is the scene; what is in one picture alone drove away, or is a shadow.
    """
    points = np.concatenate([a.points for a in aims])
    descriptors = np.concatenate([a.descriptors for a in aims])
    source = np.concatenate([np.full(len(a.points), i) for i, a in enumerate(aims)])
    near = (np.abs(points[:, None] - points[None]) < _SAME_PLACE_PX).all(axis=2)
    same = near & (likeness(descriptors, descriptors) > _SAME_LIKENESS)
    found_in = np.stack([same[:, source == i].any(axis=1) for i in range(len(aims))]).sum(axis=0)
    column = np.clip(points[:, 0] * 8 // aims[0].width_px, 0, 7).astype(np.intp)
    cell = np.clip(points[:, 1] * 8 // aims[0].height_px, 0, 7).astype(np.intp) * 8 + column
    # Text lasts longest of all, and a tree is full of features: no place may have more than its share.
    room = np.full(64, max(1, limit // 16))
    taken = np.zeros(len(points), np.bool_)
    chosen: list[int] = []
    for index in np.argsort(-found_in, kind="stable"):
        if len(chosen) == limit:
            break
        if not taken[index] and room[cell[index]]:
            chosen.append(int(index))
            room[cell[index]] -= 1
            taken |= same[index]
    return points[chosen], descriptors[chosen]


def _unit(described: NDArray[np.uint8]) -> NDArray[np.float32]:
    values = described.astype(np.float32)
    unit: NDArray[np.float32] = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)
    return unit


def _features(
    grey: NDArray[np.uint8], allowed: NDArray[np.uint8] | None, limit: int
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    detector = cv2.SIFT.create(limit, contrastThreshold=_MIN_CONTRAST, enable_precise_upscale=True)
    found, described = detector.detectAndCompute(grey, allowed)
    if described is None:
        return np.empty((0, 2), np.float32), np.empty((0, 128), np.uint8)
    order = sorted(range(len(found)), key=lambda i: (-found[i].response, found[i].pt))[:limit]
    points = np.array([found[i].pt for i in order], np.float32).reshape(-1, 2)
    return np.maximum(points, np.float32(0)), root(np.asarray(described, np.float32)[order])


def root(described: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return RootSIFT descriptors (n, 128) as bytes: a product of two of them is then a Hellinger kernel."""
    share = described / np.maximum(described.sum(axis=1, keepdims=True), 1e-6)
    return np.asarray(np.clip(np.round(np.sqrt(share) * 512.0), 0, 255), np.uint8)


def _inflate(data: bytes, size: int) -> bytes:
    """Return exactly `size` bytes, and never unpack more: a small file may claim to hold gigabytes."""
    unpack = zlib.decompressobj()
    try:
        body = unpack.decompress(data, size + 1)
    except zlib.error as error:
        raise AimError("an aim that does not unpack") from error
    if len(body) != size:
        raise AimError(f"an aim of {len(body)} bytes where {size} were announced")
    return body
