"""A browser on its way to another site and back, without script: strict cookies, `form-action`, and two languages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright, expect
from tests.dashboards.people import opened
from tests.dashboards.stage import ARGS, CHROMIUM
from tests.dashboards.test_outside import Town, setting_of
from tests.dashboards.township import AT_MS
from tests.monitor.oidc.provider import SECRET, Provider, providing

from camboard.app import create_app
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.oidc import Outside

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"needs {CHROMIUM}")


@dataclass(slots=True, kw_only=True)
class Scene:
    """A board on 127.0.0.1, a provider on localhost (another site to a browser), and a browser."""

    base: str
    provider: Provider
    browser: Browser

    async def page(self, *, language: str = "zh-CN", script: bool = False) -> Page:
        context = await self.browser.new_context(java_script_enabled=script, locale=language)
        return await context.new_page()


@pytest.fixture(name="scene")
async def _scene(tmp_path: Path) -> AsyncIterator[Scene]:
    clock = SimulatedClock(wall_ms=AT_MS + 3000, elapsed_ms=10**9)
    async with AsyncExitStack() as stack:
        provider, _ = await stack.enter_async_context(providing(lambda: clock.wall_ms() // 1000, host="localhost"))
        provider.shows_page = True
        setting = setting_of(provider.issuer)
        outside = Outside(lambda: setting, secret_behind=lambda _: SECRET, clock=clock)
        access = stack.enter_context(opened(tmp_path, clock))
        server = TestServer(create_app(Town(outside), settings=BoardSettings(clock=clock), access=access))
        await stack.enter_async_context(server)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        stack.push_async_callback(browser.close)
        yield Scene(base=f"http://127.0.0.1:{server.port}", provider=provider, browser=browser)


async def test_there_and_back_without_script(scene: Scene) -> None:
    page = await scene.page()
    await page.goto(f"{scene.base}/devices?q=cam")
    await page.get_by_role("link", name="用县统一认证登录").click()
    await page.wait_for_url(f"{scene.provider.issuer}/**")
    await page.get_by_role("link", name="back").click()
    await page.wait_for_url(f"{scene.base}/devices?q=cam")
    await expect(page.get_by_role("link", name="李工")).to_be_visible()
    (cookie,) = [c for c in await page.context.cookies() if c["name"] == "camkeeper"]
    assert (cookie["sameSite"], cookie["httpOnly"]) == ("Strict", True)
    assert "camkeeper-outside" not in {c["name"] for c in await page.context.cookies()}


async def test_without_a_role_the_form_says_so_in_both_languages(scene: Scene) -> None:
    scene.provider.person["groups"] = ["staff"]
    for language, button, said in (
        ("zh-CN", "用县统一认证登录", "没有本系统的角色"),
        ("en", "Sign in with", "no role"),
    ):
        page = await scene.page(language=language)
        await page.goto(f"{scene.base}/login?lang={'en' if language == 'en' else 'zh'}")
        await page.get_by_role("link", name=button).click()
        await page.get_by_role("link", name="back").click()
        await expect(page.get_by_role("alert")).to_contain_text(said)
        await expect(page.get_by_label("密码" if language == "zh-CN" else "Password")).to_be_visible()


async def test_the_button_fits_a_phone_and_a_finger(scene: Scene) -> None:
    page = await scene.page(script=True)
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(f"{scene.base}/login")
    box = await page.get_by_role("link", name="用县统一认证登录").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
