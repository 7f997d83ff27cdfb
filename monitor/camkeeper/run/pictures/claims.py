"""What the work orders say of cameras whose picture was at fault: reported as repaired, and proved by the probe."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from camkeeper.judge.repair import Claim
from camkeeper.model.incident import Cause
from camkeeper.model.workorder import OrderState, WorkOrder
from camkeeper.workorder.book import WorkOrderBook

LATE_MS = 86_400_000
"""An order that was closed longer ago was followed when it was, or nothing ran: then `relearn` is a person's to say."""
_EVERY_MS = 60_000
_PROVED = frozenset({OrderState.VERIFIED, OrderState.CLOSED})


class Claims:
    """Reads the book of orders, again when it changed. One owner, the event loop."""

    def __init__(self, book: Callable[[], WorkOrderBook], now_ms: Callable[[], int]) -> None:
        self._book, self._now_ms = book, now_ms
        self._read: WorkOrderBook | None = None
        self._read_ms = 0
        self._claims: Mapping[str, Claim] = {}

    def __call__(self) -> Mapping[str, Claim]:
        """Return the newest claim of each camera."""
        book, now_ms = self._book(), self._now_ms()
        if book is not self._read or not 0 <= now_ms - self._read_ms < _EVERY_MS:
            self._read, self._read_ms, self._claims = book, now_ms, claims_of(book, now_ms)
        return self._claims


def claims_of(book: WorkOrderBook, now_ms: int) -> Mapping[str, Claim]:
    """Return, by device, the newest report of a repair of its picture that was not taken back."""
    out: dict[str, Claim] = {}
    for order in book.orders.values():
        claim = _claim(order, now_ms)
        if claim is None:
            continue
        for device_id in order.devices:
            before = out.get(device_id)
            if before is None or before.at_ms < claim.at_ms:
                out[device_id] = claim
    return out


def _claim(order: WorkOrder, now_ms: int) -> Claim | None:
    # Recovered by itself, nobody having said so: nobody touched it either, as far as is known.
    if order.subject.cause is not Cause.IMAGE or order.claimed_ms is None:
        return None
    proved = order.state in _PROVED
    if not proved and order.state is not OrderState.REPAIRED:
        return None
    if order.closed_ms is not None and now_ms - order.closed_ms > LATE_MS:
        return None
    return Claim(at_ms=order.claimed_ms, proved=proved)
