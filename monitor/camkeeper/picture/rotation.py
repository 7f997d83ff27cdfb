"""Rotations of a camera about its own centre: bearings, angles, and the rotation that most matches agree on. Pure.

Camera axes: x to the right, y down, z the way it looks. A camera's rotation Q has the new axes as columns, in the old
axes: what lay at bearing b is seen at Q.T @ b afterwards. Pinhole with square pixels, its axis in the middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

TRIALS: Final = 400
"""Pairs drawn: with a fifth of the matches right, the chance never to draw two right ones is 1e-7."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Angles:
    """`Turn`'s angles: yaw clockwise from above, pitch downwards, roll clockwise as the camera looks. Degrees."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


def focal_px(width_px: float, hfov_deg: float) -> float:
    """Return the focal length in pixels; raise ValueError for what is no field of view of a pinhole."""
    if not 0.0 < hfov_deg < 180.0:
        raise ValueError(f"a pinhole has no field of view of {hfov_deg} degrees")
    return float(width_px / 2.0 / np.tan(np.radians(hfov_deg) / 2.0))


def bearings(points: NDArray[np.float64], *, width_px: int, height_px: int, hfov_deg: float) -> Matrix:
    """Return unit vectors (n, 3) of pixel positions (n, 2), x then y, (0, 0) the middle of the first pixel."""
    focal = focal_px(width_px, hfov_deg)
    rays = np.empty((len(points), 3))
    rays[:, 0] = points[:, 0] - (width_px - 1) / 2.0
    rays[:, 1] = points[:, 1] - (height_px - 1) / 2.0
    rays[:, 2] = focal
    unit: Matrix = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    return unit


def camera_matrix(*, width_px: int, height_px: int, hfov_deg: float) -> Matrix:
    """Return K (3, 3): from a direction in camera axes to pixels."""
    focal = focal_px(width_px, hfov_deg)
    return np.array([[focal, 0, (width_px - 1) / 2.0], [0, focal, (height_px - 1) / 2.0], [0, 0, 1.0]])


def rotation_of(angles: Angles, *, tilt_deg: float = 0.0) -> Matrix:
    """Return Q of a camera that looked `tilt_deg` downwards and was turned, with the yaw about the plumb line."""
    before = _pitch(tilt_deg)
    after = _yaw(angles.yaw_deg) @ _pitch(tilt_deg + angles.pitch_deg) @ _roll(angles.roll_deg)
    turned: Matrix = before.T @ after
    return turned


def angles_of(rotation: Matrix, *, tilt_deg: float = 0.0) -> Angles:
    """Return the angles of Q: the inverse of `rotation_of`."""
    level = _pitch(tilt_deg) @ rotation
    return Angles(
        yaw_deg=float(np.degrees(np.arctan2(level[0, 2], level[2, 2]))),
        pitch_deg=float(np.degrees(np.arcsin(np.clip(level[1, 2], -1.0, 1.0)))) - tilt_deg,
        roll_deg=float(np.degrees(np.arctan2(level[1, 0], level[1, 1]))),
    )


def homography(rotation: Matrix, *, width_px: int, height_px: int, hfov_deg: float) -> Matrix:
    """Return H (3, 3): from pixels before the rotation to pixels after it."""
    matrix = camera_matrix(width_px=width_px, height_px=height_px, hfov_deg=hfov_deg)
    moved: Matrix = matrix @ rotation.T @ np.linalg.inv(matrix)
    return moved


def rotation_from_vector(vector: NDArray[np.float64]) -> Matrix:
    """Return the rotation by |vector| radians about it (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned: Matrix = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    return turned


def angle_between_deg(first: Matrix, second: Matrix) -> float:
    """Return by how many degrees two rotations differ, whatever the axis."""
    cosine = (float(np.trace(first.T @ second)) - 1.0) / 2.0
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def between(first: Matrix, second: Matrix) -> Matrix:
    """Return the rotation half-way between two that are near each other."""
    left, _, right = np.linalg.svd(first + second)
    middle: Matrix = left @ right
    return middle


def solve(before: Matrix, now: Matrix, weights: NDArray[np.float64] | None = None) -> Matrix:
    """Return the Q that brings the bearings `now` best onto `before` (least squares; Kabsch 1976)."""
    weighted = now if weights is None else now * weights[:, None]
    left, _, right = np.linalg.svd(before.T @ weighted)
    handed = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    turned: Matrix = left @ handed @ right
    return turned


def hypotheses(before: Matrix, now: Matrix, *, trials: int = TRIALS, seed: int = 0) -> Matrix:
    """Return rotations (m, 3, 3), each from two matches drawn at random; fewer where two were the same direction."""
    count = len(before)
    rng = np.random.default_rng(seed)
    first = rng.integers(0, count, trials)
    second = (first + rng.integers(1, count, trials)) % count
    usable = np.linalg.norm(np.cross(before[first], before[second]), axis=1) > 1e-2
    usable &= np.linalg.norm(np.cross(now[first], now[second]), axis=1) > 1e-2
    first, second = first[usable], second[usable]
    frame_before = _frames(before[first], before[second])
    frame_now = _frames(now[first], now[second])
    turned: Matrix = frame_before @ np.swapaxes(frame_now, 1, 2)
    return turned


def misses(rotations: Matrix, before: Matrix, now: Matrix) -> Matrix:
    """Return by how many radians (m, n) each of n matches misses under each of m rotations (chord of the angle)."""
    carried = np.einsum("mij,nj->mni", rotations, now)
    missed: Matrix = np.linalg.norm(carried - before[None], axis=2)
    return missed


def _frames(first: Matrix, second: Matrix) -> Matrix:
    """Return right-handed frames (m, 3, 3) as columns: towards the middle of two bearings, and across them."""
    middle = first + second
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    across = np.cross(first, second)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    return np.stack([middle, across, np.cross(middle, across)], axis=2)


def _yaw(degrees: float) -> Matrix:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _pitch(degrees: float) -> Matrix:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1, 0, 0], [0, c, s], [0, -s, c]])


def _roll(degrees: float) -> Matrix:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
