"""What follows a refusal: one latch, and a true word on whose fault it is. See design note 3."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, TypeAlias

from camkeeper.clock import Clock
from camkeeper.model.probing import Rung, Verdict
from camkeeper.probe.conversation import RefusedError
from camkeeper.probe.findings import blotted
from camkeeper.probe.latch import Latch, LatchStore
from camkeeper.probe.memory import Known, Login

SKEW_S: Final = 300.0
"""Clocks further apart than this are a cause of refusals; the common tolerance of UsernameToken."""

Outcome: TypeAlias = tuple[Verdict, str]


@dataclass(slots=True, kw_only=True)
class Guard:
    """Stands between one device's credential and the device."""

    device_id: str
    latches: LatchStore
    known: Known
    clock: Clock
    login: Login | None = None
    proven: bool = False
    """The device took the credential in this climb."""

    def closed(self, scope: Rung) -> Outcome | None:
        """Return why this credential is not tried, or None where it may be. Lifts latches that have run out."""
        latch = self.latches.get(self.device_id, scope)
        if latch is None or self.login is None:
            return None
        if latch.fingerprint != self.login.fingerprint:
            self.latches.remove(self.device_id, scope)
            return None
        if latch.cause is Verdict.CLOCK_SKEW:
            offset_s = self.known.offset_s
            if offset_s is not None and abs(offset_s) <= SKEW_S:
                self.latches.remove(self.device_id, scope)
                return None
            return Verdict.CLOCK_SKEW, f"{latch.detail}; tried again when the clock is right"
        return Verdict.LATCHED, f"refused before ({latch.detail}); waits for another credential or an operator"

    async def refused(self, rung: Rung, error: RefusedError) -> Outcome:
        """Latch. Before the device took the credential in this climb, the refusal is of the credential as a whole."""
        scope = rung if self.proven else Rung.AUTH
        cause, detail = Verdict.AUTH_REFUSED, error.detail
        if scope is Rung.AUTH and rung is Rung.AUTH:
            cause, why = _cause(self.known.offset_s, expired=error.expired)
            detail = f"{detail}; {why}" if why else detail
        if self.login is None:
            return cause, detail
        latch = Latch(
            device_id=self.device_id,
            scope=scope,
            fingerprint=self.login.fingerprint,
            cause=cause,
            at_ms=self.clock.wall_ms(),
            detail=blotted(detail, self.login) or "",
        )
        try:
            await asyncio.to_thread(self.latches.put, latch)
        except OSError:
            return cause, f"{detail}; not tried again (the latch could not be stored: it ends with this process)"
        return cause, f"{detail}; not tried again"


def _cause(offset_s: float | None, *, expired: bool) -> tuple[Verdict, str]:
    """Say whether the clock is behind a refusal, and how that is known; nothing more where it is not."""
    if expired:
        way = "could not be read" if offset_s is None else f"is {_apart(offset_s)} ours"
        return Verdict.CLOCK_SKEW, f"it says that the signature's time is the trouble; its clock {way}"
    if offset_s is None:
        # Nobody knows. The refusal is a fact, the clock a guess: the verdict tells the fact.
        unread = "its clock could not be read, so it was signed with ours: a wrong password, or a wrong clock"
        return Verdict.AUTH_REFUSED, unread
    if abs(offset_s) > SKEW_S:
        return Verdict.CLOCK_SKEW, (
            f"its clock is {_apart(offset_s)} ours; it was signed with the device's own time and is refused "
            "all the same: set its clock first, then doubt the password"
        )
    return Verdict.AUTH_REFUSED, ""


def _apart(offset_s: float) -> str:
    return f"{abs(offset_s):.0f} s {'ahead of' if offset_s > 0 else 'behind'}"
