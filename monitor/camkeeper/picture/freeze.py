"""Is this the very picture of before? A trace of each tells, small enough to be held for 5,000 cameras. Pure.

A perceptual hash cannot tell: two live pictures of one night street hash alike. A live picture shows itself by light
that changed anywhere, or, where a night street lies quite still, by noise: it is new in every picture, while a picture
that was only coded once more keeps the noise it had. Both are looked for outside the on-screen text, whose clock may
run on over a picture that stands. Where the coder has left no noise, nobody can tell: then that is said.
"""

from __future__ import annotations

import hashlib
import struct
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_DIFFERENCE: Final = 8
"""Grey levels of the thumbnail. Pictures coded again stay within 2, live ones minutes apart differ by 40 and more."""
_WIDTH: Final = 64
_HEIGHT: Final = 36
_PATCH_ROWS: Final = 9
_PATCH_COLUMNS: Final = 10
_PATCH: Final = 4  # a halved picture's 4x4 is one block of the JPEG
_PATCHES: Final = _PATCH_ROWS * _PATCH_COLUMNS
_FLATTEST: Final = 0.44
"""Of the patches: the others have detail, which is the same in any two pictures of one scene."""
_FEWEST: Final = 24
_BLACK: Final = 4
_MOST_TEXT: Final = 0.06
"""Of the thumbnail: two lines of a clock over the whole width have half of that."""
_VISIBLE_NOISE: Final = 0.05
"""Mean square in the flattest patches. Below it the coder has left none: whether a picture stands cannot be told."""
_SAME_NOISE: Final = 0.85
"""Correlation of it. Coded again: 0.92 and more on real frames. Live, with noise of 4 grey levels: below 0.35."""
_HEAD: Final = struct.Struct("<4sHH")
_MAGIC: Final = b"CKT2"
_NO_DIGEST: Final = bytes(16)
_DIGEST: Final = slice(8, 24)
_SMALL_END: Final = 24 + _WIDTH * _HEIGHT
TRACE_SIZE_BYTES: Final = _SMALL_END + _PATCHES * _PATCH * _PATCH


def trace_of(image: NDArray[np.uint8], data: bytes = b"") -> bytes:
    """Return the trace of a picture (h, w) or (h, w, 3) BGR; `data`: the bytes it came as, for "identical bytes"."""
    grey = np.asarray(image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    small = cv2.resize(grey, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
    digest = hashlib.blake2b(data, digest_size=16).digest() if data else _NO_DIGEST
    height, width = grey.shape
    size = _HEAD.pack(_MAGIC, min(width, 0xFFFF), min(height, 0xFFFF))
    return size + digest + np.asarray(small, np.uint8).tobytes() + _patches(grey).tobytes()


class Sameness(StrEnum):
    """What two traces say of each other."""

    SAME = "same"
    LIVE = "live"
    UNKNOWN = "unknown"  # nothing changed, and the coder left no noise that could tell


def compare(before: bytes, now: bytes, mask: NDArray[np.bool_] | None = None) -> Sameness:
    """Return whether both traces are of one and the same picture, as far as can be told.

    `mask`: any (h, w), True where the scene is and no on-screen text. Without one, what changed in the upper or lower
    quarter alone may be a clock: it neither proves life nor hides that the picture behind it stands. Traces of
    pictures of different sizes, or bytes that are no traces, are never of the same picture. One flat colour is the
    same each time: ask only of pictures that are not diagnosed as no signal.
    """
    if not (_is_trace(before) and _is_trace(now)) or before[:8] != now[:8]:
        return Sameness.LIVE
    if before == now or before[_DIGEST] == now[_DIGEST] != _NO_DIGEST:
        return Sameness.SAME
    scene = _scene(mask)
    changed = (cv2.absdiff(_small(before), _small(now)) > MAX_DIFFERENCE) & scene
    if not scene.any() or not _may_be_text(changed):
        return Sameness.LIVE
    # A thumbnail's pixel beside the text holds some of it, and a block of the JPEG beside it rings.
    still = scene & (cv2.dilate(changed.astype(np.uint8), np.ones((3, 7), np.uint8)) == 0)
    return _noise(_detail(before, still), _detail(now, still))


def is_frozen(before: bytes, now: bytes, mask: NDArray[np.bool_] | None = None) -> bool:
    """Return True where both traces are surely of one and the same picture; see `compare`."""
    return compare(before, now, mask) is Sameness.SAME


def _scene(mask: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    if mask is None:
        return np.ones((_HEIGHT, _WIDTH), np.bool_)
    scene = cv2.resize(mask.astype(np.uint8), (_WIDTH, _HEIGHT), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.erode(scene, np.ones((3, 3), np.uint8)) > 0, np.bool_)


def _may_be_text(changed: NDArray[np.bool_]) -> bool:
    """Return whether all that changed is little, and where encoders write: in the upper and lower quarter."""
    quarter = _HEIGHT // 4
    return not changed[quarter:-quarter].any() and float(changed.mean()) <= _MOST_TEXT


def _noise(before: NDArray[np.int16], now: NDArray[np.int16]) -> Sameness:
    """Return what the flattest of two sets of patches (n, 16) of one scene say: is their noise the same?

    Clipped patches (a sky, a black privacy mask) have none in any picture.
    """
    dark, white = np.maximum(before, now).max(axis=1) <= _BLACK, np.minimum(before, now).min(axis=1) >= 255 - _BLACK
    before, now = before[~(dark | white)], now[~(dark | white)]
    if len(before) < _FEWEST:
        return Sameness.UNKNOWN
    order = np.argsort(np.maximum(before.std(axis=1), now.std(axis=1)), kind="stable")
    flattest = order[: round(_FLATTEST * len(order))]
    first = before[flattest] - before[flattest].mean(axis=1, keepdims=True)
    second = now[flattest] - now[flattest].mean(axis=1, keepdims=True)
    strength, later = float((first**2).mean()), float((second**2).mean())
    if min(strength, later) < _VISIBLE_NOISE:
        return Sameness.UNKNOWN
    alike = float((first * second).mean()) / float(np.sqrt(strength * later))
    return Sameness.SAME if alike >= _SAME_NOISE else Sameness.LIVE


def _patches(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = grey.shape
    if min(height, width) < _PATCH:
        grey = np.asarray(cv2.resize(grey, (max(width, _PATCH), max(height, _PATCH))), np.uint8)
        height, width = grey.shape
    tops = np.linspace(0, height - _PATCH, _PATCH_ROWS).astype(int) // _PATCH * _PATCH
    lefts = np.linspace(0, width - _PATCH, _PATCH_COLUMNS).astype(int) // _PATCH * _PATCH
    return np.stack([grey[top : top + _PATCH, left : left + _PATCH] for top in tops for left in lefts])


def _is_trace(data: bytes) -> bool:
    return len(data) == TRACE_SIZE_BYTES and data[:4] == _MAGIC


def _small(trace: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(trace[24:_SMALL_END], np.uint8).reshape(_HEIGHT, _WIDTH)


def _detail(trace: bytes, still: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Return the patches (n, 16) that lie where `still` is True; (h, w)."""
    patches = np.frombuffer(trace[_SMALL_END:], np.uint8).reshape(_PATCHES, _PATCH * _PATCH).astype(np.int16)
    height, width = still.shape
    rows = np.linspace(0, height - 1, _PATCH_ROWS).round().astype(int)
    columns = np.linspace(0, width - 1, _PATCH_COLUMNS).round().astype(int)
    return np.asarray(patches[still[np.ix_(rows, columns)].ravel()], np.int16)
