"""The county as the pages of accounts and of the audit log know a township: its towns are their places. Pure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from camboard.county.source import CountySource
from camboard.source import JSON, Health
from camkeeper.availability.buckets import Buckets, Promise
from camkeeper.availability.days import month_span
from camkeeper.hub.view import County, Town
from camkeeper.model.place import SiteKind
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.standing.view import MonitorStanding, RateView, SiteStanding, Standing

WHOLE = "."
"""No edge can have this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """A board that answers is all that it knows of itself; each edge's health is on the page."""

    live: bool = True
    ready: bool = True
    reasons: tuple[str, ...] = ()


class Places:
    """A `StandingSource` over a hub: name, zone, instant, and a site for each town. Made anew when the county is."""

    def __init__(self, source: CountySource) -> None:
        self._source = source
        self._made: tuple[County, Standing] | None = None

    def standing(self) -> Standing:
        """Return the county's places now."""
        county = self._source.county()
        if self._made is None or self._made[0] is not county:
            self._made = county, places(county)
        return self._made[1]

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[AbstractSet[str]]]:
        """Refuse: the county's pages renew themselves by its own stream."""
        raise NotImplementedError("the county tells of itself by /events")

    async def sla(self, month: str | None, site_id: str | None, policy: str | None) -> Mapping[str, JSON]:
        """Refuse: settlements are the towns' own."""
        raise LookupError(month, site_id, policy)

    def health(self) -> Health:
        """Return that we answer."""
        return Living()


def places(county: County) -> Standing:
    """Return the county with a site for each town, and no devices: those are the towns' own."""
    sites = tuple(_site(county, town) for town in county.towns)
    last_ms = max((town.tick_ms for town in county.towns if town.tick_ms is not None), default=None)
    return Standing(
        at_ms=county.at_ms,
        name=county.name,
        synthetic_geometry=False,
        timezone=county.timezone,
        total=SiteStanding(
            id=WHOLE,
            name=county.name,
            name_en="",
            kind=SiteKind.TOWN,
            code=None,
            parent_id=None,
            target_bp=county.target_bp,
            cameras=_sum(county),
            others={},
            today=_rate(county, county.today, county.target_bp),
            month=_rate(county, county.net, county.target_bp),
        ),
        sites=sites,
        devices=(),
        villages_total=sum(t.last.villages for t in county.towns if t.last is not None),
        villages_with_camera=sum(t.last.villages_seen for t in county.towns if t.last is not None),
        monitor=MonitorStanding(
            boot_id="",
            started_ms=county.at_ms,
            last_tick_ms=county.at_ms,
            last_sample_ms=last_ms,
            lag_ms=0.0,
            uplinks=(),
            warnings=county.faults,
            probes_total=0,
            probes_missed=0,
            policy="",
        ),
    )


def _site(county: County, town: Town) -> SiteStanding:
    rate = None if town.month is None else town.month.rate
    target_bp = county.target_bp if rate is None else rate.target_bp
    return SiteStanding(
        id=town.edge_id,
        name=town.name or town.edge_id,
        name_en="",
        kind=SiteKind.TOWN,
        code=None,
        parent_id=None,
        target_bp=target_bp,
        cameras=town.now,
        others={},
        today=_rate(county, Buckets() if town.last is None else town.last.today, target_bp),
        month=_rate(
            county,
            Buckets() if rate is None else rate.net,
            target_bp,
            Promise.UNDETERMINED if rate is None else rate.verdict,
        ),
    )


def _rate(county: County, buckets: Buckets, target_bp: int, verdict: Promise = Promise.UNDETERMINED) -> RateView:
    month = month_span(county.month, county.timezone)
    period = Span(start_ms=month.start_ms, end_ms=max(month.start_ms, min(month.end_ms, county.at_ms)))
    return RateView(period=period, buckets=buckets, target_bp=target_bp, verdict=verdict)


def _sum(county: County) -> Mapping[Status, int]:
    out: dict[Status, int] = {}
    for town in county.towns:
        for status, n in town.now.items():
            out[status] = out.get(status, 0) + n
    return out
