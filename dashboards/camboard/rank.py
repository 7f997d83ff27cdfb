"""Orders on the screen: worst first, always the same for the same values. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from operator import attrgetter

from camboard.words import WORST_FIRST, State
from camkeeper.standing.view import DeviceStanding, SiteStanding

_BY_PLACE = attrgetter("site_id", "id")
_NOTHING_MEASURED = Fraction(-1)


def trouble(counts: Counter[State]) -> int:
    """Return how many cameras are down or unknown now, agreed maintenance aside."""
    return counts[State.DOWN] + counts[State.UNKNOWN]


def worst_first(tiles: Iterable[tuple[SiteStanding, Counter[State]]]) -> list[tuple[SiteStanding, Counter[State]]]:
    """Sort sites for the tiles.

    First whoever has a camera down or unknown now, then by the month's lower bound (nothing measured before zero),
    then by how many are in trouble, then by id, so that equal villages keep their places. Sites without any camera
    come last: nothing was promised there.
    """
    return sorted(tiles, key=_site_key)


def _site_key(tile: tuple[SiteStanding, Counter[State]]) -> tuple[int, Fraction, int, str]:
    site, counts = tile
    in_trouble = trouble(counts)
    lower = site.month.buckets.lower
    group = 2 if not counts.total() else (0 if in_trouble else 1)
    return group, _NOTHING_MEASURED if lower is None else lower, -in_trouble, site.id


def down_first(devices: Iterable[DeviceStanding]) -> list[DeviceStanding]:
    """Sort devices for the rows: down, unknown, degraded, maintenance, up; within these by site, then id."""
    by_state: dict[State, list[DeviceStanding]] = {state: [] for state in WORST_FIRST}
    for device in devices:
        by_state[State.of(device)].append(device)
    return [device for group in by_state.values() for device in sorted(group, key=_BY_PLACE)]
