"""One climb of an ONVIF device's ladder: each rung asked once, each answer a value."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, TypeAlias

from camkeeper.model.equipment import Device
from camkeeper.model.probing import DeviceFacts, Profile, Rung, RungResult, SnapshotInfo, Verdict
from camkeeper.probe import jpeg, rtsp
from camkeeper.probe.carrier import ExchangeError
from camkeeper.probe.conversation import (
    AskError,
    Conversation,
    RefusedError,
    offset_of_date,
    read_time,
)
from camkeeper.probe.latch import Latch, LatchStore
from camkeeper.probe.memory import Known, Login, Place
from camkeeper.probe.onvif import readers
from camkeeper.probe.onvif.operations import Operation, Service
from camkeeper.probe.pin import NotAnUriError, Target, target_of

SKEW_S: Final = 300.0
"""Clocks further apart than this are a cause of refusals; the common tolerance of UsernameToken."""
RECORDING_AGE_S: Final = 86_400.0
"""A newest recording older than this is stale."""
_SAID_NO: Final = frozenset({Verdict.FAULT, Verdict.NOT_OFFERED, Verdict.MALFORMED})
"""The device answered, and another way of asking may still work."""
NO_CREDENTIAL: Final = "no credential is given for this device"

Outcome: TypeAlias = tuple[Verdict, str]


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a climb learns of a device on its way."""

    information: readers.Information | None = None
    offset_s: float | None = None
    uptime_s: float | None = None
    profiles: tuple[Profile, ...] = ()
    snapshot: SnapshotInfo | None = None
    recording_age_s: float | None = None

    def facts(self, words: Callable[[str | None], str | None]) -> DeviceFacts:
        """Return them as one value; `words` blots out what must not be shown."""
        told = self.information
        return DeviceFacts(
            manufacturer=words(told.manufacturer) if told else None,
            model=words(told.model) if told else None,
            firmware=words(told.firmware) if told else None,
            serial=words(told.serial) if told else None,
            clock_offset_s=self.offset_s,
            uptime_s=self.uptime_s,
            profiles=self.profiles,
            snapshot=self.snapshot,
            newest_recording_age_s=self.recording_age_s,
        )


@dataclass(slots=True, kw_only=True)
class Climb:
    """The rungs of one device in one probe."""

    talk: Conversation
    device: Device
    known: Known
    latches: LatchStore
    login: Login | None
    picture: Callable[[Device, bytes], None] | None = None
    found: Findings = field(default_factory=Findings)
    proven: bool = False
    """The device took the credential in this climb."""

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
            verdict, detail = await self._refused(rung, error)
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
        if self.latched(Rung.AUTH) is not None:
            return RungResult(rung=Rung.SNAPSHOT, verdict=Verdict.SKIPPED, ms=0.0, detail="the credential is latched")
        try:
            verdict, detail = self.latched(Rung.SNAPSHOT) or await self._get(place)
        except RefusedError as error:
            verdict, detail = await self._refused(Rung.SNAPSHOT, error)
        except AskError as error:
            verdict, detail = error.verdict, error.detail
            if verdict is Verdict.FAULT:
                # A new firmware may have moved it: the next full climb learns the place again.
                self.known.snapshot = None
        ms = (perf_counter() - began) * 1000
        return RungResult(rung=Rung.SNAPSHOT, verdict=verdict, ms=ms, detail=detail)

    def latched(self, scope: Rung) -> Outcome | None:
        """Return why this credential is not tried, or None where it may be. Lifts latches that have run out."""
        latch = self.latches.get(self.device.id, scope)
        if latch is None or self.login is None:
            return None
        if latch.fingerprint != self.login.fingerprint:
            self.latches.remove(self.device.id, scope)
            return None
        if latch.cause is Verdict.CLOCK_SKEW:
            offset_s = self.known.offset_s
            if offset_s is not None and abs(offset_s) <= SKEW_S:
                self.latches.remove(self.device.id, scope)
                return None
            return Verdict.CLOCK_SKEW, f"{latch.detail}; tried again when the clock is right"
        return Verdict.LATCHED, f"refused before ({latch.detail}); waits for another credential or an operator"

    async def _auth(self) -> Outcome:
        if self.login is None:
            return Verdict.SKIPPED, NO_CREDENTIAL
        closed = self.latched(Rung.AUTH)
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
        self.known.addresses = await self._services()
        if self._wants_media():
            await self._profiles()
        self.proven = True
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
        if not self.known.addresses:
            return (Service.MEDIA,)
        return tuple(s for s in (Service.MEDIA, Service.MEDIA2) if self.known.path_of(s) is not None)

    async def _profiles(self) -> None:
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

    async def _uri(self, first: Operation, second: Operation) -> Target | Outcome:
        """Return where the device says that its picture or stream is, or why there is none."""
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
        closed = self.latched(Rung.SNAPSHOT)
        if closed is not None:
            return closed
        target = await self._uri(Operation.SNAPSHOT_URI, Operation.SNAPSHOT_URI2)
        if isinstance(target, tuple):
            return target
        port = self._snapshot_port(target)
        if port is None:
            return Verdict.OFF_ENROLMENT, (
                f"the device names port {target.port} for its snapshot, which is not enrolled; "
                f"approve it as snapshot port {target.port}, if it is right"
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
            self.found.snapshot = jpeg.read_header(data)
        except jpeg.JpegError as error:
            return Verdict.MALFORMED, f"the snapshot is no picture: {error}"
        if self.picture is not None:
            self.picture(self.device, data)
        return Verdict.OK, ""

    async def _stream(self) -> Outcome:
        closed = self.latched(Rung.STREAM)
        if closed is not None:
            return closed
        target = await self._uri(Operation.STREAM_URI, Operation.STREAM_URI2)
        if isinstance(target, tuple):
            return target
        port = self._rtsp_port(target)
        if port is None:
            return Verdict.OFF_ENROLMENT, (
                f"the device names port {target.port} for its stream, which is not enrolled; "
                f"approve it as RTSP port {target.port}, if it is right"
            )
        login = self.login
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
        # An enrolled port other than 554 was enrolled on purpose (NAT): it wins over what the device believes.
        if address.rtsp_port != 554 or target.port == 554:
            return address.rtsp_port
        return target.port if target.scheme == "rtsp" and target.port in address.ports else None

    async def _recording(self) -> Outcome:
        if self.known.addresses and self.known.path_of(Service.SEARCH) is None:
            return Verdict.NOT_OFFERED, "the device has no recording search"
        closed = self.latched(Rung.RECORDING)
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

    async def _refused(self, rung: Rung, error: RefusedError) -> Outcome:
        """Latch. Before the device took the credential in this climb, the refusal is of the credential as a whole."""
        scope = rung if self.proven else Rung.AUTH
        cause, detail = Verdict.AUTH_REFUSED, error.detail
        if scope is Rung.AUTH and rung is Rung.AUTH:
            why = _clock_trouble(self.known.offset_s, expired=error.expired)
            if why is not None:
                cause, detail = Verdict.CLOCK_SKEW, f"{detail}; {why}"
        if self.login is None:
            return cause, detail
        latch = Latch(
            device_id=self.device.id,
            scope=scope,
            fingerprint=self.login.fingerprint,
            cause=cause,
            at_ms=self.talk.clock.wall_ms(),
            detail=_blotted(detail, self.login),
        )
        try:
            await asyncio.to_thread(self.latches.put, latch)
        except OSError:
            return cause, f"{detail}; not tried again (the latch could not be stored: it ends with this process)"
        return cause, f"{detail}; not tried again"


def _blotted(text: str, login: Login) -> str:
    return blotted(text, login) or ""


def blotted(text: str | None, login: Login | None, *, shortest: int = 4) -> str | None:
    """Return the text without the password: a device that was sent Basic could echo it."""
    if not text or login is None or len(login.password) < shortest:
        return text
    return text.replace(login.password, "***")


def _clock_trouble(offset_s: float | None, *, expired: bool) -> str | None:
    """Say in which way the clock is behind a refusal, or None where it is not."""
    if offset_s is None:
        return "its clock could not be read, so it was signed with ours: a wrong clock or a wrong password"
    way = "ahead of" if offset_s > 0 else "behind"
    if expired:
        return f"it says that the signature's time is the trouble; its clock is {abs(offset_s):.0f} s {way} ours"
    if abs(offset_s) > SKEW_S:
        return (
            f"its clock is {abs(offset_s):.0f} s {way} ours; it was signed with the device's own time and is refused "
            "all the same: set its clock first, then doubt the password"
        )
    return None


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
