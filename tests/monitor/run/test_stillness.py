"""The collector leaves alone what stands; what is replaced is freed all the same."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from camkeeper.run.stillness import rest_when


class Thing:
    """Something that can be watched."""


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    rounds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*rounds)


async def test_what_stands_is_left_alone_and_still_freed_by_its_last_reference() -> None:
    before, held = gc.get_freeze_count(), [Thing()]
    gone = weakref.ref(held[0])
    await rest_when(lambda: True)
    assert gc.get_freeze_count() > before
    held.clear()
    assert gone() is None


async def test_later_cycles_are_collected() -> None:
    await rest_when(lambda: True)
    one = Thing()
    one.__dict__["self"] = one
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None
