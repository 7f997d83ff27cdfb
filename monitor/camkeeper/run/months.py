"""Closing a month, and amending a closed one: by the one writer of the ledger, with the signatures of the parties."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog

from camkeeper.availability.days import month_of, month_span
from camkeeper.keys.key import fingerprint, holds
from camkeeper.ledger import Ledger, LedgerError, LedgerReader
from camkeeper.ledger.amending import KIND, Preview, basis_of, preview
from camkeeper.ledger.closing import SETTLE_MS, Closed
from camkeeper.ledger.configs import zone_of
from camkeeper.model.contract import Party
from camkeeper.model.registry import Registry
from camkeeper.run.township import hold_ms
from camkeeper.standing.month import MonthAct, MonthActed, MonthStep

AUTOMATIC = "camkeeper"
"""Who closes where the configuration says `closing: auto`."""
_log = structlog.get_logger(__name__)


def settle_ms(registry: Registry) -> int:
    """Return how long after its end a month may still change by a back-dated transition, and an hour at least.

    A change is dated at its streak's first sample: as many confirmations as the judge wants, each as far apart as a
    sample of the slowest device holds.
    """
    confirmations = max(registry.judge.confirm_down, registry.judge.confirm_degraded)
    longest = max((hold_ms(device, registry) for device in registry.devices), default=0)
    return max(SETTLE_MS, longest * confirmations)


class MonthRoom:
    """Where months are closed and amended. One owner, the event loop."""

    def __init__(self, *, ledger: Ledger, registry: Callable[[], Registry]) -> None:
        self._ledger, self._registry = ledger, registry
        self._due = ""
        self._seen: tuple[tuple[object, ...], Preview] | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence where a month waits for somebody to close it."""
        if not self._due:
            return ()
        return (f"{self._due} 数字已稳定，待封账 / {self._due} is settled and waits to be closed",)

    async def propose(self) -> None:
        """Look whether the month before this one is settled and open: close it, or say so. Called by the calendar."""
        self._due = ""
        month = await asyncio.to_thread(self._open_month)
        if month is None:
            return
        if self._registry().closing == "auto":
            await self.act(MonthAct(step=MonthStep.CLOSE, month=month, by=AUTOMATIC))
        else:
            self._due = month

    def _open_month(self) -> str | None:
        with LedgerReader(self._ledger.path) as reader, reader.reading():
            newest, tick_ms, lives = reader.config_at(), reader.last_tick_ms(), reader.lives()
            if newest is None or tick_ms is None or not lives:
                return None
            zone = zone_of(newest.config)
            start_ms = month_span(month_of(tick_ms, zone), zone).start_ms
            if tick_ms < start_ms + settle_ms(self._registry()) or min(x.start_ms for x in lives) >= start_ms:
                return None
            month = month_of(start_ms - 1, zone)
            return None if month in reader.closed() else month

    async def act(self, act: MonthAct) -> MonthActed:
        """Take somebody's step; returns when it is on disk, or was refused with a sentence."""
        try:
            if act.step is MonthStep.CLOSE:
                return await self._close(act)
            if act.step is MonthStep.PREVIEW:
                found = await asyncio.to_thread(self._previewed, act.month)
                return MonthActed(done=True, told=told_of(found, act.why))
            return await self._amend(act, await asyncio.to_thread(self._preview, act.month))
        except ValueError as error:
            return MonthActed(done=False, zh=_zh(str(error)), en=str(error))
        except LedgerError as error:
            return MonthActed(done=False, zh=f"账本：{error}", en=f"ledger: {error}")

    async def _close(self, act: MonthAct) -> MonthActed:
        registry = self._registry()
        zone = await asyncio.to_thread(self._zone)
        closed = await asyncio.wrap_future(
            self._ledger.close_month(act.month, zone=zone, by=act.by, settle_ms=settle_ms(registry))
        )
        self._due = "" if self._due == act.month else self._due
        _log.info("month_closed", month=act.month, by=act.by, seq=closed.seq)
        return MonthActed(done=True, told=record_of(closed))

    async def _amend(self, act: MonthAct, found: Preview) -> MonthActed:
        if found.empty:
            return MonthActed(done=False, zh="没有要更正的：数字与剔除都没有变", en="nothing to amend: nothing changed")
        refused = unsigned(act, found, self._registry().parties)
        if refused is not None:
            return refused
        closed = await asyncio.wrap_future(
            self._ledger.amend(
                act.month,
                by=act.by,
                why=act.why,
                signatures=act.signatures,
                expected=act.expected or (found.figures, found.windows),
            )
        )
        _log.info("month_amended", month=act.month, by=act.by, seq=closed.seq)
        return MonthActed(done=True, told=record_of(closed) | {"old": dict(found.old), "new": dict(found.new)})

    def _previewed(self, month: str) -> Preview:
        """Return a preview for people to read: a county's is half a second of a core, and it seldom changes.

        What is signed and written is computed anew by whoever writes it.
        """
        with LedgerReader(self._ledger.path) as reader, reader.reading() as db:
            basis, kept = basis_of(db, month), self._seen
            if kept is None or kept[0] != basis:
                self._seen = kept = (basis, preview(db, month))
            return kept[1]

    def _preview(self, month: str) -> Preview:
        with LedgerReader(self._ledger.path) as reader, reader.reading() as db:
            return preview(db, month)

    def _zone(self) -> str:
        with LedgerReader(self._ledger.path) as reader:
            newest = reader.config_at()
            return zone_of(None if newest is None else newest.config)


def unsigned(act: MonthAct, found: Preview, parties: Iterable[Party]) -> MonthActed | None:
    """Return the refusal of an amendment that is not signed as the contract wants; None where it is.

    Where the contract names parties, one of them at least has signed, and every signature that is there holds.
    """
    keys = {party.public_key for party in parties}
    statement, own = found.statement(act.why), False
    for one in act.signatures:
        public = str(one.get("public_key", ""))
        if not holds(KIND, statement, public=public, signature=str(one.get("signature", ""))):
            return MonthActed(
                done=False,
                zh=f"签名不成立（{fingerprint(public)}）：数字是否又变了？",
                en=f"the signature does not hold ({fingerprint(public)}); have the figures changed again?",
            )
        own = own or public in keys
    if keys and not own:
        return MonthActed(
            done=False,
            zh="更正须由合同一方签名：camkeeper month amend --key",
            en="an amendment wants the signature of a party of the contract: camkeeper month amend --key",
        )
    return None


def record_of(closed: Closed) -> dict[str, Any]:
    """Return a closing as JSON values."""
    return {
        "month": closed.month,
        "seq": closed.seq,
        "at_ms": closed.at_ms,
        "by": closed.by,
        "why": closed.why,
        "devices": closed.devices,
        "figures": closed.figures,
        "windows": closed.windows,
    }


def told_of(found: Preview, why: str) -> Mapping[str, Any]:
    """Return what an amendment would change, and what is to be signed, as JSON values."""
    return {
        "month": found.closed.month,
        "empty": found.empty,
        "old": dict(found.old),
        "new": dict(found.new),
        "changed": list(found.changed),
        "statement": found.statement(why),
    }


def _zh(english: str) -> str:
    month = english[:7]
    for part, zh in (
        ("is not over", f"{month} 未满或数字未稳定，月末后再过一会儿才能封账"),
        ("is closed: amend", f"{month} 已封账，只能更正"),
        ("is not closed", f"{month} 还没有封账，谈不上更正"),
        ("names who", "更正须写明谁和为什么"),
        ("has changed since", f"{month} 在签名后又有变化，请重新签名"),
    ):
        if part in english:
            return zh
    return f"月份应写作 2026-10：{english}"
