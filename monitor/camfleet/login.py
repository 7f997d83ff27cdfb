"""Whether a request's login is taken, and how each make says no."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from camfleet import auth, soap
from camfleet.counters import Counters
from camfleet.dialect import Dialect, SnapshotAuth
from camfleet.message import Reply, Request

LOCKED_FOR_MS = 30 * 60_000


class Gate:
    """Counts refusals towards a lockout; a reboot brings a new one."""

    def __init__(self) -> None:
        self.refusals = 0
        self.locked_until_ms = 0


class Guarded(Protocol):
    """What a login needs of its device."""

    gate: Gate
    user: str

    @property
    def dialect(self) -> Dialect:
        """Its make, with that make's habits."""
        ...

    @property
    def counters(self) -> Counters:
        """What it counts of its clients."""
        ...

    @property
    def password(self) -> str:
        """The one that it takes now."""
        ...

    @property
    def realm(self) -> str:
        """The realm of its challenges."""
        ...

    @property
    def nonce(self) -> str:
        """The nonce of its challenges."""
        ...

    def elapsed_ms(self) -> int:
        """Return the monotonic clock's reading."""
        ...

    def now_ms(self) -> int:
        """Return the device's own clock."""
        ...


def _locked(device: Guarded) -> bool:
    if device.elapsed_ms() >= device.gate.locked_until_ms:
        return False
    device.counters.locked_out += 1
    return True


def _refused(device: Guarded) -> None:
    device.counters.refused += 1
    device.gate.refusals += 1
    after = device.dialect.habits.lock_after
    if after and device.gate.refusals >= after:
        device.gate.locked_until_ms = device.elapsed_ms() + LOCKED_FOR_MS
        device.gate.refusals = 0


def _no(device: Guarded, *, challenge: bool, stale: bool = False) -> Reply:
    body = soap.fault("NotAuthorized", "Sender not authorized")
    if not challenge:
        return Reply(status=device.dialect.habits.refusal_status, body=body)
    return Reply(status=401, body=body, challenges=(auth.digest_challenge(device.realm, device.nonce, stale=stale),))


def onvif(device: Guarded, call: soap.Call, request: Request) -> Reply | None:
    """Return the refusal of a SOAP request, None where its login is right.

    Devices never say why: a wrong password and a `Created` too far from their clock get the same fault.
    """
    habits = device.dialect.habits
    if _locked(device):
        return _no(device, challenge=False)
    if call.token is not None and habits.wsse:
        if auth.wsse_ok(
            call.token, user=device.user, password=device.password, now_ms=device.now_ms(), z_only=habits.z_only
        ):
            return None
        _refused(device)
        # Hikvision offers Digest even then; others leave it at the fault.
        return _no(device, challenge=habits.http_digest and habits.lock_after > 0)
    if habits.http_digest:
        return _digest(device, request, request.method)
    device.counters.challenged += 1
    return _no(device, challenge=False)


def _digest(device: Guarded, request: Request, method: str) -> Reply | None:
    """Check HTTP or RTSP Digest. An old nonce is no wrong password: ask again, count nothing."""
    header = request.authorization
    if not header.lower().startswith("digest "):
        device.counters.challenged += 1
        return _no(device, challenge=True)
    if auth.digest_fields(header).get("nonce") != device.nonce:
        device.counters.challenged += 1
        return _no(device, challenge=True, stale=True)
    right = auth.digest_ok(
        header, method=method, user=device.user, password=device.password, realm=device.realm, nonce=device.nonce
    )
    if right:
        return None
    _refused(device)
    return _no(device, challenge=True)


def snapshot(device: Guarded, request: Request) -> Reply | None:
    """Return the refusal of a snapshot, None where its login is right."""
    if _locked(device):
        return Reply(status=401)
    way = device.dialect.habits.snapshot_auth
    if way is SnapshotAuth.QUERY:
        return _query(device, request)
    is_basic = request.authorization.lower().startswith("basic ")
    if way is SnapshotAuth.DIGEST or (way is SnapshotAuth.EITHER and request.authorization and not is_basic):
        return _digest(device, request, "GET")
    if is_basic and auth.basic_ok(request.authorization, user=device.user, password=device.password):
        return None
    if is_basic:
        _refused(device)
    else:
        device.counters.challenged += 1
    offers = [f'Basic realm="{device.realm}"']
    if way is SnapshotAuth.EITHER:
        offers.insert(0, auth.digest_challenge(device.realm, device.nonce))
    return Reply(status=401, challenges=tuple(offers))


def _query(device: Guarded, request: Request) -> Reply | None:
    query = parse_qs(urlsplit(request.target).query)
    if query.get("user") == [device.user] and query.get("password") == [device.password]:
        return None
    _refused(device)
    return Reply(status=401)


def rtsp(device: Guarded, request: Request) -> Reply | None:
    """Return the refusal of an RTSP request, None where its login is right."""
    if _locked(device):
        return Reply(status=401)
    refusal = _digest(device, request, request.method)
    return None if refusal is None else Reply(status=401, challenges=refusal.challenges)
