"""Every route, as every role, for one's own village and for others': nothing of them is there, and nothing is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.dashboards.authz import HERE, PRINCIPALS, SENT, Door, canaries, keeps, leaks_in, reading, steps, stranger
from tests.dashboards.authz import door as served
from tests.dashboards.canary_past import write_past
from tests.dashboards.people import PASSWORD, person
from tests.dashboards.township import device

from camkeeper.model.access import Role, Scope
from camkeeper.model.status import Status
from camkeeper.standing.past import Past


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Past]:
    """Return a ledger that nobody writes any more, and what was read of it."""
    path = tmp_path_factory.mktemp("past") / "town.ledger"
    return path, write_past(path)


@pytest.fixture(name="door")
async def _door(tmp_path: Path, past: tuple[Path, Past]) -> AsyncIterator[Door]:
    async with served(tmp_path, past) as made:
        yield made


@pytest.mark.parametrize("name", PRINCIPALS)
async def test_reading_shows_nothing_of_others(door: Door, name: str) -> None:
    found = await reading(door, name)
    assert (found.leaks, found.wrong) == ([], [])
    assert found.asked > 200


async def test_what_was_written_for_one_is_shown_to_no_other(door: Door) -> None:
    for names in (list(PRINCIPALS), list(PRINCIPALS)[::-1]):  # each after each other
        for name in names:
            found = await reading(door, name, (HERE,), meant=keeps)
            assert (found.leaks, found.wrong) == ([], []), name
            assert found.asked > 15


@pytest.mark.parametrize("name", PRINCIPALS)
async def test_steps_about_others_have_no_effect(door: Door, name: str) -> None:
    who = door.people[name]
    if who.scope.whole and who.role in {Role.ADMIN, Role.TECHNICIAN}:
        return
    found = await steps(door, name)
    assert (found.leaks, found.wrong) == ([], [])


async def test_nobody_reads_or_does_anything(door: Door) -> None:
    found = await stranger(door)
    assert (found.leaks, found.wrong) == ([], [])


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
        assert not leaks_in(await got.text(), ("zqc",))


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
        assert not leaks_in(await got.text(), ("ykone", "zqa")), "whose devices these are is another matter"


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
        assert not leaks_in(heard.decode(), ("zqb", "zqc"))
        principal = door.access.by_session(who.secret)
        assert principal is not None
        await door.access.change_password(principal, PASSWORD, PASSWORD + "！")
        async with asyncio.timeout(2):
            await stream.content.read()
    async with door.client.get("/api/v1/standing", headers=who.headers) as got:
        assert got.status == 401


async def test_the_words_are_there_for_who_sees_everything(door: Door) -> None:
    seen = await canaries(door)
    assert len(seen) >= 40
    assert {"/why", "/trend", "/devices"} <= seen, "what is read from the ledger, too"
    assert any(path.startswith("/reports/") for path in seen)
