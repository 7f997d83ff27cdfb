"""`/why`: the figure is that of the record, its rows add up, and nobody sees past their scope."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from tests.dashboards.conftest import Client
from tests.dashboards.insight_town import InsightTown, town
from tests.dashboards.township import AT_MS

from camboard.app import create_app
from camboard.download import BOM, cell, csv_text
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.run.sla import sla

PEOPLE = {"Accept": "text/html"}


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> InsightTown:
    return town(tmp_path_factory.mktemp("why"))


@pytest.fixture(name="board")
async def _board(made: InsightTown) -> AsyncIterator[Client]:
    made.probed.clear()
    made.refused.clear()
    settings = BoardSettings(clock=SimulatedClock(wall_ms=AT_MS + 3000))
    async with TestClient(TestServer(create_app(made, settings=settings))) as client:
        yield client


async def text(client: Client, path: str, status: int = 200, *, english: bool = False) -> str:
    async with client.get(path, headers={**PEOPLE, "Cookie": f"lang={'en' if english else 'zh'}"}) as answer:
        assert answer.status == status, await answer.text()
        return await answer.text()


async def rows(client: Client, path: str) -> list[dict[str, str]]:
    async with client.get(path) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/csv"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        body = await answer.text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


@pytest.mark.parametrize("site", ["town", "v00", "v07"])
async def test_the_figure_is_bit_for_bit_that_of_the_record(board: Client, made: InsightTown, site: str) -> None:
    told = sla(made.ledger, month="2026-10", site_id=site, policy=None, now_ms=AT_MS)
    net = told["sites"][0]["figures"][told["deciding_policy"]]["net"]
    page = await text(board, f"/why?site={site}&month=2026-10")
    for key in ("up_ms", "degraded_ms", "down_ms", "unknown_ms", "excluded_ms", "absent_ms"):
        assert f'<td class="num">{net["time"][key]:,}</td>' in page
    for key in ("ratio", "lower", "upper"):
        assert f"{net['percent'][key]}%" in page
    own = await rows(board, f"/why/cameras.csv?site={site}&month=2026-10")
    for key in ("up_ms", "degraded_ms", "down_ms", "unknown_ms", "excluded_ms", "absent_ms"):
        assert sum(int(row[key]) for row in own) == net["time"][key]


async def test_a_devices_stretches_add_up_and_name_their_records(board: Client) -> None:
    found = await rows(board, "/why.csv?device=cam-0005&month=2026-10")
    length = dict.fromkeys(("up", "degraded", "down", "unknown", "absent"), 0)
    for row in found:
        length[row["status"]] += int(row["length_ms"])
        assert bool(row["seq"]) == bool(row["hash"])
    assert sum(length.values()) == 31 * 86_400_000
    page = await text(board, "/why?device=cam-0005&month=2026-10")
    assert f"{length['down']:,}" in page
    ratio = length["up"] + length["degraded"], length["up"] + length["degraded"] + length["down"]
    assert f"{ratio[0]:,} ÷ {ratio[1]:,}" in page
    down = [int(row["length_ms"]) for row in found if row["status"] == "down"]
    assert down == sorted(down, reverse=True)
    assert found[0]["hash"][:12] in page


async def test_the_rule_stands_beside_the_figure_in_both_languages(board: Client) -> None:
    chinese = await text(board, "/why?month=2026-10")
    assert "time-weighted/1" in chinese
    assert "连续 2 次失败才算离线" in chinese
    english = await text(board, "/why?month=2026-10", english=True)
    assert "2 failures in a row make it offline" in english
    assert "camkeeper sla --month 2026-10 --site town" in english
    assert "data-fragment" not in english  # still: it does not read the ledger at every change
    assert "http-equiv" not in english


async def test_pages_hold_every_row_once(board: Client) -> None:
    whole = await rows(board, "/why.csv?site=town&month=2026-10")
    seen: list[str] = []
    for n in range(1, 4):
        page = await text(board, f"/why?site=town&month=2026-10&page={n}")
        seen += [row["seq"] for row in whole if f"#{row['seq']} " in page]
    assert seen == [row["seq"] for row in whole[:75]]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/why?site=nowhere", 404),
        ("/why?device=nobody", 404),
        ("/why?month=2026-13", 400),
        ("/why?from=2026-11-05&to=2026-11-04", 400),
        ("/why?from=2026-02-30", 400),
        ("/why?page=0", 400),
        (f"/why?site={'x' * 300}", 400),
        ("/why?from=2026-11-20&to=2026-11-21", 200),
        ("/why?device=cam-0005&from=2026-11-21", 200),
    ],
)
async def test_what_is_asked_for_must_be_there(board: Client, path: str, status: int) -> None:
    await text(board, path, status)


async def test_without_a_past_nobody_asks_why(client: Client) -> None:
    await text(client, "/why", 404)
    assert "/why" not in await text(client, "/")
    assert "/why" not in await text(client, "/devices")


def test_no_cell_is_taken_for_a_formula() -> None:
    for evil in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"):
        assert str(cell(evil)).startswith("'")
    assert cell(-5) == -5
    assert cell("柳湾村") == "柳湾村"
    written = csv_text(["a"], [['=HYPERLINK("http://x")'], [None], [3]])
    assert written == f'{BOM}a\r\n"\'=HYPERLINK(""http://x"")"\r\n""\r\n3\r\n'
