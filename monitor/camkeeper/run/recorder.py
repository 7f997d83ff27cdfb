"""Takes what waits in the township to the ledger, and tells only what is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from camkeeper.clock import ClockStep, Timeline
from camkeeper.judge.track import Track
from camkeeper.ledger.record import Ack, Batch, LifeChange
from camkeeper.ledger.snapshot import Snapshot
from camkeeper.model.change import Transition
from camkeeper.model.picture import Finding
from camkeeper.model.view import ViewRecord
from camkeeper.run.desk.work import Work
from camkeeper.run.township import Township
from camkeeper.window.book import WindowEvent

FLUSH_S = 0.25
TICK_EVERY_MS = 2_000
MAX_WAITING = 50_000
"""Samples that may wait for a broken disk. Past that no more are taken: the gap is unknown, nothing else is lost."""


class Appends(Protocol):
    """What the recorder needs of a ledger."""

    def append(self, batch: Batch) -> Future[Ack]:
        """Queue a batch; the future is done when it is on disk."""

    def checkpoint(self, tracks: Iterable[Track]) -> Future[int]:
        """Keep the tracks as they are after all that was queued so far."""


class Follows(Protocol):
    """What the recorder needs of the duty desk, which puts into a batch what follows from it."""

    @property
    def waiting(self) -> bool:
        """Whether there is something to write although nothing changed."""

    def take(self, transitions: tuple[Transition, ...], now_ms: int) -> Work:
        """Return what belongs into the batch with these transitions. Never raises."""

    def stored(self, work: Work) -> None:
        """Tell of it: it is on disk."""


class Recorder:
    """Stored first, told afterwards: one batch at a time, in order."""

    def __init__(
        self,
        *,
        ledger: Appends,
        township: Township,
        timeline: Timeline,
        stored: Callable[[frozenset[str]], None],
        desk: Follows | None = None,
    ) -> None:
        self._ledger, self._township, self._timeline, self._stored = ledger, township, timeline, stored
        self._desk = desk
        self._lives: list[LifeChange] = []
        self._steps: list[ClockStep] = []
        self._config: Snapshot | None = None
        self._agreed: list[tuple[WindowEvent, ...]] = []
        self._views: list[ViewRecord] = []
        self._told: list[asyncio.Future[None]] = []
        self._waiting = 0
        self.last_tick_ms = timeline.now_ms()
        """Everything up to here is acknowledged on disk."""
        self.samples_stored = 0
        """Samples acknowledged since the ledger began."""
        self.tracks: Mapping[str, Track] = _by_id(township)
        """Every device's track as of the last acknowledged batch: what may be told."""
        self.findings: Mapping[str, Finding] = township.findings
        """What pictures prove as of the last acknowledged batch."""

    def note_config(self, snapshot: Snapshot, lives: tuple[LifeChange, ...]) -> None:
        """Put a configuration and the lives that begin or end with it into the next batch."""
        self._config = snapshot
        self._lives.extend(lives)

    def note_agreed(self, events: tuple[WindowEvent, ...], snapshot: Snapshot) -> asyncio.Future[None]:
        """Put what people agreed on into the next batch, with the configuration that it makes; done when on disk."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._config = snapshot
        self._agreed.append(events)
        self._told.append(future)
        return future

    def note_view(self, view: ViewRecord) -> asyncio.Future[None]:
        """Put a view of a picture into the next batch; done when on disk, and only then it may be shown."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._views.append(view)
        self._told.append(future)
        return future

    def note_step(self, step: ClockStep) -> None:
        """Put a step of the wall clock into the next batch."""
        self._steps.append(step)

    def accepting(self) -> bool:
        """Return whether more samples may be taken."""
        return self._waiting + self._township.waiting < MAX_WAITING

    async def run(self) -> None:
        """Flush until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush()

    async def flush(self, *, final: bool = False) -> None:
        """Write what waits; return when it is on disk."""
        now_ms = self._timeline.now_ms()
        idle = not (self._township.waiting or self._township.changed or self._lives or self._steps or self._config)
        idle = idle and not self._views and not (self._desk is not None and self._desk.waiting)
        if not idle or final or now_ms - self.last_tick_ms >= TICK_EVERY_MS:
            await self._stored_by(self._submit(now_ms))

    async def checkpoint(self) -> None:
        """Write what waits and keep the tracks just as they are after it."""
        submitted = self._submit(self._timeline.now_ms())
        # No await between the two: a sample taken in between would be in the tracks and not in the journal.
        kept = self._ledger.checkpoint(submitted.tracks.values())
        await self._stored_by(submitted)
        await asyncio.shield(asyncio.wrap_future(kept))

    def _submit(self, now_ms: int) -> _Submitted:
        samples, transitions = self._township.drain()
        findings, drifts = self._township.drain_pictures()
        work = self._desk.take(transitions, now_ms) if self._desk is not None else None
        batch = Batch(
            samples=samples,
            transitions=transitions,
            tick_ms=now_ms,
            lives=tuple(self._lives),
            config=self._config,
            clock_steps=tuple(self._steps),
            windows=tuple(event for events in self._agreed for event in events),
            findings=findings,
            drifts=drifts,
            views=tuple(self._views),
            **({} if work is None else _of_desk(work)),
        )
        told, self._told = tuple(self._told), []
        self._lives, self._steps, self._config, self._agreed, self._views = [], [], None, [], []
        self._waiting += len(samples)
        future = self._ledger.append(batch)
        return _Submitted(
            batch=batch,
            tick_ms=now_ms,
            tracks=_by_id(self._township),
            findings=self._township.findings,
            future=future,
            work=work,
            told=told,
        )

    async def _stored_by(self, submitted: _Submitted) -> None:
        # Shielded: a stop in this moment must not take back what was queued.
        ack = await asyncio.shield(asyncio.wrap_future(submitted.future))
        batch = submitted.batch
        self._waiting -= len(batch.samples)
        self.samples_stored = ack.samples
        if submitted.tick_ms >= self.last_tick_ms:
            self.last_tick_ms, self.tracks, self.findings = submitted.tick_ms, submitted.tracks, submitted.findings
        changed = frozenset(t.device_id for t in batch.transitions) | frozenset(c.device_id for c in batch.lives)
        changed |= frozenset(f.device_id for f in batch.findings)
        self._stored(changed)
        if self._desk is not None and submitted.work is not None:
            self._desk.stored(submitted.work)
        for future in submitted.told:
            if not future.done():
                future.set_result(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Submitted:
    """A batch on its way to the disk, and the tracks just as it leaves them."""

    batch: Batch
    tick_ms: int
    tracks: Mapping[str, Track]
    findings: Mapping[str, Finding]
    future: Future[Ack]
    work: Work | None
    told: tuple[asyncio.Future[None], ...] = ()
    """Who waits for it."""


def _of_desk(work: Work) -> dict[str, Any]:
    return {
        "incidents": tuple(work.incidents),
        "letters": tuple(work.letters),
        "quiet_until": work.quiet_until,
        "orders": tuple(work.orders),
        "watched": work.watched,
        "desk": work.memory,
    }


def _by_id(township: Township) -> dict[str, Track]:
    return {track.device_id: track for track in township.tracks()}
