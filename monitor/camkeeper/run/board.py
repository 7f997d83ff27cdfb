"""Where the board listens."""

from __future__ import annotations

import ipaddress
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
async def serving(runner: web.AppRunner, host: str, port: int) -> AsyncIterator[str]:
    """Serve until the block ends; yields the address to open."""
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise BoardError(
                f"{host}:{port}: {error.strerror}; 用 --listen 换一个 / choose another by --listen"
            ) from error
        bound = runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{bound}/"
    finally:
        await runner.cleanup()


def address_beside(ledger: Path) -> Path:
    """Return where the monitor of a ledger writes the address of its board."""
    return ledger.with_suffix(".board")


def findable(ledger: Path, address: str) -> None:
    """Let commands find the board; the file stays when the monitor ends, and nobody answers there."""
    address_beside(ledger).write_text(f"{address}\n", encoding="utf-8")
