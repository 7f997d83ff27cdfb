"""The line of pictures: bounded, one a device, fair; and nobody goes without being told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.picture.queue import Waiting

keys = st.sampled_from("abcdefgh")


@given(most=st.integers(1, 6), steps=st.lists(st.none() | keys, max_size=60))
def test_everybody_is_served_or_dropped_and_the_newest_wins(most: int, steps: list[str | None]) -> None:
    line: Waiting[tuple[str, int]] = Waiting(most)
    put, taken, gone = [], [], []
    for number, key in enumerate(steps):
        if key is None:
            first = line.take()
            taken += [] if first is None else [first]
        else:
            put.append((key, number))
            loser = line.put(key, (key, number))
            gone += [] if loser is None else [loser]
        assert len(line) <= most
    while (last := line.take()) is not None:
        taken.append(last)
    assert sorted(put) == sorted(taken + gone)
    assert line.dropped == len(gone)
    for key, number in gone:
        later = {other for other, when in put if when > number}
        assert key in later or len(later) >= most


def test_a_newer_entry_takes_the_older_ones_place() -> None:
    line: Waiting[str] = Waiting(3)
    assert [line.put(key, key + "1") for key in "abc"] == [None, None, None]
    assert line.put("a", "a2") == "a1"
    assert [line.take() for _ in range(4)] == ["a2", "b1", "c1", None]


def test_a_line_for_nobody_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Waiting(0)
