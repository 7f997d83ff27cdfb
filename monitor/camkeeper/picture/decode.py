"""From bytes that a camera sent to pixels. The header is judged first: what it asks of the decoder must be bearable.

Runs inside the worker process, whose limits hold where this judgement should be wrong.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from camkeeper.jpeg import JpegError, JpegHeader, read_header

MAX_BYTES: Final = 16 * 2**20
"""A 12-megapixel dome at its best quality stays under 10 MB."""
HALF_PIXELS: Final = 9_000_000
"""Up to here, 3840x2160, a picture is halved; what a diagnosis makes of two million pixels takes 60 MB."""
QUARTER_PIXELS: Final = 24_000_000
"""Up to here quartered, beyond it an eighth: as much memory for any picture."""
MAX_COEFFICIENT_BYTES: Final = 40_000_000
"""A progressive picture keeps all its coefficients: 12 megapixels with halved colour take 36 MB."""
MAX_SCAN_PIXELS: Final = 120_000_000
"""Every scan walks over the whole picture, were it empty: 1 to 2 ns a pixel. Ten scans of a 12-megapixel dome."""
MIN_SIDE_PX: Final = 32
"""Below, nothing can be said of sharpness or aim; the smallest sub-stream is 160x120."""
_PROCESSES: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended, progressive."""
_PICTURE_TYPES: Final = (
    (b"\x89PNG", "a PNG"),
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"RIFF", "a RIFF file (WebP or AVI)"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
)


class PictureError(ValueError):
    """The bytes are no picture that can be examined; the message says why, without a word of theirs."""


def decode(data: bytes) -> NDArray[np.uint8]:
    """Return the picture at half its size, shape (ceil(h/2), ceil(w/2), 3), BGR; large ones are reduced more.

    Above 9 megapixels it is a quarter, above 24 an eighth.

    Exif's orientation is ignored: aim and field of view are the sensor's, and no camera on a pole turns its pictures.
    A picture without its end marker did not arrive and is refused: what a decoder fills in for the missing rows would
    be held against the lens. A picture that the *camera* sent half empty is whole here, and diagnosed as such.

    Raises PictureError.
    """
    header = judge(data)
    reduced = _reduced(header.width * header.height)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), reduced | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError("OpenCV has no memory left") from None
        raise PictureError("the decoder refuses it") from None
    if image is None:
        raise PictureError("the decoder refuses it")
    return np.asarray(image, np.uint8)


def _reduced(pixels: int) -> int:
    if pixels <= HALF_PIXELS:
        return int(cv2.IMREAD_REDUCED_COLOR_2)
    return int(cv2.IMREAD_REDUCED_COLOR_4 if pixels <= QUARTER_PIXELS else cv2.IMREAD_REDUCED_COLOR_8)


def judge(data: bytes) -> JpegHeader:
    """Return the header of a picture that may be decoded. Raises PictureError."""
    if len(data) > MAX_BYTES:
        raise PictureError(f"{len(data)} bytes, more than {MAX_BYTES // 2**20} MB")
    try:
        header = read_header(data)
    except JpegError as error:
        raise PictureError(_instead(data) or str(error)) from None
    why = _unbearable(header)
    if why:
        raise PictureError(why)
    return header


def _instead(data: bytes) -> str:
    """Say what it is, where it does not even begin as a JPEG."""
    if not data:
        return "no bytes at all"
    if data[:2] == b"\xff\xd8":
        return ""
    for begins, name in _PICTURE_TYPES:
        if data.startswith(begins):
            return f"{name}, not a JPEG"
    if (
        data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    ):  # a login page with status 200: many web servers of cameras
        return "a page of HTML or XML, not a JPEG"
    return ""


def _unbearable(header: JpegHeader) -> str:
    """Return what is asked too much, or "" if nothing is."""
    size = f"{header.width}x{header.height}"
    scan_pixels = header.scans * header.width * header.height
    objections = (
        (header.precision != 8, f"{header.precision} bits a sample, not 8"),
        (header.process not in _PROCESSES, "a lossless, arithmetic or hierarchical JPEG"),
        # No camera sends CMYK, and what its inks mean depends on who wrote them.
        (header.components not in {1, 3}, f"{header.components} colour components, not 1 or 3"),
        (min(header.width, header.height) < MIN_SIDE_PX, f"a picture of {size}, too small to judge"),
        (header.progressive and header.coefficient_bytes > MAX_COEFFICIENT_BYTES, f"a progressive picture of {size}"),
        (header.progressive and scan_pixels > MAX_SCAN_PIXELS, f"{header.scans} scans over {size}"),
    )
    return next((why for wrong, why in objections if wrong), "")
