"""Device rows and village tiles, ready to be shown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard import strip
from camboard.device.way import device_address
from camboard.figure import Figure, figure
from camboard.i18n import Language, span_words
from camboard.index import Index, state_of_all
from camboard.picture.goodrate import Good, good
from camboard.picture.index import PictureIndex
from camboard.query import Query
from camboard.text import clock_time, plain
from camboard.words import KIND, REASON, RUNG, SHAPE, SITE_KIND, STATE, STATUS, VERDICT, State
from camkeeper.model.place import SiteKind
from camkeeper.model.probing import RungResult, Verdict
from camkeeper.model.status import Status
from camkeeper.standing.view import DeviceStanding, SiteStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One rung of the ladder."""

    word: str
    tone: str
    """`ok`, `bad` or `mute`: neither, because nobody asked or our own side failed."""
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One device."""

    id: str
    name: str
    address: str
    kind: str
    site: str
    site_id: str
    site_address: str
    state: State
    shape: str
    word: str
    beneath: str | None
    """The status beneath an agreed window."""
    reason: str
    unstable: bool
    since: str | None
    lasting: str | None
    last_sample: str | None
    month: Figure
    good: Good | None
    """Of this month; None for what has no picture."""
    strip: Mapping[Status, str]
    strip_label: str
    chips: tuple[Chip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One village."""

    id: str
    name: str
    kind: str | None
    """Named where it isn't a village."""
    address: str
    selected: bool
    state: State | None
    shape: str
    word: str
    online: int
    total: int
    month: Figure
    good: Good
    looked: str
    """Of how many cameras the picture was looked at; empty where nobody looks."""
    weather: bool


def row(
    device: DeviceStanding, index: Index, query: Query, zone: ZoneInfo, say: Language, *, with_day: bool = True
) -> Row:
    """Write one device; without its day and its rungs where a page does not show them: half of what a row takes."""
    now_ms = index.standing.at_ms
    state = State.of(device)
    site = index.site_by_id.get(device.site_id)
    since, last = device.since_ms, device.last_sample_ms
    return Row(
        id=device.id,
        name=plain(device.name),
        address=device_address(device.id),
        kind=say(KIND[device.kind]),
        site=site_name(site, say) if site else plain(device.site_id),
        site_id=device.site_id,
        site_address=query.address(site=device.site_id),
        state=state,
        shape=SHAPE[state],
        word=say(STATE[state]),
        beneath=say(STATUS[device.status]) if state is State.MAINTENANCE else None,
        reason=say(REASON[device.reason]),
        unstable=device.unstable,
        since=None if since is None else clock_time(since, now_ms, zone),
        lasting=None if since is None else span_words(now_ms - since, say),
        last_sample=None if last is None else span_words(now_ms - last, say),
        month=figure(device.month.buckets, device.month.target_bp, device.month.verdict, say),
        good=good(device.month.buckets, say) if device.kind.has_picture else None,
        strip=strip.paths(device.strip, now_ms) if with_day else {},
        strip_label=_strip_label(strip.facts(device.strip, now_ms), say) if with_day else "",
        chips=tuple(_chip(result, say) for result in device.rungs) if with_day else (),
    )


def tile(
    site: SiteStanding, counts: Counter[State], query: Query, pictures: PictureIndex | None, say: Language
) -> Tile:
    """Write one village."""
    state = state_of_all(counts)
    selected = query.site == site.id
    return Tile(
        id=site.id,
        name=site_name(site, say),
        kind=None if site.kind is SiteKind.VILLAGE else say(SITE_KIND[site.kind]),
        address=query.address(site=None if selected else site.id),
        selected=selected,
        state=state,
        shape=SHAPE[state] if state else "–",
        word=_tile_word(state, counts, say),
        online=site.cameras_online,
        total=site.cameras_total,
        month=figure(site.month.buckets, site.month.target_bp, site.month.verdict, say),
        good=good(site.month.buckets, say),
        looked=looked_words(pictures, site, say),
        weather=pictures is not None and site.id in pictures.weather,
    )


def looked_words(pictures: PictureIndex | None, site: SiteStanding, say: Language) -> str:
    """Return of how many cameras of a site the picture was looked at: the rate says nothing of the others."""
    if pictures is None or not site.cameras_total:
        return ""
    return say("画面已看 %(n)d/%(of)d 台", n=pictures.looked[site.id], of=site.cameras_total)


def site_name(site: SiteStanding, say: Language) -> str:
    """Return the site's name in the reader's language, where there is one."""
    return plain(site.name_en if say.code == "en" and site.name_en else site.name)


def _tile_word(state: State | None, counts: Counter[State], say: Language) -> str:
    if state is None:
        return say("无摄像机")
    if counts[state] == counts.total():
        return say("全部%(state)s", state=say(STATE[state])) if counts.total() > 1 else say(STATE[state])
    return say("%(state)s %(n)d", state=say(STATE[state]), n=counts[state])


def _chip(result: RungResult, say: Language) -> Chip:
    word, verdict = say(RUNG[result.rung]), say(VERDICT[result.verdict])
    tone = "ok" if result.verdict is Verdict.OK else "bad" if result.verdict.is_failure else "mute"
    parts = [say("%(rung)s：%(verdict)s", rung=word, verdict=verdict)]
    if result.ms > 0:
        parts.append(f"{result.ms:.0f} ms")
    if result.detail:
        parts.append(plain(result.detail, limit=160))
    return Chip(word=word, tone=tone, label=" · ".join(parts))


def _strip_label(day: strip.StripFacts, say: Language) -> str:
    parts = [say("过去 24 小时")]
    if day.down_times:
        parts.append(say("离线 %(n)d 次共 %(span)s", n=day.down_times, span=span_words(day.down_ms, say)))
    if day.unknown_ms:
        parts.append(say("未知 %(span)s", span=span_words(day.unknown_ms, say)))
    if not day.down_times and not day.unknown_ms:
        parts.append(say("无离线"))
    return " · ".join(parts)
