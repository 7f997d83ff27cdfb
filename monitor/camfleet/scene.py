"""A camera's picture at an instant: its still view under the light, the weather and the wind of that moment.

What moves is weather: clouds and their shadow, the shadows of houses, leaves, cloth on the line, birds and moths.
Nobody is in it, ever. The same instant gives the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import hypot, sin

import cv2
import numpy as np

from camfleet.lens import Aim, Projector
from camfleet.texture import Image
from camfleet.view import DISTANCES, View, rays
from camfleet.village import Matter, Village
from camfleet.weather import Light, Weather, cloud_curve, clouds, drops, flakes, noise, veil, visibility_m

_LIT = 128
"""The byte that means "as bright as full daylight" in a map of light."""
_QUARTER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When, under which light, and how the sensor looks: `infrared_m` is the reach of its own lamps, None: colour."""

    at_ms: int
    light: Light
    weather: Weather
    infrared_m: float | None
    grey: bool = False
    """True where the filter of the night stays in by day."""
    dice: int
    """Seed of what is different each time: noise, drops, birds."""


def compose(view: View, moment: Moment) -> Image:
    """Return the optical picture, H x W x 3 BGR, without anything burnt in."""
    dice = np.random.default_rng(moment.dice)
    image = view.albedo
    _rock(image, view, moment)
    _cloth(image, view, moment)
    light = _light_map(view, moment)
    image = np.asarray(cv2.multiply(image, cv2.merge((light, light, light)), scale=1 / _LIT), np.uint8)
    if moment.weather.snow:
        white = cv2.addWeighted(image, 0.35, np.full_like(image, 225), 0.6 * moment.light.ambient, 0)
        flat = cv2.LUT(view.matter, _table({Matter.GROUND: 255, Matter.ROOF_0: 255, Matter.ROOF_2: 255}))
        cv2.copyTo(white, flat, image)
    _sky(image, view, moment)
    _creatures(image, dice, moment)
    if moment.weather.fog or moment.weather.rain or moment.weather.snow:
        image = _veiled(image, view, moment)
        image = _falling(image, dice, moment)
    if moment.infrared_m is not None or moment.grey:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        image = np.asarray(cv2.merge((grey, grey, grey)), np.uint8)
    return _noisy(image, dice, moment)


def _table(of: dict[Matter, int]) -> Image:
    out = np.zeros(256, np.uint8)
    for matter, value in of.items():
        out[matter] = value
    return out


def _where(view: View, matter: Matter) -> Image:
    """Return 255 where a view shows that matter."""
    return np.asarray(cv2.LUT(view.matter, _table({matter: 255})), np.uint8)


def _facing(village: Village) -> dict[Matter, tuple[float, float, float]]:
    """Return which way each matter looks (unit vectors)."""
    a = np.radians(village.heading_deg)
    along, left = np.array((np.sin(a), np.cos(a), 0.0)), np.array((-np.cos(a), np.sin(a), 0.0))
    out: dict[Matter, tuple[float, float, float]] = {Matter.GROUND: (0.0, 0.0, 1.0)}
    for i, way in enumerate((-left, along, left, -along)):
        slope = way * 0.42 + (0, 0, 0.9)
        out[Matter(Matter.WALL_0 + i)] = (float(way[0]), float(way[1]), 0.0)
        out[Matter(Matter.ROOF_0 + i)] = (float(slope[0]), float(slope[1]), float(slope[2]))
    return out


def _light_map(view: View, moment: Moment) -> Image:
    """Return how bright each pixel is lit, `_LIT` for 1.0: H x W."""
    light = moment.light
    direct = light.direct * (0.88 + 0.12 * sin(moment.at_ms / 47_000))
    levels = np.full(256, light.ambient + 0.45 * direct, np.float64)
    for matter, normal in _facing(view.village).items():
        levels[matter] = light.ambient + direct * max(0.0, float(np.dot(normal, light.sun.direction)))
    if moment.weather.rain:
        levels[Matter.GROUND] *= 1 - 0.3 * moment.weather.rain
    out = np.asarray(cv2.LUT(view.matter, np.clip(levels * _LIT, 0, 255).astype(np.uint8)), np.uint8)
    ground = _where(view, Matter.GROUND)
    fall = direct * max(0.0, light.sun.direction[2])
    if fall > 0.02:
        shadow = cv2.resize(_shadow(view, moment), (view.aim.width_px, view.aim.height_px))
        cv2.subtract(out, cv2.convertScaleAbs(shadow, alpha=fall * _LIT / 255), dst=out, mask=ground)
    if light.day < 0.6:
        out = _by_night(out, view, moment)
    return out


def _by_night(lit: Image, view: View, moment: Moment) -> Image:
    """Add what shines at night: the camera's own infrared, or the street's lamps."""
    size = (view.aim.width_px, view.aim.height_px)
    if moment.infrared_m is None:
        pools = cv2.resize(_pools(view), size)
        return np.asarray(cv2.add(lit, cv2.convertScaleAbs(pools, alpha=(0.6 - moment.light.day) * 0.8)), np.uint8)
    reach = moment.infrared_m * 0.5
    own = 1.25 / (1 + (DISTANCES / reach) ** 1.8) + 0.10
    glow = cv2.LUT(view.distance, np.clip(own * _LIT, 0, 255).astype(np.uint8))
    full = cv2.resize(glow, size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.multiply(full, _vignette(*size[::-1]), scale=1 / 255), np.uint8)


@lru_cache(maxsize=4)
def _vignette(height: int, width: int) -> Image:
    x, y = np.linspace(-1, 1, width)[None, :], np.linspace(-1, 1, height)[:, None]
    return np.asarray(255 * np.clip(1.05 - 0.45 * (x * x + y * y), 0.3, 1.0), np.uint8)


def _quarter(aim: Aim) -> tuple[int, int]:
    return max(1, aim.height_px // _QUARTER), max(1, aim.width_px // _QUARTER)


def _shadow(view: View, moment: Moment) -> Image:
    """Return where the sun does not reach the ground, 255 in full shadow, at a quarter of the size."""
    height, width = _quarter(view.aim)
    out = np.zeros((height, width), np.uint8)
    east, north, up = moment.light.sun.direction
    projector = Projector.of(view.aim)
    for block in view.village.blocks:
        reach = min(60.0, block.height_m / max(up, 0.05)), min(60.0, block.base_m / max(up, 0.05))
        away = np.array((-east, -north))
        points = np.concatenate((block.footprint + away * reach[0], block.footprint + away * reach[1]))
        if min(hypot(*p) for p in points) > 55:
            continue
        hull = cv2.convexHull(points.astype(np.float32))[:, 0, :].astype(float)
        seen = projector.polygon(np.column_stack((hull, np.zeros(len(hull)))))
        if seen is not None:
            depth = 255 if block.base_m == 0 else 190
            cv2.fillConvexPoly(out, np.round(seen * (16 / _QUARTER)).astype(np.int32), depth, shift=4)
    drift = _drift(moment) / 8
    cover = _plane_of(view.aim, clouds(), height_m=0.0, px_m=0.8, drift=drift, of=(height, width))
    return np.asarray(cv2.max(cv2.blur(out, (3, 3)), cv2.LUT(cover, cloud_curve(moment.weather.cloud))), np.uint8)


def _pools(view: View) -> Image:
    """Return the light of the street lamps on the ground, at a quarter of the size."""
    height, width = _quarter(view.aim)
    out = np.zeros((height, width), np.uint8)
    projector = Projector.of(view.aim)
    ring = np.linspace(0, 2 * np.pi, 17)[:-1]
    for radius, level in ((11.0, 70), (7.0, 130), (4.0, 210)):
        for lamp in view.village.lamps:
            circle = np.column_stack((lamp[0] + radius * np.cos(ring), lamp[1] + radius * np.sin(ring), np.zeros(16)))
            seen = projector.polygon(circle)
            if seen is not None:
                cv2.fillConvexPoly(out, np.round(seen * (16 / _QUARTER)).astype(np.int32), level, shift=4)
    return np.asarray(cv2.blur(out, (9, 9)), np.uint8)


def _drift(moment: Moment) -> float:
    """Return how far the clouds have gone, in metres, within a day."""
    return (moment.at_ms % 86_400_000) / 1000 * (3.0 + 6.0 * moment.weather.wind)


def _plane_of(aim: Aim, cloth: Image, *, height_m: float, px_m: float, drift: float, of: tuple[int, int]) -> Image:
    """Return a level cloth at `height_m` as the camera sees it, shrunk to `of`; it repeats without end."""
    side = cloth.shape[1]
    origin = np.array((-drift % (side / px_m) - 4 * side / px_m, 0.0, height_m))
    plane = Projector.of(aim).plane(origin, np.array((1.0, 0, 0)), np.array((0, 1.0, 0)))
    shrink = np.diag((1 / _QUARTER, 1 / _QUARTER, 1.0))
    matrix = shrink @ plane @ np.diag((1 / px_m, 1 / px_m, 1.0))
    return np.asarray(cv2.warpPerspective(cloth, matrix, of[::-1], borderMode=cv2.BORDER_WRAP), np.uint8)


def _sky(image: Image, view: View, moment: Moment) -> None:
    """Fill what is above everything."""
    above = _where(view, Matter.SKY)
    rows = np.flatnonzero(above.any(axis=1))
    if not len(rows):
        return
    low = int(rows[-1]) + 1
    of = _quarter(view.aim)
    of = (max(2, -(-low // _QUARTER)), of[1])
    up = np.clip(rays(view.aim, _QUARTER)[: of[0], : of[1]], 0, 0.6)[..., None] / 0.6
    light, infrared = moment.light, moment.infrared_m is not None
    near, high = (np.array(c, np.float32) * (0.35 if infrared else 1.0) for c in (light.sky_low, light.sky_high))
    sky = near + (high - near) * np.sqrt(up)
    cover = _plane_of(view.aim, clouds(), height_m=700.0, px_m=0.12, drift=_drift(moment), of=of)
    thick = cv2.LUT(cover, cloud_curve(moment.weather.cloud)).astype(np.float32)[..., None] / 255
    thick = thick * np.minimum(1.0, up * 5)
    bright = np.array((246, 246, 246), np.float32) * max(0.14, light.day) * (0.35 if infrared else 1.0)
    sky += (bright * (1 - 0.25 * moment.weather.cloud) - sky) * thick * 0.85
    full = cv2.resize(sky.astype(np.uint8), (view.aim.width_px, of[0] * _QUARTER))[:low]
    cv2.copyTo(full, above[:low], image[:low])


def _rock(image: Image, view: View, moment: Moment) -> None:
    """Let the wind move the leaves: the near crowns more than the far ones."""
    leaves = _where(view, Matter.LEAVES)
    x, y, w, h = cv2.boundingRect(leaves)
    if w < 8 or h < 8:
        return
    there, cut = leaves[y : y + h, x : x + w], image[y : y + h, x : x + w]
    seconds = moment.at_ms / 1000
    sway = 0.05 * view.aim.focal_px / 9 * (0.4 + moment.weather.wind)
    for k in range(3):
        # Bands of crowns that swing in their own time.
        phase = seconds * (0.9 + 0.23 * k) + 2.1 * k
        dx, dy = sway * (sin(phase) + 0.5 * sin(2.3 * phase)), 0.4 * sway * sin(1.7 * phase)
        band = slice(w * k // 3, w * (k + 1) // 3)
        if not there[:, band].any():
            continue
        shift = np.array(((1, 0, dx), (0, 1, dy)))
        size = (there[:, band].shape[1], h)
        moved = cv2.warpAffine(cut[:, band], shift, size, borderMode=cv2.BORDER_REPLICATE)
        mask = cv2.warpAffine(np.ascontiguousarray(there[:, band]), shift, size, flags=cv2.INTER_NEAREST)
        cv2.copyTo(moved, mask, cut[:, band])


def _cloth(image: Image, view: View, moment: Moment) -> None:
    """Hang cloth in the wind."""
    projector, seconds = Projector.of(view.aim), moment.at_ms / 1000
    for k, (x, y, z) in enumerate(view.village.flags):
        side = np.array((y, -x, 0.0)) / hypot(x, y)
        u = np.linspace(0, 1, 9)
        wave = 0.22 * np.sin(u * 5 - seconds * 4 - k) * u * (0.5 + moment.weather.wind)
        upper = np.array((x, y, z)) + side * u[:, None] * 1.5 + np.array((0, 0, 1.0)) * wave[:, None]
        lower = upper - (0, 0, 0.9)
        pole = projector.points(np.array(((x, y, 0.0), (x, y, z + 0.3))))
        ends = projector.points(np.concatenate((upper, lower[::-1])))
        if not np.isfinite(ends).all() or np.abs(ends).max() > 9000 or not np.isfinite(pole).all():
            continue
        (ax, ay), (bx, by) = pole.round().astype(int).tolist()
        cv2.line(image, (ax, ay), (bx, by), (150, 150, 150), max(1, round(view.aim.focal_px / 300)))
        colour = ((48, 46, 200), (180, 120, 60), (210, 212, 214), (60, 150, 200))[k % 4]
        cv2.fillPoly(image, [np.round(ends * 16).astype(np.int32)], colour, cv2.LINE_8, 4)


def _creatures(image: Image, dice: np.random.Generator, moment: Moment) -> None:
    """Swallows by day; by night moths, which every infrared lamp draws."""
    height, width = image.shape[:2]
    unit = height / 720
    if moment.light.day > 0.5:
        for x, y, size, lean in dice.uniform((0, 0, 9, -0.4), (width, height * 0.5, 20, 0.4), (3, 4)):
            wing = np.array(((-1, -0.5), (-0.4, -0.1), (0, 0.15), (0.4, -0.1), (1, -0.5), (0, -0.25)))
            points = wing * size * unit + (x, y + lean * size)
            cv2.fillPoly(image, [points.astype(np.int32)], (46, 42, 40))
        return
    for x, y, size in dice.uniform((0, 0, 3), (width, height, 9), (4, 3)):
        centre, axes = (int(x), int(y)), (max(1, round(size * unit * 1.6)), max(1, round(size * unit)))
        cv2.ellipse(image, centre, axes, float(x % 180), 0, 360, (228, 230, 230), -1, cv2.LINE_AA)


def _veiled(image: Image, view: View, moment: Moment) -> Image:
    weather, light = moment.weather, moment.light
    thick = max(weather.fog, 0.22 * weather.rain, 0.42 * weather.snow)
    left = veil(np.concatenate((DISTANCES[:255], [1500.0])), thick)
    level = 0.30 if moment.infrared_m is not None else max(0.25, light.day)
    colour = np.array((212, 212, 210)) * level
    size = (view.aim.width_px, view.aim.height_px)
    away = cv2.resize(view.distance, size, interpolation=cv2.INTER_NEAREST)
    kept = cv2.LUT(away, np.asarray(left * 255, np.uint8))
    added = [cv2.LUT(away, np.asarray((1 - left) * c, np.uint8)) for c in colour]
    dimmed = cv2.multiply(image, cv2.merge((kept, kept, kept)), scale=1 / 255)
    out = cv2.add(dimmed, cv2.merge(added))
    if weather.fog and visibility_m(weather.fog) < 200:
        out = cv2.blur(out, (3, 3))
    return np.asarray(out, np.uint8)


def _falling(image: Image, dice: np.random.Generator, moment: Moment) -> Image:
    height, width = image.shape[:2]
    weather = moment.weather
    if weather.rain:
        layer = drops(dice, height, width, weather.rain)
    elif weather.snow:
        layer = flakes(dice, height, width, weather.snow)
    else:
        return image
    layer = np.asarray(cv2.convertScaleAbs(layer, alpha=0.35 + 0.5 * moment.light.day), np.uint8)
    return np.asarray(cv2.add(image, cv2.merge((layer, layer, layer))), np.uint8)


def _noisy(image: Image, dice: np.random.Generator, moment: Moment) -> Image:
    height, width = image.shape[:2]
    sigma = (3.6 if moment.infrared_m is not None else 6.0) + (1.5 - 4.5) * moment.light.day
    x, y = (int(v) for v in dice.integers(0, 64, 2))
    grain = noise(height, width)[y : y + height, x : x + width]
    if moment.infrared_m is not None or moment.grey:
        plane = np.ascontiguousarray(grain[..., 0])
        grain = np.asarray(cv2.merge((plane, plane, plane)), np.uint8)
    scale = max(1.0, sigma) / 32
    return np.asarray(cv2.addWeighted(image, 1.0, grain, scale, -128 * scale), np.uint8)
