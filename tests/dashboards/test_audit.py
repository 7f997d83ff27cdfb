"""Two registers as one list: whole, in order, filtered, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboards.report_town import TICK_MS, ReportTown, report_town

from camboard.app import create_app
from camboard.audit.view import ACCESS, SOURCE, Entry, Filter, chosen, cursor, gap, merged, place_of, read_cursor
from camboard.download import BOM
from camboard.i18n import languages
from camboard.query import BadQuery
from camboard.settings import BoardSettings
from camkeeper.access.access import Access
from camkeeper.clock import SimulatedClock
from camkeeper.model.access import EVERYTHING, Principal, Role, Via
from camkeeper.model.register import Place, RegisterEntry, Source
from camkeeper.standing.access import AuditRecord

Client = TestClient[Request, Application]
ZH = languages()["zh"]
ZONE = ZoneInfo("Asia/Shanghai")
ENTRIES = st.builds(
    Entry,
    at_ms=st.integers(0, 50),
    source=st.sampled_from(sorted(SOURCE)),
    number=st.integers(1, 9),
    by=st.sampled_from(["", "张三", "Li"]),
    role=st.just(""),
    address=st.just(""),
    what=st.sampled_from(["login", "config", "new_word"]),
    target=st.just("t"),
    detail=st.just(""),
    head=st.just(""),
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> ReportTown:
    return report_town(tmp_path_factory.mktemp("audit") / "a.ledger")


@pytest.fixture
async def reader(town: ReportTown) -> AsyncIterator[Client]:
    settings = BoardSettings(clock=SimulatedClock(wall_ms=TICK_MS + 3000))
    async with TestClient(TestServer(create_app(town, settings=settings))) as made:
        yield made


@given(st.lists(ENTRIES, unique_by=lambda e: (e.source, e.number)), st.integers(0, 60))
def test_going_on_below_a_cursor_neither_skips_nor_repeats(entries: list[Entry], cut: int) -> None:
    whole = merged([entries])
    if not 0 < cut <= len(whole):
        return
    at = read_cursor(cursor(whole[cut - 1]))
    assert at is not None
    below = [e for e in whole if e.order < at]
    assert whole[:cut] + below == whole
    place = place_of(at)
    for entry in entries:
        if entry.source != ACCESS and place is not None:
            own = Place(at_ms=entry.at_ms, source=Source(entry.source), number=entry.number)
            assert (own < place) is (entry.order < at)


@given(ENTRIES)
def test_a_filter_lets_through_what_it_names(entry: Entry) -> None:
    assert chosen(entry, Filter(), ZONE, ZH)
    assert chosen(entry, Filter(source=entry.source), ZONE, ZH)
    assert chosen(entry, Filter(who=entry.by.upper()), ZONE, ZH)
    assert not chosen(entry, Filter(who="nobody"), ZONE, ZH)
    assert chosen(entry, Filter(what=entry.what[:3].upper()), ZONE, ZH)


@pytest.mark.parametrize("text", ["x", "1.2", "1.nowhere.3", "-1.access.2", "9" * 20 + ".access.1", "1.access.x"])
def test_a_cursor_of_nobodys_is_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        read_cursor(text)


def test_a_missing_entry_is_seen() -> None:
    records = [
        AuditRecord(number=n, at_ms=n, by="", role="", address="", what="login", target="", detail="", head="")
        for n in (7, 6, 4, 3)
    ]
    assert gap(records) == 5
    assert gap(records[:2]) is None


async def test_the_ledgers_own_register_is_there_newest_first(reader: Client) -> None:
    text = await (await reader.get("/audit?lang=en")).text()
    assert "No sign-in, so there is no audit log" in text
    assert "Month closed" in text
    assert "李主任" in text
    assert "Configuration changed" in text
    times = re.findall(r'<th scope="row">(\d{4}-[^<]+)</th>', text)
    assert times == sorted(times, reverse=True)
    assert len(times) == 8


async def test_filters_and_csv_have_the_same_entries(reader: Client) -> None:
    asked = "who=%E5%BC%A0%E4%B8%89&source=incidents"
    page = await (await reader.get(f"/audit?{asked}")).text()
    text = await (await reader.get(f"/audit.csv?{asked}")).text()
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BOM))))
    assert {row["by"] for row in rows} == {"张三"}
    assert page.count('<th scope="row">') == len(rows) == 4
    day = await (await reader.get("/audit?day=2026-10-02")).text()
    assert day.count('<th scope="row">') == 1


async def test_both_registers_stand_in_one_list(town: ReportTown, tmp_path: Path) -> None:
    clock = SimulatedClock(wall_ms=TICK_MS + 3000)
    with Access.open(tmp_path / "a.access", clock=clock) as access:
        admin = Principal(name="王管理", role=Role.ADMIN, via=Via.LOCAL)
        for n in range(450):
            clock.step_wall(1000)
            await access.note(admin, "export", f"2026-10 {n}", address="10.0.0.9")
        (newest,) = await access.audit(before=None, count=1)
        key = await access.add_token(admin, "读", Role.TECHNICIAN, EVERYTHING, days=1)
        settings = BoardSettings(clock=clock)
        async with TestClient(TestServer(create_app(town, settings=settings, access=access))) as made:
            headers = {"Authorization": f"Bearer {key.secret}"}
            text = await (await made.get("/audit.csv", headers=headers)).text()
            rows = list(csv.DictReader(io.StringIO(text.removeprefix(BOM))))
            page = await (await made.get("/audit?who=%E7%8E%8B", headers=headers)).text()
    numbers = [int(row["number"]) for row in rows if row["register"] == "access"]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] == 1, "down to the first entry"
    assert max(numbers) >= newest.number
    assert len([row for row in rows if row["register"] != "access"]) == 8
    assert page.count('<th scope="row">') == 100
    assert "before=" in page


@pytest.mark.parametrize("asked", ["day=2026-13-01", "source=elsewhere", "before=1.2.3"])
async def test_what_cannot_be_read_is_refused(reader: Client, asked: str) -> None:
    assert (await reader.get(f"/audit?{asked}")).status == 400


async def test_the_register_is_read_in_parts(town: ReportTown) -> None:
    assert town.room is not None
    whole = await town.room.register(before=None, count=100)
    found: list[RegisterEntry] = []
    before: Place | None = None
    while part := await town.room.register(before=before, count=3):
        found += part
        before = part[-1].place
    assert tuple(found) == whole
    assert len({e.place for e in whole}) == len(whole) == 8
