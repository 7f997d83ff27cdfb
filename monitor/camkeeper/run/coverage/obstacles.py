"""The obstacle files of a register, read."""

from __future__ import annotations

from camkeeper.cover.ground import Obstacle, bounds_lonlat
from camkeeper.geo.fault import UnreadableError
from camkeeper.geo.obstacles import read
from camkeeper.model.registry import Registry

MARGIN_DEG = 0.01
"""About a kilometre around the township: what stands beyond hides nothing of it."""


def obstacles_of(registry: Registry) -> tuple[tuple[Obstacle, ...], tuple[str, ...]]:
    """Return all obstacles near the township, and bilingual sentences on what was odd.

    A file that cannot be read is told and left out: then coverage is too large, which the sentence says.
    """
    box = bounds_lonlat(registry)
    near = None if box is None else (box[0] - MARGIN_DEG, box[1] - MARGIN_DEG, box[2] + MARGIN_DEG, box[3] + MARGIN_DEG)
    found: list[Obstacle] = []
    told: list[str] = []
    for file in registry.obstacles:
        try:
            obstacles, faults = read(file, registry.coverage, near)
        except UnreadableError as error:
            told.append(f"障碍物未计入，覆盖偏大：{error.zh} / obstacles left out, coverage too large: {error}")
            continue
        found += [(one.shape, one.height_m, one.id) for one in obstacles]
        told += [f"{fault.chinese} / {fault}" for fault in faults]
    return tuple(found), tuple(told)
