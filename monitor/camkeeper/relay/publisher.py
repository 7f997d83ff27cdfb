"""Ledger -> stream: what is new each second, and each ten seconds a sign of life."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import nats.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError
from nats.js.errors import Error as JetStreamError

from camkeeper.bus.conf import MAX_PAYLOAD, STREAM, beat_subject, stream_subject
from camkeeper.ledger import LedgerError, LedgerReader
from camkeeper.ledger.excerpt import excerpt
from camkeeper.ledger.parcel import Identity, Parcel, Place, pack
from camkeeper.relay.cursor import load_cursor, save_cursor
from camkeeper.relay.state import RelayState

EVERY_S = 1.0
BEAT_S = 10.0
ACK_S = 5.0
STUCK_S, STUCK_MOST_S = 5.0, 600.0
"""A server that took nothing for so long begins again, later each time.

Where a write failed once, because the disk was full, 2.9 and 2.15 take nothing more for this stream ("critical write
error"), however much room there is afterwards; a publisher hears silence, or that there is no JetStream.
"""
_log = structlog.get_logger(__name__)


def next_parcel(ledger: Path, start: Place) -> Parcel:
    """Return what follows a place; for a thread. LedgerError, OSError where the ledger cannot be read."""
    with LedgerReader(ledger) as reader:
        return excerpt(reader, start)


async def make_stream(js: JetStreamContext, edge_id: str, max_bytes: int) -> None:
    """Make the stream, or bring it to these settings. Where it is full it takes nothing: the ledger keeps the rest."""
    config = StreamConfig(
        name=STREAM,
        subjects=[f"camkeeper.edge.{edge_id}.>"],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_bytes=max_bytes,
        max_msg_size=MAX_PAYLOAD,
        duplicate_window=120,
    )
    try:
        await js.add_stream(config)
    except JetStreamError:
        await js.update_stream(config)


class Publisher:
    """Follows the ledger."""

    def __init__(
        self,
        *,
        link: Client,
        js: JetStreamContext,
        edge_id: str,
        ledger: Path,
        cursor: Path,
        max_bytes: int,
        state: RelayState,
        restart: Callable[[], None] | None = None,
        every_s: float = EVERY_S,
    ) -> None:
        self._link, self._js, self._edge_id, self._max_bytes = link, js, edge_id, max_bytes
        self._ledger, self._cursor, self._state = ledger, cursor, state
        self._identity: Identity | None = None
        self._beat_s = 0.0
        self._restart, self._every_s = restart, every_s
        self._stuck_s: float | None = None
        self._patience_s = STUCK_S

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            try:
                await make_stream(self._js, self._edge_id, self._max_bytes)
                while True:
                    if not await self.step():
                        await asyncio.sleep(self._every_s)
            except (nats.errors.Error, LedgerError, OSError) as error:
                trouble = f"{type(error).__name__}: {error}"
                if trouble != self._state.trouble:  # a full stream says the same each second, for days
                    _log.warning("relay_waits", error=trouble)
                self._state.trouble = trouble
                await asyncio.sleep(EVERY_S)
                await self._unstick(error)

    async def _unstick(self, error: Exception) -> None:
        """Let the server begin again where it takes nothing and the disk does."""
        if not isinstance(error, nats.errors.Error) or _is_full(error) or not self._link.is_connected:
            self._stuck_s = None
            return
        now_s = asyncio.get_running_loop().time()
        if self._stuck_s is None:
            self._stuck_s = now_s
        if self._restart is None or self._identity is None or now_s - self._stuck_s < self._patience_s:
            return
        try:
            await asyncio.to_thread(save_cursor, self._cursor, self._identity, self._state.published)
        except OSError:
            return  # the disk is full still
        _log.warning("nats_server_stuck", error=str(error))
        self._restart()
        self._stuck_s, self._patience_s = None, min(2 * self._patience_s, STUCK_MOST_S)

    async def step(self) -> bool:
        """Publish one parcel, on disk when this returns; False where nothing was new."""
        if not self._ledger.exists():
            return False
        if self._identity is None:
            first = await asyncio.to_thread(next_parcel, self._ledger, Place())
            self._identity = first.identity
            self._state.published = load_cursor(self._cursor, first.identity)
        try:
            parcel = await asyncio.to_thread(next_parcel, self._ledger, self._state.published)
        except LedgerError:
            # The ledger ends before the cursor: it was put back from a copy. The hub will say whether it fits.
            self._identity, self._state.published = None, Place()
            self._cursor.unlink(missing_ok=True)
            raise
        if parcel.end == parcel.start:
            await self._beat(parcel)
            return False
        await self._js.publish(
            stream_subject(self._edge_id), pack(parcel), timeout=ACK_S, headers={"Nats-Msg-Id": message_id(parcel)}
        )
        await asyncio.to_thread(save_cursor, self._cursor, parcel.identity, parcel.end)
        self._state.published, self._state.trouble = parcel.end, ""
        self._stuck_s, self._patience_s = None, STUCK_S
        return True

    async def _beat(self, parcel: Parcel) -> None:
        """Say that we live, and until when all is told. Not kept: the next one says more."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._beat_s >= BEAT_S:
            self._beat_s = now_s
            await self._link.publish(beat_subject(self._edge_id), pack(parcel))


def _is_full(error: Exception) -> bool:
    """Tell whether the stream has all that it may have: that is no fault of the server's."""
    return isinstance(error, APIError) and "maximum bytes exceeded" in (error.description or "")


def message_id(parcel: Parcel) -> str:
    """Return the id by which servers and the hub tell a repeat."""
    start, end = parcel.start, parcel.end
    return (
        f"{parcel.identity.ledger_id.hex()}:{start.seq}.{start.windows}.{start.views}"
        f"-{end.seq}.{end.windows}.{end.views}"
    )
