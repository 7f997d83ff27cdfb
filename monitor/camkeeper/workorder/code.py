"""Four digits read out to the duty desk: they name an order, and its number does not give them away."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Container

CODES = 10_000
_UNITS = (1, 3, 7, 9)


def order_code(secret: bytes, number: int, taken: Container[str]) -> str | None:
    """Return a code that no order in `taken` has, or None where all are taken.

    The first choice and the way on from it are drawn from HMAC-SHA256(secret, number). The stride has no factor in
    common with 10,000, so every code is tried once. Raises ValueError for a secret under 16 bytes.

    One in ten thousand is little: whoever takes codes from people has to limit how often they may be tried.
    """
    if len(secret) < 16:
        raise ValueError("the secret of order codes has 16 bytes or more")
    drawn = hmac.digest(secret, b"order code %d" % number, hashlib.sha256)
    start = int.from_bytes(drawn[:8], "big") % CODES
    stride = int.from_bytes(drawn[8:16], "big") % (CODES // 10) * 10 + _UNITS[drawn[16] % 4]
    for attempt in range(CODES):
        code = f"{(start + attempt * stride) % CODES:04d}"
        if code not in taken:
            return code
    return None


def same_code(one: str, other: str) -> bool:
    """Compare in a time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())
