"""An answer of the provider's, kept for a while; a failure is remembered for a moment, too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from camkeeper.clock import Clock
from camkeeper.oidc.refusal import ProviderError

KEEP_MS = 3_600_000
"""Addresses and keys are asked for again after this."""
AGAIN_MS = 60_000
"""An unknown key has the keys asked for again, so often at most: anybody can make a token that names one."""
PAUSE_MS = 5_000
"""A provider that did not answer is left alone for this long."""
T = TypeVar("T")


class Kept(Generic[T]):
    """One value, of the setting that counts now. Who comes while it is being asked for waits for the same answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, asyncio.Lock()
        self._value: tuple[str, int, T] | None = None
        self._failed: tuple[str, int, ProviderError] | None = None

    async def get(self, key: str, read: Callable[[], Awaitable[T]], *, keep_ms: int = KEEP_MS) -> T:
        """Return what was read for `key` less than `keep_ms` ago, else read it. ProviderError as `read`."""
        async with self._lock:
            now_ms = self._clock.elapsed_ms()
            if self._value is not None and self._value[0] == key and now_ms - self._value[1] < keep_ms:
                return self._value[2]
            if self._failed is not None and self._failed[0] == key and now_ms - self._failed[1] < PAUSE_MS:
                raise ProviderError(self._failed[2].why, self._failed[2].detail)
            try:
                value = await read()
            except ProviderError as error:
                self._failed = (key, now_ms, error)
                raise
            self._value, self._failed = (key, now_ms, value), None
            return value
