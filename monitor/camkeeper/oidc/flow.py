"""One person's way to the provider and back, sealed into a cookie: nothing is kept that strangers could fill.

State, nonce and PKCE's verifier are derived from the cookie's random part by a key of this process, each under a word
of its own and for one provider: who has neither cookie nor key can guess none of them.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256

LASTS_S = 600
"""Between the button and the answer: a password, a second factor, perhaps a telephone call."""
_SKEW_MS = 1_000
_LONGEST_THERE = 180
"""A cookie holds 512 characters; where one wanted to go is a comfort."""
_FORM = re.compile(r"([\w-]{32})\.([0-9]{1,15})\.([\w-]{0,320})\.([\w-]{43})\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What was said on the way out, and must be found in the answer."""

    id: str
    begun_ms: int
    there: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Seals:
    """Makes flows and knows its own again."""

    key: bytes

    def new(self, provider: str, *, there: str, now_ms: int) -> tuple[Flow, str]:
        """Return a flow to `provider` (issuer and client), and the cookie's value."""
        kept = there if len(there.encode()) <= _LONGEST_THERE else "/"
        body = f"{secrets.token_urlsafe(24)}.{now_ms}.{_text(kept.encode())}"
        return self._flow(provider, body), f"{body}.{self._word('cookie', provider, body)}"

    def open(self, provider: str, cookie: str, *, now_ms: int) -> Flow | None:
        """Return the flow of a cookie; None for any other text, another provider's, or one that is too old."""
        if not _FORM.match(cookie):
            return None
        body, _, seal = cookie.rpartition(".")
        if not hmac.compare_digest(seal, self._word("cookie", provider, body)):
            return None
        flow = self._flow(provider, body)
        return flow if -_SKEW_MS <= now_ms - flow.begun_ms < LASTS_S * 1000 else None

    def _flow(self, provider: str, body: str) -> Flow:
        id_, begun_ms, there = body.split(".")
        return Flow(
            id=id_,
            begun_ms=int(begun_ms),
            there=urlsafe_b64decode(there + "=" * (-len(there) % 4)).decode(),
            state=self._word("state", provider, body),
            nonce=self._word("nonce", provider, body),
            verifier=self._word("verifier", provider, body),
        )

    def _word(self, use: str, provider: str, body: str) -> str:
        return _text(hmac.digest(self.key, f"{use}\n{provider}\n{body}".encode(), sha256))


def challenge(verifier: str) -> str:
    """Return PKCE's S256 challenge (RFC 7636, 4.2)."""
    return _text(sha256(verifier.encode("ascii")).digest())


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
