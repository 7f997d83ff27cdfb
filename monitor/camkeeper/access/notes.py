"""Entries of the audit log: cleaned, bounded, and not endless from people whom nobody knows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from camkeeper.clock import Clock
from camkeeper.message.clean import clean
from camkeeper.model.access import Principal
from camkeeper.standing.access import AuditRecord

MAX_TARGET = 120
MAX_DETAIL = 300
MAX_ADDRESS = 64
_WHAT = re.compile(r"[a-z][a-z0-9_]{0,39}\Z", re.ASCII)


def entry(
    by: Principal | None, what: str, target: str, *, at_ms: int, address: str, detail: str = "", role: str = ""
) -> AuditRecord:
    """Return an entry that has no place in the chain yet. ValueError where `what` is no word."""
    if not _WHAT.match(what):
        raise ValueError(f"no word of the audit log: {what[:40]!r}")
    return AuditRecord(
        number=0,
        at_ms=at_ms,
        by="" if by is None else clean(by.name, limit=MAX_TARGET),
        role=role if by is None else by.role.value,
        address=clean(address, limit=MAX_ADDRESS),
        what=what,
        target=clean(target, limit=MAX_TARGET),
        detail=clean(detail, limit=MAX_DETAIL),
        head="",
    )


@dataclass(slots=True)
class Trickle:
    """How many entries people may cause who did not sign in: so many at once, then one each two seconds.

    Whoever asks for pages without signing in could fill a disk otherwise. What was left out is counted in the next one.
    """

    clock: Clock
    burst: int = 60
    each_ms: int = 2_000
    left_out: int = 0
    _spent: int = 0
    _since_ms: int = 0

    def passes(self) -> bool:
        """Tell whether one more may be entered, and count it."""
        now_ms = self.clock.elapsed_ms()
        back = (now_ms - self._since_ms) // self.each_ms
        if back > 0:
            self._spent = max(0, self._spent - back)
            self._since_ms += back * self.each_ms
        if self._spent >= self.burst:
            self.left_out += 1
            return False
        self._spent += 1
        return True

    def told(self) -> str:
        """Return how many were left out since this was asked last, for the next entry; empty: none."""
        count, self.left_out = self.left_out, 0
        return f"+{count} 条未记 / not entered" if count else ""
