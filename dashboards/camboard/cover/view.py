"""The map page as one value: everything that its template writes. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from camboard.cover.amount import Measure, measure, value_of
from camboard.cover.darkness import Dark
from camboard.cover.query import MapQuery
from camboard.cover.rows import (
    BasisView,
    HoursRow,
    LayerRow,
    LostView,
    PlaceRow,
    SiteRow,
    basis_view,
    hours_rows,
    layer_rows,
    lost_view,
    place_row,
    site_row,
    sites_below,
    unseen_first,
)
from camboard.cover.suppose import Options, WhatIf, options, what_if
from camboard.cover.weather import weather_names
from camboard.cover.words import SIGHT, SIGHT_SHAPE, SIGHT_TONE, Sight
from camboard.device.aim import AimRow, aim_rows
from camboard.device.way import device_address
from camboard.i18n import Language
from camboard.index import Index
from camboard.overview import Choice, Pager, board_name
from camboard.query import page_of
from camboard.rows import site_name
from camboard.source import JSON
from camboard.text import local, plain, utc_offset
from camboard.words import REASON, SHAPE, STATE, State
from camkeeper.cover.sight import State as CameraSight
from camkeeper.cover.sight import state_of
from camkeeper.model.cover import AREA
from camkeeper.standing.coverage import CoverageMap, CoverageStanding, PlaceCover, SiteCover
from camkeeper.standing.view import DeviceStanding

_PLACES_A_PAGE = 40
_SITES_A_PAGE = 60
_ALL_AT_ONCE = 600
"""With more cameras than this a browser gets the geometry of the chosen site only; of a site with more, no fields."""
_DARK_TOLD = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was asked for, found: one site by day or by night."""

    coverage: CoverageStanding
    chart: CoverageMap
    site: SiteCover
    dark: Dark


@dataclass(frozen=True, slots=True, kw_only=True)
class MapView:
    """The map page."""

    name: str
    synthetic_geometry: bool
    at: str
    site_id: str
    site: str
    crumbs: tuple[Choice, ...]
    times: tuple[Choice, ...]
    area: Measure | None
    """None: the site has no boundary of its own nor any below."""
    layers: tuple[LayerRow, ...]
    lost: LostView | None
    hours: tuple[HoursRow, ...]
    dark: tuple[tuple[str, str, str, str, str], ...]
    """Cameras that see this site by design and don't now: (tone, shape, name, word, address of its page)."""
    dark_more: int
    supposed: WhatIf | None
    options: Options
    places: tuple[PlaceRow, ...]
    places_pager: Pager
    sights: tuple[tuple[str, str, str, int], ...]
    """(tone, shape, word, key places)."""
    sites: tuple[SiteRow, ...]
    sites_pager: Pager
    states: tuple[tuple[State, str, str], ...]
    basis: BasisView
    aims: tuple[AimRow, ...]
    """Cameras whose picture shows that they point elsewhere than the register has it."""
    weather: str
    """Of the site and all below it, by name: where all pictures are poor at once."""
    attribution: tuple[str, ...]
    live: Mapping[str, JSON]
    """For the script that draws."""
    summary: str


def default_site(coverage: CoverageStanding) -> str:
    """Return the lowest site that holds everything covered."""
    below: dict[str | None, list[str]] = {}
    known = {site.site_id for site in coverage.sites}
    for site in coverage.sites:
        if not site.night:
            below.setdefault(site.parent_id if site.parent_id in known else None, []).append(site.site_id)
    at: str | None = None
    while len(below.get(at, ())) == 1:
        at = below[at][0]
    return at or coverage.sites[0].site_id


def find(coverage: CoverageStanding, site_id: str, *, night: bool) -> SiteCover | None:
    """Return the site's coverage, by day or by night."""
    return next((each for each in coverage.sites if each.site_id == site_id and each.night is night), None)


def map_view(shown: Shown, index: Index, query: MapQuery, say: Language, *, weather: tuple[str, ...] = ()) -> MapView:
    """Write the page for one reader's choice."""
    coverage, site = shown.coverage, shown.site
    zone = ZoneInfo(index.standing.timezone)
    at = local(coverage.at_ms, zone)
    own = next((each for each in site.layers if each.layer == AREA), None)
    area = None if own is None else measure(own, say)
    ranked = unseen_first(site.places)
    places, place_page, place_pages = page_of(ranked, query.places, _PLACES_A_PAGE)
    below = sites_below(coverage, site)
    sites, site_page, site_pages = page_of(below, query.sites, _SITES_A_PAGE)
    dark = [_dark(device_id, index, say) for device_id in shown.dark.now.cameras_dark]
    name = site_title(site, say)
    return MapView(
        name=board_name(index, say),
        synthetic_geometry=shown.chart.synthetic,
        at=f"{at:%Y-%m-%d %H:%M:%S} {utc_offset(at)}",
        site_id=site.site_id,
        site=name,
        crumbs=_crumbs(coverage, site, query, say),
        times=tuple(
            Choice(word=word, address=query.address(night=night), count=0, selected=query.night is night)
            for word, night in ((say("白天"), False), (say("夜间"), True))
        ),
        area=area,
        layers=layer_rows(site.layers, say),
        lost=lost_view(site, say),
        hours=hours_rows(site, zone, coverage.at_ms, say),
        dark=tuple(dark[:_DARK_TOLD]),
        dark_more=max(0, len(dark) - _DARK_TOLD),
        supposed=what_if(shown.dark, shown.chart, index, query, say),
        options=options(shown.chart, index, site.site_id, query, say),
        places=tuple(place_row(place, index, say) for place in places),
        places_pager=_pager("places", place_page, place_pages, len(ranked), query),
        sights=_sights(site, say),
        sites=tuple(site_row(each, site, query, say) for each in sites),
        sites_pager=_pager("sites", site_page, site_pages, len(below), query),
        states=tuple((state, SHAPE[state], say(STATE[state])) for state in State),
        basis=basis_view(coverage, site.site_id, index, say),
        aims=aim_rows(shown.chart, index, site.site_id, say),
        weather=weather_names(weather, index, say, site_id=site.site_id),
        attribution=tuple(plain(text, limit=200) for text in shown.chart.attribution),
        live=_live(shown, index, query, say),
        summary=say("%(site)s 现在看得到 %(value)s", site=name, value=(area and area.value) or say("未测得")),
    )


def site_title(site: SiteCover, say: Language) -> str:
    """Return the site's name in the reader's language, where there is one."""
    return plain(site.name_en if say.code == "en" and site.name_en else site.name)


def _crumbs(coverage: CoverageStanding, site: SiteCover, query: MapQuery, say: Language) -> tuple[Choice, ...]:
    by_id = {each.site_id: each for each in coverage.sites}
    out: list[Choice] = []
    at = by_id.get(site.parent_id or "")
    while at is not None:
        out.append(Choice(word=site_title(at, say), address=_go(query, at.site_id), count=0, selected=False))
        at = by_id.get(at.parent_id or "")
    return tuple(reversed(out))


def _go(query: MapQuery, site_id: str) -> str:
    return query.address(site=site_id, failed=())


def _dark(device_id: str, index: Index, say: Language) -> tuple[str, str, str, str, str]:
    device = index.device_by_id.get(device_id)
    if device is None:
        return "unknown", SHAPE[State.UNKNOWN], plain(device_id), say(STATE[State.UNKNOWN]), ""
    state = State.of(device)
    # A camera that answers and shows nothing: the state alone would not say why it is here.
    word = say(REASON[device.reason]) if state is State.DEGRADED else say(STATE[state])
    return state.value, SHAPE[state], plain(device.name), word, device_address(device_id)


def _pager(name: str, page: int, pages: int, total: int, query: MapQuery) -> Pager:
    return Pager(
        page=page,
        pages=pages,
        total=total,
        before=query.address(**{name: page - 1}) if page > 1 else None,
        after=query.address(**{name: page + 1}) if page < pages else None,
    )


def _sights(site: SiteCover, say: Language) -> tuple[tuple[str, str, str, int], ...]:
    counts = dict.fromkeys(Sight, 0)
    for place in site.places:
        counts[Sight.of(place.cover)] += 1
    return tuple((SIGHT_TONE[each], SIGHT_SHAPE[each], say(SIGHT[each]), counts[each]) for each in Sight)


def _live(shown: Shown, index: Index, query: MapQuery, say: Language) -> dict[str, JSON]:
    """Return what the drawing script needs at every change; names arrive with the geometry, once."""
    coverage, site = shown.coverage, shown.site
    wide = len(shown.chart.fields) <= _ALL_AT_ONCE
    far = is_far(shown, index)
    asked = {} if wide else {"site": site.site_id}
    asked |= {"far": "1"} if far else {}
    dark = MapQuery(night=query.night, failed=query.failed).address(
        f"/api/v1/coverage/sites/{quote(site.site_id, safe='')}/darkness.geojson"
    )
    states: dict[str, JSON] = {}
    for field in shown.chart.fields:
        device = index.device_by_id.get(field.device_id)
        state = State.UNKNOWN if device is None else State.of(device)
        sees = CameraSight.UNKNOWN if device is None else state_of(device.status, device.reason)
        if state is not State.UP or sees is not CameraSight.WORKING:
            states[field.device_id] = [state.value, sees.value, _reason(device, state, say)]
    labels: dict[str, JSON] = {}
    for each in coverage.sites:
        own = next((layer for layer in each.layers if layer.layer == AREA), None)
        if each.night is query.night and own is not None:
            labels[each.site_id] = [site_title(each, say), value_of(own)]
    places = _all_places(coverage, site) if wide else site.places
    return {
        "site": site.site_id,
        "night": query.night,
        "failed": list(query.failed),
        # Another address where the shapes are others: a camera that was turned is drawn anew.
        "chart": f"/api/v1/coverage/map.geojson?{urlencode({**asked, 'v': shown.chart.digest[:16]})}",
        "dark": f"{dark}{'&' if '?' in dark else '?'}far=1" if far else dark,
        "far": far,
        "most": _ALL_AT_ONCE,
        "version": _version(shown),
        "states": states,
        "labels": labels,
        "places": {} if far else {place.id: Sight.of(place.cover).value for place in places},
        "siteName": site_name(index.site_by_id[site.site_id], say) if site.site_id in index.site_by_id else "",
    }


def is_far(shown: Shown, index: Index) -> bool:
    """Return whether the site holds so many cameras that on its map their fields would be dots."""
    inside = index.subtree_by_id.get(shown.site.site_id, frozenset())
    return sum(field.site_id in inside for field in shown.chart.fields) > _ALL_AT_ONCE


def _version(shown: Shown) -> str:
    """Return what changes when the dark shapes do: they follow from which cameras are dark, and from the geometry."""
    told = "\n".join((shown.chart.digest, *shown.dark.now.cameras_dark))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _reason(device: DeviceStanding | None, state: State, say: Language) -> str:
    return say(REASON[device.reason]) if device is not None and state is State.DEGRADED else ""


def _all_places(coverage: CoverageStanding, like: SiteCover) -> Iterator[PlaceCover]:
    """Yield every key place at the time of day of `like`: neighbours are on the map too."""
    known = {each.site_id for each in coverage.sites}
    for each in coverage.sites:
        if each.night is like.night and each.parent_id not in known:
            yield from each.places
