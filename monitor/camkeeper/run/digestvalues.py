"""A day or a week read from the ledger, for the letter that sums it up: the same figures as board and report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from camkeeper.digest.due import Due
from camkeeper.digest.letter import worst_first
from camkeeper.digest.values import Digest, Late, Place, Seen
from camkeeper.ledger import LedgerError, LedgerReader
from camkeeper.ledger.coverage import HOUR_MS
from camkeeper.ledger.coverpart import CoverPart, cover_parts
from camkeeper.model.access import EVERYTHING
from camkeeper.model.place import SiteKind
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span, clipped, merged
from camkeeper.model.status import Status
from camkeeper.model.workorder import OrderState, WorkOrder
from camkeeper.run.desk.briefs import excluded_of
from camkeeper.run.monthbills import deciding_only
from camkeeper.run.monthbook import english_names
from camkeeper.run.monthfigures import Rates, rates
from camkeeper.run.monthstory import AREA, cause_lines
from camkeeper.run.sla import Asked, subtree
from camkeeper.standing.report import Rated
from camkeeper.workorder.deadline import due as deadline
from camkeeper.workorder.deadline import late

_PLACES = frozenset({SiteKind.VILLAGE, SiteKind.CAMPUS, SiteKind.CHECKPOINT})
GAP_MS = 60_000
"""A shorter one is a restart that nobody has to hear of; it counts as unknown all the same."""


def read_digest(path: Path, due: Due, *, tz: str, registry: Registry) -> Digest | None:
    """Return what the letter is made of; None where nothing was enrolled then. Opens the ledger, in any thread.

    LedgerError where there is nothing to read.
    """
    if not path.exists():
        raise LedgerError("没有这个文件，监测是否启动过？ / no such file; was the monitor ever started?")
    with LedgerReader(path) as reader, reader.reading():
        config = reader.config_for(due.last.isoformat()[:7])
        if config is None or not reader.lives(due.period):
            return None
        asked = Asked(month="", period=due.period, complete=True, tz=tz, config=config)
        rated = rates(reader, deciding_only(asked, config), EVERYTHING, registry)
        orders = [o for o in reader.orders().orders.values() if o.opened_ms < due.period.end_ms]
        names = english_names(registry)
        causes = cause_lines(reader.incidents(period=due.period), due.period, None)
        return Digest(
            name=registry.name or rated.sites[0].name,
            name_en=names.get("", ""),
            total=_place(rated.total, rated.sites[0].id, names),
            places=worst_first(_places(rated, names)),
            incidents=sum(line.count for line in causes),
            incidents_open=sum(line.open for line in causes),
            causes=tuple(sorted(((line.cause, line.count) for line in causes), key=lambda pair: (-pair[1], pair[0]))),
            opened=sum(o.opened_ms in due.period for o in orders),
            closed=sum(o.state is OrderState.CLOSED and _in(o.closed_ms, due.period) for o in orders),
            late=tuple(_late(orders, due.period.end_ms, registry)),
            gaps=tuple(gaps(reader, due.period)),
            seen=_seen(reader, due.period, asked),
            seen_before=_seen(reader, due.before, asked),
        )


def _place(rated: Rated, place_id: str, names: Mapping[str, str]) -> Place:
    return Place(
        id=place_id,
        name=rated.name,
        name_en=names.get(rated.id, ""),
        target_bp=rated.target_bp,
        cameras=rated.cameras,
        figure=rated.net,
    )


def _places(rated: Rates, names: Mapping[str, str]) -> list[Place]:
    return [_place(site, site.id, names) for site in rated.sites if site.kind in _PLACES and site.cameras]


def _in(at_ms: int | None, period: Span) -> bool:
    return at_ms is not None and at_ms in period


def _late(orders: Iterable[WorkOrder], at_ms: int, registry: Registry) -> Iterator[Late]:
    """Yield the orders that were past their time and not done at an instant, oldest first."""
    for order in sorted(orders, key=lambda o: o.number):
        if order.closed_ms is not None and order.closed_ms < at_ms:
            continue
        done_ms = order.cycle.restored_ms if order.cycle.restored_ms is not None else order.restored_ms
        if order.cycle.began_ms >= at_ms or (done_ms is not None and done_ms < at_ms):
            continue
        accepted_ms = order.cycle.accepted_ms
        known = replace(order.cycle, accepted_ms=None) if accepted_ms is not None and accepted_ms >= at_ms else None
        what = late(known or order.cycle, deadline(order, excluded_of(order, registry)), done_ms=None, now_ms=at_ms)
        if what is not None:
            yield Late(id=order.id, what=what)


def gaps(reader: LedgerReader, period: Span) -> Iterator[Span]:
    """Yield the stretches of a minute and more in which devices were in service and nothing was known of any."""
    lives = (
        Span(start_ms=x.start_ms, end_ms=max(x.start_ms, period.end_ms if x.end_ms is None else x.end_ms))
        for x in reader.lives(period)
    )
    known = merged(i.span for i in reader.intervals(period) if i.status is not Status.UNKNOWN)
    for part in merged(clipped(lives, period)):
        at_ms = part.start_ms
        for span in (*clipped(known, part), Span(start_ms=part.end_ms, end_ms=part.end_ms)):
            if span.start_ms - at_ms >= GAP_MS:
                yield Span(start_ms=at_ms, end_ms=span.start_ms)
            at_ms = max(at_ms, span.end_ms)


def _seen(reader: LedgerReader, period: Span, asked: Asked) -> Seen | None:
    """Return the share of open ground seen by day: of the topmost sites that have a series, added up."""
    with reader.reading() as db:
        found = cover_parts(db, period, AREA, night=False)
    counted: dict[str, CoverPart] = {}
    below: set[str] = set()
    for site in subtree(asked.config, None):
        if site.parent_id in below or site.id in found:
            below.add(site.id)
        if site.id in found and site.parent_id not in below:
            counted[site.id] = found[site.id]
    if not counted:
        return None
    total = sum(part.total for part in counted.values())
    return Seen(
        lower=sum((part.share(part.lower) * part.total for part in counted.values()), Fraction()) / total,
        upper=sum((part.share(part.upper) * part.total for part in counted.values()), Fraction()) / total,
        hours=min(part.hours for part in counted.values()),
        of_hours=period.length_ms // HOUR_MS,
    )
