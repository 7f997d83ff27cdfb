"""Bytes to pixels: what is refused, why, and that geometry is the sensor's."""

import struct
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from camkeeper.picture.decode import HALF_PIXELS, MAX_BYTES, QUARTER_PIXELS, PictureError, decode, judge


def scene(width: int = 320, height: int = 180) -> NDArray[np.uint8]:
    """A ramp to the right in blue, downwards in green, with a red block in the upper left corner."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.linspace(0, 200, width)[None, :]
    image[..., 1] = np.linspace(0, 200, height)[:, None]
    image[: height // 4, : width // 4, 2] = 255
    return image


def jpeg(image: NDArray[np.uint8], *options: int) -> bytes:
    return bytes(cv2.imencode(".jpg", image, list(options))[1])


def with_orientation(data: bytes, value: int) -> bytes:
    tiff = b"MM\0*" + struct.pack(">IHHHIHH", 8, 1, 0x0112, 3, 1, value, 0) + bytes(4)
    body = b"Exif\0\0" + tiff
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]


def frame_at(data: bytes) -> int:
    """Where the frame header's marker stands."""
    return next(at for at in range(len(data)) if data[at] == 0xFF and data[at + 1] in {0xC0, 0xC1, 0xC2})


def patched(data: bytes, offset: int, value: bytes) -> bytes:
    at = frame_at(data) + offset
    return data[:at] + value + data[at + len(value) :]


def test_a_picture_is_halved_and_keeps_its_colours() -> None:
    image = scene()
    half = decode(jpeg(image, cv2.IMWRITE_JPEG_QUALITY, 95))
    assert half.shape == (90, 160, 3)
    assert np.abs(half.astype(int)[5:20, 5:35, 2] - 255).max() < 12
    assert abs(int(half[80, 150, 0]) - int(image[160, 300, 0])) < 12


@pytest.mark.parametrize("size", [(33, 47), (320, 181), (641, 360)])
def test_odd_sizes_are_rounded_up(size: tuple[int, int]) -> None:
    assert decode(jpeg(scene(*size))).shape == ((size[1] + 1) // 2, (size[0] + 1) // 2, 3)


def test_grey_and_progressive_pictures_are_pictures() -> None:
    grey = decode(jpeg(np.asarray(cv2.cvtColor(scene(), cv2.COLOR_BGR2GRAY), np.uint8)))
    assert grey.shape == (90, 160, 3)
    assert (grey[..., 0] == grey[..., 2]).all()
    plain, progressive = (jpeg(scene(), cv2.IMWRITE_JPEG_PROGRESSIVE, on) for on in (0, 1))
    assert np.abs(decode(plain).astype(int) - decode(progressive)).max() <= 2


@pytest.mark.parametrize("value", range(1, 9))
def test_orientation_does_not_turn_the_sensor(value: int) -> None:
    data = jpeg(scene())
    turned = with_orientation(data, value)
    assert judge(turned).orientation == value
    assert np.array_equal(decode(turned), decode(data))


@pytest.mark.parametrize(("most", "below", "above"), [(HALF_PIXELS, 2, 4), (QUARTER_PIXELS, 4, 8)])
def test_large_pictures_are_reduced_more(most: int, below: int, above: int) -> None:
    height = most // 5000
    assert decode(jpeg(np.zeros((height, 5000, 3), np.uint8))).shape[0] == height // below
    assert decode(jpeg(np.zeros((height + 8, 5000, 3), np.uint8))).shape[0] == (height + 8) // above


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no bytes at all"),
        (b"<!DOCTYPE html><title>login</title>", "HTML"),
        (b"\xef\xbb\xbf\r\n <html>", "HTML"),
        (b'<?xml version="1.0"?><ResponseStatus/>', "HTML or XML"),
        (bytes(cv2.imencode(".png", scene())[1]), "a PNG"),
        (b"GIF89a", "a GIF"),
        (b"RIFF\0\0\0\0WEBP", "WebP"),
        (b"not a picture", "does not begin"),
        (jpeg(scene())[:-2], "cut off after"),
        (jpeg(scene())[:2000], "cut off after"),
        (patched(jpeg(scene()), 4, b"\x0c"), "12 bits"),
        (patched(jpeg(scene()), 4, b"\x10"), "16 bits"),
        (patched(jpeg(scene()), 1, b"\xc3"), "lossless"),
        (patched(jpeg(scene()), 1, b"\xc9"), "arithmetic"),
        (patched(jpeg(scene()), 5, struct.pack(">HH", 65500, 65500)), "65500x65500"),
        (patched(jpeg(scene(), cv2.IMWRITE_JPEG_PROGRESSIVE, 1), 5, struct.pack(">HH", 4000, 6000)), "progressive"),
        (jpeg(scene(24, 24)), "too small"),
        (jpeg(scene()) + bytes(MAX_BYTES), "more than 16 MB"),
    ],
)
def test_what_is_no_picture_is_told(data: bytes, says: str) -> None:
    with pytest.raises(PictureError, match=says):
        decode(data)


def test_four_inks_are_refused() -> None:
    body = struct.pack("!BHHB", 8, 480, 640, 4) + b"\x01\x11\x00" * 4
    frame = b"\xff\xc0" + struct.pack("!H", len(body) + 2) + body
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x12" * 40
    with pytest.raises(PictureError, match="4 colour components"):
        decode(b"\xff\xd8" + frame + scan + b"\xff\xd9")


@settings(max_examples=300, deadline=None)
@given(
    edits=st.lists(st.tuples(st.integers(0, 6000), st.binary(min_size=1, max_size=6)), min_size=1, max_size=6),
    progressive=st.integers(0, 1),
)
def test_a_picture_with_wrong_bytes_is_pixels_or_a_reason(edits: list[tuple[int, bytes]], progressive: int) -> None:
    data = bytearray(jpeg(scene(), cv2.IMWRITE_JPEG_PROGRESSIVE, progressive))
    for at, value in edits:
        data[at : at + len(value)] = value
    with suppress(PictureError):
        image = decode(bytes(data))
        assert image.ndim == 3
        assert image.dtype == np.uint8
