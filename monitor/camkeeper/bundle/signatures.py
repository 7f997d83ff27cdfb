"""Who put their name to a bundle: each signature covers the manifest, and those that were there before it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from camkeeper.bundle import names
from camkeeper.bundle.claims import readable
from camkeeper.bundle.container import canonical, pack, unpack
from camkeeper.bundle.segment import sha256
from camkeeper.keys.key import SigningKey, fingerprint, holds
from camkeeper.model.contract import Party

KIND = "camkeeper bundle signature 1"
MOST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One signature, judged."""

    name: str
    """Of the contract's party where the key is theirs, else what the signer called themselves."""
    party_id: str | None
    """None: the key is not in the configuration that decides the month."""
    fingerprint: str
    public: str
    at_ms: int
    """As the signer's clock had it: stated, not proved."""
    note: str
    valid: bool


def signed_by(data: bytes, key: SigningKey, *, at_ms: int, note: str = "") -> bytes:
    """Return a bundle with one more signature. NotABundleError; ValueError where this key is under it already."""
    parts = unpack(data)
    if tuple(parts) != names.ALL or not canonical(data, parts):
        raise ValueError("证据包不完整，请先核验 / the bundle is not whole: verify it first")
    listed = _listed(parts[names.SIGNATURES])
    if len(listed) >= MOST:
        raise ValueError("签名太多 / too many signatures")
    if any(entry["statement"]["public_key"] == key.public for entry in listed):
        raise ValueError("这把密钥已经签过 / this key has signed it already")
    statement = {
        "manifest": sha256(parts[names.MANIFEST]),
        "name": key.name,
        "public_key": key.public,
        "at_ms": at_ms,
        "note": note,
        "after": [sha256(entry["signature"].encode()) for entry in listed],
    }
    entry = {"statement": statement, "signature": key.sign(KIND, statement)}
    return pack(parts | {names.SIGNATURES: readable([*listed, entry])})


def signatures_of(body: bytes, manifest: str, parties: Iterable[Party]) -> tuple[Signed, ...]:
    """Judge the signatures of the bundle whose manifest has this SHA-256.

    ValueError, KeyError or TypeError for bytes that `signed_by` does not write.
    """
    listed = _listed(body)
    if readable(listed) != body:
        raise ValueError("not in its one spelling")
    by_key = {party.public_key: party for party in parties}
    out: list[Signed] = []
    before: list[str] = []
    for entry in listed:
        statement, signature = entry["statement"], str(entry["signature"])
        public = str(statement["public_key"])
        party = by_key.get(public)
        valid = (
            entry.keys() == {"statement", "signature"}
            and statement["manifest"] == manifest
            and statement["after"] == before
            and holds(KIND, statement, public=public, signature=signature)
        )
        out.append(
            Signed(
                name=str(statement["name"]) if party is None else party.name,
                party_id=None if party is None else party.id,
                fingerprint=fingerprint(public),
                public=public,
                at_ms=int(statement["at_ms"]),
                note=str(statement["note"]),
                valid=valid,
            )
        )
        before.append(sha256(signature.encode()))
    return tuple(out)


def _listed(body: bytes) -> list[dict[str, Any]]:
    value = json.loads(body)
    if not isinstance(value, list) or len(value) > MOST:
        raise ValueError("not a list of signatures")
    return value
