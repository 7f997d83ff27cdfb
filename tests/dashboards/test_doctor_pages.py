"""`/doctor`: what is odd, one click that mends it, tables, and who may."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from tests.dashboards.conftest import Client
from tests.dashboards.township import AT_MS, Township
from tests.monitor.doctor.test_mend import TOWN

from camboard.app import create_app
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.config import load
from camkeeper.model.registry import Registry
from camkeeper.run.doctor import DoctorRoom


@dataclass(slots=True, kw_only=True)
class SickTown(Township):
    """A board whose register lies in a folder, with faults."""

    config: Path
    registry: Registry
    room: DoctorRoom | None = None

    def doctor(self) -> DoctorRoom | None:
        return self.room

    async def take_over(self) -> None:
        self.registry = load(self.config)


@pytest.fixture
async def town(tmp_path: Path) -> SickTown:
    config = tmp_path / "cameras.yaml"
    config.write_text(TOWN, encoding="utf-8")
    made = SickTown(config=config, registry=load(config))
    made.room = DoctorRoom(
        config=config,
        clock=SimulatedClock(wall_ms=AT_MS),
        registry=lambda: made.registry,
        facts=dict,
        reload=made.take_over,
    )
    return made


@pytest.fixture
async def client(town: SickTown) -> AsyncIterator[Client]:
    app = create_app(town, settings=BoardSettings(clock=SimulatedClock(wall_ms=AT_MS)))
    async with TestClient(TestServer(app, host="127.0.0.1")) as opened:
        yield opened


async def _text(client: Client, path: str, status: int = 200) -> str:
    async with client.get(path) as got:
        assert got.status == status
        return await got.text()


async def test_findings_evidence_and_accuracy_in_both_languages(client: Client) -> None:
    chinese, english = await _text(client, "/doctor?lang=zh"), await _text(client, "/doctor?lang=en")
    assert "小数点移位" in chinese
    assert "a decimal point slipped" in english
    for page in (chinese, english):
        assert 'value="slip:slip"' in page
        assert 'value="azimuth:v1"' not in page, "nothing can be proposed for it"
    assert "Not checked" in english
    only = await _text(client, "/doctor?check=height&lang=en")
    assert 'value="height:high"' in only
    assert 'value="slip:slip"' not in only
    assert "/fragments/doctor?check=height" in only
    assert 'value="height:high"' in await _text(client, "/fragments/doctor")
    await _text(client, "/doctor?check=nonsense", 400)


async def test_one_click_mends_it_at_once(client: Client, town: SickTown) -> None:
    body = {"by": "王强", "id": "slip:slip"}
    async with client.post("/doctor", data=body, allow_redirects=False) as got:
        assert got.status == 303
        assert got.headers["Location"] == "/doctor?done=1"
    mount = town.registry.device_by_id["slip"].mount
    assert mount is not None
    assert mount.lat_deg == 33.705
    assert 'value="slip:slip"' not in await _text(client, "/doctor?done=1")
    async with client.post("/doctor", data=body, allow_redirects=False) as got:
        assert got.status == 409, "it is no more"


async def test_what_has_no_proposal_is_refused_whole(client: Client, town: SickTown) -> None:
    before = town.config.read_bytes()
    async with client.post("/api/v1/doctor/fix", json={"by": "王强", "ids": "slip:slip\nazimuth:v1"}) as got:
        assert got.status == 409
        told = (await got.json())["error"]
        assert told["zh"]
        assert "azimuth:v1" in told["en"]
    assert town.config.read_bytes() == before
    async with client.post("/doctor", data={"id": "slip:slip"}, allow_redirects=False) as got:
        assert got.status == 400, "nobody's name"
    headers = {"Origin": "http://elsewhere.example"}
    async with client.post("/doctor", data={"by": "x", "id": "slip:slip"}, headers=headers) as got:
        assert got.status == 403


async def test_tables_to_take_away(client: Client) -> None:
    lines = list(csv.DictReader(io.StringIO((await _text(client, "/doctor.csv?lang=en")).removeprefix("\ufeff"))))
    assert {"slip:slip", "height:high", "azimuth:v1"} <= {line["id"] for line in lines}
    fields = list(csv.DictReader(io.StringIO((await _text(client, "/doctor/fields.csv")).removeprefix("\ufeff"))))
    position = next(line for line in fields if line["field"] == "position")
    assert (position["devices"], position["right"], position["wrong"]) == ("3", "2", "1")


async def test_without_a_doctor_there_is_no_page() -> None:
    app = create_app(Township(), settings=BoardSettings(clock=SimulatedClock(wall_ms=AT_MS)))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        await _text(client, "/doctor", 404)
        assert 'href="/doctor"' not in await _text(client, "/")
