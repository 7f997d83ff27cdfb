"""What each platform takes: how many bytes, which markup, and what must not be read as markup."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from camkeeper.model.channel import AnyChannel, BotSetting, ChannelKind, Language, SmsSetting


class Dialect(StrEnum):
    """Markup of a channel."""

    PLAIN = "plain"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    SMS = "sms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How words are made for one channel."""

    dialect: Dialect = Dialect.PLAIN
    language: Language = Language.ZH
    text_bytes: int = 16_000
    markdown_bytes: int = 0
    """0: no markup."""
    segments: int = 3
    """Of a short message."""


SUBJECT_BYTES = 240

# DingTalk and Feishu take a request of 20,000 and 20,480 bytes: escaped as JSON, and with the title twice. A message
# that fills a phone's screen twice is not read anyway.
_CHAT_BYTES = 6_000
_LIMITS = {
    ChannelKind.WECOM: (Dialect.WECOM, 2_048, 4_096),
    ChannelKind.DINGTALK: (Dialect.DINGTALK, _CHAT_BYTES, _CHAT_BYTES),
    ChannelKind.FEISHU: (Dialect.FEISHU, _CHAT_BYTES, _CHAT_BYTES),
}


def style_of(setting: AnyChannel) -> Style:
    """Return the style of a configured channel."""
    if isinstance(setting, SmsSetting):
        return Style(dialect=Dialect.SMS, language=setting.language, segments=setting.segments)
    if isinstance(setting, BotSetting):
        dialect, text, markdown = _LIMITS[setting.kind]
        return Style(
            dialect=dialect,
            language=setting.language,
            text_bytes=text,
            markdown_bytes=markdown if setting.markdown else 0,
        )
    return Style(language=setting.language)


# None of the three documents an escape that all of its clients honour (WeCom has none), so the character itself is
# replaced by its full-width twin: readable, and markup nowhere.
_TWINS = str.maketrans({c: chr(ord(c) + 0xFEE0) for c in "\\`*_~[]<>|&!"})
_TAGS = str.maketrans("<>", "＜＞")


def escaped(line: str) -> str:
    """Return a line that no chat platform reads as markup, a mention or a link."""
    return line.translate(_TWINS)


def bold(line: str) -> str:
    """Return an escaped line in bold."""
    return f"**{line}**"


def separator(dialect: Dialect) -> str:
    """Return what ends a line: DingTalk joins lines that have no blank one between them."""
    return "\n\n" if dialect is Dialect.DINGTALK else "\n"


def plain(text: str, dialect: Dialect) -> str:
    """Return text for a message without markup; Feishu reads `<at user_id="all">` even there."""
    return text.translate(_TAGS) if dialect is Dialect.FEISHU else text
