"""The words and shapes of towns: those of cameras where they mean the same. Chinese here, English in the catalogue."""

from __future__ import annotations

from camboard.words import mark
from camkeeper.hub.alarms import Kind
from camkeeper.hub.view import TownState

TOWN = {
    TownState.LIVE: mark("在报"),
    TownState.LAGGING: mark("停滞"),
    TownState.SILENT: mark("失联"),
    TownState.REFUSED: mark("拒收"),
    TownState.NEVER: mark("从未上报"),
}
TOWN_SHAPE = {
    TownState.LIVE: "●",
    TownState.LAGGING: "○",
    TownState.SILENT: "○",
    TownState.REFUSED: "▲",
    TownState.NEVER: "–",
}
TOWN_TONE = {
    TownState.LIVE: "up",
    TownState.LAGGING: "unknown",
    TownState.SILENT: "unknown",
    TownState.REFUSED: "degraded",
    TownState.NEVER: "none",
}
"""Silence is what nobody knows, and looks like it: never the colour of down."""
WORST_FIRST = (TownState.REFUSED, TownState.SILENT, TownState.LAGGING, TownState.LIVE, TownState.NEVER)

ALARM = {
    Kind.SILENT: mark("失联"),
    Kind.REFUSED: mark("账本被拒收"),
    Kind.GAP: mark("缺段补不齐"),
    Kind.LAGGING: mark("停滞"),
    Kind.UNWRITABLE: mark("平台写不进副本"),
    Kind.DISK: mark("平台磁盘将满"),
}
