"""HTTPS to one certificate, known by its SHA-256: the board of the monitor on this machine."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ssl
from typing import Any
from urllib.request import HTTPSHandler, Request


class PinnedConnection(http.client.HTTPSConnection):
    """Says nothing to whoever shows another certificate."""

    pin = ""

    def connect(self) -> None:
        """Connect, or raise an OSError before a byte of the request is sent."""
        super().connect()
        shown = self.sock.getpeercert(binary_form=True) or b""
        if not hmac.compare_digest(hashlib.sha256(shown).hexdigest(), self.pin):
            self.close()
            raise ssl.SSLError("证书不是本机监测的 / not the certificate of this machine's monitor")


class PinnedHandler(HTTPSHandler):
    """urllib's way to it. Names and dates are not looked at: the certificate is for what browsers call the board."""

    def __init__(self, pin: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the pin is the proof
        super().__init__(context=context)
        self._of_ours = type("Pinned", (PinnedConnection,), {"pin": pin})
        self._tls = context

    def https_open(self, req: Request) -> http.client.HTTPResponse:
        """Open by a pinned connection."""
        return self.do_open(self._made, req)

    def _made(self, host: str, **kwargs: Any) -> http.client.HTTPSConnection:
        made: http.client.HTTPSConnection = self._of_ours(host, **{**kwargs, "context": self._tls})
        return made
