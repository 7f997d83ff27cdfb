"""What the sky does: light by the sun's height, clouds, fog, rain, snow. Colours are BGR; 1.0 is full daylight."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, log, sin

import cv2
import numpy as np

from camfleet.lens import Floats
from camfleet.sun import Sun
from camfleet.texture import Colour, Image

NIGHT_BELOW_DEG = -4.0
"""Infrared lamps go on when the sun stands lower: civil dusk is nearly over, street lamps are on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Each from 0 (none) to 1 (as much as there ever is); `wind` rocks leaves and cloth."""

    cloud: float = 0.3
    fog: float = 0.0
    rain: float = 0.0
    snow: float = 0.0
    wind: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """What falls on the village. `ambient` from all sides, `direct` from the sun, already exposed by the camera."""

    sun: Sun
    ambient: float
    direct: float
    sky_low: Colour
    sky_high: Colour
    day: float
    """0 at night, 1 by day."""


def usual(at_ms: int, *, lon_deg: float, lat_deg: float) -> Weather:
    """Return the weather of an ordinary day: some clouds, some wind, changing over hours, alike all over a township."""
    hours = at_ms / 3_600_000
    place = round(lon_deg * 4) + round(lat_deg * 4) * 0.7
    cloud = 0.36 + 0.24 * sin(hours / 5.3 + place) + 0.16 * sin(hours / 1.9 + 2 * place)
    return Weather(cloud=min(0.9, max(0.05, cloud)), wind=0.5 + 0.3 * sin(hours / 2.7 + place))


def light_of(sun: Sun, weather: Weather) -> Light:
    """Return the light under this sun and weather after the camera has exposed for it, as every camera does."""
    day = _ramp(sun.elevation_deg, -6.0, 6.0)
    shine = _ramp(sun.elevation_deg, 0.0, 12.0) * (1 - 0.92 * min(1.0, weather.cloud * 1.05))
    up = max(0.0, sin(sun.elevation_deg * 3.14159 / 180))
    gain = (0.42 + 0.58 * day) / (0.62 + 0.75 * shine * up)
    white = min(1.0, weather.cloud * 0.85 + weather.fog * 0.6)
    dusk = _ramp(sun.elevation_deg, -8.0, 2.0) * (1 - _ramp(sun.elevation_deg, 2.0, 14.0))
    low = _mix(_mix((226, 214, 198), (120, 165, 226), dusk * (1 - white)), (206, 206, 204), white)
    high = _mix((198, 142, 92), (200, 202, 202), white)
    dark_low, dark_high = (44, 34, 28), (26, 18, 13)
    return Light(
        sun=sun,
        ambient=0.62 * gain,
        direct=0.75 * shine * gain,
        sky_low=_mix(dark_low, low, day),
        sky_high=_mix(dark_high, high, day),
        day=day,
    )


def _ramp(value: float, low: float, high: float) -> float:
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return share * share * (3 - 2 * share)


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


@lru_cache(maxsize=1)
def clouds() -> Image:
    """Return a cloth of clouds, 0 clear to 255 thick; it repeats."""
    dice = np.random.default_rng(17)
    base = np.zeros((512, 512), np.float32)
    for coarse, depth in ((4, 1.0), (8, 0.6), (16, 0.35), (32, 0.2), (64, 0.12)):
        low = dice.normal(0, depth, (coarse, coarse)).astype(np.float32)
        wide = cv2.resize(np.tile(low, (3, 3)), (1536, 1536), interpolation=cv2.INTER_CUBIC)
        base += wide[512:1024, 512:1024]
    spread = (base - base.min()) / (base.max() - base.min())
    return np.asarray(spread * 255, np.uint8)


def cloud_curve(cloud: float) -> Image:
    """Return the table that makes of the cloth what a sky with that share of clouds shows: 256 bytes."""
    edge = 255 * (0.78 - 0.55 * cloud)
    return np.asarray(np.clip((np.arange(256) - edge) * 5.0, 0, 255), np.uint8)


def visibility_m(fog: float) -> float:
    """Return how far one sees: 2 km in haze, 12 m in the thickest fog."""
    return float(2000.0 * exp(fog * log(12.0 / 2000.0)))


def veil(distances_m: Floats, fog: float) -> Floats:
    """Return the share of each distance's light that fog leaves (Koschmieder: 2% at the limit of sight)."""
    return np.asarray(np.exp(-3.912 * distances_m / visibility_m(fog)))


@lru_cache(maxsize=4)
def noise(height: int, width: int) -> Image:
    """Return sensor noise about 128 with a deviation of 32, somewhat larger than a picture: cut it anywhere."""
    dice = np.random.default_rng(99)
    fine = dice.normal(128, 32, (height + 64, width + 64, 3))
    return np.asarray(np.clip(fine, 0, 255), np.uint8)


def drops(dice: np.random.Generator, height: int, width: int, rain: float) -> Image:
    """Return streaks of rain on black, at full size."""
    layer = np.zeros((height // 2, width // 2), np.uint8)
    lean = float(dice.uniform(-0.2, 0.25))
    for x, y, long, shine in dice.uniform((0, -20, 10, 40), (width / 2, height / 2, 46, 170), (round(700 * rain), 4)):
        cv2.line(layer, (int(x), int(y)), (int(x + lean * long), int(y + long)), float(shine), 1)
    return np.asarray(cv2.resize(cv2.blur(layer, (1, 5)), (width, height)), np.uint8)


def flakes(dice: np.random.Generator, height: int, width: int, snow: float) -> Image:
    """Return falling snow on black, at full size."""
    layer = np.zeros((height // 2, width // 2), np.uint8)
    for x, y, size, shine in dice.uniform((0, 0, 0.6, 120), (width / 2, height / 2, 3.4, 240), (round(800 * snow), 4)):
        cv2.circle(layer, (int(x), int(y)), round(size), float(shine), -1)
    return np.asarray(cv2.resize(cv2.blur(layer, (3, 3)), (width, height)), np.uint8)
