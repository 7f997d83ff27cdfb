"""`channels`: where messages go. One entry a channel; which keys it takes depends on its kind."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, model_validator

from camkeeper.config import scalars as s
from camkeeper.config.entry import Entry
from camkeeper.config.fault import shown, shown_zh
from camkeeper.config.findings import Findings
from camkeeper.config.scalars import refuse
from camkeeper.config.secrets import resolve
from camkeeper.model.channel import (
    AnyChannel,
    AppriseSetting,
    BotSetting,
    ChannelKind,
    Language,
    Security,
    SmsFormat,
    SmsSetting,
    SmtpSetting,
    SuccessRule,
    WebhookSetting,
)
from camkeeper.model.equipment import Credential

PLATFORMS = {
    ChannelKind.WECOM: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
    ChannelKind.DINGTALK: "https://oapi.dingtalk.com/robot/send",
    ChannelKind.FEISHU: "https://open.feishu.cn/open-apis/bot/v2/hook",
}
PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.PLAIN: 25}

_SHARED = frozenset({"id", "name", "kind", "language", "per_minute", "timeout_s"})
_BOT = frozenset({"url", "token", "secret", "markdown"})
_TAKES = {
    ChannelKind.WECOM: _BOT - {"secret"},
    ChannelKind.DINGTALK: _BOT,
    ChannelKind.FEISHU: _BOT,
    ChannelKind.WEBHOOK: frozenset({"url", "token", "secret"}),
    ChannelKind.SMTP: frozenset({"host", "port", "security", "sender", "to", "user", "secret"}),
    ChannelKind.SMS: frozenset({"url", "token", "to", "fields", "headers", "form", "success", "segments"}),
    ChannelKind.APPRISE: frozenset({"secret"}),
}
_WANTS = {
    ChannelKind.WECOM: ("token",),
    ChannelKind.DINGTALK: ("token",),
    ChannelKind.FEISHU: ("token",),
    ChannelKind.WEBHOOK: ("url",),
    ChannelKind.SMTP: ("host", "sender", "to"),
    ChannelKind.SMS: ("url", "to", "fields", "success"),
    ChannelKind.APPRISE: ("secret",),
}


def address(value: Any) -> str:
    """Read the http(s) address of a platform or gateway; refuse user information and keys in it."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_one = urlsplit(""), False
    if not text.isascii() or not text.isprintable() or " " in text or len(text) > 500:
        raise refuse(zh="应为 http:// 或 https:// 开头的地址", en="wants an address, http:// or https://")
    if "@" in parts.netloc or "key=" in parts.query or "token=" in parts.query:
        raise refuse(
            zh="地址里不写口令或密钥；写 token: env:变量名，或 token: file:文件",
            en="no password or key in the address; write token: env:NAME or token: file:PATH",
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_one or parts.fragment:
        raise refuse(zh="应为 http:// 或 https:// 开头的地址", en="wants an address, http:// or https://")
    return text


def _mailbox(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not re.match(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}\Z", text, re.ASCII):
        raise refuse(zh="不是电子邮箱地址（只写 name@host）", en="no e-mail address (name@host alone)")
    return text


def _field(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > 500:
        raise refuse(zh=f"应为一行文字，不是{shown_zh(value)}", en=f"wants one line of text, not {shown(value)}")
    return value


def _pattern(value: Any) -> str:
    text = _field(value)
    try:
        re.compile(text)
    except re.error:
        raise refuse(zh="不是正则表达式", en="no regular expression") from None
    return text


def _recipient(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    return _mailbox(text) if "@" in text else s.phone(text)


Address = Annotated[str, BeforeValidator(address)]
Mailbox = Annotated[str, BeforeValidator(_mailbox)]
Field = Annotated[str, BeforeValidator(_field)]
Pattern = Annotated[str, BeforeValidator(_pattern)]
Recipient = Annotated[str, BeforeValidator(_recipient)]
PerMinute = Annotated[int, BeforeValidator(s.whole(1, 6_000))]
Segments = Annotated[int, BeforeValidator(s.whole(1, 10))]
Patience = Annotated[float, BeforeValidator(s.number(1, 120))]


class SuccessEntry(Entry):
    """What of a gateway's answer means accepted."""

    path: Field | None = None
    equals: Field | None = None
    matches: Pattern | None = None
    later: Pattern | None = None

    @model_validator(mode="after")
    def _decides(self) -> SuccessEntry:
        if (self.path is None) is not (self.equals is None) or (self.path is None) is (self.matches is None):
            raise refuse(zh="应写 path 与 equals，或只写 matches", en="wants path and equals, or matches alone")
        return self


class ChannelEntry(Entry):
    """One channel."""

    id: s.Id
    kind: ChannelKind
    name: s.Text | None = None
    language: Language = Language.ZH
    per_minute: PerMinute = 15
    timeout_s: Patience = 10.0
    url: Address | None = None
    token: s.SecretRef | None = None
    secret: s.SecretRef | None = None
    markdown: s.Flag = True
    host: s.Host | None = None
    port: s.Port | None = None
    security: Security = Security.STARTTLS
    sender: Mailbox | None = None
    to: tuple[Recipient, ...] = ()
    user: s.Text | None = None
    form: SmsFormat = SmsFormat.JSON
    fields: dict[str, Field] | None = None
    headers: dict[str, Field] | None = None
    success: SuccessEntry | None = None
    segments: Segments = 3

    @model_validator(mode="after")
    def _of_its_kind(self) -> ChannelEntry:
        strange = sorted(self.model_fields_set - _SHARED - _TAKES[self.kind])
        if strange:
            taken = " ".join(sorted(_TAKES[self.kind]))
            raise refuse(
                zh=f"{self.kind} 没有这一项；它有：{taken}",
                en=f"{self.kind} has no such key; it has: {taken}",
                key=strange[0],
            )
        for key in _WANTS[self.kind]:
            if not getattr(self, key):
                raise refuse(zh="缺少这一项", en="missing", key=key)
        self._recipients()
        if self.kind is ChannelKind.SMTP and (self.user is None) is not (self.secret is None):
            raise refuse(zh="user 与 secret 须一起写", en="user and secret go together", key="user")
        return self

    def _recipients(self) -> None:
        for place, one in enumerate(self.to):
            if ("@" in one) is not (self.kind is ChannelKind.SMTP):
                mail = self.kind is ChannelKind.SMTP
                raise refuse(
                    zh="应为电子邮箱地址" if mail else "应为电话号码",
                    en="wants an e-mail address" if mail else "wants a telephone number",
                    key=f"to.{place}",
                )


def build(e: ChannelEntry) -> AnyChannel:
    """Return the setting."""
    shared: dict[str, Any] = {
        "id": e.id,
        "name": e.name or "",
        "language": e.language,
        "per_minute": e.per_minute,
        "timeout_s": e.timeout_s,
    }
    token, secret = e.token or "", e.secret or ""
    if e.kind in PLATFORMS:
        url = e.url or PLATFORMS[e.kind]
        return BotSetting(**shared, kind=e.kind, url=url, token_ref=token, secret_ref=secret, markdown=e.markdown)
    if e.kind is ChannelKind.WEBHOOK:
        return WebhookSetting(**shared, url=e.url or "", token_ref=token, secret_ref=secret)
    if e.kind is ChannelKind.SMTP:
        return SmtpSetting(
            **shared,
            host=e.host or "",
            port=e.port or PORTS[e.security],
            security=e.security,
            sender=e.sender or "",
            to=e.to,
            user=e.user or "",
            secret_ref=secret,
        )
    if e.kind is ChannelKind.APPRISE:
        return AppriseSetting(**shared, secret_ref=secret)
    rule = {k: v or "" for k, v in dict(e.success or SuccessEntry(matches="$.")).items()}
    return SmsSetting(
        **shared,
        url=e.url or "",
        to=e.to,
        form=e.form,
        fields=e.fields or {},
        headers=e.headers or {},
        success=SuccessRule(**rule),
        token_ref=token,
        segments=e.segments,
    )


def check(valid: dict[int, ChannelEntry], findings: Findings) -> None:
    """Add what somebody should look at: secrets that would travel in the clear."""
    for place, entry in valid.items():
        if entry.kind is ChannelKind.SMTP and entry.user and entry.security is Security.PLAIN:
            findings.warn(
                ("channels", place, "security"),
                zh="口令会以明文经过网络；能用 starttls 或 tls 就不要用 plain",
                en="the password crosses the network in the clear; prefer starttls or tls to plain",
            )
        if entry.url and entry.url.startswith("http://") and entry.token and not is_here(entry.url):
            findings.warn(
                ("channels", place, "url"),
                zh="http:// 会让密钥以明文经过网络；能用 https:// 就用 https://",
                en="over http:// the key crosses the network in the clear; prefer https://",
            )


def is_here(url: str) -> bool:
    """Return whether an address is this machine's own: nothing crosses a network then."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def secret_refs(setting: AnyChannel) -> tuple[str, ...]:
    """Return the references that a channel's messages need."""
    refs = (getattr(setting, "token_ref", ""), getattr(setting, "secret_ref", ""))
    return tuple(ref for ref in refs if ref)


def secret_source(base_dir: Path, environ: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """Return where channels read their secrets: files lie beside the configuration. It raises SecretError."""

    def behind(ref: str) -> str:
        credential = Credential(id="channels", user="", secret_ref=ref)
        return resolve(credential, base_dir, os.environ if environ is None else environ)

    return behind
