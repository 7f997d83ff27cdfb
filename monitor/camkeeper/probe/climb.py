"""One climb of an ONVIF device's ladder: each rung asked once, each answer a value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from camkeeper import jpeg
from camkeeper.model.dome import DomeReport
from camkeeper.model.equipment import Device, DeviceKind
from camkeeper.model.probing import Rung, RungResult, SnapshotInfo, Verdict
from camkeeper.probe import dome, rtsp
from camkeeper.probe.carrier import ExchangeError
from camkeeper.probe.conversation import (
    AskError,
    Conversation,
    RefusedError,
    offset_of_date,
    read_time,
)
from camkeeper.probe.findings import Findings
from camkeeper.probe.memory import Known, Place, services_of
from camkeeper.probe.onvif import readers
from camkeeper.probe.onvif.operations import Operation, Service
from camkeeper.probe.pin import NotAnUriError, Target, target_of
from camkeeper.probe.refusal import Guard, Outcome

RECORDING_AGE_S: Final = 86_400.0
"""A newest recording older than this is stale."""
_SAID_NO: Final = frozenset({Verdict.FAULT, Verdict.NOT_OFFERED, Verdict.MALFORMED})
"""The device answered, and another way of asking may still work."""
NO_CREDENTIAL: Final = "no credential is given (in the register: credential; camkeeper probe: --user, --password-env)"

_OTHER_SCHEME: Final = (
    "the device names a {scheme} address for its {what}, which is not asked; where it has a plain one too, enrol its "
    "port ({option}_port)"
)


@dataclass(slots=True, kw_only=True)
class Climb:
    """The rungs of one device in one probe."""

    talk: Conversation
    device: Device
    known: Known
    guard: Guard
    picture: Callable[[Device, bytes, DomeReport | None], None] | None = None
    found: Findings = field(default_factory=Findings)

    async def reach_and_time(self) -> tuple[RungResult, RungResult]:
        """Ask the time; the connection that carries the question is the proof of reach."""
        try:
            answer = await self.talk.time()
        except ExchangeError as error:
            return _split(error)
        connect_ms = answer.connect_ms
        reach = RungResult(
            rung=Rung.REACH,
            verdict=Verdict.OK,
            ms=connect_ms or 0.0,
            detail="" if connect_ms is not None else "an open connection was used again",
        )
        now_ms = self.talk.clock.wall_ms()
        try:
            self.found.offset_s = self.known.offset_s = read_time(answer, now_ms)
            self.known.time_closed = False
            verdict, detail = Verdict.OK, "" if self.found.offset_s is not None else "the device tells no readable time"
        except RefusedError as error:
            # It answers, and wants a credential even for this: alive. Its clock stands in the HTTP header, if anywhere.
            self.known.time_closed, self.known.time_challenges = True, answer.challenges
            self.found.offset_s = self.known.offset_s = offset_of_date(answer, now_ms)
            verdict, detail = Verdict.OK, f"answers, and demands a credential for the time ({error.detail})"
        except AskError as error:
            verdict, detail = error.verdict, error.detail
        return reach, RungResult(rung=Rung.TIME, verdict=verdict, ms=answer.ms - (connect_ms or 0.0), detail=detail)

    async def climb(self, rung: Rung) -> RungResult:
        """Ask one of the authenticated rungs."""
        began = perf_counter()
        ask: dict[Rung, Callable[[], Awaitable[Outcome]]] = {
            Rung.AUTH: self._auth,
            Rung.SNAPSHOT: self._snapshot,
            Rung.STREAM: self._stream,
            Rung.RECORDING: self._recording,
        }
        try:
            verdict, detail = await ask[rung]()
        except RefusedError as error:
            verdict, detail = await self.guard.refused(rung, error)
        except AskError as error:
            verdict, detail = error.verdict, error.detail
        return RungResult(rung=rung, verdict=verdict, ms=(perf_counter() - began) * 1000, detail=detail)

    async def known_picture(self) -> RungResult:
        """Ask the snapshot by its remembered place."""
        place, began = self.known.snapshot, perf_counter()
        if place is None:
            return RungResult(
                rung=Rung.SNAPSHOT, verdict=Verdict.SKIPPED, ms=0.0, detail="its address is not known yet"
            )
        if self.guard.closed(Rung.AUTH) is not None:
            return RungResult(rung=Rung.SNAPSHOT, verdict=Verdict.SKIPPED, ms=0.0, detail="the credential is latched")
        try:
            verdict, detail = self.guard.closed(Rung.SNAPSHOT) or await self._get(place)
        except RefusedError as error:
            verdict, detail = await self.guard.refused(Rung.SNAPSHOT, error)
        except AskError as error:
            verdict, detail = error.verdict, error.detail
            if verdict is Verdict.FAULT:
                # A new firmware may have moved it: the next full climb learns the place again.
                self.known.snapshot = None
        ms = (perf_counter() - began) * 1000
        return RungResult(rung=Rung.SNAPSHOT, verdict=verdict, ms=ms, detail=detail)

    async def _auth(self) -> Outcome:
        if self.guard.login is None:
            return Verdict.SKIPPED, NO_CREDENTIAL
        closed = self.guard.closed(Rung.AUTH)
        if closed is not None:
            return closed
        told = await self.talk.discover()
        if self.known.time_closed:
            await self._signed_time()
        note = ""
        try:
            self.found.information = readers.information(
                told if told is not None else await self.talk.ask(Operation.INFORMATION)
            )
        except RefusedError:
            raise
        except AskError as error:
            if error.verdict not in _SAID_NO:
                raise
            note = error.detail
        self.known.services = services_of(await self._services())
        if self._wants_media():
            await self.ask_profiles()
        self.guard.proven = True
        if self.device.kind is DeviceKind.PTZ and self.picture is not None:
            await dome.learn(self.talk, self.known)
        return Verdict.OK, note

    async def _signed_time(self) -> None:
        """The first signed question to a device that demands a credential for its time; gives its exact clock."""
        told_ms = readers.time_ms(await self.talk.ask(Operation.TIME))
        if told_ms is not None:
            offset_s = (told_ms + 500 - self.talk.clock.wall_ms()) / 1000
            self.found.offset_s = self.known.offset_s = offset_s

    async def _services(self) -> dict[str, str]:
        try:
            return readers.services(await self.talk.ask(Operation.SERVICES))
        except RefusedError:
            raise
        except AskError as error:
            if error.verdict not in _SAID_NO:
                raise
        try:
            return readers.capabilities(await self.talk.ask(Operation.CAPABILITIES))
        except RefusedError:
            raise
        except AskError as error:
            if error.verdict not in _SAID_NO:
                raise
            return {}

    def _wants_media(self) -> bool:
        return Rung.SNAPSHOT in self.device.ladder or Rung.STREAM in self.device.ladder

    def _media(self) -> tuple[Service, ...]:
        """Return the media services to ask, in order: Media1 first, for every camera with Media2 has it too."""
        if self.known.services is None:
            return (Service.MEDIA,)
        return tuple(s for s in (Service.MEDIA, Service.MEDIA2) if self.known.path_of(s) is not None)

    async def ask_profiles(self) -> None:
        """Learn the media profiles, by Media1 or else Media2. Raises AskError, RefusedError."""
        self.known.profiles, self.known.media = (), None
        trouble: AskError | None = None
        for service in self._media():
            operation = Operation.PROFILES if service is Service.MEDIA else Operation.PROFILES2
            try:
                found = readers.profiles(await self.talk.ask(operation))
            except RefusedError:
                raise
            except AskError as error:
                if error.verdict not in _SAID_NO:
                    raise
                trouble = trouble or error
                continue
            if found:
                self.known.profiles = self.found.profiles = found
                self.known.media = service
                return
        if trouble is not None:
            raise trouble

    async def ask_uri(self, first: Operation, second: Operation) -> Target | Outcome:
        """Return where the device says that its picture or stream is, or why there is none. Raises AskError."""
        profile = self.known.profile
        if not self._media():
            return Verdict.NOT_OFFERED, "the device has no media service"
        if profile is None:
            return Verdict.MALFORMED, "the device named no profile"
        told = readers.uri(
            await self.talk.ask(second if self.known.media is Service.MEDIA2 else first, profile=profile.token)
        )
        if told is None:
            return Verdict.NOT_OFFERED, "the device named no address"
        try:
            return target_of(told, default_scheme="http" if first is Operation.SNAPSHOT_URI else "rtsp")
        except NotAnUriError as error:
            return Verdict.MALFORMED, str(error)

    async def _snapshot(self) -> Outcome:
        closed = self.guard.closed(Rung.SNAPSHOT)
        if closed is not None:
            return closed
        target = await self.ask_uri(Operation.SNAPSHOT_URI, Operation.SNAPSHOT_URI2)
        if isinstance(target, tuple):
            return target
        port = self._snapshot_port(target)
        if port is None and target.scheme != "http":
            return Verdict.OFF_ENROLMENT, _OTHER_SCHEME.format(scheme=target.scheme, what="snapshot", option="snapshot")
        if port is None:
            return Verdict.OFF_ENROLMENT, (
                f"the device names port {target.port} for its snapshot, which is not enrolled: not asked. If right, "
                f"approve it (approved_ports: [{target.port}]; camkeeper probe: --approve-port {target.port})"
            )
        place = Place(port=port, path=target.path)
        outcome = await self._get(place)
        self.known.snapshot = place
        return outcome

    def _snapshot_port(self, target: Target) -> int | None:
        """Return the port to ask on the enrolled host, or None where the device names one that nobody enrolled."""
        address = self.device.address
        if address.snapshot_port is not None:
            return address.snapshot_port
        if target.scheme != "http":
            return None
        # Behind NAT a device names its inner port. The same inner port as its ONVIF service is the enrolled outer one.
        if target.port in {address.port, self.known.own_port}:
            return address.port
        return target.port if target.port in address.approved_ports else None

    async def _get(self, place: Place) -> Outcome:
        data = await self.talk.picture(place)
        try:
            header = jpeg.read_header(data)
        except jpeg.JpegError as error:
            return Verdict.MALFORMED, f"the snapshot is no picture: {error}"
        self.found.snapshot = SnapshotInfo(size_bytes=len(data), width=header.width, height=header.height)
        if self.picture is not None:
            # After its picture: a dome that is sent away between the two is "elsewhere", which accuses nobody.
            where = await dome.report(self.talk, self.known) if self.device.kind is DeviceKind.PTZ else None
            self.picture(self.device, data, where)
        return Verdict.OK, ""

    async def _stream(self) -> Outcome:
        closed = self.guard.closed(Rung.STREAM)
        if closed is not None:
            return closed
        target = await self.ask_uri(Operation.STREAM_URI, Operation.STREAM_URI2)
        if isinstance(target, tuple):
            return target
        port = self._rtsp_port(target)
        if port is None and target.scheme != "rtsp":
            return Verdict.OFF_ENROLMENT, _OTHER_SCHEME.format(scheme=target.scheme, what="stream", option="rtsp")
        if port is None:
            return Verdict.OFF_ENROLMENT, (
                f"the device names port {target.port} for its stream, which is not enrolled: not asked. If right, "
                f"approve it (rtsp_port: {target.port}; camkeeper probe: --rtsp-port {target.port})"
            )
        login = self.guard.login
        answer = await rtsp.describe(
            self.talk.host,
            port,
            target.path,
            user=login.user if login else None,
            password=login.password if login else None,
            timeout_s=self.talk.timeout_s,
        )
        if answer.verdict is Verdict.AUTH_REFUSED:
            raise RefusedError(f"stream: {answer.detail}")
        return answer.verdict, answer.detail

    def _rtsp_port(self, target: Target) -> int | None:
        address = self.device.address
        if address.rtsp_port is None:
            # A person looks at a device that nobody enrolled yet. Still no well-known port of another service.
            named = target.scheme == "rtsp" and (target.port == 554 or target.port >= 1024)
            return target.port if named else None
        # An enrolled port other than 554 was enrolled on purpose (NAT): it wins over what the device believes.
        if address.rtsp_port != 554 or target.port == 554:
            return address.rtsp_port
        return target.port if target.scheme == "rtsp" and target.port in address.ports else None

    async def _recording(self) -> Outcome:
        if self.known.services is not None and self.known.path_of(Service.SEARCH) is None:
            return Verdict.NOT_OFFERED, "the device has no recording search"
        closed = self.guard.closed(Rung.RECORDING)
        if closed is not None:
            return closed
        told = readers.summary(await self.talk.ask(Operation.RECORDINGS))
        if told.until_ms is None or told.recordings == 0:
            return Verdict.STALE, "the device has no recording"
        now_ms = self.talk.clock.wall_ms() + (self.known.offset_s or 0.0) * 1000
        age_s = max(0.0, (now_ms - told.until_ms) / 1000)
        self.found.recording_age_s = age_s
        verdict = Verdict.STALE if age_s > RECORDING_AGE_S else Verdict.OK
        return verdict, f"the newest recording is {age_s / 3600:.1f} h old"


def _split(error: ExchangeError) -> tuple[RungResult, RungResult]:
    """Tell a host that accepts no connection from one that accepts it and does not answer."""
    if error.connected:
        connect_ms = error.connect_ms or 0.0
        return (
            RungResult(rung=Rung.REACH, verdict=Verdict.OK, ms=connect_ms),
            RungResult(rung=Rung.TIME, verdict=error.verdict, ms=error.ms - connect_ms, detail=error.detail),
        )
    return (
        RungResult(rung=Rung.REACH, verdict=error.verdict, ms=error.ms, detail=error.detail),
        RungResult(rung=Rung.TIME, verdict=Verdict.SKIPPED, ms=0.0),
    )
