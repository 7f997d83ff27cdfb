"""A served board and a real browser before it. Needs Debian's chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from playwright.async_api import Browser, ConsoleMessage, Page, Request
from tests.dashboards.township import Township

from camkeeper.clock import SimulatedClock

CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(slots=True, kw_only=True)
class Seen:
    """What a page asked for and complained of."""

    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page, base: str) -> None:
        def request(asked: Request) -> None:
            if not asked.url.startswith((base, "data:")):
                self.hosts.add(asked.url)

        def console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                self.complaints.append(message.text)

        page.on("request", request)
        page.on("console", console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


@dataclass(slots=True, kw_only=True)
class Stage:
    """A served board, a browser, and what was seen."""

    base: str
    town: Township
    clock: SimulatedClock
    runner: web.AppRunner
    browser: Browser
    seen: Seen = field(default_factory=Seen)

    @asynccontextmanager
    async def page(self, path: str = "/", *, width: int = 1440, dark: bool = False) -> AsyncIterator[Page]:
        context = await self.browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        page = await context.new_page()
        self.seen.watch(page, self.base)
        await page.goto(self.base + path)
        yield page
        await context.close()
