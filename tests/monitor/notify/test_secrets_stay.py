"""A platform that repeats whatever it was sent, and a canary that must appear nowhere."""

from __future__ import annotations

import logging
import ssl
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from aiohttp import web
from tests.monitor.notify.letters import CANARY, LETTER, ROBOTS, TOKEN, robot, sent
from tests.peers.mail_stub import Mailbox, mail_server
from tests.peers.platform_stub import platform, says

from camkeeper.model.channel import (
    AnyChannel,
    AppriseSetting,
    ChannelKind,
    Security,
    SmsFormat,
    SmsSetting,
    SmtpSetting,
    SuccessRule,
    WebhookSetting,
)
from camkeeper.model.letter import Outcome


async def parrots(request: web.Request) -> web.StreamResponse:
    """Answer with the address, the headers and the body that came in, in the words of an error."""
    told = f"{request.raw_path} {dict(request.headers)} {await request.text()}"
    return web.json_response(
        {"errcode": 1, "errmsg": told, "code": 1, "msg": told}, status=int(request.query.get("s", 200))
    )


def spellings() -> set[str]:
    secrets = {CANARY, TOKEN}
    return secrets | {f(s) for f in (quote, quote_plus) for s in secrets} | {b64encode(CANARY.encode()).decode()}


def clean(text: str) -> bool:
    return not any(spelling in text for spelling in spellings())


SMS = SmsSetting(
    id="test",
    url="http://127.0.0.1",
    to=("13800000000",),
    fields={"k": "{token}", "c": "{text}"},
    success=SuccessRule(path="code", equals="0"),
    token_ref="env:SIGN",
)


@pytest.mark.parametrize("status", [200, 403, 500, 302])
async def test_over_http(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with platform(parrots) as stub:
        url = f"{stub.url}/{TOKEN}?s={status}"
        ways: list[AnyChannel] = [robot(kind, url) for kind in ROBOTS]
        ways.append(WebhookSetting(id="test", url=url, token_ref="env:TOKEN", secret_ref="env:SIGN"))
        ways += [replace(SMS, url=url, form=form) for form in SmsFormat]
        for way in ways:
            receipt = await sent(way)
            assert receipt.detail or receipt.outcome is Outcome.ACCEPTED
            assert clean(f"{receipt!r} {way!r}")
    assert clean(caplog.text)


async def test_over_mail(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    box = Mailbox(data_reply=f"554 who is {CANARY}?")
    async with mail_server(box, password=CANARY) as server:
        way = SmtpSetting(
            id="test",
            host="127.0.0.1",
            port=server.port,
            security=Security.PLAIN,
            sender="a@b.example",
            to=("c@d.example",),
            user="camkeeper",
            secret_ref="env:SIGN",
        )
        receipt = await sent(way)
    assert (receipt.code, receipt.detail) == ("554", "who is ***?")
    ours = "".join(r.getMessage() for r in caplog.records if not r.name.startswith("mail."))  # not the server's own log
    assert clean(f"{receipt!r} {way!r} {ours}")


async def test_failures_before_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for url in (
        f"http://127.0.0.1:1/{TOKEN}?key={TOKEN}",
        f"http://{TOKEN}.invalid/",
        f"http://[::1/{TOKEN}",
        f"x://{TOKEN}",
    ):
        receipt = await sent(robot(ChannelKind.WECOM, url, token_ref="", timeout_s=3))
        assert receipt.outcome is not Outcome.ACCEPTED
        assert clean(repr(receipt))
    assert clean(caplog.text)


async def test_apprise_is_optional_and_its_address_is_a_secret() -> None:
    setting = AppriseSetting(id="test", secret_ref="env:TOKEN")
    receipt = await sent(setting)
    assert receipt.outcome is Outcome.REFUSED
    assert receipt.code in {"not-installed", "url"}
    assert clean(f"{receipt!r} {setting!r}")


async def test_no_proxy_of_the_environment_and_no_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with platform(says('{"errcode":0}', Set_Cookie="a=b")) as stub:
        from tests.monitor.notify.letters import source

        from camkeeper.clock import SystemClock
        from camkeeper.notify import connect, http_session

        async with http_session() as session:
            way = connect([robot(ChannelKind.WECOM, stub.url)], session=session, secrets=source(), clock=SystemClock())
            for _ in range(2):
                assert (await way["test"].send(LETTER)).outcome is Outcome.ACCEPTED
    assert not any("Cookie" in asked.headers for asked in stub.asked)


async def test_a_certificate_nobody_vouches_for_gets_no_secret(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    async with platform(says('{"errcode":0}'), tls=context) as stub:
        receipt = await sent(robot(ChannelKind.WECOM, stub.url))
    assert (receipt.outcome, receipt.code) == (Outcome.RETRY, "tls")
    assert "self" in receipt.detail
    assert stub.asked == []


async def test_apprise_itself() -> None:
    pytest.importorskip("apprise", reason="the optional package apprise is not installed")
    async with platform(says('{"errcode":45009}')) as stub:
        setting = AppriseSetting(id="test", secret_ref="env:TOKEN")
        there = await sent(setting, secrets={"env:TOKEN": stub.url.replace("http", "json")})
        nowhere = await sent(setting, secrets={"env:TOKEN": "json://127.0.0.1:1/"})
    # The reason for adapters of our own: a refusal under HTTP 200 is a success to it.
    assert (there.outcome, there.code) == (Outcome.ACCEPTED, "apprise")
    assert nowhere.outcome is Outcome.RETRY
