"""How far a picture lies from what is usual for its camera: one number per kind of trouble. Pure.

Used three times over: for the picture at hand, for each of the pictures that a baseline is learnt from (against the
others, which tells how far healthy pictures of this very camera stray), and for the benchmark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from camkeeper.picture.sheet import Numbers, Sheet
from camkeeper.picture.tiles import Flags, Grid, Likeness, largest_region, likeness, on_cells, on_tiles

_FEW_TILES: Final = 8
_LOST: Final = 0.7
"""Of log energy: a tile that has half the detail of before has lost it."""
_SAME: Final = 0.5
"""Of a tile's usual likeness: below, it shows something else."""
_ODD: Final = 0.1
_CELLS: Final = 0.15
_LOBE: Final = 3
"""Frequencies; the window spreads one wave over two on either side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is usual for one camera in one context: medians over healthy pictures. Shapes as in `Sheet`.

    `own`, `lowest` (rows, columns): likeness that each tile usually has with the others, and the least it ever had.
    """

    numbers: Numbers
    fine: Grid
    middle: Grid
    coarse: Grid
    steep: Grid
    across: NDArray[np.float32]
    along: NDArray[np.float32]
    edges: NDArray[np.uint8]
    own: Grid
    lowest: Grid

    @property
    def telling(self) -> Flags:
        """Tiles that look the same from day to day: open water and traffic tell nothing."""
        return np.asarray(self.own > 0.45, np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """Differences to the usual: log ratios for energies, grey levels for tones, shares for tiles."""

    sharpness: float
    """Of fine detail against coarse, and of steps, where the scene is still itself: negative is softer."""
    noise: float
    noise_floor: float
    stripe: float
    """Highest wave that is not usually there, grey levels."""
    p1: float
    p50: float
    p99: float
    span: float
    veil: float
    """Of the darkest against the brightest hundredth: mist lifts the one, however the camera exposes."""
    saturated: float
    contrast: float
    """Of coarse detail, where the scene is still itself: mist takes it there too, a thing before the lens does not."""
    chroma: float
    cast: float
    flat_rows: float
    matched: float
    """Share of the telling tiles that still show what they usually show; 1.0 where nothing is telling."""
    unmatched: float
    """Largest connected region of the others, as a share of the telling tiles."""
    lost: float
    """Share of the unmatched tiles that lost their detail: a thing close to the lens is out of focus."""
    whole: float
    """Likeness of the whole map, as a share of its usual likeness."""
    telling: float
    """Share of all tiles that tell anything."""


def deviation(sheet: Sheet, usual: Usual, *, own_whole: float, sharp: bool = True) -> Deviation:
    """Return how far the sheet strays. `sharp` False: sizes differ, so sharpness and noise cannot be compared."""
    like = likeness(usual.edges, sheet.edges)
    telling = usual.telling
    matched = _matched(like, usual) & telling
    others = telling & ~matched
    number = max(int(telling.sum()), 1)
    now, was = sheet.numbers, usual.numbers
    enough = int(telling.sum()) >= _FEW_TILES
    where = matched if matched.sum() >= _FEW_TILES else np.ones_like(matched)
    return Deviation(
        sharpness=_sharpness(sheet, usual, where) if sharp else 0.0,
        noise=now.noise - was.noise if sharp else 0.0,
        noise_floor=now.noise_floor - was.noise_floor if sharp else 0.0,
        stripe=_stripe(sheet, usual) if sharp else 0.0,
        p1=now.p1 - was.p1,
        p50=now.p50 - was.p50,
        p99=now.p99 - was.p99,
        span=now.span - was.span,
        veil=now.veil - was.veil,
        saturated=now.saturated - was.saturated,
        contrast=_contrast(sheet, usual, where),
        chroma=now.chroma - was.chroma,
        cast=abs(now.red - was.red) + abs(now.blue - was.blue),
        flat_rows=now.flat_rows - was.flat_rows,
        matched=float(matched.sum() / number) if enough else 1.0,
        unmatched=largest_region(others, through=~telling) / number if enough else 0.0,
        lost=_lost_share(sheet, usual, others),
        whole=like.whole / max(own_whole, 0.1),
        telling=float(telling.mean()),
    )


def _matched(like: Likeness, usual: Usual) -> Flags:
    least = np.minimum(_SAME * usual.own, usual.lowest - _ODD)
    return np.asarray(like.tiles > np.maximum(least, _CELLS), np.bool_)


def _sharpness(sheet: Sheet, usual: Usual, where: Flags) -> float:
    shape = (where.shape[0], where.shape[1])

    def change(now: Grid, was: Grid) -> Grid:
        return on_tiles(now - was, shape)[where]

    # Detail of one octave against the next: contrast and light cancel out. The middle of the tiles, not their mean: a
    # lens is soft all over, and the border of a thing before it is soft where the scene still shows through.
    weight = np.maximum(on_tiles(usual.coarse, shape)[where], 0.05)
    octaves = change(sheet.fine - sheet.coarse, usual.fine - usual.coarse)
    both = (sheet.steep > 0) & (usual.steep > 0) & on_cells(where, (usual.steep.shape[0], usual.steep.shape[1]))
    step = float(np.median(np.log(sheet.steep[both] / usual.steep[both]))) if both.sum() >= _FEW_TILES else 0.0
    return _weighted_median(octaves, weight) + step


def _contrast(sheet: Sheet, usual: Usual, where: Flags) -> float:
    return float(np.median(on_tiles(sheet.coarse - usual.coarse, (where.shape[0], where.shape[1]))[where]))


def _weighted_median(values: Grid, weight: Grid) -> float:
    order = np.argsort(values, kind="stable")
    heavy = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(heavy, heavy[-1] / 2)])


def _lost_share(sheet: Sheet, usual: Usual, others: Flags) -> float:
    if not others.any():
        return 0.0
    shape = (others.shape[0], others.shape[1])
    return float((on_tiles(sheet.middle - usual.middle, shape)[others] < -_LOST).mean())


def _stripe(sheet: Sheet, usual: Usual) -> float:
    return max(_peak(sheet.across - usual.across), _peak(sheet.along - usual.along))


def _peak(waves: NDArray[np.float32]) -> float:
    """Return the highest wave above those beside it: hum has one length, the border of a shadow has all of them."""
    beside = np.pad(np.maximum(waves, 0.0), _LOBE)
    return float((waves - np.maximum(beside[: -2 * _LOBE], beside[2 * _LOBE :])).max())
