"""Pictures are decoded in a process of their own, so that the worst of them harms nobody. I/O; loads no OpenCV.

One task a process takes what waits, asks, and answers. A process that dies over a picture is replaced and asked once
more: the fault may be ours. The second death over the same bytes is the picture's, and a verdict. A process that does
not even start, or a bug in a diagnosis, accuses no camera: `WorkerError`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, Self

from camkeeper.model.picture import Context, Diagnosis, PictureVerdict
from camkeeper.picture.child import PROGRAM, Child, CrashError, Limits, StartError
from camkeeper.picture.examined import Examined
from camkeeper.picture.protocol import (
    LEARN_PATIENCE,
    BaselineFacts,
    Job,
    Message,
    ProtocolError,
    examined_of,
    inspect_message,
    inspected_of,
    job_message,
    learn_message,
    learned_of,
    pack,
)
from camkeeper.picture.queue import Waiting

__all__ = ["DroppedError", "Examined", "Job", "Limits", "PictureWorker", "RefusedError", "WorkerError", "WorkerStats"]

WAITING: Final = 64
"""Pictures in the line, each with its baseline: at 160 and 500 KB 42 MB, and 1.5 s of work of one core."""
MAX_BYTES: Final = 16 * 2**20
"""Longer pictures are not even handed over."""
RESTART_S: Final = (0.0, 0.1, 0.5, 2.0, 10.0)
"""Before the next start, by how many starts in a row brought nothing."""
_LATENCIES: Final = 1000


class WorkerError(Exception):
    """The picture could not be examined, and that is not its fault."""


class RefusedError(WorkerError):
    """What was handed over along with the pictures will not do: a broken baseline, unfit sheets."""


class DroppedError(WorkerError):
    """A newer picture of the same device came, or the line was full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStats:
    """Since the start. Milliseconds are of one exchange with the process, of the last thousand; None: none yet."""

    done: int
    crashed: int
    """Deaths of processes over a picture, `killed` among them."""
    killed: int
    """By us or by the limits: too long, too much."""
    dropped: int
    waiting: int
    p50_ms: float | None
    p99_ms: float | None


@dataclass(slots=True, kw_only=True)
class _Entry:
    request: bytes
    answer: asyncio.Future[Message]
    patience: int = 1
    deaths: int = 0


@dataclass(slots=True)
class _Counts:
    done: int = 0
    crashed: int = 0
    killed: int = 0
    fruitless: int = 0
    took_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))


class _TwiceError(WorkerError):
    """Two processes died over the same request."""


class PictureWorker:
    """Examines pictures in `processes` processes of its own. An async context manager."""

    def __init__(
        self,
        *,
        processes: int = 1,
        limits: Limits | None = None,
        waiting: int = WAITING,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self._processes = processes
        self._limits = limits or Limits()
        self._program = tuple(program)
        self._waiting: Waiting[_Entry] = Waiting(waiting)
        self._some = asyncio.Semaphore(0)
        self._counts = _Counts()
        self._children: dict[int, Child] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._asked: set[asyncio.Future[Message]] = set()
        self._others = 0

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._serve(), name=f"picture-{n}") for n in range(self._processes)]
        for task in self._tasks:
            task.add_done_callback(self._ended)
        return self

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Let nobody wait for a task that a bug has ended."""
        error = None if task.cancelled() else task.exception()
        for answer in self._asked if error else ():
            if not answer.done():
                answer.set_exception(WorkerError(f"the worker broke: {type(error).__name__}: {error}"))

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for answer in self._asked:
            if not answer.done():
                answer.set_exception(WorkerError("the worker was closed"))
        self._tasks = []

    async def examine(self, job: Job) -> Examined:
        """Return what the picture shows. Raises WorkerError; a hostile picture is a verdict."""
        if len(job.data) > MAX_BYTES:
            return _no_picture(f"{len(job.data)} bytes, more than {MAX_BYTES // 2**20} MB")
        try:
            return examined_of(await self._ask(job.device_id, job_message(job)))
        except _TwiceError as error:
            return _no_picture(f"the decoder crashed twice: {error}")
        except ProtocolError as error:
            raise WorkerError(str(error)) from None

    async def learn(self, sheets: Sequence[bytes], *, context: Context) -> bytes:
        """Return the bytes of a baseline learned of these sheets. Raises RefusedError, WorkerError."""
        try:
            return learned_of(await self._ask(self._unique("learn"), learn_message(sheets, context), LEARN_PATIENCE))
        except ProtocolError as error:
            raise WorkerError(str(error)) from None

    async def inspect(self, baseline: bytes) -> BaselineFacts:
        """Return what a baseline is of. Raises RefusedError where it is none; WorkerError."""
        try:
            return inspected_of(await self._ask(self._unique("inspect"), inspect_message(baseline)))
        except ProtocolError as error:
            raise WorkerError(str(error)) from None

    def _unique(self, kind: str) -> str:
        """Return a key that no device has: nothing takes this one's place."""
        self._others += 1
        return f"\0{kind} {self._others}"

    @property
    def stats(self) -> WorkerStats:
        """What was done, and what waits."""
        took = sorted(self._counts.took_ms)
        return WorkerStats(
            done=self._counts.done,
            crashed=self._counts.crashed,
            killed=self._counts.killed,
            dropped=self._waiting.dropped,
            waiting=len(self._waiting),
            p50_ms=took[len(took) // 2] if took else None,
            p99_ms=took[min(len(took) - 1, len(took) * 99 // 100)] if took else None,
        )

    @property
    def pids(self) -> tuple[int, ...]:
        """The ids of the processes that live now."""
        return tuple(self._children)

    async def _ask(self, key: str, message: Message, patience: int = 1) -> Message:
        if not self._tasks:
            raise WorkerError("the worker is closed")
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        entry = _Entry(request=pack(message), answer=answer, patience=patience)
        self._asked.add(entry.answer)
        gone = self._waiting.put(key, entry)
        if gone is None:
            self._some.release()
        elif not gone.answer.done():
            gone.answer.set_exception(DroppedError("a newer picture took its place"))
        try:
            return await entry.answer
        finally:
            self._asked.discard(entry.answer)

    async def _serve(self) -> None:
        """Take, ask, answer; one process at a time, replaced when it dies."""
        child: Child | None = None
        try:
            while True:
                await self._some.acquire()
                entry = self._waiting.take()
                while entry is not None and not entry.answer.done():
                    child = child or await self._start(entry)
                    if child is not None and not await self._one(child, entry):
                        self._children.pop(child.pid, None)
                        child = None
        finally:
            if child is not None:
                self._children.pop(child.pid, None)
                await child.kill()

    async def _start(self, entry: _Entry) -> Child | None:
        """Return a new process; or answer with why there is none."""
        await asyncio.sleep(RESTART_S[min(self._counts.fruitless, len(RESTART_S) - 1)])
        try:
            child = await Child.start(self._limits, program=self._program)
        except StartError as error:
            self._counts.fruitless += 1
            if not entry.answer.done():
                entry.answer.set_exception(WorkerError(f"the decoder does not start: {error}"))
            return None
        self._children[child.pid] = child
        return child

    async def _one(self, child: Child, entry: _Entry) -> bool:
        """Ask once; False where the process died of it, or of nothing at all."""
        began = perf_counter()
        try:
            answer = await child.ask(entry.request, patience=entry.patience)
        except CrashError as error:
            self._died(entry, str(error), killed=error.killed)
            return False
        self._counts.took_ms.append((perf_counter() - began) * 1000)
        self._counts.fruitless = 0
        if answer.kind == "crashed":
            self._died(entry, str(answer.head.get("why")), killed=True)
            await child.kill()
            return False
        self._counts.done += 1
        if entry.answer.done():  # whoever asked went away
            return True
        if answer.kind in {"examined", "learned", "inspected"}:
            entry.answer.set_result(answer)
        else:
            kind = RefusedError if answer.kind == "refused" else WorkerError
            entry.answer.set_exception(kind(str(answer.head.get("why", answer.kind))))
        return True

    def _died(self, entry: _Entry, why: str, *, killed: bool) -> None:
        self._counts.crashed += 1
        self._counts.killed += killed
        entry.deaths += 1
        if entry.deaths == 2 and not entry.answer.done():
            entry.answer.set_exception(_TwiceError(why))


def _no_picture(detail: str) -> Examined:
    return Examined(
        diagnosis=Diagnosis(verdict=PictureVerdict.NO_SIGNAL, alarms=(PictureVerdict.NO_SIGNAL,), detail=detail)
    )
