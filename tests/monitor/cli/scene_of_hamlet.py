"""The made-up hamlet as a scene file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from tests.coverage import hamlet

from camcover.frame import Frame

FRAME = Frame.around(113.94, 33.81)


def _feature(kind: str, shape: BaseGeometry, **properties: Any) -> dict[str, Any]:
    east, north = FRAME.to_metric(shapely.Point(113.94, 33.81)).coords[0]
    placed = FRAME.to_lonlat(shapely.affinity.translate(shape, east, north))
    geometry = json.loads(shapely.to_geojson(placed))
    return {"type": "Feature", "geometry": geometry, "properties": {"kind": kind, **properties}}


def write(path: Path, *, cameras: Mapping[str, float | None], extra: list[Any] | None = None) -> Path:
    """Write the hamlet with cameras of these azimuths at its crossings."""
    made = hamlet.cameras(*cameras.values())
    seen = [
        _feature(
            "camera",
            shapely.Point(one.x_m, one.y_m),
            id=id_,
            hfov_deg=85,
            range_m=50,
            ir_range_m=30,
            width_px=2560,
            height_px=1440,
            height_m=4.0,
            tilt_deg=10.0,
            **({} if one.mount.azimuth_deg is None else {"azimuth_deg": one.mount.azimuth_deg}),
        )
        for id_, one in zip(cameras, made, strict=True)
    ]
    features = [
        _feature("site", hamlet.AREA, id="hamlet", name="试验村"),
        *(_feature("obstacle", house.shape, id=house.id, height_m=house.height_m) for house in hamlet.houses()),
        *(_feature("road", lane, id=f"road-{number}") for number, lane in enumerate(hamlet.lanes())),
        _feature("keyplace", shapely.Point(80, 60), id="crossing", type="junction", band="observation", weight=2.0),
        _feature("keyplace", shapely.LineString([(2, 5), (2, 75)]), id="lane", type="road", band="detection"),
        *seen,
        *(extra or []),
    ]
    document = {"type": "FeatureCollection", "name": "hamlet", "synthetic": True, "features": features}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path
