"""Inspection rounds 巡检 and contracts of single contractors, as the register in force has them."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from camkeeper.model.registry import Registry
from camkeeper.model.service import ServicePolicy
from camkeeper.model.workorder import OrderEvent
from camkeeper.workorder.book import WorkOrderBook
from camkeeper.workorder.inspection import open_rounds, round_of

LOOK_EVERY_MS = 60_000
"""Rounds come by the day: a minute late is in time, and a rule is walked from its first day at each look."""

_log = structlog.get_logger(__name__)


def contracts_of(registry: Registry) -> Mapping[str, ServicePolicy]:
    """Return the contracts of contractors that have their own, by id."""
    return {c.id: c.service for c in registry.contractors if c.service is not None}


class Rounds:
    """Opens rounds when their time has come. Which were opened already stands in the book: a restart repeats none."""

    def __init__(self) -> None:
        self._registry: Registry | None = None
        self._next_ms = 0

    def open_due(
        self, book: WorkOrderBook, registry: Registry, now_ms: int, *, secret: bytes
    ) -> tuple[WorkOrderBook, tuple[OrderEvent, ...]]:
        """Return the book with every round that is due, and the steps that were taken."""
        if registry is self._registry and now_ms < self._next_ms:
            return book, ()
        self._registry, self._next_ms = registry, now_ms + LOOK_EVERY_MS
        steps: list[OrderEvent] = []
        for said in sorted(registry.inspections, key=lambda each: each.id):
            try:
                done = open_rounds(
                    book,
                    (round_of(said),),
                    now_ms,
                    policy=registry.service,
                    policy_of=contracts_of(registry),
                    secret=secret,
                )
            except ValueError as error:  # a rule that never ends must not stop the desk
                _log.warning("round_not_opened", round=said.id, error=str(error))
                continue
            for refused in done.refused:
                _log.warning("order_step_refused", step=refused.event.step, reason=refused.reason)
            book = done.book
            steps.extend(done.steps)
        return book, tuple(steps)
