"""Honest degradations of real frames: done to the scene, before the text is written into it and before it is encoded.

Strengths in pixels are those of a picture 1920 wide. Every function takes a frame (h, w, 3) BGR and the dice, and
returns a new one; none of them knows how the diagnosis measures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camkeeper.model.picture import PictureVerdict as V

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Change = Callable[[Image, np.random.Generator], Image]
REFERENCE_PX = 1920


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """`labels`: what is right to say; empty where the picture is usable and nothing should be said."""

    name: str
    zh: str
    labels: frozenset[V]
    change: Change
    severe: bool = True
    over_text: bool = False
    """What is lost on the way loses the text, too."""
    by_day: bool = False


def _clipped(values: NDArray[Any]) -> Image:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _px(image: Image, at_reference: float) -> float:
    return float(at_reference * image.shape[1] / REFERENCE_PX)


def defocus(radius_px: float, image: Image, _: np.random.Generator) -> Image:
    """Spread every point over a disc, as a lens out of focus does."""
    radius = max(min(radius_px, 2.0), _px(image, radius_px))  # less than two pixels is nobody's fault
    reach = int(np.ceil(radius))
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(down, across), 0, 1)
    return np.asarray(cv2.filter2D(image, -1, disc / disc.sum()), np.uint8)


def motion(length_px: float, image: Image, rng: np.random.Generator) -> Image:
    """Smear every point along a line of any direction: a mast that shakes, a shutter too slow."""
    length = max(5, round(_px(image, length_px)))
    line = np.zeros((length + 2, length + 2), np.float32)
    middle, half, angle = (length + 1) / 2, (length - 1) / 2, rng.uniform(0, np.pi)
    for step in np.linspace(-half, half, 8 * length):
        x, y = middle + step * np.cos(angle), middle + step * np.sin(angle)
        line[round(y), round(x)] += 1
    return np.asarray(cv2.filter2D(image, -1, line / line.sum()), np.uint8)


def noise(sigma: float, image: Image, rng: np.random.Generator) -> Image:
    return _clipped(image + rng.normal(0, sigma, image.shape).astype(np.float32))


def gain_noise(sigma: float, image: Image, rng: np.random.Generator) -> Image:
    """Add the noise of a sensor at its highest gain: more where it is bright, the same in all colours."""
    grey = rng.normal(0, 1, (*image.shape[:2], 1)).astype(np.float32)
    return _clipped(image + grey * sigma * (0.5 + np.sqrt(image.astype(np.float32) / 128)) / 1.2)


def darker(gain: float, image: Image, _: np.random.Generator) -> Image:
    return _clipped(image * np.float32(gain))


def brighter(gain: float, lift: float, image: Image, _: np.random.Generator) -> Image:
    return _clipped(image * np.float32(gain) + np.float32(lift))


def stripes(height: float, image: Image, rng: np.random.Generator) -> Image:
    """Add hum: a wave over the rows, sometimes over the columns, of any length from 8 to 60 pixels and any phase."""
    upright = bool(rng.random() < 0.3)
    number = image.shape[1 if upright else 0]
    length, phase = _px(image, float(rng.uniform(8, 60))), rng.uniform(0, 2 * np.pi)
    wave = (height * np.sin(2 * np.pi * np.arange(number) / max(length, 4.0) + phase)).astype(np.float32)
    return _clipped(image + (wave[None, :, None] if upright else wave[:, None, None]))


def _board(share: float, height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a mask from one side of the picture, its edge a little askew."""
    down, across = np.mgrid[:height, :width].astype(np.float32)
    side, lean = rng.integers(4), float(rng.uniform(-0.2, 0.2))
    along, over = (across / width, down / height) if side < 2 else (down / height, across / width)
    depth = along + lean * (over - 0.5)
    return np.asarray((depth if side % 2 else 1 - depth) < share, np.float32)


def _leaf(share: float, height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a mask of leaves: ellipses from anywhere, until so much of the picture is gone."""
    mask = np.zeros((height, width), np.float32)
    for _ in range(60):
        if float(mask.mean()) >= share:
            break
        centre = int(rng.uniform(0, width)), int(rng.uniform(0, height))
        axes = int(rng.uniform(0.2, 0.4) * width), int(rng.uniform(0.08, 0.2) * width)
        cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    return mask


def cover(how: str, low: float, high: float, image: Image, rng: np.random.Generator) -> Image:
    """Put a thing before the lens: so close that it is out of focus, of any colour, with or without a weave."""
    height, width = image.shape[:2]
    share = float(rng.uniform(low, high))
    shape = _leaf if how == "leaf" else _board
    mask = shape(share, height // 4, width // 4, rng)
    soft = cv2.GaussianBlur(mask, (0, 0), _px(image, rng.uniform(6, 18)) / 4)
    soft = cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    waves = rng.normal(0, 30 if how == "texture" else 6, (24, 32, 1)).astype(np.float32)
    body = rng.uniform(12, 190, 3) + cv2.resize(waves, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    return _clipped(image * (1 - soft) + body * soft)


def fog(through: float, image: Image, _: np.random.Generator) -> Image:
    """Let so much of the scene through, alike all over."""
    return _clipped(image * np.float32(through) + np.float32(205 * (1 - through)))


def deep_fog(through: float, image: Image, _: np.random.Generator) -> Image:
    """Let less through the farther one looks; the ground before a camera comes nearer from its horizon to its foot."""
    rows = np.linspace(1.0, 0.0, image.shape[0], dtype=np.float32)[:, None, None]
    share = np.power(np.float32(through), 0.45 + 1.1 * rows)
    return _clipped(image * share + 205 * (1 - share))


def grey(image: Image, _: np.random.Generator) -> Image:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)


def moved(share: float, image: Image, rng: np.random.Generator) -> Image:
    """Move the view aside by a share of its width, and half as much up or down where it is little."""
    height, width = image.shape[:2]
    angle = rng.uniform(0, 2 * np.pi) if share < 0.06 else np.pi * int(rng.integers(2))
    across, down = width * share * np.cos(angle), width * share * np.sin(angle) * 0.5
    if np.hypot(across, down) < width * share * 0.9:  # as far as was said, whatever the direction
        across, down = width * share * np.cos(angle), width * share * np.sin(angle)
    matrix = np.array([[1, 0, across], [0, 1, down]], np.float32)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)


def rolled(angle_deg: float, image: Image, rng: np.random.Generator) -> Image:
    height, width = image.shape[:2]
    sign = 1 if rng.random() < 0.5 else -1
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), sign * angle_deg, 1.08)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)


def flipped(down: int, across: int, image: Image, _: np.random.Generator) -> Image:
    return np.ascontiguousarray(image[::down, ::across])


def half(image: Image, rng: np.random.Generator) -> Image:
    out = image.copy()
    out[int(len(out) * rng.uniform(0.3, 0.7)) :] = rng.choice([0, 128, 255]) if rng.random() < 0.3 else 128
    return out


def no_signal(image: Image, rng: np.random.Generator) -> Image:
    out = np.zeros_like(image)
    out[:] = ((180, 60, 20), (0, 0, 0), (128, 128, 128))[int(rng.integers(3))]
    return out


def black(image: Image, _: np.random.Generator) -> Image:
    return np.zeros_like(image)


def cast(image: Image, _: np.random.Generator) -> Image:
    return _clipped(image * np.array([0.75, 1.0, 1.2], np.float32))


def dirt(image: Image, rng: np.random.Generator) -> Image:
    """Blur and darken some spots, a twelfth of the picture."""
    height, width = image.shape[:2]
    mask = np.zeros((height, width), np.float32)
    for _ in range(6):
        centre = int(rng.uniform(0, width)), int(rng.uniform(0, height))
        cv2.circle(mask, centre, int(rng.uniform(0.03, 0.09) * width), 0.8, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), _px(image, 25))[..., None]
    smeared = cv2.GaussianBlur(image, (0, 0), _px(image, 12)) * 0.8
    return _clipped(image * (1 - soft) + smeared * soft)


def headlights(image: Image, rng: np.random.Generator) -> Image:
    """Add lamps that shine into the lens, with their halos."""
    height, width = image.shape[:2]
    light = np.zeros((height // 4, width // 4), np.float32)
    for _ in range(int(rng.integers(2, 7))):
        spot = int(rng.uniform(0, width // 4)), int(rng.uniform(0.2, 1) * height / 4)
        cv2.circle(light, spot, max(2, int(rng.uniform(0.003, 0.012) * width / 4)), float(rng.uniform(2000, 6000)), -1)
    halo = cv2.GaussianBlur(light, (0, 0), width / 160) + 0.4 * cv2.GaussianBlur(light, (0, 0), width / 30)
    halo = np.minimum(halo * 0.25, 255) + np.minimum(light, 255)
    return _clipped(image + cv2.resize(halo, (width, height))[..., None])


def rain(image: Image, rng: np.random.Generator) -> Image:
    """Draw some thousand streaks, lighter than what lies behind."""
    height, width = image.shape[:2]
    streaks = np.zeros((height, width), np.uint8)
    lean = rng.uniform(-0.3, 0.3)
    for _ in range(1500):
        x, y, long = rng.uniform(0, width), rng.uniform(0, height), _px(image, rng.uniform(20, 70))
        end = int(x + lean * long), int(y + long)
        cv2.line(streaks, (int(x), int(y)), end, int(rng.uniform(10, 45)), 1, cv2.LINE_AA)
    return _clipped(image.astype(np.float32) * 0.97 + streaks[..., None])


def traffic(image: Image, rng: np.random.Generator) -> Image:
    """Let a jam stand over a third of the view: cars of all colours, nearer ones larger, on a road aslant."""
    out = image.copy()
    height, width = image.shape[:2]
    left, slope = float(rng.uniform(0, 0.5)), float(rng.uniform(-0.25, 0.25))
    for lane in np.linspace(0.35, 0.9, 8):
        tall = int(height * (0.02 + 0.11 * (lane - 0.3)))
        x = int(left * width)
        while x < (left + 0.5) * width:
            long = int(tall * rng.uniform(1.5, 2.4))
            y = int(lane * height + slope * (x - left * width) + rng.uniform(-0.5, 0.5) * tall)
            body, glass = rng.uniform(25, 225, 3), rng.uniform(15, 80, 3)
            cv2.rectangle(out, (x, y), (x + long, y + tall), body.tolist(), -1, cv2.LINE_AA)
            cv2.rectangle(out, (x + long // 5, y + 2), (x + long // 2, y + tall // 2), glass.tolist(), -1, cv2.LINE_AA)
            cv2.rectangle(out, (x, y + tall - 3), (x + long, y + tall + 2), (20, 20, 20), -1)
            x += long + int(rng.uniform(4, 60))
    # The cars as soft as any lens makes them; the scene beside them as sharp as it was.
    return np.where(out == image, image, np.asarray(cv2.GaussianBlur(out, (0, 0), 0.6), np.uint8))


def shade(image: Image, rng: np.random.Generator) -> Image:
    """Let a cloud or a house throw its shadow over half of the view, and the whole be a little lighter or darker."""
    mask = _board(float(rng.uniform(0.3, 0.6)), image.shape[0], image.shape[1], rng)[..., None]
    soft = cv2.GaussianBlur(mask, (0, 0), _px(image, 5))[..., None]
    return _clipped(image * np.float32(rng.uniform(0.88, 1.12)) * (1 - 0.4 * soft))


def _all(*labels: V) -> frozenset[V]:
    return frozenset(labels)


BLUR, COVER = _all(V.BLUR), _all(V.COVER)
DARK, BRIGHT, FOG = _all(V.DARK, V.NO_SIGNAL), _all(V.BRIGHT), _all(V.FOG)
ROTATED, BLIND = _all(V.ROTATED), _all(V.COVER, V.OTHER_SCENE, V.DARK, V.NO_SIGNAL)


def _covers() -> list[Defect]:
    out = []
    for how, zh in (("board", "板"), ("leaf", "枝叶"), ("texture", "带纹理")):
        for low, high in ((0.4, 0.55), (0.6, 0.85)):
            name, change = f"cover {how} {low:.0%}-{high:.0%}", partial(cover, how, low, high)
            out.append(Defect(name=name, zh=f"遮挡（{zh}）", labels=COVER, change=change))
    return out


SEVERE: Sequence[Defect] = (
    *(Defect(name=f"defocus {r} px", zh="失焦", labels=BLUR, change=partial(defocus, r)) for r in (3, 5, 9)),
    *(Defect(name=f"motion {n} px", zh="运动模糊", labels=BLUR, change=partial(motion, n)) for n in (15, 25)),
    *(Defect(name=f"noise {s}", zh="噪声", labels=_all(V.NOISE), change=partial(noise, s)) for s in (12, 25, 40)),
    Defect(name="noise of gain 20", zh="增益噪声", labels=_all(V.NOISE), change=partial(gain_noise, 20)),
    *(Defect(name=f"dark x{g}", zh="过暗", labels=DARK, change=partial(darker, g)) for g in (0.15, 0.08)),
    Defect(name="bright x2 +60", zh="过亮", labels=BRIGHT, change=partial(brighter, 2.0, 60.0)),
    Defect(name="bright x3 +60", zh="过亮", labels=BRIGHT, change=partial(brighter, 3.0, 60.0)),
    *(Defect(name=f"stripes {a}", zh="条纹", labels=_all(V.STRIPES), change=partial(stripes, a)) for a in (6, 12)),
    *_covers(),
    Defect(name="cover whole", zh="全部遮挡", labels=BLIND, change=partial(cover, "board", 1.4, 1.5)),
    *(Defect(name=f"fog {t:.0%} through", zh="雾", labels=FOG, change=partial(fog, t)) for t in (0.35, 0.2)),
    Defect(name="fog by depth 25%", zh="雾（随距离）", labels=FOG, change=partial(deep_fog, 0.25)),
    Defect(name="no colour", zh="红外卡住", labels=_all(V.IR_STUCK), change=grey, by_day=True),
    *(
        Defect(name=f"moved {s:.0%}", zh="移位", labels=_all(V.MOVED), change=partial(moved, s))
        for s in (0.03, 0.05, 0.10, 0.25)
    ),
    Defect(name="rolled 5 deg", zh="倾斜", labels=ROTATED, change=partial(rolled, 5.0)),
    Defect(name="upside down", zh="倒置", labels=ROTATED, change=partial(flipped, -1, -1)),
    Defect(name="mirrored", zh="镜像", labels=ROTATED, change=partial(flipped, 1, -1)),
    Defect(name="half picture", zh="半幅", labels=_all(V.HALF_PICTURE), change=half, over_text=True),
    Defect(name="no signal", zh="无信号", labels=_all(V.NO_SIGNAL), change=no_signal, over_text=True),
    Defect(name="black", zh="黑屏", labels=_all(V.NO_SIGNAL, V.DARK), change=black),
)
"""And `other scene`, which takes another camera's frame: see `bench_picture`."""

MODERATE: Sequence[Defect] = tuple(
    Defect(name=name, zh=zh, labels=labels, change=change, severe=False)
    for name, zh, labels, change in (
        ("defocus 2 px", "失焦", BLUR, partial(defocus, 2)),
        ("motion 9 px", "运动模糊", BLUR, partial(motion, 9)),
        ("noise 8", "噪声", _all(V.NOISE), partial(noise, 8)),
        ("dark x0.35", "过暗", DARK, partial(darker, 0.35)),
        ("bright x1.6 +30", "过亮", BRIGHT, partial(brighter, 1.6, 30.0)),
        ("stripes 3", "条纹", _all(V.STRIPES), partial(stripes, 3)),
        ("cover board 20%-35%", "遮挡（板）", COVER, partial(cover, "board", 0.2, 0.35)),
        ("fog 55% through", "雾", FOG, partial(fog, 0.55)),
        ("moved 2%", "移位", _all(V.MOVED), partial(moved, 0.02)),
        ("rolled 3 deg", "倾斜", ROTATED, partial(rolled, 3.0)),
        ("cast (advisory)", "偏色（提示）", _all(V.CAST), cast),
        ("dirt (advisory)", "污渍（提示）", frozenset[V](), dirt),
    )
)

HARMLESS: Sequence[Defect] = tuple(
    Defect(name=name, zh=zh, labels=frozenset[V](), change=change, severe=False)
    for name, zh, change in (
        ("clean, headlights", "车灯", headlights),
        ("clean, rain", "雨丝", rain),
        ("clean, a jam over a third", "堵车占三分之一", traffic),
        ("clean, shadow and light", "阴影与光线", shade),
    )
)


def spoilt(image: Image, defect: Defect, rng: np.random.Generator, *, text: Mask | None, quality: int) -> bytes:
    """Return the JPEG of the frame with the defect, its text put back. `text` (h, w): True where text is."""
    out = defect.change(image, rng)
    if text is not None and not defect.over_text:
        out = np.where(text[..., None], image, out)
    return encoded(out, quality)


def encoded(image: Image, quality: int) -> bytes:
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])
