"""The list of devices as one value: everything that the template writes. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from camboard.devices.days import Days, days_of
from camboard.devices.query import DeviceQuery, Order
from camboard.i18n import Language
from camboard.index import Index
from camboard.overview import Choice, Pager
from camboard.query import ALL, CAMERAS, OTHERS, Query, page_of
from camboard.rows import Row, row, site_name
from camboard.text import plain
from camboard.why.link import why_address
from camboard.words import KIND, REASON, RUNG, SHAPE, STATE, VERDICT, WORST_FIRST, State, mark
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.probing import RungResult
from camkeeper.model.status import Reason
from camkeeper.standing.past import Past
from camkeeper.standing.view import DeviceStanding

ROWS = 50
CHOSEN = "d:"
"""What a checkbox is called, before the device's id."""
_TAGS_LISTED = 60
_LINKS_LISTED = 250
"""More would weigh more than the rows; the address still takes any."""

ORDER = {
    Order.WORST: mark("离线在前"),
    Order.RATE: mark("本月在线率低的在前"),
    Order.GOOD: mark("本月完好率低的在前"),
    Order.LONGEST: mark("持续最久在前"),
    Order.PROBED: mark("最久未探测在前"),
    Order.NAME: mark("按名称"),
    Order.SITE: mark("按地点"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One device."""

    row: Row
    field: str
    days: Days | None
    failing: str
    """The lowest rung that failed, with its verdict; empty where none did."""
    host: str
    why: str
    tags: tuple[tuple[str, str], ...]
    """(label, address of all that have it)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One value of a filter."""

    value: str
    word: str
    selected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceList:
    """The page."""

    at: str
    summary: str
    rows: tuple[DeviceRow, ...]
    pager: Pager
    states: tuple[Choice, ...]
    search: str
    status: str
    sites: tuple[Option, ...]
    kinds: tuple[Option, ...]
    contractors: tuple[Option, ...]
    links: tuple[Option, ...]
    causes: tuple[Option, ...]
    tags: tuple[Option, ...]
    orders: tuple[Option, ...]
    narrowed: bool
    empty: str
    csv: str
    back: str
    """This very choice, for coming back to it."""


def device_list(query: DeviceQuery, index: Index, past: Past | None, at: str, say: Language) -> DeviceList:
    """Write the list for one reader's choice."""
    zone = ZoneInfo(index.standing.timezone)
    of_any_state = replace(query, status=None).choose(index)
    counts = Counter(State.of(device) for device in of_any_state)
    chosen = of_any_state if query.status is None else [d for d in of_any_state if State.of(d) is query.status]
    shown, page, pages = page_of(chosen, query.page, ROWS)
    return DeviceList(
        at=at,
        summary=say("共 %(n)d 台", n=len(chosen)),
        rows=tuple(_row(device, index, past, zone, say) for device in shown),
        pager=Pager(
            page=page,
            pages=pages,
            total=len(chosen),
            before=query.address(page=page - 1) if page > 1 else None,
            after=query.address(page=page + 1) if page < pages else None,
        ),
        states=_states(query, counts, len(of_any_state), say),
        search=query.search,
        status=query.status.value if query.status else "",
        sites=_sites(query, index, say),
        kinds=_kinds(query, index, say),
        contractors=_named(index.standing.contractors, query.contractor),
        links=_named(index.standing.links, query.link) if len(index.standing.links) <= _LINKS_LISTED else (),
        causes=_causes(query, index, say),
        tags=_tags(query, index),
        orders=tuple(Option(value=o.value, word=say(ORDER[o]), selected=query.order is o) for o in Order),
        narrowed=query.narrowed,
        empty=_empty(index, say) if not chosen else "",
        csv=query.address("/devices.csv", page=1),
        back=query.address().partition("?")[2],
    )


def _row(device: DeviceStanding, index: Index, past: Past | None, zone: ZoneInfo, say: Language) -> DeviceRow:
    shown = row(device, index, Query(), zone, say, with_day=False)
    return DeviceRow(
        row=replace(shown, site_address=DeviceQuery(site=device.site_id).address()),
        field=f"{CHOSEN}{device.id}",
        days=days_of(device, past, index.standing.at_ms, say),
        failing=next((_failing(result, say) for result in device.rungs if result.verdict.is_failure), ""),
        host=plain(device.host),
        why=why_address(device_id=device.id),
        tags=tag_links(device),
    )


def _failing(result: RungResult, say: Language) -> str:
    return say("%(rung)s：%(verdict)s", rung=say(RUNG[result.rung]), verdict=say(VERDICT[result.verdict]))


def _states(query: DeviceQuery, counts: Counter[State], total: int, say: Language) -> tuple[Choice, ...]:
    every = Choice(word=say("不限状态"), address=query.address(status=None), count=total, selected=query.status is None)
    return (
        every,
        *(
            Choice(
                word=say(STATE[state]),
                address=query.address(status=state),
                count=counts[state],
                selected=query.status is state,
                shape=SHAPE[state],
                tone=state.value,
            )
            for state in WORST_FIRST
        ),
    )


def _sites(query: DeviceQuery, index: Index, say: Language) -> tuple[Option, ...]:
    return tuple(
        Option(value=site.id, word=site_name(site, say), selected=site.id == query.site)
        for site in index.standing.sites
    )


def _kinds(query: DeviceQuery, index: Index, say: Language) -> tuple[Option, ...]:
    groups = ((ALL, say("全部设备")), (CAMERAS, say("摄像机")), (OTHERS, say("其他设备")))
    kinds = ((kind.value, say(KIND[kind])) for kind in DeviceKind if index.counts_by_kind.get(kind.value))
    return tuple(Option(value=value, word=word, selected=value == query.kind) for value, word in (*groups, *kinds))


def _named(pairs: tuple[tuple[str, str], ...], chosen: str) -> tuple[Option, ...]:
    return tuple(Option(value=value, word=plain(word), selected=value == chosen) for value, word in pairs)


def _causes(query: DeviceQuery, index: Index, say: Language) -> tuple[Option, ...]:
    there = {device.reason for device in index.standing.devices} | ({query.cause} if query.cause else set())
    return tuple(
        Option(value=reason.value, word=say(REASON[reason]), selected=reason is query.cause)
        for reason in Reason
        if reason in there
    )


def tag_links(device: DeviceStanding) -> tuple[tuple[str, str], ...]:
    """Return (label, address of all devices that have it)."""
    return tuple((plain(tag), DeviceQuery(tag=tag).address()) for tag in device.tags)


def _tags(query: DeviceQuery, index: Index) -> tuple[Option, ...]:
    """Return the labels in use, the commonest first; the one that was asked for always."""
    counts = Counter(tag for device in index.standing.devices for tag in device.tags)
    there = [tag for tag, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))][:_TAGS_LISTED]
    if query.tag and query.tag not in there:
        there.append(query.tag)
    return tuple(Option(value=tag, word=plain(tag), selected=tag == query.tag) for tag in there)


def _empty(index: Index, say: Language) -> str:
    return (
        say("没有符合条件的设备。")
        if index.standing.devices
        else say("还没有登记设备。请在 cameras.yaml 中登记后重新载入。")
    )
