"""The disk that loses what was not synced, and the log that it is replayed from."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rel.lives import Story, command, live
from rel.platter import cuts, sectors
from rel.rows.power import STRACE, after
from rel.trace import Call, calls
from rel.tracing import settled, traced

BLANK = Call(name="", fd=3, path="/d/l", data=b"", numbers=(), flags="", result=0, injected=False)
MADE = replace(BLANK, name="openat", flags=", O_RDWR|O_CREAT, 0644")
FOLDER = replace(BLANK, name="fsync", path="/d")
SYNC = replace(BLANK, name="fdatasync")


def put(at: int, data: bytes) -> Call:
    return replace(BLANK, name="pwrite64", data=data, numbers=(len(data), at), result=len(data))


@given(st.integers(0, 5000), st.binary(min_size=1, max_size=3000))
def test_sectors_are_the_write_and_cross_no_border(at: int, data: bytes) -> None:
    parts = list(sectors(at, data))
    assert b"".join(part for _, part in parts) == data
    assert parts[0][0] == at
    assert all(begin // 512 == (begin + len(part) - 1) // 512 for begin, part in parts)


@given(st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=900)), max_size=6), st.integers())
def test_what_was_synced_survives_every_cut(writes: list[tuple[int, bytes]], seed: int) -> None:
    asked = [MADE, FOLDER, *(put(at, data) for at, data in writes), SYNC, put(0, b"later"), SYNC]
    expected = bytearray()
    for at, data in writes:
        expected.extend(bytes(max(0, at + len(data) - len(expected))))
        expected[at : at + len(data)] = data
    (cut,) = cuts(asked, [len(asked) - 1], random.Random(seed), "/d")
    assert cut.files["l"][5:] == bytes(expected)[5:]
    assert cut.files["l"][:5] in {b"later", bytes(expected)[:5]}


def test_what_was_not_synced_may_go_and_so_may_its_name() -> None:
    asked = [MADE, put(0, b"x" * 2048), SYNC]
    found = [next(cuts(asked, [2], random.Random(seed), "/d")) for seed in range(60)]
    assert {"l" in cut.files for cut in found} == {True, False}
    assert any(cut.dropped for cut in found)
    assert any(cut.torn for cut in found)


LOG = r"""
11 openat(AT_FDCWD<\x2f>, "\x2f\x64\x2f\x6c", O_RDWR|O_CREAT, 0644) = 3<\x2f\x64\x2f\x6c>
11 pwrite64(3<\x2f\x64\x2f\x6c>, "\x61\x62", 2, 4096 <unfinished ...>
12 fsync(3<\x2f\x64\x2f\x6c>) = -1 EIO (Input/output error) (INJECTED)
11 <... pwrite64 resumed>) = 2
11 rename("\x2f\x64\x2f\x6c", "\x2f\x64\x2f\x6d") = 0
11 +++ exited with 0 +++
"""


def test_the_log_is_read_as_it_came_back() -> None:
    opened, failed, written, renamed = calls(LOG.splitlines())
    assert (opened.path, opened.fd) == ("/d/l", 3)
    assert "O_CREAT" in opened.flags
    assert (failed.name, failed.result, failed.injected) == ("fsync", -1, True)
    assert (written.data, written.numbers, written.path) == (b"ab", (2, 4096), "/d/l")
    assert (renamed.path, renamed.other) == ("/d/l", "/d/m")


def test_a_disk_that_lies_about_its_syncs_is_found_out(tmp_path: Path) -> None:
    """The row itself must be able to fail: the same life, on a disk whose syncs do nothing."""
    story = Story(seed=5, devices=8, steps=60)
    (tmp_path / "d").mkdir()
    try:
        words = traced(tmp_path / "log", STRACE, command(tmp_path / "d" / "l", story))
    except FileNotFoundError as error:
        pytest.skip(str(error))
    lived = live(words)
    assert lived.newest == 60
    asked = list(calls(settled(tmp_path / "log").splitlines()))
    named = str(tmp_path / "d")
    lying = [call for call in asked if call.name != "fdatasync" or call.path == named]
    points = range(len(lying) // 2, len(lying) - 20, 40)
    found = [after(cut, tmp_path / "after", story) for cut in cuts(lying, points, random.Random(1), named)]
    assert any("acknowledged" in fault for faults in found for fault in faults)
