"""The figures beside the map: layers with verdicts, what is lost, how it was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from camkeeper.availability.buckets import Promise
from camkeeper.cover.sight import State
from camkeeper.model.cover import AREA
from camkeeper.sheet.marks import Mark
from camkeeper.sheet.text import clean
from camkeeper.sheet.words import PROMISE, STATE, amount, layer_words
from camkeeper.standing.coverage import (
    Basis,
    CoverageStanding,
    Darkness,
    HoursCover,
    LayerCover,
    PlaceCover,
    SiteCover,
    SurveyBand,
)

SLACK = 1e-9
"""Amounts are sums of many areas: the promise is not missed for the last bits of a float."""
MOST_PLACES = 5
MOST_CAMERAS = 7

Json = dict[str, Any]


def percent(share: float | None) -> str:
    """Write a share as percent, cut and never rounded up; a dash where there is nothing to see.

    >>> percent(0.94996), percent(1.0), percent(None)
    ('94.9', '100.0', '-')
    """
    return "-" if share is None else f"{floor(share * 1000 + 1e-6) / 10:.1f}"


def between(lower: float | None, upper: float | None) -> str:
    """Write bounds as percent; one figure where both print alike."""
    low, high = percent(lower), percent(upper)
    return low if low == high else f"{low} - {high}"


def promise(layer: LayerCover) -> Promise | None:
    """Return whether the target is met whatever is unknown, missed whatever is unknown, or neither; None: no target."""
    if layer.target_bp is None or layer.cover.total == 0:
        return None
    needed = layer.target_bp / 10_000 * layer.cover.total * (1 - SLACK)
    if layer.cover.lower >= needed:
        return Promise.MET
    return Promise.MISSED if layer.cover.upper < needed else Promise.UNDETERMINED


def layer_rows(layers: Iterable[LayerCover]) -> list[Json]:
    """Return the table: a row a layer."""
    out = []
    for layer in layers:
        cover, verdict = layer.cover, promise(layer)
        zh, en = layer_words(layer.layer)
        words = ("", "") if verdict is None else PROMISE[verdict]
        out.append(
            {
                "zh": zh,
                "en": en,
                "total": amount(cover.total, cover.unit),
                "design": percent(cover.share(cover.design)),
                "now": between(cover.share(cover.lower), cover.share(cover.upper)),
                "target": "-" if layer.target_bp is None else f"{layer.target_bp / 100:g}",
                "verdict": "" if verdict is None else verdict.value,
                "verdict_zh": words[0],
                "verdict_en": words[1],
            }
        )
    return out


def lost_rows(places: Iterable[PlaceCover]) -> tuple[list[Json], int]:
    """Return the key places that lose most of what they should show, and how many more lose anything."""
    losing = [place for place in places if place.cover.lost > 0]
    losing.sort(key=lambda p: -(p.cover.share(p.cover.lost) or 0.0))
    rows = [
        {
            "name": clean(place.name, 14),
            "kind": layer_words(place.type)[0],
            "lost": amount(place.cover.lost, place.cover.unit),
            "of": amount(place.cover.total, place.cover.unit),
        }
        for place in losing[:MOST_PLACES]
    ]
    return rows, len(losing) - len(rows)


def camera_rows(states: Mapping[str, State], marks: Mapping[str, Mark]) -> tuple[list[Json], int]:
    """Return the cameras that don't surely see, dark ones first, and how many more there are."""
    failing = sorted((s is State.UNKNOWN, i) for i, s in states.items() if s is not State.WORKING)
    rows = [
        {
            "id": clean(device_id, 24),
            "name": clean(marks[device_id].name, 16) if device_id in marks else "",
            "state": states[device_id].value,
            "zh": STATE[states[device_id]][0],
            "en": STATE[states[device_id]][1],
        }
        for _, device_id in failing[:MOST_CAMERAS]
    ]
    return rows, len(failing) - len(rows)


def hours_rows(site: SiteCover) -> list[Json]:
    """Return the open ground's time-weighted share of today and of this month, where any of it has passed."""
    out = []
    for zh, en, hours in (("今日", "today", site.today), ("本月", "month", site.month)):
        area: HoursCover | None = next((h for h in hours if h.layer == AREA), None)
        if area is not None and area.lower is not None:
            out.append({"zh": zh, "en": en, "mean": between(area.lower, area.upper), "worst": percent(area.worst)})
    return out


def basis_lines(basis: Basis, band: SurveyBand | None) -> list[str]:
    """Return how every percentage here was made, in short lines."""
    out = [clean(basis.definition, 240), clean(basis.definition_en, 480)]
    out.append(
        f"口径 policy {clean(basis.policy, 30)} · 输入 inputs {basis.inputs[:16]} · 坐标 CRS {clean(basis.crs, 40)} · "
        f"镜头 lens {clean(basis.lens_model, 40)} · 摄像机 cameras {basis.cameras}"
    )
    told = [
        f"{zh} {en} {len(ids)}"
        for zh, en, ids in (
            ("方位未知", "azimuth unknown", basis.unknown_azimuth),
            ("点位在建筑内", "inside a building", basis.inside_building),
            ("无点位", "no position", basis.no_position),
        )
        if ids
    ]
    if band is not None:
        told.append(
            f"勘测误差 survey errors: 5/50/95% = {percent(band.p5)} / {percent(band.p50)} / {percent(band.p95)}%, "
            f"方位已知 azimuth known {percent(band.known_azimuth_only)}%"
        )
    if told:
        out.append(" · ".join(told))
    out.extend(clean(warning, 160) for warning in basis.warnings[:2])
    return [line for line in out if line]


def heading(site: SiteCover, standing: CoverageStanding, darkness: Darkness, timezone: str, title: str) -> Json:
    """Return the head of the sheet: names, instant, day or night, and what is only supposed."""
    at = datetime.fromtimestamp(darkness.at_ms / 1000, UTC).astimezone(ZoneInfo(timezone))
    return {
        "zh": clean(site.name, 24),
        "en": clean(site.name_en, 48),
        "township": clean(title, 40),
        "at": f"{at:%Y-%m-%d %H:%M:%S} {timezone}",
        "night": darkness.night,
        "supposed": [clean(item, 30) for item in darkness.failed[:3]],
        "supposed_more": max(0, len(darkness.failed) - 3),
        "cameras": site.cameras,
        "dark": len(darkness.cameras_dark),
        "basis": basis_lines(standing.basis, next((b for b in standing.survey if b.site_id == site.site_id), None)),
    }
