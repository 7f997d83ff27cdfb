"""Which devices a fault falls upon. Pure: the registry's graph in, device ids out."""

from __future__ import annotations

import difflib
import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from camfleet.mistake import MistakeError
from camkeeper.model.equipment import DeviceKind, LinkKind
from camkeeper.model.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The devices that every named condition agrees on; `share` then draws some of them.

    `link`: everything that hangs on it, transitively, and the devices that embody it and the links below; `line`: the
    same for an operator's line; `uplink`: the monitor's own way out, its beacons and all behind it.
    """

    link: tuple[str, ...] = ()
    line: tuple[str, ...] = ()
    device: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    uplink: tuple[str, ...] = ()
    share: float | None = None
    """0..1 of the devices, drawn by the scenario's seed; at least one."""

    def __post_init__(self) -> None:
        if not any(getattr(self, f.name) for f in fields(self) if f.name != "share") and self.share is None:
            raise MistakeError(
                "目标至少写 link、line、device、site、kind、uplink、share 之一",
                "a target names at least one of link, line, device, site, kind, uplink, share",
            )
        if self.share is not None and not 0 < self.share <= 1:
            raise MistakeError(
                f"share {self.share:.0%} 不在 0 与 100% 之间", f"share {self.share:.0%} is not in (0, 100%]"
            )


def beacon_id(uplink_id: str, index: int) -> str:
    """Return the id by which the fleet knows an uplink's beacon."""
    return f"beacon:{uplink_id}:{index}"


def faults_of(target: Target, registry: Registry) -> list[MistakeError]:
    """Return one mistake for each id that the registry does not have, with the nearest that it has."""
    lines = [link.id for link in registry.links if link.kind is LinkKind.OPERATOR_LINE]
    beacons = [beacon_id(u.id, i) for u in registry.uplinks for i, _ in enumerate(u.beacons)]
    known: Mapping[str, Iterable[str]] = {
        "link": registry.link_by_id,
        "line": lines,
        "device": [*registry.device_by_id, *beacons],
        "site": registry.site_by_id,
        "kind": [kind.value for kind in DeviceKind],
        "uplink": [uplink.id for uplink in registry.uplinks],
    }
    return [
        unknown(key, name, ids) for key, ids in known.items() for name in getattr(target, key) if name not in set(ids)
    ]


def unknown(what: str, word: str, known: Iterable[str]) -> MistakeError:
    """Return the mistake of a word that is not known, with the nearest that is."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    zh, en = (f"（是否指 {found[0]}？）", f" (did you mean {found[0]}?)") if found else ("", "")
    return MistakeError(f"没有这样的 {what}：{word}{zh}", f"unknown {what} {word!r}{en}")


def resolve(target: Target, registry: Registry, *, draw: str) -> tuple[str, ...]:
    """Return the ids of the devices meant, sorted. The same `draw` (seed and event) draws the same share.

    KeyError for an unknown link, site or uplink: `faults_of` tells them before.
    """
    groups: list[set[str]] = []
    if target.device:
        groups.append(set(target.device))
    if target.link or target.line:
        groups.append({d for link_id in (*target.link, *target.line) for d in behind(registry, link_id)})
    if target.site:
        groups.append({d.id for site_id in target.site for d in registry.devices_in(site_id)})
    if target.kind:
        groups.append({d.id for d in registry.devices if d.kind.value in target.kind})
    if target.uplink:
        groups.append({d for uplink_id in target.uplink for d in behind_uplink(registry, uplink_id)})
    ids = sorted(set.intersection(*groups) if groups else set(registry.device_by_id))
    if target.share is None or not ids:
        return tuple(ids)
    count = max(1, math.floor(target.share * len(ids) + 0.5))
    return tuple(sorted(random.Random(draw).sample(ids, count)))  # noqa: S311 - a repeatable draw is wanted


def behind(registry: Registry, link_id: str) -> set[str]:
    """Return all devices that lose their connection with this link, and those that embody it and the links below."""
    registry.link_by_id[link_id]
    below = {link_id}
    grown = True
    while grown:
        more = {link.id for link in registry.links if link.upstream_id in below} - below
        below |= more
        grown = bool(more)
    hanging = {d.id for d in registry.devices if d.link_id in below}
    return hanging | {link.device_id for link in registry.links if link.id in below and link.device_id}


def behind_uplink(registry: Registry, uplink_id: str) -> set[str]:
    """Return the uplink's beacons and every device that the monitor sees through it."""
    uplink = next((u for u in registry.uplinks if u.id == uplink_id), None)
    if uplink is None:
        raise KeyError(uplink_id)
    beacons = {beacon_id(uplink.id, i) for i, _ in enumerate(uplink.beacons)}
    if not uplink.line_ids:
        return beacons | set(registry.device_by_id)
    return beacons.union(*(behind(registry, line_id) for line_id in uplink.line_ids))
