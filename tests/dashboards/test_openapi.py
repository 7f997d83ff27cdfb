"""The document says what the server does: every address, every field, every error, in both languages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from aiohttp.test_utils import TestClient, TestServer
from tests.dashboards.api_town import ApiTown, api_town
from tests.dashboards.conftest import Client
from tests.dashboards.covered import CoveredTown
from tests.dashboards.desk_town import DeskTown
from tests.dashboards.order_town import order_town
from tests.dashboards.picture_town import PictureTown
from tests.dashboards.report_town import report_town
from tests.dashboards.test_words import HAN
from tests.dashboards.township import AT_MS, Township

from camboard.app import create_app
from camboard.i18n import languages
from camboard.openapi.declare import GEOJSON, JSON
from camboard.openapi.document import document, plain_path, roles
from camboard.openapi.markdown import section, written
from camboard.openapi.schema import Schema
from camboard.routes import ROUTES
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.model.access import Role

DOC = document(ROUTES, languages()["en"])
MACHINES = ("/api/v1/", "/events", "/healthz", "/readyz", "/metrics")
ENDINGS = (".csv", ".json", ".geojson", ".ics")
FOR_PEOPLE = {"/api/v1/docs", *(f"/import/{{draft}}/{part}.csv" for part in ("findings", "changes", "rows"))}
"""The document's own page, and what stands beside a preview for as long as somebody looks at it."""
APART = {"/api/v1/accounts", "/api/v1/openapi.json"}
"""Accounts want a store of them; the document itself is looked at by others."""
JSON_POSTS = {"/accounts", "/accounts/{name}", "/tokens", "/tokens/{id}"}
"""Forms of a page that answer programs in JSON."""


def closed(schema: Any) -> Any:
    """Return a schema that takes no field that it doesn't name: what is not in the document is not in the answer."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: closed(each) for name, each in schema.items()}
    whole = {"type", "coordinates"}
    if out.get("properties") and "additionalProperties" not in out and set(out["properties"]) != whole:
        out["additionalProperties"] = False
    return out


def validator(schema: Schema, *, strict: bool = True) -> Any:
    told = {"components": DOC["components"], **schema}
    return jsonschema_rs.Draft202012Validator(closed(told) if strict else told)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOC["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def faults(path: str, status: int, value: Any, *, method: str = "get", media: str = JSON) -> list[str]:
    """Return what of an answer the document does not say."""
    told = DOC["paths"][path][method]["responses"].get(str(status))
    if told is None:
        return [f"{path}: status {status} is not in the document"]
    return [
        f"{path}: {e.instance_path} {e.message}" for e in validator(told["content"][media]["schema"]).iter_errors(value)
    ]


def test_every_address_of_machines_is_in_the_document_and_nothing_else() -> None:
    meant = {
        (route.method, plain_path(route.path))
        for route in ROUTES
        if (
            route.path.startswith(MACHINES)
            or route.path.endswith(ENDINGS)
            or (route.writes and route.path in JSON_POSTS)
        )
        and route.path not in FOR_PEOPLE
    }
    assert {(method, path) for method, path, _ in operations()} == meant
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(ids)) == len(ids)


def test_the_document_says_who_may() -> None:
    for route in ROUTES:
        if route.call is None:
            continue
        operation = DOC["paths"][plain_path(route.path)][route.method.lower()]
        may = roles(route)
        assert operation["x-roles"] == ([] if may is None else [r.value for r in Role if route.open_to(r)])
        assert bool(operation["security"]) == (may is not None)


def test_the_document_is_openapi() -> None:
    from schemathesis.openapi import from_dict

    loaded = from_dict(json.loads(json.dumps(DOC)))
    assert sum(1 for _ in loaded.get_all_operations()) == len(list(operations()))
    for name, schema in DOC["components"]["schemas"].items():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
        assert name in json.dumps(DOC["paths"]) or name in json.dumps(DOC["components"]), name


def test_every_example_fits_its_schema() -> None:
    seen = 0
    for method, path, operation in operations():
        for status, told in operation["responses"].items():
            for media, content in told.get("content", {}).items():
                if media in {JSON, GEOJSON} and "example" in content:
                    errors = list(validator(content["schema"]).iter_errors(content["example"]))
                    assert not errors, f"{method} {path} {status}: {errors[0].instance_path} {errors[0].message}"
                    seen += 1
    assert seen >= 40


@pytest.mark.parametrize("code", ["zh", "en"])
def test_it_is_whole_in_both_languages(code: str) -> None:
    made = document(ROUTES, languages()[code])

    def notes(value: Any) -> Iterator[str]:
        if isinstance(value, list):
            for each in value:
                yield from notes(each)
        elif isinstance(value, dict):
            for name, each in value.items():
                if name in {"summary", "description"} and isinstance(each, str):
                    yield each
                elif name not in {"example", "examples"}:
                    yield from notes(each)

    for note in notes(made):
        assert note
        assert bool(HAN.search(note)) == (code == "zh"), note
    assert not [key for key in json.dumps(made).split('"') if key in {"x-optional", "x-example-name"}]


def test_the_written_document_is_of_these_routes() -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    assert written(text, section(ROUTES, languages()["en"])) == text, "make api"


async def served(town: Township) -> AsyncIterator[Client]:
    settings = BoardSettings(clock=SimulatedClock(wall_ms=AT_MS + 3000), heartbeat_s=0.5)
    async with TestClient(TestServer(create_app(town, settings=settings))) as client:
        yield client


@pytest.fixture
def town(tmp_path: Path) -> ApiTown:
    return api_town(tmp_path)


@pytest.fixture
async def client(town: ApiTown) -> AsyncIterator[Client]:
    async for made in served(town):
        yield made


HERE = {
    "/api/v1/sites/{id}": "zqa",
    "/api/v1/devices/{id}": "zqa-ykone-0",
    "/api/v1/coverage/sites/{id}": "zqa",
    "/api/v1/coverage/sites/{id}/darkness.geojson": "zqa",
    "/api/v1/incidents/{id}": "I000010",
    "/api/v1/orders/{number}": "100",
    "/reports/{month}.json": "2026-10",
}


def filled(path: str) -> str:
    return path if "{" not in path else path.partition("{")[0] + HERE[path] + path.partition("}")[2]


def readable() -> list[str]:
    out = []
    for method, path, operation in operations():
        media = operation["responses"]["200"]["content"]
        if method == "GET" and set(media) & {JSON, GEOJSON} and path not in APART:
            out.append(path)
    return out


async def ask(client: Client, path: str, query: str = "", *, status: int = 200) -> list[str]:
    async with client.get(filled(path) + query) as got:
        assert got.status == status, await got.text()
        return faults(path, status, await got.json(content_type=None), media=got.content_type)


@pytest.mark.parametrize("path", readable())
async def test_answers_are_as_the_document_says(client: Client, path: str) -> None:
    assert await ask(client, path) == []


async def test_errors_are_as_the_document_says(client: Client) -> None:
    assert await ask(client, "/api/v1/devices", "?per_page=501", status=400) == []
    assert await ask(client, "/api/v1/devices", "?site=nowhere", status=404) == []
    assert await ask(client, "/api/v1/sla", "?month=now", status=400) == []
    assert await ask(client, "/api/v1/sla", "?policy=generous", status=404) == []
    assert await ask(client, "/api/v1/coverage/sites/{id}/darkness.geojson", "?night=2", status=400) == []


@pytest.mark.parametrize(
    ("make", "paths"),
    [
        (
            CoveredTown,
            (
                "/api/v1/coverage",
                "/api/v1/coverage/map.geojson",
                "/api/v1/coverage/sites.geojson",
                "/api/v1/devices.geojson",
            ),
        ),
        (DeskTown, ("/api/v1/incidents", "/api/v1/orders")),
        (PictureTown, ("/api/v1/pictures", "/api/v1/sites", "/api/v1/views")),
        (Township, ("/api/v1/devices", "/api/v1/standing", "/healthz", "/readyz")),
    ],
)
async def test_answers_of_other_townships(make: Any, paths: tuple[str, ...]) -> None:
    async for client in served(make()):
        for path in paths:
            async with client.get(path) as got:
                assert got.status == 200
                assert faults(path, 200, await got.json(content_type=None), media=got.content_type) == []


async def test_a_computed_village() -> None:
    async for client in served(CoveredTown()):
        for path in ("/api/v1/coverage/sites/{id}", "/api/v1/coverage/sites/{id}/darkness.geojson"):
            for query in ("", "?failed=v1-cam-0", "?night=1"):
                async with client.get(path.replace("{id}", "v1") + query) as got:
                    if got.status == 200:
                        assert faults(path, 200, await got.json(content_type=None), media=got.content_type) == []


async def test_real_orders_and_a_closed_month(tmp_path: Path) -> None:
    async with order_town(tmp_path) as town:
        async for client in served(town):
            for path, own in (
                ("/api/v1/orders", "/api/v1/orders"),
                ("/api/v1/orders/{number}", "/api/v1/orders/1"),
                ("/api/v1/orders/{number}", "/api/v1/orders/2"),
                ("/api/v1/orders/route", "/api/v1/orders/route"),
                ("/api/v1/incidents", "/api/v1/incidents"),
                ("/api/v1/incidents/{id}", "/api/v1/incidents/I000001"),
            ):
                async with client.get(own) as got:
                    assert got.status == 200, own
                    assert faults(path, 200, await got.json()) == []
            async with client.post("/api/v1/orders/2/accept", json={"by": "王强"}) as got:
                assert got.status == 200
                assert faults("/api/v1/orders/{number}/{step}", 200, await got.json(), method="post") == []
            async with client.post("/api/v1/orders/2/accept", json={"by": "王强"}) as got:
                assert got.status == 409
                assert faults("/api/v1/orders/{number}/{step}", 409, await got.json(), method="post") == []
    async for client in served(report_town(tmp_path / "r.ledger")):
        for month in ("2026-10", "2026-11"):
            async with client.get(f"/reports/{month}.json") as got:
                assert got.status == 200
                assert faults("/reports/{month}.json", 200, await got.json()) == []


async def test_the_stream_sends_what_the_document_says(client: Client) -> None:
    told = DOC["paths"]["/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    async with client.get("/events") as stream, asyncio.timeout(20):
        assert stream.content_type == "text/event-stream"
        line = await stream.content.readline()
        while not line.startswith(b"data:"):
            line = await stream.content.readline()
        assert not list(validator(told["x-data"]).iter_errors(json.loads(line.removeprefix(b"data:"))))


@pytest.mark.parametrize("code", ["zh", "en"])
async def test_the_page_of_the_document(client: Client, code: str) -> None:
    async with client.get("/api/v1/docs", params={"lang": code}) as got:
        text = await got.text()
    assert got.status == 200
    for _, path, operation in operations():
        assert f"#{operation['operationId']}" in text, path
    for tag in DOC["tags"]:
        async with client.get("/api/v1/docs", params={"chapter": tag["name"], "lang": code}) as got:
            assert got.status == 200
            body = await got.text()
        own = [o for _, _, o in operations() if o["tags"] == [tag["name"]]]
        assert own
        assert all(f'id="{o["operationId"]}"' in body for o in own)
        assert body.count("<") / 2 < 3000
        assert "<script>" not in body
        assert " style=" not in body
    async with client.get("/api/v1/docs?chapter=nothing") as got:
        assert got.status == 404
