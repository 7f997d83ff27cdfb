"""Serves a fleet until it is told to end: the body of `camkeeper fleet`."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2

from camfleet import control
from camfleet.fleet import Fleet
from camfleet.scenario import EMPTY, Scenario
from camkeeper.model.registry import Registry

_PARENT_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a fleet is served."""

    seed: int | None = None
    speed: float = 1.0
    pictures: Literal["live", "light"] = "live"
    ahead: bool = False
    """Draw what cameras look at before they answer."""
    truth: Path | None = None
    control_port: int | None = None
    """None: no control socket; 0: any free port, told in the ready line."""
    parent_pid: int | None = None
    """The process to end with; None: nobody's child."""


async def serve(registry: Registry, passwords: dict[str, str], scenario: Scenario = EMPTY, *, options: Options) -> None:
    """Start, print one JSON line when every socket listens, and end on SIGINT or SIGTERM."""
    # One thread draws; OpenCV's own would only take turns with the monitor on the same few cores.
    cv2.setNumThreads(1)
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    if options.parent_pid is not None:
        _watch_parent(loop, options.parent_pid, end)
    fleet = Fleet(
        registry,
        passwords,
        seed=options.seed,
        scenario=scenario,
        speed=options.speed,
        pictures=options.pictures,
        truth=options.truth,
        ahead=options.ahead,
    )
    try:
        if not await _started(fleet, end):
            return
        server = None if options.control_port is None else await control.serve(fleet, options.control_port)
        # Thousands of devices never die: keep the collector from walking them again and again.
        gc.collect()
        gc.freeze()
        print(json.dumps(_ready(fleet, server), ensure_ascii=False), flush=True)
        await end.wait()
        if server is not None:
            server.close()
    finally:
        await fleet.stop()


async def _started(fleet: Fleet, end: asyncio.Event) -> bool:
    """Return whether it answers; False where it was told to end meanwhile."""
    starting, told = asyncio.create_task(fleet.start()), asyncio.create_task(end.wait())
    await asyncio.wait((starting, told), return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return False
    await starting
    return True


def _watch_parent(loop: asyncio.AbstractEventLoop, parent_pid: int, end: asyncio.Event) -> None:
    """End when the parent has. Asked, not signalled: PR_SET_PDEATHSIG fires when the parent's *thread* ends, too."""
    if os.getppid() == parent_pid:
        loop.call_later(_PARENT_S, _watch_parent, loop, parent_pid, end)
    else:
        end.set()


def _ready(fleet: Fleet, server: asyncio.Server | None) -> dict[str, object]:
    kinds: dict[str, int] = {}
    for device in fleet.registry.devices:
        kinds[device.kind.value] = kinds.get(device.kind.value, 0) + 1
    line: dict[str, object] = {
        "ready": True,
        "devices": len(fleet.registry.devices),
        "ports": fleet.ports,
        "kinds": kinds,
        "seed": fleet.seed,
    }
    if server is not None:
        line["control_port"] = server.sockets[0].getsockname()[1]
    return line
