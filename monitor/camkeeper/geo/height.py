"""Heights of buildings and walls as people write them in OpenStreetMap and elsewhere."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from camkeeper.geo.fault import BadValueError, shown

HIGHEST_M = 1000.0
"""The highest building of the world has 828 m; more is a slip, such as millimetres."""
_METRE = re.compile(r"(-?\d+(?:[.,]\d+)?)\s*(?:m|metres?|meters?|米)?", re.IGNORECASE | re.ASCII)
_FEET = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:'|′|ft|feet|foot)\s*(?:(\d+(?:[.,]\d+)?)\s*(?:\"|″|''|in)?)?", re.ASCII)
_FOOT_M, _INCH_M = 0.3048, 0.0254


def length_m(value: object) -> float:
    r"""Return a length in metres; BadValueError where it can't be one of something standing.

    >>> length_m("6"), length_m("6,5 m"), length_m(3), round(length_m("20'6\""), 4)
    (6.0, 6.5, 3.0, 6.2484)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadValueError(f"不是长度：{shown(value)}", f"no length: {shown(value)}")
    metres = _from_text(value) if isinstance(value, str) else value
    if isinstance(metres, float) and not math.isfinite(metres):
        raise BadValueError(f"不是有限数：{shown(value)}", f"not finite: {shown(value)}")
    if metres <= 0:
        raise BadValueError(f"应大于 0：{shown(value)}", f"not above 0: {shown(value)}")
    if metres > HIGHEST_M:
        raise BadValueError(f"超过 {HIGHEST_M:g} 米：{shown(value)}", f"above {HIGHEST_M:g} m: {shown(value)}")
    return float(metres)


def _from_text(text: str) -> float:
    text = text.strip()
    if len(text) <= 32:
        if (found := _METRE.fullmatch(text)) is not None:
            return _number(found[1])
        if (found := _FEET.fullmatch(text)) is not None:
            return _number(found[1]) * _FOOT_M + (_number(found[2]) * _INCH_M if found[2] else 0.0)
    raise BadValueError(f"不是长度：{shown(text)}", f"no length: {shown(text)}")


def _number(text: str) -> float:
    return float(text.replace(",", "."))


HEIGHT_KEYS = ("height_m", "height", "building:levels")
"""Where a height is looked for, in this order."""


def height_of(
    tags: Mapping[str, Any], *, storey_m: float, default_m: float | None
) -> tuple[float | None, tuple[BadValueError, ...]]:
    """Return (height in metres or None, what was wrong with the values that were passed over)."""
    bad: list[BadValueError] = []
    for key in HEIGHT_KEYS:
        value = tags.get(key)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        try:
            if key != "building:levels":
                return length_m(value), tuple(bad)
            return length_m(_levels(value) * storey_m), tuple(bad)
        except BadValueError as error:
            bad.append(BadValueError(f"{key} {error.zh}", f"{key} {error.en}"))
    return default_m, tuple(bad)


def _levels(value: object) -> float:
    text = value.strip().replace(",", ".") if isinstance(value, str) else value
    try:
        levels = float(text) if not isinstance(text, bool) else math.nan  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        levels = math.nan
    if not 0 < levels <= HIGHEST_M:
        raise BadValueError(f"不是层数：{shown(value)}", f"no number of storeys: {shown(value)}")
    return levels
