"""A small OpenID provider: discovery, keys, codes with PKCE, signed tokens, userinfo. It can be told to misbehave."""

from __future__ import annotations

import asyncio
import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import unquote, urlencode

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

CLIENT, SECRET = "camkeeper", "a secret: with % and / in it"
Key = RSAKey | ECKey | OKPKey
KEYS: Mapping[str, Key] = {
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"}),
}


class _AsItIs(jws.JWSRegistry):
    """Signs with whatever it is told to."""

    def get_alg(self, name: str) -> Any:
        return self.algorithms[name]


def sign(claims: Mapping[str, Any], algorithm: str, key: Any, **header: Any) -> str:
    registry = _AsItIs(strict_check_header=False)
    return jws.serialize_compact({"alg": algorithm, **header}, json.dumps(claims), key, registry=registry)


def unsigned(claims: Mapping[str, Any]) -> str:
    def part(value: object) -> str:
        return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}."


def hmac_by_public_key(claims: Mapping[str, Any]) -> str:
    """Return the oldest trick: an HMAC whose key everybody can read."""
    pem = KEYS["RS256"].as_pem(private=False)
    assert isinstance(pem, bytes)
    return sign(claims, "HS256", OctKey.import_key(urlsafe_b64encode(pem).decode()), kid="rsa")


@dataclass(slots=True, kw_only=True)
class Provider:
    """Its state, and knobs for what it gets wrong."""

    now_s: Callable[[], int]
    algorithm: str = "RS256"
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "u-1", "preferred_username": "李工", "groups": ["camkeeper-tech", "staff"]}
    )
    said: dict[str, Any] = field(default_factory=dict)
    """Over the claims of the id token; None takes one away."""
    document: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str] = field(default_factory=dict)
    """Over the fields of the way back."""
    make: Callable[[Mapping[str, Any]], str] | None = None
    keys: dict[str, Any] | None = None
    userinfo: dict[str, Any] | None = None
    raw: dict[str, bytes] = field(default_factory=dict)
    """An address and what it answers instead."""
    redirects: set[str] = field(default_factory=set)
    slow: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    issuer: str = ""
    shows_page: bool = False
    """A page with a link back, as where somebody types a password; else it sends the browser back at once."""

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._knobs])
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/jwks", self._jwks)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._userinfo)
        return app

    @web.middleware
    async def _knobs(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path in self.redirects:
            raise web.HTTPFound("/elsewhere")
        if request.path in self.slow:
            await asyncio.sleep(30)
        if request.path in self.raw:
            return web.Response(body=self.raw[request.path], content_type="application/json")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _discovery(self, _: web.Request) -> web.Response:
        base = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA", "HS256", "none"],
        }
        return web.json_response({**base, **self.document})

    async def _jwks(self, _: web.Request) -> web.Response:
        return web.json_response(self.keys or {"keys": [key.as_dict(private=False) for key in KEYS.values()]})

    async def _authorize(self, request: web.Request) -> web.Response:
        fields = dict(request.query)
        assert (fields["response_type"], fields["code_challenge_method"]) == ("code", "S256")
        assert (fields["client_id"], fields["scope"]) == (CLIENT, "openid profile")
        code = secrets.token_urlsafe(16)
        self.codes[code] = fields
        back = {"code": code, "state": fields["state"], "iss": self.issuer, **self.answer}
        way = f"{fields['redirect_uri']}?{urlencode({k: v for k, v in back.items() if v})}"
        if self.shows_page:
            return web.Response(text=f'<a href="{escape(way)}">back</a>', content_type="text/html")
        raise web.HTTPFound(way)

    async def _token(self, request: web.Request) -> web.Response:
        sent = await request.post()
        user, _, password = b64decode(request.headers["Authorization"].split()[1]).decode().partition(":")
        if (unquote(user), unquote(password)) != (CLIENT, SECRET):
            return web.json_response({"error": "invalid_client"}, status=401)
        asked = self.codes.pop(str(sent["code"]), None)
        digest = urlsafe_b64encode(sha256(str(sent["code_verifier"]).encode()).digest()).rstrip(b"=").decode()
        good = asked is not None and (digest, sent["redirect_uri"]) == (asked["code_challenge"], asked["redirect_uri"])
        if asked is None or not good:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"id_token": self._id_token(asked["nonce"]), "access_token": "at", "expires_in": 60})

    def _id_token(self, nonce: str) -> str:
        now_s = self.now_s()
        about = {**self.person, "iss": self.issuer, "aud": CLIENT, "nonce": nonce, "iat": now_s, "exp": now_s + 300}
        claims = {k: v for k, v in {**about, **self.said}.items() if v is not None}
        if self.make is not None:
            return self.make(claims)
        key = KEYS["RS256" if self.algorithm == "PS256" else self.algorithm]
        return sign(claims, self.algorithm, key, kid=key.kid)

    async def _userinfo(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer at"
        return web.json_response(self.userinfo or {"sub": self.person["sub"]})


@asynccontextmanager
async def providing(now_s: Callable[[], int], *, host: str = "127.0.0.1") -> AsyncIterator[tuple[Provider, TestServer]]:
    """Serve one on a port of its own."""
    provider = Provider(now_s=now_s)
    server = TestServer(provider.app())
    async with server:
        provider.issuer = f"http://{host}:{server.port}"
        yield provider, server
