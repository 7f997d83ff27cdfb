"""The words and shapes of coverage. Chinese here, English in the catalogue."""

from __future__ import annotations

from enum import StrEnum

from camboard.cover.amount import FORGIVEN
from camboard.words import mark
from camkeeper.model.cover import AREA
from camkeeper.model.equipment import LinkKind
from camkeeper.model.place import KeyPlaceType
from camkeeper.standing.coverage import Cover, Unit

PLACE = {
    KeyPlaceType.SQUARE: mark("广场"),
    KeyPlaceType.ROAD: mark("道路"),
    KeyPlaceType.JUNCTION: mark("路口"),
    KeyPlaceType.POND: mark("坑塘"),
    KeyPlaceType.DITCH: mark("沟渠"),
    KeyPlaceType.SCHOOL: mark("学校"),
    KeyPlaceType.ANCIENT_BUILDING: mark("古建筑"),
    KeyPlaceType.EXIT: mark("出入口"),
    KeyPlaceType.PATROL_ROUTE: mark("巡逻路线"),
    KeyPlaceType.ZONE: mark("片区"),
}
LAYER = {AREA: mark("全域"), **{kind.value: word for kind, word in PLACE.items()}}

UNIT = {Unit.AREA: mark("面积"), Unit.LENGTH: mark("长度"), Unit.COUNT: mark("处数")}

LINK = {
    LinkKind.POLE: mark("立杆"),
    LinkKind.POWER: mark("供电"),
    LinkKind.SWITCH: mark("交换机"),
    LinkKind.TRANSCEIVER: mark("光端机"),
    LinkKind.OPERATOR_LINE: mark("运营商线路"),
}
"""From the pole up to the operator: the order in which they are offered."""

BAND = {
    "seen": mark("看得见"),
    "detection": mark("发现"),
    "observation": mark("观察"),
    "recognition": mark("辨认"),
    "identification": mark("识别"),
    "overview": mark("总览级"),
    "outline": mark("轮廓级"),
    "discern": mark("分辨级"),
    "perceive": mark("感知级"),
    "characterise": mark("特征级"),
    "validate": mark("核验级"),
    "scrutinise": mark("细查级"),
}
"""Densities by name: IEC 62676-4 of 2014, and of 2025."""


class Sight(StrEnum):
    """How a key place fares now."""

    UNSEEN = "unseen"
    UNKNOWN = "unknown"
    PARTLY = "partly"
    SEEN = "seen"

    @classmethod
    def of(cls, cover: Cover) -> Sight:
        """Return how much of it is seen: unknown wherever a camera that nobody knows of makes the difference."""
        slack = FORGIVEN * max(1.0, cover.total)
        if cover.upper <= slack:
            return cls.UNSEEN
        if cover.upper - cover.lower > slack:
            return cls.UNKNOWN
        return cls.SEEN if cover.total - cover.lower <= slack else cls.PARTLY


SIGHT = {
    Sight.UNSEEN: mark("看不到"),
    Sight.UNKNOWN: mark("说不准"),
    Sight.PARTLY: mark("部分可见"),
    Sight.SEEN: mark("全部可见"),
}
SIGHT_SHAPE = {Sight.UNSEEN: "■", Sight.UNKNOWN: "○", Sight.PARTLY: "▲", Sight.SEEN: "●"}
SIGHT_TONE = {Sight.UNSEEN: "down", Sight.UNKNOWN: "unknown", Sight.PARTLY: "degraded", Sight.SEEN: "up"}
SIGHT_RANK = {sight: rank for rank, sight in enumerate(Sight)}
