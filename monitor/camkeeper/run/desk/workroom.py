"""What the board asks beside the desk: one order in full, photos, figures, the way to drive, channels."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from functools import partial
from pathlib import Path

import structlog

from camkeeper.availability.days import local_date, local_ms
from camkeeper.clock import Timeline
from camkeeper.ledger import LedgerReader
from camkeeper.ledger.files import keep_file, read_file
from camkeeper.model.post import Post
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.model.workorder import OrderKind, Photo, Refusal, WorkOrder
from camkeeper.run.desk.act import objection_to, refused
from camkeeper.run.desk.briefs import excluded_of, name_of, position_of
from camkeeper.run.desk.channels import Trials, channels_of
from camkeeper.run.desk.desk import Desk
from camkeeper.run.desk.work import Shown
from camkeeper.run.sender import Sender
from camkeeper.run.township import Township
from camkeeper.standing.build import timezone_of
from camkeeper.standing.desk import Act, Acted
from camkeeper.standing.work import ChannelStanding, Gain, OrderView, RouteStanding, Tested, WorkFigures
from camkeeper.workorder.centres import centres
from camkeeper.workorder.deadline import due, overdue
from camkeeper.workorder.figures import round_figures, service_figures
from camkeeper.workorder.photo import take_photo
from camkeeper.workorder.priority import rank
from camkeeper.workorder.route import van_route

FIGURES_EVERY_MS = 10_000
_NAMES = 40
_ROUTES = 16

_Way = tuple[str, Callable[[WorkOrder], bool] | None]
"""Whose orders, and which of them."""
_log = structlog.get_logger(__name__)

Gains = Callable[[Mapping[int, frozenset[str]]], Awaitable[Mapping[int, Gain] | None]]
"""What repairs give back; None while there is no coverage."""


class WorkRoom:
    """Work orders for people. One owner, the event loop; disk and geometry are in threads."""

    def __init__(
        self, *, desk: Desk, sender: Sender, ledger: Path, township: Township, timeline: Timeline, gains: Gains
    ) -> None:
        self._desk, self._sender, self._ledger = desk, sender, ledger
        self._township, self._timeline, self._gains = township, timeline, gains
        self._trials = Trials(sender=sender, timeline=timeline)
        self._routes: OrderedDict[_Way, tuple[object, Registry, RouteStanding]] = OrderedDict()
        self._figures: WorkFigures | None = None
        self._of: object = None

    def order(self, number: int) -> OrderView | None:
        """Return one order, live or finished; None where there is none."""
        found = self._desk.shown.book.orders.get(number)
        return None if found is None else view_of(found, self._township.registry, self._desk.shown.at_ms)

    def rounds(self) -> tuple[OrderView, ...]:
        """Return the inspection rounds that are under way, those past their time first."""
        shown = self._desk.shown
        found = [
            view_of(o, self._township.registry, shown.at_ms)
            for o in shown.book.live()
            if o.kind is OrderKind.INSPECTION
        ]
        return tuple(sorted(found, key=lambda v: (not v.overdue, v.repair_by_ms or 0, v.order.number)))

    def contractors(self) -> tuple[tuple[str, str], ...]:
        """Return (id, name) of whom an order may be given to."""
        return tuple((c.id, c.name) for c in self._township.registry.contractors)

    def figures(self) -> WorkFigures:
        """Return the figures of this month, at most a few seconds old."""
        shown, known = self._desk.shown, self._figures
        if known is None or self._of is not shown.book or shown.at_ms - known.at_ms >= FIGURES_EVERY_MS:
            self._figures = known = figures_of(tuple(shown.book.orders.values()), self._township.registry, shown.at_ms)
            self._of = shown.book
        return known

    def figures_of(self, has: Callable[[WorkOrder], bool]) -> WorkFigures:
        """Return the figures of this month, of the orders that are meant alone."""
        shown = self._desk.shown
        orders = tuple(order for order in shown.book.orders.values() if has(order))
        return figures_of(orders, self._township.registry, shown.at_ms)

    async def attach(self, act: Act, data: bytes) -> Acted:
        """Keep a photo of the repair and note it; returns when both are on disk, or why it was not taken."""
        photo = await asyncio.to_thread(take_photo, data)
        if isinstance(photo, Refusal):
            return refused(photo)
        act = replace(act, photo=photo)
        no = objection_to(act, self._desk.shown.book, self._timeline.now_ms())
        if no is not None:
            return no
        try:
            await asyncio.to_thread(keep_file, self._ledger, data)
        except OSError as error:
            _log.error("photo_not_kept", error=str(error))
            return Acted(done=False, zh="磁盘写不下照片", en="the disk does not take the photo")
        return await self._desk.act(act)

    async def photo(self, number: int, digest: str) -> tuple[Photo, bytes]:
        """Return a photo of an order; LookupError where it has none of that digest, or the file is gone."""
        order = self._desk.shown.book.orders.get(number)
        found = next((p for p in order.photos if p.digest == digest), None) if order is not None else None
        if found is None:
            raise LookupError(digest)
        try:
            return found, await asyncio.to_thread(read_file, self._ledger, digest)
        except ValueError as error:  # somebody changed it: not what was handed in
            _log.error("photo_changed", order=number, digest=digest)
            raise LookupError(digest) from error

    async def route(self, contractor_id: str, has: Callable[[WorkOrder], bool] | None = None) -> RouteStanding:
        """Return what to repair first and the way there; "" for everybody's. LookupError for an unknown contractor.

        `has`: which orders are meant; None: all. The same value for a few seconds, while the orders are the same: a
        county's way is a quarter of a second of a core.
        """
        registry, shown = self._township.registry, self._desk.shown
        key, known = (contractor_id, has), self._routes.get((contractor_id, has))
        if known is not None and known[0] is shown.book and known[1] is registry:
            fresh = shown.at_ms - known[2].at_ms < FIGURES_EVERY_MS
            if fresh:
                return known[2]
        made = await self._way(contractor_id, has, registry, shown)
        if not made.measured:  # coverage comes within the minute: nobody is held to a way without it
            return made
        self._routes[key] = (shown.book, registry, made)
        self._routes.move_to_end(key)
        while len(self._routes) > _ROUTES:
            self._routes.popitem(last=False)
        return made

    async def _way(
        self, contractor_id: str, has: Callable[[WorkOrder], bool] | None, registry: Registry, shown: Shown
    ) -> RouteStanding:
        contractor = next((c for c in registry.contractors if c.id == contractor_id), None)
        if contractor_id and contractor is None:
            raise LookupError(contractor_id)
        meant = (o for o in shown.book.live() if has is None or has(o))
        orders = [o for o in meant if not contractor_id or o.contractor_id == contractor_id]
        groups = {o.number: _out(o) for o in orders if o.kind is OrderKind.REPAIR}
        gains = await self._gains(groups)
        start = contractor.depot if contractor is not None else None
        worth = gains or {}
        ranked = rank(
            orders,
            {},
            groups={n: g.area_m2 for n, g in worth.items()},
            places={n: g.places for n, g in worth.items()},
        )
        route = await asyncio.to_thread(lambda: van_route(ranked, centres(registry), start=start))
        return RouteStanding(
            at_ms=shown.at_ms,
            contractor_id=contractor_id,
            start=start,
            route=route,
            orders={r.order.number: view_of(r.order, registry, shown.at_ms) for r in ranked},
            gains=worth,
            measured=gains is not None,
        )

    async def channels(self) -> tuple[ChannelStanding, ...]:
        """Return every configured channel and how it fares."""
        registry = self._township.registry
        if not registry.channels:
            return ()
        last, dead = await asyncio.to_thread(partial(_last_letters, self._ledger, [c.id for c in registry.channels]))
        return channels_of(registry, self._sender.views(), last, dead)

    async def test_channel(self, channel_id: str) -> Tested:
        """Send a test letter now and return the platform's own words; LookupError for an unknown channel."""
        return await self._trials.send(channel_id, self._township.registry)


def view_of(order: WorkOrder, registry: Registry, now_ms: int) -> OrderView:
    """Return one order with what belongs to it."""
    excluded = excluded_of(order, registry)
    by = due(order, excluded)
    contractor = next((c for c in registry.contractors if c.id == order.contractor_id), None)
    person = next((c for c in registry.contacts if contractor is not None and c.id in contractor.contact_ids), None)
    repair, subject = order.kind is OrderKind.REPAIR, order.subject
    wanted = sorted(_out(order)) if repair else subject.device_ids
    devices = [registry.device_by_id[i] for i in wanted if i in registry.device_by_id]
    return OrderView(
        order=order,
        name=name_of(subject.domain, registry) if subject.domain is not None else subject.name or subject.round_key,
        incident_id=order.incident_ids[-1] if order.incident_ids else "",
        respond_by_ms=by.respond_by_ms,
        repair_by_ms=by.repair_by_ms,
        overdue=overdue(order, now_ms, excluded) is not None,
        position=position_of(devices),
        contractor=contractor.name if contractor is not None else order.contractor_id,
        contact=person.name if person is not None else "",
        phone=person.phone if person is not None else "",
        devices=tuple(d.name for d in devices[:_NAMES]),
    )


def figures_of(orders: Sequence[WorkOrder], registry: Registry, now_ms: int) -> WorkFigures:
    """Return the figures of the local month that has the instant."""
    tz = timezone_of(registry)
    first = local_date(now_ms, tz).replace(day=1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    month = Span(start_ms=local_ms(first, time.min, tz), end_ms=local_ms(following, time.min, tz))

    known: dict[int, tuple[Span, ...]] = {}

    def excluded(order: WorkOrder) -> tuple[Span, ...]:
        if order.number not in known:
            known[order.number] = excluded_of(order, registry)
        return known[order.number]

    late = [o for o in orders if o.state.live and overdue(o, now_ms, excluded(o)) is not None]
    return WorkFigures(
        at_ms=now_ms,
        repairs=service_figures(orders, month, now_ms=now_ms, excluded_of=excluded),
        rounds=round_figures(orders, month, now_ms=now_ms),
        overdue_repairs=sum(o.kind is OrderKind.REPAIR for o in late),
        overdue_rounds=sum(o.kind is OrderKind.INSPECTION for o in late),
    )


def _out(order: WorkOrder) -> frozenset[str]:
    return frozenset(i for i, w in order.devices.items() if w.status is not Status.UP)


def _last_letters(ledger: Path, channel_ids: Sequence[str]) -> tuple[Mapping[str, Post], Mapping[str, int]]:
    with LedgerReader(ledger) as reader, reader.reading():
        return reader.last_letters(channel_ids), reader.dead_letters()
