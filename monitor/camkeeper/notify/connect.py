"""From settings to channels that can send."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

import aiohttp

from camkeeper.clock import Clock
from camkeeper.model.channel import (
    AnyChannel,
    AppriseSetting,
    BotSetting,
    ChannelKind,
    SmsSetting,
    SmtpSetting,
    WebhookSetting,
)
from camkeeper.model.letter import Channel
from camkeeper.notify.apprise import Apprise
from camkeeper.notify.dingtalk import DingTalk
from camkeeper.notify.feishu import Feishu
from camkeeper.notify.secret import SecretSource
from camkeeper.notify.sms import Sms
from camkeeper.notify.smtp import Smtp
from camkeeper.notify.webhook import Webhook
from camkeeper.notify.wecom import WeCom
from camkeeper.notify.wire import Line


def http_session() -> aiohttp.ClientSession:
    """Return the session for `connect`; its opener closes it. No cookies, no proxies of the environment."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit_per_host=4, force_close=True),
        auto_decompress=False,
        trust_env=False,
    )


def connect(
    settings: Iterable[AnyChannel], *, session: aiohttp.ClientSession, secrets: SecretSource, clock: Clock
) -> dict[str, Channel]:
    """Return the channels by id. Nothing is asked and no secret is read before a letter is sent."""
    line = Line(session=session, clock=clock)
    return {setting.id: _channel(setting, line, secrets) for setting in settings}


_ROBOTS: dict[ChannelKind, type[WeCom | DingTalk | Feishu]] = {
    ChannelKind.WECOM: WeCom,
    ChannelKind.DINGTALK: DingTalk,
    ChannelKind.FEISHU: Feishu,
}


def _channel(setting: AnyChannel, line: Line, secrets: SecretSource) -> Channel:
    if isinstance(setting, BotSetting):
        return _ROBOTS[setting.kind](setting=setting, secrets=secrets, line=line)
    if isinstance(setting, WebhookSetting):
        return Webhook(setting=setting, secrets=secrets, line=line)
    if isinstance(setting, SmsSetting):
        return Sms(setting=setting, secrets=secrets, line=line)
    if isinstance(setting, SmtpSetting):
        return Smtp(setting=setting, secrets=secrets, clock=line.clock)
    if isinstance(setting, AppriseSetting):
        return Apprise(setting=setting, secrets=secrets)
    assert_never(setting)
