"""`/windows` over a real room on a real ledger: seen, entered with a file, refused in words, given as a calendar."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import icalendar
import pytest
from aiohttp import FormData
from tests.dashboards.conftest import Client
from tests.dashboards.desk_town import DeskTown
from tests.dashboards.township import AT_MS
from tests.end_to_end.town import program
from tests.monitor.run.test_desk import Rig, rig

from camkeeper.clock import SimulatedClock
from camkeeper.run.desk.windows import WindowRoom
from camkeeper.standing.windows import WindowAct, WindowActed, WindowsStanding
from camkeeper.window.book import WindowBook
from camkeeper.window.plan import Document

PEOPLE = {"Accept": "text/html"}
PAPER = b"%PDF-1.7 notice"
NEW = "/windows/new"
USUAL = {"kind": "maintenance", "reason": "换交换机电源", "links": "sw", "by": "张三", "length": "2h"}


class WindowTown(DeskTown):
    """The made-up desk, with a real room of windows on a real ledger."""

    def __init__(self, one: Rig, path: Path) -> None:
        super().__init__()
        self.ledger = path
        self.room = WindowRoom(
            book=WindowBook(), township=one.township, recorder=one.recorder, timeline=one.timeline, ledger=path
        )

    def windows(self) -> WindowsStanding | None:
        return self.room.windows()

    async def act_window(self, act: WindowAct) -> WindowActed:
        return await self.room.act(act)

    async def evidence(self, digest: str) -> tuple[Document, bytes]:
        return await self.room.evidence(digest)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[WindowTown]:
    path = tmp_path / "t.ledger"
    with rig(path, SimulatedClock(wall_ms=AT_MS)) as one:
        await one.round(times=2)
        running = asyncio.create_task(_flushing(one))
        yield WindowTown(one, path)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _flushing(one: Rig) -> None:
    while True:
        await asyncio.sleep(0.01)
        await one.recorder.flush()


def local(**ahead: int) -> str:
    at = datetime.fromisoformat("1970-01-01T08:00") + timedelta(milliseconds=AT_MS) + timedelta(**ahead)
    return at.strftime("%Y-%m-%dT%H:%M")


async def page(client: Client, path: str, *, english: bool = False) -> str:
    async with client.get(path, params={"lang": "en" if english else "zh"}, headers=PEOPLE) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


async def send(
    client: Client, fields: dict[str, str], status: int, *, file: bytes | None = None, **headers: str
) -> str:
    form = FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    if file is not None:
        form.add_field("evidence", io.BytesIO(file), filename="../停电通知.pdf", content_type="text/html")
    asked = {**PEOPLE, **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with client.post(NEW, data=form, headers=asked, allow_redirects=False) as answer:
        assert answer.status == status, await answer.text()
        return await answer.text()


async def test_nothing_is_agreed_yet(client: Client) -> None:
    html = await page(client, "/windows")
    for word in ("现在没有检修或剔除", "没有计划中的检修或剔除", "还没有人登记过", 'aria-current="page"'):
        assert word in html
    assert "Nothing is agreed for now" in await page(client, "/windows", english=True)
    assert 'href="/windows"' in await page(client, "/", english=True)


async def test_from_the_form_to_the_end(client: Client, town: WindowTown) -> None:
    form = await page(client, NEW)
    key = re.findall(r'name="key" value="(\w+)"', form)[0]
    assert 'type="datetime-local"' in form
    fields = {**USUAL, "from": "now", "repeat": "FREQ=WEEKLY", "key": key}
    await send(client, fields, 303, Origin="null")
    html = await page(client, "/windows")
    for word in (
        "W0001@",
        "换交换机电源",
        "每周",
        "期间不发告警，探测照常",
        "10.0 摄像机小时不计入考核",
        "6 台设备，其中摄像机 5 台",
    ):
        assert word in html, word
    english = await page(client, "/windows", english=True)
    assert "Leaves 10.0 camera-hours out of the figure" in english
    assert "Silences alerts" in english
    assert html.count('value="end"') == 1
    key = re.findall(r'name="key" value="(\w+)"', html)[0]
    step = {"step": "end", "by": "李四", "text": "修好了"}
    async with client.post("/windows/W0001", data=step, headers={**PEOPLE, "Origin": "null"}) as answer:
        assert answer.status == 403
    async with client.post(
        "/windows/W0001", data={**step, "key": key}, headers={**PEOPLE, "Origin": "null"}, allow_redirects=False
    ) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/windows")
    assert town.room.windows().now == ()
    html = await page(client, "/windows")
    assert "提前结束" in html
    assert "修好了" in html
    async with client.post("/windows/W0001?lang=zh", data=step, headers=PEOPLE) as answer:
        assert answer.status == 409
        assert "已经结束或已撤回" in await answer.text()


async def test_an_exclusion_with_its_papers(client: Client) -> None:
    late = {**USUAL, "kind": "exclusion", "from": local(hours=-5), "links": "", "devices": "cam-1"}
    html = await send(client, late, 409)
    assert "剔除须附依据文件" in html
    assert "剔除须写明批准人" in html
    assert 'value="换交换机电源"' in html
    assert "PDF" in await send(client, {**late, "approver": "综治中心"}, 409, file=b"<html><script>")
    await send(client, {**late, "approver": "综治中心"}, 303, file=PAPER)
    html = await page(client, "/windows")
    assert "事后补录" in html
    address = re.findall(r'href="(/windows/evidence/\w+)"', html)[0]
    async with client.get(address) as answer:
        assert await answer.read() == PAPER
        assert answer.content_type == "application/pdf"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    for other in ("0" * 64, "..%2Ft.ledger"):
        async with client.get(f"/windows/evidence/{other}") as answer:
            assert answer.status == 404


async def test_other_sites_cannot_enter_anything(client: Client, town: WindowTown) -> None:
    fields = {**USUAL, "from": "now"}
    await send(client, fields, 403, Origin="https://evil.example")
    await send(client, fields, 403, Origin="null")
    await send(client, fields, 403, Sec_Fetch_Site="cross-site")
    await send(client, {**fields, "by": ""}, 400)
    assert town.room.windows().audit == ()


async def test_a_file_that_is_too_large_is_not_read(client: Client, town: WindowTown) -> None:
    fields = {**USUAL, "kind": "exclusion", "from": "now", "approver": "x"}
    await send(client, fields, 413, file=b"%PDF-" + bytes(10 * 1024 * 1024))
    assert town.room.windows().audit == ()


async def test_programs_and_calendars(client: Client) -> None:
    begin = local(days=1)
    async with client.post("/api/v1/windows", json={**USUAL, "from": begin, "repeat": "FREQ=WEEKLY"}) as answer:
        assert (answer.status, await answer.json()) == (200, {"done": True, "id": "W0001"})
    async with client.post("/api/v1/windows", json={**USUAL, "from": "tomorrow"}) as answer:
        assert answer.status == 409
        assert "start" in (await answer.json())["error"]["en"]
    async with client.get("/api/v1/windows") as answer:
        body = await answer.json()
    assert [w["plan"] for w in body["coming"]] == ["W0001"] * 9
    assert body["audit"][0]["plan"]["rule"]["freq"] == "WEEKLY"
    async with client.get("/windows.ics") as answer:
        assert answer.content_type == "text/calendar"
        feed = icalendar.Calendar.from_ical(await answer.read())
    events = feed.walk("VEVENT")
    assert len(events) == 9
    assert {e.decoded("duration") for e in events} == {timedelta(hours=2)}
    first = min(e.decoded("dtstart") for e in events)
    assert first.strftime("%Y-%m-%dT%H:%M") == begin
    async with client.post("/api/v1/windows/W0001/withdraw", json={"by": "李四", "text": "改期"}) as answer:
        assert answer.status == 200
    async with client.post("/api/v1/windows/W0001/dance", json={"by": "李四"}) as answer:
        assert answer.status == 404
    async with client.get("/api/v1/windows") as answer:
        assert (await answer.json())["coming"] == []


async def test_from_an_incident_to_the_form(client: Client) -> None:
    html = await page(client, "/incidents/I000123")
    address = re.findall(r'href="(/windows/new\?[^"]+)"', html)[0].replace("&amp;", "&")
    asked = parse_qs(urlsplit(address).query)
    assert asked["kind"] == ["exclusion"]
    assert asked["reason"] == ["I000123"]
    form = await page(client, address)
    assert f'value="{asked["from"][0]}"' in form
    assert f'value="{asked["devices"][0]}"' in form
    assert re.search(r'value="exclusion" checked', form)


@pytest.mark.parametrize(
    "query", ["?kind=%00%E2%80%AE&from=%22%3E%3Cscript%3E", "?sites=nowhere&devices=" + "x" * 3000]
)
async def test_no_address_breaks_the_form(client: Client, query: str) -> None:
    html = await page(client, NEW + query)
    assert "<script>" not in html.replace("<script src", "")
    assert "\u202e" not in html


CALENDAR = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//x//x//EN\r
BEGIN:VEVENT\r
UID:a\r
DTSTART:20261201T010000Z\r
DTEND:20261201T030000Z\r
RRULE:FREQ=MONTHLY\r
SUMMARY:机房保养\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:b\r
DTSTART:20261201T010000Z\r
DURATION:PT1H\r
RRULE:FREQ=SECONDLY\r
SUMMARY:x\r
END:VEVENT\r
END:VCALENDAR\r
"""


async def command(town: WindowTown, client: Client, *words: str, code: int = 0) -> str:
    """Run `camkeeper window` beside the board, in a process of its own."""
    where = ("--ledger", str(town.ledger))
    board = ("--board", f"http://{client.host}:{client.port}") if words[0] in {"add", "import", "end"} else ()
    process = await asyncio.create_subprocess_exec(
        *program("window", *words, *where, *board),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == code, said.decode()
    return said.decode()


async def test_a_calendar_is_imported_and_exported(client: Client, town: WindowTown, tmp_path: Path) -> None:
    file = tmp_path / "in.ics"
    file.write_text(CALENDAR, encoding="utf-8", newline="")
    said = await command(town, client, "import", str(file), "--by", "张三", "--link", "sw", code=1)
    assert "W0001 已登记：机房保养" in said
    assert "left out b" in said
    assert "hourly" not in said.lower()
    (event,) = town.room.windows().audit
    assert event.plan is not None
    assert (str(event.plan.rule), event.plan.tz) == ("FREQ=MONTHLY", "UTC")
    assert event.plan.link_ids == {"sw"}
    out = tmp_path / "out.ics"
    await command(town, client, "export", str(out))
    feed = icalendar.Calendar.from_ical(out.read_bytes())
    assert feed is not None
    assert "W0001" in await command(town, client, "list", "--audit")
    assert "还没有开始" in await command(town, client, "end", "W0001", "--by", "李四", code=1)
