"""What spoils a picture: before the encoder (lens, sensor, what is in front), and after it (signal). Pure over arrays.

Strengths are those of a fault that a person would send somebody out for. Shapes come from the device's own dice, so
that the same board stays before the same lens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cv2
import numpy as np

from camfleet.faults import Fault, FaultKind
from camfleet.texture import Dice, Image, cut, speckle, tinted
from camfleet.weather import noise


def spoil(image: Image, faults: Iterable[Fault], *, device_dice: int, frame_dice: int, grey: bool = False) -> Image:
    """Return the optical picture with every defect of lens and sensor, in the order in which light meets them.

    `grey`: the sensor sees by infrared, so that what hangs before the lens has no colour either.
    """
    found = {fault.kind: fault for fault in faults}
    for kind, do in _ORDER:
        fault = found.get(kind)
        if fault is not None:
            image = do(image, fault, np.random.default_rng((device_dice, frame_dice if kind in _FRESH else 0)))
            if grey and kind in _BEFORE:
                image = np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)
    return image


def cut_off(image: Image, faults: Iterable[Fault]) -> Image:
    """Return what is left after the encoder: all, the upper part, or the card of an encoder without a camera."""
    found = {fault.kind: fault for fault in faults}
    if FaultKind.NO_SIGNAL in found:
        return np.full_like(image, (176, 52, 16))
    half = found.get(FaultKind.HALF_PICTURE)
    if half is not None:
        image = image.copy()
        image[round(image.shape[0] * (1 - half.share)) :] = 128
    return image


def _cover(image: Image, fault: Fault, dice: Dice) -> Image:
    """Put something so near before the lens that it has no edge: a board, a leaf, a cloth."""
    height, width = image.shape[:2]
    small = np.zeros((height // 4, width // 4), np.float32)
    h, w = small.shape
    if fault.how == "leaf":
        _leaf(small, fault.share, dice)
    else:
        _half_plane(small, fault.share, dice)
    soft = cv2.GaussianBlur(small, (0, 0), h / (70 if fault.how == "board" else 45))
    mask = cv2.resize(soft, (width, height))[..., None]
    name, colour = {"leaf": ("plaster", (44, 92, 58)), "cloth": ("soil", (120, 96, 88))}.get(
        fault.how, ("plaster", (70, 92, 118))
    )
    grain = cut(name, dice, width_px=w, height_px=h, px_m=24)
    grain = np.asarray(cv2.GaussianBlur(grain * speckle(dice, h, w, coarse=5, depth=0.12), (0, 0), 6), np.float32)
    lit = min(1.0, 0.25 + float(image.mean()) / 160)
    thing = cv2.resize(tinted(grain * lit, colour), (width, height))
    return np.asarray(image * (1 - mask) + thing * mask, np.uint8)


def _half_plane(mask: Image | np.ndarray, share: float, dice: Dice) -> None:
    h, w = mask.shape[:2]
    angle = float(dice.uniform(0, 2 * np.pi))
    y, x = np.mgrid[0:h, 0:w]
    side = np.cos(angle) * x / w + np.sin(angle) * y / h
    mask[side <= np.quantile(side, share)] = 1


def _leaf(mask: Image | np.ndarray, share: float, dice: Dice) -> None:
    h, w = mask.shape[:2]
    size = float(np.sqrt(share * 1.25))
    at = (int(w * dice.uniform(0.4, 0.6)), int(h * dice.uniform(0.4, 0.6)))
    angle = float(dice.uniform(-25, 25))
    while mask.mean() < share:
        cv2.ellipse(mask, at, (int(w * size * 0.56), int(h * size * 0.56)), angle, 0, 360, 1.0, -1)
        size *= 1.06


def _web(image: Image, fault: Fault, dice: Dice) -> Image:
    """Spin a spider's web before the lens: soft bright threads that infrared makes blaze."""
    height, width = image.shape[:2]
    layer = np.zeros((height // 2, width // 2), np.uint8)
    centre = np.array((width * dice.uniform(0.2, 0.8), height * dice.uniform(0.1, 0.6))) / 2
    spokes = np.sort(dice.uniform(0, 2 * np.pi, 13))
    for angle in spokes:
        end = centre + width * np.array((np.cos(angle), np.sin(angle)))
        cv2.line(layer, centre.astype(int).tolist(), end.astype(int).tolist(), 200, 2, cv2.LINE_AA)
    for ring in range(1, 15):
        radius = ring * width / 60 * dice.uniform(0.9, 1.1, 13)
        points = centre + radius[:, None] * np.stack((np.cos(spokes), np.sin(spokes)), axis=1)
        cv2.polylines(layer, [points.astype(np.int32)], isClosed=True, color=150, thickness=2, lineType=cv2.LINE_AA)
    layer = cv2.resize(cv2.GaussianBlur(layer, (0, 0), height / 240), (width, height))
    layer = cv2.convertScaleAbs(layer, alpha=0.35 + 0.5 * fault.density)
    return np.asarray(cv2.add(image, cv2.merge((layer, layer, layer))), np.uint8)


def _dirt(image: Image, fault: Fault, dice: Dice) -> Image:
    """Splash mud on the glass."""
    height, width = image.shape[:2]
    layer = np.zeros((height // 4, width // 4), np.float32)
    h, w = layer.shape
    count = round(20 + 60 * fault.density)
    for x, y, size, depth in dice.uniform((0, 0, 0.008, 0.35), (w, h, 0.05, 0.95), (count, 4)):
        cv2.circle(layer, (int(x), int(y)), max(1, round(size * w)), float(depth), -1)
    mask = cv2.resize(cv2.GaussianBlur(layer, (0, 0), h / 60), (width, height))[..., None]
    return np.asarray(image * (1 - 0.8 * mask) + np.array((52, 66, 80)) * (0.8 * mask), np.uint8)


def _fogged(image: Image, fault: Fault, _dice: Dice) -> Image:
    """Let water condense on the glass: soft and milky, most in the middle."""
    small = cv2.resize(image, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), 1 + 1.5 * fault.density), image.shape[1::-1])
    milk = float(image.mean()) * 0.6 + 80
    share = 0.45 + 0.5 * fault.density
    return np.asarray(cv2.addWeighted(soft, 1 - share, np.full_like(image, min(235, round(milk))), share, 0), np.uint8)


def _blur(image: Image, _fault: Fault, _dice: Dice) -> Image:
    # Smaller and back: as soft as a wide Gaussian, at a twentieth of its cost. 8 of 1080 lines.
    step = max(1.0, image.shape[0] / 1080 * 8)
    small = cv2.resize(image, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(cv2.GaussianBlur(small, (0, 0), 1.4), image.shape[1::-1]), np.uint8)


def _dark(image: Image, _fault: Fault, _dice: Dice) -> Image:
    return np.asarray(cv2.convertScaleAbs(image, alpha=1 / 18), np.uint8)


def _bright(image: Image, _fault: Fault, _dice: Dice) -> Image:
    return np.asarray(cv2.convertScaleAbs(image, alpha=1 / 6, beta=225), np.uint8)


def _cast(image: Image, fault: Fault, dice: Dice) -> Image:
    """Lose the white balance: pink where the infrared filter is gone, or green, or blue."""
    gains = np.array(((0.85, 0.72, 1.35), (0.8, 1.3, 0.8), (1.4, 1.0, 0.7)))[int(dice.integers(3))]
    gains = 1 + (gains - 1) * min(1.0, 0.4 + fault.density)
    table = np.clip(np.arange(256)[:, None] * gains, 0, 255).astype(np.uint8)[:, None, :]
    return np.asarray(cv2.LUT(image, table), np.uint8)


def _noise(image: Image, fault: Fault, dice: Dice) -> Image:
    """Add the noise of a sensor or an amplifier that fails: every pixel alone."""
    height, width = image.shape[:2]
    x, y = (int(v) for v in dice.integers(0, 64, 2))
    grain, scale = noise(height, width)[y : y + height, x : x + width], (12 + 40 * fault.density) / 32
    return np.asarray(cv2.addWeighted(image, 1.0, grain, scale, -128 * scale), np.uint8)


def _stripes(image: Image, fault: Fault, dice: Dice) -> Image:
    """Let the mains hum into the signal: bars that roll."""
    height = image.shape[0]
    period, phase = height / float(dice.uniform(9, 26)), float(dice.uniform(0, 6.28))
    wave = (10 + 40 * fault.density) * np.sin(np.arange(height) * 2 * np.pi / period + phase)
    bars = np.repeat(wave.astype(np.int16)[:, None], image.shape[1], axis=1)
    return np.asarray(cv2.add(image, cv2.merge((bars, bars, bars)), dtype=cv2.CV_8U), np.uint8)


def _turned_over(image: Image, fault: Fault, _dice: Dice) -> Image:
    if fault.how == "upside_down":
        return np.asarray(cv2.rotate(image, cv2.ROTATE_180), np.uint8)
    return np.asarray(cv2.flip(image, 1), np.uint8) if fault.how == "mirrored" else image


_ORDER: tuple[tuple[FaultKind, Callable[[Image, Fault, Dice], Image]], ...] = (
    (FaultKind.COVER, _cover),
    (FaultKind.WEB, _web),
    (FaultKind.DIRT, _dirt),
    (FaultKind.FOGGED, _fogged),
    (FaultKind.BLUR, _blur),
    (FaultKind.DARK, _dark),
    (FaultKind.BRIGHT, _bright),
    (FaultKind.CAST, _cast),
    (FaultKind.NOISE, _noise),
    (FaultKind.STRIPES, _stripes),
    (FaultKind.ROTATED, _turned_over),
)
_BEFORE = frozenset({FaultKind.COVER, FaultKind.WEB, FaultKind.DIRT})
"""What hangs before the lens."""
_FRESH = frozenset({FaultKind.NOISE, FaultKind.STRIPES})
"""What is different in each picture."""
