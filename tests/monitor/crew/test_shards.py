"""Laws of dividing shards: whoever comes, goes or is slow, each shard ends with one member, and shares are even."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from camkeeper.crew.shards import shard_of, share, turn

NAMES = st.sets(st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=4), min_size=1, max_size=7)
SHARDS = st.integers(1, 64)


@given(st.lists(st.text(max_size=20), max_size=50), SHARDS)
def test_every_device_has_one_shard_that_stays(device_ids: list[str], shards: int) -> None:
    first = [shard_of(device_id, shards) for device_id in device_ids]
    assert all(0 <= shard < shards for shard in first)
    shard_of.cache_clear()
    assert [shard_of(device_id, shards) for device_id in device_ids] == first


def test_shards_of_a_township_are_about_even() -> None:
    counts = [0] * 32
    for n in range(5_000):
        counts[shard_of(f"cam-{n:05d}", 32)] += 1
    assert max(counts) < 1.4 * 5_000 / 32


@given(NAMES, SHARDS)
def test_shares_are_even_and_make_the_whole(names: set[str], shards: int) -> None:
    shares = [share(name, names, shards) for name in names]
    assert sum(shares) == shards
    assert max(shares) - min(shares) <= 1


@given(NAMES, SHARDS, st.data())
def test_nobody_has_less_because_somebody_left(names: set[str], shards: int, data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(names)))
    for name in names - {gone}:
        assert share(name, names - {gone}, shards) >= share(name, names, shards)


def settle(names: set[str], held: dict[int, str], shards: int, order: st.DataObject) -> dict[int, str]:
    """Let members take turns, each in any order within a round, until nothing changes; returns who holds what."""
    for _ in range(4):
        for name in order.draw(st.permutations(sorted(names))):
            mine = {shard for shard, of in held.items() if of == name}
            todo = turn(name, members=names, mine=mine, held=held.keys(), shards=shards)
            assert set(todo.give) <= mine
            assert not set(todo.take) & held.keys()
            for shard in todo.give:
                del held[shard]
            for shard in todo.take:
                held.setdefault(shard, name)  # as the bucket's create: whoever is first has it
    return held


@given(NAMES, NAMES, SHARDS, st.data())
def test_from_any_state_each_shard_ends_with_one_member(
    before: set[str], after: set[str], shards: int, data: st.DataObject
) -> None:
    held = settle(before, {}, shards, data)
    assert sorted(held) == list(range(shards))
    alive = {shard: of for shard, of in held.items() if of in after}
    kept = dict(alive)
    held = settle(after, alive, shards, data)
    assert sorted(held) == list(range(shards))
    counts = [sum(of == name for of in held.values()) for name in after]
    assert max(counts) - min(counts) <= 1
    if after <= before:
        assert all(held[shard] == of for shard, of in kept.items()), "who stays gives nothing back"


@given(NAMES, SHARDS)
def test_somebody_new_takes_no_more_than_its_share_away(names: set[str], shards: int) -> None:
    held: dict[int, str] = {}
    members: set[str] = set()
    for name in sorted(names):
        members.add(name)
        before = dict(held)
        for _ in range(3):
            for one in sorted(members):
                mine = {shard for shard, of in held.items() if of == one}
                todo = turn(one, members=members, mine=mine, held=held.keys(), shards=shards)
                for shard in todo.give:
                    del held[shard]
                held.update(dict.fromkeys(todo.take, one))
        moved = sum(held[shard] != of for shard, of in before.items())
        assert moved <= share(name, members, shards) + len(members)
