"""What is seen at this moment. One status change recomputes the parts that the camera sees something of, no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from camkeeper.cover.panel import Milli, Panel, milli
from camkeeper.cover.sight import State


class Live:
    """The amounts of one panel for one state of its cameras. A camera that nobody spoke of is unknown."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.lower: Milli = np.zeros(len(panel.totals), dtype=np.int64)
        self.upper: Milli = panel.design.copy()
        """(columns,) each: a camera of unknown status is blind in the one, sees in the other."""
        self._states: dict[str, State] = {}

    def state(self, camera_id: str) -> State:
        """Return what is known of a camera."""
        return self._states.get(camera_id, State.UNKNOWN)

    def update(self, states: Mapping[str, State]) -> frozenset[int]:
        """Take in states, of all cameras or of some; return the places of the parts that were computed anew."""
        changed = {i for i, state in states.items() if self.state(i) is not state}
        touched = frozenset(n for i in changed for n in self.panel.parts_of_camera.get(i, ()))
        self._states.update((i, states[i]) for i in changed)
        for n in touched:
            self._compute(n)
        return touched

    def masks(self, part: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return (n,) which cameras of a part work, and which work or may work."""
        ids = self.panel.parts[part].overlay.camera_ids
        working = np.array([self.state(i) is State.WORKING for i in ids], dtype=np.bool_)
        maybe = np.array([self.state(i) is not State.DARK for i in ids], dtype=np.bool_)
        return working, maybe

    def _compute(self, n: int) -> None:
        part = self.panel.parts[n]
        working, maybe = self.masks(n)
        lower, upper = milli(part.overlay.seen(np.stack([working, maybe])))
        self.lower[part.columns], self.upper[part.columns] = lower, upper


def sites_touched(panel: Panel, parts: Iterable[int]) -> frozenset[str]:
    """Return the sites with a figure that any of these parts goes into."""
    among = set(parts)
    return frozenset(site for site, own in panel.parts_of_site.items() if not among.isdisjoint(own))
