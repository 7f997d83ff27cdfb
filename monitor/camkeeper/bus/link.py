"""The connection to the server beside us: it never gives up, and says little while it waits."""

from __future__ import annotations

from typing import Any

import structlog
from nats.aio.client import Client
from nats.errors import Error

from camkeeper.bus.certificate import Trust

_log = structlog.get_logger(__name__)


class PlainError(Error):
    """The other end speaks no TLS, where we may not speak without."""


class _Sealed(Client):
    """A client that says nothing, its password least of all, to a server that does not begin TLS.

    The library's own goes on in the clear where the server's greeting does not ask for TLS: whoever takes the
    server's place on the cameras' network would be told the password.
    """

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's own
        if initial_connection and not info.get("tls_required"):
            raise PlainError("对方没有 TLS，未发送口令 / the other end has no TLS; the password was not sent")
        # Nor anywhere that a server tells: we know the one address.
        await super()._process_info({**info, "connect_urls": None}, initial_connection)


async def connect(
    *,
    port: int,
    user: str,
    password: str,
    inbox: str,
    name: str,
    host: str = "127.0.0.1",
    trust: Trust | None = None,
) -> Client:
    """Connect to a server, the one on this machine by default; it is tried again for ever once it was there.

    `trust`: by TLS alone, with a server that shows this certificate.
    """

    async def told(error: Exception) -> None:
        _log.info("nats", error=f"{type(error).__name__}: {error}")

    link = Client() if trust is None else _Sealed()
    sealed: dict[str, Any] = {} if trust is None else {"tls": trust.context(), "tls_hostname": trust.name}
    await link.connect(
        f"nats://{f'[{host}]' if ':' in host else host}:{port}",
        user=user,
        password=password,
        inbox_prefix=inbox,
        name=name,
        error_cb=told,
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        ping_interval=10,
        allow_reconnect=True,
        **sealed,
    )
    return link
