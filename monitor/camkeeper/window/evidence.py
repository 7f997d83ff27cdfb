"""What may be handed in as evidence of an exclusion: judged by its first bytes and its size, never opened. Pure.

Notices come as PDF or OFD (GB/T 33190), as office files, or as a photo of a stamped sheet.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import PurePosixPath, PureWindowsPath

from camkeeper.message.clean import clean
from camkeeper.window.plan import Document

MAX_BYTES = 10 * 1024 * 1024
_NAME_CHARACTERS = 120
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"mif1", b"msf1", b"heim", b"heis"})
_BEGINNINGS = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"PK\x03\x04", "application/zip"),  # docx, xlsx and ofd are zip archives
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),  # doc and xls of before 2007
)


class EvidenceFault(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"


class EvidenceError(ValueError):
    """A file that is not taken."""

    def __init__(self, fault: EvidenceFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def media_type_of(head: bytes) -> str | None:
    """Return the type that the first 16 bytes tell of; None for what nobody hands in as a notice."""
    for beginning, media_type in _BEGINNINGS:
        if head.startswith(beginning):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "image/heic" if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS else None


def take_evidence(name: str, data: bytes) -> Document:
    """Return what the record says of a file; EvidenceError where it is not taken. Its name loses all folders."""
    if not data:
        raise EvidenceError(EvidenceFault.EMPTY)
    if len(data) > MAX_BYTES:
        raise EvidenceError(EvidenceFault.TOO_LARGE)
    media_type = media_type_of(data[:16])
    if media_type is None:
        raise EvidenceError(EvidenceFault.WRONG_TYPE)
    last = PurePosixPath(PureWindowsPath(name).name).name
    return Document(
        name=clean(last, limit=_NAME_CHARACTERS) or "file",
        digest=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        media_type=media_type,
    )
