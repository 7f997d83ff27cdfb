"""Where messages go, as configured. Secrets are references (`env:NAME`, `file:PATH`) and never values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Language(StrEnum):
    """What a channel's readers read."""

    ZH = "zh"
    EN = "en"


class ChannelKind(StrEnum):
    """The platforms, one adapter each."""

    WECOM = "wecom"  # 企业微信群机器人
    DINGTALK = "dingtalk"  # 钉钉自定义机器人
    FEISHU = "feishu"  # 飞书自定义机器人
    SMTP = "smtp"
    WEBHOOK = "webhook"
    SMS = "sms"
    APPRISE = "apprise"


class Security(StrEnum):
    """How a mail server is spoken to."""

    STARTTLS = "starttls"
    TLS = "tls"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSetting:
    """What all kinds share."""

    id: str
    name: str = ""
    language: Language = Language.ZH
    per_minute: int = 15
    """Messages a minute at most. WeCom and DingTalk cut a robot off at 20; some of that is left to other senders."""
    timeout_s: float = 10.0
    """Patience with one attempt as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BotSetting(ChannelSetting):
    """A group robot of WeCom, DingTalk or Feishu."""

    kind: ChannelKind
    url: str = field(repr=False)
    """Where the platform or a gateway to it is; may hold the token, so it is never shown."""
    token_ref: str = field(default="", repr=False)
    """The part of the robot's address that is its key; empty where `url` has it."""
    secret_ref: str = field(default="", repr=False)
    """Key of the signature (DingTalk, Feishu)."""
    markdown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSetting(ChannelSetting):
    """Any program that takes Alertmanager's JSON."""

    url: str = field(repr=False)
    token_ref: str = field(default="", repr=False)
    """Sent as `Authorization: Bearer`."""
    secret_ref: str = field(default="", repr=False)
    """Key of the HMAC signature."""

    @property
    def kind(self) -> ChannelKind:
        """Always a webhook."""
        return ChannelKind.WEBHOOK


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSetting(ChannelSetting):
    """A mail server, and to whom mail goes."""

    host: str
    port: int
    security: Security
    sender: str
    to: tuple[str, ...]
    user: str = ""
    secret_ref: str = field(default="", repr=False)

    @property
    def kind(self) -> ChannelKind:
        """Always mail."""
        return ChannelKind.SMTP


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessRule:
    """What of a gateway's answer means accepted: a value in its JSON, or a pattern in its text."""

    path: str = ""
    """Keys and places from the top, dotted: `result.0.code`."""
    equals: str = ""
    matches: str = ""
    """Regular expression, searched in the first 4 KiB."""
    later: str = ""
    """Regular expression of an answer that means: try again. Any other answer is a refusal."""


class SmsFormat(StrEnum):
    """How the fields travel."""

    QUERY = "query"
    FORM = "form"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSetting(ChannelSetting):
    """An HTTP gateway for short messages. `fields` are a template: {text} {to} {token} {id}."""

    url: str = field(repr=False)
    to: tuple[str, ...]
    fields: Mapping[str, str]
    success: SuccessRule
    form: SmsFormat = SmsFormat.JSON
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    token_ref: str = field(default="", repr=False)
    segments: int = 3
    """A message is cut to this many; each is paid for."""

    @property
    def kind(self) -> ChannelKind:
        """Always short messages."""
        return ChannelKind.SMS


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseSetting(ChannelSetting):
    """Whatever the optional package `apprise` speaks; its whole address is a secret."""

    secret_ref: str = field(repr=False)

    @property
    def kind(self) -> ChannelKind:
        """Always Apprise."""
        return ChannelKind.APPRISE


AnyChannel = BotSetting | WebhookSetting | SmtpSetting | SmsSetting | AppriseSetting
