"""What examining one picture gives. Apart from `pipeline`, so that the monitor need not load OpenCV to speak of it."""

from __future__ import annotations

from dataclasses import dataclass

from camkeeper.model.picture import Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One picture's diagnosis, and the few bytes of it that later pictures are held against."""

    diagnosis: Diagnosis
    trace: bytes = b""
    """For `is_frozen` with the next picture; empty where there was no picture."""
    sheet: bytes | None = None
    """For learning a baseline; where it was asked for, and there was a picture."""
    thumbnail: bytes | None = None
    """A blurred JPEG of at most 160x90; where it was asked for, and the verdict is a fault."""
