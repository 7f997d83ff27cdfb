"""A township's page as one value. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.county.query import TownQuery, town_address, why_address
from camboard.county.rates import Count, RateCell, counts, exact, rate_cell, total
from camboard.county.view import Pager
from camboard.county.words import TOWN, TOWN_SHAPE, TOWN_TONE
from camboard.figure import Figure
from camboard.i18n import Language, span_words
from camboard.query import page_of
from camboard.text import clock_time, local, percent, plain, utc_offset
from camboard.words import KIND, REASON, SHAPE, SITE_KIND, STATE, State
from camkeeper.availability.buckets import Buckets
from camkeeper.hub.view import FRESH_MS, DeviceRow, SiteRow, Town, TownDetail, TownState
from camkeeper.model.status import Status

ROWS_A_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLine:
    """A site of the town."""

    id: str
    name: str
    kind: str
    depth: int
    cameras: int
    rate: RateCell
    address: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """A camera of the town."""

    id: str
    site: str
    kind: str
    tone: str
    shape: str
    word: str
    since: str | None
    reason: str
    ratio: str | None
    down: str
    unknown: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TownPage:
    """What `town.html` writes."""

    at: str
    name: str
    edge_id: str
    month: str
    tone: str
    shape: str
    word: str
    told: str | None
    silent: str | None
    figure: Figure
    policy: str
    closed: bool
    now: Figure | None
    online: int
    known: int
    counts: tuple[Count, ...]
    until: str
    back: str
    why: str
    sites: tuple[SiteLine, ...]
    site: str | None
    site_off: str
    devices: tuple[DeviceLine, ...]
    pager: Pager
    summary: str


def town_page(town: Town, detail: TownDetail, query: TownQuery, at_ms: int, say: Language) -> TownPage:
    """Write a town's month. What cameras do now is known only where the town tells."""
    zone = ZoneInfo(detail.timezone)
    at, rate = local(at_ms, zone), detail.month.rate
    fresh = town.state is not TownState.SILENT and town.lag_ms is not None and town.lag_ms <= FRESH_MS
    names = {site.id: plain(site.name) for site in detail.sites}
    below = _below(detail, query.site)
    chosen = [row for row in detail.devices if not query.site or row.site_id in below]
    shown, page, pages = page_of(chosen, query.page, ROWS_A_PAGE)
    now = _now(town)
    until = clock_time(detail.month.until_ms, at_ms, zone)
    return TownPage(
        at=f"{at:%Y-%m-%d %H:%M:%S} {utc_offset(at)}",
        name=plain(detail.month.name),
        edge_id=plain(town.edge_id),
        month=detail.month.month,
        tone=TOWN_TONE[town.state],
        shape=TOWN_SHAPE[town.state],
        word=say(TOWN[town.state]),
        told=None if town.lag_ms is None else span_words(town.lag_ms, say),
        silent=None if fresh or town.tick_ms is None else _silent(town.tick_ms, at_ms, zone, say),
        figure=total(rate.net, rate.target_bp, say),
        policy=plain(rate.policy),
        closed=detail.month.closed,
        now=None if town.last is None else total(now, rate.target_bp, say),
        online=now.up_ms,
        known=now.up_ms + now.down_ms,
        counts=counts(town.now, say),
        until=until,
        back="/" if query.month is None else f"/?month={query.month}",
        why=why_address(town.edge_id, month=query.month),
        sites=tuple(_site(site, town.edge_id, query, say) for site in sorted(detail.sites, key=_worst_site)),
        site=names.get(query.site) if query.site else None,
        site_off=town_address(town.edge_id, month=query.month),
        devices=tuple(
            _device(r, names, town.edge_id, query, fresh=fresh, at_ms=at_ms, zone=zone, say=say) for r in shown
        ),
        pager=_pager(town.edge_id, query, page, pages, len(chosen)),
        summary=say("%(n)d 台摄像机", n=len(chosen)),
    )


def _silent(tick_ms: int, at_ms: int, zone: ZoneInfo, say: Language) -> str:
    since = clock_time(tick_ms, at_ms, zone)
    return say("自 %(since)s 起没有上报：此后一切未知，不记为离线", since=since)


def _now(town: Town) -> Buckets:
    now = town.now
    return Buckets(
        up_ms=now.get(Status.UP, 0) + now.get(Status.DEGRADED, 0),
        degraded_ms=now.get(Status.DEGRADED, 0),
        down_ms=now.get(Status.DOWN, 0),
        unknown_ms=now.get(Status.UNKNOWN, 0),
    )


def _below(detail: TownDetail, site_id: str) -> frozenset[str]:
    """Return a site with all below it: sites come parents first, each before its own."""
    out: set[str] = set()
    depth: int | None = None
    for site in detail.sites:
        if site.id == site_id:
            depth = site.depth
        elif depth is not None and site.depth <= depth:
            depth = None
        if depth is not None:
            out.add(site.id)
    return frozenset(out)


def _worst_site(site: SiteRow) -> tuple[int, float, str]:
    """The town itself first, then its sites by their lower bound."""
    lower = site.rate.lower
    return (0 if site.depth == 0 else 1 if site.cameras else 2), -1.0 if lower is None else float(lower), site.id


def _site(site: SiteRow, edge_id: str, query: TownQuery, say: Language) -> SiteLine:
    return SiteLine(
        id=plain(site.id),
        name=plain(site.name),
        kind=say(SITE_KIND[site.kind]),
        depth=site.depth,
        cameras=site.cameras,
        rate=rate_cell(site.rate, say),
        address=town_address(edge_id, month=query.month, site=site.id),
        why=why_address(edge_id, month=query.month, site=site.id),
    )


def _device(
    row: DeviceRow,
    names: dict[str, str],
    edge_id: str,
    query: TownQuery,
    *,
    fresh: bool,
    at_ms: int,
    zone: ZoneInfo,
    say: Language,
) -> DeviceLine:
    """Write a camera; where the town does not tell, nobody knows what it does now."""
    status = row.status if fresh or row.status is None else Status.UNKNOWN
    state = None if status is None else State(status.value)
    told = fresh and row.since_ms is not None and status is not None
    return DeviceLine(
        id=plain(row.id),
        site=names.get(row.site_id, plain(row.site_id)),
        kind=say(KIND[row.kind]),
        tone="none" if state is None else state.value,
        shape="–" if state is None else SHAPE[state],
        word=say("未在用") if state is None else say(STATE[state]),
        since=clock_time(row.since_ms, at_ms, zone) if told and row.since_ms is not None else None,
        reason=say(REASON[row.reason]) if told and row.reason is not None else "",
        ratio=percent(row.net.ratio),
        down=exact(row.net.down_ms),
        unknown=exact(row.net.unknown_ms),
        why=why_address(edge_id, month=query.month, device=row.id),
    )


def _pager(edge_id: str, query: TownQuery, page: int, pages: int, count: int) -> Pager:
    def at(number: int) -> str:
        return town_address(edge_id, month=query.month, site=query.site, page=number if number > 1 else None)

    return Pager(
        page=page,
        pages=pages,
        total=count,
        before=at(page - 1) if page > 1 else None,
        after=at(page + 1) if page < pages else None,
    )
