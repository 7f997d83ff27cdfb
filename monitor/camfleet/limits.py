"""What the fleet may use: so many descriptors, and no host but this one."""

from __future__ import annotations

import ipaddress
import resource

SPARE = 128
"""Descriptors beside those of sockets: the interpreter's, the log's, the loop's."""


class FleetError(Exception):
    """Why the fleet cannot be served, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def raise_descriptors(wanted: int) -> int:
    """Raise RLIMIT_NOFILE to the hard limit and return it; FleetError where `wanted` sockets do not fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    limit = 2**31 if hard == resource.RLIM_INFINITY else hard
    if wanted + SPARE > limit:
        raise FleetError(
            f"需要 {wanted} 个监听端口，但本进程最多只能打开 {limit} 个文件；请提高上限（ulimit -Hn）或减少设备",
            f"{wanted} listening ports are needed, but this process may open only {limit} files: "
            "raise the hard limit (ulimit -Hn) or serve fewer devices",
        )
    return limit


def is_loopback(host: str) -> bool:
    """Tell whether `host` is an address in 127.0.0.0/8 or ::1; a name is not."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
