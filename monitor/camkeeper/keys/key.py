"""A key and what is signed with it. Pure but for the randomness of a new one.

Everything that is signed begins with a line saying what it is, so that a signature under one kind of statement never
stands under another.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key. Its seed is in no `repr`."""

    name: str
    """Whose it is, in their own words."""
    _private: Ed25519PrivateKey

    @classmethod
    def new(cls, name: str) -> SigningKey:
        """Make one."""
        return cls(name=name, _private=Ed25519PrivateKey.generate())

    @classmethod
    def of_seed(cls, name: str, seed: bytes) -> SigningKey:
        """Return the key of 32 bytes; ValueError for any other number."""
        return cls(name=name, _private=Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def seed(self) -> bytes:
        """The 32 bytes that it is made of: for the key file alone."""
        return self._private.private_bytes_raw()

    @property
    def public(self) -> str:
        """The public key, 64 hexadecimal digits: what a contract names."""
        return self._private.public_key().public_bytes_raw().hex()

    def sign(self, kind: str, statement: dict[str, Any]) -> str:
        """Return the signature of a statement, hexadecimal."""
        return self._private.sign(message(kind, statement)).hex()

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r}, {fingerprint(self.public)})"


def message(kind: str, statement: dict[str, Any]) -> bytes:
    """Return what is signed: the kind, a line feed, compact JSON with sorted keys."""
    body = json.dumps(statement, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return f"{kind}\n{body}".encode()


def holds(kind: str, statement: dict[str, Any], *, public: str, signature: str) -> bool:
    """Tell whether a signature is that of this key under this statement."""
    try:
        key, signed = bytes.fromhex(public), bytes.fromhex(signature)
        if signed.hex() != signature or key.hex() != public:
            return False  # one spelling only: no byte of a bundle may differ unseen
        Ed25519PublicKey.from_public_bytes(key).verify(signed, message(kind, statement))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def fingerprint(public: str) -> str:
    """Return a public key as people read it out: 32 hexadecimal digits of its SHA-256, in fours."""
    try:
        digest = hashlib.sha256(bytes.fromhex(public)).hexdigest()
    except ValueError:
        return "?"
    return " ".join(digest[i : i + 4] for i in range(0, 32, 4))
