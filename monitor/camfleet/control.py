"""Switches faults of a running fleet: one JSON object a line, over TCP on 127.0.0.1, one JSON object back.

{"do": "apply", "fault": "power", "target": {"link": "sw-01"}, "dead": "refused"}
    -> {"ok": true, "handle": 1, "devices": [...]}
{"do": "clear"}, {"do": "clear", "target": {...}}   -> {"ok": true}
{"do": "counters", "target": {...}}                 -> {"ok": true, "counters": {id: {...}}}
{"do": "state", "target": {...}}                    -> {"ok": true, "state": {id: [fault, ...]}}
anything wrong                                      -> {"ok": false, "error": "..."}
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from camfleet.fleet import Fleet
from camfleet.mistake import MistakeError
from camfleet.scenario import fault_of, target_of
from camfleet.targets import unknown

_MAX_LINE = 65_536


def _texts(raw: dict[str, Any]) -> dict[str, str | list[str]]:
    return {key: [str(v) for v in value] if isinstance(value, list) else str(value) for key, value in raw.items()}


def obey(fleet: Fleet, command: dict[str, Any]) -> dict[str, Any]:
    """Carry out one command and return its answer; MistakeError tells what is wrong with it."""
    target = command.get("target")
    ids = fleet.resolve(target_of(_texts(target)), draw="control") if target is not None else None
    what = command.get("do")
    if what == "apply":
        if ids is None:
            raise MistakeError("apply 要写 target", "apply wants a target")
        extra = {k: str(v) for k, v in command.items() if k not in {"do", "fault", "target"}}
        handle = fleet.apply(fault_of(str(command.get("fault", "")), extra), ids)
        return {"ok": True, "handle": handle, "devices": list(ids)}
    if what == "clear":
        fleet.clear(ids)
        return {"ok": True}
    among = tuple(fleet.devices) if ids is None else ids
    if what == "counters":
        return {"ok": True, "counters": fleet.counters(among)}
    if what == "state":
        return {"ok": True, "state": {i: [c.fault.kind.value for c in fleet.causes(i)] for i in among}}
    raise unknown("command", str(what), ("apply", "clear", "counters", "state"))


def _answer(fleet: Fleet, line: bytes) -> dict[str, Any]:
    try:
        return obey(fleet, dict(json.loads(line)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return {"ok": False, "error": str(error)}


async def serve(fleet: Fleet, port: int) -> asyncio.Server:
    """Listen on 127.0.0.1 at `port` (0: any free one)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(_answer(fleet, line), ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass  # the client has gone, its line has no end, or the fleet ends: asyncio 3.11 would print a traceback
        finally:
            writer.close()

    return await asyncio.start_server(talk, "127.0.0.1", port, limit=_MAX_LINE)
