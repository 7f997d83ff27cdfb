"""What one aim sees of its village before there is light: colours, matter and distance of each pixel.

A true pinhole projection: every surface is warped by its own homography, so a turned camera shows exactly the picture
of that rotation. Kept compressed, because a township of cameras has more pixels than memory.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, log2

import cv2
import numpy as np
from numpy.typing import NDArray

from camfleet.ground import RINGS, ground
from camfleet.lens import Aim, Floats, Projector
from camfleet.texture import TILE_PX_M, Image
from camfleet.village import Matter, Surface, Village, village

FAR_M = 400.0
_STEPS = 255 / np.log(FAR_M)


def code_of(distance_m: Floats) -> Image:
    """Return distances as bytes, on a logarithmic scale up to `FAR_M`; 255 is the sky."""
    return np.asarray(np.clip(np.log(np.maximum(distance_m, 1.0)) * _STEPS, 0, 254), np.uint8)


DISTANCES: Floats = np.exp(np.arange(256) / _STEPS)
"""Metres for each code."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """One aim's still world. `albedo` H x W x 3 BGR; `matter` H x W; `distance` H/2 x W/2 codes."""

    aim: Aim
    village: Village
    albedo: Image
    matter: Image
    distance: Image


def draw(around: Village, aim: Aim) -> View:
    """Draw what an aim sees: some 100 ms for 1280 x 720."""
    projector = Projector.of(aim)
    size = (aim.height_px, aim.width_px)
    canvas = _Canvas(projector, np.empty((*size, 3), np.uint8), np.zeros(size, np.uint8), np.full(size, 255, np.uint8))
    canvas.lay_ground(around)
    for surface in around.surfaces:
        canvas.put(surface)
    canvas.string(around)
    # What a good lens blurs; it also hides the staircases of the edges.
    albedo = cv2.GaussianBlur(canvas.albedo, (0, 0), 0.6)
    half = canvas.distance[::2, ::2].copy()
    return View(aim=aim, village=around, albedo=np.asarray(albedo, np.uint8), matter=canvas.matter, distance=half)


@dataclass(slots=True)
class _Canvas:
    projector: Projector
    albedo: Image
    matter: Image
    distance: Image

    def lay_ground(self, around: Village) -> None:
        """Fill everything under the horizon, ring by ring; what is above stays sky."""
        aim, canvas = self.projector.aim, self.albedo
        self.albedo[:] = (200, 160, 120)
        away = _ground_distance(aim)
        east, south = np.array((1.0, 0, 0)), np.array((0, -1.0, 0))
        reached = np.zeros(away.shape, np.uint8)
        for ring in (2, 1, 0):
            half, px_m = RINGS[ring]
            inside = ((away < half) if ring < 2 else np.isfinite(away)).astype(np.uint8)
            if not inside.any():
                continue
            rows = np.flatnonzero(inside.any(axis=1))
            top, low = int(rows[0]), int(rows[-1]) + 1
            plane = self.projector.plane(np.array((-half, half, 0.0)), east, south)
            plane = np.array(((1, 0, 0), (0, 1, -top), (0, 0, 1.0))) @ plane @ np.diag((1 / px_m, 1 / px_m, 1.0))
            image = cv2.warpPerspective(
                ground(around, ring),
                plane,
                (aim.width_px, low - top),
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REFLECT_101,
            )
            cv2.copyTo(image, inside[top:low], canvas[top:low])
            reached |= inside
        self.matter[reached > 0] = Matter.GROUND
        self.distance[reached > 0] = code_of(np.where(np.isfinite(away), away, FAR_M))[reached > 0]

    def put(self, surface: Surface) -> None:
        """Paint one surface over what is there."""
        aim = self.projector.aim
        centre = np.array((0.0, 0.0, aim.height_m))
        if surface.normal is not None and (centre - surface.corners[0]) @ surface.normal <= 0:
            return
        seen = self.projector.polygon(surface.outline)
        if seen is None:
            return
        x0, y0 = max(0, floor(seen[:, 0].min())), max(0, floor(seen[:, 1].min()))
        x1, y1 = min(aim.width_px, ceil(seen[:, 0].max()) + 1), min(aim.height_px, ceil(seen[:, 1].max()) + 1)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        away = float(np.linalg.norm(surface.corners.mean(axis=0) - centre))
        px_m = scale_of(aim.focal_px / max(1.0, min(away, surface.rank)))
        painted = _painted(surface, px_m)
        image, there = painted if isinstance(painted, tuple) else (painted, None)
        u, v = (_unit(surface.corners[i] - surface.corners[0]) for i in (1, 3))
        plane = self.projector.plane(surface.corners[0], u, v) @ np.diag((1 / px_m, 1 / px_m, 1.0))
        plane = np.array(((1, 0, -x0), (0, 1, -y0), (0, 0, 1.0))) @ plane
        size = (x1 - x0, y1 - y0)
        mask = np.zeros((size[1], size[0]), np.uint8)
        cv2.fillConvexPoly(mask, np.round((seen - (x0, y0)) * 16).astype(np.int32), 255, shift=4)
        if there is not None:
            mask &= cv2.threshold(cv2.warpPerspective(there, plane, size), 127, 255, cv2.THRESH_BINARY)[1]
        piece = cv2.warpPerspective(image, plane, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cv2.copyTo(piece, mask, self.albedo[y0:y1, x0:x1])
        self.matter[y0:y1, x0:x1][mask > 0] = surface.matter
        self.distance[y0:y1, x0:x1][mask > 0] = int(code_of(np.array(away)))

    def string(self, around: Village) -> None:
        """Put up masts and wires; they are thin enough to need no order."""
        focal = self.projector.aim.focal_px
        for x, y, tall in around.masts:
            ends = self.projector.points(np.array(((x, y, 0.0), (x, y, tall))))
            if np.isfinite(ends).all() and np.abs(ends).max() < 20_000:
                wide = max(1, round(0.26 * focal / max(4.0, float(np.hypot(x, y)))))
                (ax, ay), (bx, by) = ends.round().astype(int).tolist()
                cv2.line(self.albedo, (ax, ay), (bx, by), (128, 134, 138), wide)
                cv2.line(self.matter, (ax, ay), (bx, by), int(Matter.CLOTH), wide)
        for wire in around.wires:
            ends = self.projector.points(wire)
            if np.isfinite(ends).all() and np.abs(ends).max() < 20_000:
                line = np.round(ends * 16).astype(np.int32)
                for image, colour in ((self.albedo, (52, 50, 48)), (self.matter, int(Matter.CLOTH))):
                    cv2.polylines(image, [line], isClosed=False, color=colour, thickness=1, shift=4)


def scale_of(px_m: float) -> float:
    """Return the scale at which a surface is painted: the next halving of the tiles' own; never by the aim's turn."""
    return float(TILE_PX_M / 2 ** min(5, max(0, round(log2(TILE_PX_M / max(px_m, 1.0))))))


@lru_cache(maxsize=12)
def _painted(surface: Surface, px_m: float) -> Image | tuple[Image, Image]:
    """Paint a surface; a pole's cameras ask for the same ones one after the other."""
    return surface.painter(np.random.default_rng(surface.seed), surface.width_m, surface.height_m, px_m)


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector))


def rays(aim: Aim, step: int = 1) -> NDArray[np.float32]:
    """Return the upward share of each pixel's ray (not of unit length), and by this its horizon: H x W."""
    inverse = aim.rotation.T @ np.linalg.inv(aim.intrinsic)
    x, y = np.arange(0, aim.width_px, step, dtype=np.float32), np.arange(0, aim.height_px, step, dtype=np.float32)
    up = inverse[2]
    return np.asarray(up[0] * x[None, :] + up[1] * y[:, None] + up[2], np.float32)


def _ground_distance(aim: Aim) -> NDArray[np.float32]:
    """Return how far away the ground is at each pixel, along the ray; infinite above the horizon."""
    x = (np.arange(aim.width_px, dtype=np.float32) - (aim.width_px - 1) / 2) / aim.focal_px
    y = (np.arange(aim.height_px, dtype=np.float32) - (aim.height_px - 1) / 2) / aim.focal_px
    length = np.sqrt(1 + x[None, :] ** 2 + y[:, None] ** 2)
    up = rays(aim)
    with np.errstate(divide="ignore"):
        away = np.where(up < -1e-3, aim.height_m * length / -up, np.inf)
    return np.asarray(away, np.float32)


Packed = tuple[bytes, bytes, bytes]
"""Colours, matter and distance of a view, compressed."""


def drawn(seed: int, aim: Aim) -> Packed:
    """Return a view as it is kept."""
    return _packed(draw(village(seed), aim))


class Views:
    """Views by village and aim, compressed; the least used go first beyond `limit_bytes`. Safe between threads."""

    def __init__(self, limit_bytes: int = 150 << 20) -> None:
        self._limit = limit_bytes
        self._kept: OrderedDict[tuple[int, Aim], Packed] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def of(self, seed: int, aim: Aim) -> View:
        """Return a view, drawn now where it is not kept."""
        with self._lock:
            kept = self._kept.get((seed, aim))
            if kept is not None:
                self._kept.move_to_end((seed, aim))
        if kept is None:
            kept = drawn(seed, aim)
            self.keep((seed, aim), kept)
        albedo, matter, distance = (cv2.imdecode(np.frombuffer(b, np.uint8), cv2.IMREAD_UNCHANGED) for b in kept)
        return View(
            aim=aim,
            village=village(seed),
            albedo=np.asarray(albedo, np.uint8),
            matter=np.asarray(matter, np.uint8),
            distance=np.asarray(distance, np.uint8),
        )

    @property
    def keys(self) -> frozenset[tuple[int, Aim]]:
        """What is kept."""
        with self._lock:
            return frozenset(self._kept)

    def keep(self, key: tuple[int, Aim], view: Packed) -> None:
        """Keep a view that was drawn."""
        with self._lock:
            self._bytes += sum(map(len, view)) - sum(map(len, self._kept.get(key, ())))
            self._kept[key] = view
            while self._bytes > self._limit and len(self._kept) > 1:
                self._bytes -= sum(map(len, self._kept.popitem(last=False)[1]))


def _packed(view: View) -> Packed:
    flat, fine = (".png", [cv2.IMWRITE_PNG_COMPRESSION, 1]), (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 94])
    albedo, matter, distance = (
        cv2.imencode(kind, image, how)[1].tobytes()
        for image, (kind, how) in ((view.albedo, fine), (view.matter, flat), (view.distance, flat))
    )
    return albedo, matter, distance


VIEWS = Views()
