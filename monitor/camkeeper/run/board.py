"""Where the board listens."""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web


class BoardError(Exception):
    """The board cannot listen where it was told to."""


def parse_listen(text: str, *, login: bool = False) -> tuple[str, int]:
    """Return (host, port) of `HOST:PORT` or `[IPV6]:PORT`; without a login loopback only."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise BoardError(f"--listen {text}: 应为 HOST:PORT / want HOST:PORT")
    if not login and not is_loopback(host):
        raise BoardError(
            f"--listen {text}: 这里没有登录，只能监听本机回环地址，请用带登录的反向代理对外提供"
            " / nobody signs in here, so it listens on loopback only; publish it through a reverse proxy with a login"
        )
    if not host:
        raise BoardError(f"--listen {text}: 应为 HOST:PORT / want HOST:PORT")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches what listens there."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@asynccontextmanager
async def serving(
    runner: web.AppRunner, host: str, port: int, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve until the block ends; yields the address to open."""
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=tls)
        try:
            await site.start()
        except OSError as error:
            raise BoardError(
                f"{host}:{port}: {error.strerror}; 用 --listen 换一个 / choose another by --listen"
            ) from error
        bound = runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        yield f"http{'' if tls is None else 's'}://{shown}:{bound}/"
    finally:
        await runner.cleanup()


def address_beside(ledger: Path) -> Path:
    """Return where the monitor of a ledger writes the address of its board."""
    return ledger.with_suffix(".board")


def pin_beside(ledger: Path) -> Path:
    """Return where the monitor of a ledger writes which certificate its board has."""
    return ledger.with_suffix(".boardpin")


def findable(ledger: Path, address: str, *, certificate_der: bytes | None = None) -> None:
    """Let commands find the board; the file stays when the monitor ends, and nobody answers there.

    Its certificate is for the name that browsers use; commands on this machine come by another, and know the
    certificate itself by its SHA-256.
    """
    pin = pin_beside(ledger)
    if certificate_der is None:
        pin.unlink(missing_ok=True)
    else:
        pin.write_text(f"{hashlib.sha256(certificate_der).hexdigest()}\n", encoding="ascii")
    address_beside(ledger).write_text(f"{address}\n", encoding="utf-8")
