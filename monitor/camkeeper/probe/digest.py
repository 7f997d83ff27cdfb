"""HTTP and RTSP authentication answers: Digest (RFC 7616, RFC 2617, RFC 2069) and Basic (RFC 7617). Pure.

The caller decides *whether* to answer: only the enrolled origin is ever answered, once, and a refusal latches. A
`domain` directive is ignored on purpose: it once made an HTTP client sign requests for another host.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

_MAX_CHALLENGE: Final = 8192
_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a grammar, not a secret
_SCHEME: Final = re.compile(rf"[\s,]*({_TOKEN})(?=\s|,|$)[ \t]*")
# A value is a quoted string (an unclosed one runs to the end: seen on small firmwares) or anything up to a comma.
_PARAM: Final = re.compile(rf'[\s,]*({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^",]*))')
_TOKEN68: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)")
_HASHES: Final = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_STRENGTH: Final = {"MD5": 1, "SHA-256": 2, "SHA-512-256": 3}


class ChallengeError(ValueError):
    """The challenge cannot be answered: not Digest, no nonce, an unknown algorithm, or only `auth-int`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One challenge of a WWW-Authenticate header. Scheme and parameter names are lower case."""

    scheme: str
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def algorithm(self) -> str:
        """The hash, upper case, without a `-SESS` ending; MD5 where the challenge names none."""
        return _split_algorithm(self.params.get("algorithm", ""))[0]

    @property
    def stale(self) -> bool:
        """True where the server says that only the nonce was too old: the password was not refused."""
        return self.params.get("stale", "").lower() == "true"

    @property
    def answerable(self) -> bool:
        """True for Basic, and for a Digest that `answer` can compute."""
        if self.scheme == "basic":
            return True
        qops = _qops(self.params)
        known = self.scheme == "digest" and self.algorithm in _HASHES and bool(self.params.get("nonce"))
        return known and (not qops or "auth" in qops)


def challenges(headers: str | Iterable[str]) -> tuple[Challenge, ...]:
    """Return every challenge of one or more WWW-Authenticate values, in their order; what is unreadable is left out.

    Some cameras send each scheme in a header of its own, some all in one, divided by commas.
    """
    values = (headers,) if isinstance(headers, str) else headers
    return tuple(c for value in values for c in _challenges_of(value[:_MAX_CHALLENGE]))


def strongest(headers: str | Iterable[str]) -> Challenge | None:
    """Return the strongest answerable challenge: Digest by its hash, then Basic; None where there is none."""
    offered = [c for c in challenges(headers) if c.answerable]
    return max(offered, key=lambda c: _STRENGTH.get(c.algorithm, 0) if c.scheme == "digest" else 0, default=None)


def authorization(
    challenge: str | Iterable[str],
    *,
    method: str,
    uri: str,
    user: str,
    password: str,
    cnonce: str | None = None,
    nc: int = 1,
) -> str:
    """Return the Authorization value for the strongest *Digest* challenge in `challenge`.

    `uri` is what stands in the request line. `nc` counts the uses of one nonce, from 1. `cnonce` is for tests only.
    Raises ChallengeError where no Digest of the challenge can be answered.
    """
    digests = [c for c in challenges(challenge) if c.scheme == "digest" and c.answerable]
    if not digests:
        raise ChallengeError("no digest challenge that can be answered")
    best = max(digests, key=lambda c: _STRENGTH[c.algorithm])
    return digest(best, method=method, uri=uri, user=user, password=password, cnonce=cnonce, nc=nc)


def answer(challenge: Challenge, *, method: str, uri: str, user: str, password: str) -> str:
    """Return the Authorization value for an answerable challenge of either scheme; ChallengeError for any other."""
    if challenge.scheme == "basic":
        return basic(user, password)
    return digest(challenge, method=method, uri=uri, user=user, password=password)


def basic(user: str, password: str) -> str:
    """Return the Authorization value for Basic, UTF-8; ValueError where the user has a colon or a control character."""
    if ":" in user or _has_control(user) or _has_control(password):
        raise ValueError("a colon or control character in the user or password cannot be sent as Basic")
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def digest(
    challenge: Challenge, *, method: str, uri: str, user: str, password: str, cnonce: str | None = None, nc: int = 1
) -> str:
    """Return the Authorization value for one Digest challenge; ChallengeError where it cannot be answered."""
    params = challenge.params
    if challenge.scheme != "digest" or not challenge.answerable:
        raise ChallengeError("this challenge is not a digest that can be answered")
    realm, nonce, opaque = params.get("realm", ""), params["nonce"], params.get("opaque")
    if any(_has_control(v) for v in (realm, nonce, opaque or "", user, uri, method, params.get("algorithm", ""))):
        raise ChallengeError("control characters in the challenge or the request")
    algorithm, session = _split_algorithm(params.get("algorithm", ""))
    client = cnonce if cnonce is not None else secrets.token_hex(8)
    ha1 = _hash(algorithm, f"{user}:{realm}:{password}")
    if session:
        ha1 = _hash(algorithm, f"{ha1}:{nonce}:{client}")
    ha2 = _hash(algorithm, f"{method}:{uri}")
    count = f"{nc:08x}"
    # Without qop it is RFC 2069: most RTSP servers of cameras still speak it.
    qop = bool(_qops(params))
    middle = f"{nonce}:{count}:{client}:auth" if qop else nonce
    fields = [("username", user), ("realm", realm), ("nonce", nonce), ("uri", uri)]
    fields.append(("response", _hash(algorithm, f"{ha1}:{middle}:{ha2}")))
    out = [f'{name}="{_quoted(value)}"' for name, value in fields]
    if "algorithm" in params:
        out.append(f"algorithm={algorithm}{'-sess' if session else ''}")
    if opaque is not None:
        out.append(f'opaque="{_quoted(opaque)}"')
    if qop:
        out += ["qop=auth", f"nc={count}"]
    if qop or session:
        out.append(f'cnonce="{_quoted(client)}"')
    return "Digest " + ", ".join(out)


def _challenges_of(value: str) -> Iterable[Challenge]:
    at = 0
    while (match := _SCHEME.match(value, at)) is not None:
        scheme, at = match[1].lower(), match.end()
        params: dict[str, str] = {}
        token68 = _TOKEN68.match(value, at)
        if token68 is not None and _PARAM.match(value, at) is None:
            at = token68.end()
        while (param := _PARAM.match(value, at)) is not None:
            quoted, bare = param[2], param[3]
            text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare.strip()
            params.setdefault(param[1].lower(), text)
            at = param.end()
        yield Challenge(scheme=scheme, params=params)


def _split_algorithm(text: str) -> tuple[str, bool]:
    name = text.strip().upper() or "MD5"
    return (name[:-5], True) if name.endswith("-SESS") else (name, False)


def _qops(params: Mapping[str, str]) -> frozenset[str]:
    return frozenset(q.strip().lower() for q in params.get("qop", "").split(",") if q.strip())


def _hash(algorithm: str, text: str) -> str:
    return hashlib.new(_HASHES[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _has_control(text: str) -> bool:
    return any(ord(c) < 0x20 or ord(c) == 0x7F for c in text)
