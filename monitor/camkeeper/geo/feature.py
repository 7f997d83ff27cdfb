"""What the writers write: plain features, WGS-84."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from shapely.geometry.base import BaseGeometry


class Feature(NamedTuple):
    """One feature; `geometry` in WGS-84 longitude/latitude degrees."""

    id: str
    geometry: BaseGeometry
    properties: Mapping[str, Any]
    """JSON values; `kind` chooses the style in KML, `name` is its label."""
