"""What one configuration changes against another. Pure; for the reload at SIGHUP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from camkeeper.model.equipment import Device
from camkeeper.model.registry import Registry

_ASKED = frozenset({"kind", "address", "credential", "overrides"})
"""What decides how a device is asked: where one of these changed, what was learned of it is void."""
_PARTS = (
    "sites",
    "links",
    "key_places",
    "contractors",
    "parties",
    "closing",
    "backup_to",
    "contacts",
    "windows",
    "plans",
    "agreed",
    "inspections",
    "uplinks",
    "deductions",
    "obstacles",
    "channels",
    "routing",
    "watchdog",
    "public_url",
    "influx",
    "oidc",
)
_POLICIES = ("probe", "judge", "accounting", "coverage", "incident", "service", "picture")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Device ids in the order of the file that has them."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """In both, and asked otherwise now: address, credential (or its user or reference), ladder, cadence, kind."""
    restated: tuple[str, ...] = ()
    """In both, asked as before: name, site, link, mount, contractor... differ."""
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Of each device in `changed` and `restated`: which fields of `Device` differ (`credential` for its contents)."""
    policies_changed: frozenset[str] = frozenset()
    """Of probe, judge, accounting, coverage, incident, service, picture."""
    parts_changed: frozenset[str] = frozenset()
    """Of sites, links, key_places, contractors, contacts, windows, plans, agreed, inspections, uplinks, obstacles,
    channels, deductions, routing, watchdog, public_url, influx, parties, closing, backup_to, oidc."""

    @property
    def windows_changed(self) -> bool:
        """True where agreed spans, or whom they cover, may differ."""
        return not self.parts_changed.isdisjoint({"windows", "plans", "agreed", "sites", "links"}) or any(
            not names.isdisjoint({"site_id", "link_id"}) for names in self.fields.values()
        )

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.fields or self.policies_changed or self.parts_changed)


def diff(old: Registry, new: Registry) -> Changes:
    """Return what taking over `new` changes. Empty for equal registers, whatever their files look like."""
    before, after = old.device_by_id, new.device_by_id
    differing: dict[str, frozenset[str]] = {}
    for device in new.devices:
        earlier = before.get(device.id)
        if earlier is not None and (names := _differing(earlier, old, device, new)):
            differing[device.id] = names
    return Changes(
        added=tuple(d.id for d in new.devices if d.id not in before),
        removed=tuple(d.id for d in old.devices if d.id not in after),
        changed=tuple(i for i, names in differing.items() if not names.isdisjoint(_ASKED)),
        restated=tuple(i for i, names in differing.items() if names.isdisjoint(_ASKED)),
        fields=differing,
        policies_changed=frozenset(p for p in _POLICIES if getattr(old, p) != getattr(new, p)),
        parts_changed=frozenset(p for p in _PARTS if getattr(old, p) != getattr(new, p)),
    )


def _differing(a: Device, old: Registry, b: Device, new: Registry) -> frozenset[str]:
    names = {f.name for f in fields(Device) if getattr(a, f.name) != getattr(b, f.name)}
    first, second = old.credential_by_id.get(a.credential_id or ""), new.credential_by_id.get(b.credential_id or "")
    if first != second:
        names.add("credential")
    return frozenset(names)
