"""Small pictures and values for tests of the album."""

from __future__ import annotations

import secrets
from pathlib import Path

import cv2
import numpy as np

from camkeeper.album import Album, Limits
from camkeeper.clock import Clock, SimulatedClock
from camkeeper.model.picture import Context, Diagnosis, Finding, Look, PictureVerdict, Scope

T0 = 1_790_000_000_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def jpeg(width: int, height: int, *, seed: int = 1) -> bytes:
    """A JPEG of noise: no two seeds share a run of bytes in their scans."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    done, data = cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_QUALITY, 30])
    assert done
    return data.tobytes()


def core(data: bytes) -> bytes:
    """A run of bytes from the middle of a picture: it is in a file, or it is not."""
    middle = len(data) // 2
    return data[middle : middle + 48]


def finding(device_id: str = "c1", *, since_ms: int = T0, verdict: PictureVerdict = PictureVerdict.COVER) -> Finding:
    return Finding(
        device_id=device_id, verdict=verdict, since_ms=since_ms, decided_ms=since_ms + HOUR, scope=Scope.DEVICE, looks=3
    )


def look(device_id: str = "c1", *, at_ms: int = T0, verdict: PictureVerdict = PictureVerdict.OK) -> Look:
    return Look(
        device_id=device_id,
        at_ms=at_ms,
        context=Context.DAY,
        diagnosis=Diagnosis(verdict=verdict, features={"edge": 1 / 3, "mean": 120.0}),
        baseline=1,
    )


def open_album(path: Path, clock: Clock | None = None, limits: Limits | None = None) -> Album:
    return Album.open(path, clock=clock or SimulatedClock(wall_ms=T0), limits=limits)


def somewhere(path: Path, needle: bytes) -> bool:
    """Whether these bytes are in any file of the album."""
    return any(needle in file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def body(size: int = 1000) -> bytes:
    return secrets.token_bytes(size)
