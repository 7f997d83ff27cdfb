"""Laws of cells, headings and the kept file."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.config.document import decode, parse
from camkeeper.register import cells
from camkeeper.register.cells import CellError
from camkeeper.register.fields import Field, datum_in, field_of, heading, plain
from camkeeper.register.header import layout_of
from camkeeper.register.kept import Kept
from camkeeper.register.reading import UnreadableRegister, sheets_of
from camkeeper.register.table import Sheet

LON = st.floats(min_value=73, max_value=135, allow_nan=False)


@given(
    LON,
    st.sampled_from(
        ["{d}°{m}'{s:.4f}\"", "{d}度{m}分{s:.4f}秒", "E{d}°{m}′{s:.4f}″", "东经{d}°{m}'{s:.4f}\"", "{d} {m} {s:.4f}"]
    ),
)
def test_degrees_minutes_seconds_are_the_decimal(lon: float, spelling: str) -> None:
    units = round(lon * 36_000_000)
    d, rest = divmod(units, 36_000_000)
    m, s = divmod(rest, 600_000)
    assert math.isclose(cells.coordinate(spelling.format(d=d, m=m, s=s / 10_000)), lon, abs_tol=1e-7)


@given(
    LON,
    st.floats(min_value=4, max_value=53),
    st.sampled_from(["{x},{y}", "({x}，{y})", "北纬{y} 东经{x}", "{x} / {y}"]),
)
def test_a_pair_in_one_cell(lon: float, lat: float, spelling: str) -> None:
    x, y = round(lon, 6), round(lat, 6)
    assert cells.pair(plain(spelling.format(x=f"{x:.6f}", y=f"{y:.6f}"))) == (x, y)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_in_both_languages(text: str) -> None:
    readers = (
        cells.coordinate,
        cells.pair,
        cells.azimuth,
        cells.pixels,
        cells.day,
        cells.host_port,
        cells.port,
        cells.kind,
    )
    for read in readers:
        try:
            read(plain(text))
        except CellError as error:
            told = (error.zh, error.en)
        else:
            continue
        assert all(told)


@given(st.binary(max_size=300))
def test_any_bytes_are_sheets_or_refused(data: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"\xff\xfe"):
        try:
            assert sheets_of(start + data, "x.csv")
        except UnreadableRegister as error:
            told = (error.zh, error.en)
        else:
            continue
        assert all(told)


@given(st.text(min_size=1, max_size=60).map(plain).filter(lambda t: t.isprintable() and bool(t)))
def test_what_is_kept_comes_back_as_it_was(name: str) -> None:
    kept = Kept()
    kept.put("a", {"name": name, "mount.lon_deg": 113.85, "gb_id": "41112211001320000001"}, hand_written=False)
    data, lines = kept.written()
    again = Kept.of(data, "register.yaml")
    assert again.devices["a"]["name"] == name
    assert again.written()[0] == data
    assert "a" in decode(data).splitlines()[next(iter(lines)) - 1]
    assert parse("register.yaml", decode(data)).root is not None


@pytest.mark.parametrize(
    ("word", "field"),
    [("摄像机IP地址*", Field.HOST), ("ＩＰ", Field.HOST), ("经度（GCJ-02）", Field.LON), ("所属行政村", Field.SITE),
     ("GB/T 28181编码", Field.GB_ID), ("Install Date", Field.INSTALLED), ("安装高度(m)", Field.HEIGHT), ("序号", Field.IGNORE)],  # noqa: E501
)  # fmt: skip
def test_headings(word: str, field: Field) -> None:
    found = field_of(word)
    assert found is not None
    assert found[0] is field


def test_a_group_above_names_the_datum_of_its_columns() -> None:
    rows = (
        ("编号", "名称", "坐标（百度）", "坐标（百度）"),
        ("编号", "名称", "经度", "纬度"),
        ("a", "甲", "113", "33"),
    )
    layout = layout_of(Sheet(name="s", rows=rows))
    assert layout is not None
    assert (layout.place(Field.LON), layout.place(Field.LAT), layout.datum, layout.first_row) == (
        2,
        3,
        datum_in("百度"),
        2,
    )


def test_somebody_says_which_column_it_is() -> None:
    sheet = Sheet(name="s", rows=(("机位", "名称", "IP", "地点"),))
    layout = layout_of(sheet, {"机位": Field.ID, "地点": None})
    assert layout is not None
    assert layout.place(Field.ID) == 0
    assert layout.place(Field.SITE) is None
    assert heading("机 位（号）") == heading("机位")
