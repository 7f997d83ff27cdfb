"""A whole picture on request: who may, what is on record before anything is fetched, what is shown and how often."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from tests.dashboards.conftest import Client
from tests.dashboards.people import Person, opened, person
from tests.dashboards.picture_town import COVERED, GOOD, PictureTown
from tests.dashboards.test_device_pages import LOOK, post, text
from tests.dashboards.township import AT_MS

from camboard.app import create_app
from camboard.device.current import TRIES
from camboard.picture.wishes import GOOD_FOR_MS, MOST, Wishes
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.model.access import EVERYTHING, Role, Scope
from camkeeper.model.probing import Rung, Verdict
from camkeeper.model.view import Viewed
from camkeeper.standing.picture import Getting, ViewRequest, Wanted

ASK = f"/devices/{GOOD}/current"


@pytest.fixture
def town() -> PictureTown:
    return PictureTown()


async def test_it_is_on_record_fetched_and_shown_once(client: Client, town: PictureTown) -> None:
    assert ASK in await text(client, f"/devices/{GOOD}")
    there, _ = await post(client, ASK, LOOK, 303)
    assert [(r.what, r.who, r.unit, r.why) for r in town.register] == [(Viewed.ASKED, *LOOK.values())]
    waits = await text(client, there)
    assert "正在取画面" in waits
    assert f'<meta http-equiv="refresh" content="2;url={there}?n=2">' in waits
    assert "<img" not in waits
    async with client.get(f"{there}/picture") as early:
        assert early.status == 404
    town.give(AT_MS + 900)
    page = await text(client, f"{there}?n=2")
    for words in ("非实时", "拍摄于", LOOK["by"], LOOK["unit"], LOOK["why"]):
        assert words in page
    assert "refresh" not in page
    assert len(town.register) == 1
    async with client.get(f"{there}/picture") as shown:
        assert (shown.status, shown.content_type) == (200, "image/jpeg")
        assert town.whole is not None
        assert await shown.read() == town.whole.jpeg
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        assert shown.headers["Cache-Control"] == "no-store"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert [r.what for r in town.register] == [Viewed.SNAPSHOT, Viewed.ASKED]
    async with client.get(f"{there}/picture") as again:
        assert again.status == 404
    assert "已用过" in await text(client, there, 404)
    assert "申请取原图" in await text(client, "/views")
    assert "Asked for a full picture" in await text(client, "/views", english=True)


async def test_one_that_is_kept_is_shown_after_another_entry(client: Client, town: PictureTown) -> None:
    town.give(AT_MS - 7_000)
    there, _ = await post(client, ASK, {**LOOK, "which": "kept"}, 303)
    assert town.register == []
    assert "拍摄于" in await text(client, there)
    async with client.get(f"{there}/picture") as shown:
        assert shown.status == 200
    assert [r.what for r in town.register] == [Viewed.SNAPSHOT]


async def test_a_picture_that_is_replaced_meanwhile_is_not_shown_under_the_old_time(
    client: Client, town: PictureTown
) -> None:
    there, _ = await post(client, ASK, LOOK, 303)
    town.give(AT_MS + 900)
    await text(client, there)
    town.give(AT_MS + 9_000)
    async with client.get(f"{there}/picture") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("jpeg", [b"", b"<svg/>", b"\xff\xd8\xff"])
async def test_what_is_no_jpeg_is_not_served(client: Client, town: PictureTown, jpeg: bytes) -> None:
    there, _ = await post(client, ASK, LOOK, 303)
    town.give(AT_MS + 900, jpeg)
    await text(client, there)
    async with client.get(f"{there}/picture") as answer:
        assert answer.status == 404


async def test_waiting_ends_with_the_reason(client: Client, town: PictureTown) -> None:
    there, _ = await post(client, ASK, LOOK, 303)
    last = await text(client, f"{there}?n={TRIES}")
    assert "没有取到画面" in last
    assert "refresh" not in last
    town.waits = Wanted(state=Getting.NONE, rung=Rung.SNAPSHOT, verdict=Verdict.AUTH_REFUSED)
    assert "没有取到画面" in await text(client, there)
    assert "refused" in (await text(client, there, english=True)).lower()


async def test_too_soon_not_on_record_and_closed_sites_are_told_and_ask_nothing(
    client: Client, town: PictureTown
) -> None:
    town.soon = True
    _, page = await post(client, ASK, LOOK, 429)
    assert "请 10 秒后再试" in page
    town.soon, town.broken = False, True
    _, page = await post(client, ASK, LOOK, 409)
    assert "没有登记上" in page
    town.broken = False
    await post(client, f"/devices/{COVERED}/current", LOOK, 403)
    assert "/current" not in await text(client, f"/devices/{COVERED}")
    for lacks in ("by", "unit", "why"):
        await post(client, ASK, {**LOOK, lacks: " "}, 400)
    await post(client, "/devices/nobody/current", LOOK, 404)
    await post(client, ASK, LOOK, 403, Sec_Fetch_Site="cross-site")
    assert town.register == []


ROLES = {role: 303 if role in {Role.ADMIN, Role.TECHNICIAN} else 403 for role in Role}


@asynccontextmanager
async def door(tmp_path: Path, town: PictureTown) -> AsyncIterator[tuple[Client, dict[str, Person]]]:
    clock = SimulatedClock(wall_ms=AT_MS + 3000)
    with opened(tmp_path, clock) as access:
        people = {r.value: await person(access, r.value, r, EVERYTHING) for r in Role if r is not Role.CONTRACTOR}
        people["contractor"] = await person(access, "fixer", Role.CONTRACTOR, Scope(contractor_id="telecom"))
        people["elsewhere"] = await person(access, "elsewhere", Role.TECHNICIAN, Scope(site_ids=frozenset({"v02"})))
        settings = BoardSettings(clock=clock, heartbeat_s=0.5)
        async with TestClient(TestServer(create_app(town, settings=settings, access=access))) as client:
            yield client, people


async def test_only_who_runs_the_township_may_and_each_for_themselves(tmp_path: Path, town: PictureTown) -> None:
    async with door(tmp_path, town) as (client, people):
        tickets = {}
        for role, status in ROLES.items():
            who = people[role.value]
            async with client.post(
                ASK, data=LOOK, headers={**who.headers, "Sec-Fetch-Site": "same-origin"}, allow_redirects=False
            ) as answer:
                assert answer.status == status, role
                tickets[role] = answer.headers.get("Location", "")
            async with client.get(f"/devices/{GOOD}", headers=who.headers) as page:
                assert (page.status == 200 and "/current" in await page.text()) == (status == 303), role
        assert {r.who for r in town.register} == {"admin", "technician"}  # whatever the form said
        town.give(AT_MS + 900)
        async with client.get(tickets[Role.ADMIN], headers=people["technician"].headers) as strayed:
            assert strayed.status == 404
        async with client.get(tickets[Role.ADMIN], headers=people["admin"].headers) as own:
            assert own.status == 200
        outside = {**people["elsewhere"].headers, "Sec-Fetch-Site": "same-origin"}
        async with client.post(ASK, data=LOOK, headers=outside, allow_redirects=False) as answer:
            assert answer.status == 404


def test_tickets_are_few_short_and_of_one_session() -> None:
    clock = SimulatedClock(wall_ms=AT_MS)
    wishes = Wishes(clock)
    of = ViewRequest(who="李", unit="站", why="查", device_id="c")
    ticket = wishes.give(of, session="s", since_ms=0)
    assert wishes.look(ticket, "c", "t") is None
    assert wishes.look(ticket, "d", "s") is None
    assert wishes.take(ticket, "c", "s") is None  # there is no picture yet
    wishes.pin(ticket, 5)
    assert wishes.take(ticket, "c", "s") is not None
    assert wishes.look(ticket, "c", "s") is None
    old = wishes.give(of, session="s", since_ms=0)
    clock.advance(GOOD_FOR_MS)
    assert wishes.look(old, "c", "s") is None
    many = [wishes.give(of, session="s", since_ms=0) for _ in range(MOST + 1)]
    assert wishes.look(many[0], "c", "s") is None
    assert wishes.look(many[1], "c", "s") is not None
