"""The JPEG reader: what it must say of good and bad pictures, and that nothing breaks it."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camkeeper.jpeg import MAX_PIXELS, JpegError, read_header

SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x12\xff\x00\x34\xff\xd0\x56" * 4
EOI = b"\xff\xd9"


def frame(width: int, height: int, *, marker: int = 0xC0, components: int = 1) -> bytes:
    body = struct.pack("!BHHB", 8, height, width, components) + b"\x01\x11\x00" * components
    return bytes([0xFF, marker]) + struct.pack("!H", len(body) + 2) + body


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack("!H", len(body) + 2) + body


def picture(width: int = 1920, height: int = 1080, *, before: bytes = b"", after: bytes = b"") -> bytes:
    return b"\xff\xd8" + before + frame(width, height, components=3) + SCAN + EOI + after


def test_the_size_is_read_and_what_follows_the_end_is_tolerated() -> None:
    for after in (b"", b"\0" * 512, b"\r\n--boundary", picture(64, 64)):
        info = read_header(picture(after=after))
        assert (info.width, info.height) == (1920, 1080)


def test_a_thumbnail_in_the_metadata_is_not_the_picture() -> None:
    exif = segment(0xE1, b"Exif\0\0" + picture(160, 120))
    info = read_header(picture(before=exif + segment(0xFE, b"comment") + b"\xff\xff\xff\xdb\x00\x03\x00"))
    assert (info.width, info.height) == (1920, 1080)


def test_several_scans_with_tables_between_them() -> None:
    data = b"\xff\xd8" + frame(640, 480, marker=0xC2) + SCAN + segment(0xC4, b"\x10" + b"\xff\xd9" * 9) + SCAN + EOI
    assert read_header(data).width == 640


def test_process_precision_components_and_scans_are_told() -> None:
    plain = read_header(picture())
    assert (plain.precision, plain.components, plain.progressive, plain.scans, plain.process) == (8, 3, False, 1, 0xC0)
    data = b"\xff\xd8" + frame(640, 480, marker=0xC2, components=4) + SCAN * 7 + EOI
    odd = read_header(data)
    assert (odd.components, odd.progressive, odd.scans) == (4, True, 7)
    assert odd.coefficient_bytes == 2 * 4 * 640 * 480


def test_coefficients_of_a_picture_with_halved_colour() -> None:
    body = struct.pack("!BHHB", 8, 1080, 1920, 3) + b"\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    header = read_header(b"\xff\xd8" + segment(0xC2, body) + SCAN + EOI)
    assert header.sampling == ((2, 2), (1, 1), (1, 1))
    assert header.coefficient_bytes == 3 * 1920 * 1080


def exif(order: str, value: int, *, entries: int = 1, first: int = 8) -> bytes:
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", first)
    other = struct.pack(f"{order}HHIHH", 0x0100, 3, 1, 640, 0)
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, value, 0)
    return segment(0xE1, b"Exif\0\0" + start + struct.pack(f"{order}H", entries + 1) + other + entry)


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_orientation_is_read_and_the_size_stays_the_sensors(order: str) -> None:
    for value in range(1, 9):
        header = read_header(picture(before=exif(order, value)))
        assert (header.orientation, header.width, header.height) == (value, 1920, 1080)
    for odd in (exif(order, 9), exif(order, 0), exif(order, 6, first=60_000), exif(order, 200, entries=60_000)):
        assert read_header(picture(before=odd)).orientation == 1


def test_the_largest_allowed_and_one_more() -> None:
    assert read_header(picture(8000, MAX_PIXELS // 8000)).width == 8000
    with pytest.raises(JpegError, match="megapixels"):
        read_header(picture(8000, MAX_PIXELS // 8000 + 1))
    with pytest.raises(JpegError, match="65500x65500"):
        read_header(picture(65500, 65500))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "begin"),
        (b"<html>login</html>", "begin"),
        (b"\x89PNG\r\n\x1a\n", "begin"),
        (b"\xff\xd8", "cut off"),
        (b"\xff\xd8" + EOI, "without a picture"),
        (b"\xff\xd8" + frame(64, 64) + EOI, "without a picture"),
        (b"\xff\xd8" + SCAN + EOI, "before the frame"),
        (picture(0, 64), "0x64"),
        (picture(64, 0), "64x0"),
        (b"\xff\xd8" + frame(64, 64) + frame(64, 64) + SCAN + EOI, "more than one frame"),
        (b"\xff\xd8" + frame(64, 64) + SCAN * 200 + EOI, "scans"),
        (b"\xff\xd8" + segment(0xE0, b"") * 2000, "segments"),
        (b"\xff\xd8\xff\xe0\x00\x01", "shorter"),
        (b"\xff\xd8\x12\x34", "marker is missing"),
        (b"\xff\xd8" + b"\xff" * 1000, "cut off"),
        (b"\xff\xd8" + segment(0xC0, b"\x08\x00\x10\x00\x10\x03\x01"), "frame header"),
        (b"\xff\xd8" + segment(0xC0, b"\x08\x00\x10\x00\x10\x01\x01\x05\x00"), "frame header"),
    ],
)
def test_what_is_no_picture_is_told(data: bytes, says: str) -> None:
    with pytest.raises(JpegError, match=says):
        read_header(data)


def test_a_picture_cut_anywhere_is_refused() -> None:
    data = picture(before=segment(0xE0, b"JFIF\0" + bytes(9)))
    for length in range(len(data)):
        with pytest.raises(JpegError):
            read_header(data[:length])


@settings(max_examples=1000, deadline=None)
@given(
    base=st.sampled_from([picture(), picture(before=segment(0xE1, bytes(40))), picture(after=b"xyz")]),
    edits=st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=8), st.integers(0, 8)), max_size=8),
)
def test_mutations_end_in_a_size_or_a_jpeg_error(base: bytes, edits: list[tuple[int, bytes, int]]) -> None:
    data = bytearray(base)
    for at, insert, drop in edits:
        data[at : at + drop] = insert
    try:
        info = read_header(bytes(data))
    except JpegError:
        return
    assert 0 < info.width * info.height <= MAX_PIXELS


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_end_in_a_jpeg_error(data: bytes) -> None:
    with pytest.raises(JpegError):
        read_header(b"\xff\xd8" + data.replace(b"\xff\xd9", b""))


@pytest.mark.parametrize("filler", [b"\xff", b"\xff\x00", b"\xff\xd0", b"\xff\x01", b"\x00", b"\xff\xff\x00"])
@pytest.mark.timeout(20)
def test_four_megabytes_of_filler_are_read_in_linear_time(filler: bytes) -> None:
    megabytes = filler * (4 * 2**20 // len(filler))
    for data in (b"\xff\xd8" + megabytes, b"\xff\xd8" + frame(64, 64) + SCAN + megabytes):
        with pytest.raises(JpegError):
            read_header(data)
