"""The hub's one page and its API: a row an edge. Loopback only, reads only, no script."""

from __future__ import annotations

import asyncio
import html
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from camkeeper.availability.days import month_of
from camkeeper.clock import Clock
from camkeeper.hub.copies import Copies, Edge
from camkeeper.hub.figures import CountyFigure, county

ZONE = "Asia/Shanghai"
FRESH_MS = 15_000
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
STATES = {"live": "在线 live", "silent": "失联 silent", "refused": "拒收 refused", "never": "从未上报 never heard"}
_STYLE = (
    "body{font:15px/1.5 sans-serif;margin:1.5rem;color:#1b1b1b}table{border-collapse:collapse;width:100%}"
    "th,td{padding:.35rem .6rem;border-bottom:1px solid #ccc;text-align:right}"
    "th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}"
    ".silent,.never{color:#6b5500}.refused{color:#a00;font-weight:bold}"
)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def state_of(edge: Edge, elapsed_ms: int) -> str:
    """Return how it stands with an edge, as a word of `STATES`."""
    if edge.refused is not None:
        return "refused"
    if edge.place.seq == 0 and edge.heard_ms is None:
        return "never"
    return "silent" if edge.silent(elapsed_ms) else "live"


@dataclass(slots=True)
class _Cached:
    at_ms: int
    figure: CountyFigure


class Page:
    """Answers."""

    def __init__(self, copies: Copies, clock: Clock, zone: str = ZONE) -> None:
        self._copies, self._clock, self._zone = copies, clock, zone
        self._cached: _Cached | None = None
        self._lock = asyncio.Lock()

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application(middlewares=[_guarded], client_max_size=4096)
        app.router.add_get("/", self._index)
        app.router.add_get("/api/v1/edges", self._edges)
        app.router.add_get("/api/v1/county", self._county)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", _alive)
        return app

    async def figure(self) -> CountyFigure:
        """Return this month's figures, at most a little old."""
        async with self._lock:
            now_ms = self._clock.elapsed_ms()
            if self._cached is None or now_ms - self._cached.at_ms > FRESH_MS:
                paths = {i: e.path for i, e in self._copies.edges.items() if e.path.exists()}
                wall_ms = self._clock.wall_ms()
                month = month_of(wall_ms, self._zone)
                found = await asyncio.to_thread(county, paths, month=month, now_ms=wall_ms)
                self._cached = _Cached(self._clock.elapsed_ms(), found)
            return self._cached.figure

    def rows(self) -> list[dict[str, Any]]:
        """Return every edge's state as JSON values."""
        elapsed_ms, wall_ms = self._clock.elapsed_ms(), self._clock.wall_ms()
        return [
            {
                "edge": edge.edge_id,
                "state": state_of(edge, elapsed_ms),
                "seq": edge.place.seq,
                "head": edge.head.hex(),
                "behind": edge.behind,
                "tick_ms": edge.tick_ms,
                "lag_ms": None if edge.tick_ms is None else max(0, wall_ms - edge.tick_ms),
                "heard_ms_ago": None if edge.heard_ms is None else elapsed_ms - edge.heard_ms,
                "refusals": edge.refusals,
                "refused": None if edge.refused is None else f"{edge.refused.verdict.value}: {edge.refused.detail}",
            }
            for _, edge in sorted(self._copies.edges.items())
        ]

    async def _edges(self, _: web.Request) -> web.Response:
        return web.json_response({"edges": self.rows()})

    async def _county(self, request: web.Request) -> web.Response:
        month = request.query.get("month")
        if month is None:
            return web.json_response((await self.figure()).to_json())
        paths = {i: e.path for i, e in self._copies.edges.items() if e.path.exists()}
        try:
            found = await asyncio.to_thread(county, paths, month=month, now_ms=self._clock.wall_ms())
        except ValueError:
            return web.json_response({"error": "month"}, status=400)
        return web.json_response(found.to_json())

    async def _index(self, _: web.Request) -> web.Response:
        figure = await self.figure()
        by_edge = {e.edge_id: e for e in figure.edges}
        lines = []
        for row in self.rows():
            known = by_edge.get(row["edge"])
            told = figure_cells(None if known is None else known.net)
            name = row["edge"] if known is None else f"{known.name}（{row['edge']}）"
            lag = "-" if row["lag_ms"] is None else f"{row['lag_ms'] // 1000} s"
            cells = [name, STATES[row["state"]], *told, lag, str(row["behind"]), row["refused"] or ""]
            body = "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells)
            lines.append(f'<tr class="{row["state"]}">{body}</tr>')
        total = "".join(
            f"<td>{html.escape(c)}</td>" for c in ("全县 county", "", *figure_cells(figure.net), "", "", "")
        )
        heads = (
            "乡镇 edge",
            "状态 state",
            "在线率 rate",
            "下限 lower",
            "上限 upper",
            "完整度 complete",
            "滞后 lag",
            "待收 behind",
            "拒收原因 refused because",
        )
        head = "".join(f"<th>{h}</th>" for h in heads)
        text = (
            '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta http-equiv="refresh" content="15">'
            f"<title>全县在线率 county</title><style>{_STYLE}</style><h1>全县在线率 · {figure.month}</h1>"
            "<p>失联的乡镇从最后一次上报起记为未知，不记为离线。"
            "Time of a silent edge is unknown from its last report on, never down.</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody><tr>{total}</tr>{''.join(lines)}</tbody></table></html>"
        )
        return web.Response(text=text, content_type="text/html")

    async def _metrics(self, _: web.Request) -> web.Response:
        rows = self.rows()
        out = []
        for name, kind, value in (
            ("camkeeper_hub_edge_up", "gauge", lambda r: int(r["state"] == "live")),
            ("camkeeper_hub_edge_seq", "counter", lambda r: r["seq"]),
            ("camkeeper_hub_edge_behind", "gauge", lambda r: r["behind"]),
            ("camkeeper_hub_edge_lag_seconds", "gauge", lambda r: (r["lag_ms"] or 0) / 1000),
            ("camkeeper_hub_edge_refusals", "counter", lambda r: r["refusals"]),
        ):
            out.append(f"# TYPE {name} {kind}")
            out += [f'{name}{{edge="{row["edge"]}"}} {value(row)}' for row in rows]
        return web.Response(text="\n".join(out) + "\n", content_type="text/plain")


def figure_cells(buckets: Any) -> list[str]:
    """Return the four percentages as people read them."""
    from camkeeper.availability.buckets import truncated_percent

    if buckets is None:
        return ["未测得 -"] * 4
    shares = (buckets.ratio, buckets.lower, buckets.upper, buckets.completeness)
    return ["未测得 -" if (text := truncated_percent(share)) is None else f"{text}%" for share in shares]


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


@web.middleware
async def _guarded(request: web.Request, handler: Any) -> web.StreamResponse:
    # A page elsewhere may point its own name at this address: only our own names are answered.
    if request.host.rsplit(":", 1)[0] not in HOSTS:
        raise web.HTTPForbidden(text="unknown host\n")
    response: web.StreamResponse = await handler(request)
    response.headers.update(_HEADERS)
    return response
