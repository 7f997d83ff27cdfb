"""WS-Security UsernameToken with a password digest (OASIS UsernameToken Profile 1.0)."""

from __future__ import annotations

import os
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Final
from xml.sax.saxutils import escape

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WSS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_TOKEN: Final = (
    f'<wsse:Security xmlns:wsse="{_WSS}wssecurity-secext-1.0.xsd" xmlns:wsu="{_WSS}wssecurity-utility-1.0.xsd">'
    "<wsse:UsernameToken><wsse:Username>%s</wsse:Username>"
    f'<wsse:Password Type="{_WSS}username-token-profile-1.0#PasswordDigest">%s</wsse:Password>'
    f'<wsse:Nonce EncodingType="{_WSS}soap-message-security-1.0#Base64Binary">%s</wsse:Nonce>'
    "<wsu:Created>%s</wsu:Created></wsse:UsernameToken></wsse:Security>"
)


def created(at_ms: int) -> str:
    """Write an instant as `2026-01-13T19:25:25Z`: Hikvision rejects `+00:00`, some others a fraction.

    Instants that a calendar cannot hold (a device that lost its clock) are clamped to its ends.
    """
    try:
        at = _EPOCH + timedelta(milliseconds=at_ms)
    except OverflowError:
        at = _EPOCH if at_ms < 0 else datetime(9999, 12, 31, tzinfo=UTC)
    return f"{at.year:04d}-{at.month:02d}-{at.day:02d}T{at.hour:02d}:{at.minute:02d}:{at.second:02d}Z"


def password_digest(nonce: bytes, created_at: str, password: str) -> str:
    """Return Base64(SHA-1(nonce + created + password))."""
    # SHA-1 is what the profile prescribes and what cameras compute.
    return b64encode(sha1(nonce + created_at.encode() + password.encode(), usedforsecurity=False).digest()).decode()


def security(user: str, password: str, *, at_ms: int, nonce: bytes | None = None) -> bytes:
    """Return the `Security` element, signed at the instant `at_ms` of the *device's* clock. `nonce` is for tests."""
    once = nonce if nonce is not None else os.urandom(16)
    when = created(at_ms)
    digest = password_digest(once, when, password)
    return (_TOKEN % (escape(user), digest, b64encode(once).decode(), when)).encode()
