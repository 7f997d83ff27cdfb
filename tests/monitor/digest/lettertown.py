"""A township whose letters go to a mail server and a chat robot, both on loopback."""

from __future__ import annotations

from dataclasses import replace

from tests.dashboards.report_town import registered

from camkeeper.model.channel import AnyChannel, BotSetting, ChannelKind, Language, Security, SmtpSetting
from camkeeper.model.digest import DigestKind, DigestPolicy, DigestRule
from camkeeper.model.registry import Registry

ZONE = "Asia/Shanghai"
EIGHT = 8 * 60


def channels(*, mail_port: int = 25, chat: str = "http://127.0.0.1:9") -> tuple[AnyChannel, ...]:
    """Return a mailbox that reads English and a robot that reads Chinese."""
    return (
        SmtpSetting(
            id="mail",
            host="127.0.0.1",
            port=mail_port,
            security=Security.PLAIN,
            sender="camkeeper@town.example",
            to=("duty@town.example",),
            language=Language.EN,
            timeout_s=8,
        ),
        BotSetting(id="chat", kind=ChannelKind.WECOM, url=chat),
    )


def lettered(
    *, settings: tuple[AnyChannel, ...] | None = None, always: bool = False, villages: int = 3, cameras: int = 6
) -> Registry:
    """Return a town that sends a letter each morning and each Monday to both."""
    to = ("mail", "chat")
    return replace(
        registered(villages, cameras),
        channels=channels() if settings is None else settings,
        public_url="http://10.1.2.3:8080",
        digests=DigestPolicy(
            timezone=ZONE,
            rules=(
                DigestRule(kind=DigestKind.DAY, minute=EIGHT, channel_ids=to, always=always),
                DigestRule(kind=DigestKind.WEEK, minute=EIGHT + 30, weekday=0, channel_ids=to, always=always),
            ),
        ),
    )
