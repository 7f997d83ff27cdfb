"""The month that decides payment, from the ledger alone: every site, under every rule, with and without windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camkeeper.availability.buckets import truncated_percent
from camkeeper.availability.daily import DaySum, added
from camkeeper.availability.days import month_of, month_span
from camkeeper.availability.figures import Figure, Share, figure_pair
from camkeeper.ledger import LedgerDamagedError, LedgerError, LedgerReader, Snapshot
from camkeeper.ledger.configs import zone_of
from camkeeper.ledger.snapshot import SiteEntry
from camkeeper.model.contract import WindowKind
from camkeeper.model.policy import AccountingPolicy
from camkeeper.model.span import Span
from camkeeper.standing.export import buckets_json

LIVE_MS = 60_000
"""A ledger that ticked this recently has a running monitor: the month so far ends at its last tick."""
_Sums = dict[str, tuple[DaySum, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: a month, or what has passed of it, under the configuration that decides it."""

    month: str
    period: Span
    complete: bool
    tz: str
    config: Snapshot


def sla(path: Path, *, month: str | None, site_id: str | None, policy: str | None, now_ms: int) -> dict[str, Any]:
    """Return the figures of a month as JSON values.

    LookupError for a site or policy that the configuration does not have, ValueError for an unreadable month,
    LedgerError where there is nothing to read.
    """
    if not path.exists():
        raise LedgerError("没有这个文件，监测是否启动过？ / no such file; was the monitor ever started?")
    with LedgerReader(path) as reader, reader.reading():
        return sla_of(reader, asked_month(reader, month, now_ms), site_id=site_id, policy=policy)


def sla_of(reader: LedgerReader, asked: Asked, *, site_id: str | None, policy: str | None) -> dict[str, Any]:
    """Return the figures of what is asked for, from a ledger that is open already."""
    with reader.reading():
        policies = _policies(asked.config, policy)
        sites = subtree(asked.config, site_id)
        cameras = cameras_of(reader, asked)
        try:
            sums = net_and_gross(reader, asked, cameras, policies)
        except ValueError as error:  # buckets that no history can give
            raise LedgerDamagedError(f"{error}：用 camkeeper verify 核验 / let camkeeper verify say what") from error
        closed = reader.closed().get(asked.month)
    return {
        "month": asked.month,
        "from_ms": asked.period.start_ms,
        "to_ms": asked.period.end_ms,
        "complete": asked.complete,
        "closed": None if closed is None else {"seq": closed.seq, "by": closed.by, "why": closed.why},
        "timezone": asked.tz,
        "deciding_policy": asked.config.policies[0].id,
        "sites": [_site(site, policies, sums) for site in sites],
        "windows": _windows(asked),
    }


def asked_month(reader: LedgerReader, month: str | None, now_ms: int) -> Asked:
    """Return the month, the newest where None; ValueError for an unreadable one, LedgerError for an empty ledger."""
    tick_ms = reader.last_tick_ms()
    newest = reader.config_at()
    if tick_ms is None or newest is None:
        raise LedgerError("账本还是空的 / the ledger is still empty")
    tz = zone_of(newest.config)
    wanted = month or month_of(tick_ms, tz)
    whole = month_span(wanted, tz)
    until_ms = tick_ms if now_ms - tick_ms < LIVE_MS else now_ms
    end_ms = max(whole.start_ms, min(whole.end_ms, until_ms))
    config = reader.config_for(wanted) or newest.config
    return Asked(
        month=wanted,
        period=Span(start_ms=whole.start_ms, end_ms=end_ms),
        complete=end_ms == whole.end_ms,
        tz=tz,
        config=config,
    )


def _policies(config: Snapshot, wanted: str | None) -> tuple[AccountingPolicy, ...]:
    if wanted is None:
        return config.policies
    found = tuple(p for p in config.policies if wanted in {p.id, p.name})
    if not found:
        raise LookupError(f"policy {wanted!r}; there are: {', '.join(p.id for p in config.policies)}")
    return found


def subtree(config: Snapshot, site_id: str | None) -> tuple[SiteEntry, ...]:
    """Return the site and all below it, or every site; parents first."""
    children: dict[str | None, list[SiteEntry]] = {}
    for site in config.sites:
        children.setdefault(site.parent_id, []).append(site)

    def below(site: SiteEntry) -> Iterator[SiteEntry]:
        yield site
        for child in children.get(site.id, ()):
            yield from below(child)

    if site_id is None:
        return tuple(site for root in children.get(None, ()) for site in below(root))
    if site_id not in config.site_by_id:
        raise LookupError(f"site {site_id!r}")
    return tuple(below(config.site_by_id[site_id]))


def cameras_of(reader: LedgerReader, asked: Asked) -> dict[str, str]:
    """Return every camera that was in service in the period -> its site; of a site that is gone, the root."""
    config = asked.config
    out = {device.id: device.site_id for device in config.devices if device.kind.has_picture}
    gone = {life.device_id for life in reader.lives(asked.period)} - config.device_by_id.keys()
    root = next(site.id for site in config.sites if site.parent_id is None)
    for device_id, entry in reader.entries(gone).items():
        if entry.kind.has_picture:
            out[device_id] = entry.site_id if entry.site_id in config.site_by_id else root
    return out


def net_and_gross(
    reader: LedgerReader, asked: Asked, cameras: Mapping[str, str], policies: tuple[AccountingPolicy, ...]
) -> dict[str, tuple[_Sums, _Sums]]:
    """Return each policy's day sums of every site; policies that look at the same hours share them."""
    done: dict[tuple[frozenset[WindowKind], str], tuple[_Sums, _Sums]] = {}
    for policy in policies:
        key = (policy.excludes, policy.patrol_at)
        if key not in done:
            own = reader.day_sum_pairs(asked.period, cameras, tz=asked.tz, policy=policy, config=asked.config)
            done[key] = (_rolled_up(asked.config, own[0]), _rolled_up(asked.config, own[1]))
    return {policy.id: done[policy.excludes, policy.patrol_at] for policy in policies}


def _rolled_up(config: Snapshot, own: Mapping[str, tuple[DaySum, ...]]) -> _Sums:
    """Return the day sums of every site with all below it: a town is the sum of its devices, never a mean."""
    parts: dict[str, list[DaySum]] = {site.id: list(own.get(site.id, ())) for site in config.sites}
    out: _Sums = {}
    for site in reversed(subtree(config, None)):
        out[site.id] = added(parts[site.id])
        if site.parent_id is not None:
            parts[site.parent_id].extend(out[site.id])
    return out


def _site(
    site: SiteEntry, policies: tuple[AccountingPolicy, ...], sums: Mapping[str, tuple[_Sums, _Sums]]
) -> dict[str, Any]:
    figures = {}
    for policy in policies:
        net, gross = sums[policy.id]
        pair = figure_pair(policy, net=net[site.id], gross=gross[site.id], target_bp=site.target_bp)
        figures[policy.id] = {"net": _figure(pair.net), "gross": _figure(pair.gross)}
    return {"id": site.id, "name": site.name, "kind": site.kind, "target_bp": site.target_bp, "figures": figures}


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "rule": figure.rule,
        "verdict": figure.verdict,
        "ratio": _number(figure.ratio),
        "lower": _number(figure.lower),
        "upper": _number(figure.upper),
        "completeness": _number(figure.completeness),
        # As shown to people: percent, cut and never rounded up.
        "percent": {
            "ratio": truncated_percent(figure.ratio),
            "lower": truncated_percent(figure.lower),
            "upper": truncated_percent(figure.upper),
            "completeness": truncated_percent(figure.completeness),
            # 完好率: up with a usable picture, of the time that was up or down; by time, whatever the rule counts.
            "good": truncated_percent(figure.buckets.good_ratio),
        },
        "days": figure.days,
        "looks": {"online": figure.looks.online, "offline": figure.looks.offline, "unknown": figure.looks.unknown},
        "time": buckets_json(figure.buckets),
    }


def _number(share: Share) -> float | None:
    """Return a ratio as a JSON number: for reading. The integers beside it are the figure."""
    return None if share is None else float(share)


def _windows(asked: Asked) -> list[dict[str, Any]]:
    """Return the agreed spans that touch the period, each with its reason, evidence and approver."""
    return [
        {
            "id": window.id,
            "kind": window.kind,
            "from_ms": window.span.start_ms,
            "to_ms": window.span.end_ms,
            "reason": window.reason,
            "evidence": window.evidence,
            "approver": window.approver,
            "devices": None if window.device_ids is None else sorted(window.device_ids),
        }
        for window in asked.config.windows_in(asked.period)
    ]
