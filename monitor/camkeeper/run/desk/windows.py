"""Agreed windows in the running monitor: shown as they are on disk, and entered by people.

What is entered counts from the batch that has it on: the desk takes over the new register in that very batch.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

from camkeeper.clock import Timeline
from camkeeper.ledger.files import keep_file, read_file
from camkeeper.ledger.snapshot import Snapshot, snapshot_of
from camkeeper.message.clean import clean
from camkeeper.model.registry import Registry
from camkeeper.run.desk.windowview import windows_standing
from camkeeper.run.recorder import Recorder
from camkeeper.run.township import Township
from camkeeper.standing.build import timezone_of
from camkeeper.standing.windows import WindowAct, WindowActed, WindowAction, WindowsStanding
from camkeeper.window.book import Deed, RefusedError, WindowBook, WindowEvent
from camkeeper.window.evidence import EvidenceError, take_evidence
from camkeeper.window.plan import Document, WindowPlan
from camkeeper.window.request import NAME_CHARACTERS, REASON_CHARACTERS, RequestError, read_request
from camkeeper.window.words import EVIDENCE_FAULT, REFUSAL

ACT_WITHIN_S = 10.0
MAX_PLANS = 5_000
"""As many as anybody agrees to in years; each is looked at for every device of its scope."""


class WindowRoom:
    """One owner, the event loop; files are kept in threads."""

    def __init__(
        self, *, book: WindowBook | None, township: Township, recorder: Recorder, timeline: Timeline, ledger: Path
    ) -> None:
        self._readable = book is not None
        self._book = self._shown = book or WindowBook()
        self._township, self._recorder, self._timeline, self._ledger = township, recorder, timeline, ledger
        self._config: tuple[Registry, Snapshot] | None = None
        self._built: tuple[Snapshot, WindowBook, int, WindowsStanding] | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the board."""
        if self._readable:
            return ()
        return ("检修与剔除记录读不出，暂不生效 / agreed windows on record cannot be read; none of them counts",)

    def windows(self) -> WindowsStanding:
        """Return what is agreed, as of the newest second; cheap where nothing changed."""
        config, second = self._snapshot(), self._timeline.now_ms() // 1000
        built = self._built
        if built is None or built[0] is not config or built[1] is not self._shown or built[2] != second:
            standing = windows_standing(
                config,
                self._shown,
                tz=timezone_of(self._township.registry),
                at_ms=self._timeline.now_ms(),
                unreadable=not self._readable,
            )
            built = self._built = (config, self._shown, second, standing)
        return built[3]

    async def evidence(self, digest: str) -> tuple[Document, bytes]:
        """Return a file that an agreement names; LookupError for any other, ValueError where it was changed."""
        found = (a.plan.evidence for a in self._shown.agreements.values())
        document = next((d for d in found if d is not None and d.digest == digest), None)
        if document is None:
            raise LookupError(digest)
        return document, await asyncio.to_thread(read_file, self._ledger, digest)

    async def act(self, act: WindowAct) -> WindowActed:
        """Take somebody's deed; returns when it is on disk, or was refused."""
        by = clean(act.by, limit=NAME_CHARACTERS)
        if not self._readable:
            return _no(
                ("检修与剔除记录读不出，不能登记", "agreed windows on record cannot be read: nothing is entered")
            )
        try:
            if act.action is WindowAction.ADD:
                return await self._add(act, by)
            deed = Deed.ENDED if act.action is WindowAction.END else Deed.WITHDRAWN
            text = clean(act.text, limit=REASON_CHARACTERS)
            event = WindowEvent(plan_id=act.plan_id, at_ms=self._timeline.now_ms(), deed=deed, by=by, text=text)
            return await self._take((event,))
        except RefusedError as error:
            return _no(REFUSAL[error.reason])
        except EvidenceError as error:
            return _no(EVIDENCE_FAULT[error.fault])
        except RequestError as error:
            return _no(("；".join(zh for zh, _ in error.faults), "; ".join(en for _, en in error.faults)))

    async def _add(self, act: WindowAct, by: str) -> WindowActed:
        if len(self._book.agreements) >= MAX_PLANS:
            return _no(("登记的时段太多，先写进配置文件", "too many agreements: write them into the configuration"))
        document = take_evidence(act.file_name, act.file) if act.file else None
        self._events(act, by, document)  # refused before anything is kept
        if act.file:
            try:
                await asyncio.to_thread(partial(keep_file, self._ledger, act.file))
            except OSError as error:
                return _no((f"依据文件没有存下：{error}", f"the evidence could not be kept: {error}"))
        return await self._take(self._events(act, by, document))  # the number may be another's meanwhile

    def _events(self, act: WindowAct, by: str, document: Document | None) -> tuple[WindowEvent, ...]:
        """Return what an entry comes to: planned and, where somebody approved it, approved."""
        plan = self._plan(act, document)
        planned = WindowEvent(plan_id=plan.id, at_ms=plan.agreed_ms, deed=Deed.PLANNED, by=by, plan=plan)
        self._book.take(planned)
        if not plan.approver:
            return (planned,)
        return (planned, replace(planned, deed=Deed.APPROVED, by=plan.approver, text=by, plan=None))

    def _plan(self, act: WindowAct, document: Document | None) -> WindowPlan:
        registry = self._township.registry
        taken = {w.id for w in registry.windows} | {p.id for p in registry.plans}
        return read_request(
            act.fields,
            plan_id=self._book.next_id(taken),
            registry=registry,
            tz=timezone_of(registry),
            now_ms=self._timeline.now_ms(),
            evidence=document,
        )

    async def _take(self, events: tuple[WindowEvent, ...]) -> WindowActed:
        book = self._book
        for event in events:
            book = book.take(event)
        # No await from here to the note: the register, the book and the record are of one instant.
        registry = replace(self._township.registry, agreed=book.plans)
        self._book = book
        self._township.enrol(registry, anew=())
        written = self._recorder.note_agreed(events, snapshot_of(registry))
        written.add_done_callback(lambda _: self._show(book))
        try:
            async with asyncio.timeout(ACT_WITHIN_S):
                await asyncio.shield(written)
        except TimeoutError:
            return _no(("磁盘还没有写下，请稍后查看是否已登记", "not on disk yet; look again whether it was taken"))
        return WindowActed(done=True, zh="已登记", en="done", plan_id=events[0].plan_id)

    def _show(self, book: WindowBook) -> None:
        if len(book.events) > len(self._shown.events):
            self._shown = book

    def _snapshot(self) -> Snapshot:
        registry = self._township.registry
        if self._config is None or self._config[0] is not registry:
            self._config = (registry, snapshot_of(registry))
        return self._config[1]


def _no(said: tuple[str, str]) -> WindowActed:
    return WindowActed(done=False, zh=said[0], en=said[1])
