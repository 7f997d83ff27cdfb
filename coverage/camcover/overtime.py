"""Coverage over time: exact sums of steps, with what is unknown counted both ways.

Instants are UTC milliseconds, spans half-open. `lower` counts a camera of unknown status as blind, `upper` as seeing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camcover.overlay import Amounts, Overlay, Working

WORKING, DARK, UNKNOWN = "working", "dark", "unknown"
_CODES = {UNKNOWN: 0, DARK: 1, WORKING: 2}
_HOUR_MS = 3_600_000

Instants = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Who worked when: between edges nothing changes."""

    edges_ms: Instants
    """(t + 1,) rising; a single edge, and no step, where no time has passed."""
    working: Working
    """(t, n)"""
    unknown: Working
    """(t, n) nobody knows; never where `working` is set."""

    def __post_init__(self) -> None:
        steps = len(self.edges_ms) - 1
        if steps < 0 or len(self.working) != steps or self.working.shape != self.unknown.shape:
            raise ValueError(
                f"{len(self.edges_ms)} edges do not fit steps of shapes {self.working.shape}, {self.unknown.shape}"
            )
        if not (np.diff(self.edges_ms) > 0).all():
            raise ValueError("edges rise")
        if (self.working & self.unknown).any():
            raise ValueError("a camera that is known to work is not unknown")

    @classmethod
    def of(
        cls,
        intervals: Mapping[str, Sequence[tuple[int, int, str]]],
        camera_ids: Sequence[str],
        start_ms: int,
        end_ms: int,
    ) -> Steps:
        """Cut [start, end) at every change. `intervals`: by camera id (start_ms, end_ms, state), in any order.

        States are `working`, `dark`, `unknown`; time that no interval holds is unknown. Intervals of one camera that
        overlap are an error.
        """
        if end_ms < start_ms:
            raise ValueError(f"the period ends before it starts: {start_ms}..{end_ms}")
        spans = [_Spans.of(one, intervals.get(one, ())) for one in camera_ids]
        cuts = np.concatenate([np.array([start_ms, end_ms]), *(cut for one in spans for cut in (one.starts, one.ends))])
        edges = np.unique(np.clip(cuts, start_ms, end_ms).astype(np.int64))
        states = np.empty((len(edges) - 1, len(spans)), dtype=np.int8)
        for number, one in enumerate(spans):
            states[:, number] = one.at(edges[:-1])
        return cls(edges_ms=edges, working=states == _CODES[WORKING], unknown=states == _CODES[UNKNOWN])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Spans:
    """The intervals of one camera, by start."""

    starts: Instants
    ends: Instants
    states: NDArray[np.int8]

    @classmethod
    def of(cls, camera_id: str, intervals: Sequence[tuple[int, int, str]]) -> _Spans:
        known = sorted(one for one in intervals if one[0] < one[1])
        starts = np.array([one[0] for one in known], dtype=np.int64)
        ends = np.array([one[1] for one in known], dtype=np.int64)
        if (starts[1:] < ends[:-1]).any():
            raise ValueError(f"{camera_id}: intervals overlap")
        return cls(starts=starts, ends=ends, states=np.array([_CODES[one[2]] for one in known], dtype=np.int8))

    def at(self, instants: Instants) -> NDArray[np.int8]:
        """Return the state at each instant."""
        if len(self.starts) == 0:
            return np.full(len(instants), _CODES[UNKNOWN], dtype=np.int8)
        last = np.searchsorted(self.starts, instants, side="right") - 1
        held = (last >= 0) & (instants < self.ends[last])
        return np.where(held, self.states[last], np.int8(_CODES[UNKNOWN]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OverTime:
    """Amounts of `q` places (or groups of places) over one period, weighted by time."""

    start_ms: int
    end_ms: int
    totals: Amounts
    """(q,) m2, m or count."""
    lower: Amounts
    """(q,) amount x milliseconds surely seen."""
    upper: Amounts
    """(q,) amount x milliseconds perhaps seen."""
    worst: Amounts
    """(q,) the smallest upper amount at any moment; NaN where no time has passed."""
    worst_ms: Instants
    """(q,) when that first was; the period's start where no time has passed."""

    @property
    def duration_ms(self) -> int:
        """How much time has passed."""
        return self.end_ms - self.start_ms

    @property
    def lower_mean(self) -> Amounts:
        """(q,) mean amount surely seen; NaN where no time has passed."""
        return _divided(self.lower, float(self.duration_ms))

    @property
    def upper_mean(self) -> Amounts:
        """(q,) mean amount perhaps seen; NaN where no time has passed."""
        return _divided(self.upper, float(self.duration_ms))

    @property
    def lower_hours(self) -> Amounts:
        """(q,) coverage-hours: share surely seen times hours passed; NaN where there is nothing to see."""
        return _divided(self.lower, self.totals * _HOUR_MS)

    @property
    def upper_hours(self) -> Amounts:
        """(q,) coverage-hours: share perhaps seen times hours passed; NaN where there is nothing to see."""
        return _divided(self.upper, self.totals * _HOUR_MS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Amounts of `q` columns, step by step.

    Columns are places, or sums of them: the worst moment of a layer is not the sum of the worst moments of its places,
    so places are summed before time is.
    """

    edges_ms: Instants
    """(t + 1,)"""
    totals: Amounts
    """(q,)"""
    lower: Amounts
    """(t, q)"""
    upper: Amounts
    """(t, q)"""

    @classmethod
    def of(cls, overlay: Overlay, steps: Steps) -> Series:
        """Return what was seen in each step. Every set of cameras is computed once, however often it comes back."""
        count = len(steps.working)
        sets = np.concatenate([steps.working, steps.working | steps.unknown])
        packed = np.packbits(sets, axis=1)
        if packed.shape[1] == 0:
            packed = np.zeros((len(sets), 1), dtype=np.uint8)
        rows = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
        _, first, back = np.unique(rows, return_index=True, return_inverse=True)
        seen = overlay.seen(sets[first])[back.reshape(-1)]
        return cls(edges_ms=steps.edges_ms, totals=overlay.totals, lower=seen[:count], upper=seen[count:])

    @classmethod
    def joined(cls, series: Sequence[Series]) -> Series:
        """Lay series of one period side by side, columns in their order, cut at the edges of them all."""
        if not series or len({(int(one.edges_ms[0]), int(one.edges_ms[-1])) for one in series}) != 1:
            raise ValueError("series of one and the same period are joined")
        edges = np.unique(np.concatenate([one.edges_ms for one in series]))
        at = [np.searchsorted(one.edges_ms, edges[:-1], side="right") - 1 for one in series]
        return cls(
            edges_ms=edges,
            totals=np.concatenate([one.totals for one in series]),
            lower=np.concatenate([one.lower[step] for one, step in zip(series, at, strict=True)], axis=1),
            upper=np.concatenate([one.upper[step] for one, step in zip(series, at, strict=True)], axis=1),
        )

    def summed(self, groups: Sequence[Collection[int]]) -> Series:
        """Return one column a group: the sum of these columns."""
        picked = [np.array(sorted(group), dtype=np.intp) for group in groups]
        none = np.zeros((len(self.lower), 0))
        return Series(
            edges_ms=self.edges_ms,
            totals=np.array([self.totals[one].sum() for one in picked]),
            lower=np.column_stack([none, *(self.lower[:, one].sum(axis=1) for one in picked)]),
            upper=np.column_stack([none, *(self.upper[:, one].sum(axis=1) for one in picked)]),
        )

    def over_time(self) -> OverTime:
        """Sum the steps up."""
        spans = np.diff(self.edges_ms).astype(np.float64)
        start, passed = int(self.edges_ms[0]), len(spans) > 0
        worst = self.upper.argmin(axis=0) if passed else np.zeros(len(self.totals), dtype=np.intp)
        return OverTime(
            start_ms=start,
            end_ms=int(self.edges_ms[-1]),
            totals=self.totals,
            lower=spans @ self.lower,
            upper=spans @ self.upper,
            worst=self.upper.min(axis=0) if passed else np.full(len(self.totals), np.nan),
            worst_ms=self.edges_ms[worst],
        )


def over_time(overlay: Overlay, steps: Steps, groups: Sequence[Collection[int]] | None = None) -> OverTime:
    """Return the figures of every place, or of every group of indices of places where `groups` are given."""
    series = Series.of(overlay, steps)
    return (series if groups is None else series.summed(groups)).over_time()


def _divided(amounts: Amounts, by: Amounts | float) -> Amounts:
    """Divide; NaN where the divisor is zero, since ignorance is no figure."""
    by = np.broadcast_to(np.asarray(by, dtype=np.float64), amounts.shape)
    out = np.full(amounts.shape, np.nan)
    np.divide(amounts, by, out=out, where=by > 0)
    return out
