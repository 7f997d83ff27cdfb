"""Letters and settings for the tests of channels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from camkeeper.clock import SimulatedClock
from camkeeper.model.channel import AnyChannel, BotSetting, ChannelKind
from camkeeper.model.letter import Channel, Letter, Receipt
from camkeeper.notify import connect, http_session

NOW_MS = 1_760_594_700_123
CANARY = "SECcanary+/=0123456789abcdef"
TOKEN = "tok-canary-0123456789"
LETTER = Letter(
    id="I000931/ding/1",
    incident_id="I000931",
    seq=1,
    channel_id="test",
    subject="【离线·疑似断电】柳湾村 3台 #WO-0931 码4821",
    text="【离线·疑似断电】柳湾村 3台 #WO-0931 码4821\n对象：文化广场北杆，同杆全部3台\n时限：18:05前修复",
    markdown="**【离线·疑似断电】柳湾村 3台 #WO-0931 码4821**\n对象：文化广场北杆，同杆全部3台\n时限：18:05前修复",
    facts={
        "incident": "I000931",
        "status": "firing",
        "began_ms": NOW_MS - 60_000,
        "site": "柳湾村",
        "devices": ["c1", "c2"],
    },
    created_ms=NOW_MS,
)
ROBOTS = (ChannelKind.WECOM, ChannelKind.DINGTALK, ChannelKind.FEISHU)


def robot(kind: ChannelKind, url: str, **given: Any) -> BotSetting:
    setting = BotSetting(id="test", kind=kind, url=url, token_ref="env:TOKEN", secret_ref="env:SIGN", timeout_s=5)
    return replace(setting, **given)


def source(secrets: Mapping[str, str] | None = None) -> Any:
    known = {"env:TOKEN": TOKEN, "env:SIGN": CANARY} if secrets is None else secrets

    def behind(ref: str, /) -> str:
        if ref not in known:
            raise ValueError(f"{ref} is not set")
        return known[ref]

    return behind


@asynccontextmanager
async def channel(setting: AnyChannel, secrets: Mapping[str, str] | None = None) -> AsyncIterator[Channel]:
    async with http_session() as session:
        clock = SimulatedClock(wall_ms=NOW_MS)
        yield connect([setting], session=session, secrets=source(secrets), clock=clock)[setting.id]


async def sent(setting: AnyChannel, letter: Letter = LETTER, secrets: Mapping[str, str] | None = None) -> Receipt:
    async with channel(setting, secrets) as way:
        return await way.send(letter)
