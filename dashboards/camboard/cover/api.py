"""`/api/v1/coverage`: what the working cameras see, for machines."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web
from markupsafe import Markup

from camboard.api import answer
from camboard.board import Board, board_of
from camboard.cover import geo
from camboard.cover import wire as coverwire
from camboard.cover.darkness import Dark, DarknessCache
from camboard.cover.query import MapQuery, failed_of, far_of, night_of
from camboard.index import Index
from camboard.source import JSON
from camkeeper.standing.coverage import CoverageMap, CoverageStanding, PlaceCover

_KEPT = 32
_GEOJSON = "application/geo+json"
Choice = tuple[str, MapQuery, int | None, tuple[str, ...]]
"""What a page of the map is written for: language, address, open incidents, sites in bad weather."""


class NotYet(Exception):  # noqa: N818 - it reads as what it is
    """Coverage is still being computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One written map."""

    body: bytes
    packed: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The live part, and what the page around it needs to know."""

    html: Markup
    index: Index
    query: MapQuery
    at: str
    synthetic: bool
    drawn_from: tuple[str, ...]
    """Addresses that the drawing script will ask for: the browser begins before it has read the script."""


class Kept:
    """Pages already written of one moment; another moment empties it."""

    def __init__(self) -> None:
        self._of: tuple[object, object] = (None, None)
        self._made: dict[Choice, Written] = {}

    def get(self, moment: tuple[object, object], key: Choice) -> Written | None:
        """Return the page, if it was written of these very values."""
        same = self._of[0] is moment[0] and self._of[1] is moment[1]
        return self._made.get(key) if same else None

    def put(self, moment: tuple[object, object], key: Choice, made: Written) -> None:
        """Keep a page."""
        same = self._of[0] is moment[0] and self._of[1] is moment[1]
        if not same or len(self._made) >= _KEPT:
            self._of, self._made = moment, {}
        self._made[key] = made


class Charts:
    """Maps already written, and darkness already asked for. One owner, the event loop."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._written: dict[tuple[str, str, str | None, bool], Chart] = {}
        self._told: dict[tuple[str, bool, tuple[str, ...], bool], tuple[Dark, Chart]] = {}
        self._whole: tuple[CoverageStanding, asyncio.Task[Chart]] | None = None
        self.pages = Kept()
        self.darkness = None if board.coverage is None else DarknessCache(board.coverage)

    async def chart(self, chart: CoverageMap, coverage: CoverageStanding, site_id: str | None, *, far: bool) -> Chart:
        """Write the map of a site; the same map is written once."""
        index = self._board.index()
        key = (chart.digest, _names(index), site_id, far)
        if key not in self._written:
            places = {place.id: place for place in all_places(coverage)}
            made = await asyncio.to_thread(_write, chart, index, places, site_id, far=far)
            if len(self._written) >= _KEPT:
                self._written.clear()
            self._written[key] = made
        return self._written[key]

    async def whole(self, coverage: CoverageStanding) -> Chart:
        """Write all figures; the same value is written once, however many ask at the same moment."""
        if self._whole is None or self._whole[0] is not coverage:
            task = asyncio.create_task(asyncio.to_thread(_write_whole, coverage))
            self._whole = (coverage, task)
        return await asyncio.shield(self._whole[1])

    async def told(self, dark: Dark, *, far: bool) -> Chart:
        """Write what is dark; the same darkness is written once."""
        asked = dark.supposed or dark.now
        key = (asked.site_id, asked.night, asked.failed, far)
        known = self._told.get(key)
        if known is None or known[0] is not dark:
            made = await asyncio.to_thread(_write_dark, dark, far=far)
            if len(self._told) >= _KEPT:
                self._told.clear()
            known = self._told[key] = (dark, made)
        return known[1]


def charts_of(request: web.Request) -> Charts:
    """Return what is written already for who sees as much as whoever asks."""
    board = board_of(request)
    made = board.kept.get("charts")
    if not isinstance(made, Charts):
        made = board.kept["charts"] = Charts(board)
    return made


def _names(index: Index) -> str:
    """Return a digest of what the map writes beside geometry: a renamed camera makes another map."""
    view = index.standing
    told = "\n".join([*(f"{d.id} {d.name}" for d in view.devices), *(f"{s.id} {s.name}" for s in view.sites)])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def _write(chart: CoverageMap, index: Index, places: dict[str, PlaceCover], site_id: str | None, *, far: bool) -> Chart:
    members: dict[str, JSON] = {"digest": chart.digest, "synthetic": chart.synthetic}
    members["attribution"] = list(chart.attribution)
    return _chart(geo.collection(geo.map_features(chart, index, places, site_id, far=far), members))


def _write_dark(dark: Dark, *, far: bool) -> Chart:
    return _chart(geo.collection(geo.dark_features(dark, far=far), coverwire.darkness(dark)))


def _write_whole(coverage: CoverageStanding) -> Chart:
    return _chart(json.dumps(coverwire.coverage(coverage)).encode())


def _chart(body: bytes) -> Chart:
    etag = hashlib.sha256(body).hexdigest()[:32]
    return Chart(body=body, packed=gzip.compress(body, 6, mtime=0), etag=f'"{etag}"')


def all_places(coverage: CoverageStanding) -> Iterator[PlaceCover]:
    """Yield every key place, by day."""
    for site in coverage.sites:
        if not site.night:
            yield from site.places


def now(board: Board) -> CoverageStanding:
    """Return the newest coverage; NotYet while it is being computed, 404 where nobody computes any."""
    if board.coverage is None:
        raise web.HTTPNotFound
    value = board.coverage.coverage()
    if value is None:
        raise NotYet
    return value


async def coverage(request: web.Request) -> web.Response:
    """`GET /api/v1/coverage`: a county's 3 MB of text are written once for each value, beside the loop."""
    return _sent(request, await charts_of(request).whole(now(board_of(request))), content_type="application/json")


async def site(request: web.Request) -> web.Response:
    """`GET /api/v1/coverage/sites/{id}`."""
    value = now(board_of(request))
    try:
        return answer(coverwire.one_site(value, request.match_info["id"]))
    except LookupError as exc:
        raise web.HTTPNotFound from exc


async def chart(request: web.Request) -> web.Response:
    """`GET /api/v1/coverage/map.geojson?site=&far=`: what doesn't change while the configuration stands."""
    board = board_of(request)
    value = now(board)
    shapes = board.coverage.coverage_map() if board.coverage else None
    if shapes is None:
        raise NotYet
    site_id = request.query.get("site") or None
    if site_id is not None and site_id not in board.index().site_by_id:
        raise web.HTTPNotFound
    return _sent(request, await charts_of(request).chart(shapes, value, site_id, far=far_of(request.query)))


def _sent(request: web.Request, made: Chart, *, content_type: str = _GEOJSON) -> web.Response:
    """Return what was written, packed once for all; 304 to whoever has it."""
    headers = {"ETag": made.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("If-None-Match") == made.etag:
        return web.Response(status=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return web.Response(body=made.packed, content_type=content_type, headers=headers)
    return web.Response(body=made.body, content_type=content_type, headers=headers)


async def dark(board: Board, charts: Charts, site_id: str, *, night: bool, failed: tuple[str, ...]) -> Dark:
    """Ask what is dark; 404 for unknown ids, NotYet while computing."""
    value = now(board)
    if charts.darkness is None:
        raise web.HTTPNotFound
    try:
        return await charts.darkness.dark(value, site_id, night=night, failed=frozenset(failed))
    except LookupError as exc:
        raise web.HTTPNotFound from exc


async def darkness(request: web.Request) -> web.Response:
    """`GET /api/v1/coverage/sites/{id}/darkness.geojson?night=&failed=ID,ID&far=`: lost and blind, with figures."""
    night, failed = night_of(request.query), failed_of(request.query)
    found = await dark(board_of(request), charts_of(request), request.match_info["id"], night=night, failed=failed)
    return _sent(request, await charts_of(request).told(found, far=far_of(request.query)))
