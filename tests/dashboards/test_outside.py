"""Sign-in through an identity provider: the whole way over sockets, and what attackers and broken providers try."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from joserfc.jwk import RSAKey
from tests.dashboards.conftest import Client
from tests.dashboards.people import KEEPER, PASSWORD, opened, person
from tests.dashboards.township import AT_MS, Township
from tests.monitor.oidc.provider import CLIENT, KEYS, SECRET, Provider, hmac_by_public_key, providing, sign, unsigned

from camboard.app import create_app
from camboard.settings import BoardSettings
from camkeeper.access import Access
from camkeeper.clock import SimulatedClock
from camkeeper.model.access import EVERYTHING, Role, Scope
from camkeeper.model.login import OidcSetting
from camkeeper.oidc import Outside
from camkeeper.oidc.token import SKEW_S
from camkeeper.standing.access import AuditRecord, NotSignedIn, Sent

HTML = {"Accept": "text/html"}


class Town(Township):
    """A township that has a provider."""

    def __init__(self, outside: Outside) -> None:
        super().__init__()
        self._outside = outside

    def outside(self) -> Outside:
        return self._outside


@dataclass(slots=True, kw_only=True)
class House:
    """A board with accounts, its provider, and a browser that keeps cookies."""

    access: Access
    client: Client
    provider: Provider
    server: TestServer
    clock: SimulatedClock
    setting: OidcSetting | None

    async def get(self, path: str) -> ClientResponse:
        return await self.client.get(path, headers=HTML, allow_redirects=False)

    async def leave(self, there: str = "/") -> str:
        """Press the button; return where the provider is."""
        got = await self.get(f"/login/outside?next={there}")
        assert got.status == 303, await got.text()
        return got.headers["Location"]

    async def back(self, there: str = "/") -> str:
        """Go there and sign in; return the path on which the provider sends the browser back."""
        async with self.client.session.get(await self.leave(there), allow_redirects=False) as got:
            assert got.status == 302
            way = urlsplit(got.headers["Location"])
        assert way.path == "/login/return"
        return f"{way.path}?{way.query}"

    async def sign_in(self, there: str = "/") -> ClientResponse:
        return await self.get(await self.back(there))

    async def last(self) -> AuditRecord:
        (entry,) = await self.access.audit(before=None, count=1)
        return entry


def setting_of(issuer: str) -> OidcSetting:
    return OidcSetting(
        name="县统一认证",
        issuer=issuer,
        client_id=CLIENT,
        secret_ref="env:OIDC",
        role_claim="groups",
        roles=(("camkeeper-admin", Role.ADMIN), ("camkeeper-tech", Role.TECHNICIAN), ("repair", Role.CONTRACTOR)),
        contractor_claim="company",
        contractors=(("anfang", "anfang"), ("other", "other")),
    )


@pytest.fixture(name="house")
async def _house(tmp_path: Path) -> AsyncIterator[House]:
    clock = SimulatedClock(wall_ms=AT_MS + 3000, elapsed_ms=10**9)
    async with providing(lambda: clock.wall_ms() // 1000) as (provider, server):
        setting = setting_of(provider.issuer)
        outside = Outside(lambda: house.setting, secret_behind=lambda _: SECRET, clock=clock)
        with opened(tmp_path, clock) as access:
            app = create_app(Town(outside), settings=BoardSettings(clock=clock), access=access)
            async with TestClient(TestServer(app)) as client:
                house = House(
                    access=access, client=client, provider=provider, server=server, clock=clock, setting=setting
                )
                yield house


def _told(text: str) -> str:
    (told,) = re.findall(r'role="alert">([^<]*)<', text)
    return str(told)


async def _refused(house: House, why: str, *, way: str | None = None) -> str:
    """Try to come in; nobody is in, and the log has the word. Return what people read."""
    got = await (house.sign_in() if way is None else house.get(way))
    text = await got.text()
    assert got.status in {403, 429}, text
    assert "camkeeper" not in got.cookies
    assert got.cookies["camkeeper-outside"].value == "", "the way is used up"
    entry = await house.last()
    assert (entry.what, entry.detail) == ("login_refused", f"oidc {why}")
    assert entry.address == "127.0.0.1"
    assert not [a for a in house.access.accounts() if a.outside]
    return _told(text)


async def test_the_whole_way_in_and_again(house: House) -> None:
    async with house.client.get("/login?next=/map", headers=HTML) as page:
        assert '<a class="button outside" href="/login/outside?next=%2Fmap"' in await page.text()
    url = await house.leave("/map?site=v03")
    asked = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(house.provider.issuer)
    assert asked["redirect_uri"].endswith("/login/return")
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    got = await house.sign_in("/map?site=v03")
    text = await got.text()
    assert got.status == 200
    assert '<meta http-equiv="refresh" content="0;url=/map?site=v03">' in text
    cookie = got.cookies["camkeeper"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    async with house.client.get("/", headers=HTML) as page:
        assert "李工" in await page.text()
    (made,) = house.access.accounts()
    assert (made.name, made.role, made.scope, made.outside) == (
        "李工", Role.TECHNICIAN, EVERYTHING, house.provider.issuer
    )  # fmt: skip
    entry = await house.last()
    assert (entry.what, entry.by, entry.detail, entry.address) == ("login", "李工", "oidc", "127.0.0.1")
    house.provider.person["groups"] = "camkeeper-admin"
    assert (await house.sign_in()).status == 200
    assert [a.role for a in house.access.accounts()] == [Role.ADMIN], "what it says now"


async def test_the_way_there_is_lax_short_and_http_only(house: House) -> None:
    got = await house.get("/login/outside")
    cookie = got.cookies["camkeeper-outside"]
    assert (cookie["samesite"], cookie["httponly"], cookie["max-age"], cookie["path"]) == ("Lax", True, "600", "/")
    assert "form-action 'self'" in got.headers["Content-Security-Policy"]
    assert house.client.session.cookie_jar.filter_cookies(house.client.make_url("/"))


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_algorithms_that_count(house: House, algorithm: str) -> None:
    house.provider.algorithm = algorithm
    assert (await house.sign_in()).status == 200


async def test_an_answer_to_somebody_elses_question(house: House) -> None:
    way = await house.back()
    house.client.session.cookie_jar.clear()
    await house.leave()  # this browser has a way of its own
    await _refused(house, "wrong_state", way=way)
    await _refused(house, "stale", way=await _without_cookie(house))


async def _without_cookie(house: House) -> str:
    way = await house.back()
    house.client.session.cookie_jar.clear()
    return way


async def test_an_answer_counts_once(house: House) -> None:
    way = await house.back()
    jar = {c.key: c.value for c in house.client.session.cookie_jar}
    assert (await house.get(way)).status == 200
    headers = {**HTML, "Cookie": f"camkeeper-outside={jar['camkeeper-outside']}"}
    house.client.session.cookie_jar.clear()
    async with house.client.get(way, headers=headers) as got:
        assert got.status == 403
    assert (await house.last()).detail == "oidc stale"


async def test_a_code_that_was_used_elsewhere(house: House) -> None:
    way = await house.back()
    house.provider.codes.clear()
    await _refused(house, "code_refused", way=way)


async def test_too_late(house: House) -> None:
    way = await house.back()
    house.clock.advance(600_001)
    await _refused(house, "stale", way=way)


async def test_a_field_that_comes_twice_says_two_things(house: House) -> None:
    await _refused(house, "wrong_state", way=await house.back() + "&state=x")


BAD: Mapping[str, tuple[dict[str, Any], str]] = {
    "nonce": ({"nonce": "another"}, "bad_claims"),
    "no nonce": ({"nonce": None}, "bad_claims"),
    "other aud": ({"aud": "another-client"}, "bad_claims"),
    "two aud, no azp": ({"aud": [CLIENT, "another"]}, "bad_claims"),
    "other azp": ({"azp": "another"}, "bad_claims"),
    "issuer": ({"iss": "https://other.example"}, "bad_claims"),
    "issuer with a slash": ({"iss": "{issuer}/"}, "bad_claims"),
    "expired": ({"exp": AT_MS // 1000 + 3 - SKEW_S}, "bad_claims"),
    "exp is text": ({"exp": "99999999999"}, "bad_claims"),
    "exp is true": ({"exp": True}, "bad_claims"),
    "no exp": ({"exp": None}, "bad_claims"),
    "exp is no number": ({"exp": float("nan")}, "bad_claims"),
    "from the future": ({"iat": AT_MS // 1000 + 3 + SKEW_S + 1}, "bad_claims"),
    "older than the question": ({"iat": AT_MS // 1000 + 3 - SKEW_S - 1}, "bad_claims"),
    "not yet": ({"nbf": AT_MS // 1000 + 3 + SKEW_S + 1}, "bad_claims"),
    "at_hash": ({"at_hash": "x"}, "bad_claims"),
    "no sub": ({"sub": None}, "bad_claims"),
    "sub is a number": ({"sub": 7}, "bad_claims"),
    "no name": ({"preferred_username": None}, "no_name"),
    "no role": ({"groups": ["staff"]}, "no_role"),
    "role is no text": ({"groups": {"camkeeper-tech": True}}, "no_role"),
    "no contractor": ({"groups": ["repair"]}, "no_contractor"),
    "two contractors": ({"groups": ["repair"], "company": ["anfang", "other"]}, "no_contractor"),
}


@pytest.mark.parametrize("name", BAD)
async def test_claims_that_let_nobody_in(house: House, name: str) -> None:
    said, why = BAD[name]
    house.provider.said = {
        k: v.replace("{issuer}", house.provider.issuer) if isinstance(v, str) else v for k, v in said.items()
    }
    told = await _refused(house, why)
    assert told
    async with house.client.get("/login?lang=en") as page:
        assert page.status == 200


async def test_within_the_skew_it_counts(house: House) -> None:
    now_s = house.clock.wall_ms() // 1000
    house.provider.said = {"exp": now_s - SKEW_S + 1, "iat": now_s + SKEW_S}
    assert (await house.sign_in()).status == 200


def _by_own_key(claims: Mapping[str, Any]) -> str:
    return sign(claims, "RS256", RSAKey.generate_key(2048), kid="rsa")


def _brings_its_key(claims: Mapping[str, Any]) -> str:
    key = RSAKey.generate_key(2048)
    return sign(claims, "RS256", key, kid="rsa", jwk=key.as_dict(private=False))


def _without_signature(claims: Mapping[str, Any]) -> str:
    good = sign(claims, "RS256", KEYS["RS256"], kid="rsa")
    return good.rpartition(".")[0] + "."


def _critical(claims: Mapping[str, Any]) -> str:
    return sign(claims, "RS256", KEYS["RS256"], kid="rsa", crit=["b64"], b64=True)


def _other_key_type(claims: Mapping[str, Any]) -> str:
    return sign(claims, "ES256", KEYS["ES256"], kid="rsa")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (unsigned, "bad_algorithm"),
        (hmac_by_public_key, "bad_algorithm"),
        (_by_own_key, "bad_signature"),
        (_brings_its_key, "bad_signature"),
        (_without_signature, "bad_signature"),
        (_critical, "bad_signature"),
        (_other_key_type, "bad_signature"),
        (lambda _: "a.b", "bad_signature"),
        (lambda _: "e30." * 10_000, "bad_signature"),
        (lambda _: "ä.b.c", "bad_signature"),
    ],
)
async def test_signatures_that_are_none(house: House, make: Callable[[Mapping[str, Any]], str], why: str) -> None:
    house.provider.make = make
    await _refused(house, why)


async def test_answers_of_another_issuer(house: House) -> None:
    house.provider.answer = {"iss": "https://other.example"}
    await _refused(house, "mixed_up")
    house.provider.answer = {"iss": ""}
    house.provider.document = {"authorization_response_iss_parameter_supported": True}
    house.clock.advance(3_600_001)
    await _refused(house, "mixed_up")


async def test_the_provider_says_no(house: House) -> None:
    house.provider.answer = {"code": "", "error": "access_denied", "error_description": "<b>x</b>"}
    assert "没有放行" in await _refused(house, "denied")


@pytest.mark.parametrize("next_", ["//evil.example", "https://evil.example/", "/\\evil.example", "/login/outside"])
async def test_nobody_is_led_elsewhere(house: House, next_: str) -> None:
    text = await (await house.sign_in(next_)).text()
    assert 'content="0;url=/">' in text
    assert "evil" not in text


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "https://other.example/token"},
        {"jwks_uri": "http://127.0.0.1:1/jwks"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "http://u:p@127.0.0.1/x"},
        {"token_endpoint": None},
    ],
)
async def test_a_document_that_leads_elsewhere(house: House, document: dict[str, Any]) -> None:
    house.provider.document = document
    got = await house.get("/login/outside")
    assert got.status == 403
    assert (await house.last()).detail == "oidc unfit"


@pytest.mark.parametrize("what", ["huge", "many", "no json", "a list", "oct", "short rsa", "redirect"])
async def test_keys_that_are_none(house: House, what: str) -> None:
    why = "unfit"
    public = KEYS["RS256"].as_dict(private=False)
    if what == "huge":
        house.provider.raw["/jwks"] = b'{"keys": [' + b" " * 200_000 + b"]}"
    elif what == "many":
        house.provider.keys = {"keys": [public] * 65}
    elif what == "no json":
        house.provider.raw["/jwks"] = b"[" * 100_000
    elif what == "a list":
        house.provider.raw["/jwks"] = b"[]"
    elif what == "oct":
        house.provider.keys, why = {"keys": [{"kty": "oct", "k": "AAAA", "kid": "rsa"}]}, "bad_signature"
    elif what == "short rsa":
        house.provider.keys = {"keys": [{**public, "n": "AAAA" * 80 + str(public["n"])[:20]}]}
    else:
        house.provider.redirects.add("/jwks")
        why = "unreachable"
    await _refused(house, why)
    assert "/elsewhere" not in house.provider.asked


async def test_a_new_key_is_asked_for_once_a_minute(house: House) -> None:
    house.provider.keys = {"keys": [KEYS["ES256"].as_dict(private=False)]}
    await _refused(house, "bad_signature")
    house.provider.keys = None
    await _refused(house, "bad_signature")
    house.clock.advance(60_001)
    assert (await house.sign_in()).status == 200
    assert house.provider.asked.count("/jwks") == 2


async def test_userinfo_counts_for_the_same_person_only(house: House) -> None:
    house.provider.said = {"groups": None, "company": "anfang"}
    house.provider.userinfo = {"sub": "u-2", "groups": ["camkeeper-admin"]}
    await _refused(house, "bad_claims")
    house.provider.userinfo = {"sub": "u-1", "groups": ["repair"], "company": "other", "preferred_username": "x"}
    assert (await house.sign_in()).status == 200
    (made,) = house.access.accounts()
    assert (made.name, made.role) == ("李工", Role.CONTRACTOR)
    assert made.scope == Scope(contractor_id="anfang"), "what is signed comes first"


async def test_a_provider_that_is_down_leaves_passwords(house: House) -> None:
    await person(house.access, "li", Role.TECHNICIAN)
    await house.server.close()
    for _ in range(2):
        got = await house.get("/login/outside?next=/map")
        text = await got.text()
        assert got.status == 403
        assert "密码登录" in _told(text)
    key = re.findall(r'name="key" value="(\w+)"', text)[0]
    sent = {"key": key, "next": "/map", "name": "li", "password": PASSWORD}
    async with house.client.post("/login", data=sent, headers=HTML, allow_redirects=False) as done:
        assert (done.status, done.headers["Location"]) == (303, "/map")


async def test_a_provider_that_does_not_answer_in_time(house: House) -> None:
    outside = Outside(lambda: house.setting, secret_behind=lambda _: SECRET, clock=house.clock, timeout_s=0.5)
    app = create_app(Town(outside), settings=BoardSettings(clock=house.clock), access=house.access)
    async with TestClient(TestServer(app)) as client:
        house.client = client
        house.provider.slow.add("/token")
        await _refused(house, "unreachable")


async def test_a_crowd_before_a_slow_provider_is_told_to_wait(house: House) -> None:
    outside = Outside(lambda: house.setting, secret_behind=lambda _: SECRET, clock=house.clock, timeout_s=0.5)
    house.provider.slow.add("/.well-known/openid-configuration")
    made = await asyncio.gather(*(outside.begin(there="/", back="http://b/login/return") for _ in range(30)))
    whys = [m.why for m in made if isinstance(m, NotSignedIn)]
    assert (whys.count("busy"), whys.count("unreachable")) == (10, 20)
    assert house.provider.asked.count("/.well-known/openid-configuration") == 1, "asked once for all of them"
    house.provider.slow.clear()
    house.clock.advance(5_000)
    assert isinstance(await outside.begin(there="/", back="http://b/login/return"), Sent)


async def test_no_name_of_ours_is_taken_over_and_who_is_disabled_stays_out(house: House) -> None:
    house.provider.person["preferred_username"] = "boss"
    await person(house.access, "boss", Role.ADMIN)
    got = await house.sign_in()
    assert got.status == 403
    assert "同名" in _told(await got.text())
    house.provider.person["preferred_username"] = "李工"
    assert (await house.sign_in()).status == 200
    told = await house.access.change_account(KEEPER, "李工", role=Role.TECHNICIAN, scope=EVERYTHING, disabled=True)
    assert told.done
    assert (await house.sign_in()).status == 403
    assert (await house.last()).what == "login_refused"


async def test_where_none_is_configured_there_is_no_button(house: House) -> None:
    way = await house.back()
    setting, house.setting = house.setting, None
    async with house.client.get("/login", headers=HTML) as page:
        assert "/login/outside" not in await page.text()
    for path in ("/login/outside", way):
        assert (await house.get(path)).status == 404
    assert setting is not None
    house.setting = replace(setting, client_id="another")  # a way of the old one is none of the new one
    await _refused(house, "stale", way=way)


async def test_a_client_of_another_secret(house: House) -> None:
    outside = Outside(lambda: house.setting, secret_behind=lambda _: "wrong", clock=house.clock)
    app = create_app(Town(outside), settings=BoardSettings(clock=house.clock), access=house.access)
    async with TestClient(TestServer(app)) as client:
        house.client = client
        await _refused(house, "code_refused")
