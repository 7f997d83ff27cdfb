"""Asks every route of a served board as every role, for one's own village and for others', and notes what leaks."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from aiohttp import ClientResponse, FormData
from aiohttp.test_utils import TestClient, TestServer
from tests.dashboards.canary_past import PastCanaryTown
from tests.dashboards.canary_town import CARE, CONTRACTORS, DIGEST, DOWN_MS, VILLAGES, CanaryTown
from tests.dashboards.conftest import Client
from tests.dashboards.people import Person, opened, person
from tests.dashboards.township import AT_MS

from camboard.app import create_app
from camboard.route import PUBLIC, Route
from camboard.routes import ROUTES
from camboard.settings import BoardSettings
from camkeeper.access import Access
from camkeeper.clock import SimulatedClock
from camkeeper.model.access import EVERYTHING, Role, Scope
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
            "/devices/": self._device,
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
    def _device(self) -> str:
        return f"{self.village}-{CARE[self.village][0]}-0"

    @property
    def _asked(self) -> Mapping[str, str]:
        """What pages want to know that have no thing in their address."""
        return {
            "/why": f"?site={self.village}&month=2026-11",
            "/api/v1/why": f"?site={self.village}&month=2026-11",
            "/trend": f"?device={self._device}&month=2026-11",
            "/api/v1/trend": f"?device={self._device}&month=2026-11",
        }


HERE = Place(village="zqa", incident="I000010", number="100")
BESIDE = Place(village="zqb", incident="I000011", number="101")
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


@asynccontextmanager
async def door(folder: Path, past: tuple[Path, Past]) -> AsyncIterator[Door]:
    """Serve the canary town on 127.0.0.1, with an account or a token of every principal."""
    clock, town = SimulatedClock(wall_ms=AT_MS + 3000), PastCanaryTown(path=past[0], kept=past[1])
    settings = BoardSettings(clock=clock, heartbeat_s=0.5)
    with opened(folder, clock) as access:
        people = {name: await person(access, name, role, scope) for name, (role, scope) in PRINCIPALS.items()}
        async with TestClient(TestServer(create_app(town, settings=settings, access=access))) as client:
            yield Door(town=town, access=access, client=client, people=people)


def told_by(body: bytes) -> str:
    """Return what an answer says; a workbook is read as its sheets."""
    if not body.startswith(b"PK"):
        return body.decode(errors="replace")
    with ZipFile(BytesIO(body)) as book:
        return "\n".join(book.read(name).decode(errors="replace") for name in book.namelist())


def leaks_in(text: str, words: tuple[str, ...]) -> list[str]:
    plain = text + json.dumps(text)
    return [word for word in words if word in plain]


@dataclass(kw_only=True)
class Found:
    """What a round of questions came to."""

    asked: int = 0
    shown: int = 0
    """Answers that showed something."""
    refused: int = 0
    leaks: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Answers with another status than the route's rule wants, and steps that took effect."""

    def note(self, where: str, got: ClientResponse, text: str, words: tuple[str, ...]) -> None:
        """Look for words that this asker must not see, in the body and in the headers."""
        self.asked += 1
        self.shown += got.status == 200
        self.refused += got.status >= 400
        if found := leaks_in(text, words) + leaks_in(str(got.headers), words):
            self.leaks.append(f"{where}: {found}")
        if got.status >= 500 and got.status != 503:
            self.wrong.append(where)


KEEPING = frozenset(
    {
        "/", "/fragments/board", "/devices", "/fragments/devices", "/incidents", "/fragments/incidents", "/orders",
        "/fragments/orders", "/orders/route", "/map", "/wall/data", "/audit", "/doctor", "/reports",
        "/fragments/reports",
    }
)  # fmt: skip
"""Addresses, beside the pages of months, whose answers are kept between requests."""


def keeps(line: Route) -> bool:
    """Return whether what a route writes is kept for the next who asks."""
    month = line.path.startswith(("/reports/{month", "/fragments/reports/{month")) and not re.search(
        r"\.(csv|json|pdf|xlsx)$", line.path
    )
    return line.path in KEEPING or month


async def reading(
    door: Door,
    name: str,
    places: Sequence[Place] = (HERE, BESIDE, THERE),
    *,
    meant: Callable[[Route], bool] = lambda _: True,
) -> Found:
    """Ask every route that reads, or those that are meant, for each place."""
    who, out = door.people[name], Found()
    words = foreign(who.scope)
    for line in ROUTES:
        if line.writes or line.path == "/events" or not meant(line):
            continue
        for place in places:
            path = place.path(line)
            headers = {**who.headers, "Accept": "application/json" if "/api/" in path else "text/html"}
            async with door.client.get(path, headers=headers, allow_redirects=False) as got:
                text = told_by(await got.read())
            where = f"{name} {path} {got.status}"
            out.note(where, got, text, words)
            if line.may is PUBLIC:
                continue
            if (got.status == 403) != (not line.open_to(who.role)):
                out.wrong.append(where)
            if got.status == 200 and place.village in words and path != HERE.path(line):
                out.wrong.append(f"{where}: what is outside isn't there")
    return out


async def steps(door: Door, name: str) -> Found:
    """Try every step about a village that isn't one's own; none may have an effect."""
    who, out = door.people[name], Found()
    before, accounts, tokens = door.town.writes(), len(door.access.accounts()), len(door.access.tokens())
    for line in ROUTES:
        if not line.writes or line.path in {"/login", "/logout", "/account"}:
            continue
        path = THERE.path(line)
        for step in ("acknowledge", "accept", "end", "reset") if line.path.count("/") == 2 else ("accept",):
            body = _filled(line, step)
            async with door.client.post(path, data=body, headers={**who.headers, **SENT}, allow_redirects=False) as got:
                text = (await got.read()).decode(errors="replace")
            where = f"{name} {path} {got.status}"
            out.note(where, got, text, foreign(who.scope))
            if got.status < 400 or (not line.open_to(who.role) and got.status != 403):
                out.wrong.append(where)
    if door.town.writes() != before or (len(door.access.accounts()), len(door.access.tokens())) != (accounts, tokens):
        out.wrong.append(f"{name}: a step took effect")
    return out


def _filled(line: Route, step: str) -> Mapping[str, str] | FormData:
    if line.path.endswith("/photo"):
        form = FormData()
        form.add_field("by", "李某")
        form.add_field("photo", b"\xff\xd8\xff\xe0" + b"0" * 64, filename="a.jpg")
        return form
    return {**STEP, "step": step, "name": "新人", "role": "admin", "sites": "zqc", "kind": "maintenance"}


async def stranger(door: Door) -> Found:
    """Ask everything as nobody: all that isn't public wants a login, and nothing is done."""
    out, before = Found(), door.town.writes()
    for line in ROUTES:
        if line.may is PUBLIC:
            continue
        path, headers = HERE.path(line), {"Accept": "text/html"}
        method, sent = ("POST", STEP) if line.writes else ("GET", None)
        asked = {**headers, **(SENT if line.writes else {})}
        async with door.client.request(method, path, data=sent, headers=asked, allow_redirects=False) as got:
            text = await got.text()
        where = f"nobody {path} {got.status}"
        # The way back after the login is the address that was asked for, and no more.
        said = {k: v for k, v in got.headers.items() if k != "Location"}
        out.note(where, got, text + str(said), ())
        if found := leaks_in(text + str(said), VILLAGES):
            out.leaks.append(f"{where}: {found}")
        apart = path.startswith(("/api/", "/fragments/", "/events", "/metrics"))
        if got.status != (401 if apart else 303) or not (apart or got.headers["Location"].startswith("/login")):
            out.wrong.append(where)
    if door.town.writes() != before:
        out.wrong.append("nobody: a step took effect")
    return out


async def canaries(door: Door, name: str = "tech-all") -> set[str]:
    """Return the routes that show the words to who sees everything: otherwise nothing could be found above."""
    who, seen = door.people[name], set()
    for line in ROUTES:
        if line.writes or line.path == "/events" or not line.open_to(who.role):
            continue
        path = THERE.path(line)
        headers = {**who.headers, "Accept": "application/json" if "/api/" in path else "text/html"}
        async with door.client.get(path, headers=headers) as got:
            if got.status == 200 and leaks_in(told_by(await got.read()), ("zqc", "yktwo")):
                seen.add(line.path)
    return seen
