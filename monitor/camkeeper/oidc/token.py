"""The id token: whose signature it bears and what it must say (OpenID Connect Core 1.0, 3.1.3.7; RFC 8725).

Signatures are joserfc's, the claims' own rules Authlib's; the checks here are the narrower ones: which algorithms,
which key for which, a nonce that must be there, times against our own clock.
"""

from __future__ import annotations

import hmac
import json
import math
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from camkeeper.oidc.refusal import ProviderError, Refusal

SKEW_S = 60
MAX_TOKEN = 32 * 1024
MAX_KEYS = 64
MAX_SUBJECT = 255
_RSA_BITS = (2048, 8192)
_LONGEST_N, _LONGEST_E = 1_400, 6
"""In base64: more is slow to compute with, and a short modulus behind zeros is a short one."""
_Key = RSAKey | ECKey | OKPKey
_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "RS256": ("RSA", ""),
    "PS256": ("RSA", ""),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""Which kind of key an algorithm has. What isn't here is refused: none, and HMACs, whose key would be a public one."""


class _Registry(jws.JWSRegistry):
    """Takes EdDSA as it is: RFC 9864 renames it, providers still write it, and the curve is pinned above."""

    def get_alg(self, name: str) -> Any:
        if name not in _KINDS:
            raise ProviderError(Refusal.BAD_ALGORITHM)
        return self.algorithms[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token is held against."""

    issuer: str
    client_id: str
    nonce: str
    begun_ms: int
    """When the person was sent: no token is older."""
    now_ms: int
    access_token: str
    algorithms: frozenset[str]
    """What the provider says it signs with; empty: it does not say."""


def key_wanted(token: str) -> str:
    """Return the id of the key that a token names; empty where it names none. ProviderError where it is no token."""
    header = _header(token)
    kid = header.get("kid", "")
    if not isinstance(kid, str):
        raise ProviderError(Refusal.BAD_SIGNATURE, "kid is no text")
    return kid


def has_key(keys: Mapping[str, Any], kid: str) -> bool:
    """Return whether a key set has this key; an unnamed one is looked for by its kind."""
    listed = keys.get("keys")
    return not kid or (isinstance(listed, list) and any(isinstance(k, dict) and k.get("kid") == kid for k in listed))


def verified(token: str, keys: Mapping[str, Any], expected: Expected) -> dict[str, Any]:
    """Return the claims of an id token; ProviderError with the reason."""
    header = _header(token)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _KINDS:
        raise ProviderError(Refusal.BAD_ALGORITHM)
    if expected.algorithms and algorithm not in expected.algorithms:
        raise ProviderError(Refusal.BAD_ALGORITHM, "not one that the provider announces")
    key = _key(keys, key_wanted(token), algorithm)
    registry = _Registry(algorithms=[algorithm], strict_check_header=False)
    try:
        payload = jws.deserialize_compact(token, key, registry=registry).payload
        claims = json.loads(payload)
    except (JoseError, ValueError, RecursionError, TypeError) as error:
        raise ProviderError(Refusal.BAD_SIGNATURE, type(error).__name__) from None
    if not isinstance(claims, dict):
        raise ProviderError(Refusal.BAD_CLAIMS, "no object")
    _check(claims, header, expected)
    return claims


def _header(token: str) -> dict[str, Any]:
    if len(token) > MAX_TOKEN or not token.isascii() or token.count(".") != 2:
        raise ProviderError(Refusal.BAD_SIGNATURE, "no token")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, RecursionError, TypeError) as error:
        raise ProviderError(Refusal.BAD_SIGNATURE, type(error).__name__) from None
    # Keys and addresses that a token brings along (jwk, jku, x5u) are never looked at; what it calls critical we lack.
    if "crit" in header:
        raise ProviderError(Refusal.BAD_SIGNATURE, "crit")
    return dict(header)


def _key(keys: Mapping[str, Any], kid: str, algorithm: str) -> _Key:
    """Return the one key that this may be signed by."""
    kind, curve = _KINDS[algorithm]
    listed = keys.get("keys")
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise ProviderError(Refusal.UNFIT, "no key set, or one too large")
    fitting = [
        key
        for key in listed
        if isinstance(key, dict)
        and key.get("kty") == kind
        and (not curve or key.get("crv") == curve)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (not kid or key.get("kid") == kid)
    ]
    if len(fitting) != 1:
        raise ProviderError(Refusal.BAD_SIGNATURE, "no such key" if not fitting else "more than one such key")
    return _read(fitting[0], kind)


def _read(key: dict[str, Any], kind: str) -> _Key:
    # Only what makes a public key: a private one that somebody published is no better for it.
    parts = {name: key[name] for name in ("kty", "n", "e", "crv", "x", "y") if isinstance(key.get(name), str)}
    try:
        if kind == "RSA":
            n = parts.get("n", "")[:_LONGEST_N]
            bits = int.from_bytes(urlsafe_b64decode(n + "=" * (-len(n) % 4))).bit_length()
            if not _RSA_BITS[0] <= bits <= _RSA_BITS[1] or len(parts.get("e", "")) > _LONGEST_E:
                raise ProviderError(Refusal.UNFIT, f"RSA keys have {_RSA_BITS[0]} to {_RSA_BITS[1]} bits")
            return RSAKey.import_key(parts)
        return ECKey.import_key(parts) if kind == "EC" else OKPKey.import_key(parts)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderError(Refusal.UNFIT, f"key: {type(error).__name__}") from None


def _check(claims: dict[str, Any], header: dict[str, Any], expected: Expected) -> None:
    """Hold the claims against what was asked; ProviderError names the claim, never its value."""
    now_s, subject, audience = expected.now_ms // 1000, claims.get("sub"), claims.get("aud")
    good = {
        "iss": claims.get("iss") == expected.issuer,
        "sub": isinstance(subject, str) and 0 < len(subject) <= MAX_SUBJECT and subject.isprintable(),
        "aud": audience == expected.client_id or (isinstance(audience, list) and expected.client_id in audience),
        "exp": _seconds(claims.get("exp")) > now_s - SKEW_S,
        "iat": expected.begun_ms // 1000 - SKEW_S <= _seconds(claims.get("iat")) <= now_s + SKEW_S,
        "nbf": "nbf" not in claims or _seconds(claims["nbf"]) <= now_s + SKEW_S,
        "nonce": _same(claims.get("nonce"), expected.nonce),
    }
    bad = [name for name, is_good in good.items() if not is_good]
    if bad:
        raise ProviderError(Refusal.BAD_CLAIMS, " ".join(bad))
    params = {"client_id": expected.client_id, "nonce": expected.nonce, "access_token": expected.access_token}
    try:
        CodeIDToken(claims, header, params=params).validate(now=now_s, leeway=SKEW_S)
    except (JoseError, ValueError, TypeError) as error:
        detail = getattr(error, "claim", "") or type(error).__name__
        raise ProviderError(Refusal.BAD_CLAIMS, str(detail)) from None


def _seconds(value: object) -> float:
    """Return a NumericDate; not a number where it is none, so that no comparison with it holds."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _same(value: object, expected: str) -> bool:
    return isinstance(value, str) and hmac.compare_digest(value.encode(errors="replace"), expected.encode())
