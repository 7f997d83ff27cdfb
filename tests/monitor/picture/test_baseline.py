"""A baseline comes back from its bytes, is small, says what of, and is refused where it was damaged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.picture.views import fleet_baseline, photo_baseline

from camkeeper.model.picture import Context
from camkeeper.picture.baseline import MAX_BYTES, Baseline, BaselineError


@pytest.mark.parametrize("context", list(Context))
def test_bytes_round_trip(context: Context) -> None:
    made = fleet_baseline(context)
    data = made.to_bytes()
    again = Baseline.from_bytes(data)
    assert again.to_bytes() == data
    assert again.digest == made.digest
    assert (again.context, again.frames, again.dropped) == (context, 5, 0)
    assert len(data) < MAX_BYTES / 2


def test_what_healthy_pictures_showed_only_widens_limits() -> None:
    baseline = photo_baseline()
    for name in baseline.strays:
        assert baseline.low(name) <= 0 <= baseline.high(name)


@settings(max_examples=80, deadline=None)
@given(at=st.integers(0, 10**6), byte=st.integers(1, 255))
def test_a_damaged_byte_is_noticed(at: int, byte: int) -> None:
    data = bytearray(photo_baseline().to_bytes())
    data[at % len(data)] ^= byte
    with pytest.raises(BaselineError, match=r"基线.* / "):
        Baseline.from_bytes(bytes(data))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_garbage_is_refused(data: bytes) -> None:
    for some in (data, b"CKBAS" + data, b"CKBAS\x03" + data):
        with pytest.raises(BaselineError):
            Baseline.from_bytes(some)


def test_another_version_says_what_to_do() -> None:
    data = bytearray(photo_baseline().to_bytes())
    data[5] = 1
    with pytest.raises(BaselineError, match="请重新学习"):
        Baseline.from_bytes(bytes(data))


@pytest.mark.parametrize("keep", [0, 5, 13, 14, 200, 40_000])
def test_a_cut_baseline_is_refused(keep: int) -> None:
    with pytest.raises(BaselineError):
        Baseline.from_bytes(photo_baseline().to_bytes()[:keep])


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(BaselineError, match="过大"):
        Baseline.from_bytes(b"CKBAS" + bytes(MAX_BYTES))
