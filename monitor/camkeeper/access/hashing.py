"""Argon2id beside the loop: two at once, at low priority, and no endless line before them.

A sign-in costs 64 MiB and a good part of a core on purpose. The monitor's polling has the same cores: so at most two
run at once (128 MiB), their threads stand back behind everything else, and who comes when 16 wait is asked to come
again, rather than that a flood of sign-ins eats the machine.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")

AT_ONCE = 2
MAX_WAITING = 16
_NICE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one hash costs. Argon2id's parameters."""

    memory_kib: int = 65_536
    """The memory of RFC 9106's second recommendation (64 MiB); OWASP asks for 46 MiB at one pass."""
    passes: int = 3
    lanes: int = 1
    """One core a sign-in; RFC 9106 has four, and this machine polls cameras."""


class TooBusyError(Exception):
    """Too many wait already."""


class Hashing:
    """Makes and checks hashes in threads of its own. One owner, the event loop."""

    def __init__(self, cost: Cost | None = None) -> None:
        self._cost = cost or Cost()
        self._hasher = PasswordHasher(
            time_cost=self._cost.passes, memory_cost=self._cost.memory_kib, parallelism=self._cost.lanes
        )
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="access-argon2", initializer=_stand_back)
        self._under_way = 0
        self._nobody = self._nobodys_hash()

    async def hash(self, password: str) -> str:
        """Return the hash of a password. TooBusyError."""
        return await self._run(lambda: self._hasher.hash(_bytes(password)))

    async def fits(self, stored: str | None, password: str) -> bool:
        """Tell whether a password is the stored one. None: it is not, and finding that takes as long. TooBusyError."""
        against = stored or self._nobody

        def run() -> bool:
            try:
                return self._hasher.verify(against, _bytes(password))
            except (VerificationError, InvalidHashError):
                return False

        return await self._run(run) and stored is not None

    def outdated(self, stored: str) -> bool:
        """Tell whether a hash was made at another cost than we ask for now."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, what: Callable[[], T]) -> T:
        if self._under_way >= AT_ONCE + MAX_WAITING:
            raise TooBusyError
        self._under_way += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, what)
        future.add_done_callback(self._done)
        return await future

    def _done(self, _: object) -> None:
        self._under_way -= 1

    def _nobodys_hash(self) -> str:
        """Return a hash that no password has, at our cost: names that nobody has take as long as others."""
        salt, digest = (base64.b64encode(secrets.token_bytes(n)).rstrip(b"=").decode() for n in (16, 32))
        cost = self._cost
        return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${digest}"


def _bytes(password: str) -> bytes:
    """Return what is hashed; a body of JSON may hold half a character, which is a wrong password and no error."""
    return password.encode("utf-8", "surrogatepass")


def _stand_back() -> None:
    # On Linux each thread has a priority of its own. A container may forbid to change it: then not.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
