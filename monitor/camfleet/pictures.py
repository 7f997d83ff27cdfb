"""Where a device's JPEG comes from: drawn live by a worker thread, or from a small pool for load."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from camfleet import scene
from camfleet.faults import Picture

if TYPE_CHECKING:
    from camfleet.device import VirtualDevice

QUALITY = 82
_MAX_WIDTH, _MAX_HEIGHT = 1920, 1080
_POOL = 6
_LIGHT = (704, 576)
_Key = tuple[str, int, Picture]


def size_of(width: int, height: int) -> tuple[int, int]:
    """Return the size of a snapshot: the main profile's, but not beyond 1920 x 1080."""
    shrink = min(1.0, _MAX_WIDTH / width, _MAX_HEIGHT / height)
    return round(width * shrink) // 2 * 2, round(height * shrink) // 2 * 2


def encode(frame: scene.Frame, picture: Picture) -> bytes:
    """Return the JPEG of a frame through a good, unfocused, closed or wide open lens."""
    image = scene.draw(frame)
    if picture is Picture.BLURRED:
        # Eight times smaller and back: as soft as a wide Gaussian, at a twentieth of its cost.
        small = cv2.resize(image, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
        soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), 1.4), (frame.width, frame.height))
        image = np.asarray(soft, np.uint8)
    elif picture is Picture.DARK:
        image = (image // 18).astype(np.uint8)
    elif picture is Picture.BRIGHT:
        image = np.clip(image.astype(np.uint16) // 6 + 225, 0, 255).astype(np.uint8)
    scene.caption(image, frame)
    ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not ok:
        raise RuntimeError(f"{frame.device_id}: the picture cannot be encoded")
    return data.tobytes()


class LivePictures:
    """Draws what is asked for, each device at most once a second."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        # cv2 releases the interpreter lock: one thread beside the loop is enough for a township, and bounds the cost.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="camfleet-pictures")
        self._kept: dict[str, tuple[_Key, asyncio.Future[bytes]]] = {}

    async def jpeg(self, device: VirtualDevice, at_ms: int, picture: Picture) -> bytes:
        """Return the picture of that second."""
        key = (device.id, at_ms // 1000, picture)
        kept = self._kept.get(device.id)
        if kept is None or kept[0] != key or kept[1].cancelled():
            width, height = size_of(device.dialect.width, device.dialect.height)
            local = datetime.fromtimestamp(at_ms // 1000, tz=UTC).astimezone(device.zone)
            frame = scene.Frame(seed=self._seed, device_id=device.id, local=local, width=width, height=height)
            kept = key, asyncio.get_running_loop().run_in_executor(self._worker, encode, frame, picture)
            self._kept[device.id] = kept
        return await asyncio.shield(kept[1])

    def close(self) -> None:
        """Let the thread end."""
        self._worker.shutdown(wait=True, cancel_futures=True)


class LightPictures:
    """A few pictures drawn once and handed out in turns, for load: drawing is not what is measured there."""

    def __init__(self, *, seed: int) -> None:
        self._pools = {p: _pool(seed, p) for p in (Picture.LIVE, Picture.BLURRED, Picture.DARK, Picture.BRIGHT)}

    async def jpeg(self, device: VirtualDevice, at_ms: int, picture: Picture) -> bytes:
        """Return one of the pool: another one each second, the same one for the same instant."""
        pool = self._pools[picture]
        start = hashlib.blake2b(device.id.encode(), digest_size=2).digest()[0]
        return pool[(start + at_ms // 1000) % len(pool)]

    def close(self) -> None:
        """Nothing to end."""


@lru_cache(maxsize=16)
def _pool(seed: int, picture: Picture) -> tuple[bytes, ...]:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    frames = (
        scene.Frame(
            seed=seed, device_id=f"pool-{i}", local=noon.replace(second=i * 7), width=_LIGHT[0], height=_LIGHT[1]
        )
        for i in range(_POOL)
    )
    return tuple(encode(frame, picture) for frame in frames)
