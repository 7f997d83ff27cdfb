"""What is painted on a surface of the village: fronts with windows, roofs, fences, trees. Sizes in metres.

Each takes its own dice and a scale in pixels per metre; the same dice give the same house at every scale. Nothing that
could be read or recognised is painted: no writing, nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from camfleet.texture import Colour, Dice, Image, cut, speckle, tinted

WALLS: tuple[tuple[str, Colour], ...] = (
    ("brick", (88, 104, 158)),
    ("brick", (112, 118, 150)),
    ("brick", (120, 130, 138)),
    ("plaster", (176, 190, 198)),
    ("plaster", (150, 178, 196)),
    ("plaster", (128, 152, 188)),
    ("ceramic", (186, 192, 192)),
    ("ceramic", (170, 182, 172)),
)
ROOFS: tuple[Colour, ...] = ((70, 76, 128), (92, 94, 96), (66, 72, 104), (108, 92, 80), (84, 88, 150))
_TRIM: tuple[Colour, ...] = ((205, 208, 208), (70, 66, 58), (60, 90, 40), (52, 60, 110), (120, 96, 60))
_SIGNS: tuple[Colour, ...] = ((40, 40, 190), (170, 90, 30), (50, 130, 40), (30, 160, 210))


@dataclass(slots=True)
class Board:
    """An image that is drawn on in metres from its upper left corner."""

    image: Image
    px_m: float

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Return the pixel of a place."""
        return round(x * self.px_m), round(y * self.px_m)

    def box(self, x: float, y: float, w: float, h: float, colour: Colour) -> None:
        """Fill a rectangle."""
        cv2.rectangle(self.image, self.at(x, y), self.at(x + w, y + h), colour, -1)

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, wide: float) -> None:
        """Draw a line `wide` metres thick."""
        cv2.line(self.image, self.at(x0, y0), self.at(x1, y1), colour, max(1, round(wide * self.px_m)))

    def disc(self, x: float, y: float, r: float, colour: Colour) -> None:
        """Fill a circle."""
        cv2.circle(self.image, self.at(x, y), max(1, round(r * self.px_m)), colour, -1)


def shade(colour: Colour, by: float) -> Colour:
    """Return a colour that much lighter or darker."""
    b, g, r = (int(min(255, max(0, c * by))) for c in colour)
    return b, g, r


def wall(dice: Dice, w: float, h: float, px_m: float) -> Board:
    """Return a bare wall with stains, a damp foot and cracks."""
    name, colour = WALLS[int(dice.integers(len(WALLS)))]
    width, height = max(4, round(w * px_m)), max(4, round(h * px_m))
    tint = shade(colour, float(dice.uniform(0.8, 1.15)))
    grey = cut(name, dice, width_px=width, height_px=height, px_m=px_m)
    grey = grey * speckle(np.random.default_rng(int(dice.integers(1 << 30))), height, width, coarse=12, depth=0.10)
    board = Board(tinted(grey, tint), px_m)
    foot = max(1, round(dice.uniform(0.25, 0.8) * px_m))
    board.image[-foot:] = cv2.convertScaleAbs(board.image[-foot:], alpha=float(dice.uniform(0.55, 0.85)))
    for _ in range(int(dice.integers(3, 9))):
        x, y = dice.uniform(0, w), dice.uniform(0, h)
        steps = np.add(dice.normal(0, 0.22, (5, 2)).cumsum(axis=0), (x, y))
        cv2.polylines(board.image, [np.round(steps * px_m).astype(np.int32)], isClosed=False, color=shade(tint, 0.5))
    for _ in range(int(dice.integers(2, 6))):
        x, y, a, b = dice.uniform((0, 0, 0.15, 0.1), (w, h, 0.9, 0.6))
        board.box(x, y, a, b, shade(tint, float(dice.uniform(0.7, 1.3))))
    return board


def front(dice: Dice, w: float, h: float, px_m: float) -> Image:
    """Return a house's face: storeys of windows, a door, boxes, pipes, wires."""
    board = wall(dice, w, h, px_m)
    trim = _TRIM[int(dice.integers(len(_TRIM)))]
    storeys = max(1, round(h / 3.1))
    for storey in range(storeys):
        top = h * storey / storeys
        board.box(0, top, w, 0.14, shade(trim, 0.9))
        x = float(dice.uniform(0.5, 1.4))
        while x < w - 1.4:
            wide = float(dice.uniform(0.9, 1.9))
            tall = float(dice.uniform(1.1, 1.6))
            if x + wide < w - 0.3 and dice.random() < 0.85:
                _window(board, dice, x, top + float(dice.uniform(0.6, 0.9)), wide, tall, trim)
            x += wide + float(dice.uniform(0.5, 1.6))
    _door(board, dice, w, h)
    _clutter(board, dice, w, h)
    return board.image


def _window(board: Board, dice: Dice, x: float, y: float, w: float, h: float, trim: Colour) -> None:
    board.box(x - 0.09, y - 0.09, w + 0.18, h + 0.18, trim)
    pane = shade((104, 92, 74), float(dice.uniform(0.5, 1.3)))
    panes = int(dice.integers(2, 5))
    for i in range(panes):
        left = x + w * i / panes
        board.box(left + 0.03, y, w / panes - 0.06, h, shade(pane, float(dice.uniform(0.75, 1.25))))
        if dice.random() < 0.6:
            bright = shade(pane, float(dice.uniform(1.4, 2.3)))
            slant = float(dice.uniform(0.1, 0.5))
            board.line(left + 0.05, y + h * slant, left + w / panes * 0.8, y + h * slant * 0.3, bright, 0.05)
        if dice.random() < 0.3:
            curtain: Colour = (int(dice.integers(60, 220)), int(dice.integers(60, 220)), int(dice.integers(60, 220)))
            board.box(left + 0.03, y, w / panes * 0.35, h, curtain)
    if dice.random() < 0.5:
        for i in range(1, int(w / 0.14)):
            board.line(x + 0.14 * i, y, x + 0.14 * i, y + h, (60, 62, 66), 0.02)
    board.box(x - 0.15, y + h + 0.05, w + 0.3, 0.1, shade(trim, 1.15))
    board.box(x - 0.12, y + h + 0.15, w + 0.24, 0.06, (70, 74, 80))


def _door(board: Board, dice: Dice, w: float, h: float) -> None:
    wide, tall = float(dice.uniform(1.1, 2.6)), min(h * 0.8, float(dice.uniform(2.1, 2.6)))
    x = float(dice.uniform(0.3, max(0.4, w - wide - 0.3)))
    leaf = shade(_SIGNS[int(dice.integers(len(_SIGNS)))], float(dice.uniform(0.4, 0.8)))
    board.box(x - 0.12, h - tall - 0.12, wide + 0.24, tall + 0.12, (150, 156, 160))
    board.box(x, h - tall, wide, tall, leaf)
    for column in range(2):
        for row in range(4):
            left, top = x + wide * (column * 0.5 + 0.06), h - tall * (1 - row * 0.25) + 0.06
            board.box(left, top, wide * 0.38, tall * 0.19, shade(leaf, 1.35 if row % 2 else 0.75))
    board.disc(x + wide * 0.46, h - tall * 0.5, 0.05, (190, 210, 220))
    for side in (x - 0.35, x + wide + 0.13):  # the red paper of the new year; nothing is written on it
        board.box(side, h - tall, 0.22, tall * 0.7, (52, 50, 188))


def _clutter(board: Board, dice: Dice, w: float, h: float) -> None:
    for _ in range(int(dice.integers(1, 5))):
        x, y = dice.uniform((0.2, h * 0.2), (max(0.3, w - 1.0), h * 0.7))
        board.box(x, y, 0.85, 0.55, (206, 208, 206))
        board.disc(x + 0.28, y + 0.28, 0.2, (120, 122, 124))
        board.disc(x + 0.28, y + 0.28, 0.07, (60, 62, 64))
        board.line(x + 0.8, y + 0.5, x + 0.9, h, (90, 92, 96), 0.03)
    for _ in range(int(dice.integers(1, 4))):
        x = float(dice.uniform(0, w))
        board.line(x, 0, x, h, (96, 100, 104), 0.09)
        board.line(x + 0.04, 0, x + 0.04, h, (150, 154, 156), 0.02)
    for _ in range(int(dice.integers(2, 5))):
        y = float(dice.uniform(0.2, h * 0.5))
        board.line(0, y, w, y + float(dice.uniform(-0.3, 0.3)), (44, 46, 48), 0.025)
    if dice.random() < 0.5:
        colour = _SIGNS[int(dice.integers(len(_SIGNS)))]
        x, y = float(dice.uniform(0, w * 0.5)), float(dice.uniform(h * 0.25, h * 0.45))
        board.box(x, y, min(w * 0.45, 3.4), 0.75, colour)
        for i in range(7):
            board.box(x + 0.15 + 0.4 * i, y + 0.16, 0.24, float(dice.uniform(0.2, 0.42)), (215, 222, 226))


def roof(dice: Dice, w: float, h: float, px_m: float) -> Image:
    """Return a slope of tiles, patched here and there, with a water heater."""
    colour = shade(ROOFS[int(dice.integers(len(ROOFS)))], float(dice.uniform(0.85, 1.2)))
    width, height = max(4, round(w * px_m)), max(4, round(h * px_m))
    board = Board(tinted(cut("roof", dice, width_px=width, height_px=height, px_m=px_m), colour), px_m)
    for _ in range(int(dice.integers(4, 14))):
        x, y, a, b = dice.uniform((0, 0, 0.25, 0.2), (w, h, 1.4, 0.7))
        board.box(x, y, a, b, shade(colour, float(dice.uniform(0.6, 1.4))))
    board.box(0, 0, w, 0.16, shade(colour, 0.6))
    board.box(0, h - 0.1, w, 0.1, shade(colour, 0.5))
    if dice.random() < 0.5:
        x = float(dice.uniform(0.3, max(0.4, w - 2.2)))
        board.box(x, h * 0.25, 1.7, min(1.2, h * 0.5), (92, 62, 40))
        for i in range(12):
            board.line(x + 0.14 * i, h * 0.25, x + 0.14 * i, h * 0.25 + min(1.2, h * 0.5), (148, 120, 92), 0.03)
        board.box(x - 0.1, h * 0.17, 1.9, 0.28, (200, 204, 206))
    return board.image


def yard_wall(dice: Dice, w: float, h: float, px_m: float) -> Image:
    """Return a wall around a yard: coping, pillars, patches of paint, a gate."""
    board = wall(dice, w, h, px_m)
    x = 0.0
    while x < w:
        board.box(x, 0, 0.3, h, shade((120, 126, 134), float(dice.uniform(0.7, 1.2))))
        if dice.random() < 0.45:
            a = float(dice.uniform(0.5, 1.6))
            board.box(x + 0.5, h * 0.3, a, h * 0.35, shade((190, 196, 198), float(dice.uniform(0.8, 1.1))))
            board.box(x + 0.58, h * 0.36, a * 0.7, 0.08, (110, 74, 60))
        x += float(dice.uniform(2.2, 3.8))
    if dice.random() < 0.6 and w > 6:
        _door(board, dice, w, h)
    board.box(0, 0, w, 0.14, (150, 154, 158))
    board.box(0, 0.14, w, 0.05, (64, 66, 70))
    return board.image


def tree(dice: Dice, w: float, h: float, px_m: float, *, trunk: float = 0.4) -> tuple[Image, Image]:
    """Return a tree, its trunk up to a share of its height, and where it is (255) or the air (0)."""
    width, height = max(4, round(w * px_m)), max(4, round(h * px_m))
    board = Board(np.zeros((height, width, 3), np.uint8), px_m)
    there = Board(np.zeros((height, width), np.uint8), px_m)
    bark: Colour = (58, 74, 92)
    foot, fork = (w / 2, h), (w / 2 + float(dice.uniform(-0.1, 0.1)) * w, h * (1 - trunk))
    limbs = [(foot, fork, 0.045 * h)]
    for _ in range(9):
        end = (w * float(dice.uniform(0.15, 0.85)), h * float(dice.uniform(0.08, 1 - trunk)))
        limbs.append((fork, end, 0.014 * h))
    for (x0, y0), (x1, y1), wide in limbs:
        board.line(x0, y0, x1, y1, shade(bark, float(dice.uniform(0.7, 1.2))), wide)
        cv2.line(there.image, there.at(x0, y0), there.at(x1, y1), 255, max(1, round(wide * px_m)))
    green: Colour = (int(dice.integers(36, 66)), int(dice.integers(96, 140)), int(dice.integers(60, 100)))
    count = 90 + int(w * h * 6)
    angle, reach = dice.uniform(0, 2 * np.pi, count), np.sqrt(dice.uniform(0, 1, count))
    lobes = 1 + 0.16 * np.sin(angle * int(dice.integers(3, 7)) + dice.uniform(0, 6))
    xs = w / 2 + np.cos(angle) * reach * lobes * w * 0.42
    ys = h * (1 - trunk * 0.8) / 2 + np.sin(angle) * reach * lobes * h * (1 - trunk * 0.6) * 0.44
    # Leaves that lie lower are painted earlier and darker: the crown gets its depth.
    order = np.argsort(-ys + dice.normal(0, 0.25 * h, count))
    size, light = dice.gamma(5, 0.045, count) * (0.6 + h / 16), dice.normal(1.0, 0.22, count)
    tones = np.clip(np.multiply.outer(light * (1.25 - 0.5 * ys / h), green), 0, 255)
    _dab(board, there, np.stack((xs, ys, size, size * 0.6, angle * 57), axis=1)[order], tones[order])
    return board.image, there.image


def _dab(board: Board, there: Board, spots: NDArray[np.float64], tones: NDArray[np.float64]) -> None:
    """Paint leaves: rows of x, y, half length, half width (metres) and lean (degrees), each with its colour."""
    pixels = np.maximum(np.rint(spots[:, :4] * board.px_m), (-9999, -9999, 1, 1)).astype(int).tolist()
    for (x, y, a, b), lean, tone in zip(pixels, spots[:, 4].tolist(), tones.astype(int).tolist(), strict=True):
        cv2.ellipse(board.image, (x, y), (a, b), lean, 0, 360, tone, -1)
        cv2.ellipse(there.image, (x, y), (a, b), lean, 0, 360, 255, -1)


def tree_line(dice: Dice, w: float, h: float, px_m: float) -> tuple[Image, Image]:
    """Return a far row of poplars and roofs, and where it is."""
    width, height = max(4, round(w * px_m)), max(4, round(h * px_m))
    board = Board(np.zeros((height, width, 3), np.uint8), px_m)
    there = Board(np.zeros((height, width), np.uint8), px_m)
    n, each = max(2, round(w / 2.4)), 14
    tall, wide = np.repeat(dice.uniform((0.35 * h, 1.2), (0.95 * h, 3.6), (n, 2)), each, axis=0).T
    foot = np.repeat(np.sort(dice.uniform(0, w, n)), each)
    x, y = foot + dice.normal(0, 0.3, n * each) * wide, h - dice.uniform(0.05, 1.0, n * each) * tall
    light = np.repeat(dice.uniform(0.6, 1.25, n), each) * dice.uniform(0.7, 1.3, n * each)
    spots = np.stack((x, y, wide * 0.24, np.full(n * each, 0.6), np.zeros(n * each)), axis=1)
    _dab(board, there, spots, np.clip(np.multiply.outer(light, (62, 96, 72)), 0, 255))
    board.box(0, h - 1.0, w, 1.0, (70, 98, 84))
    there.image[-round(px_m) :] = 255
    return board.image, there.image
