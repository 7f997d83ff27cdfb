"""Baselines and what they are learned from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.album.prints import DAY, HOUR, T0, body, open_album

from camkeeper.album import AlbumBusyError, AlbumClosedError, AlbumError, Limits
from camkeeper.album.reader import Cache
from camkeeper.album.record import MAX_BASELINE_BYTES
from camkeeper.model.picture import Context


def test_versions_count_up_and_the_newest_is_used(tmp_path: Path) -> None:
    first, second = body(), body()
    with open_album(tmp_path / "a") as album:
        one = album.put_baseline("c1", Context.DAY, first, frames=5, learned_ms=T0).result(5)
        assert album.baseline("c1", Context.DAY) == (one, first)
        two = album.put_baseline("c1", Context.DAY, second, frames=6, learned_ms=T0 + 1).result(5)
        night = album.put_baseline("c1", Context.NIGHT, first, frames=5, learned_ms=T0).result(5)
        assert (one.version, two.version, night.version) == (1, 2, 1)
        assert album.baseline("c1", Context.DAY) == (two, second)
        assert album.baseline("c1", Context.DAY, version=1) == (one, first)
        assert album.baseline("c1", Context.DAY, version=9) is None
        assert album.baseline("c2", Context.DAY) is None
        assert album.baselines() == album.baselines("c1") == (one, two, night)
    with open_album(tmp_path / "a") as album:
        assert album.baseline("c1", Context.DAY) == (two, second)


def test_what_was_accepted_is_never_replaced(tmp_path: Path) -> None:
    commissioning = body()
    with open_album(tmp_path / "a") as album:
        album.put_baseline("c1", Context.DAY, body(), frames=5, learned_ms=T0).result(5)
        album.put_baseline("c1", Context.DAY, commissioning, frames=20, learned_ms=T0).result(5)
        accepted = album.accept("c1", Context.DAY, 2).result(5)
        assert accepted.accepted
        assert album.accept("c1", Context.DAY, 2).result(5) == accepted  # said twice
        for _ in range(6):
            album.put_baseline("c1", Context.DAY, body(), frames=5, learned_ms=T0 + DAY).result(5)
        assert album.baseline("c1", Context.DAY, accepted=True) == (accepted, commissioning)
        assert [i.version for i in album.baselines("c1")] == [2, 7, 8]  # and the newest two beside it
        with pytest.raises(AlbumError, match="accepted and stays"):
            album.accept("c1", Context.DAY, 8).result(5)
        with pytest.raises(AlbumError, match="accepted and stays"):
            album.put_baseline("c1", Context.DAY, body(), frames=5, learned_ms=T0, accepted=True).result(5)
        with pytest.raises(AlbumError, match="no baseline 3"):
            album.accept("c9", Context.DAY, 3).result(5)
        assert [i.version for i in album.baselines("c1")] == [2, 7, 8]


def test_learning_anew_sets_the_old_ones_aside_and_keeps_what_was_accepted(tmp_path: Path) -> None:
    with open_album(tmp_path / "a") as album:
        accepted = album.put_baseline("c1", Context.DAY, body(), frames=20, learned_ms=T0, accepted=True).result(5)
        night = album.put_baseline("c1", Context.NIGHT, body(), frames=5, learned_ms=T0).result(5)
        album.add_material("c1", Context.DAY, at_ms=T0, sheet=body(9))
        album.add_material("c1", Context.NIGHT, at_ms=T0, sheet=body(9))
        assert album.relearn("c1", Context.DAY).result(5) == 1
        assert album.baseline("c1", Context.DAY) is None
        assert (album.baseline("c1", Context.DAY, accepted=True) or [None])[0] == accepted
        assert (album.baseline("c1", Context.DAY, version=1) or [None])[0] == accepted
        assert (album.baseline("c1", Context.NIGHT) or [None])[0] == night
        assert set(album.waiting()) == {("c1", Context.NIGHT)}
        assert album.in_use() == {("c1", Context.NIGHT): night}
        anew = album.put_baseline("c1", Context.DAY, body(), frames=5, learned_ms=T0 + DAY).result(5)
        assert (album.baseline("c1", Context.DAY) or [None])[0] == anew
        assert anew.version == 2
        assert album.relearn("c1").result(5) == 2
        assert album.waiting() == {}


def test_baselines_of_no_size_are_refused_and_others_in_their_commit_are_not(tmp_path: Path) -> None:
    with open_album(tmp_path / "a") as album:
        waits = [
            album.put_baseline("c1", Context.DAY, data, frames=5, learned_ms=T0)
            for data in (b"", bytes(MAX_BASELINE_BYTES + 1), bytes(MAX_BASELINE_BYTES))
        ]
        assert [type(w.exception(5)) for w in waits] == [AlbumError, AlbumError, type(None)]
        assert album.baselines("c1")[0].version == 1
        assert album.health.error is None


def test_a_baseline_whose_bytes_changed_is_not_used(tmp_path: Path) -> None:
    with open_album(tmp_path / "a") as album:
        album.put_baseline("c1", Context.DAY, body(), frames=5, learned_ms=T0).result(5)
        other = body()
        album._writer.put(lambda desk: desk.db.execute("UPDATE baseline SET body = ?", (other,))).result(5)
        assert album.baseline("c1", Context.DAY) is None


def test_material_is_bounded_per_camera_and_goes_once_enough_was_learned(tmp_path: Path) -> None:
    sheets = [body(50 + i) for i in range(7)]
    with open_album(tmp_path / "a", limits=Limits(sheets=4)) as album:
        for i, sheet in enumerate(sheets):
            album.add_material("c1", Context.DAY, at_ms=T0 + i * HOUR, sheet=sheet)
        album.vacuum().result(5)  # looks wait for company; what somebody waits for takes them along
        assert album.material("c1", Context.DAY) == tuple(sheets[3:])
        assert album.material("c1", Context.NIGHT) == ()
        [(of, waiting)] = album.waiting().items()
        assert (of, waiting.sheets, waiting.newest_ms) == (("c1", Context.DAY), 4, T0 + 6 * HOUR)
        album.put_baseline("c1", Context.DAY, body(), frames=3, learned_ms=T0).result(5)
        assert len(album.material("c1", Context.DAY)) == 4  # it gets better yet
        album.put_baseline("c1", Context.DAY, body(), frames=4, learned_ms=T0).result(5)
        assert album.material("c1", Context.DAY) == ()


def test_material_of_all_is_bounded_and_old_material_makes_room(tmp_path: Path) -> None:
    limits = Limits(material_bytes=1000, enough=1)
    with open_album(tmp_path / "a", limits=limits) as album:
        taken = [album.add_material(f"c{i}", Context.DAY, at_ms=T0 + i, sheet=body(300)) for i in range(4)]
        assert album.drop_material("c0").result(5) == 1
        assert [t.result(0) for t in taken] == [True, True, True, False]
        again = album.add_material("c3", Context.DAY, at_ms=T0 + 3, sheet=body(300))
        assert album.sweep(T0 + 30 * DAY).result(5).sheets == 0
        assert again.result(0)
        assert album.sweep(T0 + 30 * DAY + 1).result(5).sheets == 1
        album.add_material("c4", Context.NIGHT, at_ms=T0 + 3, sheet=body(300))
    with open_album(tmp_path / "a", limits=limits) as album:  # counted again after a restart
        refused = album.add_material("c5", Context.NIGHT, at_ms=T0 + 3, sheet=body(300))
        album.vacuum().result(5)
        assert not refused.result(0)


def test_who_begins_can_gather_enough_and_those_that_have_a_baseline_make_room(tmp_path: Path) -> None:
    """Were everybody to begin at once, all would stop half-way and nobody would ever have a baseline."""
    with open_album(tmp_path / "a", limits=Limits(material_bytes=1000, enough=5)) as album:

        def add(device_id: str) -> bool:
            kept = album.add_material(device_id, Context.DAY, at_ms=T0, sheet=body(100))
            album.vacuum().result(5)
            return kept.result(0)

        assert [add(f"c{i}") for i in range(4)] == [True, True, False, False]
        assert [add(f"c{i % 2}") for i in range(8)] == [True] * 8
        assert not add("c0")  # full
        album.put_baseline("c1", Context.DAY, body(), frames=5, learned_ms=T0).result(5)
        assert [add("c2") for _ in range(5)] == [True] * 5
        assert (len(album.material("c1", Context.DAY)), len(album.material("c0", Context.DAY))) == (0, 5)
        assert not add("c3")
        assert album._writer.put(lambda desk: desk.material.bytes).result(5) == 1000


@given(st.lists(st.tuples(st.sampled_from(["c1", "c2"]), st.integers(1, 400)), max_size=25))
@settings(max_examples=15, deadline=None)
def test_the_sum_of_material_never_passes_its_bound(
    tmp_path_factory: pytest.TempPathFactory, arrivals: list[tuple[str, int]]
) -> None:
    limits = Limits(sheets=3, material_bytes=900, enough=1)
    with open_album(tmp_path_factory.mktemp("a") / "a", limits=limits) as album:
        waits = [album.add_material(d, Context.DAY, at_ms=T0, sheet=bytes(size)) for d, size in arrivals]
        album.vacuum().result(5)
        kept = {d: album.material(d, Context.DAY) for d in ("c1", "c2")}
        assert all(len(sheets) <= 3 for sheets in kept.values())
        total = sum(len(s) for sheets in kept.values() for s in sheets)
        assert total <= 900
        assert total == album._writer.put(lambda desk: desk.material.bytes).result(5)
        for d, sheets in kept.items():
            sizes = [size for (name, size), wait in zip(arrivals, waits, strict=True) if name == d and wait.result(0)]
            assert [len(s) for s in sheets] == sizes[-3:]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60)), max_size=60))
def test_the_cache_holds_what_was_asked_for_last_and_no_more_than_it_may(asked: list[tuple[int, int]]) -> None:
    cache = Cache(100)
    for name, size in asked:
        if cache.get(str(name)) is None:
            cache.put(str(name), bytes(size))
        assert cache.get(str(name)) is not None
        assert cache.bytes <= 100
        assert cache.bytes == sum(len(b) for b in cache._held.values())
    cache.put("large", bytes(101))
    assert cache.get("large") is None


def test_all_of_a_device_is_forgotten(tmp_path: Path) -> None:
    with open_album(tmp_path / "a") as album:
        for device_id in ("c1", "c2"):
            album.put_baseline(device_id, Context.DAY, body(), frames=5, learned_ms=T0).result(5)
            album.add_material(device_id, Context.DAY, at_ms=T0, sheet=b"s")
        album.forget("c1").result(5)
        assert {i.device_id for i in album.baselines()} == {"c2"} == {d for d, _ in album.waiting()}


def test_one_writer_at_a_time_and_nothing_after_the_end(tmp_path: Path) -> None:
    album = open_album(tmp_path / "a")
    with pytest.raises(AlbumBusyError):
        open_album(tmp_path / "a")
    assert album.close()
    assert album.close()
    with pytest.raises(AlbumClosedError):
        album.vacuum()
    with pytest.raises(AlbumClosedError):
        album.baselines()
    open_album(tmp_path / "a").close()
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0


def test_who_stops_waiting_stops_nobody_elses_writing(tmp_path: Path) -> None:
    """A stop cancels what is awaited: the writer goes on with all the rest."""
    with open_album(tmp_path / "a") as album:
        waiting = [album.put_baseline("c1", Context.DAY, bytes([n]) * 400, frames=5, learned_ms=T0) for n in range(60)]
        given_up = [future.cancel() for future in waiting[::2]]
        assert any(given_up)
        kept = [future.result(10).version for future in waiting[1::2]]
        assert kept == sorted(set(kept))
        assert album.put_baseline("c2", Context.DAY, b"x" * 400, frames=5, learned_ms=T0).result(10).version == 1
        assert album.health.warning is None
