"""From values to bytes: the template is fixed, everything that comes from a register goes in as data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import shapely
import typst

from camkeeper.cover.sight import State
from camkeeper.sheet.drawing import draw, field_of
from camkeeper.sheet.figures import camera_rows, heading, hours_rows, layer_rows, lost_rows
from camkeeper.sheet.marks import Mark
from camkeeper.sheet.text import clean
from camkeeper.standing.coverage import CoverageMap, CoverageStanding, Darkness

HERE = Path(__file__).parent
DPI = 160


class SheetError(RuntimeError):
    """The sheet could not be printed."""


class Form(StrEnum):
    """What the bytes are."""

    PNG = "png"
    PDF = "pdf"


def village(
    standing: CoverageStanding,
    cover: CoverageMap,
    darkness: Darkness,
    *,
    devices: Mapping[str, Mark],
    timezone: str,
    title: str = "",
    form: Form = Form.PDF,
    dpi: int = DPI,
) -> bytes:
    """Return one A4 page, landscape, of the site that `darkness` speaks of, by day or night as it does.

    `devices` names every camera that may appear, `title` is the township's name. The same values give the same bytes.
    LookupError where the site has no figures or no boundary in the values; SheetError where typst fails.
    """
    values = content(standing, cover, darkness, devices=devices, timezone=timezone, title=title)
    try:
        # Its type says what a document of one page gives: bytes. (A PNG of several pages would be a list.)
        printed = typst.compile(
            (HERE / "village.typ").read_bytes(),
            format=form.value,
            ppi=float(dpi) if form is Form.PNG else None,
            font_paths=_fonts(),
            sys_inputs={"data": json.dumps(values, ensure_ascii=False)},
            timestamp=darkness.at_ms // 1000,
        )
    except typst.TypstError as error:
        raise SheetError(str(error)) from error
    if not isinstance(printed, bytes):
        raise SheetError("版面超出一页 / more than one page")
    return printed


def content(
    standing: CoverageStanding,
    cover: CoverageMap,
    darkness: Darkness,
    *,
    devices: Mapping[str, Mark],
    timezone: str,
    title: str = "",
) -> dict[str, Any]:
    """Return everything on the sheet as plain values; what `village` prints."""
    site = next(
        (s for s in standing.sites if s.site_id == darkness.site_id and s.night is darkness.night),
        None,
    )
    if site is None or darkness.site_id not in cover.boundaries:
        raise LookupError(darkness.site_id)
    states = states_of(cover, darkness, devices)
    lost, more_lost = lost_rows(darkness.places)
    failing, more_failing = camera_rows(states, devices)
    return {
        "head": heading(site, standing, darkness, timezone, title),
        "map": draw(cover, darkness, states, devices, site.places),
        "layers": layer_rows(darkness.layers or site.layers),
        "hours": hours_rows(site),
        "lost": lost,
        "more_lost": more_lost,
        "failing": failing,
        "more_failing": more_failing,
        "synthetic": cover.synthetic,
        "attribution": [clean(line, 120) for line in cover.attribution],
    }


def states_of(cover: CoverageMap, darkness: Darkness, devices: Mapping[str, Mark]) -> dict[str, State]:
    """Return how each camera that stands in the site or sees any of it counts: dark is as `darkness` says."""
    boundary = cover.boundaries[darkness.site_id]
    shapely.prepare(boundary)
    dark = frozenset(darkness.cameras_dark)
    out: dict[str, State] = {}
    for field in cover.fields:
        inside = shapely.intersects_xy(boundary, field.lon_deg, field.lat_deg)
        if not inside and not shapely.intersects(boundary, field_of(field, night=darkness.night)):
            continue
        mark = devices.get(field.device_id)
        state = State.UNKNOWN if mark is None else mark.state
        out[field.device_id] = State.DARK if field.device_id in dark else state
    return out


@cache
def _fonts() -> typst.Fonts:
    """Find the sheet's own font and typst's, never the machine's: the same values print alike anywhere."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(HERE / "fonts")])
