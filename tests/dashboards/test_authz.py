"""Every route, as every role, for one's own village and for others': nothing of them is there, and nothing is done."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient, TestServer
from tests.dashboards.canary_past import PastCanaryTown, write_past
from tests.dashboards.canary_town import CONTRACTORS, DIGEST, DOWN_MS, VILLAGES, CanaryTown
from tests.dashboards.conftest import Client
from tests.dashboards.people import PASSWORD, Person, opened, person
from tests.dashboards.township import AT_MS, device

from camboard.app import create_app
from camboard.route import PUBLIC, Route
from camboard.routes import ROUTES
from camboard.settings import BoardSettings
from camkeeper.access import Access
from camkeeper.clock import SimulatedClock
from camkeeper.model.access import EVERYTHING, Role, Scope
from camkeeper.model.status import Status
from camkeeper.standing.past import Past

OWN = Scope(site_ids=frozenset({"zqa"}))
CARED = Scope(contractor_id="ykone")
PRINCIPALS: Mapping[str, tuple[Role, Scope]] = {
    "admin-all": (Role.ADMIN, EVERYTHING),
    "tech-all": (Role.TECHNICIAN, EVERYTHING),
    "official-all": (Role.OFFICIAL, EVERYTHING),
    "county-all": (Role.COUNTY, EVERYTHING),
    "admin-zqa": (Role.ADMIN, OWN),
    "tech-zqa": (Role.TECHNICIAN, OWN),
    "official-zqa": (Role.OFFICIAL, OWN),
    "county-zqa": (Role.COUNTY, OWN),
    "repair-one": (Role.CONTRACTOR, CARED),
    "repair-one-zqa": (Role.CONTRACTOR, Scope(site_ids=frozenset({"zqa"}), contractor_id="ykone")),
    "screen-zqa": (Role.WALL, OWN),
    "metrics-zqa": (Role.METRICS, OWN),
}
SENT = {"Sec-Fetch-Site": "same-origin"}
STEP = {"by": "李某", "text": "说明", "unit": "单位", "why": "事由", "contractor": "ykone", "days": "30"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What an address is filled with: things of one village."""

    village: str
    incident: str
    number: str

    def path(self, line: Route) -> str:
        thing = {
            "/devices/": f"{self.village}-{'ykone' if self.village == 'zqa' else 'yktwo'}-0",
            "/incidents/": self.incident,
            "/sites/": self.village,
            "/windows/": f"w-{self.village}",
            "/channels/": "hook",
            "/tokens/": "nothing",
        }
        own = next((value for part, value in thing.items() if part in line.path), "x")
        digest = str(VILLAGES.index(self.village)) * 64 if "evidence" in line.path else DIGEST
        parts = {
            "{id}": own,
            "{step}": "end" if "windows" in line.path else "accept",
            "{number:[1-9][0-9]{0,8}}": self.number,
            "{number}": self.number,
            "{digest:[0-9a-f]{64}}": digest,
            "{digest}": digest,
            "{ticket}": "x",
            "{token}": "x",
            "{name}": "nobody",
        }
        out = line.path
        for name, value in parts.items():
            out = out.replace(name, value)
        out = re.sub(r"\{[a-z]+(:[^/]*)?\}", "x", re.sub(r"\{month:[^/]*?\}(?=\.|/|$)", "2026-11", out))
        return out + self._asked.get(line.path, "")

    @property
    def _asked(self) -> Mapping[str, str]:
        """What pages want to know that have no thing in their address."""
        device = f"{self.village}-{'ykone' if self.village == 'zqa' else 'yktwo'}-0"
        return {
            "/why": f"?site={self.village}&month=2026-11",
            "/api/v1/why": f"?site={self.village}&month=2026-11",
            "/trend": f"?device={device}&month=2026-11",
            "/api/v1/trend": f"?device={device}&month=2026-11",
        }


HERE = Place(village="zqa", incident="I000010", number="100")
THERE = Place(village="zqc", incident="I000012", number="102")


def foreign(scope: Scope) -> tuple[str, ...]:
    """Return the words that must not be in any reply."""
    if scope.whole:
        return ()
    words: list[str] = []
    villages = set(VILLAGES) - (scope.site_ids or ({"zqa", "zqb"} if scope.contractor_id == "ykone" else set()))
    for village in villages:
        words += [village, str(DOWN_MS[village]), str(2 * DOWN_MS[village])]
    if scope.contractor_id is not None:
        words += [c for c in CONTRACTORS if c != scope.contractor_id]
    return tuple(words)


@dataclass(slots=True, kw_only=True)
class Door:
    """A served board with accounts, and everybody signed in."""

    town: CanaryTown
    access: Access
    client: Client
    people: Mapping[str, Person]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Past]:
    """Return a ledger that nobody writes any more, and what was read of it."""
    path = tmp_path_factory.mktemp("past") / "town.ledger"
    return path, write_past(path)


@pytest.fixture
async def door(tmp_path: Path, past: tuple[Path, Past]) -> AsyncIterator[Door]:
    clock, town = SimulatedClock(wall_ms=AT_MS + 3000), PastCanaryTown(path=past[0], kept=past[1])
    settings = BoardSettings(clock=clock, heartbeat_s=0.5)
    with opened(tmp_path, clock) as access:
        people = {name: await person(access, name, role, scope) for name, (role, scope) in PRINCIPALS.items()}
        async with TestClient(TestServer(create_app(town, settings=settings, access=access))) as client:
            yield Door(town=town, access=access, client=client, people=people)


def _told(body: bytes) -> str:
    """Return what an answer says; a workbook is read as its sheets."""
    if not body.startswith(b"PK"):
        return body.decode(errors="replace")
    with ZipFile(BytesIO(body)) as book:
        return "\n".join(book.read(name).decode(errors="replace") for name in book.namelist())


def _leaks(text: str, words: tuple[str, ...]) -> list[str]:
    plain = text + json.dumps(text)
    return [word for word in words if word in plain]


@pytest.mark.parametrize("name", PRINCIPALS)
async def test_reading_shows_nothing_of_others(door: Door, name: str) -> None:
    who = door.people[name]
    words = foreign(who.scope)
    for line in ROUTES:
        if line.writes or line.path == "/events":
            continue
        for place in (HERE, THERE):
            path = place.path(line)
            headers = {**who.headers, "Accept": "application/json" if "/api/" in path else "text/html"}
            async with door.client.get(path, headers=headers, allow_redirects=False) as got:
                text = _told(await got.read())
                where = f"{name} {path} {got.status}"
                assert got.status < 500 or got.status == 503, where
                assert not _leaks(text, words), f"{where}: {_leaks(text, words)}"
                if line.may is not PUBLIC:
                    assert (got.status == 403) == (not line.open_to(who.role)), where
                if got.status == 200 and words and place is THERE and path != HERE.path(line):
                    assert line.may is PUBLIC, f"{where}: what is outside isn't there"


@pytest.mark.parametrize("name", PRINCIPALS)
async def test_steps_about_others_have_no_effect(door: Door, name: str) -> None:
    who = door.people[name]
    if who.scope.whole and who.role in {Role.ADMIN, Role.TECHNICIAN}:
        return
    before = door.town.writes()
    accounts, tokens = len(door.access.accounts()), len(door.access.tokens())
    for line in ROUTES:
        if not line.writes or line.path in {"/login", "/logout", "/account"}:
            continue
        path = THERE.path(line)
        steps = ("acknowledge", "accept", "end", "reset") if line.path.count("/") == 2 else ("accept",)
        for step in steps:
            fields = {**STEP, "step": step, "name": "新人", "role": "admin", "sites": "zqc", "kind": "maintenance"}
            body: Mapping[str, str] | FormData = fields
            if line.path.endswith("/photo"):
                form = FormData()
                form.add_field("by", "李某")
                form.add_field("photo", b"\xff\xd8\xff\xe0" + b"0" * 64, filename="a.jpg")
                body = form
            async with door.client.post(path, data=body, headers={**who.headers, **SENT}, allow_redirects=False) as got:
                text = (await got.read()).decode(errors="replace")
                assert got.status >= 400, f"{name} {path} {got.status}"
                assert not _leaks(text, foreign(who.scope)), f"{name} {path}"
                if not line.open_to(who.role):
                    assert got.status == 403, f"{name} {path} {got.status}"
    assert door.town.writes() == before
    assert (len(door.access.accounts()), len(door.access.tokens())) == (accounts, tokens)


async def test_nobody_reads_or_does_anything(door: Door) -> None:
    before = door.town.writes()
    for line in ROUTES:
        if line.may is PUBLIC:
            continue
        path, headers = HERE.path(line), {"Accept": "text/html"}
        ask = door.client.post(path, data=STEP, headers={**headers, **SENT}, allow_redirects=False)
        if not line.writes:
            ask = door.client.get(path, headers=headers, allow_redirects=False)
        async with ask as got:
            text = await got.text()
            assert not _leaks(text, VILLAGES), path
            apart = path.startswith(("/api/", "/fragments/", "/events", "/metrics"))
            assert got.status == (401 if apart else 303), path
            if not apart:
                assert got.headers["Location"].startswith("/login"), path
    assert door.town.writes() == before


@pytest.mark.parametrize("path", ["/api/v1/standing", "/wall/data", "/metrics", "/events"])
async def test_a_wrong_token_is_told_so(door: Door, path: str) -> None:
    headers = {"Authorization": "Bearer ck_nothing", "Accept": "text/html"}
    async with door.client.get(path, headers=headers, allow_redirects=False) as got:
        assert got.status == 401
        assert got.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/api/v1/devices", "/incidents", "/api/v1/sla", "/map"])
async def test_a_filter_by_a_foreign_site_finds_no_site(door: Door, path: str) -> None:
    async with door.client.get(f"{path}?site=zqc", headers=door.people["tech-zqa"].headers) as got:
        assert got.status == 404
        assert not _leaks(await got.text(), ("zqc",))


async def test_ones_own_steps_take_effect_under_ones_own_name(door: Door) -> None:
    who = door.people["tech-zqa"]
    body = {"by": "别人", "step": "acknowledge"}
    async with door.client.post(
        "/incidents/I000010", data=body, headers={**who.headers, **SENT}, allow_redirects=False
    ) as got:
        assert got.status == 303
    assert [act.by for act in door.town.acts] == ["tech-zqa"], "whatever the form says"
    (newest, *_) = await door.access.audit(before=None, count=1)
    assert (newest.what, newest.by, newest.target) == ("acknowledge", "tech-zqa", "I000010")


async def test_a_contractor_repairs_and_does_not_decide(door: Door) -> None:
    who = {**door.people["repair-one"].headers, **SENT}
    for step, status in (("accept", 303), ("cancel", 403), ("assign", 403)):
        body = {"step": step, "text": "理由", "contractor": "yktwo"}
        async with door.client.post("/orders/100", data=body, headers=who, allow_redirects=False) as got:
            assert got.status == status, step
    assert [act.by for act in door.town.acts] == ["repair-one"]


async def test_whom_an_order_was_given_to_sees_all_of_it(door: Door) -> None:
    two = await person(door.access, "repair-two", Role.CONTRACTOR, Scope(contractor_id="yktwo"))
    async with door.client.get("/api/v1/orders/110", headers=two.headers) as got:
        assert len((await got.json())["device_ids"]) == 6, "the line is theirs to repair, whoever hangs on it"
    async with door.client.get("/api/v1/devices", headers=two.headers) as got:
        assert not _leaks(await got.text(), ("ykone", "zqa")), "whose devices these are is another matter"


async def test_a_stream_names_no_foreign_device_and_ends_with_the_password(door: Door) -> None:
    who = door.people["tech-zqa"]
    async with door.client.get("/events", headers=who.headers) as stream, asyncio.timeout(20):
        assert (await stream.content.readline()).startswith(b"event")
        heard = b""
        for camera in ("zqc-yktwo-0", "zqa-ykone-0"):
            door.town.feed.publish(frozenset({camera, device("zqb-ykone-0", Status.UP).id}))
            await asyncio.sleep(0.4)
        while b"zqa-ykone-0" not in heard:
            heard += await stream.content.readany()
        assert not _leaks(heard.decode(), ("zqb", "zqc"))
        principal = door.access.by_session(who.secret)
        assert principal is not None
        await door.access.change_password(principal, PASSWORD, PASSWORD + "！")
        async with asyncio.timeout(2):
            await stream.content.read()
    async with door.client.get("/api/v1/standing", headers=who.headers) as got:
        assert got.status == 401


async def test_the_words_are_there_for_who_sees_everything(door: Door) -> None:
    # Otherwise the tests above would find nothing, whatever leaked.
    who = door.people["tech-all"]
    seen = set()
    for line in ROUTES:
        if line.writes or line.path == "/events" or not line.open_to(who.role):
            continue
        path = THERE.path(line)
        headers = {**who.headers, "Accept": "application/json" if "/api/" in path else "text/html"}
        async with door.client.get(path, headers=headers) as got:
            if got.status == 200 and _leaks(_told(await got.read()), ("zqc", "yktwo")):
                seen.add(line.path)
    assert len(seen) >= 40
    assert {"/why", "/trend", "/devices"} <= seen, "what is read from the ledger, too"
    assert any(path.startswith("/reports/") for path in seen)
