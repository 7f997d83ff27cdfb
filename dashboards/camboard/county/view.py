"""The county's first page as one value: everything that the template writes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.county.query import CountyQuery, town_address, why_address
from camboard.county.rates import Count, RateCell, counts, rate_cell, total
from camboard.county.words import ALARM, TOWN, TOWN_SHAPE, TOWN_TONE, WORST_FIRST
from camboard.figure import Figure
from camboard.i18n import Language, span_words
from camboard.query import page_of
from camboard.text import clock_time, local, percent, plain, utc_offset
from camboard.words import PROMISE, PROMISE_SHAPE
from camkeeper.availability.buckets import Buckets, Promise
from camkeeper.hub.view import County, Town, TownState
from camkeeper.model.status import Status
from camkeeper.outbox.view import ChannelView

ROWS_A_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TownRow:
    """One township in words."""

    edge_id: str
    name: str
    address: str
    why: str
    state: TownState
    tone: str
    shape: str
    word: str
    since: str | None
    lasting: str | None
    told: str | None
    """How old its newest report is."""
    cameras: int
    now: str | None
    now_counts: tuple[Count, ...]
    today: str | None
    month: RateCell | None
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A filter, a month or a page of the list."""

    word: str
    address: str
    selected: bool
    count: int | None = None
    shape: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Where in the list this page is."""

    page: int
    pages: int
    total: int
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyPage:
    """What `county.html` writes."""

    at: str
    name: str
    month: str
    is_this_month: bool
    now: Figure
    today: Figure
    month_figure: Figure
    online: int
    known: int
    counts: tuple[Count, ...]
    verdicts: tuple[tuple[str, str, str, int], ...]
    """(tone, shape, word, towns)."""
    states: tuple[Choice, ...]
    villages: int
    villages_seen: int
    towns: int
    counted: int
    reading: int
    faults: tuple[str, ...]
    undelivered: str | None
    rows: tuple[TownRow, ...]
    pager: Pager
    summary: str


def county_page(
    county: County, query: CountyQuery, channels: Iterable[ChannelView], this_month: str, say: Language
) -> CountyPage:
    """Write the county for one reader's choice."""
    zone, now = ZoneInfo(county.timezone), county.now
    at = local(county.at_ms, zone)
    found = [t for t in county.towns if _matches(t, query)]
    chosen = sorted((t for t in found if query.state in {None, t.state}), key=worst_first)
    shown, page, pages = page_of(chosen, query.page, ROWS_A_PAGE)
    told = [t.month for t in county.towns if t.month is not None]
    verdicts = Counter(month.rate.verdict for month in told)
    known = now.up_ms + now.down_ms
    return CountyPage(
        at=f"{at:%Y-%m-%d %H:%M:%S} {utc_offset(at)}",
        name=plain(county.name),
        month=county.month,
        is_this_month=county.month == this_month,
        now=total(now, county.target_bp, say),
        today=total(county.today, county.target_bp, say),
        month_figure=total(county.net, county.target_bp, say),
        online=now.up_ms,
        known=known,
        counts=counts(_statuses(now), say),
        verdicts=tuple((v.value, PROMISE_SHAPE[v], say(PROMISE[v]), verdicts[v]) for v in Promise),
        states=_states(found, query, say),
        villages=sum(t.last.villages for t in county.towns if t.last is not None),
        villages_seen=sum(t.last.villages_seen for t in county.towns if t.last is not None and Status.UP in t.now),
        towns=len(county.towns),
        counted=len(told),
        reading=county.reading,
        faults=tuple(plain(text, limit=300) for text in county.faults),
        undelivered=_undelivered(channels, say),
        rows=tuple(_row(t, county, query, zone, say) for t in shown),
        pager=Pager(
            page=page,
            pages=pages,
            total=len(chosen),
            before=query.address(page=page - 1) if page > 1 else None,
            after=query.address(page=page + 1) if page < pages else None,
        ),
        summary=say(
            "摄像机在线 %(online)d，已知 %(known)d，未知 %(unknown)d",
            online=now.up_ms,
            known=known,
            unknown=now.unknown_ms,
        ),
    )


def _matches(town: Town, query: CountyQuery) -> bool:
    needle = query.search.casefold()
    return not needle or needle in f"{town.name}\n{town.edge_id}".casefold()


def worst_first(town: Town) -> tuple[int, int, float, int, str]:
    """Sort towns: who is refused or silent, then who has cameras down now, then by the month's lower bound."""
    down = town.now.get(Status.DOWN, 0)
    lower = None if town.month is None else town.month.rate.lower
    return (
        WORST_FIRST.index(town.state),
        0 if down else 1,
        -1.0 if lower is None else float(lower),
        -down,
        town.edge_id,
    )


def _statuses(now: Buckets) -> dict[Status, int]:
    return {
        Status.UP: now.up_ms - now.degraded_ms,
        Status.DEGRADED: now.degraded_ms,
        Status.DOWN: now.down_ms,
        Status.UNKNOWN: now.unknown_ms,
    }


def _states(towns: list[Town], query: CountyQuery, say: Language) -> tuple[Choice, ...]:
    found = Counter(town.state for town in towns)
    first = Choice(
        word=say("不限状态"), address=query.address(state=None), selected=query.state is None, count=len(towns)
    )
    return (
        first,
        *(
            Choice(
                word=say(TOWN[state]),
                address=query.address(state=state),
                selected=query.state is state,
                count=found[state],
                shape=TOWN_SHAPE[state],
                tone=TOWN_TONE[state],
            )
            for state in WORST_FIRST
        ),
    )


def _undelivered(channels: Iterable[ChannelView], say: Language) -> str | None:
    """Say that people were not told: nobody else would."""
    bad = [view.channel_id for view in channels if view.dead or view.failures]
    return say("告警发不出去：%(names)s", names=", ".join(plain(i) for i in bad)) if bad else None


def _row(town: Town, county: County, query: CountyQuery, zone: ZoneInfo, say: Language) -> TownRow:
    now = Buckets(
        up_ms=town.now.get(Status.UP, 0) + town.now.get(Status.DEGRADED, 0), down_ms=town.now.get(Status.DOWN, 0)
    )
    details = [say(ALARM[kind]) for kind in sorted(town.alarms) if kind.value != town.state.value]
    if town.refused:
        details.append(plain(town.refused, limit=160))
    if town.behind:
        details.append(say("待收 %(n)d 条", n=town.behind))
    return TownRow(
        edge_id=plain(town.edge_id),
        name=plain(town.name or town.edge_id),
        address=town_address(town.edge_id, month=query.month),
        why=why_address(town.edge_id, month=query.month),
        state=town.state,
        tone=TOWN_TONE[town.state],
        shape=TOWN_SHAPE[town.state],
        word=say(TOWN[town.state]),
        since=None if town.since_ms is None else clock_time(town.since_ms, county.at_ms, zone),
        lasting=None if town.since_ms is None else span_words(county.at_ms - town.since_ms, say),
        told=None if town.lag_ms is None else span_words(town.lag_ms, say),
        cameras=town.cameras,
        now=percent(now.ratio),
        now_counts=counts(town.now, say, zeros=False),
        today=None if town.last is None else percent(town.last.today.ratio),
        month=None if town.month is None else rate_cell(town.month.rate, say),
        details=tuple(details),
    )
