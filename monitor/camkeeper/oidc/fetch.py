"""Questions to the provider: bounded in time and size, along no redirect, past no proxy of the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from camkeeper.oidc.refusal import ProviderError, Refusal

MAX_DOCUMENT = 64 * 1024
MAX_KEYS = 128 * 1024
TIMEOUT_S = 8.0
_CONNECT_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request; with `form` a POST."""

    url: str
    most: int = MAX_DOCUMENT
    form: Mapping[str, str] | None = None
    authorization: str = ""


async def ask(question: Ask, *, timeout_s: float) -> dict[str, Any]:
    """Return the object that the provider answers with; ProviderError for anything else."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if question.authorization:
        headers["Authorization"] = question.authorization
    patience = aiohttp.ClientTimeout(total=timeout_s, connect=min(_CONNECT_S, timeout_s))
    try:
        # A session of its own: no cookies, no connection that outlives the question, a few of them a minute.
        async with (
            aiohttp.ClientSession(timeout=patience, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False) as web,
            web.request(
                "GET" if question.form is None else "POST",
                question.url,
                data=None if question.form is None else dict(question.form),
                headers=headers,
                allow_redirects=False,
            ) as answer,
        ):
            status, body = answer.status, await _bounded(answer, question.most)
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise ProviderError(Refusal.UNREACHABLE, type(error).__name__) from None
    if status != HTTPStatus.OK:
        # RFC 6749, 5.2: 400 or 401 is an answer about the code or about us; all else is trouble.
        refused = question.form is not None and status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}
        raise ProviderError(Refusal.CODE_REFUSED if refused else Refusal.UNREACHABLE, f"HTTP {status}")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise ProviderError(Refusal.UNFIT, "no JSON") from None
    if not isinstance(value, dict):
        raise ProviderError(Refusal.UNFIT, "no JSON object")
    return value


async def _bounded(answer: aiohttp.ClientResponse, most: int) -> bytes:
    out = bytearray()
    async for piece in answer.content.iter_chunked(16 * 1024):
        out += piece
        if len(out) > most:
            raise ProviderError(Refusal.UNFIT, f"more than {most} bytes")
    return bytes(out)
