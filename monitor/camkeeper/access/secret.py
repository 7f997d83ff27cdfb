"""Secrets that are made here: 256 random bits each, of which only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_PREFIX = "ck_"  # noqa: S105 - by which leaked ones are found
_PLAIN = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nothing that reads alike: passwords are copied from a terminal by hand, and told by telephone."""
_GROUPS, _GROUP = 4, 4


def new_secret() -> str:
    """Return 256 random bits as text that needs no quoting anywhere."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """Return a program's key."""
    return TOKEN_PREFIX + new_secret()


def new_password() -> str:
    """Return a one-time password of 79 random bits."""
    return "-".join("".join(secrets.choice(_PLAIN) for _ in range(_GROUP)) for _ in range(_GROUPS))


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret. It needs no salt and no slow hash: nobody guesses 256 bits."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()
