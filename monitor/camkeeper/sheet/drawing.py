"""The map's shapes in millimetres: what lies in the window, in the order it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from camkeeper.cover.sight import State
from camkeeper.sheet.ground import Ground, lines, parts, rings
from camkeeper.sheet.labels import Box, Wanted, place
from camkeeper.sheet.marks import Mark
from camkeeper.sheet.text import clean
from camkeeper.sheet.words import SYMBOL, amount
from camkeeper.standing.coverage import CameraField, CoverageMap, Darkness, PlaceCover, Unit

PANEL_MM = (194.0, 160.0)
INSET_MM = (34.0, 30.0)
WORTH_AN_INSET = 0.55
"""Where what matters is narrower than this share of the boundary, the map shows it and an inset shows the boundary."""
BADGE_MM = 1.9
"""Half the side of a key place's badge."""
MARK_MM = 1.3
"""Half the side of a camera's mark."""
CORNER_MM = (46.0, 13.0)
"""The lower left corner that the scale bar keeps."""

Json = dict[str, Any]


def draw(
    cover: CoverageMap,
    darkness: Darkness,
    states: Mapping[str, State],
    marks: Mapping[str, Mark],
    places: tuple[PlaceCover, ...],
) -> Json:
    """Return the map panel of `darkness.site_id`; KeyError where it has no boundary."""
    boundary = cover.boundaries[darkness.site_id]
    shapes = dict(cover.places)
    fields = [field for field in cover.fields if field.device_id in states]
    focus = _focus(boundary, fields, [shapes[p.id] for p in places if p.id in shapes], night=darkness.night)
    ground = Ground.over(focus, width_mm=PANEL_MM[0], height_mm=PANEL_MM[1])
    drawn = (_camera(field, ground, states, marks) for field in fields)
    cameras = [camera for camera in drawn if camera is not None]
    found: list[Json] = []
    for p in places:
        spot = _place(p, shapes[p.id], ground, found) if p.id in shapes else None
        found += [] if spot is None else [spot]
    inset = _inset(boundary, ground)
    labels, left_out = _labels(cameras, found, inset=inset is not None)
    return {
        "w": PANEL_MM[0],
        "h": PANEL_MM[1],
        "boundary": rings(ground.project(boundary)),
        "edge": _edge(boundary, ground),
        "buildings": _obstacles(cover, ground),
        "working": _by_state(fields, states, State.WORKING, ground, night=darkness.night),
        "unknown": _by_state(fields, states, State.UNKNOWN, ground, night=darkness.night),
        "dark": _by_state(fields, states, State.DARK, ground, night=darkness.night),
        "reach": [r for f in fields if f.envelope is not None for r in rings(ground.project(f.envelope))],
        "lost": rings(ground.project(darkness.lost)),
        "blind": rings(ground.project(darkness.blind)),
        "places": found,
        "cameras": cameras,
        "labels": labels,
        "left_out": left_out,
        "scale": f"1 : {ground.scale:,}",
        "bar_mm": ground.bar_m() / ground.scale * 1000,
        "bar": amount(ground.bar_m(), Unit.LENGTH),
        "inset": inset,
    }


def field_of(field: CameraField, *, night: bool) -> BaseGeometry:
    """Return what the camera sees by day or by night."""
    return field.night if night else field.day


def _focus(
    boundary: BaseGeometry, fields: list[CameraField], places: list[BaseGeometry], *, night: bool
) -> BaseGeometry:
    seen = [field_of(field, night=night) for field in fields]
    points = [shapely.Point(field.lon_deg, field.lat_deg) for field in fields]
    matters = shapely.geometrycollections([s for s in (*seen, *points, *places) if not s.is_empty])
    if matters.is_empty:
        return boundary
    return matters if _narrower(matters, boundary) else shapely.geometrycollections([matters, boundary])


def _narrower(shape: BaseGeometry, boundary: BaseGeometry) -> bool:
    inner, outer = shape.bounds, boundary.bounds
    shares = ((inner[i + 2] - inner[i]) / max(outer[i + 2] - outer[i], 1e-9) for i in (0, 1))
    return bool(max(shares) < WORTH_AN_INSET and max(inner[2] - inner[0], inner[3] - inner[1]) > 0)


def _edge(boundary: BaseGeometry, ground: Ground) -> list[list[list[float]]]:
    return lines(ground.project(shapely.boundary(boundary)))


def _obstacles(cover: CoverageMap, ground: Ground) -> Json:
    window = ground.window()
    near = [shape for shape, _ in cover.obstacles if shapely.intersects(shape, window)]
    flat = [part for shape in near for part in parts(ground.project(shape))]
    return {
        "polygons": [r for part in flat for r in rings(part)],
        "lines": [line for part in flat for line in lines(part)],
    }


def _by_state(
    fields: list[CameraField], states: Mapping[str, State], state: State, ground: Ground, *, night: bool
) -> list[list[list[list[float]]]]:
    return [
        polygon
        for field in fields
        if states[field.device_id] is state
        for polygon in rings(ground.project(field_of(field, night=night)))
    ]


def _camera(field: CameraField, ground: Ground, states: Mapping[str, State], marks: Mapping[str, Mark]) -> Json | None:
    spot = ground.project(shapely.Point(field.lon_deg, field.lat_deg))
    if spot.is_empty:
        return None
    mark = marks.get(field.device_id)
    return {
        "id": clean(field.device_id, 24),
        "x": round(spot.x, 2),
        "y": round(spot.y, 2),
        "state": states[field.device_id].value,
        "heading": field.azimuth_deg,
        "dome": mark is not None and mark.dome,
    }


def _place(place_cover: PlaceCover, shape: BaseGeometry, ground: Ground, others: list[Json]) -> Json | None:
    flat = ground.project(shape)
    if flat.is_empty:
        return None
    spots = _spots(flat)
    free = (s for s in spots if all(max(abs(s.x - o["x"]), abs(s.y - o["y"])) > 2 * BADGE_MM for o in others))
    spot = next(free, spots[0])
    return {
        "name": clean(place_cover.name, 14),
        "symbol": SYMBOL[place_cover.type],
        "x": round(spot.x, 2),
        "y": round(spot.y, 2),
        "losing": place_cover.cover.lost > 0,
        "polygons": rings(flat),
        "lines": lines(flat),
    }


def _spots(flat: BaseGeometry) -> list[BaseGeometry]:
    """Return where a badge may stand: on a line its middle first, then towards its ends."""
    longest = max(parts(flat), key=lambda part: (part.area, part.length))
    if longest.geom_type != "LineString":
        return [shapely.point_on_surface(longest)]
    return [shapely.line_interpolate_point(longest, at, normalized=True) for at in (0.5, 0.38, 0.62, 0.25, 0.75)]


def _inset(boundary: BaseGeometry, ground: Ground) -> Json | None:
    if shapely.covers(ground.window(), boundary):
        return None
    small = Ground.over(boundary, width_mm=INSET_MM[0], height_mm=INSET_MM[1], margin_mm=2.0)
    return {
        "w": INSET_MM[0],
        "h": INSET_MM[1],
        "boundary": rings(small.project(boundary)),
        "window": rings(small.project(ground.window())),
    }


def _labels(cameras: list[Json], places: list[Json], *, inset: bool) -> tuple[list[Json], int]:
    wide, high = PANEL_MM
    taken = [_square(c, MARK_MM) for c in cameras] + [_square(p, BADGE_MM) for p in places]
    taken.append(Box(left=0, top=high - CORNER_MM[1], right=CORNER_MM[0], bottom=high))
    taken.append(Box(left=0, top=0, right=14, bottom=18))  # the north arrow
    if inset:
        taken.append(Box(left=wide - INSET_MM[0], top=0, right=wide, bottom=INSET_MM[1]))
    wanted = [
        Wanted(text=c["id"], x_mm=c["x"], y_mm=c["y"], size_pt=6.0, urgent=c["state"] != State.WORKING) for c in cameras
    ]
    wanted += [Wanted(text=p["name"], x_mm=p["x"], y_mm=p["y"], size_pt=6.5, urgent=p["losing"]) for p in places]
    placed, left_out = place(wanted, taken, panel=Box(left=0, top=0, right=wide, bottom=high), clear_mm=BADGE_MM + 0.3)
    return [
        {"text": item.text, "x": round(box.left, 2), "y": round(box.top, 2), "pt": item.size_pt} for item, box in placed
    ], left_out


def _square(item: Json, half_mm: float) -> Box:
    return Box(left=item["x"] - half_mm, top=item["y"] - half_mm, right=item["x"] + half_mm, bottom=item["y"] + half_mm)
