"""The wall screen as one value, small enough to be sent whole at every change. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from zoneinfo import ZoneInfo

from camboard.desk.incidents import row
from camboard.figure import Figure, figure
from camboard.i18n import Language
from camboard.index import Index, state_of_all, this_instant
from camboard.overview import board_name
from camboard.rank import worst_first
from camboard.rows import site_name
from camboard.source import JSON
from camboard.text import local, percent, plain
from camboard.words import SHAPE, STATE, WORST_FIRST, State
from camkeeper.model.place import SiteKind
from camkeeper.standing.desk import DeskStanding
from camkeeper.standing.view import DeviceStanding, SiteStanding

TILES_A_PAGE = 264
"""Twelve by twenty-two: what a screen of 1080 lines holds in letters that are read from five metres."""
_LATIN_A_PAGE = 132
"""Half as many: names in Latin letters want two lines."""
INCIDENTS_SHOWN = 5
CELLS_SHOWN = 20_000
LETTER = {State.UP: "u", State.DEGRADED: "g", State.DOWN: "d", State.MAINTENANCE: "m", State.UNKNOWN: "n"}
"""A device in `cells`."""
_TILED = frozenset({SiteKind.VILLAGE, SiteKind.CAMPUS, SiteKind.CHECKPOINT})
_DENSITIES = ((6, 0), (12, 1), (35, 2), (60, 3), (120, 4))
_DENSEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One of the two large figures."""

    value: str | None
    bounds: str
    verdict: str
    word: str
    shape: str
    why: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WallTile:
    """One village."""

    tone: str
    shape: str
    name: str
    online: str
    """`11/12`; where a line must do, how many cameras have the state that is shown, and nothing for up."""
    rate: str | None
    """Of the month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WallIncident:
    """One incident; an hour stands instead of an age, so that nothing changes by itself."""

    tone: str
    shape: str
    name: str
    cause: str
    left: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """All that the screen shows but the clock and the age of the data."""

    name: str
    now: Rate
    month: Rate
    month_name: str
    completeness: str | None
    counts: tuple[tuple[str, str, str, int], ...]
    """(state, shape, word, cameras)."""
    tiles: tuple[WallTile, ...]
    density: int
    """How many tiles share the screen: 0 few and large ... 5 a line each."""
    cells: str
    """One letter a device, sites together, always in the same order."""
    devices: int
    incidents: tuple[WallIncident, ...]
    open: int | None
    """None: there is no desk."""


def wall(index: Index, desk: DeskStanding | None, say: Language) -> Wall:
    """Write the screen."""
    standing = index.standing
    total, instant = standing.total, this_instant(index.cameras)
    zone = ZoneInfo(standing.timezone)
    now = figure(instant, total.target_bp, instant.verdict(target_bp=total.target_bp), say)
    month = figure(total.month.buckets, total.target_bp, total.month.verdict, say)
    tiled = [(site, index.cameras_of(site.id)) for site in standing.sites if site.kind in _TILED]
    density = density_of(min(len(tiled), TILES_A_PAGE))  # of the villages, not of the page: the letters stay as large
    return Wall(
        name=board_name(index, say),
        now=_rate(now),
        month=_rate(month),
        month_name=month_name(total, zone),
        completeness=month.completeness,
        counts=tuple((s.value, SHAPE[s], say(STATE[s]), index.cameras[s]) for s in WORST_FIRST),
        tiles=tuple(_tile(site, index, density, say) for site, _ in worst_first(tiled)),
        density=density,
        cells=cells(standing.devices, [site.id for site in standing.sites]),
        devices=len(standing.devices),
        incidents=_incidents(desk, index, zone, say),
        open=None if desk is None else len(desk.open),
    )


def tiles_a_page(say: Language) -> int:
    """Return how many villages one page of the screen holds."""
    return TILES_A_PAGE if say.code == "zh" else _LATIN_A_PAGE


def month_name(total: SiteStanding, zone: ZoneInfo) -> str:
    """Return the month that the figure is of, `2026-11`."""
    return f"{local(total.month.period.start_ms, zone):%Y-%m}"


def density_of(tiles: int) -> int:
    """Return how tightly so many tiles must stand.

    >>> density_of(3), density_of(27), density_of(264)
    (0, 2, 5)
    """
    return next((density for most, density in _DENSITIES if tiles <= most), _DENSEST)


def cells(devices: Sequence[DeviceStanding], sites: Sequence[str]) -> str:
    """Return one letter a device: by site in the register's order, then by id, whatever their states."""
    by_site: dict[str, list[DeviceStanding]] = {site_id: [] for site_id in sites}
    elsewhere: list[DeviceStanding] = []
    for device in devices:
        by_site.get(device.site_id, elsewhere).append(device)
    ordered = [d for group in (*by_site.values(), elsewhere) for d in sorted(group, key=attrgetter("id"))]
    return "".join(LETTER[State.of(d)] for d in ordered[:CELLS_SHOWN])


def _rate(shown: Figure) -> Rate:
    return Rate(
        value=shown.value,
        bounds=shown.bounds or "",
        verdict=shown.verdict.value,
        word=shown.verdict_word,
        shape=shown.verdict_shape,
        why=shown.why,
        target=shown.target,
    )


def _tile(site: SiteStanding, index: Index, density: int, say: Language) -> WallTile:
    counts = index.cameras_of(site.id)
    state = state_of_all(counts)
    name, online = site_name(site, say), f"{site.cameras_online}/{site.cameras_total}"
    if density == _DENSEST:
        online = str(counts[state]) if state is not None and state is not State.UP else ""
    if density == _DENSEST and len(name) > 2:  # a village of one letter keeps its last
        name = name.removesuffix("村").removesuffix(" Village")
    return WallTile(
        tone=state.value if state else "none",
        shape=SHAPE[state] if state else "–",
        name=name,
        online=online,
        rate=percent(site.month.buckets.ratio),
    )


def _incidents(desk: DeskStanding | None, index: Index, zone: ZoneInfo, say: Language) -> tuple[WallIncident, ...]:
    """Return the open ones, gravest first, then those that were over last."""
    if desk is None:
        return ()
    out = []
    for view in (*desk.open, *desk.recent)[:INCIDENTS_SHOWN]:
        shown = row(view, index, index.standing.at_ms, zone, say)
        left = f"{shown.still}/{shown.total}" if shown.open and shown.total else "" if shown.open else say("已恢复")
        out.append(
            WallIncident(
                tone=shown.tone,
                shape=shown.shape,
                name=plain(shown.name, limit=40),
                cause=shown.cause,
                left=left,
                since=shown.since,
            )
        )
    return tuple(out)


def wire(shown: Wall, *, version: str) -> dict[str, JSON]:
    """Write the screen for its script; `version` changes with the page's own files."""
    return {
        "v": version,
        "name": shown.name,
        "now": _rate_wire(shown.now),
        "month": _rate_wire(shown.month),
        "month_name": shown.month_name,
        "completeness": shown.completeness,
        "counts": [list(count) for count in shown.counts],
        "tiles": [[t.tone, t.shape, t.name, t.online, t.rate] for t in shown.tiles],
        "density": shown.density,
        "cells": shown.cells,
        "devices": shown.devices,
        "incidents": [[i.tone, i.shape, i.name, i.cause, i.left, i.since] for i in shown.incidents],
        "open": shown.open,
    }


def _rate_wire(rate: Rate) -> dict[str, JSON]:
    return {
        "value": rate.value,
        "bounds": rate.bounds,
        "verdict": rate.verdict,
        "word": rate.word,
        "shape": rate.shape,
        "why": rate.why,
        "target": rate.target,
    }
