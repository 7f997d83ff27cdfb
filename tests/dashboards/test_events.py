"""Changes reach a browser at once, and a slow one costs nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientResponse
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboards.conftest import Client
from tests.dashboards.township import Township, device

from camkeeper.feed import Feed, Mailbox
from camkeeper.model.status import Status


async def messages(answer: ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    event = ""
    async for line in answer.content:
        text = line.decode().strip()
        if text.startswith("event:"):
            event = text.removeprefix("event:").strip()
        elif text.startswith("data:"):
            yield event, json.loads(text.removeprefix("data:"))


async def until_change(stream: AsyncIterator[tuple[str, Any]]) -> Any:
    async for event, data in stream:
        if event == "change":
            return data
    raise AssertionError("the stream ended")


async def test_a_change_arrives_within_two_seconds(client: Client, town: Township) -> None:
    async with client.get("/events") as answer:
        assert answer.content_type == "text/event-stream"
        stream = messages(answer)
        event, first = await anext(stream)
        assert event == "beat"
        assert first["age_ms"] == 3000
        town.move(device("cam-0001", Status.DOWN))
        async with asyncio.timeout(2):
            data = await until_change(stream)
        assert data["changed"] == ["cam-0001"]
        assert data["at_ms"] == town.value.at_ms


async def test_a_silent_stream_beats(client: Client) -> None:
    async with client.get("/events") as answer, asyncio.timeout(5):
        stream = messages(answer)
        assert [(await anext(stream))[0] for _ in range(3)] == ["beat"] * 3


async def test_a_burst_is_one_event(client: Client, town: Township) -> None:
    async with client.get("/events") as answer, asyncio.timeout(5):
        stream = messages(answer)
        await anext(stream)
        for n in range(100):
            town.move(device(f"cam-{n:04d}", Status.DOWN))
        data = await until_change(stream)
        assert len(data["changed"]) == 100


async def test_too_many_to_name(client: Client, town: Township) -> None:
    async with client.get("/events") as answer, asyncio.timeout(5):
        stream = messages(answer)
        await anext(stream)
        town.feed.publish(frozenset(f"d{n}" for n in range(5000)))
        data = await until_change(stream)
        assert (data["changed"], data["everything"]) == ([], True)


async def test_a_browser_that_reads_nothing_blocks_nobody(client: Client, town: Township) -> None:
    async with client.get("/events"), client.get("/events") as quick:
        stream = messages(quick)
        await anext(stream)
        for n in range(2000):
            town.feed.publish(frozenset({f"d{n % 300}"}))
        async with asyncio.timeout(2):
            data = await until_change(stream)
        assert len(data["changed"]) == 300


async def test_streams_are_limited_and_given_back(client: Client) -> None:
    opened = [await client.get("/events") for _ in range(4)]
    for answer in opened:
        await anext(messages(answer))
    async with client.get("/events") as refused:
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "10"
    for answer in opened:
        answer.close()
    async with asyncio.timeout(10):
        while True:
            async with client.get("/events") as answer:
                if answer.status == 200:
                    break
            await asyncio.sleep(0.1)


async def test_stopping_ends_the_streams(client: Client) -> None:
    async with client.get("/events") as answer:
        stream = messages(answer)
        await anext(stream)
        async with asyncio.timeout(5):
            await client.server.close()
            rest = [event async for event, _ in stream]
        assert set(rest) <= {"beat"}


async def test_when_changes_end_it_is_not_ready_but_still_beats(client: Client, town: Township) -> None:
    town.feed.close()
    await asyncio.sleep(0.05)
    async with client.get("/readyz") as answer:
        assert answer.status == 503
        assert "changes" in (await answer.json())["reasons"][0]
    async with client.get("/events") as answer, asyncio.timeout(3):
        assert (await anext(messages(answer)))[0] == "beat"


@given(st.lists(st.frozensets(st.integers(0, 40).map(str), max_size=30), min_size=1), st.integers(1, 20))
def test_a_mailbox_is_bounded_and_forgets_nothing(puts: list[frozenset[str]], limit: int) -> None:
    async def run() -> None:
        box = Mailbox(limit=limit)
        for ids in puts:
            box.put(ids)
            assert box.pending <= limit
        change = await box.take()
        assert change is not None
        wanted = frozenset().union(*puts)
        assert change.everything or change.ids == wanted
        assert len(wanted) > limit or not change.everything

    asyncio.run(run())


async def test_a_listener_learns_only_of_what_came_later() -> None:
    feed = Feed()
    feed.publish(frozenset({"before"}))
    async with feed.listen() as box:
        assert feed.listeners == 1
        feed.publish(frozenset({"after"}))
        change = await box.take()
        assert change is not None
        assert change.ids == {"after"}
    assert feed.listeners == 0
