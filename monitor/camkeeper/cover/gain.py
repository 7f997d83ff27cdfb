"""What a repair gives back: the coverage with some dark cameras working again, less the coverage of now."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from camkeeper.cover.live import Live
from camkeeper.cover.panel import MILLI, Panel, Part, milli
from camkeeper.cover.sight import State
from camkeeper.model.cover import AREA
from camkeeper.standing.work import Gain

_COUNTED = "counted"
"""Ground of a site less what a neighbour counts too (`panel`): no square metre is won back twice."""


def gains(panel: Panel, states: Mapping[str, State], groups: Mapping[int, Collection[str]]) -> dict[int, Gain]:
    """Return what each group of devices would give back alone, by its number; unknown counts as seeing.

    Ground that only dark cameras of two groups see counts for both: whoever is repaired first gives it back. Devices
    that see nothing by design, or have no mount, give back nothing.
    """
    live = Live(panel)
    live.update(states)
    return {number: _gain(panel, live, frozenset(ids)) for number, ids in groups.items()}


def _gain(panel: Panel, live: Live, ids: frozenset[str]) -> Gain:
    area, places, found = 0, 0.0, []
    for n in sorted({n for i in ids for n in panel.parts_of_camera.get(i, ())}):
        part = panel.parts[n]
        _, maybe = live.masks(n)
        own = np.array([i in ids for i in part.overlay.camera_ids], dtype=np.bool_)
        if not (own & ~maybe).any():
            continue
        now, then = milli(part.overlay.seen(np.stack([maybe, maybe | own])))
        gained = then - now
        area += int(gained[_ground(part)].sum())
        for column, place in enumerate(part.overlay.places):
            if place.layer not in {AREA, _COUNTED} and gained[column] > 0:
                places += float(gained[column] / part.totals[column]) * place.weight
                found.append(place.id)
    return Gain(area_m2=area / MILLI, places=places, place_ids=tuple(found))


def _ground(part: Part) -> NDArray[np.bool_]:
    """Return (p,) which column of a part is its ground: the counted one where there are two."""
    layers = [place.layer for place in part.overlay.places]
    wanted = _COUNTED if _COUNTED in layers else AREA
    return np.array([layer == wanted for layer in layers], dtype=np.bool_)
