"""A device's thirty days in one line. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from camboard import strip
from camboard.i18n import Language
from camkeeper.model.status import Status
from camkeeper.standing.past import Past
from camkeeper.standing.view import DeviceStanding

CELLS_A_DAY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """One SVG path per status in a box of 180 by 20, and the same in words."""

    paths: Mapping[Status, str]
    label: str


def days_of(device: DeviceStanding, past: Past | None, now_ms: int, say: Language) -> Days | None:
    """Draw a device's thirty days; None before the past was read."""
    if past is None:
        return None
    cells = strip.month_cells(past.cells.get(device.id, b""), past.first_cell, device.strip, now_ms)
    by_day = [cells[n : n + CELLS_A_DAY] for n in range(0, len(cells), CELLS_A_DAY)]
    there = sum(any(cell is not None for cell in day) for day in by_day)
    down = sum(Status.DOWN in day for day in by_day)
    unknown = sum(Status.UNKNOWN in day for day in by_day)
    parts = [say("过去 30 天")]
    if there < len(by_day):
        parts.append(say("在册 %(n)d 天", n=there))
    parts.append(say("%(n)d 天有离线", n=down) if down else say("无离线"))
    if unknown:
        parts.append(say("%(n)d 天有未知", n=unknown))
    return Days(paths=strip.drawn(cells), label=" · ".join(parts))
