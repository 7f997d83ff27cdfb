"""The first page as one value: everything that the template writes. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.cover.weather import weather_names
from camboard.figure import Figure, figure
from camboard.i18n import Language, span_words
from camboard.index import Index, this_instant
from camboard.picture.goodrate import Good, good
from camboard.picture.index import PictureIndex
from camboard.query import ALL, CAMERAS, Query, page_of
from camboard.rank import worst_first
from camboard.rows import Row, Tile, looked_words, row, site_name, tile
from camboard.settings import BoardSettings
from camboard.text import clock_time, local, month_progress, percent, plain, utc_offset
from camboard.words import KIND, SHAPE, STATE, WORST_FIRST, State
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.standing.view import RateView, SiteStanding

_TILED = frozenset({SiteKind.VILLAGE, SiteKind.CAMPUS, SiteKind.CHECKPOINT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A link that narrows or widens what is shown."""

    word: str
    address: str
    count: int
    selected: bool
    shape: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Which page of how many, and where the neighbours are."""

    page: int
    pages: int
    total: int
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherKind:
    """A kind of device without a picture, counted apart."""

    word: str
    address: str
    online: int
    total: int
    parts: tuple[tuple[State, str, str, int], ...]
    """What isn't online: (state, shape, word, devices)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The first page."""

    name: str
    synthetic_geometry: bool
    at: str
    policy: str
    blind: tuple[str, ...]
    """Uplinks that see nothing: what lies behind them is unknown."""
    warnings: tuple[str, ...]
    now: Figure
    today: Figure
    month: Figure
    good_now: str | None
    """Share of the known cameras that are online with a usable picture, this instant."""
    usable: int
    good_today: Good
    good_month: Good
    looked: str
    weather: str
    """Where all pictures are poor at once."""
    counts: tuple[tuple[State, str, str, int], ...]
    """(state, shape, word, cameras)."""
    online: int
    known: int
    unknown: int
    maintenance: int
    month_name: str
    month_passed: str
    month_day: str
    villages_total: int
    villages_with_camera: int
    others: tuple[OtherKind, ...]
    tiles: tuple[Tile, ...]
    tile_pager: Pager
    kinds: tuple[Choice, ...]
    states: tuple[Choice, ...]
    site: str | None
    site_off: str
    rows: tuple[Row, ...]
    row_pager: Pager
    all_rows: str | None
    """Where all rows are, while only the worst few are shown."""
    beginning: str | None
    """Why there is nothing to show yet, for the top of the page."""
    empty: str | None
    """Why there are no rows."""
    summary: str
    """One sentence for those who listen to the page."""


def overview(
    index: Index, query: Query, settings: BoardSettings, say: Language, pictures: PictureIndex | None = None
) -> Overview:
    """Write the first page for one reader's choice."""
    standing = index.standing
    zone = ZoneInfo(standing.timezone)
    at = local(standing.at_ms, zone)
    passed, day, days = month_progress(standing.at_ms, zone)
    counts, total = index.cameras, standing.total
    instant = this_instant(counts)
    rows, row_pager, states = _rows(index, query, settings, zone, say)
    tiles, tile_pager = _tiles(index, query, settings, pictures, say)
    now = figure(instant, total.target_bp, instant.verdict(target_bp=total.target_bp), say)
    site = None if query.site is None else index.site_by_id.get(query.site)
    return Overview(
        name=board_name(index, say),
        synthetic_geometry=standing.synthetic_geometry,
        at=f"{at:%Y-%m-%d %H:%M:%S} {utc_offset(at)}",
        policy=plain(standing.monitor.policy),
        blind=_blind(index, zone, say),
        warnings=tuple(plain(text, limit=400) for text in standing.monitor.warnings),
        now=now,
        today=_figure(total.today, say),
        month=_figure(total.month, say),
        good_now=percent(instant.good_ratio),
        usable=instant.up_ms - instant.degraded_ms,
        good_today=good(total.today.buckets, say),
        good_month=good(total.month.buckets, say),
        looked=looked_words(pictures, total, say),
        weather=weather_names(() if pictures is None else pictures.weather, index, say),
        counts=tuple((state, SHAPE[state], say(STATE[state]), counts[state]) for state in State),
        online=instant.up_ms,
        known=instant.up_ms + instant.down_ms,
        unknown=instant.unknown_ms,
        maintenance=instant.excluded_ms,
        month_name=f"{at:%Y-%m}",
        month_passed=percent(passed, decimals=0) or "",
        month_day=say("第 %(day)d 天，共 %(days)d 天", day=day, days=days),
        villages_total=standing.villages_total,
        villages_with_camera=standing.villages_with_camera,
        others=_others(index, query, say),
        tiles=tiles,
        tile_pager=tile_pager,
        kinds=_kinds(index, query, say),
        states=states,
        site=site_name(site, say) if site else query.site and plain(query.site),
        site_off=query.address(site=None),
        rows=rows,
        row_pager=row_pager,
        all_rows=query.address(whole=True) if len(rows) < row_pager.total and query.bare else None,
        beginning=_beginning(index, say),
        empty=None if row_pager.total or not standing.devices else say("没有符合条件的设备。"),
        summary=say(
            "摄像机在线 %(online)d，已知 %(known)d，未知 %(unknown)d",
            online=instant.up_ms,
            known=instant.up_ms + instant.down_ms,
            unknown=instant.unknown_ms,
        ),
    )


def board_name(index: Index, say: Language) -> str:
    """Return the register's name. It has none in English: the lowest site that holds every device lends its own."""
    standing = index.standing
    holds = standing.total
    if say.code != "en":
        return plain(standing.name)
    while inner := [site for site in standing.sites if site.parent_id == holds.id and _holds_all(site, holds)]:
        holds = inner[0]
    return site_name(holds, say) if holds.name_en else plain(standing.name)


def _holds_all(site: SiteStanding, above: SiteStanding) -> bool:
    return site.kind not in _TILED and 0 < _size(site) == _size(above)


def _size(site: SiteStanding) -> int:
    return sum(site.cameras.values()) + sum(site.others.values())


def _figure(rate: RateView, say: Language) -> Figure:
    return figure(rate.buckets, rate.target_bp, rate.verdict, say)


def _blind(index: Index, zone: ZoneInfo, say: Language) -> tuple[str, ...]:
    standing = index.standing
    out = []
    for uplink in standing.monitor.uplinks:
        if uplink.sees:
            continue
        name = plain(uplink.name)
        if uplink.since_ms is None:
            out.append(say("监测端看不见：上联“%(name)s”中断，其后设备状态未知", name=name))
        else:
            since = clock_time(uplink.since_ms, standing.at_ms, zone)
            out.append(say("监测端看不见：上联“%(name)s”自 %(since)s 中断，其后设备状态未知", name=name, since=since))
    return tuple(out)


def _tiled(index: Index) -> list[SiteStanding]:
    sites = [site for site in index.standing.sites if site.kind in _TILED]
    if sites:
        return sites
    parents = {site.parent_id for site in index.standing.sites}
    return [site for site in index.standing.sites if site.id not in parents]


def _tiles(
    index: Index, query: Query, settings: BoardSettings, pictures: PictureIndex | None, say: Language
) -> tuple[tuple[Tile, ...], Pager]:
    ranked = worst_first((site, index.cameras_of(site.id)) for site in _tiled(index))
    shown, page, pages = page_of(ranked, query.tiles, settings.tiles_a_page)
    pager = Pager(
        page=page,
        pages=pages,
        total=len(ranked),
        before=query.address(tiles=page - 1) if page > 1 else None,
        after=query.address(tiles=page + 1) if page < pages else None,
    )
    return tuple(tile(site, counts, query, pictures, say) for site, counts in shown), pager


def _rows(
    index: Index, query: Query, settings: BoardSettings, zone: ZoneInfo, say: Language
) -> tuple[tuple[Row, ...], Pager, tuple[Choice, ...]]:
    of_any_state = Query(site=query.site, kind=query.kind, search=query.search).choose(index, index.ranked)
    counts = Counter(State.of(device) for device in of_any_state)
    chosen = [d for d in of_any_state if query.status is None or State.of(d) is query.status]
    if query.bare:
        shown, pager = chosen[: settings.rows_first], Pager(page=1, pages=1, total=len(chosen), before=None, after=None)
    else:
        shown, page, pages = page_of(chosen, query.page, settings.rows_a_page)
        pager = Pager(
            page=page,
            pages=pages,
            total=len(chosen),
            before=query.address(page=page - 1) if page > 1 else None,
            after=query.address(page=page + 1) if page < pages else None,
        )
    states = (
        Choice(
            word=say("不限状态"),
            address=query.address(status=None),
            count=len(of_any_state),
            selected=query.status is None,
        ),
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
    return tuple(row(device, index, query, zone, say) for device in shown), pager, states


def _kinds(index: Index, query: Query, say: Language) -> tuple[Choice, ...]:
    totals = {kind: counts.total() for kind, counts in index.counts_by_kind.items()}
    groups = ((CAMERAS, say("摄像机"), index.cameras.total()), (ALL, say("全部设备"), sum(totals.values())))
    out = [
        Choice(word=word, address=query.address(kind=kind), count=count, selected=query.kind == kind)
        for kind, word, count in groups
    ]
    out += [
        Choice(
            word=say(KIND[kind]),
            address=query.address(kind=kind.value),
            count=totals[kind.value],
            selected=query.kind == kind.value,
        )
        for kind in DeviceKind
        if totals.get(kind.value)
    ]
    return tuple(out)


def _others(index: Index, query: Query, say: Language) -> tuple[OtherKind, ...]:
    out = []
    for kind in DeviceKind:
        counts = index.counts_by_kind.get(kind.value)
        if kind.has_picture or not counts:
            continue
        parts = tuple(
            (state, SHAPE[state], say(STATE[state]), counts[state])
            for state in WORST_FIRST
            if state is not State.UP and counts[state]
        )
        online = counts[State.UP] + counts[State.DEGRADED]
        address = query.address(kind=kind.value)
        out.append(OtherKind(word=say(KIND[kind]), address=address, online=online, total=counts.total(), parts=parts))
    return tuple(out)


def _beginning(index: Index, say: Language) -> str | None:
    standing = index.standing
    if not standing.devices:
        return say("还没有登记设备。请在 cameras.yaml 中登记后重新载入。")
    if standing.monitor.last_sample_ms is None:
        waited = span_words(standing.at_ms - standing.monitor.started_ms, say)
        return say("正在进行第一次探测…（监测已启动 %(span)s）", span=waited)
    return None
