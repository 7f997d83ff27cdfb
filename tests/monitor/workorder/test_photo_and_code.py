"""Opaque photos, and codes that numbers do not give away."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.workorder.make import SECRET

from camkeeper.model.workorder import Photo, Refusal
from camkeeper.workorder.code import CODES, order_code, same_code
from camkeeper.workorder.photo import take_photo


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "image/png"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic\x00", "image/heic"),
    ],
)
def test_phones_pictures_are_taken(head: bytes, media_type: str) -> None:
    data = head + bytes(100)
    expected = Photo(digest=hashlib.sha256(data).hexdigest(), size_bytes=len(data), media_type=media_type)
    assert take_photo(data) == expected


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", Refusal.PHOTO_EMPTY),
        (b"\xff\xd8", Refusal.NOT_A_PHOTO),
        (b"<svg onload='x'>", Refusal.NOT_A_PHOTO),
        (b"GIF89a" + bytes(20), Refusal.NOT_A_PHOTO),
        (b"%PDF-1.7", Refusal.NOT_A_PHOTO),
        (b"MZ\x90\x00", Refusal.NOT_A_PHOTO),
        (b"\x00\x00\x00\x18ftypmp42", Refusal.NOT_A_PHOTO),
        (b"\xff\xd8\xff" + bytes(5 * 1024 * 1024), Refusal.PHOTO_TOO_LARGE),
    ],
)
def test_anything_else_is_not(data: bytes, refusal: Refusal) -> None:
    assert take_photo(data) is refusal


@given(st.binary(max_size=64))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    assert isinstance(take_photo(data), Photo | Refusal)


@given(st.integers(1, 10**6), st.sets(st.integers(0, CODES - 1).map(lambda n: f"{n:04d}"), max_size=50))
def test_a_code_is_free_and_always_the_same(number: int, taken: set[str]) -> None:
    code = order_code(SECRET, number, taken)
    assert code is not None
    assert len(code) == 4
    assert code.isdigit()
    assert code not in taken
    assert code == order_code(SECRET, number, set(taken))


def test_every_code_is_tried_before_none_is_left() -> None:
    all_codes = {f"{n:04d}" for n in range(CODES)}
    for number in (1, 2, 931):
        for last in ("0000", "4821", "9999"):
            assert order_code(SECRET, number, all_codes - {last}) == last
    assert order_code(SECRET, 1, all_codes) is None


def test_neighbours_and_other_secrets_have_unrelated_codes() -> None:
    ours = [int(order_code(SECRET, n, ()) or 0) for n in range(1, 400)]
    theirs = [int(order_code(b"another secret of 22 b", n, ()) or 0) for n in range(1, 400)]
    assert sum(a == b for a, b in zip(ours, theirs, strict=True)) < 5
    steps = [(b - a) % CODES for a, b in pairwise(ours)]
    assert len(set(steps)) > 370, "no stride that two codes would tell"
    assert max(ours) > 9000
    assert min(ours) < 1000


def test_a_short_secret_is_none() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        order_code(b"short", 1, ())


def test_comparing_takes_strangers_words() -> None:
    assert same_code("0042", "0042")
    assert not same_code("0042", "００４２")
