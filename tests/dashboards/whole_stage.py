"""The whole township served with a login, people of every role, and a browser before it. Needs Debian's chromium."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page
from tests.dashboards.people import Person, opened, person
from tests.dashboards.stage import Seen
from tests.dashboards.whole_past import Fault
from tests.dashboards.whole_town import WholeTown, whole_town

from camboard.app import create_app, create_runner
from camboard.routes import ROUTES
from camboard.settings import BoardSettings
from camkeeper.access import Access
from camkeeper.model.access import EVERYTHING, Role, Scope
from camkeeper.model.registry import Registry

CONTRACTOR = "weibao-a"
PEOPLE: Mapping[str, tuple[Role, Scope]] = {
    "guanli": (Role.ADMIN, EVERYTHING),
    "zhangmin": (Role.TECHNICIAN, EVERYTHING),
    "wangqiang": (Role.CONTRACTOR, Scope(contractor_id=CONTRACTOR)),
    "lizhen": (Role.OFFICIAL, EVERYTHING),
    "xianji": (Role.COUNTY, EVERYTHING),
    "daping": (Role.WALL, EVERYTHING),
}
ADMIN = "guanli"
_NO_PAGE = re.compile(
    r"^/(api|fragments|static|metrics|healthz|readyz|events|wall/data)"
    r"|\.(csv|json|ics|geojson|xlsx|pdf)$|/photos/|/evidence/|/thumbnail/|/current/|^/login/"
)
LONG_HISTORY = frozenset({"/sites/{id}/history", "/devices/{id}/history"})
"""Answered from InfluxDB alone, which this township does not have: they say that there is no such page."""
PAGE_LINES = tuple(line.path for line in ROUTES if not line.writes and not _NO_PAGE.search(line.path))
"""Every line of the route table that answers with a page."""


@dataclass(slots=True, kw_only=True)
class WholeStage:
    """A served township; every page that is opened here is watched for foreign hosts and complaints."""

    base: str
    town: WholeTown
    access: Access
    browser: Browser
    people: Mapping[str, Person]
    seen: Seen = field(default_factory=Seen)

    @asynccontextmanager
    async def context(
        self, who: str | None, *, width: int = 1280, height: int = 900, dark: bool = False, script: bool = True
    ) -> AsyncIterator[BrowserContext]:
        """Open a browser in which somebody is signed in; None: nobody is."""
        phone = width < 600
        made = await self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            has_touch=phone,
            is_mobile=phone,
        )
        if who is not None:
            one = self.people[who]
            if one.role is Role.WALL:
                await made.set_extra_http_headers(dict(one.headers))
            else:
                await made.add_cookies([{"name": "camkeeper", "value": one.secret, "url": self.base}])
        made.on("page", lambda page: self.seen.watch(page, self.base))
        try:
            yield made
        finally:
            await made.close()

    @asynccontextmanager
    async def page(
        self, who: str | None, path: str, *, width: int = 1280, dark: bool = False, script: bool = True
    ) -> AsyncIterator[Page]:
        """Open one page as somebody."""
        async with self.context(who, width=width, dark=dark, script=script) as context:
            page = await context.new_page()
            await page.goto(self.base + path)
            yield page

    async def paths(self) -> Mapping[str, str]:
        """Return every page of the route table -> an address that shows it."""
        incident = self.town.incidents[0]
        assert incident.order is not None
        story = await self.town.story(incident.incident.id)
        windows = self.town.windows()
        assert windows is not None
        device = self.town.registry.devices[0]
        site = incident.site_ids[0]
        fills = {
            "{id}": device.id,
            "{number:[1-9][0-9]{0,8}}": str(incident.order.number),
            "{token}": story.phone_token,
        }
        out = {}
        for line in PAGE_LINES:
            path = line.replace("/incidents/{id}", f"/incidents/{incident.incident.id}").replace(
                "/sites/{id}", f"/sites/{site}"
            )
            for name, value in fills.items():
                path = path.replace(name, value)
            path = re.sub(r"\{month:[^/]*?\}(?=\.|/|$)", "2026-10", path)
            out[line] = {"/why": f"/why?site={site}", "/trend": f"/trend?device={device.id}"}.get(path, path)
        return out


@asynccontextmanager
async def whole_stage(
    folder: Path,
    browser: Browser,
    *,
    registry: Registry | None = None,
    faults: Sequence[Fault] | None = None,
    minutes: int = 110,
) -> AsyncIterator[WholeStage]:
    """Serve the township on a free port; everything ends with the block."""
    async with whole_town(folder, registry=registry, faults=faults, minutes=minutes) as town:
        with opened(folder, town.rig.clock) as access:
            people = {name: await person(access, name, role, scope) for name, (role, scope) in PEOPLE.items()}
            settings = BoardSettings(clock=town.rig.clock)
            runner = create_runner(create_app(town, settings=settings, access=access))
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            base = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                yield WholeStage(base=base, town=town, access=access, browser=browser, people=people)
            finally:
                await runner.cleanup()
