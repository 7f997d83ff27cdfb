"""The copies of all edges' ledgers. Each is used by one thread at a time, many at once: no fsync waits for another."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import resource
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import structlog

from camkeeper.clock import Clock
from camkeeper.ledger import LedgerError
from camkeeper.ledger.parcel import Parcel, ParcelError, Place, unpack
from camkeeper.ledger.replica import ACCEPTED, Receipt, Replica, Verdict

T = TypeVar("T")
THREADS = 8
MOST_WAITING = 2
"""Parcels of one edge at a time; it asks for one only, and again when it was not answered."""
TICK_EVERY_MS = 30_000
"""A tick without news is on disk this often. One that a kill takes back is told again by the next sign of life."""
SILENT_MS = 35_000
"""Three signs of life and a half that did not come: the edge is silent. Its time is unknown from its last tick on."""
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Edge:
    """What the hub knows of one edge. One owner, the event loop; the copy itself belongs to the thread that has it."""

    edge_id: str
    path: Path
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    copy: Replica | None = None
    place: Place = field(default_factory=Place)
    head: bytes = b""
    tick_ms: int | None = None
    """Until when all is told: on disk or by the newest sign of life."""
    stored_tick_ms: int | None = None
    claimed: Place = field(default_factory=Place)
    """How far the edge says its ledger is."""
    beat: Parcel | None = None
    """The sign of life that `tick_ms` is of, where it is not on disk yet."""
    heard_ms: int | None = None
    """Elapsed time at the newest sign of life."""
    refused: Receipt | None = None
    """The newest refusal, until something is accepted again."""
    refused_ms: int | None = None
    """Elapsed time at the first refusal of those that stand."""
    gap_ms: int | None = None
    """Elapsed time since when something is missing that has not come."""
    unwritten_ms: int | None = None
    """Elapsed time since when our disk does not take its records."""
    accepted: bool = False
    """Whether anything was accepted since we began."""
    refusals: int = 0
    parcels: int = 0
    records: int = 0

    def silent(self, elapsed_ms: int) -> bool:
        """Tell whether nothing was heard for too long."""
        return self.heard_ms is None or elapsed_ms - self.heard_ms > SILENT_MS

    @property
    def behind(self) -> int:
        """Records that the edge has and the copy has not, as far as is known."""
        return max(0, self.claimed.seq - self.place.seq)


class Copies:
    """Keeps them."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="copies")
        self.edges: dict[str, Edge] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _allow_many_files()

    def path_of(self, edge_id: str) -> Path:
        """Return where the copy of an edge's ledger is, or will be."""
        return self._folder / f"{edge_id}.ledger"

    async def open(self, edge_ids: Iterable[str]) -> None:
        """Know these edges, and open the copies that are there; those of edges no longer enrolled are left alone."""
        for edge_id in edge_ids:
            edge = self.edges.setdefault(edge_id, Edge(edge_id, self.path_of(edge_id)))
            if edge.copy is None and edge.path.exists():
                try:
                    await self._in_thread(lambda e=edge: _opened(e))  # type: ignore[misc]
                except (LedgerError, OSError, sqlite3.Error) as error:
                    _log.error("copy_unreadable", edge=edge_id, error=str(error))

    async def take(self, edge_id: str, data: bytes) -> Receipt | None:
        """Take a parcel; the answer holds for what is on disk. None: no answer now, it will be asked again."""
        edge = self.edges.get(edge_id)
        if edge is None:
            return None
        edge.heard_ms = self._clock.elapsed_ms()
        if edge.waiting >= MOST_WAITING:
            return None
        edge.waiting += 1
        try:
            async with edge.lock:
                receipt = await self._receipt(edge, data)
        finally:
            edge.waiting -= 1
        if receipt is not None:
            self._judge(edge, receipt, data)
        return receipt

    async def _receipt(self, edge: Edge, data: bytes) -> Receipt | None:
        try:
            return await self._offer(edge, unpack(data))
        except ParcelError as error:
            return Receipt(verdict=Verdict.FORGED, place=edge.place, head=edge.head.hex(), detail=str(error))
        except (sqlite3.Error, OSError, LedgerError) as error:
            _log.error("copy_unwritable", edge=edge.edge_id, error=f"{type(error).__name__}: {error}")
            edge.unwritten_ms = edge.unwritten_ms or self._clock.elapsed_ms()
            await self._in_thread(lambda: _let_go(edge))
            return None

    async def hear(self, edge_id: str, data: bytes) -> None:
        """Take a sign of life: an empty parcel. Its tick counts at once; it is on disk a little later."""
        edge = self.edges.get(edge_id)
        if edge is None:
            return
        try:
            beat = unpack(data)
        except ParcelError:
            return
        edge.heard_ms, edge.claimed = self._clock.elapsed_ms(), beat.end
        known = edge.copy is not None and beat.identity == edge.copy.identity
        if beat.records or beat.tick_ms is None or not known:
            return
        if beat.end == edge.place and beat.start_head == edge.head:
            edge.tick_ms, edge.beat = max(beat.tick_ms, edge.tick_ms or beat.tick_ms), beat
            if beat.tick_ms - (edge.stored_tick_ms or 0) >= TICK_EVERY_MS:
                await self.take(edge_id, data)

    async def roll_up(self) -> None:
        """Roll up the finished days of every copy, so that a county's month is read and not computed."""
        for edge in tuple(self.edges.values()):
            while edge.copy is not None:
                async with edge.lock:
                    try:
                        if not await self._in_thread(lambda e=edge: _rolled_up(e)):  # type: ignore[misc]
                            break
                    except (sqlite3.Error, OSError, LedgerError) as error:
                        _log.error("roll_up_failed", edge=edge.edge_id, error=str(error))
                        await self._in_thread(lambda e=edge: _let_go(e))  # type: ignore[misc]
                        break

    async def close(self) -> None:
        """Let go of all files."""
        for edge in self.edges.values():
            async with edge.lock:
                with contextlib.suppress(sqlite3.Error, OSError, LedgerError):
                    if edge.beat is not None and edge.copy is not None:
                        await self._offer(edge, edge.beat)
                await self._in_thread(lambda e=edge: _let_go(e))  # type: ignore[misc]
        self._pool.shutdown()

    async def _offer(self, edge: Edge, parcel: Parcel) -> Receipt:
        edge.claimed = max(edge.claimed, parcel.end)
        receipt = await self._in_thread(lambda: _offered(edge, parcel))
        if receipt.verdict is Verdict.TAKEN:
            edge.parcels += 1
            edge.records += receipt.place.seq - edge.place.seq
        edge.place, edge.head = receipt.place, bytes.fromhex(receipt.head)
        edge.stored_tick_ms, edge.beat = receipt.tick_ms, None
        if receipt.tick_ms is not None:
            edge.tick_ms = max(receipt.tick_ms, edge.tick_ms or receipt.tick_ms)
        return receipt

    def _judge(self, edge: Edge, receipt: Receipt, data: bytes) -> None:
        if receipt.verdict in ACCEPTED:
            edge.refused = edge.refused_ms = edge.gap_ms = edge.unwritten_ms = None
            edge.accepted = True
            return
        if receipt.verdict is Verdict.GAP:
            edge.gap_ms = edge.gap_ms or self._clock.elapsed_ms()
            return  # what is missing is sent again: nobody did wrong
        edge.refusals += 1
        edge.refused_ms = edge.refused_ms or self._clock.elapsed_ms()
        if edge.refused != receipt:
            _log.error("parcel_refused", edge=edge.edge_id, verdict=receipt.verdict.value, detail=receipt.detail)
            self._bury(edge, receipt, data)
        edge.refused = receipt

    def _bury(self, edge: Edge, receipt: Receipt, data: bytes) -> None:
        """Add to the list of what was refused; each thing once, however often it is sent."""
        line = {
            "at_ms": self._clock.wall_ms(),
            "edge": edge.edge_id,
            "verdict": receipt.verdict.value,
            "detail": receipt.detail[:500],
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        try:
            with (self._folder / "refused.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:  # the edge gets its answer all the same
            _log.error("refusal_unwritten", edge=edge.edge_id, error=str(error))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _opened(edge: Edge) -> Replica:
    copy = Replica.open(edge.path)
    edge.copy, edge.place, edge.head = copy, copy.place, copy.head
    edge.tick_ms = edge.stored_tick_ms = copy.tick_ms
    return copy


def _offered(edge: Edge, parcel: Parcel) -> Receipt:
    if edge.copy is None:
        if edge.path.exists():
            _opened(edge)
        elif parcel.start != Place():
            return Receipt(verdict=Verdict.GAP, place=Place(), detail="nothing of this ledger is here yet")
        else:
            edge.copy = Replica.found(edge.path, parcel.identity)
    assert edge.copy is not None  # noqa: S101 - just opened
    return edge.copy.offer(parcel)


def _rolled_up(edge: Edge) -> int:
    return 0 if edge.copy is None else edge.copy.roll_up()


def _let_go(edge: Edge) -> None:
    copy, edge.copy = edge.copy, None
    if copy is not None:
        copy.close()


def _allow_many_files() -> None:
    """A copy takes four descriptors: 700 edges need more than the 1,024 that a process begins with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
