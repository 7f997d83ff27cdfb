"""Keys and tokens of a NATS operator, made by openssl: what somebody who runs their own NATS gives an edge.

Formats: public keys and seeds are base32 of (prefix, key, CRC-16 little-endian); a token is a JWT signed with Ed25519
("ed25519-nkey"). Source: https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt and
the README of github.com/nats-io/nkeys.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.process import program

OPERATOR, ACCOUNT, USER, SEED = 14 << 3, 0, 20 << 3, 18 << 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An Ed25519 key in a file, and its public half as NATS writes it."""

    kind: int
    file: Path
    public: str
    seed: str

    def sign(self, data: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        source = self.file.with_suffix(".data")
        source.write_bytes(data)
        return _openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(self.file), "-in", str(source))


def new_pair(folder: Path, kind: int) -> Pair:
    """Make a key."""
    file = folder / f"{secrets.token_hex(8)}.pem"
    file.write_bytes(_openssl("genpkey", "-algorithm", "ed25519"))
    # The last 32 bytes of both forms are the key itself.
    seed = _openssl("pkey", "-in", str(file), "-outform", "DER")[-32:]
    public = _openssl("pkey", "-in", str(file), "-pubout", "-outform", "DER")[-32:]
    return Pair(
        kind=kind,
        file=file,
        public=_encoded(bytes([kind]) + public),
        seed=_encoded(bytes([SEED | kind >> 5, (kind & 31) << 3]) + seed),
    )


def token(issuer: Pair, subject: Pair, name: str, nats: dict[str, Any]) -> str:
    """Return a JWT in which `issuer` says what `subject` is."""
    kind = {OPERATOR: "operator", ACCOUNT: "account", USER: "user"}[subject.kind]
    claims = {
        "jti": secrets.token_hex(16),
        "iat": 1_760_000_000,
        "iss": issuer.public,
        "sub": subject.public,
        "name": name,
        "nats": {"type": kind, "version": 2, **nats},
    }
    signed = f"{_part({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{_part(claims)}"
    return f"{signed}.{_base64(issuer.sign(signed.encode()))}"


def credentials(user_token: str, user: Pair) -> str:
    """Return a credentials file."""
    return (
        f"-----BEGIN NATS USER JWT-----\n{user_token}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )


def _encoded(raw: bytes) -> str:
    crc = binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(raw + crc).decode().rstrip("=")


def _part(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _openssl(*arguments: str) -> bytes:
    return subprocess.run([program("openssl"), *arguments], check=True, capture_output=True, timeout=60).stdout
