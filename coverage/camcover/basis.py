"""What a percentage was made from, as one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from math import isfinite

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camcover.camera import Camera
from camcover.obstacle import Obstacle
from camcover.overlay import Place

_DECIMALS = 6
"""A micrometre, or a millionth of a degree: no figure moves by it, and the last digit of a projection, which differs
between machines, does not either."""
_NOT_COMPUTED_FROM = frozenset({"lon_deg", "lat_deg"})
"""Positions are taken in the frame."""


def inputs_hash(
    *,
    cameras: Iterable[Camera],
    obstacles: Iterable[Obstacle],
    places: Iterable[Place],
    numbers: Mapping[str, object],
) -> str:
    """Return a SHA-256 in hexadecimal digits over all that coverage is computed from.

    The same whatever the order of the inputs, the direction of a ring, the process or the machine. `numbers` are the
    policy's and the like: strings, numbers, booleans, None, and lists or mappings of them.
    """
    digest = hashlib.sha256()
    for name, values in (("cameras", cameras), ("obstacles", obstacles), ("places", places)):
        lines = sorted(_line(value) for value in values)
        digest.update(f"{name} {len(lines)}\n".encode())
        for line in lines:
            digest.update(line.encode() + b"\n")
    digest.update(_line(numbers).encode())
    return digest.hexdigest()


def _line(value: object) -> str:
    return json.dumps(_canonical(value), ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _canonical(value: object) -> object:
    """Return what JSON can say of a value; a whole number is the same as an integer and as a float."""
    value = value.value if isinstance(value, Enum) else value
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return _number(float(value))
    if isinstance(value, BaseGeometry):
        return _geometry(value)
    if is_dataclass(value) and not isinstance(value, type):
        names = sorted(field.name for field in fields(value) if field.name not in _NOT_COMPUTED_FROM)
        return {name: _canonical(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): _canonical(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(one) for one in value]
    raise TypeError(f"no canonical form of {type(value).__name__}")


def _number(value: float) -> str:
    if not isfinite(value):
        raise ValueError(f"a number that coverage is computed from is finite, not {value}")
    return f"{value:.{_DECIMALS}f}" if round(value, _DECIMALS) else f"{0:.{_DECIMALS}f}"


def _geometry(shape: BaseGeometry) -> str:
    """Return well-known binary in hexadecimal digits: plan only, rounded, rings and parts in one order."""
    plan = shapely.normalize(shapely.transform(shape, _rounded))
    return str(shapely.to_wkb(plan, hex=True, byte_order=1, output_dimension=2))


def _rounded(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    return coordinates.round(_DECIMALS) + 0.0
