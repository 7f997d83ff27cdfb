"""Bytes that are made to hurt a decoder, each with what the diagnosis has to say of them."""

from __future__ import annotations

import re
import struct

import cv2
import numpy as np
from tests.monitor.picture.photos import jpeg, photo

_AFTER_SCAN = re.compile(rb"\xff[^\xff\x00\xd0-\xd7]")


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _frame(width: int, height: int, *, marker: int = 0xC0, precision: int = 8, components: int = 3) -> bytes:
    parts = b"".join(bytes([number + 1, 0x11, 0]) for number in range(components))
    return _segment(marker, struct.pack(">BHHB", precision, height, width, components) + parts)


def bomb(width: int = 65500, height: int = 65500, *, marker: int = 0xC2, precision: int = 8) -> bytes:
    """Return 632 bytes that ask for 65500x65500 pixels: tables, a frame, a scan with nothing in it."""
    tables = _segment(0xDB, b"\0" + b"\x10" * 64)
    tables += _segment(0xC4, b"\0" + b"\0\1" + b"\0" * 14 + b"\0") + _segment(
        0xC4, b"\x10" + b"\0\1" + b"\0" * 14 + b"\0"
    )
    last = 0 if marker == 0xC2 else 63
    scan = _segment(0xDA, b"\3\1\0\2\0\3\0\0" + bytes([last, 0]))
    body = b"\xff\xd8" + tables + _frame(width, height, marker=marker, precision=precision) + scan
    return body + bytes(632 - 2 - len(body)) + b"\xff\xd9"


def many_scans(width: int, height: int, scans: int) -> bytes:
    """Return a progressive picture with `scans` scans, most of them of one byte: each walks over the whole picture."""
    data = jpeg(np.zeros((height, width, 3), np.uint8) + 128, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    header = data[second : second + 2 + int.from_bytes(data[second + 2 : second + 4], "big")]
    return data[:second] + (header + b"\0") * (scans - 10) + data[second:]


def oriented(value: int) -> bytes:
    """Return a healthy picture that says "turn me"."""
    data = jpeg(photo())
    tiff = b"MM\0*" + struct.pack(">IHHHIHH", 8, 1, 0x0112, 3, 1, value, 0) + bytes(4)
    return data[:2] + _segment(0xE1, b"Exif\0\0" + tiff) + data[2:]


def cmyk() -> bytes:
    """Return a whole JPEG of four components."""
    scan = _segment(0xDA, b"\4\1\0\2\0\3\0\4\0\0\x3f\0")
    return b"\xff\xd8" + _frame(640, 480, components=4) + scan + b"\x55" * 600 + b"\xff\xd9"


def cases() -> dict[str, tuple[bytes, str]]:
    """Return name -> (bytes, what the detail says; "" where the picture has to be looked at like any other)."""
    whole = jpeg(photo())
    return {
        "65500x65500": (bomb(), "65500x65500"),
        "65500x65500, one scan": (bomb(marker=0xC0), "65500x65500"),
        "40 megapixels, progressive": (bomb(8000, 5000), "progressive"),
        "3000 scans": (many_scans(1920, 1080, 3000), "scans"),
        "90 scans of 12 megapixels": (many_scans(4000, 3000, 90), "scans"),
        "12 bits": (bomb(640, 480, marker=0xC1, precision=12), "12 bits"),
        "16 bits": (bomb(640, 480, marker=0xC3, precision=16), "16 bits"),
        "CMYK": (cmyk(), "4 colour components"),
        "truncated": (whole[: len(whole) // 2], "cut off after"),
        "without its last two bytes": (whole[:-2], "cut off after"),
        "nothing": (b"", "no bytes"),
        "HTML": (b"<!DOCTYPE html><html><title>login</title></html>", "HTML"),
        "PNG": (bytes(cv2.imencode(".png", photo())[1]), "PNG"),
        "noise": (np.random.default_rng(1).bytes(200_000), "does not begin"),
        "EXIF-rotated": (oriented(6), ""),
        "progressive": (jpeg(photo(), cv2.IMWRITE_JPEG_PROGRESSIVE, 1), ""),
        "12 megapixels, progressive": (many_scans(4000, 3000, 10), ""),
        "50 scans": (many_scans(1920, 1080, 50), ""),
        "40 megapixels, empty": (bomb(8000, 5000, marker=0xC0), ""),
    }


__all__ = ["bomb", "cases", "cmyk", "many_scans", "oriented"]
