"""A real SMTP server (aiosmtpd) on loopback, in the test's own loop."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

with warnings.catch_warnings():  # it brings its own warning about a keyword that it sets itself
    warnings.simplefilter("ignore")
    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(slots=True)
class Mailbox:
    """The server's port, and what it took."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    refuse: Mapping[str, str] = field(default_factory=dict)
    """Recipient -> the reply that it gets."""
    data_reply: str = "250 queued as 42"

    async def handle_RCPT(  # noqa: N802  the server calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient or refuse it."""
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        parsed = message_from_bytes(content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.recipients.append(list(envelope.rcpt_tos))
        self.over_tls.append(session.ssl is not None)
        return self.data_reply


@asynccontextmanager
async def mail_server(box: Mailbox, *, password: str = "", tls: ssl.SSLContext | None = None) -> AsyncIterator[Mailbox]:
    """Serve until the block ends; with `password` a login as `camkeeper` is required."""

    def authenticate(_s: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        good = data.login == b"camkeeper" and data.password == password.encode()
        return AuthResult(success=good, handled=False)

    def protocol() -> SMTP:
        with warnings.catch_warnings():  # AUTH without TLS is what some old servers offer
            warnings.simplefilter("ignore")
            return SMTP(
                box,
                hostname="mail.example",
                loop=asyncio.get_running_loop(),
                tls_context=tls,
                authenticator=authenticate if password else None,
                auth_required=bool(password),
                auth_require_tls=False,
                enable_SMTPUTF8=False,
            )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
