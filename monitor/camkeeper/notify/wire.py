"""One HTTP exchange: bounded in time and bytes, no redirects, certificates verified, no secret in what is told."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from camkeeper.clock import Clock
from camkeeper.model.letter import JSON, Outcome, Receipt
from camkeeper.notify.secret import in_url, without

MAX_BYTES = 64 * 1024
LONGEST_WAIT_S = 3600.0
_OVERLOADED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked. `secrets` never come out again."""

    url: str = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer with its body whole."""

    status: int
    body: bytes
    retry_after_s: float | None

    @property
    def text(self) -> str:
        """The body as text, whatever its bytes."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body's JSON value, or None where it has none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The way out that the adapters share."""

    session: aiohttp.ClientSession
    clock: Clock

    async def exchange(self, request: Request, timeout_s: float) -> Reply | Receipt:
        """Ask once. A receipt means that there is no answer to read."""
        try:
            return await self._ask(request, timeout_s)
        except TimeoutError:
            return _retry("timeout", f"{timeout_s:g} s")
        except aiohttp.InvalidURL:  # its text repeats the address
            return Receipt(outcome=Outcome.REFUSED, code="url", detail="")
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            return _retry("tls", _certificate(error))
        except aiohttp.ClientConnectorError as error:
            return _retry("connect", without(error.os_error.strerror or "", ()))
        except (aiohttp.ClientError, OSError) as error:  # closed early, half a body, no HTTP at all
            return _retry("broken", type(error).__name__)

    async def _ask(self, request: Request, timeout_s: float) -> Reply | Receipt:
        try:
            # The address is used as it was signed: encoding it a second time would void a signature in it.
            url = URL(request.url, encoded=True)
            usable = url.scheme in {"http", "https"} and bool(url.host) and url.port is not None
        except ValueError:
            usable = False
        if not usable:
            return Receipt(outcome=Outcome.REFUSED, code="url", detail="http:// https://")
        async with self.session.request(
            request.method,
            url,
            data=request.body or None,
            headers={"Accept-Encoding": "identity", "User-Agent": "camkeeper", **request.headers},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout_s),
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(8192):
                body += chunk
                if len(body) > MAX_BYTES:
                    return _retry("too-long", f"> {MAX_BYTES} B")
            return Reply(status=response.status, body=bytes(body), retry_after_s=self._wait(response.headers))

    def _wait(self, headers: Mapping[str, str]) -> float | None:
        """Retry-After: seconds or a date; what cannot be one is none."""
        value = headers.get("Retry-After", "").strip()
        if value.isascii() and value.isdigit():
            return min(float(value[:9]), LONGEST_WAIT_S)
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max(0.0, at.timestamp() - self.clock.wall_ms() / 1000), LONGEST_WAIT_S)


def hopeless(reply: Reply, request: Request) -> Receipt | None:
    """Return a receipt where the status alone decides; None where the body is to be read."""
    words = without(reply.text[:4096], (*request.secrets, *in_url(request.url)))
    code = str(reply.status)
    if reply.status in _OVERLOADED or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Receipt(outcome=Outcome.RETRY, code=code, detail=words, retry_after_s=reply.retry_after_s)
    if HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.BAD_REQUEST or reply.status < HTTPStatus.OK:
        # Followed nowhere. An operator's "your line is not paid" page redirects like this, so the letter waits.
        return Receipt(outcome=Outcome.RETRY, code=code, detail="redirected, not followed")
    return None


def refused(reply: Reply, request: Request) -> Receipt:
    """Return the receipt of a status that says no."""
    words = without(reply.text[:4096], (*request.secrets, *in_url(request.url)))
    return Receipt(outcome=Outcome.REFUSED, code=str(reply.status), detail=words)


def encoded(value: JSON) -> bytes:
    """Return compact UTF-8 JSON, Chinese as it is: escapes would triple its length."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _retry(code: str, detail: str) -> Receipt:
    return Receipt(outcome=Outcome.RETRY, code=code, detail=detail)


def _certificate(error: BaseException) -> str:
    inner = error
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        inner = error.certificate_error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return without(inner.verify_message, ())
    return type(inner).__name__
