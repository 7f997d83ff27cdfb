"""Thumbnails and full pictures: small, few, for a while, and then really gone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.monitor.album.prints import DAY, HOUR, T0, core, finding, jpeg, open_album, somewhere

from camkeeper.album import AlbumError, Limits
from camkeeper.clock import SimulatedClock
from camkeeper.model.picture import PictureVerdict

SMALL = jpeg(160, 90)


def test_one_thumbnail_a_finding_and_one_a_camera(tmp_path: Path) -> None:
    later = jpeg(160, 90, seed=2)
    with open_album(tmp_path / "a") as album:
        assert album.put_thumbnail(finding(), at_ms=T0, jpeg=SMALL).result(5)
        assert not album.put_thumbnail(finding(), at_ms=T0 + 9, jpeg=later).result(5)
        kept = album.thumbnail("c1")
        assert kept is not None
        assert (kept.jpeg, kept.at_ms, kept.expires_ms) == (SMALL, T0, T0 + 7 * DAY)
        assert (kept.verdict, kept.since_ms) == (PictureVerdict.COVER, T0)
        assert b"jpeg" not in repr(kept).encode()
        assert album.put_thumbnail(finding(since_ms=T0 + HOUR), at_ms=T0 + HOUR, jpeg=later).result(5)
        assert album.thumbnailed() == {"c1"}
        assert (album.thumbnail("c1") or kept).jpeg == later
        assert album.thumbnail("c2") is None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (jpeg(161, 90), "161x90"),
        (jpeg(160, 91), "160x91"),
        (jpeg(1920, 1080), "bytes"),
        (b"<html>", "no JPEG"),
        (b"", "no JPEG"),
        (SMALL[:-2], "no JPEG"),
    ],
)
def test_nothing_recognisable_comes_in_as_a_thumbnail(tmp_path: Path, data: bytes, why: str) -> None:
    with open_album(tmp_path / "a") as album, pytest.raises(AlbumError, match=why):
        album.put_thumbnail(finding(), at_ms=T0, jpeg=data)


def test_a_thumbnail_goes_after_seven_days_even_if_nobody_sweeps(tmp_path: Path) -> None:
    clock = SimulatedClock(wall_ms=T0)
    with open_album(tmp_path / "a", clock) as album:
        album.put_thumbnail(finding(), at_ms=T0, jpeg=SMALL).result(5)
        clock.advance(7 * DAY - 1)
        assert album.sweep(clock.wall_ms()).result(5).thumbnails == 0
        assert album.thumbnail("c1") is not None
        clock.advance(1)
        assert album.thumbnail("c1") is None
        assert album.thumbnailed() == frozenset()
        assert album.sweep(clock.wall_ms()).result(5).thumbnails == 1


def test_a_picture_dated_by_a_wrong_clock_does_not_outlive_the_others(tmp_path: Path) -> None:
    with open_album(tmp_path / "a") as album:
        album.put_thumbnail(finding(since_ms=T0), at_ms=T0 + 3650 * DAY, jpeg=SMALL).result(5)
        album.put_full("c1", at_ms=T0 + 3650 * DAY, jpeg=jpeg(640, 360)).result(5)
        swept = album.sweep(T0).result(5)
        assert (swept.thumbnails, swept.full_pictures) == (1, 1)


def scrubbed(path: Path, needle: bytes) -> bool:
    """Whether it is gone from every file; the writer empties its log right after the commit."""
    for _ in range(60):
        if not somewhere(path, needle):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("how", ["dropped", "swept", "replaced", "forgotten"])
def test_what_is_removed_is_in_no_file_any_more(tmp_path: Path, how: str) -> None:
    path = tmp_path / "a"
    clock = SimulatedClock(wall_ms=T0)
    full = jpeg(640, 360, seed=5)
    with open_album(path, clock) as album:
        album.put_thumbnail(finding(), at_ms=T0, jpeg=SMALL).result(5)
        album.put_full("c1", at_ms=T0, jpeg=full).result(5)
        assert somewhere(path, core(SMALL))
        assert somewhere(path, core(full))
        if how == "dropped":
            assert album.drop_thumbnails(["c1", "c9"]).result(5) == 1
            assert album.drop_full(["c1"]).result(5) == 1
        elif how == "swept":
            album.sweep(T0 + 7 * DAY).result(5)
        elif how == "replaced":
            album.put_thumbnail(finding(since_ms=T0 + 1), at_ms=T0 + 1, jpeg=jpeg(160, 90, seed=8)).result(5)
            album.put_full("c1", at_ms=T0 + 1, jpeg=jpeg(640, 360, seed=9)).result(5)
        else:
            album.forget("c1").result(5)
        assert scrubbed(path, core(SMALL))
        assert scrubbed(path, core(full))


def test_a_reader_in_the_way_delays_the_scrubbing_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with open_album(path) as album:
        album.put_thumbnail(finding(), at_ms=T0, jpeg=SMALL).result(5)
        in_the_way = album._reader
        with in_the_way._lock:
            db = in_the_way._connected()
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM thumbnail").fetchone()
            album.drop_thumbnails(["c1"]).result(5)
            time.sleep(0.2)
            assert somewhere(path, core(SMALL))
            db.execute("ROLLBACK")
        assert scrubbed(path, core(SMALL))


def test_a_full_picture_is_kept_for_72_hours_at_most(tmp_path: Path) -> None:
    clock = SimulatedClock(wall_ms=T0)
    with open_album(tmp_path / "a", clock) as album:
        with pytest.raises(AlbumError, match="no JPEG"):
            album.put_full("c1", at_ms=T0, jpeg=b"GIF89a")
        album.put_full("c1", at_ms=T0, jpeg=jpeg(640, 360)).result(5)
        kept = album.full("c1")
        assert kept is not None
        assert kept.expires_ms == T0 + 72 * HOUR
        clock.advance(72 * HOUR)
        assert album.full("c1") is None
        assert album.sweep(clock.wall_ms()).result(5).full_pictures == 1
    with pytest.raises(ValueError, match="72 h"):
        Limits(full_ms=72 * HOUR + 1)


def test_free_pages_go_back_to_the_disk_in_bounded_steps(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with open_album(path) as album:
        for i in range(4):
            album.put_full(f"c{i}", at_ms=T0, jpeg=jpeg(1280, 720, seed=i)).result(5)
        album.drop_full([f"c{i}" for i in range(4)]).result(5)
        free = album.vacuum(max_pages=10).result(5)
        assert free > 0
        assert album.vacuum(max_pages=10).result(5) == free - 10
        assert album.vacuum().result(5) == 0
        large = path.stat().st_size
    assert path.stat().st_size < large
