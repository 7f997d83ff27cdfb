"""Files to take away: what a spreadsheet reads back, what it must not run, and how they are called."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboards.api_town import api_town
from tests.dashboards.conftest import Client
from tests.dashboards.township import AT_MS

from camboard.app import create_app
from camboard.download import BOM, cell, csv_text, disposition, pieces
from camboard.settings import BoardSettings
from camboard.text import plain
from camkeeper.clock import SimulatedClock

RUNS = ("=", "+", "-", "@", "\t", "\r")
CELLS = st.one_of(st.none(), st.integers(), st.text(max_size=40))


@given(st.text(max_size=40))
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    assert not str(cell(text)).startswith(RUNS)


@given(st.sampled_from(RUNS), st.text(max_size=20), st.sampled_from(["", " ", "\u00a0"]))
def test_what_would_run_has_an_apostrophe(sign: str, rest: str, before: str) -> None:
    assert str(cell(before + sign + rest)).startswith("'")


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=30))
def test_a_table_is_read_back_as_it_was(rows: list[tuple[str | int | None, ...]]) -> None:
    text = csv_text(("a", "b", "c"), rows)
    assert text.startswith(BOM)
    found = list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))
    assert found == [["a", "b", "c"], *([str(cell(value)) for value in row] for row in rows)]


def test_a_large_table_comes_in_pieces() -> None:
    made = list(pieces(("n",), ((f"村 {n}",) for n in range(50_000))))
    assert len(made) > 5
    assert max(map(len, made)) < 300_000
    assert b"".join(made).count(b"\r\n") == 50_001


@given(st.text(min_size=1, max_size=40))
def test_a_name_comes_back_from_the_header(name: str) -> None:
    header = disposition(name)
    assert header.isascii()
    assert "\r" not in header
    assert "\n" not in header
    assert unquote(header.partition("filename*=UTF-8''")[2]) == plain(name)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    settings = BoardSettings(clock=SimulatedClock(wall_ms=AT_MS + 3000))
    async with TestClient(TestServer(create_app(api_town(tmp_path), settings=settings))) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/devices.csv", 6),
        ("/incidents.csv", 4),
        ("/orders.csv", 4),
        ("/reports.csv", 1),
        ("/reports/2026-10.csv", 4),
        ("/why.csv?site=zqa&month=2026-10", 2),
        ("/why/cameras.csv?site=zqa&month=2026-10", 2),
        ("/audit.csv", 0),
    ],
)
async def test_every_table(client: Client, path: str, rows: int) -> None:
    async with client.get(path) as got:
        assert got.status == 200, await got.text()
        assert (got.content_type, got.charset) == ("text/csv", "utf-8")
        assert got.headers["Content-Disposition"].startswith('attachment; filename="')
        body = await got.read()
    assert body.startswith(BOM.encode())
    found = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert len(found) > rows
    assert len({len(row) for row in found}) == 1
    async with client.head(path) as got:
        assert got.status == 200
        assert await got.read() == b""


async def test_devices_on_a_map_of_somebody_else(client: Client) -> None:
    async with client.get("/api/v1/devices.geojson?site=zqb") as got:
        assert got.content_type == "application/geo+json"
        features = (await got.json(content_type=None))["features"]
    assert {f["id"] for f in features} == {"zqb-ykone-0", "zqb-yktwo-1"}
    assert all(f["geometry"]["coordinates"] == [113.905, 33.705] for f in features)
    async with client.get("/api/v1/coverage/sites.geojson?night=1") as got:
        value = await got.json(content_type=None)
    assert [f["properties"]["site_id"] for f in value["features"]] == ["town", "zqa", "zqb", "zqc"]
    assert value["basis"]["crs"] == "EPSG:4326"
    async with client.get("/windows.ics") as got:
        assert got.headers["Content-Disposition"].startswith('attachment; filename="camkeeper-windows.ics"')
