"""Two maps of edges laid side by side, tile by tile: where is the scene still itself?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

TILE_PX: Final = 16
Grid = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """`tiles` (rows, columns) and `whole`: correlation of the edges, -1 to 1. `texture`: of the picture's tiles."""

    tiles: Grid
    whole: float
    texture: Grid


def likeness(reference: NDArray[np.uint8], edges: NDArray[np.uint8]) -> Likeness:
    """Return how far the edges are those of the reference; both (h, 256)."""
    a, b = _tiled(reference), _tiled(edges)
    a, b = a - a.mean(axis=2, keepdims=True), b - b.mean(axis=2, keepdims=True)
    own, other = (a * a).sum(axis=2), (b * b).sum(axis=2)
    tiles = (a * b).sum(axis=2) / np.sqrt(own * other + 1e-3)
    x, y = reference.astype(np.float32), edges.astype(np.float32)
    x, y = x - x.mean(), y - y.mean()
    whole = float((x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum() + 1e-3))
    texture = np.sqrt(other / (TILE_PX * TILE_PX))
    return Likeness(tiles=np.asarray(tiles, np.float32), whole=whole, texture=np.asarray(texture, np.float32))


def largest_region(flags: Flags, *, through: Flags) -> int:
    """Return how many flagged tiles lie in one connected region; `through`: tiles that connect and do not count."""
    count, labels = cv2.connectedComponents((flags | through).astype(np.uint8), connectivity=4)
    sizes = np.bincount(labels[flags], minlength=count) if count else np.zeros(1, int)
    return int(sizes.max()) if flags.any() else 0


def on_tiles(cells: Grid, shape: tuple[int, int]) -> Grid:
    """Return a grid of measured cells on the tiles' grid."""
    return np.asarray(cv2.resize(cells, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), np.float32)


def on_cells(tiles: Flags, shape: tuple[int, int]) -> Flags:
    """Return flags of tiles on a finer grid of cells."""
    flags = cv2.resize(tiles.astype(np.uint8), (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray(flags > 0, np.bool_)


def _tiled(edges: NDArray[np.uint8]) -> Grid:
    rows, columns = edges.shape[0] // TILE_PX, edges.shape[1] // TILE_PX
    cut = edges[: rows * TILE_PX, : columns * TILE_PX].astype(np.float32)
    return cut.reshape(rows, TILE_PX, columns, TILE_PX).transpose(0, 2, 1, 3).reshape(rows, columns, TILE_PX * TILE_PX)
