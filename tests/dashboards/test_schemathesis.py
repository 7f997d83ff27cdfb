"""Schemathesis against a real server, as every role: no 5xx, answers as the document says, methods that are refused.

Requests are the same in every run; what was once found stands as a test of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from tests.dashboards.api_town import api_town
from tests.dashboards.people import KEEPER, opened
from tests.dashboards.test_openapi import HERE
from tests.dashboards.township import AT_MS

from camboard.app import create_app, create_runner
from camboard.i18n import languages
from camboard.openapi.document import document
from camboard.routes import ROUTES
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.model.access import EVERYTHING, Role, Scope

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)
SCOPES = {
    Role.ADMIN: EVERYTHING,
    Role.TECHNICIAN: EVERYTHING,
    Role.CONTRACTOR: Scope(contractor_id="ykone"),
    Role.OFFICIAL: Scope(site_ids=frozenset({"zqa"})),
    Role.COUNTY: EVERYTHING,
    Role.WALL: EVERYTHING,
    Role.METRICS: EVERYTHING,
}
KNOWN = {"id": ("zqa", "zqa-ykone-0", "I000010", "w-zqa"), "number": (100, 102), "month": ("2026-10",)}
"""Things that are there, so that more than 404 is seen."""


@dataclass(slots=True, kw_only=True)
class Served:
    """A real server with a token for each role, and the document without what would excuse any status."""

    base: str
    tokens: dict[Role, str]
    told: Path

    async def run(self, role: Role, *words: str) -> tuple[int, str]:
        """Run the program as a role; return its exit code and what it wrote."""
        program = Path(sys.executable).with_name("schemathesis")
        process = await asyncio.create_subprocess_exec(
            program,
            "--config-file",
            self.told.with_name("empty.toml"),
            "run",
            self.told,
            "--url",
            self.base,
            "--generation-deterministic",
            "--no-color",
            "--warnings=off",
            "--request-timeout=20",
            f"--checks={','.join(CHECKS)}",
            "-H",
            f"Authorization: Bearer {self.tokens[role]}",
            *words,
            cwd=self.told.parent,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert process.stdout is not None
        said = await process.stdout.read()
        return await process.wait(), said.decode()


def strict() -> dict[str, Any]:
    """Return the document as the program reads it: no `default`, no endless stream, and known things to ask for."""
    told: dict[str, Any] = json.loads(json.dumps(document(ROUTES, languages()["en"])))
    del told["paths"]["/events"]
    # Browsers read a page at the address to which programs send new accounts.
    told["paths"]["/accounts"]["get"] = {"responses": {"200": {"description": "page"}, "403": {}, "default": {}}}
    for path, methods in told["paths"].items():
        for operation in methods.values():
            del operation["responses"]["default"]
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in KNOWN:
                    own = (HERE[path],) if path in HERE else KNOWN[parameter["name"]]
                    numbers = parameter["name"] == "number"
                    values = [int(v) if numbers else v for v in own]
                    parameter["schema"] = {"enum": [*values, 999 if numbers else "nothing"]}
    return told


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    clock, town = SimulatedClock(wall_ms=AT_MS + 3000), api_town(tmp_path)
    told = tmp_path / "openapi.json"
    told.write_text(json.dumps(strict()))
    told.with_name("empty.toml").write_text("")
    with opened(tmp_path, clock) as access:
        tokens = {}
        for role, scope in SCOPES.items():
            made = await access.add_token(KEEPER, role.value, role, scope, days=30)
            assert made.done, made.en
            tokens[role] = made.secret
        runner = create_runner(create_app(town, settings=BoardSettings(clock=clock), access=access))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Served(base=f"http://127.0.0.1:{runner.addresses[0][1]}", tokens=tokens, told=told)
        await runner.cleanup()


@pytest.mark.slow
async def test_as_admin_with_good_and_bad_requests(served: Served) -> None:
    code, said = await served.run(Role.ADMIN, "--phases=coverage,fuzzing", "--mode=all", "-n", "3")
    assert code == 0, said


@pytest.mark.slow
async def test_as_every_other_role(served: Served) -> None:
    for role in (Role.TECHNICIAN, Role.CONTRACTOR, Role.OFFICIAL, Role.COUNTY, Role.METRICS):
        code, said = await served.run(role, "--phases=fuzzing", "--mode=positive", "-n", "1")
        assert code == 0, f"{role}\n{said}"


async def test_a_photo_of_an_order_that_never_was(served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.tokens[Role.ADMIN]}"}
    async with ClientSession(served.base, headers=headers) as session:
        for number, digest in ((999_999_998, "ab" * 32), (100, "cd" * 32)):
            async with session.get(f"/api/v1/orders/{number}/photos/{digest}") as got:
                assert got.status == 404
        async with session.get(f"/api/v1/orders/100/photos/{'ab' * 32}") as got:
            assert got.status == 200
            assert got.headers["Content-Disposition"].startswith("attachment;")
