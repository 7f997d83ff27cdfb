"""What the three chat platforms have in common: they answer 200 to everything, and say in the body what they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from camkeeper.message.fit import cut, utf8_bytes
from camkeeper.model.letter import JSON, Outcome, Receipt
from camkeeper.notify.secret import in_url, without
from camkeeper.notify.wire import Reply, Request, encoded, hopeless, refused

HEADERS = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Codebook:
    """Which of a platform's codes mean later. Every other code than 0 is a refusal."""

    code_keys: tuple[str, ...]
    """The first that the body has."""
    words_keys: tuple[str, ...]
    rate: frozenset[int]
    """Too many messages: a minute's patience at least."""
    busy: frozenset[int]
    """The platform's own trouble."""
    rate_wait_s: float = 60.0


def receipt(reply: Reply, request: Request, book: Codebook) -> Receipt:
    """Return what the platform's body says."""
    early = hopeless(reply, request)
    if early is not None:
        return early
    body = reply.json()
    code = _code(body, book)
    if code is None:
        if reply.status >= 400:
            return refused(reply, request)
        # A page of some gateway on the way, or an empty answer: nobody said that the message was taken.
        return Receipt(
            outcome=Outcome.RETRY, code="not-json" if body is None else "no-code", detail=_words(reply, request)
        )
    words = next((str(body[key]) for key in book.words_keys if body.get(key)), "")
    detail = without(words, (*request.secrets, *in_url(request.url)))
    if code == 0:
        ok = reply.status < 300
        return Receipt(
            outcome=Outcome.ACCEPTED if ok else Outcome.RETRY, code="0" if ok else str(reply.status), detail=detail
        )
    if code in book.rate:
        wait_s = reply.retry_after_s if reply.retry_after_s is not None else book.rate_wait_s
        return Receipt(outcome=Outcome.RETRY, code=str(code), detail=detail, retry_after_s=wait_s)
    outcome = Outcome.RETRY if code in book.busy else Outcome.REFUSED
    return Receipt(outcome=outcome, code=str(code), detail=detail)


def _code(body: Any, book: Codebook) -> int | None:
    """Return the platform's code; only a whole number is one (`true` and `""` accept nothing)."""
    if not isinstance(body, dict):
        return None
    for key in book.code_keys:
        value = body.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) < 12:
            return int(value)
    return None


def _words(reply: Reply, request: Request) -> str:
    return without(reply.text[:4096], (*request.secrets, *in_url(request.url)))


def within(make: Callable[[str], JSON], text: str, limit: int) -> bytes:
    """Return the encoded body of at most `limit` bytes; the text is cut where it must be (JSON doubles some bytes)."""
    body = encoded(make(text))
    while len(body) > limit and text:
        text = cut(text, max(0, utf8_bytes(text) * limit // len(body) - 3))
        body = encoded(make(text))
    return body


def with_query(url: str, query: str) -> str:
    """Return the address with more query, which is encoded already."""
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"
