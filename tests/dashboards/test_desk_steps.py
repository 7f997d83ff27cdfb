"""Steps by form and by API: who may take them, what is taken, and how a refusal is told."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from aiohttp import FormData
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboards.conftest import Client
from tests.dashboards.desk_town import TOKEN, DeskTown

from camboard import form
from camkeeper.standing.desk import Action

PHONE, STORY = f"/i/{TOKEN}", "/incidents/I000123"
ACK, ACCEPT = "/api/v1/incidents/I000123/ack", "/api/v1/orders/931/accept"
POSTS = (PHONE, STORY, ACK, ACCEPT)
PEOPLE = {"Accept": "text/html"}


@pytest.fixture
def town() -> DeskTown:
    return DeskTown()


async def post(client: Client, path: str, fields: dict[str, str], status: int, **headers: str) -> str:
    sent = {"Accept": "text/html", **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with client.post(path, data=fields, headers=sent, allow_redirects=False) as answer:
        assert answer.status == status, await answer.text()
        return await answer.text()


async def test_from_acceptance_to_repair_on_the_phone(client: Client, town: DeskTown) -> None:
    for step, action in (("accept", Action.ACCEPT), ("on_site", Action.ON_SITE), ("repaired", Action.REPAIRED)):
        async with client.post(PHONE, data={"by": " 王\u202e强 ", "step": step}, allow_redirects=False) as answer:
            assert answer.status == 303
            assert answer.headers["Location"] == PHONE
            cookie = answer.cookies["by"]
            assert (cookie["samesite"], cookie["httponly"]) == ("Lax", True)
        assert town.acts[-1].action is action
        assert (town.acts[-1].by, town.acts[-1].order_number) == ("王强", 931)
    async with client.get(PHONE) as answer:
        html = await answer.text()
    assert "报修复，待核验" in html
    assert len(re.findall("✓ (接单|到场|修复)<small>11-21 21:15:00 王强", html)) == 3
    assert "<button" not in html
    async with client.get("/incidents") as answer:
        assert '<td class="owner">王强<small>21:15</small></td>' in await answer.text()


async def test_the_name_is_remembered(client: Client) -> None:
    await post(client, PHONE, {"by": '王"强', "step": "accept"}, 303)
    async with client.get(PHONE) as answer:
        assert 'value="王&#34;强"' in await answer.text()


async def test_a_refused_step_is_told_in_both_languages(client: Client, town: DeskTown) -> None:
    html = await post(client, PHONE, {"by": "王强", "step": "repaired"}, 409)
    assert "现在还不能走这一步：先接单" in html
    assert 'value="王强"' in html
    english = await post(client, f"{STORY}?lang=en", {"by": "王强", "step": "repaired"}, 409)
    assert "Not in turn: accept it first" in english
    async with client.post("/api/v1/orders/931/repaired", json={"by": "王强"}) as answer:
        assert answer.status == 409
        said = (await answer.json())["error"]
        assert (said["zh"], said["en"]) == ("现在还不能走这一步：先接单", "Not in turn: accept it first")
    assert {act.action for act in town.acts} == {Action.REPAIRED}


async def test_acknowledged_on_the_page_is_no_step_of_the_order(client: Client, town: DeskTown) -> None:
    await post(client, STORY, {"by": "李值班", "step": "acknowledge", "text": "我来\n看看"}, 303)
    (act,) = town.acts
    assert (act.incident_id, act.order_number, act.text) == ("I000123", None, "我来 看看")
    await post(client, STORY, {"by": "另一人", "step": "acknowledge"}, 409)


async def test_the_api_takes_json_and_forms_of_programs(client: Client, town: DeskTown) -> None:
    async with client.post(ACK, json={"by": "cli"}) as answer:
        assert (answer.status, await answer.json()) == (200, {"done": True})
    async with client.post(ACCEPT, data={"by": "cli"}) as answer:
        assert answer.status == 200
    async with client.post("/api/v1/orders/931/note", json={"by": "cli", "text": "换了电源"}) as answer:
        assert answer.status == 200
    assert [(a.action, a.text) for a in town.acts][1:] == [(Action.ACCEPT, ""), (Action.NOTE, "换了电源")]
    async with client.get("/api/v1/incidents/I000123") as answer:
        body: Any = await answer.json()
    assert body["acknowledged_by"] == "cli"
    assert [step["step"] for step in body["steps"]] == ["opened", "assigned", "accepted", "noted"]
    assert "code" not in body
    async with client.get("/api/v1/orders") as answer:
        listed = (await answer.json())["orders"]
    assert [(o["id"], o["overdue"], o["state"]) for o in listed] == [
        ("WO-0930", True, "assigned"),
        ("WO-0931", True, "accepted"),
    ]
    async with client.get("/api/v1/incidents") as answer:
        desk = await answer.json()
    assert [i["id"] for i in desk["open"]] == ["I000121", "I000123", "I000118", "I000125"]
    assert desk["dead_letters"][0]["code"] == "93000"


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "file://"},
        {"Origin": "http://["},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Origin": "null", "Sec_Fetch_Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec_Fetch_Site": "same-origin"},
    ],
)
async def test_other_sites_cannot_act(client: Client, town: DeskTown, path: str, headers: dict[str, str]) -> None:
    html = await post(client, path, {"by": "x", "step": "accept"}, 403, **headers)
    assert "不是从本系统的页面发出的" in html
    assert town.acts == []


async def test_a_form_without_referrer_needs_its_key_or_the_browsers_word(client: Client, town: DeskTown) -> None:
    ours = f"http://{client.host}:{client.port}"
    fields = {"by": "王强", "step": "note", "text": "x"}
    await post(client, STORY, fields, 403, Origin="null")
    await post(client, STORY, {**fields, "key": "0" * 32}, 403, Origin="null")
    async with client.get("/incidents/I000121") as answer:
        other = re.findall(r'name="key" value="(\w+)"', await answer.text())[0]
    await post(client, STORY, {**fields, "key": other}, 403, Origin="null")
    assert town.acts == []
    async with client.get("/fragments" + STORY) as answer:
        key = re.findall(r'name="key" value="(\w+)"', await answer.text())[0]
    await post(client, STORY, {**fields, "key": key}, 303, Origin="null")
    await post(client, STORY, fields, 303, Origin="null", Sec_Fetch_Site="same-origin")
    await post(client, STORY, fields, 303, Origin=ours)
    await post(client, STORY, fields, 303, Origin=ours.replace("http:", "https:"), Sec_Fetch_Site="same-origin")
    await post(client, PHONE, {"by": "王强", "step": "accept"}, 303, Origin="null")  # its address is the secret
    await post(client, ACK, {"by": "王强"}, 403, Origin="null")
    assert len(town.acts) == 5


@pytest.mark.parametrize("path", POSTS)
async def test_bodies_that_are_not_taken(client: Client, town: DeskTown, path: str) -> None:
    wrong: tuple[tuple[bytes, str, int], ...] = (
        (b"by=x", "text/plain", 415),
        (b"by=x", "multipart/form-data; boundary=x", 415),
        (b"by=x", "application/octet-stream", 415),
        (b"by=%ff%fe&step=accept", "application/x-www-form-urlencoded", 400),
        (b"by=\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % n for n in range(40)), "application/x-www-form-urlencoded", 400),
        (b"by=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"{", "application/json", 400),
        (b"[" * 8000, "application/json", 400),
        (b'["by"]', "application/json", 400),
        (b'{"by": 7}', "application/json", 400),
        (b'{"by": {"a": "b"}}', "application/json", 400),
        (b"step=accept", "application/x-www-form-urlencoded", 400),
        (b"by=&step=accept", "application/x-www-form-urlencoded", 400),
        (b"by=%E2%80%AE&step=accept", "application/x-www-form-urlencoded", 400),
        (b"by=" + b"x" * 41 + b"&step=accept", "application/x-www-form-urlencoded", 400),
    )
    for body, content_type, status in wrong:
        async with client.post(path, data=body, headers={**PEOPLE, "Content-Type": content_type}) as answer:
            assert answer.status == status, (body[:40], content_type, await answer.text())
    assert town.acts == []


@pytest.mark.parametrize(
    ("path", "step", "status"),
    [
        (PHONE, "cancel", 400),
        (PHONE, "note", 400),
        (PHONE, "dance", 400),
        (PHONE, "", 400),
        (STORY, "dance", 400),
        ("/i/wrong", "accept", 404),
        ("/incidents/I999999", "accept", 404),
        ("/api/v1/incidents/I999999/ack", "", 404),
        ("/api/v1/orders/9999/accept", "", 404),
        ("/api/v1/orders/931/dance", "", 404),
        ("/api/v1/orders/%D9%A3/accept", "", 404),
        ("/api/v1/orders/99999999999999/accept", "", 404),
    ],
)
async def test_steps_that_are_none(client: Client, path: str, step: str, status: int) -> None:
    await post(client, path, {"by": "王强", "step": step}, status)


@pytest.mark.parametrize("path", [ACK, ACCEPT])
async def test_reading_where_only_steps_are_taken(client: Client, path: str) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        async with client.request(method, path) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/", "/incidents", "/orders", "/fragments/incidents", "/api/v1/incidents", "/events"])
async def test_no_other_page_takes_steps(client: Client, path: str) -> None:
    await post(client, path, {"by": "王强", "step": "accept"}, 405)


async def test_half_a_character_harms_nobody(client: Client, town: DeskTown) -> None:
    body = b'{"by": "\\ud800\\u738b", "key": "\\ud800", "text": "\\udfff", "step": "accept"}'
    headers = {"Content-Type": "application/json"}
    async with client.post(PHONE, data=body, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 303
    assert (town.acts[0].by, town.acts[0].text) == ("王", "")


async def test_multipart_is_not_read_at_all(client: Client, town: DeskTown) -> None:
    data = FormData()
    data.add_field("by", "x", filename="a.txt")
    async with client.post(PHONE, data=data) as answer:
        assert answer.status == 415
    assert town.acts == []


async def test_two_taps_at_once_are_one_step(client: Client, town: DeskTown) -> None:
    async def tap() -> int:
        async with client.post(PHONE, data={"by": "王强", "step": "accept"}, allow_redirects=False) as answer:
            return answer.status

    assert sorted(await asyncio.gather(tap(), tap())) == [303, 409]
    assert len(town.acts) == 2


@given(st.binary(max_size=300), st.sampled_from(["application/json", "application/x-www-form-urlencoded", "a/b"]))
def test_any_body_is_fields_or_a_told_refusal(body: bytes, content_type: str) -> None:
    status, fields = 0, {}
    try:
        fields = dict(form._fields(body, content_type))
    except form.Refused as refused:
        status = refused.status
    assert status in {0, 400, 415}
    assert all(isinstance(value, str) for value in fields.values())
