"""Closing, amending and what a month costs, on the board without script: real server, real ledger, real signatures."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboards.report_town import FIRST, SECOND, TICK_MS
from tests.dashboards.seal_town import SealTown, seal_town

from camboard.app import create_app
from camboard.reports.acts import signatures_in
from camboard.reports.settle import yuan
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.keys.key import SigningKey
from camkeeper.ledger.amending import KIND
from camkeeper.model.contract import Party
from camkeeper.run.monthbook import Wanted, read_book
from camkeeper.standing.report import MonthState

Client = TestClient[Request, Application]
OWNER = SigningKey.new("镇政府")
FIRM = SigningKey.new("平安运维公司")
PARTIES = (
    Party(id="owner", name="镇政府", public_key=OWNER.public),
    Party(id="firm", name="平安运维公司", public_key=FIRM.public),
)
HERE = f"/reports/{FIRST}"


@asynccontextmanager
async def board(town: SealTown) -> AsyncIterator[Client]:
    settings = BoardSettings(clock=SimulatedClock(wall_ms=TICK_MS + 3000))
    async with TestClient(TestServer(create_app(town, settings=settings))) as client:
        yield client


async def page(client: Client, path: str, lang: str = "zh") -> str:
    answer = await client.get(path, params={"lang": lang})
    text = await answer.text()
    assert answer.status == 200, text[:500]
    assert "None" not in re.sub(r"<script.*?</script>", "", text)
    return text


def hidden(text: str) -> dict[str, str]:
    return {k: html.unescape(v) for k, v in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text)}


async def send(client: Client, path: str, fields: dict[str, str]) -> tuple[int, str]:
    answer = await client.post(path, data=fields, allow_redirects=False)
    return answer.status, await answer.text()


async def closed(client: Client) -> None:
    asked = await page(client, f"{HERE}/close")
    status, text = await send(client, f"{HERE}/close", hidden(asked) | {"by": "李主任", "sure": "1"})
    assert status == 303, text


async def test_a_month_is_closed_after_a_question(tmp_path: Path) -> None:
    async with seal_town(tmp_path / "a.ledger") as town, board(town) as client:
        assert town.room is not None
        assert f'href="{HERE}/close"' in await page(client, HERE)
        asked = await page(client, f"{HERE}/close")
        status, text = await send(client, f"{HERE}/close", hidden(asked) | {"by": "李主任"})
        assert status == 409
        assert "请先核对并勾选" in text
        assert (await town.room.months())[1].state is MonthState.DRAFT, "nothing happened yet"
        await closed(client)
        text = await page(client, HERE)
        assert "李主任" in text
        assert f'href="{HERE}/close"' not in text
        assert f'href="{HERE}/amend"' in text
        again, told = await send(client, f"{HERE}/close", hidden(asked) | {"by": "李主任", "sure": "1"})
        assert again == 409
        assert "已封账" in told
        running = await page(client, f"/reports/{SECOND}")
        assert f'href="/reports/{SECOND}/close"' not in running


async def test_a_form_from_elsewhere_closes_nothing(tmp_path: Path) -> None:
    async with seal_town(tmp_path / "a.ledger") as town, board(town) as client:
        assert town.room is not None
        answer = await client.post(
            f"{HERE}/close", data={"by": "x", "sure": "1", "key": "0" * 32}, headers={"Origin": "https://evil.example"}
        )
        assert answer.status == 403
        assert (await town.room.months())[1].state is MonthState.DRAFT


async def test_a_closed_month_stands_until_it_is_amended_and_then_shows_both(tmp_path: Path) -> None:
    async with seal_town(tmp_path / "a.ledger", parties=PARTIES) as town, board(town) as client:
        assert town.room is not None
        await closed(client)
        before = await town.room.report(FIRST)
        assert "没有要更正的" in await page(client, f"{HERE}/amend")
        town.agree()
        assert (await town.room.report(FIRST)).total.net.buckets == before.total.net.buckets, "closed is closed"
        assert "下一步：签名" in await page(client, f"{HERE}/amend")
        asked = await page(client, f"{HERE}/amend?why=供电所证明后补")
        found = re.search(r"<pre[^>]*>(.*?)</pre>", asked, re.DOTALL)
        assert found is not None
        statement = html.unescape(found[1])
        fields = hidden(asked) | {"by": "李主任", "text": "供电所证明后补"}
        status, told = await send(client, f"{HERE}/amend", fields)
        assert (status, "须由合同一方签名" in told) == (409, True)
        status, told = await send(client, f"{HERE}/amend", fields | {"signatures": "abc"})
        assert (status, "签名读不出" in told) == (409, True)
        status, told = await send(client, f"{HERE}/amend", fields | {"signatures": f"{OWNER.public} {'0' * 128}"})
        assert (status, "签名不成立" in told) == (409, True)
        assert (await town.room.report(FIRST)).state is MonthState.CLOSED
        lines = "\n".join(signed(key, statement) for key in (OWNER, FIRM))
        status, told = await send(client, f"{HERE}/amend", fields | {"signatures": lines})
        assert status == 303, told
        after = await town.room.report(FIRST)
        assert after.state is MonthState.AMENDED
        assert after.total.net.buckets.excluded_ms > before.total.net.buckets.excluded_ms
        text = await page(client, HERE)
        for said in ("已签 镇政府", "已签 平安运维公司", "供电所证明后补", "原", "新", "封账后更正过 1 次"):
            assert said in text
        shown = re.findall(r'data-key="v-(\d+)"', text)
        assert len(shown) == 2
        assert int(shown[0]) > int(shown[1]), "newest first"


def signed(key: SigningKey, statement: str) -> str:
    return f"{key.public} {key.sign(KIND, json.loads(statement))}"


async def test_who_has_not_signed_is_told(tmp_path: Path) -> None:
    async with seal_town(tmp_path / "a.ledger", parties=PARTIES) as town, board(town) as client:
        await closed(client)
        town.agree()
        asked = await page(client, f"{HERE}/amend?why=x")
        statement = html.unescape(re.findall(r"<pre[^>]*>(.*?)</pre>", asked, re.DOTALL)[0])
        fields = hidden(asked) | {"by": "李主任", "text": "x", "signatures": signed(FIRM, statement)}
        assert (await send(client, f"{HERE}/amend", fields))[0] == 303
        text = await page(client, HERE, "en")
        assert "signed: 平安运维公司" in text
        assert "not signed: 镇政府" in text


async def test_amounts_are_those_of_the_report_to_the_fen(tmp_path: Path) -> None:
    path = tmp_path / "a.ledger"
    async with seal_town(path) as town, board(town) as client:
        book = read_book(path, Wanted(month=FIRST), now_ms=TICK_MS, registry=town.registry)
        assert book.bills is not None
        (bill,) = book.bills
        text = await page(client, HERE)
        assert yuan(bill.fen) in text
        assert f'href="{HERE}/deductions#b-k1"' in text
        assert "未配置" not in text
        costs = await page(client, f"{HERE}/deductions")
        for amount in bill.amounts:
            assert yuan(amount.fen) in costs
        assert f"/why?site=v00&amp;month={FIRST}" in costs or "/why?device=" in costs
        numbers = {n for amount in bill.amounts for n in amount.trace[:20]}
        shown = {int(n) for n in re.findall(r"<li>#(\d+) ", costs)}
        assert shown == numbers
        for address in set(re.findall(r'href="(/why[^"]*)"', costs)):
            assert (await client.get(html.unescape(address))).status in {200, 404}


async def test_without_terms_it_says_so(tmp_path: Path) -> None:
    async with seal_town(tmp_path / "a.ledger", terms=False) as town, board(town) as client:
        assert "未配置" in await page(client, HERE)
        assert "deductions" in await page(client, f"{HERE}/deductions")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("what", ["deductions", "close"])
async def test_pages_are_whole(tmp_path: Path, what: str, lang: str) -> None:
    async with seal_town(tmp_path / "a.ledger") as town, board(town) as client:
        text = await page(client, f"{HERE}/{what}", lang)
        assert "%(" not in text
        assert len(re.findall(r"<[a-z]", text)) < 3000


@given(st.integers(-(10**12), 10**12))
def test_yuan_are_exact(fen: int) -> None:
    told = yuan(fen).replace("¥", "").replace(",", "")
    assert Fraction(told) * 100 == fen


@given(st.text(max_size=80))
def test_signatures_are_pairs_or_refused(text: str) -> None:
    words = text.split()
    if len(words) % 2 or len(words) > 8:
        with pytest.raises(ValueError):  # noqa: PT011 - its words are not for people
            signatures_in(text)
    else:
        assert len(signatures_in(text)) == len(words) // 2
