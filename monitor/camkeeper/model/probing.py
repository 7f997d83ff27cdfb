"""One question to one device, and its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from camkeeper.model.status import Reason, Status


class Rung(StrEnum):
    """The ladder, bottom to top. Which rungs a device kind has is `LADDERS` in `equipment`."""

    REACH = "reach"  # TCP connect to the enrolled port
    PING = "ping"  # ICMP echo, for equipment without a TCP service
    TIME = "time"  # ONVIF GetSystemDateAndTime, unsigned
    SNMP = "snmp"  # sysUpTime
    AUTH = "auth"  # authenticated ONVIF: device information, profiles, URIs
    SNAPSHOT = "snapshot"  # a JPEG with a sane header
    STREAM = "stream"  # RTSP DESCRIBE answers with a video track
    RECORDING = "recording"  # age of the newest recording (Profile G)


class Verdict(StrEnum):
    """How one rung answered. A broken camera is a value; a bug is an exception."""

    OK = "ok"
    TIMEOUT = "timeout"
    REFUSED = "refused"  # connection refused: host alive, port closed
    RESET = "reset"
    UNREACHABLE = "unreachable"  # no route, host down
    AUTH_REFUSED = "auth_refused"  # this credential was refused, now
    LATCHED = "latched"  # refused before; not tried again until the credential changes or an operator says so
    CLOCK_SKEW = "clock_skew"  # refused, and the device's clock is why
    FAULT = "fault"  # a SOAP fault or an HTTP/RTSP error status
    MALFORMED = "malformed"  # an answer that cannot be read
    TOO_LARGE = "too_large"
    REDIRECTED = "redirected"  # the device wanted to send us elsewhere; not followed
    OFF_ENROLMENT = "off_enrolment"  # the device named a port that is not enrolled; not asked
    STALE = "stale"  # recording older than allowed
    NOT_OFFERED = "not_offered"  # the device says that it has no such service: neutral
    SKIPPED = "skipped"  # not asked: a lower rung failed, or not due
    MONITOR = "monitor"  # our own fault (stall, descriptors): says nothing of the device

    @property
    def is_failure(self) -> bool:
        """True where the device failed this rung (neutral and own faults are not failures)."""
        return self not in _NOT_FAILURES


_NOT_FAILURES = frozenset({Verdict.OK, Verdict.NOT_OFFERED, Verdict.SKIPPED, Verdict.MONITOR})


class Depth(StrEnum):
    """How far one probe climbs."""

    QUICK = "quick"  # reach and time (ping, TCP for other kinds)
    PICTURE = "picture"  # quick, and the snapshot by its remembered path
    FULL = "full"  # every rung


@dataclass(frozen=True, slots=True, kw_only=True)
class RungResult:
    """One rung's answer; `detail` is evidence for a person, without any credential."""

    rung: Rung
    verdict: Verdict
    ms: float
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One media profile of a camera, as the device tells it."""

    token: str
    width: int | None = None
    height: int | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotInfo:
    """A picture, reduced to its size."""

    size_bytes: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """What the device says of itself; None or empty where this probe did not learn it."""

    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None
    serial: str | None = None
    clock_offset_s: float | None = None
    uptime_s: float | None = None
    profiles: tuple[Profile, ...] = ()
    snapshot: SnapshotInfo | None = None
    newest_recording_age_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What one probe of one device found. `at_ms` is the instant the probe began."""

    device_id: str
    at_ms: int
    took_ms: float
    depth: Depth
    rungs: tuple[RungResult, ...]
    facts: DeviceFacts = field(default_factory=DeviceFacts)
    saw: bool | None = None
    """Whether who asked could see all along; None: it was asked from here, and our own uplinks and loop decide."""

    def rung(self, rung: Rung) -> RungResult | None:
        """Return the answer of `rung`, or None where the ladder does not have it."""
        return next((r for r in self.rungs if r.rung is rung), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A probe result reduced to what accounting needs: the unit that the ledger acknowledges."""

    device_id: str
    at_ms: int
    status: Status
    reason: Reason
