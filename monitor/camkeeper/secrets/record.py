"""What a sealed secret may be, and what is told where one cannot be had."""

from __future__ import annotations

import re

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", re.ASCII)
MAX_BYTES = 4096
"""Of one secret in UTF-8."""


class SecretsError(ValueError):
    """The file, its key or one secret cannot be had. `zh` and `en` name the remedy, never a value."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def check_name(name: str) -> None:
    """Refuse what is no name. What was given is not repeated: it may be a password in the wrong place."""
    if not NAME.match(name):
        raise SecretsError(
            zh="密钥名应为字母或数字开头，由字母、数字、点、下划线、短横组成，至多 64 字",
            en="a name has letters, digits, dots, underscores and dashes, begins with a letter or digit, 64 at most",
        )


def check_value(value: str) -> None:
    """Refuse what no password is: nothing, more than a line, more than 4096 bytes."""
    if not value or any(c in value for c in "\r\n\0") or len(value.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise SecretsError(
            zh=f"口令应为一行、至多 {MAX_BYTES} 字节，不能为空",
            en=f"a secret is one line of at most {MAX_BYTES} bytes, and not empty",
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        raise SecretsError(zh="口令应为 UTF-8", en="a secret wants to be UTF-8") from None
