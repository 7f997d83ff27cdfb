"""Refused credentials on their way to the keeper: at most one refused attempt over the whole crew.

The keeper's file of latches is the truth, and each question carries what it says. A member that is refused writes the
latch into this journal before it answers: if it dies with its answer, whoever asks that device next finds it here.
The keeper clears an entry when its own file has it on disk. So an operator's `camkeeper unlatch` needs only the file.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.kv import KeyValue

from camkeeper.crew.subjects import JOURNAL
from camkeeper.crew.wire import Latches, pack, unpack_latches
from camkeeper.model.probing import Rung
from camkeeper.probe.latch import Latch, fingerprint_of

WITHIN_S = 3.0


def key_check(key: bytes) -> str:
    """Return what tells keys apart and does not tell the key."""
    return hashlib.sha256(b"camkeeper crew\0" + key).hexdigest()[:16]


class Journal:
    """Latches by device in the KV bucket. nats.errors.Error, OSError where the bus is away."""

    def __init__(self, link: Client, edge_id: str) -> None:
        js = link.jetstream(domain=edge_id, timeout=WITHIN_S)
        self._kv = KeyValue(name=JOURNAL, stream=f"KV_{JOURNAL}", pre=f"$KV.{JOURNAL}.", js=js, direct=True)

    async def get(self, device_id: str) -> tuple[tuple[Latch, ...], int]:
        """Return what waits for the keeper, and its revision; nothing and 0. WireError for a damaged entry."""
        try:
            entry = await self._kv.get(_key(device_id))
        except nats.js.errors.KeyNotFoundError:
            return (), 0
        found = unpack_latches(entry.value or b"")
        return (found.latches if found.device_id == device_id else ()), entry.revision or 0

    async def put(self, device_id: str, latches: Iterable[Latch]) -> int:
        """Write an entry; stored when this returns. Returns its revision."""
        return await self._kv.put(_key(device_id), pack(Latches(device_id, tuple(latches))))

    async def clear(self, device_id: str, revision: int) -> None:
        """Forget an entry that the keeper has, unless a newer one came."""
        try:
            await self._kv.delete(_key(device_id), last=revision)
        except nats.js.errors.APIError:
            return  # a newer one: it will be told by the next answer


def _key(device_id: str) -> str:
    """Ids may have any letters, keys not."""
    return hashlib.sha256(device_id.encode()).hexdigest()[:40]


@dataclass(slots=True, kw_only=True)
class _Device:
    known: dict[Rung, Latch]
    came: tuple[Latch, ...]
    revision: int


class CarriedLatches:
    """A member's latches: those that came with the question, those of the journal, those that it just found.

    A `LatchStore` for the prober. `begin` before a probe, `end` after it.
    """

    def __init__(self, *, key: bytes, journal: Journal) -> None:
        self._key, self._journal = key, journal
        self._loop = asyncio.get_running_loop()
        self._devices: dict[str, _Device] = {}
        self._unsaved: dict[str, dict[Rung, Latch]] = {}
        """What the journal would not take: it holds in this process at least, until the keeper has it."""

    async def begin(self, device_id: str, carried: tuple[Latch, ...]) -> None:
        """Know what is known of a device. nats.errors.Error, OSError, WireError where the journal cannot be read."""
        waiting, revision = await self._journal.get(device_id)
        known = {latch.scope: latch for latch in (*carried, *waiting)}
        unsaved = self._unsaved.pop(device_id, {})
        known.update(unsaved)
        self._devices[device_id] = _Device(known=known, came=carried, revision=revision)
        if unsaved:
            self._devices[device_id].revision = await self._journal.put(device_id, known.values())

    def end(self, device_id: str) -> tuple[tuple[Latch, ...] | None, int]:
        """Return the device's latches where they are not those that came, and the journal's revision."""
        device = self._devices.pop(device_id, None)
        if device is None:
            return None, 0
        after = tuple(device.known.values())
        changed = {latch.scope: latch for latch in device.came} != device.known
        return (after if changed or device.revision else None), device.revision

    def fingerprint(self, user: str, password: str) -> str:
        """Return what stands for a credential: the same at the keeper and at every member."""
        return fingerprint_of(self._key, user, password)

    def get(self, device_id: str, scope: Rung) -> Latch | None:
        """Return the latch, if there is one."""
        device = self._devices.get(device_id)
        return None if device is None else device.known.get(scope)

    def put(self, latch: Latch) -> None:
        """Remember a refusal; in the journal when this returns. Called from a thread. Raises OSError."""
        device = self._devices.get(latch.device_id)
        known = {} if device is None else device.known
        known[latch.scope] = latch
        try:
            writing = asyncio.run_coroutine_threadsafe(
                self._journal.put(latch.device_id, tuple(known.values())), self._loop
            )
            revision = writing.result(2 * WITHIN_S)
        except (nats.errors.Error, TimeoutError, OSError) as error:
            self._unsaved[latch.device_id] = dict(known)
            raise OSError("the journal of latches cannot be written") from error
        if device is not None:
            device.revision = revision

    def remove(self, device_id: str, scope: Rung | None = None) -> bool:
        """Forget a device's latches, or one of them; the keeper hears of it with the answer."""
        device = self._devices.get(device_id)
        gone = [s for s in (() if device is None else device.known) if scope in {None, s}]
        for one in gone:
            if device is not None:
                del device.known[one]
        return bool(gone)
