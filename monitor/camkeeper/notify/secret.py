"""Secrets on their way into a request, and out of whatever comes back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Protocol
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from camkeeper.message.clean import clean
from camkeeper.model.letter import Outcome, Receipt

WORDS_SHOWN = 240
_SHORTEST = 4
_LIKE_A_KEY = 16


class SecretSource(Protocol):
    """Where secrets are read, anew at each attempt: a changed file counts at once."""

    def __call__(self, ref: str, /) -> str:
        """Return the secret behind `env:NAME` or `file:PATH`; ValueError with the remedy, and no secret in it."""
        ...


def taken(source: SecretSource, *refs: str) -> tuple[str, ...] | Receipt:
    """Return the secrets behind `refs` (empty for none), or a receipt that tells which cannot be had."""
    try:
        held = tuple(source(ref) if ref else "" for ref in refs)
    except ValueError as error:
        # Somebody will set it right; until then the letter waits.
        return Receipt(outcome=Outcome.RETRY, code="secret", detail=clean(str(error), limit=WORDS_SHOWN))
    if not all(secret.isprintable() for secret in held):  # a line feed in it would begin a header of its own
        return Receipt(outcome=Outcome.RETRY, code="secret", detail="a control character in the secret")
    return held


def in_url(url: str) -> tuple[str, ...]:
    """Return what of an address may be a key: values of its query, user information, long parts of its path."""
    try:
        parts = urlsplit(url)
        host, _, _ = parts.netloc.rpartition("@")
    except ValueError:
        return (url,)
    found = [value for _, value in parse_qsl(parts.query)]
    found += [part for part in parts.path.split("/") if len(part) >= _LIKE_A_KEY]
    found += [part for part in host.split(":") if part]
    return tuple(found)


def without(text: str, secrets: Iterable[str]) -> str:
    """Return a platform's words on one short line, without any secret in whatever spelling it was sent."""
    for secret in sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True):
        in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        for spelling in {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), *in_json}:
            text = text.replace(spelling, "***")
    return clean(text, limit=WORDS_SHOWN)
