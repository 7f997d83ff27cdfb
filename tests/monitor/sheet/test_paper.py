"""The sheet as printed: its pixels, its letters, and names that try to be more than names."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import shapely
from fontTools.ttLib import TTCollection
from numpy.typing import NDArray
from tests.monitor.sheet.hamlet import HOSTILE, Hamlet, hamlet, polygon, supposed

from camkeeper.sheet import Form, village
from camkeeper.sheet.paper import HERE, content
from camkeeper.standing.coverage import CoverageMap


def printed(one: Hamlet, form: Form = Form.PNG, cover: CoverageMap | None = None) -> bytes:
    return village(
        one.standing,
        cover or one.cover,
        one.darkness,
        devices=one.devices,
        timezone="Asia/Shanghai",
        title="大郭镇",
        form=form,
        dpi=100,
    )


def pixels(png: bytes) -> NDArray[np.int64]:
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image[:, :, ::-1].astype(np.int64)


def dark_red(image: NDArray[np.int64]) -> NDArray[np.bool_]:
    red, green, blue = np.moveaxis(image, 2, 0)
    found: NDArray[np.bool_] = (red - green > 40) & (red - blue > 40)  # thin lines are mixed with the paper
    return found


def test_one_landscape_page_of_a4() -> None:
    image = pixels(printed(hamlet()))
    assert abs(image.shape[1] - 297 / 25.4 * 100) <= 1
    assert abs(image.shape[0] - 210 / 25.4 * 100) <= 1


def test_lost_coverage_is_hatched_on_the_map() -> None:
    with_loss, without = (dark_red(pixels(printed(hamlet(dark=dark))))[70:700, 30:780] for dark in (True, False))
    assert with_loss.sum() > 4 * without.sum() + 500
    # a hatch is neither empty nor solid: along its rows, colour and ground take turns
    rows = np.flatnonzero(with_loss.sum(axis=1) > 8)
    turns = np.abs(np.diff(with_loss[rows].astype(int), axis=1)).sum(axis=1)
    assert np.median(turns) >= 8


def test_the_same_values_give_the_same_bytes() -> None:
    assert printed(hamlet()) == printed(hamlet())
    assert printed(hamlet(), Form.PDF) == printed(hamlet(), Form.PDF)


def test_pdf_embeds_the_shipped_font() -> None:
    pdf = printed(hamlet(), Form.PDF)
    assert pdf.startswith(b"%PDF-1.7")
    assert b"WenQuanYiMicroHei" in pdf.replace(b"#20", b"")


def test_the_font_has_every_letter_of_gb2312_and_of_the_sheet() -> None:
    with TTCollection(HERE / "fonts" / "wqy-microhei.ttc") as collection:
        letters = set(collection.fonts[0].getBestCmap())
    wanted = {
        bytes([high, low]).decode("gb2312")
        for high in range(0xB0, 0xF8)
        for low in range(0xA1, 0xFF)
        if not (high == 0xD7 and low > 0xF9)
    }
    assert len(wanted) == 6763
    fixed = set((HERE / "village.typ").read_text()) - {"\n"}
    assert not [char for char in wanted | fixed if ord(char) not in letters]


def test_no_name_is_ever_markup() -> None:
    # It would not compile, or say something else, if any of it were read as source.
    quiet, loud = hamlet(), hamlet(name=HOSTILE)
    values = content(loud.standing, loud.cover, loud.darkness, devices=loud.devices, timezone="Asia/Shanghai")
    assert values["head"]["zh"] == '"]#panic("x")[$a$ = *b*…'
    assert printed(loud) != printed(quiet)


def test_night_takes_the_night_fields() -> None:
    day = hamlet()
    night = hamlet(night=True)
    blind = [replace(field, night=shapely.Polygon()) for field in night.cover.fields]
    assert content(night.standing, night.cover, night.darkness, devices=night.devices, timezone="Asia/Shanghai")["map"][
        "working"
    ]
    dark = replace(night.cover, fields=tuple(blind))
    found = content(night.standing, dark, night.darkness, devices=night.devices, timezone="Asia/Shanghai")
    assert found["map"]["working"] == []
    with pytest.raises(LookupError):  # figures by day do not go with darkness by night
        content(day.standing, day.cover, night.darkness, devices=day.devices, timezone="Asia/Shanghai")


def test_what_is_supposed_is_said() -> None:
    one = hamlet()
    values = content(one.standing, one.cover, supposed(one, "switch-1"), devices=one.devices, timezone="Asia/Shanghai")
    assert values["head"]["supposed"] == ["switch-1"]


def test_a_site_without_cameras_or_places_still_prints() -> None:
    one = hamlet()
    bare = replace(one.cover, fields=(), places=(), obstacles=())
    assert printed(one, cover=bare).startswith(b"\x89PNG")


def test_obstacles_of_every_kind_are_drawn() -> None:
    one = hamlet()
    court = polygon((-50, -50), (50, -50), (50, 50), (-50, 50)).difference(
        polygon((-20, -20), (20, -20), (20, 20), (-20, 20))
    )
    wall = shapely.LineString(shapely.get_coordinates(court)[:3])
    mixed = shapely.GeometryCollection([shapely.MultiPolygon([court]), wall])
    cover = replace(one.cover, obstacles=((mixed, 3.0),))
    values = content(one.standing, cover, one.darkness, devices=one.devices, timezone="Asia/Shanghai")
    assert [len(rings) for rings in values["map"]["buildings"]["polygons"]] == [2]
    assert len(values["map"]["buildings"]["lines"]) == 1


def test_an_unknown_site_is_told() -> None:
    one = hamlet()
    with pytest.raises(LookupError, match="nowhere"):
        village(
            one.standing,
            one.cover,
            replace(one.darkness, site_id="nowhere"),
            devices=one.devices,
            timezone="Asia/Shanghai",
        )
