"""Is this the very picture of before? A trace of each tells, small enough to be held for 5,000 cameras. Pure.

A perceptual hash cannot tell: two live pictures of one night street hash alike. What a live sensor never does is to
give every part of a picture again to within the rounding of the JPEG: noise and light see to that.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

TRACE_WIDTH_PX: Final = 80
TRACE_HEIGHT_PX: Final = 45
TRACE_SIZE_BYTES: Final = 8 + 16 + TRACE_WIDTH_PX * TRACE_HEIGHT_PX
MAX_DIFFERENCE: Final = 8
"""Grey levels. Above it somewhere outside the on-screen text: alive."""
_HEAD: Final = struct.Struct("<4sHH")
_MAGIC: Final = b"CKT1"
_NO_DIGEST: Final = bytes(16)


def trace_of(image: NDArray[np.uint8], data: bytes = b"") -> bytes:
    """Return the trace of a picture (h, w) or (h, w, 3) BGR; `data`: the bytes it came as, for "identical bytes"."""
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (TRACE_WIDTH_PX, TRACE_HEIGHT_PX), interpolation=cv2.INTER_AREA)
    digest = hashlib.blake2b(data, digest_size=16).digest() if data else _NO_DIGEST
    height, width = grey.shape
    return _HEAD.pack(_MAGIC, width, height) + digest + small.tobytes()


def is_frozen(before: bytes, now: bytes, mask: NDArray[np.bool_] | None = None) -> bool:
    """True when both traces are of one and the same picture.

    `mask`: any (h, w), True where the scene is and no on-screen text. Traces of pictures of different sizes, or bytes
    that are no traces, are never of the same picture.
    """
    if len(before) != TRACE_SIZE_BYTES or len(now) != TRACE_SIZE_BYTES or before[:8] != now[:8]:
        return False
    if before[8:24] == now[8:24] != _NO_DIGEST:
        return True
    difference = cv2.absdiff(_grey(before), _grey(now))
    if mask is not None:
        scene = cv2.resize(mask.astype(np.uint8), (TRACE_WIDTH_PX, TRACE_HEIGHT_PX), interpolation=cv2.INTER_NEAREST)
        difference = difference[scene > 0]
    return bool(difference.size) and int(difference.max()) <= MAX_DIFFERENCE


def _grey(trace: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(trace, np.uint8, offset=24).reshape(TRACE_HEIGHT_PX, TRACE_WIDTH_PX)
