"""Where a virtual dome's head points: its patrol, and what it says of it. Pure.

A dome knows only how far its head is turned against its own foot. Whoever turns the mount (fault `moved`) changes the
picture and nothing that it says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from camfleet.faults import Fault, FaultKind

STOPS: Final = ("Home", "Gate", "Yard")
"""Its presets, in the order of the patrol; each `by` degrees further."""
TRAVEL_MS: Final = 3_000
TILT: Final = -0.45
ZOOM: Final = 0.05


class Presets(StrEnum):
    """What a make answers to GetPresets."""

    NONE = "none"
    NAMED = "named"  # without positions
    PLACED = "placed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far it is turned from its first preset, degrees clockwise from above, and whether it turns just now."""

    by_deg: float = 0.0
    moving: bool = False


def head(faults: Iterable[Fault], at_ms: int) -> Head:
    """Return where the head is at an instant; without a patrol it stays at its first preset."""
    patrol = next((f for f in faults if f.kind is FaultKind.PATROL), None)
    if patrol is None:
        return Head()
    leg, into_ms = divmod(at_ms, patrol.period_ms)
    here = leg % len(STOPS) * patrol.by_deg
    if into_ms >= TRAVEL_MS:
        return Head(by_deg=here)
    before = (leg - 1) % len(STOPS) * patrol.by_deg
    return Head(by_deg=(before + here) / 2, moving=True)


def seen_by(faults: tuple[Fault, ...], at_ms: int, *, turns: bool) -> tuple[Fault, ...]:
    """Return the faults as the picture of that instant has them: a patrol becomes the stop that it is at.

    `turns`: it is a dome. What is no dome goes on no patrol.
    """
    if not any(f.kind is FaultKind.PATROL for f in faults):
        return faults
    by_deg = head(faults, at_ms).by_deg
    others = tuple(f for f in faults if f.kind is not FaultKind.PATROL)
    stop = next(f for f in faults if f.kind is FaultKind.PATROL)
    return tuple(sorted((*others, replace(stop, by_deg=by_deg)), key=repr)) if turns and by_deg else others


def pan_of(device_id: str, by_deg: float) -> str:
    """Return the pan in ONVIF's generic space, -1..1 a whole turn; each dome's zero lies elsewhere."""
    drawn = int.from_bytes(blake2b(device_id.encode(), digest_size=2).digest(), "big") / 0xFFFF
    pan = (0.1 + 1.8 * drawn + by_deg / 180 + 1) % 2 - 1
    return f"{pan:.6f}"


def presets(device_id: str, kind: Presets, step_deg: float) -> tuple[tuple[str, str | None], ...]:
    """Return name and pan of each preset; None where the make leaves positions out."""
    if kind is Presets.NONE:
        return ()
    placed = kind is Presets.PLACED
    return tuple((name, pan_of(device_id, n * step_deg) if placed else None) for n, name in enumerate(STOPS))
