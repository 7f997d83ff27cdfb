"""What may be attached as a photo of the repair: judged by its first bytes and its size, never decoded.

A decoder fed by a stranger is a way in: a JPEG of 632 bytes can hold a decoder for half a minute and 6 GB.
"""

from __future__ import annotations

import hashlib

from camkeeper.model.workorder import Photo, Refusal

MAX_BYTES = 5 * 1024 * 1024
"""A phone's browser sends 2 to 5 MB; village networks are slow."""
MAX_PHOTOS = 12
"""On one order."""

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"mif1", b"msf1", b"heim", b"heis"})


def media_type_of(head: bytes) -> str | None:
    """Return the type that the first 16 bytes tell of, None for anything but a phone's picture formats."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "image/heic"
    return None


def take_photo(data: bytes, *, max_bytes: int = MAX_BYTES) -> Photo | Refusal:
    """Return what is kept of a photo's bytes beside the file itself, or why it is not taken."""
    if not data:
        return Refusal.PHOTO_EMPTY
    if len(data) > max_bytes:
        return Refusal.PHOTO_TOO_LARGE
    media_type = media_type_of(data[:16])
    if media_type is None:
        return Refusal.NOT_A_PHOTO
    return Photo(digest=hashlib.sha256(data).hexdigest(), size_bytes=len(data), media_type=media_type)
