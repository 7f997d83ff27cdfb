"""Where a camera hangs and what its lens takes in.

Angles are degrees, bearings clockwise from north, tilt downwards from the horizon, lengths metres. All distances are
plan distances: along the ground, from the foot of the pole.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import atan, cos, degrees, hypot, inf, isfinite, radians, sin, sqrt, tan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camcover.camera import View

RIGHT_ANGLE_DEG = 90.0
HALF_CIRCLE_DEG = 180.0
FULL_CIRCLE_DEG = 360.0
NOTHING = (0.0, 0.0)
"""The reach of a camera that shows nothing of what is asked."""


class OpticsError(ValueError):
    """A mount or lens that cannot exist."""


class LensModel(StrEnum):
    """How a lens puts angles on its sensor. At 90 degrees the two differ by 27% in density: it is an input."""

    RECTILINEAR = "rectilinear"
    """Straight lines stay straight: pixels go with the tangent of the angle."""
    FISHEYE = "fisheye"
    """Equidistant: pixels go with the angle itself."""


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
        _finite(self.lon_deg, self.lat_deg, self.height_m, self.azimuth_deg, self.tilt_deg)
        _finite(self.position_error_m, self.azimuth_error_deg)
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
    """A lens on a sensor of `width_px` x `height_px` pixels.

    From half a circle on no lens is rectilinear: such a picture is a fisheye's or a stitched panorama, and is counted
    by its angle whatever `model` says.
    """

    hfov_deg: float
    width_px: int = 1920
    height_px: int = 1080
    range_m: float = 50.0
    ir_range_m: float | None = None
    model: LensModel = LensModel.RECTILINEAR
    vertical_deg: float | None = None
    """As the data sheet says; None: from the sensor's shape, with square pixels."""

    def __post_init__(self) -> None:
        _finite(self.hfov_deg, self.width_px, self.height_px, self.range_m, self.ir_range_m, self.vertical_deg)
        if not 0 < self.hfov_deg <= FULL_CIRCLE_DEG:
            raise OpticsError(f"hfov_deg must be in (0, 360]: {self.hfov_deg}")
        if self.width_px <= 0 or self.height_px <= 0:
            raise OpticsError(f"a sensor has pixels: {self.width_px} x {self.height_px}")
        if self.range_m <= 0 or (self.ir_range_m is not None and self.ir_range_m < 0):
            raise OpticsError(f"ranges are not negative: {self.range_m}, {self.ir_range_m}")
        if self.vertical_deg is not None and not 0 < self.vertical_deg <= HALF_CIRCLE_DEG:
            raise OpticsError(f"vertical_deg must be in (0, 180]: {self.vertical_deg}")

    @property
    def by_angle(self) -> bool:
        """True where pixels go with the angle and not with its tangent."""
        return self.model is LensModel.FISHEYE or self.hfov_deg >= HALF_CIRCLE_DEG

    @property
    def vfov_deg(self) -> float:
        """Vertical field of view: as given, or with square pixels.

        >>> round(Lens(hfov_deg=60, width_px=1920, height_px=1080).vfov_deg, 3)
        35.983
        >>> Lens(hfov_deg=160, width_px=1920, height_px=1080, model=LensModel.FISHEYE).vfov_deg
        90.0
        """
        if self.vertical_deg is not None:
            return self.vertical_deg
        if self.by_angle:
            return min(HALF_CIRCLE_DEG, self.hfov_deg * self.height_px / self.width_px)
        return degrees(2 * atan(tan(radians(self.hfov_deg / 2)) * self.height_px / self.width_px))

    @property
    def focal_px(self) -> float:
        """Focal length in pixels: pixels per unit of tangent, or per radian of a lens that goes by angle."""
        if self.by_angle:
            return self.width_px / radians(self.hfov_deg)
        return self.width_px / (2 * tan(radians(self.hfov_deg / 2)))


def _finite(*values: float | None) -> None:
    if not all(value is None or isfinite(value) for value in values):
        raise OpticsError(f"not a number of this world: {values}")


def hfov_from_focal(*, focal_mm: float, sensor_width_mm: float, model: LensModel = LensModel.RECTILINEAR) -> float:
    """Return the horizontal field of view in degrees; at most 360.

    >>> round(hfov_from_focal(focal_mm=4.0, sensor_width_mm=5.37), 1)
    67.7
    """
    if not (focal_mm > 0 and sensor_width_mm > 0 and isfinite(focal_mm) and isfinite(sensor_width_mm)):
        raise OpticsError(f"focal length and sensor width are positive: {focal_mm}, {sensor_width_mm}")
    if model is LensModel.FISHEYE:
        return min(FULL_CIRCLE_DEG, degrees(sensor_width_mm / focal_mm))
    return degrees(2 * atan(sensor_width_mm / (2 * focal_mm)))


def distance_m(lens: Lens, px_per_m: float) -> float:
    """Return how far away a flat target on the axis still has `px_per_m`; infinite where nothing is asked.

    >>> lens = Lens(hfov_deg=90, width_px=1920)
    >>> round(distance_m(lens, 25), 2), round(distance_m(lens, 250), 2)
    (38.4, 3.84)
    """
    return inf if px_per_m <= 0 else lens.focal_px / px_per_m


def density_px_per_m(mount: Mount, lens: Lens, distance_m: float, target_height_m: float = 0.0) -> float:
    """Return pixels a metre across a target on the axis, `distance_m` away and `target_height_m` above the ground.

    Rectilinear: by depth along the optical axis, because density is the same all over a plane before the lens. By
    angle: by the slant distance. Where height or tilt are not known, by the longest distance that they leave possible.
    0.0 for what lies behind the lens.
    """
    if distance_m < 0:
        raise OpticsError(f"a distance is not negative: {distance_m}")
    if mount.height_m is None:
        depth = distance_m
    elif lens.by_angle or mount.tilt_deg is None:
        depth = hypot(distance_m, mount.height_m - target_height_m)
    else:
        tilt = radians(mount.tilt_deg)
        depth = distance_m * cos(tilt) + (mount.height_m - target_height_m) * sin(tilt)
        if depth < 0:
            return 0.0
    return inf if depth == 0 else lens.focal_px / depth


def ground_limits_m(
    *, height_m: float, tilt_deg: float, vfov_deg: float, target_height_m: float = 0.0
) -> tuple[float, float]:
    """Return (near, far) distance on the plane at `target_height_m` that the lens takes in; far may be infinite.

    Nothing of the plane is in the picture where `near >= far`. A plane above the camera is the mirror image of one
    below it; a plane at the camera's very height is in the picture wherever the horizon is.

    >>> near, far = ground_limits_m(height_m=6, tilt_deg=25, vfov_deg=35.983)
    >>> round(near, 2), round(far, 1)
    (6.44, 48.8)
    """
    drop_m = height_m - target_height_m
    if drop_m < 0:
        drop_m, tilt_deg = -drop_m, -tilt_deg
    steepest, flattest = tilt_deg + vfov_deg / 2, tilt_deg - vfov_deg / 2
    if drop_m == 0:
        return (0.0, inf) if flattest <= 0 <= steepest else NOTHING
    near = 0.0 if steepest >= RIGHT_ANGLE_DEG else inf if steepest <= 0 else drop_m / tan(radians(steepest))
    far = inf if flattest <= 0 else 0.0 if flattest >= RIGHT_ANGLE_DEG else drop_m / tan(radians(flattest))
    return near, far


def reach_m(mount: Mount, lens: Lens, view: View) -> tuple[float, float]:
    """Return (near, far) distance in which the target plane is in the picture, in range and dense enough.

    (0.0, 0.0) where nothing is; else near < far. Radial: exact on the axis. Off the axis density is higher and the far
    edge farther than here, so far is cautious; the near edge of a rectilinear picture lies farther out than here.
    By night the range is the infrared's, and a camera without infrared shows nothing.
    """
    far = (lens.ir_range_m or 0.0) if view.night else lens.range_m
    far = min(far, _dense_m(mount, lens, view))
    near = 0.0
    if mount.height_m is not None and mount.tilt_deg is not None:
        near, farthest = ground_limits_m(
            height_m=mount.height_m,
            tilt_deg=mount.tilt_deg,
            vfov_deg=lens.vfov_deg,
            target_height_m=view.target_height_m,
        )
        far = min(far, farthest)
    return (near, far) if near < far else NOTHING


def _dense_m(mount: Mount, lens: Lens, view: View) -> float:
    """Return the distance up to which `density_px_per_m` is enough; negative where it never is."""
    if view.px_per_m <= 0:
        return inf
    depth = distance_m(lens, view.px_per_m)
    if mount.height_m is None:
        return depth
    drop_m = mount.height_m - view.target_height_m
    if lens.by_angle or mount.tilt_deg is None:
        return sqrt(depth**2 - drop_m**2) if depth > abs(drop_m) else -1.0
    tilt = radians(mount.tilt_deg)
    left = depth - drop_m * sin(tilt)
    if abs(mount.tilt_deg) == RIGHT_ANGLE_DEG:  # straight down: all of the plane is equally deep
        return inf if left >= 0 else -1.0
    return left / cos(tilt)
