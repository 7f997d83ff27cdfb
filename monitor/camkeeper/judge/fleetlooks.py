"""The fold over all cameras' findings: whose doing are they? Fog is nobody's, a frozen platform is one fault.

Too dark, too bright or milky, and most of a place's cameras show the same since about the same time: weather, or a
street without light. Many cameras that froze at about the same time: what hands out their pictures stands still.
Neither can be told from one camera, so such a finding is held until enough others have it too, or as long as they
could still come in; then it is the camera's own. What no longer has company is looked at again: the one camera that
stays milky after the fog has gone has a dirty dome. All else is the camera's own at once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from camkeeper.judge.looktrack import finding_from_json, finding_to_json
from camkeeper.model.picture import Finding, PicturePolicy, PictureVerdict, Scope
from camkeeper.model.registry import Registry

LEAST_NEIGHBOURS = 3
"""Fewer cameras than this are no witness of the weather."""

_WEATHER = frozenset({PictureVerdict.DARK, PictureVerdict.BRIGHT, PictureVerdict.FOG})


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Who stands in the same weather, and who is served by the same platform."""

    place_of: Mapping[str, str]
    """Camera -> the nearest site around it that has enough cameras; one without such a site has none."""
    cameras_in: Mapping[str, frozenset[str]]
    """Such a site -> all cameras in it and below it."""
    platform_of: Mapping[str, str]
    """Camera -> its root site: the register names no platform, and a township has one."""

    @classmethod
    def of(cls, registry: Registry) -> Neighbours:
        """Return the neighbours of a register."""
        cameras = [d for d in registry.devices if d.kind.has_picture]
        chain_of = {site.id: registry.ancestry(site.id) for site in registry.sites}
        inside: dict[str, set[str]] = {}
        for camera in cameras:
            for site_id in chain_of[camera.site_id]:
                inside.setdefault(site_id, set()).add(camera.id)
        place_of = {}
        for camera in cameras:
            near = (s for s in chain_of[camera.site_id] if len(inside[s]) >= LEAST_NEIGHBOURS)
            place = next(near, None)
            if place is not None:
                place_of[camera.id] = place
        return cls(
            place_of=place_of,
            cameras_in={site_id: frozenset(ids) for site_id, ids in inside.items()},
            platform_of={camera.id: chain_of[camera.site_id][-1] for camera in cameras},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One camera with a fault."""

    finding: Finding
    """As its own looks prove it."""
    told: Finding | None = None
    """As it was last given out, with its scope; None while the first one is held."""
    due_ms: int | None = None
    """When it is the camera's own, unless others join it before."""

    @property
    def is_told(self) -> bool:
        """True where what was given out is this finding, whatever its scope."""
        told, own = self.told, self.finding
        return told is not None and (told.verdict, told.decided_ms) == (own.verdict, own.decided_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetLooks:
    """Every camera with a fault, by its id."""

    cameras: Mapping[str, Standing] = field(default_factory=lambda: MappingProxyType({}))

    def finding(self, device_id: str) -> Finding | None:
        """Return what stands of a camera and was given out; None where there is nothing, or nothing yet."""
        standing = self.cameras.get(device_id)
        return None if standing is None else standing.told

    @property
    def next_due_ms(self) -> int | None:
        """When `settle` next has something to do."""
        return min((s.due_ms for s in self.cameras.values() if s.due_ms is not None), default=None)

    def only(self, device_ids: Collection[str]) -> FleetLooks:
        """Forget cameras that are not enrolled any more."""
        return FleetLooks(cameras={i: s for i, s in self.cameras.items() if i in device_ids})

    def to_json(self) -> str:
        """Return canonical JSON."""
        rows = {
            i: [finding_to_json(s.finding), None if s.told is None else finding_to_json(s.told), s.due_ms]
            for i, s in self.cameras.items()
        }
        return json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> FleetLooks:
        """Read `to_json` back; ValueError for anything else."""
        try:
            return cls(cameras={str(i): _standing(row) for i, row in json.loads(text).items()})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"no findings of a fleet: {text[:80]!r}: {error}") from error


Told = tuple[FleetLooks, tuple[Finding, ...]]


def take(
    fleet: FleetLooks,
    findings: Iterable[Finding],
    now_ms: int,
    around: Neighbours,
    policy: PicturePolicy,
    blind: Container[str] = (),
) -> Told:
    """Fold in findings of single cameras; return those whose scope is decided now, in the order of ids.

    `blind`: cameras that give no picture now, and so are no witnesses. What was due before `now_ms` happens first.
    """
    earlier: tuple[Finding, ...] = ()
    if fleet.next_due_ms is not None and fleet.next_due_ms < now_ms:
        fleet, earlier = settle(fleet, now_ms - 1, around, policy, blind)
    cameras, over = dict(fleet.cameras), []
    for finding in findings:
        known = cameras.get(finding.device_id)
        if finding.verdict.is_fault:
            told = None if known is None else known.told
            due_ms = finding.decided_ms + _hold_ms(finding, policy)
            cameras[finding.device_id] = Standing(finding=finding, told=told, due_ms=due_ms)
        elif known is not None:
            del cameras[finding.device_id]
            if known.told is not None:
                over.append(replace(finding, scope=known.told.scope))
    fleet, now = settle(FleetLooks(cameras=cameras), now_ms, around, policy, blind)
    return fleet, (*earlier, *sorted((*over, *now), key=lambda f: f.device_id))


def settle(
    fleet: FleetLooks,
    now_ms: int,
    around: Neighbours,
    policy: PicturePolicy,
    blind: Container[str] = (),
) -> Told:
    """Let time pass: decide what is due, and what has company or lost it. Idempotent; idle before `next_due_ms`."""
    if not fleet.cameras:
        return fleet, ()
    crowd = _crowd(fleet.cameras.values(), around, policy, blind)
    changed: dict[str, Standing] = {}
    told: list[Finding] = []
    for device_id, standing in fleet.cameras.items():
        new, finding = _decided(standing, crowd.get(device_id), now_ms, policy)
        if new is not standing:
            changed[device_id] = new
        if finding is not None:
            told.append(finding)
    if not changed:
        return fleet, ()
    return FleetLooks(cameras={**fleet.cameras, **changed}), tuple(sorted(told, key=lambda f: f.device_id))


def _decided(
    standing: Standing, company: Scope | None, now_ms: int, policy: PicturePolicy
) -> tuple[Standing, Finding | None]:
    """Return the camera as it stands now, and what is to be given out of it."""
    told = standing.told.scope if standing.told is not None and standing.is_told else None
    if company is not None and told is not company:
        return _give(standing, company, now_ms)
    if company is not None:
        return (standing if standing.due_ms is None else replace(standing, due_ms=None)), None
    if told is Scope.DEVICE:
        return standing, None
    due_ms = standing.due_ms
    if due_ms is None:  # it was the weather's or the platform's until now
        waits = replace(standing, due_ms=now_ms + _hold_ms(standing.finding, policy))
        return waits, None
    if now_ms < due_ms:
        return standing, None
    if told is Scope.WEATHER:
        # Until the others were clear again the weather was reason enough.
        alone_ms = due_ms - _hold_ms(standing.finding, policy)
        standing = replace(standing, finding=replace(standing.finding, since_ms=alone_ms))
    return _give(standing, Scope.DEVICE, due_ms)


def _give(standing: Standing, scope: Scope, at_ms: int) -> tuple[Standing, Finding]:
    decided_ms = max(at_ms, standing.finding.decided_ms)
    finding = replace(standing.finding, scope=scope, decided_ms=decided_ms)
    own = replace(standing.finding, decided_ms=decided_ms)
    return Standing(finding=own, told=finding), finding


def _hold_ms(finding: Finding, policy: PicturePolicy) -> int:
    """Return how long others of the same may still come in; and how far apart they may have begun."""
    if finding.verdict in _WEATHER:
        return policy.exposure.span_ms
    return policy.platform_window_ms if finding.verdict is PictureVerdict.FROZEN else 0


def _crowd(
    cameras: Iterable[Standing], around: Neighbours, policy: PicturePolicy, blind: Container[str]
) -> dict[str, Scope]:
    """Return the cameras whose fault has company, and whose doing that makes it."""
    weather: dict[PictureVerdict, dict[str, int]] = {}
    frozen: dict[str, dict[str, int]] = {}
    for standing in cameras:
        f = standing.finding
        if f.verdict in _WEATHER:
            weather.setdefault(f.verdict, {})[f.device_id] = f.since_ms
        elif f.verdict is PictureVerdict.FROZEN and f.device_id in around.platform_of:
            frozen.setdefault(around.platform_of[f.device_id], {})[f.device_id] = f.since_ms
    out: dict[str, Scope] = {}
    for since in frozen.values():
        near = _within(since, policy.platform_window_ms, policy.platform_cameras)
        out |= dict.fromkeys(near, Scope.PLATFORM)
    for since in weather.values():
        for place in sorted({around.place_of[i] for i in since if i in around.place_of}):
            inside = around.cameras_in[place]
            witnesses = sum(i not in blind for i in inside)
            need = max(LEAST_NEIGHBOURS, -(-witnesses * policy.weather_percent // 100))
            here = {i: since[i] for i in inside if i in since}
            near = _within(here, policy.exposure.span_ms, need)
            out |= {i: Scope.WEATHER for i in near if around.place_of.get(i) == place}
    return out


def _within(since_ms: Mapping[str, int], window_ms: int, need: int) -> set[str]:
    """Return those that began within some window of this length together with so many; whatever their order."""
    ordered = sorted(since_ms.items(), key=lambda item: (item[1], item[0]))
    out: set[str] = set()
    for first, last in zip(range(len(ordered)), range(need - 1, len(ordered)), strict=False):
        if ordered[last][1] - ordered[first][1] <= window_ms:
            out.update(i for i, _ in ordered[first : last + 1])
    return out


def _standing(row: list[Any]) -> Standing:
    finding, told, due_ms = row
    return Standing(
        finding=finding_from_json(finding),
        told=None if told is None else finding_from_json(told),
        due_ms=None if due_ms is None else int(due_ms),
    )
