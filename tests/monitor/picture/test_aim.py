"""An aim as bytes: small, always the same, and refused when it is anything else."""

from __future__ import annotations

import struct
import zlib
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.picture.scenery import WIDTH_PX, looked_at, scene

from camkeeper.picture.aim import MAX_AIM_BYTES, MAX_FEATURES, Aim, AimError, aim_of, edges_of, merge_aims


@cache
def aims() -> tuple[Aim, ...]:
    plane = scene()
    return tuple(aim_of(looked_at(plane, seed=seed, light=0.8 + 0.1 * seed)) for seed in range(3))


def same(first: Aim, second: Aim) -> bool:
    return (
        (first.width_px, first.height_px) == (second.width_px, second.height_px)
        and np.allclose(first.points, second.points, atol=1 / 32)
        and np.array_equal(first.descriptors, second.descriptors)
        and np.array_equal(first.edges, second.edges)
    )


def test_bytes_come_back_and_are_the_same_each_time() -> None:
    aim = aims()[0]
    assert len(aim.points) > 300
    assert same(Aim.from_bytes(aim.to_bytes()), aim)
    assert Aim.from_bytes(aim.to_bytes()).to_bytes() == aim.to_bytes()
    assert aim_of(looked_at(scene(), light=0.8)).to_bytes() == aim.to_bytes()


def test_the_richest_picture_stays_within_the_limit() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1080, 1920, 3)).astype(np.uint8)
    aim = aim_of(noise)
    assert 500 < len(aim.points) <= MAX_FEATURES
    assert len(aim.to_bytes()) <= MAX_AIM_BYTES


@given(st.data())
def test_a_damaged_aim_is_refused(data: st.DataObject) -> None:
    whole = bytearray(aims()[0].to_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(AimError):
        Aim.from_bytes(bytes(whole))


@given(st.binary(max_size=200))
def test_junk_is_refused(junk: bytes) -> None:
    with pytest.raises(AimError):
        Aim.from_bytes(junk)
    with pytest.raises(AimError):
        Aim.from_bytes(aims()[0].to_bytes()[: len(junk)])


def test_a_small_file_that_unpacks_without_end_is_refused() -> None:
    body = zlib.compress(bytes(50_000_000), 9)
    sizes = struct.pack("<5sBHHHHH", b"CKAIM", 1, 960, 540, 10, 256, 144)
    with pytest.raises(AimError, match="announced"):
        Aim.from_bytes(sizes + struct.pack("<I", zlib.crc32(sizes + body)) + body)


@given(st.integers(8, 80), st.integers(8, 80), st.integers(0, 255), st.booleans())
def test_any_shape_has_an_aim(height: int, width: int, shade: int, colour: bool) -> None:
    image = np.full((height, width, 3) if colour else (height, width), shade, np.uint8)
    aim = aim_of(image)
    assert same(Aim.from_bytes(aim.to_bytes()), aim)
    assert not len(aim.points)


def test_edges_alone_are_those_of_the_aim() -> None:
    picture = looked_at(scene())
    mask = np.ones((10, 10), np.bool_)
    mask[0] = False
    aim = aim_of(picture, mask=mask)
    assert np.array_equal(edges_of(picture, mask=mask), aim.edges)
    assert not aim.edges[:10].any()
    assert aim.edges[30:].all()
    assert (aim.points[:, 1] > aim.height_px * 0.09).all()


def test_what_is_in_several_pictures_comes_first_and_once() -> None:
    plane = scene()
    passing = looked_at(plane, seed=9)
    passing[100:260, 200:420] = looked_at(scene(5), seed=9)[100:260, 200:420]
    merged = merge_aims(
        [aim_of(looked_at(plane, seed=1)), aim_of(looked_at(plane, seed=2)), aim_of(passing)], limit=150
    )
    scale = merged.width_px / WIDTH_PX
    x, y = merged.points[:, 0] / scale, merged.points[:, 1] / scale
    there = (x > 205) & (x < 415) & (y > 105) & (y < 255)
    alone = aim_of(passing, limit=150)
    in_passing = (np.abs(alone.points[None] - merged.points[there][:, None]) < 0.5).all(axis=2).any(axis=1)
    assert in_passing.sum() <= 2
    # One place may have several directions, each a feature; the same one is there once.
    everything = np.column_stack([np.round(merged.points / 4), merged.descriptors // 64])
    assert len(np.unique(everything, axis=0)) > 0.95 * len(everything)


def test_sizes_that_differ_are_not_merged() -> None:
    with pytest.raises(AimError, match="different sizes"):
        merge_aims([aims()[0], aim_of(np.zeros((100, 100), np.uint8))])
    with pytest.raises(AimError, match="no aim"):
        merge_aims([])
