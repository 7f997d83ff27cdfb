"""Words of the sheet: Chinese first, English second."""

from __future__ import annotations

from camkeeper.availability.buckets import Promise
from camkeeper.cover.sight import State
from camkeeper.model.cover import AREA
from camkeeper.model.place import KeyPlaceType
from camkeeper.sheet.text import clean
from camkeeper.standing.coverage import Unit

Words = tuple[str, str]

LAYER: dict[str, Words] = {
    AREA: ("全域", "open ground"),
    KeyPlaceType.SQUARE: ("广场", "square"),
    KeyPlaceType.ROAD: ("道路", "road"),
    KeyPlaceType.JUNCTION: ("路口", "junction"),
    KeyPlaceType.POND: ("坑塘", "pond"),
    KeyPlaceType.DITCH: ("沟渠", "ditch"),
    KeyPlaceType.SCHOOL: ("学校", "school"),
    KeyPlaceType.ANCIENT_BUILDING: ("古建筑", "ancient building"),
    KeyPlaceType.EXIT: ("出入口", "exit"),
    KeyPlaceType.PATROL_ROUTE: ("巡逻路线", "patrol route"),
    KeyPlaceType.ZONE: ("区域", "zone"),
}
SYMBOL: dict[KeyPlaceType, str] = {
    KeyPlaceType.SQUARE: "广",
    KeyPlaceType.ROAD: "路",
    KeyPlaceType.JUNCTION: "口",
    KeyPlaceType.POND: "塘",
    KeyPlaceType.DITCH: "渠",
    KeyPlaceType.SCHOOL: "校",
    KeyPlaceType.ANCIENT_BUILDING: "古",
    KeyPlaceType.EXIT: "出",
    KeyPlaceType.PATROL_ROUTE: "巡",
    KeyPlaceType.ZONE: "区",
}
"""One character in a badge: a symbol that is its own legend."""
PROMISE: dict[Promise, Words] = {
    Promise.MET: ("达标", "met"),
    Promise.MISSED: ("未达标", "missed"),
    Promise.UNDETERMINED: ("未能判定", "undetermined"),
}
STATE: dict[State, Words] = {
    State.WORKING: ("看得见", "sees"),
    State.DARK: ("失明", "dark"),
    State.UNKNOWN: ("未知", "unknown"),
}


def layer_words(layer: str) -> Words:
    """Return the layer's name; one that nobody named here stands as it is."""
    return LAYER.get(layer, (clean(layer, 12), ""))


def amount(value: float, unit: Unit) -> str:
    """Write an amount with its unit, large ones in km.

    >>> amount(1_234_567.0, Unit.AREA), amount(312.4, Unit.LENGTH), amount(2.0, Unit.COUNT)
    ('1.23 km²', '312 m', '2 处')
    """
    if unit is Unit.COUNT:
        return f"{value:g} 处"
    if unit is Unit.LENGTH:
        return f"{value / 1000:.2f} km" if value >= 10_000 else f"{value:,.0f} m"
    return f"{value / 1e6:.2f} km²" if value >= 1e6 else f"{value:,.0f} m²"
