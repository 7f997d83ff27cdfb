"""From an edge's copy to what is shown of it. Each call opens the copy for its own time; for any thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from camkeeper.availability.buckets import Buckets, Promise
from camkeeper.availability.days import day_span, local_date, month_span
from camkeeper.hub.view import DeviceRow, Rate, SiteRow, TownDetail, TownMonth, TownNow
from camkeeper.ledger import LedgerError, LedgerReader, Snapshot
from camkeeper.ledger.configs import zone_of
from camkeeper.model.place import SiteKind
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.run.sla import LIVE_MS, asked_month, sla_of

_ON = frozenset({Status.UP, Status.DEGRADED})


def read_month(path: Path, edge_id: str, month: str, now_ms: int) -> TownMonth:
    """Return an edge's month under the policy that decides there; LedgerError where the copy says nothing of it."""
    with LedgerReader(path) as reader, reader.reading():
        return _month(edge_id, _told(reader, month, now_ms), reader.last_seq())


def _told(reader: LedgerReader, month: str, now_ms: int) -> dict[str, Any]:
    asked = asked_month(reader, month, now_ms)
    return sla_of(reader, asked, site_id=None, policy=asked.config.policies[0].id)


def _month(edge_id: str, told: Mapping[str, Any], seq: int) -> TownMonth:
    return TownMonth(
        edge_id=edge_id,
        month=told["month"],
        name=town_name(told["sites"]),
        rate=_rate(told["sites"][0], told["deciding_policy"]),
        until_ms=told["to_ms"],
        complete=told["complete"],
        closed=told["closed"] is not None,
        seq=seq,
    )


def town_name(sites: list[dict[str, Any]]) -> str:
    """A township's own register often begins at its city: it is known by its town, counted from the top."""
    towns = [site["name"] for site in sites if site["kind"] == SiteKind.TOWN]
    return str(towns[0] if len(towns) == 1 else sites[0]["name"])


def _rate(site: Mapping[str, Any], policy: str) -> Rate:
    pair = site["figures"][policy]
    net, percent = pair["net"], pair["net"]["percent"]
    return Rate(
        net=Buckets(**net["time"]),
        gross=Buckets(**pair["gross"]["time"]),
        verdict=Promise(net["verdict"]),
        policy=policy,
        target_bp=site["target_bp"],
        ratio=percent["ratio"],
        lower=percent["lower"],
        upper=percent["upper"],
        completeness=percent["completeness"],
        good=percent["good"],
    )


def _config(reader: LedgerReader, month: str | None = None) -> Snapshot:
    newest = reader.config_at()
    if newest is None:
        raise LedgerError("账本还是空的 / the ledger is still empty")
    return (reader.config_for(month) if month is not None else None) or newest.config


def read_now(path: Path, now_ms: int) -> TownNow:
    """Return statuses and today, as of the last tick. LedgerError where nothing is told yet."""
    with LedgerReader(path) as reader, reader.reading():
        config, tick_ms = _config(reader), reader.last_tick_ms()
        if tick_ms is None:
            raise LedgerError("账本还是空的 / the ledger is still empty")
        statuses = reader.statuses()
        cameras = {d.id: d.site_id for d in config.devices if d.kind.has_picture and d.id in statuses}
        until_ms = tick_ms if now_ms - tick_ms < LIVE_MS else now_ms
        tz = zone_of(config)
        day = day_span(local_date(until_ms, tz), tz)
        period = Span(start_ms=day.start_ms, end_ms=max(day.start_ms, min(day.end_ms, until_ms)))
        excluded = config.excluded(config.policies[0].excludes, period)
        today = reader.buckets(period, excluded=excluded, device_ids=list(cameras))
    villages = {site.id for site in config.sites if site.kind is SiteKind.VILLAGE}
    village_of = {device_id: _village(config, site_id, villages) for device_id, site_id in cameras.items()}
    seen = {village_of[i] for i in cameras if statuses[i] in _ON} - {None}
    return TownNow(
        counts=Counter(statuses[i] for i in cameras),
        villages=len(villages),
        villages_seen=len(seen),
        today=sum(today.values(), Buckets()),
        today_until_ms=until_ms,
    )


def _village(config: Snapshot, site_id: str | None, villages: set[str]) -> str | None:
    while site_id is not None and site_id not in villages:
        site = config.site_by_id.get(site_id)
        site_id = None if site is None else site.parent_id
    return site_id


def read_town(path: Path, edge_id: str, month: str, now_ms: int) -> TownDetail:
    """Return a town's sites and cameras in a month, worst first. LedgerError where the copy says nothing of it."""
    with LedgerReader(path) as reader, reader.reading():
        return _town(reader, edge_id, _told(reader, month, now_ms))


def _town(reader: LedgerReader, edge_id: str, told: Mapping[str, Any]) -> TownDetail:
    config = _config(reader, told["month"])
    period = Span(start_ms=told["from_ms"], end_ms=told["to_ms"])
    rows = tuple(_devices(reader, config, period))
    cameras = Counter(row.site_id for row in rows)
    depth, total = _tree(config, cameras)
    return TownDetail(
        month=_month(edge_id, told, reader.last_seq()),
        timezone=told["timezone"],
        period=period,
        sites=tuple(
            SiteRow(
                id=site["id"],
                name=site["name"],
                kind=site["kind"],
                depth=depth.get(site["id"], 0),
                cameras=total.get(site["id"], 0),
                rate=_rate(site, told["deciding_policy"]),
            )
            for site in told["sites"]
        ),
        devices=tuple(sorted(rows, key=_worst)),
    )


def _tree(config: Snapshot, cameras: Counter[str]) -> tuple[dict[str, int], Counter[str]]:
    """Return each site's depth, and its cameras with all below it."""
    depth: dict[str, int] = {}
    total: Counter[str] = Counter()
    for site in config.sites:
        above, steps = site, 0
        total[site.id] += cameras[site.id]
        while above.parent_id is not None and above.parent_id in config.site_by_id and steps < len(config.sites):
            above, steps = config.site_by_id[above.parent_id], steps + 1
            total[above.id] += cameras[site.id]
        depth[site.id] = steps
    return depth, total


def _worst(row: DeviceRow) -> tuple[int, int, str]:
    """Most time down first, then unknown: what the month's figure is made of."""
    return -row.net.down_ms, -row.net.unknown_ms, row.id


def _devices(reader: LedgerReader, config: Snapshot, period: Span) -> Iterator[DeviceRow]:
    statuses, newest = reader.statuses(), reader.newest()
    lives = {life.device_id for life in reader.lives(period)}
    entries = {d.id: d for d in config.devices if d.kind.has_picture and d.id in lives}
    gone = lives - config.device_by_id.keys()
    entries |= {i: e for i, e in reader.entries(gone).items() if e.kind.has_picture}
    buckets = reader.buckets(
        period, excluded=config.excluded(config.policies[0].excludes, period), device_ids=list(entries)
    )
    for device_id, entry in sorted(entries.items()):
        change = newest.get(device_id)
        yield DeviceRow(
            id=device_id,
            site_id=entry.site_id,
            kind=entry.kind,
            status=statuses.get(device_id),
            since_ms=None if change is None else change.at_ms,
            reason=None if change is None else change.reason,
            net=buckets[device_id],
        )


def first_month(path: Path, tz: str) -> str | None:
    """Return the month that a copy begins in; None where there is nothing in it."""
    with LedgerReader(path) as reader, reader.reading():
        starts = [life.start_ms for life in reader.lives()]
    return None if not starts else local_date(min(starts), tz).strftime("%Y-%m")


def is_month(text: str) -> bool:
    """Tell whether a text is a month as `2026-10`."""
    try:
        month_span(text, "UTC")
    except ValueError:
        return False
    return True
