"""One way to compile: native code that is kept on disk and lets other threads run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile `function` with Numba when it is first called; later processes load it from the cache."""
    return cast("F", njit(cache=True, nogil=True, error_model="numpy")(function))
