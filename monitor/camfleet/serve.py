"""Serves a fleet until it is told to end: the body of `camkeeper fleet`."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from camfleet import control
from camfleet.fleet import Fleet
from camfleet.scenario import EMPTY, Scenario
from camkeeper.model.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a fleet is served."""

    seed: int | None = None
    speed: float = 1.0
    pictures: Literal["live", "light"] = "live"
    truth: Path | None = None
    control_port: int | None = None
    """None: no control socket; 0: any free port, told in the ready line."""


async def serve(registry: Registry, passwords: dict[str, str], scenario: Scenario = EMPTY, *, options: Options) -> None:
    """Start, print one JSON line when every socket listens, and end on SIGINT or SIGTERM."""
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    fleet = Fleet(
        registry,
        passwords,
        seed=options.seed,
        scenario=scenario,
        speed=options.speed,
        pictures=options.pictures,
        truth=options.truth,
    )
    async with fleet:
        server = None if options.control_port is None else await control.serve(fleet, options.control_port)
        # Thousands of devices never die: keep the collector from walking them again and again.
        gc.collect()
        gc.freeze()
        print(json.dumps(_ready(fleet, server), ensure_ascii=False), flush=True)
        await end.wait()
        if server is not None:
            server.close()


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
