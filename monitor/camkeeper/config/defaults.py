"""The `defaults:` block: what entries of a kind share, so that a device fits on a line."""

from __future__ import annotations

from typing import Any

from camcover.optics import LensModel
from camkeeper.config import scalars as s
from camkeeper.config.entry import Entry
from camkeeper.config.schema import ProbeOverridesEntry
from camkeeper.model.equipment import DeviceKind


class MountDefaults(Entry):
    """What mounts share; never a position."""

    height_m: s.MetresIfKnown = None
    azimuth_deg: s.Degrees | None = None
    tilt_deg: s.DegreesIfKnown = None
    position_error_m: s.Metres | None = None
    azimuth_error_deg: s.Degrees | None = None


class LensDefaults(Entry):
    """What lenses share."""

    hfov_deg: s.Degrees | None = None
    focal_mm: s.Millimetres | None = None
    sensor_width_mm: s.Millimetres | None = None
    width_px: s.Pixels | None = None
    height_px: s.Pixels | None = None
    range_m: s.Metres | None = None
    ir_range_m: s.Metres | None = None
    model: LensModel | None = None
    vfov_deg: s.Degrees | None = None


class AddressDefaults(Entry):
    """What addresses share; never a host."""

    port: s.Port | None = None
    onvif_path: s.UrlPath | None = None
    rtsp_port: s.Port | None = None
    snapshot_port: s.Port | None = None
    snmp_port: s.Port | None = None
    approved_ports: tuple[s.Port, ...] | None = None


class DeviceDefaults(Entry):
    """What devices of a kind share."""

    address: AddressDefaults | None = None
    credential: s.Id | None = None
    link: s.Id | None = None
    contractor: s.Id | None = None
    mount: MountDefaults | None = None
    lens: LensDefaults | None = None
    maker: s.Text | None = None
    model: s.Text | None = None
    probe: ProbeOverridesEntry | None = None


class SiteDefaults(Entry):
    """What sites share."""

    target: s.BasisPoints | None = None
    timezone: s.TimeZone | None = None


class Defaults(Entry):
    """`device` is for every kind; the block of a kind comes before it, the entry itself before both."""

    site: SiteDefaults | None = None
    device: DeviceDefaults | None = None
    camera: DeviceDefaults | None = None
    ptz: DeviceDefaults | None = None
    checkpoint: DeviceDefaults | None = None
    speaker: DeviceDefaults | None = None
    transceiver: DeviceDefaults | None = None
    switch: DeviceDefaults | None = None
    recorder: DeviceDefaults | None = None


_MERGED = frozenset({"address", "mount", "lens", "probe"})
_SEEING = frozenset(str(kind) for kind in DeviceKind if kind.has_picture)
_WIDTHS = frozenset({"focal_mm", "sensor_width_mm"})


def merged(section: str, raw: Any, defaults: dict[str, Any]) -> Any:
    """Return the raw entry with what its kind shares; entries of other sections, and misshapen ones, as they are."""
    if not isinstance(raw, dict) or section not in {"devices", "sites"}:
        return raw
    if section == "sites":
        return {**_block(defaults, "site"), **raw}
    kind = raw.get("kind")
    out = dict(raw)
    for block in (kind if kind in DeviceKind.__members__.values() else "", "device"):
        for key, value in _block(defaults, block).items():
            _share(out, key, value)
    return out


def _block(defaults: dict[str, Any], name: Any) -> dict[str, Any]:
    block = defaults.get(name) if isinstance(name, str) else None
    return block if isinstance(block, dict) else {}


def _share(out: dict[str, Any], key: str, value: Any) -> None:
    if key not in out:
        # The defaults hold no position, so they make no mount; and a lens makes no camera of a loudspeaker.
        if key != "mount" and (key != "lens" or out.get("kind") in _SEEING):
            out[key] = value
    elif key in _MERGED and isinstance(out[key], dict) and isinstance(value, dict):
        own = out[key]
        shared = value
        if key == "lens" and "hfov_deg" in own:
            shared = {k: v for k, v in value.items() if k not in _WIDTHS}
        elif key == "lens" and not _WIDTHS.isdisjoint(own):
            shared = {k: v for k, v in value.items() if k != "hfov_deg"}
        out[key] = {**shared, **own}


def without_nothing(value: Any) -> Any:
    """Return the value without keys that say nothing (`link: ~`): nothing written is the built-in default."""
    if isinstance(value, dict):
        return {k: without_nothing(v) for k, v in value.items() if v is not None}
    return value
