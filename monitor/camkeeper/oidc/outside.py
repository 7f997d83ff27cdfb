"""The way out to the provider and back, for the board."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import structlog

from camkeeper.clock import Clock
from camkeeper.model.login import OidcSetting
from camkeeper.oidc import fetch
from camkeeper.oidc.discovery import Provider, address_of, provider_of
from camkeeper.oidc.fetch import Ask
from camkeeper.oidc.flow import LASTS_S, Flow, Seals, challenge
from camkeeper.oidc.kept import AGAIN_MS, Kept
from camkeeper.oidc.person import lacks, person_of
from camkeeper.oidc.refusal import ProviderError, Refusal, told
from camkeeper.standing.access import NotSignedIn, Sent, Vouched

AT_ONCE, WAITING = 4, 16
MAX_USED = 2_000
_MAX_CODE = 2_048
T = TypeVar("T")
_log = structlog.get_logger(__name__)


class Outside:
    """One configured provider. One owner, the event loop.

    `setting`: what is configured now; None: nothing. `secret_behind` reads a reference and raises ValueError.
    `clock` is the machine's own: what another machine stamped is compared with it.
    """

    def __init__(
        self,
        setting: Callable[[], OidcSetting | None],
        *,
        secret_behind: Callable[[str], str],
        clock: Clock,
        timeout_s: float = fetch.TIMEOUT_S,
    ) -> None:
        self._ask = partial(fetch.ask, timeout_s=timeout_s)
        self._setting, self._secret_behind, self._clock = setting, secret_behind, clock
        self._seals = Seals(secrets.token_bytes(32))
        self._used: OrderedDict[str, None] = OrderedDict()
        self._slots, self._inside = asyncio.Semaphore(AT_ONCE), 0
        self._provider: Kept[Provider] = Kept(clock)
        self._keys: Kept[dict[str, Any]] = Kept(clock)

    @property
    def name(self) -> str:
        """What people call the provider; empty where there is none, and no button then."""
        setting = self._setting()
        return "" if setting is None else setting.name

    async def begin(self, *, there: str, back: str) -> Sent | NotSignedIn:
        """Return where to send a browser. `there`: where it wants to go in the end; `back`: our address of `finish`."""
        setting = self._setting()
        if setting is None:
            return told(Refusal.OFF)
        try:
            provider = await self._bounded(lambda: self._known(setting))
        except ProviderError as error:
            return _said(error)
        flow, cookie = self._seals.new(_key_of(setting), there=there, now_ms=self._clock.wall_ms())
        fields = {
            "response_type": "code",
            "client_id": setting.client_id,
            "redirect_uri": back,
            "scope": " ".join(setting.scopes),
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": challenge(flow.verifier),
            "code_challenge_method": "S256",
        }
        sign = "&" if "?" in provider.authorization else "?"
        url = f"{provider.authorization}{sign}{urlencode(fields, quote_via=quote)}"
        return Sent(url=url, secret=cookie, lasts_s=LASTS_S)

    async def finish(self, cookie: str, answer: Mapping[str, str], *, back: str) -> Vouched | NotSignedIn:
        """Return whom the provider vouches for. `answer`: the fields of the address; `back`: as at `begin`."""
        setting = self._setting()
        if setting is None:
            return told(Refusal.OFF)
        flow = self._seals.open(_key_of(setting), cookie, now_ms=self._clock.wall_ms())
        if flow is None or flow.id in self._used:
            return told(Refusal.STALE)
        if not hmac.compare_digest(answer.get("state", "").encode(errors="replace"), flow.state.encode()):
            return told(Refusal.WRONG_STATE)
        self._use(flow)
        try:
            return await self._bounded(lambda: self._vouched(setting, flow, answer, back))
        except ProviderError as error:
            return _said(error)

    async def _vouched(
        self, setting: OidcSetting, flow: Flow, answer: Mapping[str, str], back: str
    ) -> Vouched | NotSignedIn:
        provider = await self._known(setting)
        if answer.get("iss", "" if provider.says_issuer else provider.issuer) != provider.issuer:
            return told(Refusal.MIXED_UP)
        code = answer.get("code", "")
        if "error" in answer or not code or len(code) > _MAX_CODE or not code.isascii():
            return told(Refusal.DENIED)
        tokens = await self._ask(self._exchange(setting, provider, flow, code=code, back=back))
        claims = await self._claims(setting, provider, flow, tokens)
        person = person_of(claims, setting, there=flow.there)
        return told(person) if isinstance(person, Refusal) else person

    def _exchange(self, setting: OidcSetting, provider: Provider, flow: Flow, *, code: str, back: str) -> Ask:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": flow.verifier,
            "client_id": setting.client_id,
        }
        if not setting.secret_ref:
            return Ask(url=provider.token, form=fields)
        try:
            secret = self._secret_behind(setting.secret_ref)
        except ValueError as error:  # SecretError: it names the remedy, never what was read
            raise ProviderError(Refusal.NO_SECRET, str(error)) from None
        if provider.secret_in_form:
            return Ask(url=provider.token, form={**fields, "client_secret": secret})
        pair = f"{quote(setting.client_id, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
        return Ask(url=provider.token, form=fields, authorization=f"Basic {b64encode(pair.encode()).decode()}")

    async def _claims(
        self, setting: OidcSetting, provider: Provider, flow: Flow, tokens: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return verified claims; those of the userinfo address too, where something is missing and it is the same."""
        from camkeeper.oidc import token

        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise ProviderError(Refusal.UNFIT, "no id token")
        keys = await self._keys_for(setting, provider, token.key_wanted(id_token))
        expected = token.Expected(
            issuer=provider.issuer,
            client_id=setting.client_id,
            nonce=flow.nonce,
            begun_ms=flow.begun_ms,
            now_ms=self._clock.wall_ms(),
            access_token=access_token,
            algorithms=provider.algorithms,
        )
        claims = token.verified(id_token, keys, expected)
        if not provider.userinfo or not lacks(claims, setting):
            return claims
        if not access_token.isascii() or not access_token.isprintable():
            raise ProviderError(Refusal.UNFIT, "access token")
        more = await self._ask(Ask(url=provider.userinfo, authorization=f"Bearer {access_token}"))
        if more.get("sub") != claims["sub"]:
            raise ProviderError(Refusal.BAD_CLAIMS, "userinfo is somebody else's")
        return more | claims

    async def _known(self, setting: OidcSetting) -> Provider:
        async def read() -> Provider:
            return provider_of(await self._ask(Ask(url=address_of(setting.issuer))), setting.issuer)

        return await self._provider.get(_key_of(setting), read)

    async def _keys_for(self, setting: OidcSetting, provider: Provider, kid: str) -> dict[str, Any]:
        from camkeeper.oidc import token

        async def read() -> dict[str, Any]:
            return await self._ask(Ask(url=provider.keys, most=fetch.MAX_KEYS))

        keys = await self._keys.get(_key_of(setting), read)
        if not token.has_key(keys, kid):
            keys = await self._keys.get(_key_of(setting), read, keep_ms=AGAIN_MS)
        return keys

    async def _bounded(self, run: Callable[[], Awaitable[T]]) -> T:
        if self._inside >= AT_ONCE + WAITING:
            raise ProviderError(Refusal.BUSY)
        self._inside += 1
        try:
            async with self._slots:
                return await run()
        finally:
            self._inside -= 1

    def _use(self, flow: Flow) -> None:
        """Let an answer count once: the newest are remembered, and the provider takes no code twice either."""
        self._used[flow.id] = None
        while len(self._used) > MAX_USED:
            self._used.popitem(last=False)


def _key_of(setting: OidcSetting) -> str:
    return f"{setting.issuer}\n{setting.client_id}"


def _said(error: ProviderError) -> NotSignedIn:
    _log.warning("oidc_refused", why=error.why.value, detail=error.detail)
    return told(error.why)
