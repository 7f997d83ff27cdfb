"""Where a dome points, as it says itself. Frozen values; nothing here is a picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Space(StrEnum):
    """What the numbers of a position mean. ONVIF names the space beside them, or leaves the generic one to be meant."""

    GENERIC = "generic"  # pan and tilt -1..1 over the whole travel, zoom 0..1; pan 1.0 is half a circle
    DEGREES = "degrees"  # PanTiltSpaces/SphericalPositionSpaceDegrees


class Place(StrEnum):
    """Where a picture was taken, against the position that the baseline belongs to."""

    HOME = "home"
    ELSEWHERE = "elsewhere"  # at another preset, on the way, or before it is known which position is home
    UNKNOWN = "unknown"  # the device doesn't say, or says nothing that can be believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Pan, tilt and zoom in the units of `space`. Absolute to the device's own foot: a turned mount changes nothing."""

    pan: float
    tilt: float
    zoom: float | None = None
    space: Space = Space.GENERIC

    @property
    def is_blank(self) -> bool:
        """True for all zeros, which boards without a motor, and some with one, say for ever."""
        return self.pan == 0.0 and self.tilt == 0.0 and not self.zoom

    def is_at(self, other: Position) -> bool:
        """Return whether both are one position, within what a dome comes back to.

        0.5 degrees of pan and about as much of tilt: under what counts as turned (1.2% of a field of 60 degrees is
        0.7). Zoom 0.002 of its travel: more changes the field by several percent at the long end.
        """
        if self.space is not other.space or (self.zoom is None) is not (other.zoom is None):
            return False
        circle, near = (360.0, 0.5) if self.space is Space.DEGREES else (2.0, 0.0028)
        away = abs(self.pan - other.pan) % circle
        zoomed = abs((self.zoom or 0.0) - (other.zoom or 0.0))
        return min(away, circle - away) <= near and abs(self.tilt - other.tilt) <= 2 * near and zoomed <= _NEAR_ZOOM


_NEAR_ZOOM = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class DomeReport:
    """What a dome said with one picture. `position` None: it said nothing that could be read."""

    position: Position | None = None
    moving: bool | None = None
    """None: it doesn't say (Hikvision's make leaves MoveStatus out)."""
    home: Position | None = None
    """Of the preset that is called home, where it gives one with its position."""
