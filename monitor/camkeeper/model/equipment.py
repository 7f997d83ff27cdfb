"""Devices, the links they hang on, and where the monitor itself looks from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from camcover.optics import Lens, Mount
from camkeeper.model.probing import Rung


class DeviceKind(StrEnum):
    """Anything monitored."""

    CAMERA = "camera"
    PTZ = "ptz"
    CHECKPOINT = "checkpoint"
    SPEAKER = "speaker"
    TRANSCEIVER = "transceiver"
    SWITCH = "switch"
    RECORDER = "recorder"

    @property
    def has_picture(self) -> bool:
        """True for the kinds that count as a camera (摄像机): fixed, dome, checkpoint."""
        return self in _CAMERAS


_CAMERAS = frozenset({DeviceKind.CAMERA, DeviceKind.PTZ, DeviceKind.CHECKPOINT})

_CAMERA_LADDER = (Rung.REACH, Rung.TIME, Rung.AUTH, Rung.SNAPSHOT, Rung.STREAM, Rung.RECORDING)
LADDERS: dict[DeviceKind, tuple[Rung, ...]] = {
    DeviceKind.CAMERA: _CAMERA_LADDER,
    DeviceKind.PTZ: _CAMERA_LADDER,
    DeviceKind.CHECKPOINT: _CAMERA_LADDER,
    DeviceKind.RECORDER: (Rung.REACH, Rung.TIME, Rung.AUTH, Rung.RECORDING),
    DeviceKind.SPEAKER: (Rung.REACH, Rung.TIME),
    DeviceKind.TRANSCEIVER: (Rung.REACH,),
    DeviceKind.SWITCH: (Rung.REACH,),
}
"""The ladder of a kind where the register gives none for the device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a device was enrolled. Host and ports are pinned here; of what a device says only the path is used."""

    host: str
    port: int = 80
    """The port of reach, and of ONVIF where the ladder has it."""
    onvif_path: str = "/onvif/device_service"
    rtsp_port: int | None = 554
    """None: the one that the device names on this host. For a person's single look; a register always names one."""
    snapshot_port: int | None = None
    """None: the same as `port`."""
    snmp_port: int = 161
    approved_ports: frozenset[int] = frozenset()
    """Further ports that the device may name in a snapshot or stream URI."""

    @property
    def ports(self) -> frozenset[int]:
        """Every port that may be asked."""
        own = {self.port, self.rtsp_port or self.port, self.snapshot_port or self.port}
        return self.approved_ports | own


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A user and *where* its password lies. The password itself is never in the registry."""

    id: str
    user: str
    secret_ref: str = field(repr=False)
    """`env:NAME` or `file:PATH` (relative to the configuration's folder)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOverrides:
    """What a device wants otherwise than the policy; None: as the policy says."""

    every_s: float | None = None
    full_every_s: float | None = None
    picture_every_s: float | None = None
    timeout_s: float | None = None
    ladder: tuple[Rung, ...] | None = None


class LinkKind(StrEnum):
    """Fault domains, from the pole up to the operator."""

    POLE = "pole"
    POWER = "power"
    SWITCH = "switch"
    TRANSCEIVER = "transceiver"
    OPERATOR_LINE = "operator_line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Something that others depend on. `device_id` names the monitored device that embodies it, if any."""

    id: str
    name: str
    kind: LinkKind
    upstream_id: str | None = None
    device_id: str | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beacon:
    """A host on our own side whose answer proves that we can see."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """Our own way out. Where every beacon is silent, whatever lies behind `line_ids` is unknown, not down.

    Empty `line_ids`: the uplink of everything.
    """

    id: str
    name: str
    beacons: tuple[Beacon, ...]
    line_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Anything monitored. A Camera is a Device with a picture."""

    id: str
    name: str
    kind: DeviceKind
    site_id: str
    address: Address
    credential_id: str | None = None
    link_id: str | None = None
    contractor_id: str | None = None
    mount: Mount | None = None
    lens: Lens | None = None
    gb_id: str | None = None
    """GB/T 28181 id, 20 digits."""
    maker: str = ""
    model: str = ""
    serial: str = ""
    """As the maker's label has it; empty: nobody noted it."""
    installed: str = ""
    """The day, ISO 8601; empty: nobody noted it."""
    tags: tuple[str, ...] = ()
    """Labels that people put on it, in order (`model.tags`)."""
    overrides: ProbeOverrides = field(default_factory=ProbeOverrides)

    @property
    def ladder(self) -> tuple[Rung, ...]:
        """The rungs of this device, bottom to top."""
        return self.overrides.ladder or LADDERS[self.kind]
