"""Years of a device or a site: from a real ledger and a real InfluxDB, and what is paid for from the ledger alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboards.conftest import Client
from tests.dashboards.history_town import CAMERA, OLD, RULE, SITE, HistoryTown, beats, before, fill, send, town
from tests.dashboards.report_town import TICK_MS
from tests.monitor.run.township import ZONE
from tests.peers.influxdb import SeriesServer, influxdb_1

from camboard.app import create_app
from camboard.lens.history import ScopedHistory
from camboard.lens.rooms import ScopedStanding
from camboard.settings import BoardSettings
from camkeeper.availability.buckets import Buckets, truncated_percent
from camkeeper.availability.daily import DaySum
from camkeeper.availability.days import day_span, month_of, month_span
from camkeeper.availability.figures import figure
from camkeeper.clock import SimulatedClock
from camkeeper.ledger import LedgerReader
from camkeeper.mirror.read import DayFigure
from camkeeper.model.access import Scope
from camkeeper.model.mirror import InfluxSetting
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.run.historyparts import LedgerPart, MirrorPart, page_of, together
from camkeeper.run.reports import ReportRoom
from camkeeper.run.sla import sla
from camkeeper.standing.history import MONTHS_A_PAGE, HistoryAsk, Source, Trouble

DEVICE_PAGE, SITE_PAGE = f"/devices/{CAMERA}/history", f"/sites/{SITE}/history"
OF_DEVICE, OF_SITE = HistoryAsk(device_id=CAMERA), HistoryAsk(site_id=SITE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    server: SeriesServer
    ledger: Path
    registry: Registry

    @property
    def where(self) -> InfluxSetting:
        assert self.registry.influx is not None
        return self.registry.influx


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    folder = tmp_path_factory.mktemp("history")
    with influxdb_1(folder / "influxd") as server:
        ledger, registry = fill(folder, server, "years")
        yield Filled(server=server, ledger=ledger, registry=registry)


@asynccontextmanager
async def served(made: HistoryTown) -> AsyncIterator[Client]:
    settings = BoardSettings(clock=SimulatedClock(wall_ms=TICK_MS + 3000))
    async with TestClient(TestServer(create_app(made, settings=settings))) as client:
        yield client
    assert made.years is not None
    made.years.close()


async def page(client: Client, path: str) -> str:
    async with client.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


def rows(html: str) -> list[tuple[str, str, str]]:
    """(month, source, rate) of each month."""
    row = r'<tr data-key="(\d{4}-\d\d)" data-source="(\w+)".*?<td class="num rate"[^>]*><span>([^<]*)</span>'
    found = re.findall(row, html, re.DOTALL)
    return [(month, source, rate) for month, source, rate in found]


async def test_the_ledger_s_months_are_the_ledger_s_and_older_ones_the_mirror_s(filled: Filled) -> None:
    async with served(town(filled.ledger, filled.registry)) as client:
        for path in (DEVICE_PAGE, SITE_PAGE):
            html = await page(client, path)
            found = rows(html)
            assert [(m, s) for m, s, _ in found] == [
                ("2026-11", "ledger"),
                ("2026-10", "ledger"),
                ("2026-09", "mirror"),
                ("2026-08", "mirror"),
            ]
            assert {rate for _, source, rate in found if source == "mirror"} == {"69.56%"}, "16 of 23 known hours"
            assert "InfluxDB 镜像" in html
            assert "不作结算" in html
            assert "镜像一致" in html
            assert "镜像不同" not in html
            assert html.count("<") / 2 < 3_000


async def test_a_site_s_month_is_what_the_settlement_says(filled: Filled) -> None:
    made = town(filled.ledger, filled.registry)
    assert made.years is not None
    found = await made.years.history(OF_SITE)
    with LedgerReader(filled.ledger) as reader:
        policy = DEFAULT_ACCOUNTING[0]
        for month in ("2026-10", "2026-11"):
            own = next(m for m in found.months if m.month == month)
            span = month_span(month, ZONE)
            period = Span(start_ms=span.start_ms, end_ms=min(span.end_ms, TICK_MS))
            ids = [d.id for d in filled.registry.devices if d.site_id == SITE]
            config = reader.config_for(month)
            days = reader.day_sums(period, dict.fromkeys(ids, ""), tz=ZONE, policy=policy, config=config)[""]
            told = sla(filled.ledger, month=month, site_id=SITE, policy=policy.id, now_ms=TICK_MS)
            assert own.buckets == sum((d.buckets for d in days), Buckets())
            assert own.figure == figure(policy, days, target_bp=9500)
            assert str(own.buckets.up_ms) in str(told)
    made.years.close()


@pytest.fixture
def forged(filled: Filled, tmp_path: Path) -> Filled:
    """The same ledger, mirrored to a server in which somebody made the months of the contract look perfect."""
    ledger, registry = fill(tmp_path, filled.server, "forged")
    assert registry.influx is not None
    send(registry.influx, before(("2026-10", "2026-11"), down_ms=0))
    return Filled(server=filled.server, ledger=ledger, registry=registry)


async def test_a_month_of_the_contract_never_comes_from_influxdb(filled: Filled, forged: Filled) -> None:
    async with served(town(filled.ledger, filled.registry)) as client:
        honest = {path: rows(await page(client, path)) for path in (DEVICE_PAGE, SITE_PAGE)}
    async with served(town(forged.ledger, forged.registry)) as client:
        for path in (DEVICE_PAGE, SITE_PAGE):
            html = await page(client, path)
            assert rows(html) == honest[path]
            assert "镜像不同，以账本为准" in html
            days = re.findall(r'<tr data-source="(\w+)"><th scope="row">11-', html)
            assert days
            assert set(days) == {"ledger"}


async def test_a_village_that_the_ledger_does_not_know_gets_nothing_from_the_mirror_within_its_months(
    filled: Filled,
) -> None:
    send(filled.where, [row._replace(head=row.head.replace(f"={CAMERA}", "=ghost")) for row in before(("2026-11",))])
    made = town(filled.ledger, filled.registry)
    assert made.years is not None
    found = await made.years.history(HistoryAsk(device_id="ghost"))
    assert found.months == ()
    assert found.days == ()
    made.years.close()


async def test_days_carry_latency_clock_and_sharpness_and_say_from_where(filled: Filled) -> None:
    made = town(filled.ledger, filled.registry)
    assert made.years is not None
    found = await made.years.history(OF_DEVICE)
    assert found.month == "2026-11"
    first = found.days[0]
    assert first.source is Source.LEDGER
    assert first.beats is not None
    assert (first.beats.probes, first.beats.p50_ms, first.beats.p95_ms) == (12, 6.0, 11.0)
    assert first.beats.clock_offset_s == pytest.approx(1.1)
    assert first.beats.sharpness == -0.25
    old = await made.years.history(replace(OF_DEVICE, month=OLD[0]))
    assert {day.source for day in old.days} == {Source.MIRROR}
    assert len(old.days) == 31
    made.years.close()


async def test_without_influxdb_configured_the_ledger_is_shown_and_it_is_said(filled: Filled) -> None:
    async with served(town(filled.ledger, replace(filled.registry, influx=None))) as client:
        html = await page(client, DEVICE_PAGE)
        assert {source for _, source, _ in rows(html)} == {"ledger"}
        assert "没有配置 InfluxDB" in html
        assert "No InfluxDB is configured" in await page(client, f"{DEVICE_PAGE}?lang=en")


async def test_a_server_that_is_away_takes_nothing_of_the_ledger_s_from_the_page(filled: Filled) -> None:
    async with served(town(filled.ledger, filled.registry)) as client:
        filled.server.kill()
        try:
            html = await page(client, SITE_PAGE)
            assert [month for month, _, _ in rows(html)] == ["2026-11", "2026-10"]
            assert "InfluxDB 不在" in html
            assert "账本没有这 12 个月的记录" in await page(client, f"{SITE_PAGE}?before=2026-10")
        finally:
            filled.server.start()


async def test_what_was_read_once_is_shown_while_the_server_is_away(filled: Filled) -> None:
    async with served(town(filled.ledger, filled.registry)) as client:
        first = await page(client, SITE_PAGE)
        filled.server.kill()
        try:
            assert rows(await page(client, SITE_PAGE)) == rows(first)
        finally:
            filled.server.start()


async def test_a_server_that_never_answers_holds_no_page_up(filled: Filled) -> None:
    done = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        await done.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    where = replace(filled.where, url=f"http://127.0.0.1:{port}", timeout_s=1.0)
    beaten = 0

    async def beat() -> None:
        nonlocal beaten
        while True:
            await asyncio.sleep(0.01)
            beaten += 1

    pulse = asyncio.create_task(beat())
    async with served(town(filled.ledger, replace(filled.registry, influx=where), limit_s=0.4)) as client:
        html = await page(client, SITE_PAGE)
        assert "InfluxDB 太慢" in html
        assert len(rows(html)) == 2
        assert beaten > 5, "the loop went on"
    pulse.cancel()
    done.set()
    server.close()


async def test_other_people_s_things_are_not_there(filled: Filled) -> None:
    made = town(filled.ledger, filled.registry)
    assert made.years is not None

    def seen(scope: Scope) -> ScopedHistory:
        assert made.years is not None
        return ScopedHistory(made.years, ScopedStanding(made, scope))

    village = seen(Scope(site_ids=frozenset({SITE})))
    assert (await village.history(OF_SITE)).url == ""
    for ask in (HistoryAsk(site_id="v01"), HistoryAsk(device_id="cam-0001")):
        with pytest.raises(LookupError):
            await village.history(ask)
    nobody = seen(Scope(contractor_id="nobody"))
    for ask in (OF_SITE, OF_DEVICE):
        with pytest.raises(LookupError):
            await nobody.history(ask)
    made.years.close()


@pytest.mark.parametrize("path", ["/devices/nobody/history", "/sites/nowhere/history", f"{SITE_PAGE}?before=never"])
async def test_what_is_not_there_is_not_found(filled: Filled, path: str) -> None:
    async with served(town(filled.ledger, filled.registry)) as client, client.get(path) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("path", "there"),
    [
        (f"/?site={SITE}", SITE_PAGE),
        (f"/trend?site={SITE}", SITE_PAGE),
        (f"/devices/{CAMERA}", DEVICE_PAGE),
        (DEVICE_PAGE, f"/devices/{CAMERA}"),
    ],
)
async def test_the_way_there_and_back(filled: Filled, path: str, there: str) -> None:
    made = town(filled.ledger, filled.registry)
    room = ReportRoom(ledger=filled.ledger, now_ms=lambda: TICK_MS, registry=lambda: filled.registry)
    async with served(replace(made, room=room, years=made.years)) as client:
        assert f'href="{there}"' in await page(client, path)


MONTHS = st.sampled_from(page_of("", "2026-11"))


def figures(draw: st.DrawFn, month: str) -> tuple[DayFigure, ...]:
    day = date.fromisoformat(f"{month}-{draw(st.integers(1, 28)):02}")
    up_ms = draw(st.integers(0, 86_400_000))
    return (DayFigure(start_ms=day_span(day, ZONE).start_ms, buckets=Buckets(up_ms=up_ms), policy=RULE),)


@st.composite
def parts(draw: st.DrawFn) -> tuple[LedgerPart, MirrorPart]:
    names = page_of("", "2026-11")
    first = draw(MONTHS)
    first_ms = month_span(first, ZONE).start_ms + draw(st.integers(0, 27)) * 86_400_000
    policy = DEFAULT_ACCOUNTING[0]
    days = {}
    for name in names:
        if name >= first and draw(st.booleans()):
            on = date.fromisoformat(f"{name}-28")
            days[name] = (DaySum(day=on, buckets=Buckets(up_ms=draw(st.integers(1, 86_400_000)))),)
    made = {name: figure(policy, days.get(name, ()), target_bp=9500) for name in names if name >= first}
    mirror = {name: figures(draw, name) for name in names if draw(st.booleans())}
    ledger = LedgerPart(tz=ZONE, names=names, first_ms=first_ms, days=days, figures=made)
    return ledger, MirrorPart(days=mirror)


@given(parts(), MONTHS)
def test_whatever_the_mirror_says_the_ledger_s_months_are_its_own(
    both: tuple[LedgerPart, MirrorPart], month: str
) -> None:
    ledger, mirror = both
    found = together(OF_SITE, ledger, mirror, month=month, url="")
    silent = together(OF_SITE, ledger, MirrorPart(trouble=Trouble.AWAY), month=month, url="")
    assert ledger.first_ms is not None
    began = month_of(ledger.first_ms, ZONE)
    own = [m for m in found.months if m.month >= began]
    assert [replace(m, agrees=None) for m in own] == list(silent.months)
    assert all(m.source is Source.MIRROR and m.figure is None for m in found.months if m.month < began)
    for day in found.days:
        if day.source is Source.MIRROR:
            assert day_span(day.day, ZONE).end_ms <= ledger.first_ms


@given(st.integers(2001, 2100), st.integers(1, 12))
def test_pages_of_months_follow_one_another(year: int, month: int) -> None:
    first = page_of("", f"{year:04}-{month:02}")
    assert len(first) == MONTHS_A_PAGE
    assert sorted(first, reverse=True) == list(first)
    after = page_of(first[-1], f"{year:04}-{month:02}")
    assert not set(first) & set(after)
    assert month_span(after[0], "UTC").end_ms == month_span(first[-1], "UTC").start_ms if after else True


def test_percent_words_are_cut() -> None:
    (only,) = {row.fields[0] for row in before(("2026-08",))}
    b = Buckets(up_ms=int(only[1]), down_ms=7 * 3_600_000)
    assert truncated_percent(b.ratio) == "69.56"
    assert len(list(beats("2026-08"))) == 31 * 12
