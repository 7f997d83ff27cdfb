"""What stands in the way."""

from __future__ import annotations

from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """A building (polygon), or a wall or tree line (line), in a local metric frame.

    `height_m` above the ground; None: not known, so it blocks whatever the camera's height.
    """

    id: str
    shape: BaseGeometry
    height_m: float | None = None
