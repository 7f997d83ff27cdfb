"""What the provider says of itself (OpenID Connect Discovery 1.0), as far as we believe it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from camkeeper.oidc.refusal import ProviderError, Refusal

_LONGEST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Its addresses, all on the issuer's own host."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str = ""
    algorithms: frozenset[str] = frozenset()
    """Of its id tokens; empty: it does not say."""
    secret_in_form: bool = False
    """It takes the client's secret among the fields only."""
    says_issuer: bool = False
    """Each answer of its names it (RFC 9207): one that does not is another's."""


def address_of(issuer: str) -> str:
    """Return where the document lies."""
    return f"{issuer.removesuffix('/')}/.well-known/openid-configuration"


def provider_of(document: Mapping[str, Any], issuer: str) -> Provider:
    """Return what is said; ProviderError where it is another issuer's, or leads to another host."""
    if document.get("issuer") != issuer:
        raise ProviderError(Refusal.UNFIT, "the document is another issuer's")
    ways = document.get("token_endpoint_auth_methods_supported")
    return Provider(
        issuer=issuer,
        authorization=_own(document, "authorization_endpoint", issuer),
        token=_own(document, "token_endpoint", issuer),
        keys=_own(document, "jwks_uri", issuer),
        userinfo=_own(document, "userinfo_endpoint", issuer) if "userinfo_endpoint" in document else "",
        algorithms=_words(document.get("id_token_signing_alg_values_supported")),
        secret_in_form=isinstance(ways, list) and "client_secret_basic" not in ways and "client_secret_post" in ways,
        says_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _own(document: Mapping[str, Any], key: str, issuer: str) -> str:
    """Return an address of the document: of the issuer's scheme, host and port, https unless this machine's."""
    text = document.get(key)
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or len(text) > _LONGEST:
        raise ProviderError(Refusal.UNFIT, f"{key} is missing or no address")
    try:
        there, own = urlsplit(text), urlsplit(issuer)
        same = (there.scheme, there.hostname, there.port) == (own.scheme, own.hostname, own.port)
    except ValueError:
        raise ProviderError(Refusal.UNFIT, f"{key} is no address") from None
    safe = there.scheme == "https" or (there.scheme == "http" and _is_here(there.hostname or ""))
    if not same or not safe or "@" in there.netloc or there.fragment or " " in text:
        raise ProviderError(Refusal.UNFIT, f"{key} is not on the issuer's own https host")
    return text


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _words(value: object) -> frozenset[str]:
    return frozenset(v for v in value if isinstance(v, str)) if isinstance(value, list) else frozenset()
