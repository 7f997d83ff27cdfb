"""Draws a village street as a fixed camera sees it: sky by the hour, houses, a wall, a road, a tree, a flag.

Nobody is in it, ever. What moves is weather: clouds and their shadow, leaves, the flag. Numbers come from a seed, so
that each device has its own street and the same instant gives the same picture.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

_PLASTER: tuple[Colour, ...] = ((205, 215, 222), (180, 200, 214), (188, 196, 200), (160, 178, 205))
_ROOFS: tuple[Colour, ...] = ((70, 72, 120), (88, 88, 92), (60, 66, 96))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is to be drawn: `local` is the burnt-in clock, sky and shadows follow its hour."""

    seed: int
    device_id: str
    local: datetime
    width: int
    height: int


def _dice(frame: Frame) -> np.random.Generator:
    key = hashlib.blake2b(f"{frame.seed}/{frame.device_id}".encode(), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(key, "big"))


def daylight(local: datetime) -> float:
    """Return 0 at night to 1 around noon, by the clock alone: up at 6, down at 19."""
    hour = local.hour + local.minute / 60
    return max(0.0, min(1.0, math.sin(math.pi * (hour - 6) / 13) * 2.2)) if 6 <= hour <= 19 else 0.0


def draw(frame: Frame) -> Image:
    """Return the street without its captions: height x width x 3, BGR."""
    light = daylight(frame.local)
    seconds = frame.local.hour * 3600 + frame.local.minute * 60 + frame.local.second + frame.local.microsecond / 1e6
    image = _still(frame.seed, frame.device_id, frame.width, frame.height, round(light * 24)).copy()
    _clouds(image, seconds, light)
    _shadow(image, seconds, light)
    dice = _dice(frame)
    _tree(image, int(frame.width * dice.uniform(0.08, 0.3)), seconds, light)
    _flag(image, int(frame.width * dice.uniform(0.6, 0.9)), seconds, light)
    return image


@lru_cache(maxsize=8)
def _still(seed: int, device_id: str, width: int, height: int, light_24th: int) -> Image:
    """Return what does not move; a few are kept, at 6 MB each."""
    dice = _dice(Frame(seed=seed, device_id=device_id, local=datetime.min, width=width, height=height))  # noqa: DTZ901
    light = light_24th / 24
    image = np.empty((height, width, 3), np.uint8)
    horizon = int(height * dice.uniform(0.36, 0.46))
    top, low = _lit((205, 150, 95), light, night=(38, 22, 14)), _lit((235, 222, 205), light, night=(52, 38, 30))
    ramp = np.linspace(0, 1, horizon)[:, None, None]
    # A column of sky, spread out by cv2: in numpy this alone would cost more than all the rest.
    column = (np.array(top) * (1 - ramp) + np.array(low) * ramp).astype(np.uint8)
    image[:horizon] = cv2.resize(column, (width, horizon), interpolation=cv2.INTER_NEAREST)
    cv2.rectangle(image, (0, horizon), (width, height), _lit((98, 122, 118), light), -1)
    _houses(image, dice, horizon, light)
    middle = int(width * dice.uniform(0.42, 0.58))
    _road(image, middle, horizon, light)
    rolled = np.roll(_grain(width, height), int(dice.integers(width)), axis=1)[horizon:]
    image[horizon:] = cv2.add(image[horizon:], rolled)
    if light < 0.25:
        _lamps(image, dice, horizon)
    return image


@lru_cache(maxsize=4)
def _grain(width: int, height: int) -> Image:
    """Return the roughness of grass, brick and asphalt: one cloth that every street is cut from."""
    coarse = np.clip(np.random.default_rng(1).normal(12, 6, (height // 2, width // 2)), 0, 40).astype(np.uint8)
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.merge((fine, fine, fine)), np.uint8)


def _lit(colour: Colour, light: float, *, night: Colour | None = None) -> Colour:
    """Return the colour under this much daylight; by night the sensor's gain and infrared leave two fifths of it."""
    dark = night or (colour[0] * 2 // 5, colour[1] * 2 // 5, colour[2] * 2 // 5)
    b, g, r = (round(n + (c - n) * light) for c, n in zip(colour, dark, strict=True))
    return b, g, r


def _houses(image: Image, dice: np.random.Generator, horizon: int, light: float) -> None:
    height, width = image.shape[:2]
    x = -int(width * 0.02)
    while x < width:
        wide, tall = int(width * dice.uniform(0.12, 0.22)), int(height * dice.uniform(0.12, 0.24))
        base = horizon + int(height * 0.07)
        wall = _lit(_PLASTER[int(dice.integers(len(_PLASTER)))], light)
        cv2.rectangle(image, (x, base - tall), (x + wide, base), wall, -1)
        ridge = base - tall - int(height * 0.05)
        eaves = [(x - 8, base - tall), (x + wide // 2, ridge), (x + wide + 8, base - tall)]
        cv2.fillPoly(image, [np.array(eaves, np.int32)], _lit(_ROOFS[int(dice.integers(len(_ROOFS)))], light))
        pane = (92, 80, 66) if light > 0.25 or dice.random() < 0.6 else (120, 205, 245)
        for column in range(3):
            left = x + wide * (2 * column + 1) // 8
            cv2.rectangle(image, (left, base - tall * 3 // 4), (left + wide // 9, base - tall // 3), pane, -1)
        x += wide + int(width * dice.uniform(0.0, 0.05))
    # The long brick wall between the yards and the road.
    low, high = horizon + int(height * 0.13), horizon + int(height * 0.05)
    cv2.rectangle(image, (0, high), (width, low), _lit((120, 132, 165), light), -1)
    for row in range(high, low, max(4, height // 90)):
        cv2.line(image, (0, row), (width, row), _lit((150, 160, 180), light), 1)


def _road(image: Image, middle: int, horizon: int, light: float) -> None:
    height, width = image.shape[:2]
    far = horizon + int(height * 0.13)
    edges = [
        (middle - width // 28, far),
        (middle + width // 28, far),
        (int(width * 0.92), height),
        (int(width * 0.06), height),
    ]
    cv2.fillPoly(image, [np.array(edges, np.int32)], _lit((112, 112, 110), light))
    cv2.polylines(
        image,
        [np.array(edges, np.int32)],
        isClosed=True,
        color=_lit((205, 208, 208), light),
        thickness=max(2, width // 480),
    )
    for step in range(7):
        a, b = (step / 7) ** 2, ((step + 0.45) / 7) ** 2
        y0, y1 = int(far + (height - far) * a), int(far + (height - far) * b)
        cv2.line(
            image, (middle, y0), (middle, y1), _lit((225, 228, 228), light), max(2, int(width * 0.008 * (a + 0.1)))
        )


def _lamps(image: Image, dice: np.random.Generator, horizon: int) -> None:
    height, width = image.shape[:2]
    for _ in range(3):
        x, y = int(width * dice.uniform(0.1, 0.9)), horizon - int(height * dice.uniform(0.0, 0.1))
        glow = image.copy()
        cv2.circle(glow, (x, y), height // 9, (120, 190, 230), -1)
        cv2.addWeighted(glow, 0.25, image, 0.75, 0, dst=image)
        cv2.line(image, (x, y), (x, y + height // 4), (60, 60, 60), max(2, width // 400))
        cv2.circle(image, (x, y), height // 70, (225, 245, 255), -1)


def _clouds(image: Image, seconds: float, light: float) -> None:
    height, width = image.shape[:2]
    for i in range(4):
        x = int((seconds * (6 + 2 * i) * width / 1920 + i * width * 0.31) % (width * 1.3) - width * 0.15)
        y = int(height * (0.06 + 0.055 * i))
        for dx, dy, size in ((0, 0, 1.0), (-0.05, 0.012, 0.7), (0.05, 0.014, 0.75)):
            centre, axes = (
                (x + int(dx * width), y + int(dy * height)),
                (int(width * 0.05 * size), int(height * 0.028 * size)),
            )
            cv2.ellipse(
                image, centre, axes, 0, 0, 360, _lit((248, 246, 242), light, night=(60, 50, 44)), -1, cv2.LINE_AA
            )


def _shadow(image: Image, seconds: float, light: float) -> None:
    """Let a cloud's shadow pass over the ground."""
    height, width = image.shape[:2]
    left = int((seconds * 30 * width / 1920) % (width * 2)) - width // 2
    a, b = max(0, left), min(width, left + width // 3)
    if light > 0.3 and a < b:
        ground = image[int(height * 0.55) :, a:b]
        ground[:] = (ground.astype(np.uint16) * 190 // 256).astype(np.uint8)


def _tree(image: Image, x: int, seconds: float, light: float) -> None:
    height, width = image.shape[:2]
    foot, crown = int(height * 0.78), int(height * 0.36)
    cv2.line(image, (x, foot), (x, crown), _lit((52, 74, 96), light), max(4, width // 110))
    for i in range(14):
        sway = math.sin(seconds * 1.3 + i * 0.7) * width * 0.006
        angle = i * 2.4
        centre = (
            int(x + math.cos(angle) * width * 0.045 * (0.4 + i / 16) + sway),
            int(crown + math.sin(angle) * height * 0.075 * (0.4 + i / 16) + sway * 0.4),
        )
        shade = 0.8 + 0.2 * math.sin(i * 1.9)
        leaf = _lit((round(52 * shade), round(128 * shade), round(74 * shade)), light)
        cv2.ellipse(image, centre, (width // 34, height // 26), sway * 3, 0, 360, leaf, -1, cv2.LINE_AA)


def _flag(image: Image, x: int, seconds: float, light: float) -> None:
    height, width = image.shape[:2]
    top, tall = int(height * 0.2), int(height * 0.07)
    cv2.line(image, (x, top), (x, int(height * 0.6)), _lit((190, 190, 190), light), max(2, width // 420))
    xs = np.linspace(0, width * 0.055, 12)
    wave = np.sin(xs / (width * 0.011) - seconds * 5) * height * 0.008 * np.linspace(0, 1, 12)
    upper = np.stack((x + xs, top + wave), axis=1)
    lower = np.stack((x + xs, top + tall + wave), axis=1)[::-1]
    cv2.fillPoly(image, [np.concatenate((upper, lower)).astype(np.int32)], _lit((40, 44, 205), light), cv2.LINE_AA)


def caption(image: Image, frame: Frame) -> None:
    """Burn in the clock and the device's id, white on black, as an encoder does: after the lens, so always sharp."""
    scale = frame.height / 700
    thick = max(1, round(scale * 2))
    bottom = (int(14 * scale), frame.height - int(18 * scale))
    clock = frame.local.strftime("%Y-%m-%d %H:%M:%S")
    for text, at in ((clock, (int(14 * scale), int(36 * scale))), (frame.device_id, bottom)):
        for colour, width in (((0, 0, 0), thick * 3), ((255, 255, 255), thick)):
            cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, width, cv2.LINE_AA)
