"""Pinning: host and ports come from enrolment; of what a device says, only path and query are used.

A name is resolved here, once a probe, and what it resolves to is looked at: a name that turns into loopback,
link-local or the metadata address of a cloud (169.254.169.254) is not asked. Who means such an address enrols it as a
literal, or as `localhost`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
_MAX_URI: Final = 2048
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_SECRET: Final = re.compile(r"(?i)\b(user(?:name)?|usr|login|pass(?:word|wd)?|pwd|psw|auth|token|key)=[^&;/?#\s]*")
_NAME_KEPT_MS: Final = 60_000
_METADATA: Final = frozenset(ipaddress.ip_address(a) for a in ("100.100.100.200", "192.0.0.192", "fd00:ec2::254"))
"""Where clouds other than 169.254.169.254 keep a machine's secrets: Alibaba, Oracle, Amazon over IPv6."""


class NotAnUriError(ValueError):
    """What the device gave as an address is none; the message quotes nothing of it."""


class NotAskedError(OSError):
    """An enrolled name resolves to an address that only a literal may enrol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is left of a device's URI: its scheme and port as told, its path and query. Never its host or userinfo."""

    scheme: str
    port: int
    path: str


def target_of(uri: str, *, default_scheme: str = "http") -> Target:
    """Reduce a device's URI to its target; NotAnUriError where it is none.

    Trailing spaces and `user:password@` are dropped (Xiongmai), a missing path is `/` (Reolink's RTSP), a bare path
    belongs to `default_scheme`.
    """
    text = uri.strip()
    if not text or len(text) > _MAX_URI or _CONTROL.search(text):
        raise NotAnUriError("no readable address")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise NotAnUriError("no readable address") from error
    scheme = parts.scheme.lower() or default_scheme
    if scheme not in _DEFAULT_PORTS:
        raise NotAnUriError("an address that is neither HTTP nor RTSP")
    path = parts.path if parts.path.startswith("/") else f"/{parts.path}"
    path = f"{path}?{parts.query}" if parts.query else path
    return Target(scheme=scheme, port=port or _DEFAULT_PORTS[scheme], path=quote(path, safe="%/:=&?~+!$,;'@()*[]|._-"))


def redacted(text: str) -> str:
    """Blot out values that look like credentials; Xiongmai writes them into paths and queries."""
    return _SECRET.sub(r"\1=***", text)


def is_guarded(address: str) -> bool:
    """True for an address that a *name* must not lead to."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    at = mapped if mapped is not None else found
    return at.is_loopback or at.is_link_local or at.is_unspecified or at.is_multicast or at in _METADATA


def is_literal(host: str) -> bool:
    """True where the host is an address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Names:
    """Resolves enrolled names to one address, and keeps it for a minute. Literals pass without a look-up."""

    def __init__(self, *, elapsed_ms: Callable[[], int]) -> None:
        self._elapsed_ms = elapsed_ms
        self._known: dict[str, tuple[int, str]] = {}
        self._literals: set[str] = set()

    async def address(self, host: str) -> str:
        """Return the address to connect to. Raises NotAskedError, or socket.gaierror for an unknown name."""
        if host in self._literals:
            return host
        if is_literal(host):
            self._literals.add(host)
            return host
        now = self._elapsed_ms()
        until, known = self._known.get(host, (0, ""))
        if known and now < until:
            return known
        found = await self._look_up(host)
        self._known[host] = (now + _NAME_KEPT_MS, found)
        return found

    @staticmethod
    async def _look_up(host: str) -> str:
        loop = asyncio.get_running_loop()
        try:
            infos = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise socket.gaierror(socket.EAI_NONAME, "not a host name") from error
        addresses = [str(info[4][0]) for info in infos]
        if host.lower().rstrip(".") == "localhost":
            return addresses[0]
        if any(is_guarded(a) for a in addresses):
            raise NotAskedError("the name resolves to a loopback or link-local address; enrol the address itself")
        return addresses[0]
