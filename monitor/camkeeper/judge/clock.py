"""How far a device's clock was off, and when: a sparse history, and from it the correction for old footage.

A camera's clock drifts by seconds a day and is set by somebody once a year; a burnt-in time is evidence only with the
offset of its day. Offsets are seconds, positive where the device's clock is fast: true time is shown time less offset.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from camkeeper.model.picture import Drift

MOVED_S = 2.0
"""An offset that moved by more than this is news."""
MOVED_SHARE = 0.1
"""So is one that moved by more than this share of itself."""
RESOLUTION_S = 1.0
"""Devices tell their time in whole seconds, and a network adds its own: less than this is no movement at all."""
DAILY_MS = 86_400_000
GAP_MS = 2 * DAILY_MS
"""Two points further apart than this are no run: in between anything may have happened."""
FASTEST = 500e-6
"""No quartz drifts by more (43 s a day; 20 ppm is usual): what moved more was set by somebody, or by NTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftTrack:
    """One device's clock between two probes."""

    noted: Drift
    """The newest point of the history."""
    seen: Drift
    """The newest measurement, of the history or not."""

    def to_json(self) -> str:
        """Return canonical JSON."""
        points = [[d.at_ms, d.offset_s] for d in (self.noted, self.seen)]
        return json.dumps([self.noted.device_id, *points], ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> DriftTrack:
        """Read `to_json` back; ValueError for anything else."""
        try:
            device_id, *points = json.loads(text)
            noted, seen = (
                Drift(device_id=str(device_id), at_ms=int(at_ms), offset_s=float(offset_s))
                for at_ms, offset_s in points
            )
        except (TypeError, ValueError) as error:
            raise ValueError(f"no track of a clock: {text[:80]!r}: {error}") from error
        return cls(noted=noted, seen=seen)


class Basis(StrEnum):
    """What a correction rests on."""

    BETWEEN = "between"  # between two points of one run of the clock: interpolated
    STEP = "step"  # the clock was set between the two points: the nearer one's, or the other's
    GAP = "gap"  # nobody asked for days: the nearer point's, or the other's
    BEFORE = "before"  # before the first point: the first one's
    AFTER = "after"  # after the last point: the last one's


class Correction(NamedTuple):
    """How far a clock was off at some instant."""

    offset_s: float
    basis: Basis
    or_s: float | None = None
    """The other offset that may have been in force, where the basis is a step or a gap."""


def note_drift(
    track: DriftTrack | None, device_id: str, at_ms: int, offset_s: float
) -> tuple[DriftTrack, tuple[Drift, ...]]:
    """Fold in one measurement; return the points that it adds to the history, in the order of time: most add none.

    Where the clock was set, two: the newest measurement before it stands too, so that the step lies between two probes
    and not somewhere within a day. A measurement at or before the newest changes nothing.
    """
    now = Drift(device_id=device_id, at_ms=at_ms, offset_s=offset_s)
    if track is None:
        return DriftTrack(noted=now, seen=now), (now,)
    if track.noted.device_id != device_id:
        raise ValueError(f"a clock of {device_id} for the track of {track.noted.device_id}")
    before = track.seen
    if at_ms <= before.at_ms:
        return track, ()
    moved_s = abs(offset_s - track.noted.offset_s)
    is_news = moved_s > MOVED_S or moved_s > max(RESOLUTION_S, MOVED_SHARE * abs(track.noted.offset_s))
    if not is_news and at_ms - track.noted.at_ms < DAILY_MS:
        return replace(track, seen=now), ()
    was_set = before != track.noted and _basis(before, now) is not Basis.BETWEEN
    return DriftTrack(noted=now, seen=now), (before, now) if was_set else (now,)


def correction(drifts: Sequence[Drift], at_ms: int) -> Correction | None:
    """Return how far the clock was off at `at_ms`, true time, from its history in the order of time; None without one.

    Between two points of one run it is interpolated. Across a step or a gap the nearer point counts, and the other is
    named beside it: the footage itself must say on which side of the step it lies.
    """
    if not drifts:
        return None
    place = bisect_left(drifts, at_ms, key=lambda d: d.at_ms)
    if place == len(drifts):
        return Correction(drifts[-1].offset_s, Basis.AFTER)
    later = drifts[place]
    if later.at_ms == at_ms:
        return Correction(later.offset_s, Basis.BETWEEN)
    if place == 0:
        return Correction(later.offset_s, Basis.BEFORE)
    earlier = drifts[place - 1]
    basis = _basis(earlier, later)
    share = (at_ms - earlier.at_ms) / (later.at_ms - earlier.at_ms)
    if basis is Basis.BETWEEN:
        return Correction(earlier.offset_s + share * (later.offset_s - earlier.offset_s), basis)
    near, far = (earlier, later) if share <= 0.5 else (later, earlier)
    return Correction(near.offset_s, basis, far.offset_s)


def _basis(earlier: Drift, later: Drift) -> Basis:
    """Return whether two neighbouring points are of one run."""
    apart_s = (later.at_ms - earlier.at_ms) / 1000
    if abs(later.offset_s - earlier.offset_s) > MOVED_S + FASTEST * apart_s:
        return Basis.STEP
    return Basis.GAP if later.at_ms - earlier.at_ms > GAP_MS else Basis.BETWEEN
