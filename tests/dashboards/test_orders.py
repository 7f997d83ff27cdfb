"""Work orders on the board, over a real desk: photos and their enemies, rounds, the way to drive, channels."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.dashboards.conftest import Client
from tests.dashboards.order_town import ITEMS, OrderTown, order_town
from tests.peers.platform_stub import platform, says

from camboard.app import create_app
from camboard.settings import BoardSettings
from camkeeper.ledger import LedgerReader
from camkeeper.ledger.files import files_beside
from camkeeper.model.workorder import OrderState
from camkeeper.workorder.photo import MAX_BYTES

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 40
PEOPLE = {"Accept": "text/html"}


@pytest.fixture(name="town")
async def _town(tmp_path: Path) -> AsyncIterator[OrderTown]:
    async with order_town(tmp_path) as made:
        yield made


@pytest.fixture(name="client")
async def _client(town: OrderTown) -> AsyncIterator[Client]:
    app = create_app(town, settings=BoardSettings(clock=town.rig.clock))
    async with TestClient(TestServer(app)) as made:
        yield made


def sending(data: bytes, *, by: str = "王强", name: str = "a.jpg", kind: str = "image/jpeg") -> FormData:
    out = FormData()
    out.add_field("by", by)
    out.add_field("photo", io.BytesIO(data), filename=name, content_type=kind)
    return out


def kept(town: OrderTown) -> dict[str, bytes]:
    folder = files_beside(town.ledger)
    return {p.name: p.read_bytes() for p in folder.iterdir()} if folder.is_dir() else {}


async def send(client: Client, path: str, form: FormData, status: int, **headers: str) -> str:
    sent = {**PEOPLE, **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with client.post(path, data=form, headers=sent, allow_redirects=False) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return text


async def test_a_photo_from_the_phone_is_kept_opaque_and_given_back_as_a_file(client: Client, town: OrderTown) -> None:
    phone, digest = f"/i/{town.token}", hashlib.sha256(JPEG).hexdigest()
    await send(client, f"{phone}/photo", sending(JPEG, name="../../../etc/passwd\u202e.exe"), 303)
    assert kept(town) == {digest: JPEG}
    assert (files_beside(town.ledger) / digest).stat().st_mode & 0o077 == 0
    with LedgerReader(town.ledger) as reader:
        (photo,) = reader.orders().orders[2].photos
    assert (photo.digest, photo.size_bytes, photo.media_type) == (digest, len(JPEG), "image/jpeg")
    async with client.get(phone) as answer:
        page = await answer.text()
        assert len(await answer.read()) < 40_000
    assert "照片 1 张" in page
    assert "王强" in page
    assert "passwd" not in page
    for path in (f"{phone}/photos/{digest}", f"/orders/2/photos/{digest}", f"/api/v1/orders/2/photos/{digest}"):
        async with client.get(path) as answer:
            assert (answer.status, await answer.read()) == (200, JPEG)
            assert answer.headers["Content-Type"] == "image/jpeg"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Disposition"] == f'attachment; filename="WO-0002-{digest[:8]}.jpg"'
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
            assert "no-store" in answer.headers["Cache-Control"]
    for path in (f"/orders/1/photos/{digest}", f"/orders/2/photos/{'0' * 64}", f"/orders/2/photos/..%2f{digest}"):
        async with client.get(path) as answer:
            assert answer.status == 404
    async with client.get("/incidents/I000001") as answer:
        assert f"/orders/2/photos/{digest}" in await answer.text()
    (files_beside(town.ledger) / digest).write_bytes(b"changed")
    async with client.get(f"/orders/2/photos/{digest}") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"<html><script>alert(1)</script>", "image/jpeg", "不是照片"),
        (b"GIF89a" + bytes(100), "image/jpeg", "不是照片"),
        (b"%PDF-1.7", "image/png", "不是照片"),
        (b"\x00\x00\x00\x18ftypmp42", "image/heic", "不是照片"),
        (b"", "image/jpeg", "请先选择照片"),
    ],
)
async def test_what_is_no_photo_is_refused_whatever_it_says(
    client: Client, town: OrderTown, data: bytes, kind: str, words: str
) -> None:
    for path in (f"/i/{town.token}/photo", "/orders/2/photo", "/api/v1/orders/2/photo"):
        assert words in await send(client, path, sending(data, name="photo.jpg", kind=kind), 409)
    assert kept(town) == {}


async def test_a_photo_that_is_too_large_is_refused_on_its_way(client: Client, town: OrderTown) -> None:
    six_mb = JPEG[:16] + bytes(6 * 1024 * 1024)
    for path in (f"/i/{town.token}/photo", "/orders/2/photo"):
        assert "不能超过 5 MB" in await send(client, path, sending(six_mb), 413)
    assert "不能超过 5 MB" in await send(client, "/orders/2/photo", sending(JPEG + bytes(MAX_BYTES)), 413)

    async def unsaid() -> AsyncIterator[bytes]:  # chunked: no length in its header
        yield b'--x\r\nContent-Disposition: form-data; name="by"\r\n\r\na\r\n'
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n' + JPEG
        for _ in range(90):
            yield bytes(65_536)
        yield b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with client.post("/orders/2/photo", data=unsaid(), headers=headers) as answer:
        assert answer.status == 413
    assert kept(town) == {}


async def test_who_may_send_a_photo(client: Client, town: OrderTown) -> None:
    await send(client, "/orders/2/photo", sending(JPEG), 403, Origin="https://evil.example")
    await send(client, "/orders/2/photo", sending(JPEG), 403, Origin="null")
    await send(client, f"/i/{town.token}/photo", sending(JPEG), 403, Sec_Fetch_Site="cross-site")
    await send(client, f"/i/{town.token[:-1]}!/photo", sending(JPEG), 404)
    await send(client, "/orders/9/photo", sending(JPEG), 404)
    await send(client, "/orders/2/photo", sending(JPEG, by=" "), 400)
    assert kept(town) == {}
    async with client.get("/orders/2") as answer:
        keys = re.findall(r'name="key" value="(\w+)"', await answer.text())
    ours = FormData()
    ours.add_field("key", keys[-1])
    ours.add_field("by", "王强")
    ours.add_field("photo", JPEG, filename="x.jpg")
    await send(client, "/orders/2/photo", ours, 303, Origin="null")
    assert len(kept(town)) == 1


async def test_the_same_photo_twice_and_the_thirteenth(client: Client, town: OrderTown) -> None:
    await send(client, "/orders/2/photo", sending(JPEG), 303)
    assert "已经登记过了" in await send(client, "/orders/2/photo", sending(JPEG), 409)
    for n in range(11):
        await send(client, "/orders/2/photo", sending(JPEG + bytes([n])), 303)
    assert "已满 12 张" in await send(client, "/orders/2/photo", sending(JPEG + b"last"), 409)
    assert len(kept(town)) == 12


@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionHeader")
@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionParam")
async def test_crooked_bodies_are_the_senders_fault(client: Client) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    good = b'--x\r\nContent-Disposition: form-data; name="by"\r\n\r\na\r\n--x\r\nContent-Disposition: form-data; '
    good += b'name="photo"; filename="a"\r\n\r\n' + JPEG[:60] + b"\r\n--x--\r\n"

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(0, len(good)), st.binary(max_size=12), st.integers(0, len(good)))
    def tried(start: int, put: bytes, end: int) -> None:
        bodies.append(good[:start] + put + good[end:])

    bodies: list[bytes] = []
    tried()
    for body in {*bodies, b"", b"--x--", b"--x\r\n\r\n", good.replace(b"filename", b"filename*")}:
        async with client.post("/api/v1/orders/2/photo", data=body, headers=headers) as answer:
            assert answer.status in {200, 400, 408, 409, 413}, (answer.status, body)
    for kind in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=x", "text/plain"):
        async with client.post("/api/v1/orders/2/photo", data=good, headers={"Content-Type": kind}) as answer:
            assert answer.status in {400, 415}, kind


async def test_a_round_is_walked_and_signed_and_stands_apart_from_repairs(client: Client) -> None:
    async with client.get("/orders") as answer:
        page = await answer.text()
    assert "WO-0001 立杆箱体巡检" in page
    assert "未完工单 1 张" in page
    async with client.get("/api/v1/orders") as answer:
        month: Any = (await answer.json())["month"]
    assert (month["faults"], month["inspections"]["due"], month["inspections"]["signed"]) == (1, 1, 0)
    fields = {"by": "李巡", "step": "sign", "item.1": "good", "item.2": "bad", "note.2": "接地线松动", "item.3": "good"}
    for step in ("accept", "on_site"):
        async with client.post("/orders/1", data={"by": "李巡", "step": step}, allow_redirects=False) as answer:
            assert answer.status == 303
    async with client.get("/orders/1") as answer:
        page = await answer.text()
    assert all(item in page for item in ITEMS)
    for lacking in ({"item.3": ""}, {"note.2": " "}):
        async with client.post("/orders/1", data={**fields, **lacking}, headers=PEOPLE) as answer:
            assert answer.status == 409
            assert "每一项都要填" in await answer.text()
    async with client.post("/orders/1", data=fields, allow_redirects=False) as answer:
        assert answer.status == 303
    await asyncio.sleep(0.6)
    async with client.get("/api/v1/orders/1") as answer:
        order: Any = await answer.json()
    assert (order["state"], order["name"], order["signature"]["name"]) == ("closed", "立杆箱体巡检", "李巡")
    assert [f["good"] for f in order["signature"]["findings"]] == [True, False, True]
    async with client.get("/api/v1/orders") as answer:
        month = (await answer.json())["month"]
    assert (month["faults"], month["inspections"]["signed"], month["inspections"]["bad_items"]) == (1, 1, 1)
    async with client.get("/metrics") as answer:
        text = await answer.text()
    assert 'camkeeper_inspections{state="signed"} 1.0' in text
    assert 'camkeeper_orders_overdue{kind="repair"} 0.0' in text


async def test_an_order_is_given_to_another_contractor(client: Client, town: OrderTown) -> None:
    path = "/incidents/I000001"
    async with client.get(path) as answer:
        assert '<option value="other">乙维保单位</option>' in await answer.text()
    fields = {"by": "李值班", "step": "assign", "contractor": "other", "text": "甲单位车坏了"}
    async with client.post(path, data=fields, allow_redirects=False) as answer:
        assert answer.status == 303
    view = town.room.order(2)
    assert view is not None
    assert (view.order.contractor_id, view.order.state) == ("other", OrderState.ASSIGNED)
    async with client.post("/api/v1/orders/2/assign", json={"by": "x", "contractor": "nobody"}) as answer:
        assert answer.status == 409
    async with client.post("/api/v1/orders/2/assign", json={"by": "x", "contractor": "other"}) as answer:
        assert answer.status == 409


async def test_the_way_is_a_sheet_from_the_depot(client: Client) -> None:
    async with client.get("/orders/route?contractor=weibao") as answer:
        page = await answer.text()
    assert "<h3>1. v1 " in page  # the figures' township has no such village
    assert "1,234 m²" in page
    assert "从驻地出发" in page
    async with client.get("/api/v1/orders/route?contractor=weibao") as answer:
        way: Any = await answer.json()
    (stop,) = way["stops"]
    assert (stop["site_id"], stop["orders"][0]["id"], stop["orders"][0]["gain"]["places"]) == ("v1", "WO-0002", 1.5)
    assert stop["leg_m"] == pytest.approx(3696, abs=5)
    async with client.get("/api/v1/orders/route?contractor=other") as answer:
        assert (await answer.json())["stops"] == []
    for path in ("/orders/route?contractor=nobody", "/api/v1/orders/route?contractor=nobody"):
        async with client.get(path) as answer:
            assert answer.status == 404


@pytest.mark.parametrize(
    ("body", "shape", "code"),
    [('{"errcode":0,"errmsg":"ok"}', "✓", "0"), ('{"errcode":93000,"errmsg":"invalid webhook url"}', "✗", "93000")],
)
async def test_a_test_letter_shows_the_platforms_own_word(tmp_path: Path, body: str, shape: str, code: str) -> None:
    async with platform(says(body)) as stub, order_town(tmp_path, url=stub.url) as town:
        app = create_app(town, settings=BoardSettings(clock=town.rig.clock))
        async with TestClient(TestServer(app)) as client:
            async with client.get("/settings") as answer:
                assert "值班群" in await answer.text()
            path = "/settings/channels/hook"
            async with client.post(path, data={"by": "李值班"}, headers={"Origin": "https://evil.example"}) as answer:
                assert answer.status == 403
            assert stub.asked == []
            async with client.post(path, data={"by": "李值班"}) as answer:
                page = await answer.text()
            assert f"{shape} " in page
            assert code in re.findall(r"测试消息: ([^<]*)", page)[0]
            assert len(stub.asked) == 1
            async with client.post(path, data={"by": "李值班"}) as answer:
                assert "秒后再试" in await answer.text()
            assert len(stub.asked) == 1
            async with client.post("/settings/channels/none", data={"by": "李值班"}) as answer:
                assert answer.status == 404


@pytest.mark.parametrize("path", ["/orders", "/orders/1", "/orders/2", "/orders/route", "/settings"])
async def test_pages_speak_english_too_and_renew_themselves(client: Client, path: str) -> None:
    for address in (f"{path}?lang=en", f"/fragments{path}?lang=en"):
        async with client.get(address) as answer:
            assert answer.status == 200
            assert "Content-Security-Policy" in answer.headers
