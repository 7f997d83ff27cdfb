"""Asking one ONVIF device during one probe: signs, carries, reads, and tells a refusal from every other failure.

At most one refused attempt (design note 3): the scheme is learnt from an *unsigned* question, and the first signed
one carries every proof that the device asked for. A refusal of a nonce that was used before is not yet a refusal of
the credential; a refusal of a fresh one is.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from camkeeper.clock import Clock
from camkeeper.model.probing import Verdict
from camkeeper.probe.carrier import Answer, Carrier, ExchangeError
from camkeeper.probe.digest import Challenge, ChallengeError, basic, digest, strongest
from camkeeper.probe.memory import Known, Login, Place, Scheme
from camkeeper.probe.onvif import message, readers, reply, wsse
from camkeeper.probe.onvif.operations import Operation, Service
from camkeeper.probe.onvif.reply import Element, Fault

MAX_PICTURE: Final = 16 << 20
"""Bytes. An 8K JPEG of best quality is below 12 MB."""
_REFUSALS: Final = frozenset({401, 403})


class AskError(Exception):
    """The device did not answer the question; `verdict` and `detail` say how."""

    def __init__(self, verdict: Verdict, detail: str) -> None:
        super().__init__(detail)
        self.verdict = verdict
        self.detail = detail


class RefusedError(AskError):
    """The device refused a signed question, or asked for a signature (`unsigned`)."""

    def __init__(self, detail: str, *, expired: bool = False) -> None:
        super().__init__(Verdict.AUTH_REFUSED, detail)
        self.expired = expired
        """The device says itself that the time of the signature is the trouble."""


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One probe's questions to one device. `host` is the address that the enrolled host stands for."""

    carrier: Carrier
    clock: Clock
    host: str
    known: Known
    timeout_s: float
    login: Login | None = None
    last: bool = False
    """True where the next question is the only one: the device may close the connection at once."""
    _challenge: Challenge | None = None
    _uses: int = 0

    async def time(self) -> Answer:
        """Ask the time, unsigned, and return the raw answer. Raises ExchangeError."""
        return await self._post(Operation.TIME, message.build(Operation.TIME), {})

    async def discover(self) -> Element | None:
        """Learn, unsigned, which challenge the device answers with. Return device information where it is open.

        Costs nothing where the scheme is known to be the token alone, or where the refused time told it.
        """
        known = self.known
        if known.scheme is Scheme.WSSE:
            return None
        if known.scheme is None and known.time_closed:
            self._take(known.time_challenges)
            return None
        answer = await self._carried(Operation.INFORMATION, message.build(Operation.INFORMATION), {})
        try:
            return read_answer(Operation.INFORMATION, answer)
        except AskError:
            self._take(answer.challenges)
            return None

    async def ask(self, operation: Operation, *, profile: str | None = None) -> Element:
        """Ask one signed question. Raises AskError, RefusedError."""
        answer = await self._signed(operation, profile)
        if answer.status in _REFUSALS and self._may_answer(answer):
            answer = await self._signed(operation, profile)
        found = read_answer(operation, answer)
        if self.known.scheme is None:
            self.known.scheme = Scheme.WSSE if self._challenge is None else Scheme.BOTH
        return found

    async def picture(self, place: Place) -> bytes:
        """Get the snapshot: unsigned first, for a fresh nonce, then signed once. Raises AskError, RefusedError."""
        answer = await self._get(place, None)
        if answer.status == 401 and self.login is not None:
            challenge = strongest(answer.challenges)
            if challenge is None:
                raise AskError(Verdict.FAULT, "HTTP 401 with a challenge that cannot be answered")
            answer = await self._get(place, _proof(challenge, "GET", place.path, self.login, 1))
        if answer.status in _REFUSALS:
            raise RefusedError(f"HTTP {answer.status} for the snapshot")
        if answer.status != 200:
            raise AskError(Verdict.FAULT, f"HTTP {answer.status} for the snapshot")
        return answer.body

    async def _signed(self, operation: Operation, profile: str | None) -> Answer:
        try:
            return await self._post(operation, *self._sign(operation, profile), again=False)
        except ExchangeError as error:
            if not error.idle:
                raise AskError(error.verdict, f"{operation.value.name}: {error.detail}") from None
        # A fresh signature: the same token seen twice is a replay, and refused as one.
        return await self._carried(operation, *self._sign(operation, profile))

    def _sign(self, operation: Operation, profile: str | None) -> tuple[bytes, dict[str, str]]:
        login = self.login
        if login is None:
            raise AskError(Verdict.SKIPPED, "no credential")
        now_ms = self.clock.wall_ms() + round((self.known.offset_s or 0.0) * 1000)
        token = wsse.security(login.user, login.password, at_ms=now_ms)
        headers: dict[str, str] = {}
        if self._challenge is not None:
            self._uses += 1
            headers["Authorization"] = _proof(self._challenge, "POST", self._path(operation), login, self._uses)
        return message.build(operation, security=token, profile=profile), headers

    def _may_answer(self, answer: Answer) -> bool:
        """True where this refusal allows one more attempt: it refused a used or stale nonce, or never saw a token."""
        offered = strongest(answer.challenges)
        if offered is None:
            return False
        if self._challenge is None:
            fault = reply.read_fault(answer.body)
            if fault is not None and fault.refuses:
                return False
        elif self._challenge.scheme == "basic" or not (offered.stale or self._uses > 1):
            return False
        self._challenge, self._uses = offered, 0
        return True

    def _take(self, offers: tuple[str, ...]) -> None:
        self._challenge, self._uses = strongest(offers), 0

    def _path(self, operation: Operation) -> str:
        service = operation.value.service
        # Where the device told no path, its front door: most firmwares route by namespace.
        told = None if service is Service.DEVICE else self.known.path_of(service)
        return told or self.known.address.onvif_path

    async def _post(self, operation: Operation, body: bytes, headers: dict[str, str], *, again: bool = True) -> Answer:
        sent = message.HEADERS[operation] | headers
        return await self.carrier.exchange(
            "POST", self.host, self.known.address.port, self._path(operation),
            timeout_s=self.timeout_s, max_bytes=reply.MAX_REPLY, headers=sent, body=body,
            last=self.last, again=again,
        )  # fmt: skip

    async def _carried(self, operation: Operation, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            return await self._post(operation, body, headers)
        except ExchangeError as error:
            raise AskError(error.verdict, f"{operation.value.name}: {error.detail}") from None

    async def _get(self, place: Place, proof: str | None) -> Answer:
        try:
            return await self.carrier.exchange(
                "GET", self.host, place.port, place.path,
                timeout_s=self.timeout_s, max_bytes=MAX_PICTURE,
                headers={"Authorization": proof} if proof else None,
            )  # fmt: skip
        except ExchangeError as error:
            raise AskError(error.verdict, f"snapshot: {error.detail}") from None


def read_answer(operation: Operation, answer: Answer) -> Element:
    """Return the element that answers. Raises RefusedError or AskError.

    The content decides, then the status: faults come as 400, 500 and 200 alike.
    """
    name = operation.value.name
    try:
        found = reply.read(answer.body, operation.value.answer)
    except reply.MalformedReplyError as error:
        if answer.status in _REFUSALS:
            raise RefusedError(f"{name}: HTTP {answer.status}") from None
        if answer.status != 200:
            raise AskError(Verdict.FAULT, f"{name}: HTTP {answer.status}") from None
        raise AskError(Verdict.MALFORMED, f"{name}: {error}") from None
    if isinstance(found, Fault):
        if found.refuses or found.expired or answer.status in _REFUSALS:
            raise RefusedError(f"{name}: HTTP {answer.status}, {found.text}", expired=found.expired)
        verdict = Verdict.NOT_OFFERED if found.absent else Verdict.FAULT
        raise AskError(verdict, f"{name}: HTTP {answer.status}, {found.text}")
    return found


def offset_of(answer: Answer, told_ms: int, now_ms: int) -> float:
    """Return the device's clock less ours in seconds; both ends of whole seconds and of the way are halved."""
    return (told_ms + 500 - (now_ms - answer.ms / 2)) / 1000


def offset_of_date(answer: Answer, now_ms: int) -> float | None:
    """Return the offset by the HTTP `Date` header: the only clock of a device that refuses to tell its time."""
    try:
        told = parsedate_to_datetime(answer.headers.get("Date", ""))
        return offset_of(answer, int(told.timestamp() * 1000), now_ms)
    except (ValueError, TypeError, OverflowError):
        return None


def read_time(answer: Answer, now_ms: int) -> float | None:
    """Return the clock offset that a time answer gives, None where it tells no time. Raises as `read_answer`."""
    told_ms = readers.time_ms(read_answer(Operation.TIME, answer))
    return None if told_ms is None else offset_of(answer, told_ms, now_ms)


def _proof(challenge: Challenge, method: str, path: str, login: Login, uses: int) -> str:
    try:
        if challenge.scheme == "basic":
            return basic(login.user, login.password)
        return digest(challenge, method=method, uri=path, user=login.user, password=login.password, nc=uses)
    except (ChallengeError, ValueError):
        raise AskError(Verdict.FAULT, "the challenge cannot be answered with this credential") from None
