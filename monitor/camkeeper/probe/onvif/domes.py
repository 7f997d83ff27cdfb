"""What a dome says of where it points: GetStatus and GetPresets. What cannot be believed is None.

Seen in captured replies: no MoveStatus (Hikvision's make), all zeros for ever (Xiongmai boards), 32768 in a space of
-1..1 (an IPD board that turns nothing), `Error` with the text `NO error`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Final

from camkeeper.model.dome import Position, Space
from camkeeper.probe.onvif.reply import Element, child, children, text

_MAX_PRESETS: Final = 512
_GENERIC: Final = "/PositionGenericSpace"
_DEGREES: Final = "/PanTiltSpaces/SphericalPositionSpaceDegrees"
_NO_ERROR: Final = frozenset({"", "noerror", "none", "ok", "0"})
_HOME: Final = frozenset(
    {"home", "homeposition", "homepreset", "看守位", "守望位", "归位", "归位点", "原位", "原点", "初始位", "初始位置"}
)
"""What people call the position that a dome goes back to. ONVIF has no question for where its own home is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomeStatus:
    """GetStatus. `moving` None: not told."""

    position: Position | None
    moving: bool | None


def status(answer: Element) -> DomeStatus:
    """Read GetStatus. Idle is what says so in every part; a dome in error has no position."""
    found = child(answer, "PTZStatus")
    told = (text(found, "MoveStatus", "PanTilt"), text(found, "MoveStatus", "Zoom"))
    known = [word.upper() == "IDLE" for word in told if word is not None and word.upper() in {"IDLE", "MOVING"}]
    trouble = "".join((text(found, "Error") or "").lower().split())
    return DomeStatus(
        position=_position(child(found, "Position")) if trouble in _NO_ERROR else None,
        moving=None if not known else not all(known),
    )


def home(answer: Element) -> Position | None:
    """Read GetPresets: the position of the one preset that is called home; None where none or several are."""
    among = [p for number, p in enumerate(children(answer, "Preset")) if number < _MAX_PRESETS and _is_home(p)]
    found = _position(child(among[0], "PTZPosition")) if len(among) == 1 else None
    # Many makes fill in zeros for what they don't know.
    return None if found is None or found.is_blank else found


def _is_home(preset: Element) -> bool:
    return "".join((text(preset, "Name") or "").lower().split()) in _HOME


def _position(element: Element | None) -> Position | None:
    turned, zoomed = child(element, "PanTilt"), child(element, "Zoom")
    pan, tilt = _value(turned, "x"), _value(turned, "y")
    if turned is None or pan is None or tilt is None:
        return None
    named = str(turned.get("space") or "")
    if named.endswith(_DEGREES):
        space, fits = Space.DEGREES, abs(pan) <= 360.0 and abs(tilt) <= 180.0
    elif not named or named.endswith(_GENERIC):
        space, fits = Space.GENERIC, max(abs(pan), abs(tilt)) <= 1.0
    else:
        return None
    zoom = _value(zoomed, "x")
    if not fits or (zoom is not None and not 0.0 <= zoom <= 1.0):
        return None
    return Position(pan=pan, tilt=tilt, zoom=zoom, space=space)


def _value(element: Element | None, name: str) -> float | None:
    try:
        value = float(str(element.get(name))) if element is not None else None
    except ValueError:
        return None
    return value if value is not None and isfinite(value) else None
