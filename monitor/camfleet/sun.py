"""Where the sun stands: degrees above the horizon and clockwise from north, good to a fifth of a degree.

The fleet's own reckoning, apart from the monitor's: a truth that a figure is compared with must not be computed by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, atan2, cos, degrees, radians, sin

_DAY_MS = 86_400_000
_J2000_MS = 946_728_000_000  # 2000-01-01T12:00Z


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """Elevation above the horizon (no refraction) and azimuth from north."""

    elevation_deg: float
    azimuth_deg: float

    @property
    def direction(self) -> tuple[float, float, float]:
        """Unit vector towards the sun: east, north, up."""
        elevation, azimuth = radians(self.elevation_deg), radians(self.azimuth_deg)
        return sin(azimuth) * cos(elevation), cos(azimuth) * cos(elevation), sin(elevation)


def sun_at(at_ms: int, *, lon_deg: float, lat_deg: float) -> Sun:
    """Return the sun seen from a place (WGS-84 degrees) at an instant (UTC ms); the Almanac's formulae."""
    days = (at_ms - _J2000_MS) / _DAY_MS
    anomaly = radians((357.529 + 0.98560028 * days) % 360)
    longitude = radians((280.459 + 0.98564736 * days + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly)) % 360)
    tilt = radians(23.439 - 0.00000036 * days)
    ascension = atan2(cos(tilt) * sin(longitude), cos(longitude))
    declination = asin(sin(tilt) * sin(longitude))
    sidereal_deg = (280.46062 + 360.98564737 * days + lon_deg) % 360
    hour, latitude = radians(sidereal_deg) - ascension, radians(lat_deg)
    elevation = asin(sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour))
    east = -cos(declination) * sin(hour)
    north = cos(latitude) * sin(declination) - sin(latitude) * cos(declination) * cos(hour)
    return Sun(elevation_deg=degrees(elevation), azimuth_deg=degrees(atan2(east, north)) % 360)
