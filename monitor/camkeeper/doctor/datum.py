"""Whether a whole batch of positions lies where another datum would put it.

Two kinds of evidence, point by point: whether it is inside its own village, and whether it is near to anything that
cameras are put up for. A batch is told only where another reading makes many points better and hardly any worse; so a
batch that fits as it is is never told, however many of its points are astray in ways of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from camcover.datum import FEWEST_POINTS, Datum
from camkeeper.doctor.plane import NO_AREA, READINGS, Bools, Floats, Plane, Reading

INSIDE_M: Final = 5.0
"""A survey error beside the border tells nothing."""
NEAR_M: Final = 60.0
"""A camera looks at a key place from its edge; shifts are 100 m and more."""
FEWEST_BETTER, SHARE_BETTER, SHARE_INSIDE = 4, 0.25, 0.75
_RIVAL = 0.9
"""Another reading that does as well as this leaves it open which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch that fits better otherwise."""

    kind: str
    """`all`, `import`, `contractor` or `site`."""
    name: str
    reading: Reading
    rows: tuple[int, ...]
    """Which devices of the plane would move."""
    points: int
    better: int
    worse: int
    inside_before: int
    inside_after: int
    with_area: int
    shift_m: float
    """Median way that a point would move."""
    mark_before_m: float | None
    """Median distance to what cameras are put up for; None: nothing is known."""
    mark_after_m: float | None
    rival: Reading | None
    """Another reading that does about as well; None: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    reading: Reading
    there: Floats
    inside: Bools
    mark_m: Floats
    state: Floats
    """1 better than as registered, -1 worse, 0 no difference."""


class Batches:
    """The batches of one plane."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self._has_area = plane.own != NO_AREA
        self._inside_now: Bools = np.nan_to_num(plane.outside_now_m, nan=0.0) <= INSIDE_M
        self._mark_now = plane.mark_m(plane.points)
        self._trials = tuple(self._trial(reading) for reading in READINGS)

    def _trial(self, reading: Reading) -> _Trial:
        there = reading.of(self.plane.points)
        inside: Bools = np.nan_to_num(self.plane.outside_m(there), nan=0.0) <= INSIDE_M
        mark = self.plane.mark_m(there)
        near, near_now = mark <= NEAR_M, self._mark_now <= NEAR_M
        votes = (inside.astype(float) - self._inside_now) + (near.astype(float) - near_now)
        return _Trial(reading=reading, there=there, inside=inside, mark_m=mark, state=np.sign(votes))

    def there(self, batch: Batch) -> Floats:
        """Return where the batch's points would be, WGS-84 (n, 2)."""
        trial = next(t for t in self._trials if t.reading == batch.reading)
        found: Floats = trial.there[list(batch.rows)]
        return found

    @cached_property
    def found(self) -> tuple[Batch, ...]:
        """The batches, widest first; no point is in two."""
        groups = list(self._groups())
        free = np.ones(len(self.plane.devices), dtype=bool)
        out: list[Batch] = []
        for kind, name, mask in groups:
            mine = mask & free
            judged = self._judged(mine)
            if judged is None or (kind == "all" and self._split(judged[0], mine, groups)):
                continue
            trial, rival = judged
            moved = mine & (trial.state >= 0) & ~self._fitting(trial, mine, groups)
            out.append(self._batch(kind, name, trial, rival, mine, moved))
            free &= ~mine
        return tuple(out)

    def _groups(self) -> Iterator[tuple[str, str, Bools]]:
        plane = self.plane
        yield "all", "", np.ones(len(plane.devices), dtype=bool)
        for name, ids in sorted(plane.patient.batches.items()):
            yield "import", name, np.array([d.id in ids for d in plane.devices], dtype=bool)
        for kind, key in (("contractor", "contractor_id"), ("site", "site_id")):
            rows: dict[str, list[int]] = defaultdict(list)
            for n, device in enumerate(plane.devices):
                rows[getattr(device, key) or ""].append(n)
            for name in sorted(rows, key=lambda word: (-len(rows[word]), word)):
                if name and len(rows[name]) >= FEWEST_BETTER:
                    mask = np.zeros(len(plane.devices), dtype=bool)
                    mask[rows[name]] = True
                    yield kind, name, mask

    def _judged(self, mask: Bools) -> tuple[_Trial, Reading | None] | None:
        """Return the reading that clearly fits better, and another that does as well."""
        count = int(mask.sum())
        if count < FEWEST_POINTS:
            return None
        clear = [t for t in self._trials if self._clear(t, mask, count)]
        if not clear:
            return None
        best = max(clear, key=lambda t: self._merit(t, mask))
        net = float(best.state[mask].sum())
        rivals = [t for t in clear if t is not best and t.state[mask].sum() >= _RIVAL * net]
        apart = [t for t in rivals if not self._nearer(best, t, mask)]
        return best, apart[0].reading if apart else None

    def _clear(self, trial: _Trial, mask: Bools, count: int) -> bool:
        state = trial.state[mask]
        better, worse = int((state > 0).sum()), int((state < 0).sum())
        own = mask & self._has_area
        within = int((trial.inside & own).sum()) >= SHARE_INSIDE * int(own.sum())
        return better >= max(FEWEST_BETTER, SHARE_BETTER * count) and worse <= better / 4 and within

    def _merit(self, trial: _Trial, mask: Bools) -> tuple[float, float]:
        return float(trial.state[mask].sum()), -_median(trial.mark_m[mask], self._middle_m(trial, mask))

    def _middle_m(self, trial: _Trial, mask: Bools) -> Floats:
        """Return the distance of each point to the middle of its area: settlements lie in the middle of their land."""
        own = mask & self._has_area
        far: Floats = np.hypot(*(self.plane.metres(trial.there[own]) - self.plane.centres[self.plane.own[own]]).T)
        return far

    def _nearer(self, best: _Trial, other: _Trial, mask: Bools) -> bool:
        """Return whether the first lies much nearer to what cameras are put up for."""
        if np.isnan(best.mark_m[mask]).all():
            return False
        return _median(best.mark_m[mask]) < 0.5 * _median(other.mark_m[mask])

    def _split(self, trial: _Trial, mask: Bools, groups: list[tuple[str, str, Bools]]) -> bool:
        """Return whether parts of it are clearly of different datums."""
        parts = (self._judged(part & mask) for kind, _, part in groups if kind in {"import", "contractor"})
        return any(found is not None and found[0] is not trial and found[1] is None for found in parts)

    def _fitting(self, trial: _Trial, mask: Bools, groups: list[tuple[str, str, Bools]]) -> Bools:
        """Return the points in parts of the batch that fit as they are."""
        out = np.zeros(len(mask), dtype=bool)
        for kind, _, part in groups:
            inner = part & mask
            if kind != "all" and inner.sum() >= FEWEST_BETTER and trial.state[inner].sum() < 0:
                out |= inner
        return out

    def _batch(self, kind: str, name: str, trial: _Trial, rival: Reading | None, mask: Bools, moved: Bools) -> Batch:
        own = mask & self._has_area
        way = self.plane.metres(trial.there[moved]) - self.plane.xy[moved]
        known = not np.isnan(self._mark_now[mask]).all()
        return Batch(
            kind=kind,
            name=name,
            reading=trial.reading,
            rows=tuple(int(n) for n in np.flatnonzero(moved)),
            points=int(mask.sum()),
            better=int((trial.state[mask] > 0).sum()),
            worse=int((trial.state[mask] < 0).sum()),
            inside_before=int((self._inside_now & own).sum()),
            inside_after=int((trial.inside & own).sum()),
            with_area=int(own.sum()),
            shift_m=float(np.median(np.hypot(way[:, 0], way[:, 1]))),
            mark_before_m=_median(self._mark_now[mask]) if known else None,
            mark_after_m=_median(trial.mark_m[mask]) if known else None,
            rival=rival,
        )


def _median(values: Floats, otherwise: Floats | None = None) -> float:
    known = values[~np.isnan(values)]
    if not len(known) and otherwise is not None:
        known = otherwise
    return float(np.median(known)) if len(known) else 0.0


def reading_words(reading: Reading) -> tuple[str, str]:
    """Return what a reading means, in both languages."""
    written, taken = _NAMES[reading.written], _NAMES[reading.taken_for]
    if reading.taken_for is Datum.WGS84:
        return f"实为 {written}，被当作 WGS-84 存入", f"it is {written}, entered as if it were WGS-84"
    if reading.written is Datum.WGS84:
        return (
            f"本来就是 WGS-84，又被当作 {taken} 换算了一次",
            f"it was WGS-84 and was converted as if it were {taken}",
        )
    return f"实为 {written}，被当作 {taken} 换算", f"it is {written}, converted as if it were {taken}"


_NAMES: Final = {Datum.WGS84: "WGS-84", Datum.GCJ02: "GCJ-02", Datum.BD09: "BD-09"}
