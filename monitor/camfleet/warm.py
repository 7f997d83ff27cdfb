"""Draws every camera's still world before a fleet answers, in processes of its own.

The first picture of a camera takes half a second, the next ones a twentieth. A township that begins with its first
pictures keeps a line of a minute and more, in which every snapshot is late and every camera looks broken.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

import cv2

from camfleet.lens import Aim
from camfleet.view import VIEWS, Packed, drawn

MOST = 400
"""More would not be kept (`Views`), nor waited for."""
_CHUNK = 3
"""Cameras of one pole, mostly: they share the painted village."""
_PROCESSES = 4
Key = tuple[int, Aim]


async def warm(wanted: Iterable[Key]) -> None:
    """Draw what is not kept yet, on as many processes as there are cores; returns when all is kept."""
    keys = sorted(set(wanted), key=lambda key: key[0])[:MOST]
    chunks = [keys[i : i + _CHUNK] for i in range(0, len(keys), _CHUNK)]
    if len(chunks) < 2:  # a process takes longer to start
        for key, packed in await asyncio.to_thread(_draw, keys):
            VIEWS.keep(key, packed)
        return
    # Spawned: this process may have threads. Small pieces: who ends the fleet meanwhile waits for one of them.
    context = multiprocessing.get_context("spawn")
    workers = min(_PROCESSES, os.cpu_count() or 1, len(chunks))
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_quietly)
    loop = asyncio.get_running_loop()
    try:
        for done in asyncio.as_completed([loop.run_in_executor(pool, _draw, chunk) for chunk in chunks]):
            for key, packed in await done:
                VIEWS.keep(key, packed)
    finally:
        await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)


def _quietly() -> None:
    """Ctrl-C goes to the whole group; the fleet ends its helpers itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)


def _draw(keys: list[Key]) -> list[tuple[Key, Packed]]:
    return [(key, drawn(*key)) for key in keys]
