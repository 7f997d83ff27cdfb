"""A Standing, made quick to ask: who is where, and how things are this instant. Pure; built once per Standing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from camboard.rank import down_first
from camboard.words import State
from camkeeper.availability.buckets import Buckets
from camkeeper.standing.view import DeviceStanding, SiteStanding, Standing

_EMPTY: Counter[State] = Counter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Look-ups over one Standing."""

    standing: Standing
    site_by_id: dict[str, SiteStanding]
    device_by_id: dict[str, DeviceStanding]
    subtree_by_id: dict[str, frozenset[str]]
    """The ids of a site and of all below it."""
    cameras_by_site: dict[str, Counter[State]]
    """Cameras by what the screen shows of them, with all below."""
    counts_by_kind: dict[str, Counter[State]]
    ranked: tuple[DeviceStanding, ...]
    """Devices, down first."""
    cameras: Counter[State]
    """All cameras by what the screen shows of them."""

    def cameras_of(self, site_id: str) -> Counter[State]:
        """Return the cameras of a site and of all below it, by what the screen shows."""
        return self.cameras_by_site.get(site_id, _EMPTY)


def index(standing: Standing) -> Index:
    """Build the look-ups: one pass over the devices, one over the sites."""
    own: dict[str, Counter[State]] = {}
    by_kind: dict[str, Counter[State]] = {}
    cameras: Counter[State] = Counter()
    groups = Counter((device.site_id, device.kind, State.of(device)) for device in standing.devices)
    for (site_id, kind, state), number in groups.items():
        by_kind.setdefault(kind.value, Counter())[state] += number
        if kind.has_picture:
            own.setdefault(site_id, Counter())[state] += number
            cameras[state] += number
    subtree = {site.id: {site.id} for site in standing.sites}
    rolled = {site.id: Counter(own.get(site.id, _EMPTY)) for site in standing.sites}
    for site in reversed(standing.sites):  # parents stand before children, so children are complete first
        if site.parent_id in subtree:
            subtree[site.parent_id] |= subtree[site.id]
            rolled[site.parent_id].update(rolled[site.id])
    return Index(
        standing=standing,
        site_by_id={site.id: site for site in standing.sites},
        device_by_id={device.id: device for device in standing.devices},
        subtree_by_id={site_id: frozenset(ids) for site_id, ids in subtree.items()},
        cameras_by_site=rolled,
        counts_by_kind=by_kind,
        ranked=tuple(down_first(standing.devices)),
        cameras=cameras,
    )


def this_instant(counts: Counter[State]) -> Buckets:
    """Return counts as buckets of one millisecond a camera: the rate of this very instant, by the same arithmetic.

    As in the month's account, what is under agreed maintenance counts neither way.
    """
    return Buckets(
        up_ms=counts[State.UP] + counts[State.DEGRADED],
        degraded_ms=counts[State.DEGRADED],
        down_ms=counts[State.DOWN],
        unknown_ms=counts[State.UNKNOWN],
        excluded_ms=counts[State.MAINTENANCE],
    )


def state_of_all(counts: Counter[State]) -> State | None:
    """Return the one state to show for several cameras: the worst; None where there are none.

    `UP` only where every single one is up: neither unknown nor maintenance ever passes for it.
    """
    for state in (State.DOWN, State.UNKNOWN, State.DEGRADED, State.MAINTENANCE, State.UP):
        if counts[state]:
            return state
    return None


class IndexCache:
    """The index of the newest Standing, built when first asked for."""

    def __init__(self) -> None:
        self._index: Index | None = None

    def of(self, standing: Standing) -> Index:
        """Return the index of this very value."""
        if self._index is None or self._index.standing is not standing:
            self._index = index(standing)
        return self._index
