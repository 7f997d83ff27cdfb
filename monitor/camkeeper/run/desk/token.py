"""Addresses of phone pages: nobody guesses one, and an incident keeps its own. Also the secret they are drawn from."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

SECRET_BYTES = 32
_MAC_BYTES = 15
"""120 bits, 20 characters: short enough for a text message."""


def secret_beside(ledger: Path) -> Path:
    """Return where a ledger's secret is kept."""
    return ledger.with_suffix(".secret")


def secret_of(ledger: Path) -> bytes:
    """Return the ledger's secret, made at the first start; only its owner may read it. OSError where it cannot be."""
    path = secret_beside(ledger)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        found = path.read_bytes()
        if len(found) == SECRET_BYTES:
            return found
        path.unlink()  # torn by a kill while it was first written: nobody was told of it yet
    except FileNotFoundError:
        pass
    made = secrets.token_bytes(SECRET_BYTES)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    return made


def token_of(secret: bytes, incident_id: str) -> str:
    """Return the token of an incident's phone page: its number, and what only this monitor can say of it."""
    mac = hmac.digest(secret, b"incident page\0" + incident_id.encode(), hashlib.sha256)[:_MAC_BYTES]
    return f"{incident_id}-{base64.urlsafe_b64encode(mac).decode()}"


def incident_of(secret: bytes, token: str) -> str | None:
    """Return the incident that a token was made for; None for any other text."""
    incident_id, dash, _ = token.partition("-")
    if not dash or not token.isascii() or len(token) > 64:
        return None
    return incident_id if hmac.compare_digest(token_of(secret, incident_id), token) else None
