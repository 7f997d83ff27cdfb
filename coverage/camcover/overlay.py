"""How much of every place any set of working cameras sees, by one matrix product.

Each place is cut once by the fields that meet it (`camcover.pieces`). Pieces that the same cameras see are one row
of the matrix rows x cameras; what is asked afterwards for a set of cameras, or for a thousand sets, needs no geometry.
The product is Boolean, on packed bits: the threads of a BLAS wait for one another on a busy machine.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from camcover.pieces import OverlayError, Pieces, Shapes, cut, dimension_of

_STACK_ROWS = 256
"""Sets of cameras per product: keeps its memory small, and the cache of a core warm."""
_WORD_BYTES = 8

Amounts = NDArray[np.float64]
Working = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Something to be seen, in the metric frame of the fields: an area (m2), a line (m) or points (each counts 1).

    `band` names the fields that count for it. `weight` is what the whole of it is worth when losses are compared: half
    of a road of weight 2 is worth as much as a junction of weight 1.
    """

    id: str
    layer: str
    shape: BaseGeometry
    band: str = "seen"
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.weight >= 0.0:
            raise OverlayError(f"{self.id}: a weight is not negative: {self.weight}")

    @property
    def dimension(self) -> int:
        """2: measured in m2, 1: in m, 0: counted."""
        return dimension_of(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlay:
    """`p` places under `n` cameras. Made by `Overlay.build`."""

    places: tuple[Place, ...]
    camera_ids: tuple[str, ...]
    totals: Amounts
    """(p,) m2, m or count."""
    bits: NDArray[np.bool_]
    """(rows, n) which camera sees which row."""
    words: NDArray[np.uint64]
    """(rows, n / 64) the same, packed."""
    amounts: Amounts
    """(rows,)"""
    starts: NDArray[np.int64]
    """(p,) first row of each place; its rows lie together, and there is at least one."""
    pieces: Shapes
    """(m,) geometry of all pieces."""
    piece_rows: NDArray[np.int64]
    """(m,) the row of each piece, ascending."""

    @classmethod
    def build(
        cls, places: Sequence[Place], camera_ids: Sequence[str], fields: Mapping[str, NDArray[np.object_]]
    ) -> Overlay:
        """Cut all places. `fields`: by name of a band, (n,) polygons in the order of `camera_ids`, empty ones too."""
        if len(set(camera_ids)) != len(camera_ids):
            raise OverlayError("camera ids are not unique")
        trees = {band: _tree(band, column, len(camera_ids)) for band, column in fields.items()}
        parts = [_Rows.of(place, trees, fields, len(camera_ids)) for place in places]
        counts = [len(part.amounts) for part in parts]
        starts = np.concatenate([[0], np.cumsum(counts)])[: len(places)].astype(np.int64)
        amounts = np.concatenate([part.amounts for part in parts] or [np.zeros(0)])
        bits = np.concatenate([np.zeros((0, len(camera_ids)), np.bool_), *(part.bits for part in parts)])
        return cls(
            places=tuple(places),
            camera_ids=tuple(camera_ids),
            totals=_by_place(amounts, starts),
            bits=bits,
            words=_words(bits),
            amounts=amounts,
            starts=starts,
            pieces=np.concatenate([np.zeros(0, np.object_), *(part.pieces for part in parts)]),
            piece_rows=np.concatenate(
                [np.zeros(0, np.int64), *(part.piece_rows + start for part, start in zip(parts, starts, strict=True))]
            ),
        )

    def mask(self, ids: Collection[str]) -> Working:
        """Return (n,): which cameras are among `ids`. Ids of cameras that are not here are of no interest here."""
        wanted = frozenset(ids)
        return np.array([one in wanted for one in self.camera_ids], dtype=np.bool_)

    def seen(self, working: ArrayLike) -> Amounts:
        """Return (..., p) amounts that at least one working camera sees; `working` is boolean (..., n).

        A stack gives the same bits as each of its sets alone.
        """
        sets = self._sets(working)
        flat = sets.reshape(math.prod(sets.shape[:-1]), sets.shape[-1])
        out = np.empty((len(flat), len(self.places)))
        for first in range(0, len(flat), _STACK_ROWS):
            lit = self._lit(flat[first : first + _STACK_ROWS])
            out[first : first + _STACK_ROWS] = _by_place(np.where(lit, self.amounts, 0.0), self.starts)
        return out.reshape(*sets.shape[:-1], len(self.places))

    def depth(self, working: ArrayLike, place: int) -> Amounts:
        """Return (deepest + 1,): how much of a place exactly 0, 1, 2... working cameras see; it sums to its total.

        `deepest` is the most cameras that see any spot of it by design, whatever works now.
        """
        rows = self._rows_of(place)
        depths = (self.bits[rows] & self._set(working)).sum(axis=1)
        deepest = int(self.bits[rows].sum(axis=1).max())
        return np.bincount(depths, weights=self.amounts[rows], minlength=deepest + 1).astype(np.float64, copy=False)

    def sole(self, working: ArrayLike) -> Amounts:
        """Return (n, p): the amounts that this working camera alone sees, lost when it goes."""
        lit = self.bits & self._set(working)
        alone = np.flatnonzero(lit.sum(axis=1) == 1)
        _, camera = np.nonzero(lit[alone])  # one a row
        out = np.zeros((len(self.camera_ids), len(self.places)))
        np.add.at(out, (camera, self._place_of_rows()[alone]), self.amounts[alone])
        return out

    def weigh(self, amounts: ArrayLike) -> Amounts:
        """Return (...,) what amounts (..., p) are worth: each place's share of its total times its weight."""
        weights = np.array([place.weight for place in self.places])
        worth = np.divide(weights, self.totals, out=np.zeros_like(self.totals), where=self.totals > 0)
        return np.asarray((np.asarray(amounts, dtype=np.float64) * worth).sum(axis=-1))

    def shape(
        self, place: int, working: ArrayLike, *, lost_from: ArrayLike | None = None, blind: bool = False
    ) -> BaseGeometry:
        """Return the part of a place that is seen by `working`; empty where there is none.

        `lost_from`: instead what those cameras see and none of `working` does. `blind`: instead what none of
        `working` sees.
        """
        if blind and lost_from is not None:
            raise OverlayError("either what is lost or what is blind")
        rows = self._rows_of(place)
        lit = (self.bits[rows] & self._set(working)).any(axis=1)
        if blind:
            lit = ~lit
        elif lost_from is not None:
            lit = ~lit & (self.bits[rows] & self._set(lost_from)).any(axis=1)
        wanted = np.zeros(len(self.amounts), dtype=np.bool_)
        wanted[rows] = lit
        return _joined(self.pieces[wanted[self.piece_rows]], self.places[place].dimension)

    def _sets(self, working: ArrayLike) -> Working:
        sets = np.asarray(working, dtype=np.bool_)
        if sets.shape[-1:] != (len(self.camera_ids),):
            raise OverlayError(f"a set of {len(self.camera_ids)} cameras was expected, not of shape {sets.shape}")
        return sets

    def _set(self, working: ArrayLike) -> Working:
        """Return one set (n,)."""
        return self._sets(working).reshape(len(self.camera_ids))

    def _lit(self, sets: Working) -> NDArray[np.bool_]:
        """Return (sets, rows): which row any camera of which set sees."""
        lit = np.zeros((len(sets), len(self.words)), dtype=np.bool_)
        for ours, theirs in zip(_words(sets).T, self.words.T, strict=True):
            lit |= (ours[:, None] & theirs[None, :]) != 0
        return lit

    def _rows_of(self, place: int) -> slice:
        ends = np.append(self.starts, len(self.amounts))
        number = range(len(self.places))[place]
        return slice(int(ends[number]), int(ends[number + 1]))

    def _place_of_rows(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(len(self.places)), np.diff(np.append(self.starts, len(self.amounts))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """The pieces of one place, gathered by who sees them."""

    amounts: Amounts
    bits: NDArray[np.bool_]
    pieces: Shapes
    piece_rows: NDArray[np.int64]

    @classmethod
    def of(
        cls, place: Place, trees: Mapping[str, shapely.STRtree], fields: Mapping[str, Shapes], cameras: int
    ) -> _Rows:
        if place.band not in trees:
            raise OverlayError(f"{place.id}: no fields of band {place.band!r}; there are: {', '.join(sorted(trees))}")
        near = np.sort(trees[place.band].query(place.shape))
        pieces: Pieces = cut(place.shape, fields[place.band][near])
        packed, row = np.unique(np.packbits(pieces.bits, axis=1), axis=0, return_inverse=True)
        row = row.reshape(-1)
        order = np.argsort(row, kind="stable")
        bits = np.zeros((len(packed), cameras), dtype=np.bool_)
        bits[:, near] = np.unpackbits(packed, axis=1, count=len(near))
        return cls(
            amounts=np.bincount(row, weights=pieces.amounts, minlength=len(packed)).astype(np.float64, copy=False),
            bits=bits,
            pieces=pieces.shapes[order],
            piece_rows=row[order].astype(np.int64),
        )


def _words(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Pack (m, n) into (m, words) of 64 cameras each, the last one filled up with zeros."""
    octets = np.packbits(bits, axis=1)
    words = np.zeros((len(bits), -(-octets.shape[1] // _WORD_BYTES)), dtype=np.uint64)
    words.view(np.uint8)[:, : octets.shape[1]] = octets
    return words


def _tree(band: str, fields: Shapes, cameras: int) -> shapely.STRtree:
    if np.shape(fields) != (cameras,):
        raise OverlayError(f"band {band!r}: {np.shape(fields)} fields for {cameras} cameras")
    return shapely.STRtree(fields)


def _by_place(amounts: Amounts, starts: NDArray[np.int64]) -> Amounts:
    """Sum (..., rows) to (..., p). Always in the same order, so that more light never reads as less."""
    if len(starts) == 0:
        return np.zeros((*amounts.shape[:-1], 0))
    return np.asarray(np.add.reduceat(amounts, starts, axis=-1))


def _joined(pieces: Shapes, dimension: int) -> BaseGeometry:
    if dimension == 2:
        return shapely.coverage_union_all(pieces)
    union = shapely.union_all(pieces)
    return union if dimension == 0 else shapely.line_merge(union)
