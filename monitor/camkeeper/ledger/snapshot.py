"""What recomputing a figure needs of the configuration, and nothing else: no address, no account, no name of a person.

Windows are stored with the devices that they cover already worked out, because the links that decide it are not kept.
Plans are stored as they were agreed and expanded for the period that is asked for: a plan that never ends is one line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from camkeeper.ledger.chain import JsonObject, compact
from camkeeper.model.contract import Party, WindowKind
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import AccountingPolicy, Rule
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span, clipped, merged
from camkeeper.model.wire import from_json as wire_from_json
from camkeeper.model.wire import to_json as wire_to_json
from camkeeper.window.plan import WindowPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEntry:
    """A site as figures see it."""

    id: str
    name: str
    kind: SiteKind
    timezone: str
    target_bp: int
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    """A device as figures see it."""

    id: str
    site_id: str
    kind: DeviceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEntry:
    """An agreed span; `device_ids` None: every device."""

    id: str
    kind: WindowKind
    span: Span
    reason: str
    evidence: str = ""
    approver: str = ""
    device_ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEntry:
    """An agreement on many spans; `device_ids` None: every device."""

    plan: WindowPlan
    device_ids: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The configuration as the ledger keeps it."""

    sites: tuple[SiteEntry, ...]
    devices: tuple[DeviceEntry, ...]
    windows: tuple[WindowEntry, ...] = ()
    policies: tuple[AccountingPolicy, ...] = ()
    judge: str = ""
    """`name/version` of the judging policy."""
    source_digest: str = ""
    """SHA-256 of the configuration file."""
    former: frozenset[str] = frozenset()
    """Devices of earlier configurations that left the register: what was agreed for their time still stands."""
    plans: tuple[PlanEntry, ...] = ()
    parties: tuple[Party, ...] = ()
    """Who signs for each side of the contract."""
    windows_head: str = ""
    """Newest hash of what people agreed on (`ledger.windows`), hexadecimal; empty where there was nothing."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all of it, in hexadecimal: equal where every figure is bound to be equal."""
        return hashlib.sha256(compact(to_json(self))).hexdigest()

    @cached_property
    def site_by_id(self) -> dict[str, SiteEntry]:
        """Sites by id."""
        return {s.id: s for s in self.sites}

    @cached_property
    def device_by_id(self) -> dict[str, DeviceEntry]:
        """Devices by id."""
        return {d.id: d for d in self.devices}

    def zone_of(self, device_id: str) -> str:
        """Return the zone of the device's site; KeyError for an unknown device."""
        return self.site_by_id[self.device_by_id[device_id].site_id].timezone

    def excluded(self, kinds: frozenset[WindowKind], period: Span) -> dict[str, tuple[Span, ...]]:
        """Return the spans not counted, per device: merged, cut to the period; devices without any are left out."""
        everyone = self.device_by_id.keys() | self.former
        covering: dict[str, tuple[int, ...]] = {}
        agreed = tuple(self._left_out(kinds, period))
        for number, (device_ids, _) in enumerate(agreed):
            for device_id in everyone if device_ids is None else device_ids:
                covering[device_id] = (*covering.get(device_id, ()), number)
        # Devices by the hundred have the same agreements: each mixture is merged once.
        mixtures = {
            numbers: merged(span for number in numbers for span in agreed[number][1])
            for numbers in set(covering.values())
        }
        return {device_id: mixtures[numbers] for device_id, numbers in covering.items()}

    def _left_out(
        self, kinds: frozenset[WindowKind], period: Span
    ) -> Iterator[tuple[frozenset[str] | None, tuple[Span, ...]]]:
        """Yield who is covered (None: everyone) and the spans within the period: of each window, of each plan."""
        for window in self.windows:
            part = window.span.clip(period)
            if window.kind in kinds and part is not None:
                yield window.device_ids, (part,)
        for entry in self.plans:
            parts = tuple(clipped((w.span for w in entry.plan.windows(period)), period))
            if entry.plan.kind in kinds and parts:
                yield entry.device_ids, merged(parts)

    def windows_in(self, period: Span) -> tuple[WindowEntry, ...]:
        """Return every window that touches the period, uncut by it: those written one by one, then those of plans."""
        single = tuple(w for w in self.windows if w.span.clip(period) is not None)
        return single + tuple(
            WindowEntry(
                id=w.id,
                kind=w.kind,
                span=w.span,
                reason=w.reason,
                evidence=w.evidence,
                approver=w.approver,
                device_ids=entry.device_ids,
            )
            for entry in self.plans
            for w in entry.plan.windows(period)
        )

    def after(self, previous: Snapshot) -> Snapshot:
        """Return this configuration as the one that follows `previous`.

        A register only knows the devices that it has: without this, the day a camera is replaced every window agreed
        for the old one would stop counting, back to the beginning of the month.
        """
        former = (previous.device_by_id.keys() | previous.former) - self.device_by_id.keys()
        if not former:
            return self
        covered = {w.id: former if w.device_ids is None else w.device_ids & former for w in previous.windows}
        windows = tuple(
            w if w.device_ids is None else replace(w, device_ids=w.device_ids | covered.get(w.id, frozenset()))
            for w in self.windows
        )
        agreed = {p.plan.id: former if p.device_ids is None else p.device_ids & former for p in previous.plans}
        plans = tuple(
            p if p.device_ids is None else replace(p, device_ids=p.device_ids | agreed.get(p.plan.id, frozenset()))
            for p in self.plans
        )
        return replace(self, windows=windows, plans=plans, former=frozenset(former))


def snapshot_of(registry: Registry) -> Snapshot:
    """Return what the ledger keeps of a configuration."""
    covered: dict[str, set[str]] = {w.id: set() for w in registry.windows}
    agreed: dict[str, set[str]] = {p.id: set() for p in (*registry.plans, *registry.agreed)}
    for device in registry.devices:
        for window in registry.windows_of(device):
            covered[window.id].add(device.id)
        for plan in registry.plans_of(device):
            agreed[plan.id].add(device.id)
    return Snapshot(
        sites=tuple(
            SiteEntry(
                id=s.id, name=s.name, kind=s.kind, timezone=s.timezone, target_bp=s.target_bp, parent_id=s.parent_id
            )
            for s in registry.sites
        ),
        devices=tuple(DeviceEntry(id=d.id, site_id=d.site_id, kind=d.kind) for d in registry.devices),
        windows=tuple(
            WindowEntry(
                id=w.id,
                kind=w.kind,
                span=w.span,
                reason=w.reason,
                evidence=w.evidence,
                approver=w.approver,
                device_ids=frozenset(covered[w.id]) if (w.site_ids or w.device_ids or w.link_ids) else None,
            )
            for w in registry.windows
        ),
        plans=tuple(
            PlanEntry(plan=p, device_ids=None if p.everything else frozenset(agreed[p.id]))
            for p in (*registry.plans, *registry.agreed)
            if isinstance(p, WindowPlan)
        ),
        policies=registry.accounting,
        judge=f"{registry.judge.name}/{registry.judge.version}",
        source_digest=registry.digest,
        parties=registry.parties,
    )


def to_json(snapshot: Snapshot) -> JsonObject:
    """Return the snapshot as JSON values. Lists are in the configuration's order, sets sorted.

    `former`, `plans`, `parties` and `windows_head` are there only where they say something: snapshots from before
    there were any keep their digest.
    """
    later: JsonObject = {"former": sorted(snapshot.former)} if snapshot.former else {}
    if snapshot.plans:
        later["plans"] = [
            {"plan": wire_to_json(p.plan), "devices": None if p.device_ids is None else sorted(p.device_ids)}
            for p in snapshot.plans
        ]
    if snapshot.parties:
        later["parties"] = [[p.id, p.name, p.role, p.public_key] for p in snapshot.parties]
    if snapshot.windows_head:
        later["windows_head"] = snapshot.windows_head
    return later | {
        "sites": [[s.id, s.name, s.kind, s.timezone, s.target_bp, s.parent_id] for s in snapshot.sites],
        "devices": [[d.id, d.site_id, d.kind] for d in snapshot.devices],
        "windows": [
            {
                "id": w.id,
                "kind": w.kind,
                "start": w.span.start_ms,
                "end": w.span.end_ms,
                "reason": w.reason,
                "evidence": w.evidence,
                "approver": w.approver,
                "devices": None if w.device_ids is None else sorted(w.device_ids),
            }
            for w in snapshot.windows
        ],
        "policies": [
            {
                "name": p.name,
                "version": p.version,
                "rule": p.rule,
                "unknown_limit_bp": p.unknown_limit_bp,
                "patrol_at": p.patrol_at,
                "excludes": sorted(p.excludes),
            }
            for p in snapshot.policies
        ],
        "judge": snapshot.judge,
        "source_digest": snapshot.source_digest,
    }


def from_json(value: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot of a `config` record; KeyError, TypeError or ValueError for anything else."""
    return Snapshot(
        sites=tuple(
            SiteEntry(id=i, name=n, kind=SiteKind(k), timezone=z, target_bp=t, parent_id=p)
            for i, n, k, z, t, p in value["sites"]
        ),
        devices=tuple(DeviceEntry(id=i, site_id=s, kind=DeviceKind(k)) for i, s, k in value["devices"]),
        windows=tuple(_window(w) for w in value["windows"]),
        policies=tuple(_policy(p) for p in value["policies"]),
        judge=value["judge"],
        source_digest=value["source_digest"],
        former=frozenset(value.get("former", ())),
        plans=tuple(_plan(p) for p in value.get("plans", ())),
        parties=tuple(Party(id=i, name=n, role=r, public_key=k) for i, n, r, k in value.get("parties", ())),
        windows_head=value.get("windows_head", ""),
    )


def _plan(value: Mapping[str, Any]) -> PlanEntry:
    devices = value["devices"]
    return PlanEntry(
        plan=wire_from_json(WindowPlan, value["plan"]), device_ids=None if devices is None else frozenset(devices)
    )


def _window(value: Mapping[str, Any]) -> WindowEntry:
    devices = value["devices"]
    return WindowEntry(
        id=value["id"],
        kind=WindowKind(value["kind"]),
        span=Span(start_ms=value["start"], end_ms=value["end"]),
        reason=value["reason"],
        evidence=value["evidence"],
        approver=value["approver"],
        device_ids=None if devices is None else frozenset(devices),
    )


def _policy(value: Mapping[str, Any]) -> AccountingPolicy:
    return AccountingPolicy(
        name=value["name"],
        version=value["version"],
        rule=Rule(value["rule"]),
        unknown_limit_bp=value["unknown_limit_bp"],
        patrol_at=value["patrol_at"],
        excludes=frozenset(WindowKind(k) for k in value["excludes"]),
    )
