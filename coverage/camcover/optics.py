"""Where a camera hangs and what its lens takes in.

Angles are degrees, bearings clockwise from north, tilt downwards from the horizon, lengths metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, degrees, inf, radians, tan

RIGHT_ANGLE_DEG = 90.0
FULL_CIRCLE_DEG = 360.0


class OpticsError(ValueError):
    """A mount or lens that cannot exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Position and aim of a camera. `azimuth_deg` None: nobody noted it, so its coverage cannot be claimed."""

    lon_deg: float
    lat_deg: float
    height_m: float | None = 4.0
    """Above the ground; None: nobody noted it, so every obstacle blocks and no limit is drawn from the tilt."""
    azimuth_deg: float | None = None
    tilt_deg: float | None = 15.0
    """None: nobody noted it, so neither a near nor a far limit is drawn."""
    position_error_m: float = 3.0
    azimuth_error_deg: float = 5.0

    def __post_init__(self) -> None:
        if not -180.0 <= self.lon_deg <= 180.0 or not -RIGHT_ANGLE_DEG <= self.lat_deg <= RIGHT_ANGLE_DEG:
            raise OpticsError(f"not on this globe: longitude {self.lon_deg}, latitude {self.lat_deg}")
        if self.height_m is not None and self.height_m <= 0:
            raise OpticsError(f"height_m must be above the ground: {self.height_m}")
        if self.azimuth_deg is not None and not 0 <= self.azimuth_deg < FULL_CIRCLE_DEG:
            raise OpticsError(f"azimuth_deg must be in [0, 360): {self.azimuth_deg}")
        if self.tilt_deg is not None and not -RIGHT_ANGLE_DEG <= self.tilt_deg <= RIGHT_ANGLE_DEG:
            raise OpticsError(f"tilt_deg must be in [-90, 90]: {self.tilt_deg}")
        if self.position_error_m < 0 or self.azimuth_error_deg < 0:
            raise OpticsError("survey errors are not negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """A rectilinear lens on a sensor of `width_px` x `height_px` pixels."""

    hfov_deg: float
    width_px: int = 1920
    height_px: int = 1080
    range_m: float = 50.0
    ir_range_m: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.hfov_deg <= FULL_CIRCLE_DEG:
            raise OpticsError(f"hfov_deg must be in (0, 360]: {self.hfov_deg}")
        if self.width_px <= 0 or self.height_px <= 0:
            raise OpticsError(f"a sensor has pixels: {self.width_px} x {self.height_px}")
        if self.range_m <= 0 or (self.ir_range_m is not None and self.ir_range_m < 0):
            raise OpticsError(f"ranges are not negative: {self.range_m}, {self.ir_range_m}")

    @property
    def vfov_deg(self) -> float:
        """Vertical field of view of a rectilinear lens with square pixels.

        >>> round(Lens(hfov_deg=60, width_px=1920, height_px=1080).vfov_deg, 3)
        35.983
        """
        if self.hfov_deg >= 2 * RIGHT_ANGLE_DEG:  # no rectilinear lens sees half a circle
            return RIGHT_ANGLE_DEG
        return degrees(2 * atan(tan(radians(self.hfov_deg / 2)) * self.height_px / self.width_px))


def hfov_from_focal(*, focal_mm: float, sensor_width_mm: float) -> float:
    """Return the horizontal field of view in degrees of a rectilinear lens.

    >>> round(hfov_from_focal(focal_mm=4.0, sensor_width_mm=5.37), 1)
    67.7
    """
    if focal_mm <= 0 or sensor_width_mm <= 0:
        raise OpticsError(f"focal length and sensor width are positive: {focal_mm}, {sensor_width_mm}")
    return degrees(2 * atan(sensor_width_mm / (2 * focal_mm)))


def ground_limits_m(
    *, height_m: float, tilt_deg: float, vfov_deg: float, target_height_m: float = 0.0
) -> tuple[float, float]:
    """Return (near, far) distance on the plane at `target_height_m` that the lens takes in; far may be infinite.

    >>> near, far = ground_limits_m(height_m=6, tilt_deg=25, vfov_deg=35.983)
    >>> round(near, 2), round(far, 1)
    (6.44, 48.8)
    """
    drop_m = height_m - target_height_m
    if drop_m <= 0:
        raise OpticsError(f"the camera at {height_m} m is not above the target plane at {target_height_m} m")
    steepest, flattest = tilt_deg + vfov_deg / 2, tilt_deg - vfov_deg / 2
    near = 0.0 if steepest >= RIGHT_ANGLE_DEG else inf if steepest <= 0 else drop_m / tan(radians(steepest))
    far = inf if flattest <= 0 else 0.0 if flattest >= RIGHT_ANGLE_DEG else drop_m / tan(radians(flattest))
    return near, far
