"""Frozen or live: pictures coded again are found, pictures taken again are not, whatever the clock on them says."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from camkeeper.picture.freeze import TRACE_SIZE_BYTES, Sameness, compare, is_frozen, trace_of

Image = NDArray[np.uint8]
FRAMES = Path(__file__).parents[2] / "data" / "pictures"
REAL = Path(__file__).parents[4] / "shared" / "data" / "pictures" / "lta"
TEXT_FREE = np.ones((90, 160), np.bool_)
TEXT_FREE[:14] = False


def street(seed: int = 3) -> Image:
    """Return a still night street: lamps, walls, a dark ground; (720, 1280, 3)."""
    rng = np.random.default_rng(seed)
    image = np.full((720, 1280, 3), 22, np.uint8)
    for _ in range(60):
        x, y = (int(v) for v in rng.integers(0, (1280, 720)))
        shade = int(rng.integers(10, 120))
        cv2.rectangle(image, (x, y), (x + 90, y + 60), (shade, shade, shade), -1)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.5), np.uint8)


def taken(image: Image, *, noise: float, seed: int, clock: str = "") -> Image:
    """Return the picture as a sensor with that noise would give it, with a clock written in."""
    noisy = np.clip(image + np.random.default_rng(seed).normal(0, noise, image.shape), 0, 255).astype(np.uint8)
    if clock:
        cv2.putText(noisy, clock, (20, 70), cv2.FONT_HERSHEY_SIMPLEX, 2, (255, 255, 255), 4)
    return noisy


def coded(image: Image, quality: int = 80) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def trace(data: bytes) -> bytes:
    return trace_of(np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_2), np.uint8), data)


def again(data: bytes, quality: int) -> bytes:
    return coded(np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8), quality)


def test_a_trace_is_small_and_always_the_same() -> None:
    data = coded(street())
    assert trace(data) == trace(data)
    assert len(trace(data)) == TRACE_SIZE_BYTES <= 4096


@pytest.mark.parametrize("noise", [3.0, 4.0, 8.0])
def test_a_still_night_street_with_noise_is_live(noise: float) -> None:
    first, second = (trace(coded(taken(street(), noise=noise, seed=seed))) for seed in (1, 2))
    assert not is_frozen(first, second)


@pytest.mark.parametrize("quality", [70, 80, 90, 95])
@pytest.mark.parametrize("noise", [2.0, 4.0])
def test_a_picture_coded_again_is_frozen(noise: float, quality: int) -> None:
    data = coded(taken(street(), noise=noise, seed=1))
    assert is_frozen(trace(data), trace(again(data, quality)))


def test_a_clock_that_runs_over_a_picture_that_stands_proves_no_life() -> None:
    still = taken(street(), noise=4, seed=1)
    first, second = (coded(taken(still, noise=0, seed=0, clock=clock)) for clock in ("01:11:07", "01:26:48"))
    assert is_frozen(trace(first), trace(second), TEXT_FREE)
    assert is_frozen(trace(first), trace(second))  # nobody said where the text is


@pytest.mark.parametrize("quality", [60, 80, 92])
@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0, 3.0])
def test_a_still_night_with_little_noise_is_never_called_frozen_whatever_its_clock(noise: float, quality: int) -> None:
    """Where the coder left no noise it cannot be told, and that is said; a clock changes nothing in it."""
    for clocks in (("", ""), ("01:11:07", "01:26:48")):
        first, second = (
            trace(coded(taken(taken(street(), noise=noise, seed=seed), noise=0, seed=0, clock=clock), quality))
            for seed, clock in zip((1, 51), clocks, strict=True)
        )
        found = compare(first, second)
        assert found is not Sameness.SAME
        if quality == 60 or (noise <= 1 and quality == 80):
            assert found is Sameness.UNKNOWN


def test_what_moved_under_the_text_or_all_over_is_live() -> None:
    still = taken(street(), noise=4, seed=1)
    walker = still.copy()
    cv2.rectangle(walker, (600, 300), (640, 420), (150, 150, 150), -1)
    assert compare(trace(coded(still)), trace(coded(walker))) is Sameness.LIVE
    header = still.copy()
    header[:150] = 200
    assert compare(trace(coded(still)), trace(coded(header))) is Sameness.LIVE


def test_a_lamp_that_went_on_is_live() -> None:
    image = street()
    lit = image.copy()
    cv2.circle(lit, (700, 400), 30, (200, 220, 255), -1)
    assert not is_frozen(trace(coded(image)), trace(coded(lit)))


def test_identical_bytes_are_frozen_even_where_everything_is_masked() -> None:
    data = coded(street())
    nothing = np.zeros((4, 4), np.bool_)
    assert is_frozen(trace(data), trace(data), nothing)
    assert compare(trace(data), trace(again(data, 90)), nothing) is Sameness.LIVE


def test_another_size_is_another_picture() -> None:
    image = street()
    assert not is_frozen(trace_of(image), trace_of(np.asarray(cv2.resize(image, (640, 360)), np.uint8)))


@given(st.binary(max_size=TRACE_SIZE_BYTES + 4))
def test_what_is_no_trace_is_never_frozen(junk: bytes) -> None:
    assert not is_frozen(junk, junk)
    assert not is_frozen(trace_of(street()), junk)


@given(st.integers(1, 40), st.integers(1, 40), st.booleans(), st.integers(0, 255))
def test_any_shape_has_a_trace(height: int, width: int, colour: bool, shade: int) -> None:
    image = np.full((height, width, 3) if colour else (height, width), shade, np.uint8)
    assert len(trace_of(image)) == TRACE_SIZE_BYTES
    assert is_frozen(trace_of(image), trace_of(image))


@pytest.mark.parametrize("path", sorted(FRAMES.glob("*.jpg")), ids=lambda p: p.stem)
def test_real_frames_coded_again_are_found(path: Path) -> None:
    data = path.read_bytes()
    assert all(is_frozen(trace(data), trace(again(data, quality))) for quality in (50, 75, 90))


@pytest.mark.skipif(not REAL.is_dir(), reason="the road cameras' frames are not beside the project")
@pytest.mark.parametrize("camera", ["2701", "4703", "4713"])
def test_real_frames_are_live_and_found_when_coded_again(camera: str) -> None:
    frames = [path.read_bytes() for path in sorted((REAL / camera).glob("*.jpg"))]
    traces = [trace(data) for data in frames]
    pairs = [(a, b) for i, a in enumerate(traces) for b in traces[i + 1 :]]
    assert pairs
    assert not any(is_frozen(a, b) for a, b in pairs)
    found = [
        compare(known, trace(again(data, quality)))
        for data, known in list(zip(frames, traces, strict=True))[::4]
        for quality in (50, 70, 90)
    ]
    # One frame in five has no noise to go by once it was coded; of none it is said that it is live.
    assert Sameness.LIVE not in found
    assert found.count(Sameness.SAME) >= 0.6 * len(found)
