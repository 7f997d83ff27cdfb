"""Rows of the map page's tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor
from zoneinfo import ZoneInfo

from camboard.cover.amount import FORGIVEN, Measure, measure, share, verdict
from camboard.cover.query import MapQuery
from camboard.cover.words import (
    BAND,
    LAYER,
    PLACE,
    SIGHT,
    SIGHT_RANK,
    SIGHT_SHAPE,
    SIGHT_TONE,
    UNIT,
    Sight,
)
from camboard.i18n import Language
from camboard.index import Index
from camboard.rows import site_name
from camboard.text import clock_time, plain
from camboard.words import SITE_KIND
from camkeeper.availability.buckets import Promise
from camkeeper.model.cover import AREA
from camkeeper.model.place import SiteKind
from camkeeper.standing.coverage import Cover, CoverageStanding, HoursCover, LayerCover, PlaceCover, SiteCover, Unit

_LONG_HOURS = 100
_NAMED = 6
_TOLD = 12
"""Ids named in the basis; the API has all of them."""
_JUDGED = (Promise.MISSED, Promise.UNDETERMINED, None, Promise.MET)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRow:
    """One layer of the chosen site."""

    key: str
    word: str
    unit: str
    measure: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class LostView:
    """What dark cameras cost the chosen site, in one line."""

    amounts: tuple[tuple[str, str], ...]
    """(layer, amount) of the ground and of every kind of line: m2, metres of road."""
    places: int
    """Key places of which anything is lost."""
    names: tuple[str, ...]
    """Some of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursRow:
    """One layer over today or this month."""

    period: str
    word: str
    mean: str | None
    design: str | None
    hours: str
    worst: str | None
    worst_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRow:
    """One key place."""

    id: str
    name: str
    kind: str
    band: str
    site: str
    tone: str
    shape: str
    word: str
    by_design: bool
    """Not even the design sees all of it."""
    measure: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """One site below (or beside) the chosen one."""

    id: str
    name: str
    kind: str | None
    address: str
    selected: bool
    area: Measure | None
    unseen: int
    """Key places that no working camera sees at their band."""
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisView:
    """How every percentage of the page was made."""

    definition: str
    policy: str
    inputs: str
    inputs_short: str
    crs: str
    lens_model: str
    cameras: int
    lacking: tuple[tuple[str, int, str], ...]
    """(what, cameras, some of their names)."""
    survey: tuple[str, str, str, str, str] | None
    """(p5, p50, p95, as entered, without unknown azimuths)."""
    trials: int
    warnings: tuple[str, ...]


def layer_rows(layers: Iterable[LayerCover], say: Language) -> tuple[LayerRow, ...]:
    """Write every layer; the site's open ground first."""
    ordered = sorted(layers, key=lambda each: each.layer != AREA)
    return tuple(
        LayerRow(
            key=f"{each.layer}-{each.cover.unit.value}",
            word=layer_word(each.layer, say),
            unit=say(UNIT[each.cover.unit]),
            measure=measure(each, say),
        )
        for each in ordered
    )


def lost_view(site: SiteCover, say: Language) -> LostView | None:
    """Return what is lost; None where nothing is. Weighs like `Measure.any_lost`."""
    amounts = tuple(
        (layer_word(each.layer, say), measure(each, say).lost)
        for each in sorted(site.layers, key=lambda each: each.layer != AREA)
        if _loses(each.cover) and (each.layer == AREA or each.cover.unit is Unit.LENGTH)
    )
    places = [place for place in unseen_first(site.places) if _loses(place.cover)]
    if not amounts and not places:
        return None
    return LostView(amounts=amounts, places=len(places), names=tuple(plain(place.name) for place in places[:_NAMED]))


def _loses(cover: Cover) -> bool:
    return cover.lost > FORGIVEN * max(1.0, cover.total)


def layer_word(layer: str, say: Language) -> str:
    """Return a layer's name."""
    return say(LAYER[layer]) if layer in LAYER else plain(layer)


def hours_rows(site: SiteCover, zone: ZoneInfo, now_ms: int, say: Language) -> tuple[HoursRow, ...]:
    """Write today and this month, layer by layer."""
    periods = ((say("今日"), site.today), (say("本月"), site.month))
    return tuple(hours_row(period, each, zone, now_ms, say) for period, rows in periods for each in rows)


def hours_row(period: str, value: HoursCover, zone: ZoneInfo, now_ms: int, say: Language) -> HoursRow:
    """Write one layer over one period."""
    low, high = share(value.lower), share(value.upper)
    hours = (hours_text(value.lower_hours), hours_text(value.upper_hours))
    return HoursRow(
        period=period,
        word=layer_word(value.layer, say),
        mean=low if low == high else f"{low}–{high}",
        design=share(value.design),
        hours=hours[0] if hours[0] == hours[1] else f"{hours[0]}–{hours[1]}",
        worst=share(value.worst),
        worst_at=None if value.worst_ms is None else clock_time(value.worst_ms, now_ms, zone),
    )


def hours_text(hours: float) -> str:
    """Return coverage-hours; in the first hours of a period with minutes' worth of digits. Cut, never rounded up.

    >>> hours_text(0.0567), hours_text(7.999), hours_text(1234.56)
    ('0.05', '7.99', '1,234.5')
    """
    digits = 2 if hours < _LONG_HOURS else 1
    return f"{floor(hours * 10**digits * (1 + FORGIVEN)) / 10**digits:,.{digits}f}"


def unseen_first(places: Iterable[PlaceCover]) -> list[PlaceCover]:
    """Sort key places: unseen, doubtful, partly seen, all seen; equals by what they lost, then by id."""

    def order(place: PlaceCover) -> tuple[int, float, str]:
        cover = place.cover
        lost = cover.lost / cover.total if cover.total else 0.0
        return SIGHT_RANK[Sight.of(cover)], -lost, place.id

    return sorted(places, key=order)


def place_row(place: PlaceCover, index: Index, say: Language) -> PlaceRow:
    """Write one key place."""
    sight, cover = Sight.of(place.cover), place.cover
    site = index.site_by_id.get(place.site_id)
    return PlaceRow(
        id=place.id,
        name=plain(place.name),
        kind=say(PLACE[place.type]),
        band=band_word(place.band, say),
        site=site_name(site, say) if site else plain(place.site_id),
        tone=SIGHT_TONE[sight],
        shape=SIGHT_SHAPE[sight],
        word=say(SIGHT[sight]),
        by_design=cover.total - cover.design > FORGIVEN * max(1.0, cover.total),
        measure=measure(LayerCover(layer=place.type.value, target_bp=None, cover=cover), say),
    )


def band_word(band: str, say: Language) -> str:
    """Return the name of a density."""
    return say(BAND[band]) if band in BAND else plain(band)


def sites_below(coverage: CoverageStanding, chosen: SiteCover) -> list[SiteCover]:
    """Return the sites below the chosen one, or its neighbours where nothing is below; worst first."""
    same_time = [each for each in coverage.sites if each.night is chosen.night]
    below = [each for each in same_time if each.parent_id == chosen.site_id]
    listed = below or [each for each in same_time if each.parent_id == chosen.parent_id]
    return sorted(listed, key=_worst)


def _area(site: SiteCover) -> LayerCover | None:
    return next((layer for layer in site.layers if layer.layer == AREA), None)


def _unseen(site: SiteCover) -> int:
    return sum(Sight.of(place.cover) is Sight.UNSEEN for place in site.places)


def _worst(site: SiteCover) -> tuple[int, float, int, float, str]:
    own = _area(site)
    if own is None or own.cover.total <= 0:
        return len(_JUDGED), 0.0, -_unseen(site), 0.0, site.site_id
    cover = own.cover
    lost = round(cover.lost / cover.total, 6)
    return _JUDGED.index(verdict(own)), -lost, -_unseen(site), cover.lower / cover.total, site.site_id


def site_row(site: SiteCover, chosen: SiteCover, query: MapQuery, say: Language) -> SiteRow:
    """Write one of them."""
    own = _area(site)
    return SiteRow(
        id=site.site_id,
        name=plain(site.name_en if say.code == "en" and site.name_en else site.name),
        kind=None if site.kind is SiteKind.VILLAGE else say(SITE_KIND[site.kind]),
        address=query.address(site=site.site_id, failed=()),
        selected=site.site_id == chosen.site_id,
        area=None if own is None else measure(own, say),
        unseen=_unseen(site),
        places=len(site.places),
    )


def basis_view(coverage: CoverageStanding, site_id: str, index: Index, say: Language) -> BasisView:
    """Write the basis, and what survey errors do to this site."""
    value = coverage.basis
    band = next((each for each in coverage.survey if each.site_id == site_id), None)

    def named(ids: tuple[str, ...]) -> str:
        words = [plain(index.device_by_id[i].name) if i in index.device_by_id else plain(i) for i in ids[:_TOLD]]
        return "、".join(words) if say.code == "zh" else ", ".join(words)

    lacking = (
        (say("方位未知，不计入"), value.unknown_azimuth),
        (say("位置落在建筑物内，按最近的外墙计算"), value.inside_building),
        (say("没有位置或镜头参数，不计入"), value.no_position),
    )
    return BasisView(
        definition=plain(value.definition_en if say.code == "en" else value.definition, limit=800),
        policy=plain(value.policy),
        inputs=plain(value.inputs),
        inputs_short=plain(value.inputs[:12]),
        crs=plain(value.crs),
        lens_model=plain(value.lens_model),
        cameras=value.cameras,
        lacking=tuple((word, len(ids), named(ids)) for word, ids in lacking if ids),
        survey=None
        if band is None
        else (
            share(band.p5) or "",
            share(band.p50) or "",
            share(band.p95) or "",
            share(band.as_entered) or "",
            share(band.known_azimuth_only) or "",
        ),
        trials=0 if band is None else band.trials,
        warnings=tuple(plain(text, limit=400) for text in value.warnings),
    )
