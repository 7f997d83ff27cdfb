"""One virtual device: its own clock, its password, its condition, and what it answers. Knows no socket."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Flag, auto
from typing import Protocol
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from camfleet import dome, login, rtsp, soap
from camfleet.counters import Counters
from camfleet.dialect import Dialect
from camfleet.faults import HEALTHY, Condition, Fault, FaultKind, Picture, Reach
from camfleet.message import Reply, Request
from camkeeper.clock import Clock
from camkeeper.model.equipment import Device, DeviceKind
from camkeeper.model.probing import Rung

RECORDS_FOR_MS = 30 * 86_400_000
"""Thirty days of recordings: what the regulation asks."""


class Role(Flag):
    """What one port of a device serves."""

    BARE = 0  # accepts, and says nothing
    ONVIF = auto()
    SNAPSHOT = auto()
    RTSP = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture: when it was taken, what the device's clock said, what was wrong in it. UTC milliseconds."""

    at_ms: int
    """The sun and the wind go by this."""
    shown_ms: int
    """Burnt in."""
    scene: tuple[Fault, ...] = ()


class Pictures(Protocol):
    """Gives the JPEG of a device."""

    def jpeg(self, device: VirtualDevice, shot: Shot) -> Awaitable[bytes]:
        """Return the picture of that shot."""


class VirtualDevice:
    """State that faults change from outside: `set_condition`. Time is read from `clock` only."""

    def __init__(
        self,
        enrolled: Device,
        dialect: Dialect,
        login_: tuple[str, str],
        *,
        zone: ZoneInfo,
        clock: Clock,
        pictures: Pictures,
    ) -> None:
        self.enrolled = enrolled
        self.id = enrolled.id
        self.dialect = dialect
        self.user, self.enrolled_password = login_
        self.zone = zone
        self.counters = Counters()
        self.condition = HEALTHY
        self.gate = login.Gate()
        self._clock = clock
        self._pictures = pictures
        self._booted_ms = clock.elapsed_ms()
        self._frozen = Shot(at_ms=0, shown_ms=0)
        self._recorded_until_ms = 0
        self._serial = hashlib.blake2b(enrolled.id.encode(), digest_size=6).hexdigest().upper()
        self.realm = f"{dialect.name}-{self._serial[:4]}"

    @property
    def password(self) -> str:
        """The one that this device takes now."""
        return f"{self.enrolled_password}-changed" if self.condition.wrong_password else self.enrolled_password

    @property
    def nonce(self) -> str:
        """The challenge of its HTTP and RTSP Digest; a reboot makes another."""
        return hashlib.blake2b(f"{self._serial}/{self.counters.boots}".encode(), digest_size=16).hexdigest()

    def elapsed_ms(self) -> int:
        """Return the monotonic clock's reading."""
        return self._clock.elapsed_ms()

    def uptime_ms(self) -> int:
        """Return for how long it has been powered."""
        return self._clock.elapsed_ms() - self._booted_ms

    def now_ms(self) -> int:
        """Return the device's own clock, UTC milliseconds as it believes them."""
        if self.condition.wakes_at_ms is not None:
            return self.condition.wakes_at_ms + self.uptime_ms()
        return self._clock.wall_ms() + self.condition.skew_ms

    def roles(self) -> dict[int, Role]:
        """Return what each of its ports serves, by its ladder."""
        address, ladder = self.enrolled.address, frozenset(self.enrolled.ladder)
        out: dict[int, Role] = {address.port: Role.BARE}
        if ladder & {Rung.TIME, Rung.AUTH, Rung.RECORDING}:
            out[address.port] |= Role.ONVIF
        if Rung.SNAPSHOT in ladder:
            port = address.snapshot_port or address.port
            out[port] = out.get(port, Role.BARE) | Role.SNAPSHOT
        if Rung.STREAM in ladder:
            port = address.rtsp_port or address.port
            out[port] = out.get(port, Role.BARE) | Role.RTSP
        return out

    def set_condition(self, condition: Condition) -> None:
        """Become so; a device that comes back from the dead has booted."""
        before, at_ms = self.condition, self.now_ms()
        if before.reach is not Reach.LISTENING and condition.reach is Reach.LISTENING:
            self.counters.boots += 1
            self._booted_ms = self._clock.elapsed_ms()
            self.gate = login.Gate()
        if condition.picture is Picture.FROZEN and before.picture is not Picture.FROZEN:
            # It stands still as it was: what is wrong in the scene from the same moment on is in it.
            taken_ms = self._clock.wall_ms()
            scene = dome.seen_by(condition.scene, taken_ms, turns=self.enrolled.kind is DeviceKind.PTZ)
            self._frozen = Shot(at_ms=taken_ms, shown_ms=at_ms, scene=scene)
        if condition.no_recording and not before.no_recording:
            self._recorded_until_ms = at_ms
        self.condition = condition

    def answer(self, request: Request, role: Role) -> Reply | Awaitable[Reply]:
        """Return the reply to one request on a port with that role."""
        if request.is_rtsp:
            reply = rtsp.answer(self, request) if Role.RTSP in role else Reply(status=400)
        elif request.method == "POST" and Role.ONVIF in role:
            reply = self._onvif(request)
        elif request.method == "GET" and Role.SNAPSHOT in role and request.path == self.snapshot_path():
            return self._snapshot(request)
        else:
            self.counters.count("other")
            reply = Reply(status=405 if request.method not in {"GET", "POST"} else 404, close=True)
        return self._finish(reply)

    def _finish(self, reply: Reply) -> Reply:
        if self.condition.malformed:
            reply = replace(reply, body=_garbled(reply.body, sum(self.counters.requests.values())))
        return reply if self.dialect.habits.keep_alive else replace(reply, close=True)

    def _onvif(self, request: Request) -> Reply:
        call = soap.read_call(request.body)
        habits = self.dialect.habits
        if call is None:
            self.counters.count("unreadable")
            return Reply(status=400, body=soap.fault("WellFormed", "the message cannot be read"))
        self.counters.count(call.operation)
        if call.operation not in soap.OPEN_OPERATIONS:
            refusal = login.onvif(self, call, request)
            if refusal is not None:
                return refusal
        made = self._made(call.operation)
        if made is not None:
            return Reply(body=made)
        template = self.dialect.replies.get(call.operation)
        if template is not None:
            body = template.fill(self._values(call))
            return Reply(body=self._sized(body) if call.operation.endswith("GetProfiles") else body)
        missing = self.dialect.replies.get("fault")
        if missing is None:
            return Reply(status=habits.missing_status, body=soap.fault("ActionNotSupported", "Not implemented"))
        return Reply(status=habits.missing_status, body=missing.fill({b"operation": call.operation.encode()}))

    def _sized(self, profiles: bytes) -> bytes:
        """Return the profiles with the picture that was bought; one device in fifty came with less, as they do."""
        glass = self.enrolled.lens
        if glass is None or int(self._serial, 16) % 50 == 0:
            return profiles
        for name, captured, bought in (
            (b"Width", self.dialect.width, glass.width_px),
            (b"Height", self.dialect.height, glass.height_px),
        ):
            profiles = profiles.replace(b":%s>%d<" % (name, captured), b":%s>%d<" % (name, bought))
        return profiles

    def _made(self, operation: str) -> bytes | None:
        """Return what no capture has: the fleet writes it itself."""
        if operation == "search.GetRecordingSummary" and self.dialect.habits.records:
            return self._recordings()
        if operation == "ptz.GetPresets" and self.dialect.habits.presets is not dome.Presets.NONE:
            return soap.presets(self._presets(), tilt=f"{dome.TILT}", zoom=f"{dome.ZOOM}")
        return None

    def _recordings(self) -> bytes:
        until_ms = self._recorded_until_ms if self.condition.no_recording else self.now_ms()
        return soap.recording_summary(since=_iso(max(0, until_ms - RECORDS_FOR_MS)), until=_iso(until_ms), count=1)

    def _presets(self) -> tuple[tuple[str, str | None], ...]:
        patrol = next((f for f in self.condition.scene if f.kind is FaultKind.PATROL), Fault(kind=FaultKind.PATROL))
        return dome.presets(self.id, self.dialect.habits.presets, patrol.by_deg)

    def snapshot_path(self) -> str:
        """Return the path at which its picture lies, as its GetSnapshotUri says."""
        return _path_in(self.dialect, "GetSnapshotUri")

    def stream_path(self) -> str:
        """Return the path of its stream, as its GetStreamUri says."""
        return _path_in(self.dialect, "GetStreamUri")

    async def _snapshot(self, request: Request) -> Reply:
        self.counters.count("snapshot")
        refusal = login.snapshot(self, request)
        if refusal is not None:
            return self._finish(refusal)
        if self.condition.picture is Picture.NONE:
            return self._finish(Reply(status=self.condition.picture_status))
        body = await self._pictures.jpeg(self, self.shot())
        return self._finish(Reply(body=body, content_type="image/jpeg"))

    def shot(self) -> Shot:
        """Return what its snapshot shows now; a frozen device shows the one at which it froze."""
        if self.condition.picture is Picture.FROZEN:
            return self._frozen
        at_ms = self._clock.wall_ms()
        return Shot(at_ms=at_ms, shown_ms=self.now_ms(), scene=self._scene(at_ms))

    def _scene(self, at_ms: int) -> tuple[Fault, ...]:
        return dome.seen_by(self.condition.scene, at_ms, turns=self.enrolled.kind is DeviceKind.PTZ)

    def _values(self, call: soap.Call) -> dict[bytes, bytes]:
        """Fill the places of a template: times in UTC (u) and local (l), ports with their colon."""
        address = self.enrolled.address
        head = dome.head(self.condition.scene if self.enrolled.kind is DeviceKind.PTZ else (), self._clock.wall_ms())
        utc = datetime.fromtimestamp(self.now_ms() / 1000, tz=UTC)
        values = {
            "host": f"[{address.host}]" if ":" in address.host else address.host,
            "onvif_port": _port(address.port, 80),
            "snapshot_port": _port(address.snapshot_port or address.port, 80),
            "rtsp_port": _port(address.rtsp_port or address.port, 554),
            "token": call.profile or self.dialect.token,
            "serial": self._serial,
            "user": self.user,
            "password": self.enrolled_password,
            "pan": dome.pan_of(self.id, head.by_deg),
            "tilt": f"{dome.TILT}",
            "zoom": f"{dome.ZOOM}",
            "turning": "MOVING" if head.moving else "IDLE",
            "utc": utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        out = {key.encode(): escape(value).encode() for key, value in values.items()}
        for prefix, at in ((b"u", utc), (b"l", utc.astimezone(self.zone))):
            numbers = zip(b"YMDhms", (at.year, at.month, at.day, at.hour, at.minute, at.second), strict=True)
            out.update((prefix + bytes((key,)), b"%d" % number) for key, number in numbers)
        return out


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _port(port: int, default: int) -> str:
    return "" if port == default else f":{port}"


def _path_in(dialect: Dialect, operation: str) -> str:
    text = b"".join(dialect.replies[operation].parts)
    uri = text.split(b"<tt:Uri>", 1)[1].split(b"<", 1)[0].decode()
    rest = uri.split("://", 1)[1]
    return "/" + rest.split("/", 1)[1].split("?", 1)[0].strip()


def _garbled(body: bytes, turn: int) -> bytes:
    """Return an answer that nobody can read: cut off, a web page, or nothing, in turns.

    Only what stays unreadable to a lenient parser: unbound prefixes, say, are a dialect's habit and no fault.
    """
    if turn % 3 == 0:
        return body[: len(body) // 3]
    return b"<html><head><title>login</title></head><body>" if turn % 3 == 1 else b""
