"""Coming in and going out: forms that work without script, cookies that don't travel, links that aren't burnt."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import escape, unescape
from http.cookies import Morsel
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboards.conftest import Client
from tests.dashboards.people import KEEPER, PASSWORD, opened, person
from tests.dashboards.township import AT_MS, Township

from camboard.access.who import after_login
from camboard.app import create_app
from camboard.settings import BoardSettings
from camkeeper.access import Access
from camkeeper.clock import SimulatedClock
from camkeeper.model.access import EVERYTHING, PEOPLE, Role, Scope

HTML = {"Accept": "text/html"}


@dataclass(slots=True, kw_only=True)
class House:
    """A board with accounts, and a browser that keeps cookies."""

    access: Access
    client: Client

    async def form(self, path: str) -> dict[str, str]:
        """Return the hidden fields of a page's first form."""
        async with self.client.get(path, headers=HTML) as got:
            text = await got.text()
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text.partition("</form>")[0]))

    async def sign_in(self, name: str, password: str, *, there: str = "/") -> ClientResponse:
        fields = await self.form(f"/login?next={there}")
        sent = {**fields, "name": name, "password": password}
        return await self.client.post("/login", data=sent, headers=HTML, allow_redirects=False)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = SimulatedClock(wall_ms=AT_MS + 3000)
    settings = BoardSettings(clock=clock, proxies=frozenset({"127.0.0.1"}))
    with opened(tmp_path, clock) as access:
        async with TestClient(TestServer(create_app(Township(), settings=settings, access=access))) as client:
            yield House(access=access, client=client)


def _cookie(got: ClientResponse, name: str) -> Morsel[str]:
    return got.cookies[name]


async def test_in_by_password_and_out_again(house: House) -> None:
    await person(house.access, "li", Role.TECHNICIAN)
    async with house.client.get("/incidents?site=v03", headers=HTML, allow_redirects=False) as got:
        assert (got.status, got.headers["Location"]) == (303, "/login?next=/incidents%3Fsite%3Dv03")
    got = await house.sign_in("li", PASSWORD, there="/map")
    assert (got.status, got.headers["Location"]) == (303, "/map")
    cookie = _cookie(got, "camkeeper")
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Strict", "/", "")
    async with house.client.get("/", headers=HTML) as page:
        text = await page.text()
        assert page.status == 200
        assert "li" in text
        assert "技术员" in text
    key = re.search(r'action="/logout"><input type="hidden" name="key" value="(\w+)"', text)
    assert key is not None
    secret = cookie.value
    async with house.client.post("/logout", data={"key": key[1]}, allow_redirects=False) as out:
        assert (out.status, out.headers["Location"]) == (303, "/login")
    assert house.access.by_session(secret) is None


async def test_by_tls_the_cookie_is_the_hosts_alone(house: House) -> None:
    await person(house.access, "li", Role.TECHNICIAN)
    tls = {**HTML, "X-Forwarded-Proto": "https"}
    async with house.client.get("/login", headers=tls) as page:
        before = page.cookies["__Host-camkeeper-before"].value
        (key,) = re.findall(r'name="key" value="(\w+)"', await page.text())
    sent = {"key": key, "name": "li", "password": PASSWORD}
    headers = {**tls, "Cookie": f"__Host-camkeeper-before={before}"}
    async with house.client.post("/login", data=sent, headers=headers, allow_redirects=False) as got:
        cookie = _cookie(got, "__Host-camkeeper")
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    plain = {**tls, "Cookie": f"camkeeper={cookie.value}"}
    async with house.client.get("/api/v1/standing", headers=plain) as got:
        assert got.status == 401, "a neighbour may have planted a cookie without the prefix"


async def test_a_one_time_link_is_burnt_by_its_button_only(house: House) -> None:
    told = await house.access.add_account(KEEPER, "wang", Role.ADMIN, EVERYTHING)
    first = await house.sign_in("wang", told.secret)
    assert first.headers["Location"] == "/account"
    house.client.session.cookie_jar.clear()
    link = await house.access.first_link(KEEPER)
    assert link.done
    for _ in range(3):  # a chat's preview, a scanner, a second look
        fields = await house.form(f"/login?once={link.secret}")
        assert fields["once"] == link.secret
    for status in (303, 403):
        async with house.client.post("/login", data=fields, headers=HTML, allow_redirects=False) as got:
            assert got.status == status
        house.client.session.cookie_jar.clear()
        fields = {**fields, **await house.form(f"/login?once={link.secret}")}


async def test_until_a_password_is_set_nothing_else_is_open(house: House) -> None:
    told = await house.access.add_account(KEEPER, "zhao", Role.OFFICIAL, EVERYTHING)
    await house.sign_in("zhao", told.secret)
    async with house.client.get("/", headers=HTML, allow_redirects=False) as got:
        assert (got.status, got.headers["Location"]) == (303, "/account")
    async with house.client.get("/api/v1/standing") as got:
        assert got.status == 403
    fields = await house.form("/account")
    for new, again, status in (("短", "短", 409), (PASSWORD, "另一个", 409), (PASSWORD, PASSWORD, 303)):
        sent = {**fields, "new": new, "again": again}
        async with house.client.post("/account", data=sent, headers=HTML, allow_redirects=False) as got:
            assert got.status == status, new
    async with house.client.get("/api/v1/standing") as got:
        assert got.status == 200


async def test_who_did_not_see_the_form_signs_nobody_in(house: House) -> None:
    await person(house.access, "li", Role.TECHNICIAN)
    fields = await house.form("/login")
    sent = {**fields, "name": "li", "password": PASSWORD}
    elsewhere = {**HTML, "Origin": "http://evil.example"}
    async with house.client.post("/login", data=sent, headers=elsewhere, allow_redirects=False) as got:
        assert got.status == 403
        assert "camkeeper" not in got.cookies
    house.client.session.cookie_jar.clear()  # the key of somebody else's form
    async with house.client.post("/login", data=sent, headers={**HTML, "Origin": "null"}, allow_redirects=False) as got:
        assert got.status == 403
        assert "camkeeper" not in got.cookies


async def test_a_wrong_name_and_a_wrong_password_read_alike_and_are_slowed_down(house: House) -> None:
    await person(house.access, "li", Role.TECHNICIAN)
    texts = []
    for name in ("li", "nobody"):
        got = await house.sign_in(name, "不对的密码")
        assert got.status == 403
        (told,) = re.findall(r'role="alert">([^<]*)<', await got.text())
        texts.append(told)
    assert texts[0] == texts[1]
    for _ in range(20):
        got = await house.sign_in("li", "不对的密码")
    assert got.status == 429
    assert int(got.headers["Retry-After"]) > 0


async def test_a_session_form_needs_its_own_key(house: House) -> None:
    who = await person(house.access, "li", Role.TECHNICIAN)
    headers = {**who.headers, **HTML}
    for sent in ({}, {"key": "0" * 32}):
        async with house.client.post("/logout", data=sent, headers=headers, allow_redirects=False) as got:
            assert got.status == 403, "neither a key nor the browser vouches for it"
    assert house.access.by_session(who.secret) is not None


async def test_a_screen_leaves_no_secret_in_its_address(house: House) -> None:
    screen = await person(house.access, "hall", Role.WALL)
    async with house.client.get(f"/wall?token={screen.secret}", headers=HTML, allow_redirects=False) as got:
        assert (got.status, got.headers["Location"]) == (303, "/wall")
    async with house.client.get("/wall", headers=HTML) as got:
        assert got.status == 200
    for path in ("/", "/devices/cam-0000", "/api/v1/standing"):
        async with house.client.get(path, headers=HTML) as got:
            assert got.status == 403
    async with house.client.get("/wall?token=ck_nothing", headers=HTML, allow_redirects=False) as got:
        assert got.status == 403


@pytest.mark.parametrize("role", sorted(PEOPLE))
async def test_the_header_leads_only_where_one_may_go(house: House, role: Role) -> None:
    who = await person(house.access, "li", role)
    async with house.client.get("/", headers={**who.headers, **HTML}) as got:
        text = await got.text()
    assert got.status == 200
    links = set(re.findall(r'href="(/[a-z]*)["?#]', text)) - {"/", "/static"}
    for link in links:
        async with house.client.get(link, headers={**who.headers, **HTML}) as got:
            assert got.status == 200, link


async def test_accounts_are_made_and_ended_on_their_page(house: House) -> None:
    boss = await person(house.access, "boss", Role.ADMIN)
    headers = {**boss.headers, **HTML, "Sec-Fetch-Site": "same-origin"}
    sent = {"name": "wei", "role": "official", "sites": "v01"}
    async with house.client.post("/accounts", data=sent, headers=headers) as got:
        text = await got.text()
        assert got.status == 200
    (secret,) = re.findall(r"<code>([^<]+)</code>", text)
    async with house.client.get("/accounts", headers=headers) as got:
        assert secret not in await got.text(), "shown once"
    made = next(a for a in house.access.accounts() if a.name == "wei")
    assert made.scope.site_ids == frozenset({"v01"})
    sent = {"step": "change", "role": "official", "sites": "v01", "disabled": "1"}
    async with house.client.post("/accounts/wei", data=sent, headers=headers, allow_redirects=False) as got:
        assert got.status == 303
    assert next(a for a in house.access.accounts() if a.name == "wei").disabled
    for bad in ({"name": "x", "role": "king"}, {"name": "x", "role": "official", "sites": "nowhere"}):
        async with house.client.post("/accounts", data=bad, headers=headers) as got:
            assert got.status == 400


PLACES = re.compile(r'<select[^>]*name="sites"')


async def test_at_most_one_form_of_accounts_is_open(house: House) -> None:
    boss = await person(house.access, "boss", Role.ADMIN)
    await person(house.access, "li&co+1", Role.OFFICIAL, Scope(site_ids=frozenset({"v02"})))
    headers = {**boss.headers, **HTML}

    async def page(path: str) -> str:
        async with house.client.get(path, headers=headers) as got:
            assert got.status == 200, path
            return await got.text()

    bare = await page("/accounts")
    assert not PLACES.search(bare)
    links = [unescape(link) for link in re.findall(r'href="(/accounts\?(?:edit|new)=[^"]*)"', bare)]
    assert len(links) == len(house.access.accounts()) + 2
    for link in links:
        assert link.endswith("#form"), "there the reader is led"
        text = await page(link)
        assert len(PLACES.findall(text)) == len(re.findall(r'id="form"', text)) == 1, link
        assert 'href="/accounts"' in text, "and back"
        assert "lang=en" in text
    text = await page(next(link for link in links if "edit=li%26co%2B1#" in link))
    assert re.search(r'<option value="official" selected>', text)
    assert re.findall(r'<option value="(v[^"]*)" selected>', text) == ["v02"]
    for path, status in (("/accounts?edit=nobody", 404), ("/accounts?new=king", 400)):
        async with house.client.get(path, headers=headers) as got:
            assert got.status == status


async def test_what_was_refused_stands_in_its_form_again(house: House) -> None:
    boss = await person(house.access, "boss", Role.ADMIN)
    await person(house.access, "li", Role.OFFICIAL)
    headers = {**boss.headers, **HTML, "Sec-Fetch-Site": "same-origin"}
    program = {**boss.headers, "Sec-Fetch-Site": "same-origin"}
    scope = {"role": "contractor", "sites": "v02"}
    for path, sent in (
        ("/accounts", {"name": "wei <b>", **scope}),
        ("/accounts", {"name": "li", "role": "official", "sites": "v02"}),
        ("/accounts/li", {"step": "change", "disabled": "1", **scope}),
        ("/accounts/boss", {"step": "change", "role": "official", "sites": "v02"}),
        ("/tokens", {"name": "hall", "days": "30", **scope}),
    ):
        async with house.client.post(path, data=sent, headers=headers) as got:
            text = await got.text()
            assert got.status == 409, text
        (told,) = re.findall(r'role="alert">✗ ([^<]+)<', text)
        assert told
        (opened,) = re.findall(r'<form class="fields" id="form".*?</form>', text, re.DOTALL)
        assert told in opened, "beside what it is about"
        assert f'action="{path}#form"' in opened
        assert f'<option value="{sent["role"]}" selected>' in opened
        assert '<option value="v02" selected>' in opened
        if "name" in sent:
            assert f'value="{escape(sent["name"])}"' in opened
        if "days" in sent:
            assert '<option value="30" selected>' in opened
        assert ("checked" in opened) == ("disabled" in sent)
    assert {a.name for a in house.access.accounts()} == {"boss", "li"}
    assert house.access.tokens() == ()
    async with house.client.post("/accounts", data={"name": "wei", **scope}, headers=program) as got:
        assert got.status == 400, "programs are told"


async def test_the_log_says_from_where_accounts_were_changed(house: House) -> None:
    boss = await person(house.access, "boss", Role.ADMIN)
    headers = {**boss.headers, **HTML, "Sec-Fetch-Site": "same-origin", "X-Forwarded-For": "10.3.4.5"}
    role = {"role": "official", "sites": ""}
    steps = [
        ("/accounts", {"name": "wei", **role}, "account_add"),
        ("/accounts/wei", {"step": "change", **role}, "account_change"),
        ("/accounts/wei", {"step": "reset"}, "password_reset"),
        ("/tokens", {"name": "hall", "role": "wall", "days": "30"}, "token_new"),
        ("/tokens/{}", {}, "token_revoke"),
        ("/account", {"old": "x", "new": PASSWORD, "again": PASSWORD}, "password_refused"),
        ("/logout", {}, "logout"),
    ]
    for path, sent, word in steps:
        there = path.format(*(token.id for token in house.access.tokens()))
        async with house.client.post(there, data=sent, headers=headers, allow_redirects=False) as got:
            assert got.status in {200, 303, 409}, await got.text()
        (entry,) = await house.access.audit(before=None, count=1)
        assert (entry.what, entry.by, entry.address) == (word, "boss", "10.3.4.5")


async def test_an_open_board_says_so(client: Client) -> None:
    async with client.get("/", headers=HTML) as got:
        assert "未启用登录" in await got.text()
    for path in ("/login", "/account", "/accounts"):
        async with client.get(path, headers=HTML) as got:
            assert got.status == 404


@given(st.text(max_size=30) | st.from_regex(r"[/\\:a-z%.\t?#@]{0,12}", fullmatch=True))
def test_after_signing_in_nobody_is_led_elsewhere(text: str) -> None:
    there = after_login(text)
    assert there.startswith("/")
    assert not there.startswith(("//", "/\\"))
    assert there.isascii()
    assert not any(c.isspace() or ord(c) < 32 for c in there)


def test_where_one_wanted_to_go() -> None:
    assert after_login("/map?site=v03&night=1") == "/map?site=v03&night=1"
    for bad in ("//evil.example", "/\\evil.example", "https://evil.example/", "/login?once=x", "/a b", "/\t/evil", ""):
        assert after_login(bad) == "/"
