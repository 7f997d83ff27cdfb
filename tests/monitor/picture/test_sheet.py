"""A sheet comes back from its bytes, or is refused."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.picture.photos import photo
from tests.monitor.picture.views import KINDS, any_image, fleet_sheets, photo_sheets

from camkeeper.model.picture import Context
from camkeeper.picture.measure import sheet_of
from camkeeper.picture.sheet import Sheet, SheetError


@settings(max_examples=30, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 999), height=st.integers(16, 200), width=st.integers(16, 200))
def test_bytes_round_trip(kind: str, seed: int, height: int, width: int) -> None:
    sheet = sheet_of(any_image(height, width, kind, seed))
    again = Sheet.from_bytes(sheet.to_bytes())
    assert again.to_bytes() == sheet.to_bytes()
    assert np.array_equal(again.edges, sheet.edges)
    assert again.numbers.p50 == sheet.numbers.p50


def test_a_sheet_for_learning_keeps_its_aim_and_stays_small() -> None:
    for sheet in (photo_sheets()[0], fleet_sheets(Context.DAY)[0]):
        data = sheet.to_bytes()
        assert len(data) < 120_000
        again = Sheet.from_bytes(data)
        assert again.aim is not None
        assert sheet.aim is not None
        assert np.array_equal(again.aim.descriptors, sheet.aim.descriptors)


def test_a_sheet_without_an_aim_is_small() -> None:
    assert len(sheet_of(photo()).to_bytes()) < 60_000


@settings(max_examples=80, deadline=None)
@given(at=st.integers(0, 10**6), byte=st.integers(1, 255))
def test_a_damaged_byte_is_noticed(at: int, byte: int) -> None:
    data = bytearray(photo_sheets()[0].to_bytes())
    at %= len(data)
    data[at] ^= byte
    # Sizes in the head are outside of the seal: they must then disagree with the body, never give another sheet.
    with pytest.raises(SheetError):
        Sheet.from_bytes(bytes(data))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_garbage_is_refused(data: bytes) -> None:
    for some in (data, b"CKSHT" + data, b"CKSHT\x01" + data):
        with suppress(SheetError):
            Sheet.from_bytes(some)
            raise AssertionError("garbage was read as a sheet")


@pytest.mark.parametrize("keep", [0, 5, 20, 100, 5000])
def test_a_cut_sheet_is_refused(keep: int) -> None:
    with pytest.raises(SheetError):
        Sheet.from_bytes(photo_sheets()[0].to_bytes()[:keep])
