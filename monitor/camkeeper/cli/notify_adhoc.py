"""A channel from the options of one command, for `camkeeper notify test --kind`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from camkeeper.model.channel import (
    AnyChannel,
    BotSetting,
    ChannelKind,
    Language,
    Security,
    SmsSetting,
    SmtpSetting,
    SuccessRule,
    WebhookSetting,
)

_MAIL = {"smtp": Security.PLAIN, "smtp+starttls": Security.STARTTLS, "smtps": Security.TLS}
_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.PLAIN: 25}
_MAILBOX = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,190}\Z", re.ASCII)
_PHONE = re.compile(r"\+?[0-9][0-9 -]{2,24}\Z", re.ASCII)


class MisuseError(ValueError):
    """Options that do not go together."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def setting(
    kind: ChannelKind,
    url: str,
    *,
    secret_env: str | None,
    to: tuple[str, ...],
    sender: str | None,
    success: str,
    markdown: bool,
    english: bool,
    timeout_s: float,
) -> AnyChannel:
    """Return the channel; MisuseError in both languages. The address is used as it is."""
    shared: dict[str, Any] = {
        "id": f"test-{kind}",
        "language": Language.EN if english else Language.ZH,
        "timeout_s": timeout_s,
    }
    ref = f"env:{secret_env}" if secret_env else ""
    if kind is ChannelKind.SMTP:
        return _smtp(shared, url, ref, to, sender)
    _web(url)
    if kind is ChannelKind.WEBHOOK:
        return WebhookSetting(**shared, url=url, secret_ref=ref)
    if kind is ChannelKind.SMS:
        return _sms(shared, url, ref, to, success)
    # A WeCom robot signs nothing: its key is in the address, or comes from the variable.
    token_ref = ref if kind is ChannelKind.WECOM and "key=" not in url else ""
    secret_ref = "" if kind is ChannelKind.WECOM else ref
    return BotSetting(**shared, kind=kind, url=url, token_ref=token_ref, secret_ref=secret_ref, markdown=markdown)


def _web(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise MisuseError(
            zh="--url 应为 http:// 或 https:// 开头的地址",
            en="--url is an address that begins with http:// or https://",
        )


def _smtp(shared: dict[str, Any], url: str, ref: str, to: tuple[str, ...], sender: str | None) -> SmtpSetting:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = urlsplit("")
    if parts.scheme not in _MAIL or not host:
        raise MisuseError(
            zh="--url 应为 smtp://主机:端口、smtp+starttls://主机 或 smtps://主机",
            en="--url is smtp://HOST:PORT, smtp+starttls://HOST or smtps://HOST",
        )
    if parts.password is not None:
        raise MisuseError(
            zh="口令不写在地址里：用 --secret-env 变量名", en="no password in the address: use --secret-env VAR"
        )
    if not to or not all(_MAILBOX.match(one) for one in to):
        raise MisuseError(zh="邮件要写 --to 邮箱地址", en="mail wants --to ADDRESS")
    user = unquote(parts.username or "")
    if bool(user) is not bool(ref):
        raise MisuseError(
            zh="登录邮件服务器要同时有地址里的用户和 --secret-env",
            en="a login wants both the user in the address and --secret-env",
        )
    author = sender or (user if _MAILBOX.match(user) else f"camkeeper@{to[0].rpartition('@')[2]}")
    if not _MAILBOX.match(author):
        raise MisuseError(zh="--from 应为邮箱地址", en="--from is a mail address")
    security = _MAIL[parts.scheme]
    return SmtpSetting(
        **shared,
        host=host,
        port=port or _PORTS[security],
        security=security,
        sender=author,
        to=to,
        user=user,
        secret_ref=ref,
    )


def _sms(shared: dict[str, Any], url: str, ref: str, to: tuple[str, ...], success: str) -> SmsSetting:
    path, equals, value = success.partition("=")
    if not path or not equals:
        raise MisuseError(zh="--success 应为 JSON路径=值", en="--success is PATH=VALUE")
    if not to or not all(_PHONE.match(one) for one in to):
        raise MisuseError(zh="短信要写 --to 手机号", en="short messages want --to NUMBER")
    fields = {"to": "{to}", "text": "{text}", "id": "{id}"} | ({"token": "{token}"} if ref else {})
    rule = SuccessRule(path=path, equals=value)
    return SmsSetting(**shared, url=url, to=to, fields=fields, success=rule, token_ref=ref)
