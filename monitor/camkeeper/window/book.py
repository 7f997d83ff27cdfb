"""What people agreed on while the monitor ran: a fold of what they did, in order. Pure.

Nothing is changed afterwards: a plan is ended or withdrawn by a further event, with who, when and why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from camkeeper.model.contract import WindowKind
from camkeeper.window.plan import WindowPlan

LATE_MS = 5 * 60_000
"""Maintenance that is entered as it begins: forms know minutes, and clocks differ."""
_PREFIX = "W"


class Deed(StrEnum):
    """What somebody did about a plan."""

    PLANNED = "planned"
    APPROVED = "approved"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


class Refusal(StrEnum):
    """Why a deed is not taken."""

    NO_SUCH_PLAN = "no_such_plan"
    TAKEN_ID = "taken_id"
    NOBODY = "nobody"
    NO_REASON = "no_reason"
    OVER = "over"  # ended, withdrawn, or past its limit
    BEGUN = "begun"  # what silenced alerts cannot be made undone: end it
    NOT_BEGUN = "not_begun"  # nothing to end: withdraw it
    AFTER_THE_FACT = "after_the_fact"  # maintenance is announced; the past wants an exclusion, with evidence


class RefusedError(ValueError):
    """A deed that is not taken."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEvent:
    """One deed."""

    plan_id: str
    at_ms: int
    """When it was entered."""
    deed: Deed
    by: str
    text: str = ""
    """Why, of an end or a withdrawal."""
    plan: WindowPlan | None = None
    """With `PLANNED`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One plan as it stands, and how it came to that."""

    plan: WindowPlan
    events: tuple[WindowEvent, ...]
    withdrawn: bool = False

    @property
    def late(self) -> bool:
        """Whether it was entered after it had begun."""
        return self.plan.agreed_ms > self.plan.start_ms + LATE_MS

    @property
    def by(self) -> str:
        """Who entered it."""
        return self.events[0].by

    def over(self, at_ms: int) -> bool:
        """Return whether nothing of it is left to come."""
        plan = self.plan
        if self.withdrawn or (plan.until_ms is not None and plan.until_ms <= at_ms):
            return True
        return plan.rule is None and plan.start_ms + plan.length_ms <= at_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowBook:
    """All agreements by id, in the order in which they were entered."""

    agreements: Mapping[str, Agreement] = field(default_factory=dict)

    @property
    def plans(self) -> tuple[WindowPlan, ...]:
        """What counts: all but what was withdrawn, each as long as it was left to run."""
        return tuple(a.plan for a in self.agreements.values() if not a.withdrawn)

    @property
    def events(self) -> tuple[WindowEvent, ...]:
        """All deeds by the time of their entry."""
        found = (event for agreement in self.agreements.values() for event in agreement.events)
        return tuple(sorted(found, key=lambda event: event.at_ms))

    def next_id(self, taken: Collection[str] = ()) -> str:
        """Return an id for a new plan that is none of `taken`."""
        number = len(self.agreements) + 1
        while (found := f"{_PREFIX}{number:04d}") in self.agreements or found in taken:
            number += 1
        return found

    def take(self, event: WindowEvent) -> WindowBook:
        """Return the book after a deed; RefusedError where it is none."""
        if not event.by.strip():
            raise RefusedError(Refusal.NOBODY)
        known = self.agreements.get(event.plan_id)
        if event.deed is Deed.PLANNED:
            return self._with(_planned(event, known))
        if known is None:
            raise RefusedError(Refusal.NO_SUCH_PLAN)
        if event.deed is Deed.APPROVED:
            return self._with(replace(known, events=(*known.events, event)))
        return self._with(_ended(event, known) if event.deed is Deed.ENDED else _withdrawn(event, known))

    def _with(self, agreement: Agreement) -> WindowBook:
        return WindowBook(agreements={**self.agreements, agreement.plan.id: agreement})

    @classmethod
    def of(cls, events: Iterable[WindowEvent]) -> WindowBook:
        """Return the fold of deeds in order; RefusedError where one contradicts those before."""
        book = cls()
        for event in events:
            book = book.take(event)
        return book


def _planned(event: WindowEvent, known: Agreement | None) -> Agreement:
    plan = event.plan
    if known is not None or plan is None or plan.id != event.plan_id:
        raise RefusedError(Refusal.TAKEN_ID)
    if plan.kind is WindowKind.MAINTENANCE and event.at_ms > plan.start_ms + LATE_MS:
        raise RefusedError(Refusal.AFTER_THE_FACT)
    return Agreement(plan=plan, events=(event,))


def _ended(event: WindowEvent, known: Agreement) -> Agreement:
    if known.over(event.at_ms):
        raise RefusedError(Refusal.OVER)
    if known.plan.start_ms >= event.at_ms:
        raise RefusedError(Refusal.NOT_BEGUN)
    return replace(known, plan=known.plan.ended(event.at_ms), events=(*known.events, event))


def _withdrawn(event: WindowEvent, known: Agreement) -> Agreement:
    """Take a plan back as a whole: one that has not begun, or an exclusion that should not have been entered."""
    if known.withdrawn:
        raise RefusedError(Refusal.OVER)
    if known.plan.kind is WindowKind.MAINTENANCE and known.plan.start_ms < event.at_ms:
        raise RefusedError(Refusal.BEGUN)
    if not event.text.strip():
        raise RefusedError(Refusal.NO_REASON)
    return replace(known, withdrawn=True, events=(*known.events, event))
