"""Ids: each once, each reference to something that exists, no cycles. Judged on the raw entries, valid or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from camkeeper.config.fault import Loc
from camkeeper.config.findings import Findings

Raw = Mapping[str, list[tuple[int, dict[str, Any]]]]
"""Per section: (place in the list, entry as written)."""

_REFERENCES: dict[str, dict[str, str]] = {
    "sites": {"parent": "sites"},
    "links": {"upstream": "links", "device": "devices"},
    "devices": {"site": "sites", "link": "links", "credential": "credentials", "contractor": "contractors"},
    "contractors": {"contacts": "contacts"},
    "key_places": {"site": "sites"},
    "inspections": {"sites": "sites", "devices": "devices", "contractor": "contractors"},
    "windows": {"sites": "sites", "devices": "devices", "links": "links"},
    "uplinks": {"lines": "links"},
    "deductions": {"contractors": "contractors"},
}
_WORDS = {
    "sites": ("地点", "site"),
    "links": ("链路", "link"),
    "devices": ("设备", "device"),
    "credentials": ("凭据", "credential"),
    "contractors": ("维保单位", "contractor"),
    "contacts": ("联系人", "contact"),
    "channels": ("通道", "channel"),
}


def check(raw: Raw, defaults: Mapping[str, Any], findings: Findings) -> None:
    """Add the faults of ids and references."""
    ids = {section: _unique(section, "id", entries, findings) for section, entries in raw.items()}
    _unique("devices", "gb_id", raw.get("devices", []), findings)
    for section, fields in _REFERENCES.items():
        for place, entry in raw.get(section, []):
            _refer(entry, (section, place), fields, ids, findings)
    for kind, block in defaults.items():
        if isinstance(block, dict) and kind != "site":
            _refer(block, ("defaults", kind), _REFERENCES["devices"], ids, findings)
    _cycles("sites", "parent", raw, findings, zh="上级地点", en="parents")
    _cycles("links", "upstream", raw, findings, zh="上游链路", en="upstreams")
    _self_dependent(raw, findings)


def _unique(section: str, key: str, entries: list[tuple[int, dict[str, Any]]], findings: Findings) -> dict[str, int]:
    first: dict[str, int] = {}
    for place, entry in entries:
        value = entry.get(key)
        if not isinstance(value, str):
            continue
        if value in first:
            line = findings.line((section, first[value], key))
            findings.fault(
                (section, place, key),
                zh=f"编号重复（第一次在第 {line} 行）",
                en=f"this id is taken (first on line {line})",
            )
        else:
            first[value] = place
    return first


def _refer(
    entry: Mapping[str, Any],
    loc: Loc,
    fields: Mapping[str, str],
    ids: Mapping[str, dict[str, int]],
    findings: Findings,
) -> None:
    for key, section in fields.items():
        value = entry.get(key)
        known = ids.get(section)
        if known is None:
            continue  # not even a list: told already, and nothing refers to it wrongly
        values = value if isinstance(value, list) else [value]
        for place, one in enumerate(values):
            if isinstance(one, str) and one not in known:
                zh, en = _WORDS[section]
                at = (*loc, key, place) if isinstance(value, list) else (*loc, key)
                findings.unknown_id(at, one, tuple(known), zh=zh, en=en)


def _cycles(section: str, key: str, raw: Raw, findings: Findings, *, zh: str, en: str) -> None:
    entries = raw.get(section, [])
    above = {e["id"]: e.get(key) for _, e in entries if isinstance(e.get("id"), str)}
    place_of = {e["id"]: place for place, e in reversed(entries) if isinstance(e.get("id"), str)}
    settled: set[str] = set()
    for start in place_of:
        path: dict[str, None] = {}
        at: Any = start
        while isinstance(at, str) and at in above and at not in settled and at not in path:
            path[at] = None
            at = above[at]
        if isinstance(at, str) and at in path:
            ring = list(path)[list(path).index(at) :]
            findings.fault(
                (section, place_of[ring[0]], key),
                zh=f"{zh}成环：{' → '.join([*ring, at])}",
                en=f"{en} go in a circle: {' -> '.join([*ring, at])}",
            )
        settled.update(path)


def _self_dependent(raw: Raw, findings: Findings) -> None:
    """A switch that hangs on the link it embodies would explain its own outage."""
    links = {e["id"]: e for _, e in raw.get("links", []) if isinstance(e.get("id"), str)}
    for place, device in raw.get("devices", []):
        seen: set[str] = set()
        at = device.get("link")
        while isinstance(at, str) and at in links and at not in seen:
            seen.add(at)
            if links[at].get("device") == device.get("id"):
                findings.fault(
                    ("devices", place, "link"),
                    zh=f"设备挂在由它自身构成的链路 {at} 上；应写它的上游链路",
                    en=f"the device hangs on {at}, the link that it is itself; name what it depends on",
                )
            at = links[at].get("upstream")
