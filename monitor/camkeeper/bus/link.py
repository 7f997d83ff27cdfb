"""The connection to the server beside us: it never gives up, and says little while it waits."""

from __future__ import annotations

import nats
import structlog
from nats.aio.client import Client

_log = structlog.get_logger(__name__)


async def connect(*, port: int, user: str, password: str, inbox: str, name: str, host: str = "127.0.0.1") -> Client:
    """Connect to a server, the one on this machine by default; it is tried again for ever once it was there."""

    async def told(error: Exception) -> None:
        _log.info("nats", error=f"{type(error).__name__}: {error}")

    return await nats.connect(
        f"nats://{host}:{port}",
        user=user,
        password=password,
        inbox_prefix=inbox,
        name=name,
        error_cb=told,
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        ping_interval=10,
        allow_reconnect=True,
    )
