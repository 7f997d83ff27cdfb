"""Whatever the pixels, what is measured of them is finite, in its range, and the same each time."""

from __future__ import annotations

from dataclasses import asdict

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.monitor.picture.photos import photo
from tests.monitor.picture.views import KINDS, any_image

from camkeeper.picture.measure import sheet_of
from camkeeper.picture.sheet import GRID_COLUMNS, GRID_ROWS, SPECTRUM, Sheet

SIDES = st.integers(16, 400)


def _finite(sheet: Sheet) -> None:
    assert all(np.isfinite(value) for value in asdict(sheet.numbers).values())
    for grid in (sheet.fine, sheet.middle, sheet.coarse, sheet.steep):
        assert grid.shape == (GRID_ROWS, GRID_COLUMNS)
        assert np.isfinite(grid).all()
    for spectrum in (sheet.across, sheet.along):
        assert spectrum.shape == (SPECTRUM,)
        assert np.isfinite(spectrum).all()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(height=SIDES, width=SIDES, kind=st.sampled_from(KINDS), seed=st.integers(0, 2**16))
def test_any_image_is_measured(height: int, width: int, kind: str, seed: int) -> None:
    image = any_image(height, width, kind, seed)
    sheet = sheet_of(image)
    _finite(sheet)
    numbers = sheet.numbers
    assert (sheet.height_px, sheet.width_px) == (height, width)
    assert 0 <= numbers.p1 <= numbers.p50 <= numbers.p99 <= 255
    for share in (numbers.saturated, numbers.flat_rows, numbers.flat_cells, numbers.veil):
        assert 0 <= share <= 1
    assert sheet_of(image.copy()).to_bytes() == sheet.to_bytes()


@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 1000), (1000, 16), (750, 1000), (1500, 2000)])
def test_the_largest_and_the_smallest(height: int, width: int) -> None:
    for kind in KINDS:
        _finite(sheet_of(any_image(height, width, kind, 1)))


def test_what_is_softer_has_less_fine_detail() -> None:
    image = photo()
    sharp, soft = sheet_of(image).fine, sheet_of(np.asarray(cv2.GaussianBlur(image, (0, 0), 2), np.uint8)).fine
    assert np.median(soft - sharp) < -0.5


def test_noise_grows_with_noise() -> None:
    rng = np.random.default_rng(3)
    found = [
        sheet_of(np.asarray(np.clip(photo() + rng.normal(0, s, photo().shape), 0, 255), np.uint8)).numbers.noise
        for s in (0.1, 4, 8, 16, 32)
    ]
    assert found == sorted(found)


def test_a_wave_is_read_in_grey_levels() -> None:
    height = 540
    wave = 8 * np.sin(2 * np.pi * np.arange(height) * 30 / height)
    image = np.asarray(np.clip(120 + wave[:, None, None] + np.zeros((height, 960, 3)), 0, 255), np.uint8)
    sheet = sheet_of(image)
    assert sheet.across.max() == pytest.approx(8, abs=1.5)
    assert sheet.along.max() < 0.5


def test_rows_that_did_not_arrive_are_counted() -> None:
    image = photo().copy()
    image[len(image) * 6 // 10 :] = 128
    assert sheet_of(image).numbers.flat_rows == pytest.approx(0.4, abs=0.01)
    assert sheet_of(photo()).numbers.flat_rows < 0.02
