"""Is this the very picture of before? A trace of each tells, small enough to be held for 5,000 cameras. Pure.

A perceptual hash cannot tell: two live pictures of one night street hash alike. A live picture shows itself by light
that changed anywhere, or, where a night street lies quite still, by noise: it is new in every picture, while a picture
that was only coded once more keeps the noise it had. Both are looked for outside the on-screen text, whose clock may
run on over a picture that stands.
"""

from __future__ import annotations

import hashlib
import struct
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
_FLATTEST: Final = 40
_SAME_DETAIL: Final = 0.35
"""Mean difference, in grey levels, up to which detail is the same: coding again as finely or finer makes no more."""
_VISIBLE_NOISE: Final = 0.15
"""Mean square in the flattest patches; below it the coder has left none, and nothing can be said of it."""
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


def is_frozen(before: bytes, now: bytes, mask: NDArray[np.bool_] | None = None) -> bool:
    """Return True when both traces are of one and the same picture.

    `mask`: any (h, w), True where the scene is and no on-screen text. Traces of pictures of different sizes, or bytes
    that are no traces, are never of the same picture. One flat colour is the same each time: ask only of pictures
    that are not diagnosed as no signal.
    """
    if not (_is_trace(before) and _is_trace(now)) or before[:8] != now[:8]:
        return False
    if before[_DIGEST] == now[_DIGEST] != _NO_DIGEST:
        return True
    difference = cv2.absdiff(_small(before), _small(now))
    if mask is not None:
        scene = cv2.resize(mask.astype(np.uint8), (_WIDTH, _HEIGHT), interpolation=cv2.INTER_NEAREST)
        # A thumbnail's pixel beside the text holds some of it.
        difference = difference[cv2.erode(scene, np.ones((3, 3), np.uint8)) > 0]
    if not difference.size or int(difference.max()) > MAX_DIFFERENCE:
        return False
    return not _has_new_noise(_detail(before, mask), _detail(now, mask))


def _has_new_noise(before: NDArray[np.int16], now: NDArray[np.int16]) -> bool:
    """Return whether two sets of patches (n, 16) of one scene differ as two exposures do."""
    if not len(before) or float(np.abs(now - before).mean()) <= _SAME_DETAIL:
        return False
    flattest = np.argsort(np.maximum(before.std(axis=1), now.std(axis=1)), kind="stable")[:_FLATTEST]
    first = before[flattest] - before[flattest].mean(axis=1, keepdims=True)
    second = now[flattest] - now[flattest].mean(axis=1, keepdims=True)
    strength, later = float((first**2).mean()), float((second**2).mean())
    if min(strength, later) < _VISIBLE_NOISE:
        return False
    return float((first * second).mean()) < _SAME_NOISE * float(np.sqrt(strength * later))


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


def _detail(trace: bytes, mask: NDArray[np.bool_] | None) -> NDArray[np.int16]:
    """Return the patches (n, 16) that lie in the scene."""
    patches = np.frombuffer(trace[_SMALL_END:], np.uint8).reshape(_PATCHES, _PATCH * _PATCH).astype(np.int16)
    if mask is None:
        return patches
    height, width = mask.shape
    rows = np.linspace(0, height - 1, _PATCH_ROWS).round().astype(int)
    columns = np.linspace(0, width - 1, _PATCH_COLUMNS).round().astype(int)
    seen = np.asarray(mask[np.ix_(rows, columns)], np.bool_).ravel()
    return np.asarray(patches[seen], np.int16)
