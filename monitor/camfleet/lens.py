"""A pinhole camera on its pole: how points of the village fall on its picture.

Metres, x east, y north, z up, the pole's foot at the origin. Pixels: x right, y down. Angles in degrees, azimuth
clockwise from north, tilt downwards, roll clockwise as the camera looks. A turned camera keeps its centre, so that two
of its pictures differ by the homography K R2 R1^T K^-1 and by nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, radians, sin, tan

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NEAR_M = 0.25
MAX_HFOV_DEG = 120.0
"""A wider picture is drawn as one of this: no pinhole shows half a circle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Where a camera looks, and through which lens, on a picture of so many pixels."""

    azimuth_deg: float
    tilt_deg: float
    roll_deg: float
    height_m: float
    hfov_deg: float
    width_px: int
    height_px: int

    def turned(self, *, yaw_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> Aim:
        """Return the aim after somebody pushed the camera: clockwise from above, downwards, clockwise as it looks."""
        return replace(
            self,
            azimuth_deg=(self.azimuth_deg + yaw_deg) % 360.0,
            tilt_deg=self.tilt_deg + pitch_deg,
            roll_deg=self.roll_deg + roll_deg,
        )

    @property
    def focal_px(self) -> float:
        """Focal length; pixels are square."""
        return self.width_px / (2 * tan(radians(min(self.hfov_deg, MAX_HFOV_DEG) / 2)))

    @property
    def intrinsic(self) -> Floats:
        """K, 3 x 3: the axis meets the middle of the picture."""
        f = self.focal_px
        return np.array(((f, 0, (self.width_px - 1) / 2), (0, f, (self.height_px - 1) / 2), (0, 0, 1)))

    @property
    def rotation(self) -> Floats:
        """R, 3 x 3, from the village's axes to the camera's: rows are its right, down and forward."""
        a, t, r = radians(self.azimuth_deg), radians(self.tilt_deg), radians(self.roll_deg)
        forward = np.array((sin(a) * cos(t), cos(a) * cos(t), -sin(t)))
        right = np.array((cos(a), -sin(a), 0.0))
        down = np.cross(forward, right)
        return np.stack((cos(r) * right + sin(r) * down, cos(r) * down - sin(r) * right, forward))


def homography(before: Aim, after: Aim) -> Floats:
    """Return the 3 x 3 map from pixels of `before` to pixels of `after`, both at one place."""
    turn = after.rotation @ before.rotation.T
    return np.asarray(after.intrinsic @ turn @ np.linalg.inv(before.intrinsic))


@dataclass(frozen=True, slots=True)
class Projector:
    """An aim with its matrices worked out, for many projections."""

    aim: Aim
    matrix: Floats
    """K R, 3 x 3."""

    @classmethod
    def of(cls, aim: Aim) -> Projector:
        """Work the matrices out."""
        return cls(aim, np.asarray(aim.intrinsic @ aim.rotation))

    def plane(self, origin: Floats, along_u: Floats, along_v: Floats) -> Floats:
        """Return the homography of a plane: (u, v, 1) in metres from `origin` to homogeneous pixels."""
        return np.asarray(self.matrix @ np.stack((along_u, along_v, self._from_centre(origin)), axis=1))

    def polygon(self, corners: Floats) -> Floats | None:
        """Return what the picture shows of a convex polygon (n x 3 metres) as pixels (m x 2); None: nothing of it."""
        points = self._from_centre(corners) @ self.matrix.T
        width, height = self.aim.width_px, self.aim.height_px
        # Homogeneous, so a side of the picture is a plane through the centre; a margin keeps edges outside the picture.
        for plane in ((0, 0, 1, -NEAR_M), (1, 0, 4, 0), (-1, 0, width + 4, 0), (0, 1, 4, 0), (0, -1, height + 4, 0)):
            points = _clip(points, plane)
            if len(points) < 3:
                return None
        return np.asarray(points[:, :2] / points[:, 2:])

    def points(self, places: Floats) -> Floats:
        """Return pixels (n x 2) of places (n x 3 metres); NaN for what lies behind."""
        out = self._from_centre(places) @ self.matrix.T
        depth = np.where(out[:, 2:] > NEAR_M, out[:, 2:], np.nan)
        return np.asarray(out[:, :2] / depth)

    def _from_centre(self, places: Floats) -> Floats:
        return np.asarray(places - np.array((0.0, 0.0, self.aim.height_m)))


def _clip(points: Floats, plane: tuple[float, float, float, float]) -> Floats:
    """Cut a convex polygon (n x 3) by a half-space a x + b y + c z + d >= 0."""
    side = points @ np.array(plane[:3]) + plane[3]
    if (side >= 0).all():
        return points
    kept = []
    for i in range(len(points)):
        j = (i + 1) % len(points)
        if side[i] >= 0:
            kept.append(points[i])
        if (side[i] >= 0) != (side[j] >= 0):
            kept.append(points[i] + (points[j] - points[i]) * (side[i] / (side[i] - side[j])))
    return np.array(kept).reshape(-1, 3)
