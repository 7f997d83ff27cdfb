"""The duty desk and its orders as one principal has them: what their scope shows, and the steps that are theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from camboard.form import Refused
from camboard.lens import desk as desklens
from camboard.lens.reach import Reach
from camboard.lens.rooms import Once, ScopedStanding
from camboard.source import DeskSource, WorkSource
from camkeeper.model.access import Role
from camkeeper.model.workorder import Photo, WorkOrder
from camkeeper.standing.desk import Act, Acted, Action, DeskStanding, IncidentStory, IncidentView
from camkeeper.standing.view import Standing
from camkeeper.standing.work import ChannelStanding, OrderView, RouteStanding, Tested, WorkFigures
from camkeeper.workorder.priority import Ranked
from camkeeper.workorder.route import VanRoute

Has = Callable[[WorkOrder], bool]
STEPS: Mapping[Role, frozenset[Action]] = {
    Role.ADMIN: frozenset(Action),
    Role.TECHNICIAN: frozenset(Action),
    # Who repairs says what was done; whose order it is, and that it is none, others say.
    Role.CONTRACTOR: frozenset(Action) - {Action.ASSIGN, Action.CANCEL, Action.MERGE, Action.UNMERGE},
}


class ScopedDesk:
    """The desk within one scope, for one role. Without a `town` everything is shown, and only steps are judged."""

    def __init__(self, source: DeskSource, role: Role, town: ScopedStanding | None) -> None:
        self._source, self._town = source, town
        self.steps = STEPS.get(role, frozenset())
        self._once: Once[DeskStanding, DeskStanding] = Once()

    def desk(self) -> DeskStanding | None:
        """Return the newest desk within reach."""
        value = self._source.desk()
        if value is None or self._town is None:
            return value
        seen = self._town.reach()
        return self._once.of(value, seen, lambda: desklens.desk(value, seen))

    async def story(self, incident_id: str) -> IncidentStory:
        """Return the story of an incident within reach."""
        value = await self._source.story(incident_id)
        if self._town is None:
            return value if self.steps else replace(value, phone_token="")
        seen = self._town.reach()
        if not desklens.has(value.view, seen):
            raise LookupError(incident_id)
        return desklens.story(value, seen, self._named(value, seen), acts=bool(self.steps))

    def by_token(self, token: str) -> IncidentView | None:
        """Return nothing: the phone page is its own key, and asks the desk itself."""
        del token
        return None

    async def act(self, act: Act) -> Acted:
        """Take a step that is this role's, about what is within reach."""
        if act.action not in self.steps:
            raise Refused(403, "这一步不归您的角色", "This step is not your role's")
        if self._town is not None and not await self._reaches(act):
            raise LookupError(act.incident_id or act.order_number)
        return await self._source.act(act)

    async def _reaches(self, act: Act) -> bool:
        """Return whether a step is about something within reach; both, where it names two."""
        now = self.desk()
        if act.incident_id is not None:
            await self.story(act.incident_id)
        if act.into_id:
            await self.story(act.into_id)
        if act.order_number is None:
            return act.incident_id is not None
        orders = () if now is None else (*now.orders, *(v.order for v in (*now.open, *now.recent) if v.order))
        return any(order.number == act.order_number for order in orders)

    def _named(self, value: IncidentStory, seen: Reach) -> frozenset[str]:
        now = self._source.desk()
        known = () if now is None else (*now.open, *now.recent)
        return frozenset(v.incident.id for v in known if desklens.has(v, seen)) | {value.view.incident.id}


class ScopedWork:
    """Orders within one scope."""

    def __init__(self, source: WorkSource, town: ScopedStanding) -> None:
        self._source, self._town = source, town
        self._figures: Once[WorkFigures, WorkFigures] = Once()
        self._route: Once[RouteStanding, RouteStanding] = Once()
        self._names: Once[Standing, dict[str, str]] = Once()

    def order(self, number: int) -> OrderView | None:
        """Return one order within reach."""
        found = self._source.order(number)
        return None if found is None or not self._has(found.order) else self._view(found)

    def rounds(self) -> tuple[OrderView, ...]:
        """Return the rounds within reach."""
        return tuple(self._view(v) for v in self._source.rounds() if self._has(v.order))

    def contractors(self) -> tuple[tuple[str, str], ...]:
        """Return whom an order may be given to."""
        seen = self._town.reach()
        return tuple((i, name) for i, name in self._source.contractors() if seen.shows_contractor(i))

    def figures(self) -> WorkFigures:
        """Return the month's figures of the orders within reach."""
        value = self._source.figures()  # changes when the orders do
        return self._figures.of(value, None, lambda: self._source.figures_of(self._has))

    async def attach(self, act: Act, data: bytes) -> Acted:
        """Keep a photo of an order within reach."""
        self._find(act.order_number)
        return await self._source.attach(act, data)

    async def photo(self, number: int, digest: str) -> tuple[Photo, bytes]:
        """Return a photo of an order within reach."""
        order = self._find(number)
        if all(photo.digest != digest for photo in order.photos):
            raise LookupError(digest)
        return await self._source.photo(number, digest)

    async def route(self, contractor_id: str, has: Has | None = None) -> RouteStanding:
        """Return the way to what is within reach; a contractor's own only."""
        del has  # a scope is not cut again
        seen = self._town.reach()
        own = contractor_id or seen.contractor_id or ""
        if not seen.shows_contractor(own):
            raise LookupError(contractor_id)
        value = await self._source.route(own, self._has)

        def cut() -> RouteStanding:
            return replace(
                value,
                route=self._way(value.route, seen),
                orders={number: self._view(view) for number, view in value.orders.items()},
                gains={number: gain for number, gain in value.gains.items() if number in value.orders},
            )

        return self._route.of(value, seen, cut)

    def _way(self, way: VanRoute, seen: Reach) -> VanRoute:
        """Return a way past the stops within reach; what is to be done elsewhere is to be asked about."""

        def cut(found: Iterable[Ranked]) -> tuple[Ranked, ...]:
            return tuple(replace(r, order=desklens.order(r.order, seen)) for r in found)

        here = tuple(replace(s, orders=cut(s.orders)) for s in way.stops if s.site_id in seen.site_ids)
        away = tuple(r for s in way.stops if s.site_id not in seen.site_ids for r in s.orders)
        return VanRoute(stops=here, unplaced=cut((*way.unplaced, *away)), left_out=cut(way.left_out))

    def figures_of(self, has: Has) -> WorkFigures:
        """Return the month's figures of orders within reach."""
        return self._source.figures_of(lambda order: self._has(order) and has(order))

    async def channels(self) -> tuple[ChannelStanding, ...]:
        """Return nothing: what a channel sent last may be about anything."""
        return ()

    async def test_channel(self, channel_id: str) -> Tested:
        """Refuse: channels are the whole township's."""
        raise LookupError(channel_id)

    def _has(self, order: WorkOrder) -> bool:
        return desklens.has_order(order, self._town.reach())

    def _view(self, value: OrderView) -> OrderView:
        standing = self._town.standing()
        names = self._names.of(standing, None, lambda: {d.id: d.name for d in standing.devices})
        return desklens.order_view(value, self._town.reach(), names)

    def _find(self, number: int | None) -> WorkOrder:
        found = None if number is None else self.order(number)
        if found is None:
            raise LookupError(number)
        return found.order
