"""WeCom, DingTalk and Feishu against real HTTP: a message counts as sent only where the body's code says so."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.monitor.notify.letters import CANARY, LETTER, NOW_MS, ROBOTS, TOKEN, robot, sent
from tests.peers.platform_stub import Answer, dies, floods, hangs, platform, says

from camkeeper.model.channel import ChannelKind
from camkeeper.model.letter import Outcome

OK = {
    ChannelKind.WECOM: '{"errcode":0,"errmsg":"ok"}',
    ChannelKind.DINGTALK: '{"errcode":0,"errmsg":"ok"}',
    ChannelKind.FEISHU: '{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}',
}
CODES = [
    (ChannelKind.WECOM, '{"errcode":45009,"errmsg":"api freq out of limit"}', Outcome.RETRY, "45009", 60.0),
    (ChannelKind.WECOM, '{"errcode":-1,"errmsg":"system busy"}', Outcome.RETRY, "-1", None),
    (ChannelKind.WECOM, '{"errcode":93000,"errmsg":"invalid webhook url"}', Outcome.REFUSED, "93000", None),
    (ChannelKind.WECOM, '{"errcode":40058,"errmsg":"exceed max length"}', Outcome.REFUSED, "40058", None),
    (
        ChannelKind.DINGTALK,
        '{"status":1111,"wait":5,"errcode":130101,"errmsg":"send too fast"}',
        Outcome.RETRY,
        "130101",
        60.0,
    ),
    (ChannelKind.DINGTALK, '{"errcode":410100,"errmsg":"发送速度太快而限流"}', Outcome.RETRY, "410100", 60.0),
    (ChannelKind.DINGTALK, '{"errcode":310000,"errmsg":"sign not match"}', Outcome.REFUSED, "310000", None),
    (ChannelKind.DINGTALK, '{"errcode":300001,"errmsg":"token is not exist"}', Outcome.REFUSED, "300001", None),
    (ChannelKind.FEISHU, '{"code":11232,"msg":"create msg limited, frequency limited"}', Outcome.RETRY, "11232", 60.0),
    (ChannelKind.FEISHU, '{"code":9499,"msg":"too many request"}', Outcome.RETRY, "9499", 60.0),
    (ChannelKind.FEISHU, '{"code":9499,"msg":"Bad Request","data":{}}', Outcome.REFUSED, "9499", None),
    (ChannelKind.FEISHU, '{"code":19021,"msg":"sign match fail"}', Outcome.REFUSED, "19021", None),
    (ChannelKind.FEISHU, '{"code":19024,"msg":"Key Words Not Found"}', Outcome.REFUSED, "19024", None),
]


@pytest.mark.parametrize("kind", ROBOTS)
async def test_accepted_is_what_the_body_says(kind: ChannelKind) -> None:
    async with platform(says(OK[kind])) as stub:
        receipt = await sent(robot(kind, stub.url + "/send"))
    assert (receipt.outcome, receipt.code) == (Outcome.ACCEPTED, "0")
    assert len(stub.asked) == 1
    assert stub.asked[0].headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(("kind", "body", "outcome", "code", "wait_s"), CODES)
async def test_200_with_a_code(kind: ChannelKind, body: str, outcome: Outcome, code: str, wait_s: float | None) -> None:
    async with platform(says(body)) as stub:
        receipt = await sent(robot(kind, stub.url))
    assert (receipt.outcome, receipt.code, receipt.retry_after_s) == (outcome, code, wait_s)
    assert receipt.detail


HALF = [
    (says("<html>please log in</html>", content_type="text/html"), Outcome.RETRY, "not-json"),
    (says(""), Outcome.RETRY, "not-json"),
    (says("[]"), Outcome.RETRY, "no-code"),
    (says('{"errmsg":"ok"}'), Outcome.RETRY, "no-code"),
    (says('{"errcode":true,"code":false}'), Outcome.RETRY, "no-code"),
    (says('{"errcode":"","code":""}'), Outcome.RETRY, "no-code"),
    (says('{"errcode":0,"code":0}', status=500), Outcome.RETRY, "500"),
    (says('{"errcode":0,"code":0}', status=403), Outcome.RETRY, "403"),
    (says("no such page", status=404), Outcome.REFUSED, "404"),
    (says('{"errcode":0,"code":0}', status=302, Location="http://127.0.0.1:9/"), Outcome.RETRY, "302"),
    (hangs, Outcome.RETRY, "timeout"),
    (dies, Outcome.RETRY, "broken"),
    (floods, Outcome.RETRY, "too-long"),
]


@pytest.mark.parametrize("kind", ROBOTS)
@pytest.mark.parametrize(("answer", "outcome", "code"), HALF)
async def test_answers_that_are_none(kind: ChannelKind, answer: Answer, outcome: Outcome, code: str) -> None:
    async with platform(answer) as stub:
        receipt = await sent(robot(kind, stub.url, timeout_s=0.5 if answer is hangs else 5))
    assert (receipt.outcome, receipt.code) == (outcome, code)
    assert len(stub.asked) == 1  # nothing was followed, nothing tried twice


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("7", 7.0),
        ("999999999999", 3600.0),
        ("Thu, 16 Oct 2025 06:05:30 GMT", 29.877),
        ("Thu, 16 Oct 2025 06:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
async def test_retry_after(header: str, wait_s: float | None) -> None:
    async with platform(says("slow down", status=429, Retry_After=header)) as stub:
        receipt = await sent(robot(ChannelKind.WECOM, stub.url))
    assert (receipt.outcome, receipt.code) == (Outcome.RETRY, "429")
    assert receipt.retry_after_s == (None if wait_s is None else pytest.approx(wait_s))


async def test_nobody_there_is_later() -> None:
    async with platform(says("")) as stub:
        url = stub.url
    receipt = await sent(robot(ChannelKind.WECOM, url))
    assert (receipt.outcome, receipt.code) == (Outcome.RETRY, "connect")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "127.0.0.1", "http://127.0.0.1:99999/"])
async def test_no_address(url: str) -> None:
    assert (await sent(robot(ChannelKind.FEISHU, url, token_ref=""))).outcome is Outcome.REFUSED


def openssl_hmac(key: str, message: str) -> str:
    """HMAC-SHA256 by a program that shares no code with us, base64."""
    told = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key.encode().hex()}", "-binary"],
        input=message.encode(),
        capture_output=True,
        check=True,
        timeout=20,
    )
    return b64encode(told.stdout).decode()


async def test_dingtalk_signs_the_address_once() -> None:
    async with platform(says(OK[ChannelKind.DINGTALK])) as stub:
        await sent(robot(ChannelKind.DINGTALK, stub.url + "/robot/send"))
    (asked,) = stub.asked
    query = parse_qs(urlsplit(asked.raw_path).query)
    assert query["access_token"] == [TOKEN]
    assert query["timestamp"] == [str(NOW_MS)]
    assert query["sign"] == [openssl_hmac(CANARY, f"{NOW_MS}\n{CANARY}")]
    assert "%25" not in asked.raw_path  # encoded twice, the platform would see %2B where + was signed
    message = json.loads(asked.body)
    assert message == {"msgtype": "markdown", "markdown": {"title": LETTER.subject, "text": LETTER.markdown}}


async def test_feishu_signs_the_body() -> None:
    async with platform(says(OK[ChannelKind.FEISHU])) as stub:
        await sent(robot(ChannelKind.FEISHU, stub.url + "/open-apis/bot/v2/hook"))
        await sent(robot(ChannelKind.FEISHU, stub.url, markdown=False), replace(LETTER, recovery=True))
    card, plain = (json.loads(asked.body) for asked in stub.asked)
    assert stub.asked[0].raw_path == f"/open-apis/bot/v2/hook/{TOKEN}"
    seconds = NOW_MS // 1000
    for message in (card, plain):
        assert message["timestamp"] == str(seconds)
        assert message["sign"] == openssl_hmac(f"{seconds}\n{CANARY}", "")
    assert card["msg_type"] == "interactive"
    assert card["card"]["header"]["title"]["content"] == LETTER.subject
    assert card["card"]["elements"][0]["content"] == LETTER.markdown.split("\n", 1)[1]
    assert plain["content"] == {"text": LETTER.text}


async def test_wecom_sends_markdown_and_text() -> None:
    async with platform(says(OK[ChannelKind.WECOM])) as stub:
        await sent(robot(ChannelKind.WECOM, stub.url + "/cgi-bin/webhook/send"))
        await sent(robot(ChannelKind.WECOM, stub.url + "/x?key=given", token_ref="", markdown=False))
    first, second = stub.asked
    assert first.raw_path == f"/cgi-bin/webhook/send?key={TOKEN}"
    assert json.loads(first.body) == {"msgtype": "markdown", "markdown": {"content": LETTER.markdown}}
    assert second.raw_path == "/x?key=given"
    assert json.loads(second.body) == {"msgtype": "text", "text": {"content": LETTER.text}}


def size(kind: ChannelKind, body: bytes) -> int:
    message: Any = json.loads(body)
    if kind is ChannelKind.WECOM:
        return len(str(message[message["msgtype"]]["content"]).encode())
    return len(body)


@pytest.mark.parametrize("kind", ROBOTS)
@pytest.mark.parametrize("markdown", [True, False])
@pytest.mark.parametrize("text", ["断" * 30_000, '"\\\n' * 20_000, "a" * 50_000])
async def test_no_message_is_longer_than_the_platform_takes(kind: ChannelKind, *, markdown: bool, text: str) -> None:
    limit = {ChannelKind.WECOM: 4096 if markdown else 2048}.get(kind, 20_000)
    async with platform(says(OK[kind])) as stub:
        receipt = await sent(robot(kind, stub.url, markdown=markdown), replace(LETTER, text=text, markdown=text))
    assert receipt.outcome is Outcome.ACCEPTED
    assert limit // 2 < size(kind, stub.asked[0].body) <= limit


async def test_a_secret_that_is_not_there_is_told_and_nothing_is_sent() -> None:
    async with platform(says(OK[ChannelKind.WECOM])) as stub:
        receipt = await sent(robot(ChannelKind.WECOM, stub.url), secrets={})
        broken = await sent(robot(ChannelKind.WECOM, stub.url), secrets={"env:TOKEN": "a\r\nHost: evil"})
    assert (receipt.outcome, receipt.code, receipt.detail) == (Outcome.RETRY, "secret", "env:TOKEN is not set")
    assert (broken.outcome, broken.code) == (Outcome.RETRY, "secret")
    assert stub.asked == []


def test_signatures_by_hand() -> None:
    from camkeeper.notify import dingtalk, feishu

    assert dingtalk.signature("k", 1) == openssl_hmac("k", "1\nk")
    assert feishu.signature("k", 1) == openssl_hmac("1\nk", "")
    assert len(b64decode(dingtalk.signature("k", 1))) == 32
