"""Inspection rounds 巡检: work orders that the calendar opens, signed instead of proven."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from camkeeper.model.inspection import Inspection
from camkeeper.model.service import FaultClass, ServicePolicy
from camkeeper.model.span import Span
from camkeeper.model.workorder import PROBE, OrderEvent, OrderKind, Step, Subject
from camkeeper.window.occur import Occurrence, expand
from camkeeper.window.rule import Rule, read_rule
from camkeeper.workorder.book import Refused, WorkOrderBook, opening
from camkeeper.workorder.react import Reaction, take


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A round as agreed: where, what to look at, when it comes again, and how long there is for it."""

    id: str
    name: str
    site_ids: tuple[str, ...]
    contractor_id: str
    first: datetime
    """Local time from which the first one may be walked, naive."""
    tz: str
    within_ms: int
    """From its start until it is to be signed."""
    rule: Rule | None = None
    checklist: tuple[str, ...] = ()
    device_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.site_ids or self.within_ms <= 0:
            raise ValueError(f"{self.id}: a round goes somewhere and has some time")
        if len(set(self.checklist)) != len(self.checklist):
            raise ValueError(f"{self.id}: an item stands twice in the checklist")

    def occurrences(self, period: Span) -> tuple[Occurrence, ...]:
        """Return the rounds of a period, for the calendar."""
        found = expand(first=self.first, tz=self.tz, length_ms=self.within_ms, period=period, rule=self.rule)
        return found.occurrences


def round_of(said: Inspection) -> Round:
    """Return the round that the configuration speaks of; RuleError where its rule is none."""
    return Round(
        id=said.id,
        name=said.name,
        site_ids=said.site_ids,
        contractor_id=said.contractor_id,
        first=said.first,
        tz=said.tz,
        within_ms=said.within_ms,
        rule=read_rule(said.rule),
        checklist=said.items,
        device_ids=said.device_ids,
    )


def open_rounds(
    book: WorkOrderBook,
    rounds: Iterable[Round],
    now_ms: int,
    *,
    policy: ServicePolicy,
    secret: bytes,
    policy_of: Mapping[str, ServicePolicy] | None = None,
) -> Reaction:
    """Open and assign every round whose time has come and is not over, each once.

    `policy_of`: contractor id -> its own contract; others have `policy`. EndlessError for a rule without an end.

    A round that came and went while nothing ran is not opened: nobody was asked to walk it.
    """
    refused: list[Refused] = []
    steps: list[OrderEvent] = []
    known = {o.subject.round_key for o in book.orders.values() if o.subject.round_key}
    for one in sorted(rounds, key=lambda r: r.id):
        for occurrence in one.occurrences(Span(start_ms=now_ms, end_ms=now_ms + 1)):
            key = f"{one.id}@{occurrence.key}"
            if key in known:
                continue
            contract = (policy_of or {}).get(one.contractor_id, policy)
            done = _open(book, one, occurrence, key, at_ms=now_ms, policy=contract, secret=secret)
            book = done.book
            steps.extend(done.steps)
            refused.extend(done.refused)
    return Reaction(book=book, steps=tuple(steps), refused=tuple(refused))


def _open(
    book: WorkOrderBook,
    one: Round,
    occurrence: Occurrence,
    key: str,
    *,
    at_ms: int,
    policy: ServicePolicy,
    secret: bytes,
) -> Reaction:
    subject = Subject(
        kind=OrderKind.INSPECTION,
        site_ids=one.site_ids,
        round_key=key,
        due_ms=occurrence.span.end_ms,
        checklist=one.checklist,
        name=one.name,
        device_ids=one.device_ids,
    )
    terms = policy.terms(FaultClass.INSPECTION)
    opened = opening(book, at_ms=at_ms, by=PROBE, subject=subject, terms=terms, secret=secret)
    if not isinstance(opened, OrderEvent):
        nothing = OrderEvent(number=book.next_number, at_ms=at_ms, step=Step.OPENED, by=PROBE, subject=subject)
        return Reaction(book=book, refused=(Refused(event=nothing, reason=opened),))
    if not one.contractor_id:
        return take(book, (opened,))
    assigned = OrderEvent(
        number=opened.number, at_ms=at_ms, step=Step.ASSIGNED, by=PROBE, contractor_id=one.contractor_id
    )
    return take(book, (opened, assigned))
