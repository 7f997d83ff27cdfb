"""The device's side of a login: WSSE UsernameToken digest, HTTP and RTSP Digest (MD5), Basic."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_AGE_MS = 300_000
"""A `Created` further than this from the device's own clock is refused."""

_FIELD = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True, kw_only=True)
class UsernameToken:
    """The WSSE header of a request, as it stands there."""

    user: str
    password: str
    nonce: str
    created: str
    is_digest: bool


def created_ms(created: str, *, z_only: bool) -> int | None:
    """Return the instant that `Created` names in UTC milliseconds, None where this device cannot read it."""
    if z_only and not created.endswith("Z"):
        return None
    try:
        at = datetime.fromisoformat(created)
    except ValueError:
        return None
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def wsse_ok(token: UsernameToken, *, user: str, password: str, now_ms: int, z_only: bool) -> bool:
    """Tell whether the token is right, digested, and fresh by the device's own clock `now_ms`."""
    at_ms = created_ms(token.created, z_only=z_only)
    if at_ms is None or abs(at_ms - now_ms) > MAX_AGE_MS or not token.is_digest:
        return False
    try:
        nonce = base64.b64decode(token.nonce, validate=True)
    except binascii.Error:
        return False
    # SHA-1 is what WS-Security UsernameToken Profile 1.0 says.
    expected = base64.b64encode(hashlib.sha1(nonce + token.created.encode() + password.encode()).digest())  # noqa: S324
    return token.user == user and hmac.compare_digest(expected, token.password.encode())


def digest_fields(header: str) -> dict[str, str]:
    """Return the fields of an `Authorization: Digest ...` header."""
    return {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _FIELD.finditer(header)}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def digest_ok(header: str, *, method: str, user: str, password: str, realm: str, nonce: str) -> bool:
    """Tell whether an `Authorization: Digest` header answers our challenge (RFC 2069 and 2617, qop auth)."""
    got = digest_fields(header)
    if got.get("username") != user or got.get("realm") != realm or got.get("nonce") != nonce:
        return False
    ha1 = _md5(f"{user}:{realm}:{password}")
    ha2 = _md5(f"{method}:{got.get('uri', '')}")
    if "qop" in got:
        expected = _md5(f"{ha1}:{nonce}:{got.get('nc', '')}:{got.get('cnonce', '')}:{got['qop']}:{ha2}")
    else:
        expected = _md5(f"{ha1}:{nonce}:{ha2}")
    return hmac.compare_digest(expected, got.get("response", ""))


def basic_ok(header: str, *, user: str, password: str) -> bool:
    """Tell whether an `Authorization: Basic` header names the user and password."""
    try:
        text = base64.b64decode(header[len("Basic ") :].strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return hmac.compare_digest(text.encode(), f"{user}:{password}".encode())


def digest_challenge(realm: str, nonce: str, *, stale: bool = False) -> str:
    """Return the value of `WWW-Authenticate` that asks for a Digest."""
    return f'Digest realm="{realm}", nonce="{nonce}", qop="auth", algorithm=MD5' + (", stale=true" if stale else "")
