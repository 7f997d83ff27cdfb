"""What every device is right now, and how many of each domain's devices are out: counters moved at each change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from camkeeper.incident.graph import Graph
from camkeeper.model.change import Transition
from camkeeper.model.status import Reason, Status


class Family(StrEnum):
    """Outages are compared only with their like."""

    DOWN = "down"
    AUTH = "auth"
    IMAGE = "image"
    IMPAIRED = "impaired"  # answers, and something else is wrong with it
    PLATFORM = "platform"  # one fault of what hands out their pictures, however many stand still
    MONITOR = "monitor"  # no device's outage: our own way out


TOGETHER = frozenset({Family.AUTH, Family.PLATFORM})
"""One cause wherever the devices hang: a password, a platform. No link or site is asked to explain them."""

_FAMILY_OF = {
    Reason.AUTH_REFUSED: Family.AUTH,
    Reason.CLOCK_SKEW: Family.AUTH,
    Reason.NO_PICTURE: Family.IMAGE,
    Reason.NO_STREAM: Family.IMAGE,
    Reason.RECORDING_STALE: Family.IMAGE,
    Reason.IMAGE_PLATFORM: Family.PLATFORM,
}


def family_of(status: Status, reason: Reason) -> Family | None:
    """Return what kind of outage a known status is; None for up."""
    if status is Status.DOWN:
        return Family.DOWN
    if status is not Status.DEGRADED:
        return None
    return _FAMILY_OF.get(reason, Family.IMAGE if reason.is_image else Family.IMPAIRED)


@dataclass(slots=True, kw_only=True)
class Condition:
    """One device. `family`, `reason` and `since_ms` are of the last *known* status: blindness changes none of them."""

    status: Status = Status.UNKNOWN
    family: Family | None = None
    known: Status = Status.UNKNOWN
    """The last status that was not unknown."""
    reason: Reason = Reason.FIRST_SEEN
    since_ms: int = 0
    noticed_ms: int = 0
    changes_ms: tuple[int, ...] = ()
    """The newest changes of `family`, for flap damping."""


class Census:
    """Conditions of all enrolled devices, with sums for every domain."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.conditions: dict[str, Condition] = {device_id: Condition() for device_id in graph.sites_of}
        self.version = 0
        """Moves whenever a device's status does."""
        self._known = [0] * len(graph.nodes)
        self._out: dict[Family, list[int]] = {family: [0] * len(graph.nodes) for family in Family}

    def put(self, device_id: str, condition: Condition) -> None:
        """Take over a remembered condition, once, before anything was folded."""
        self.conditions[device_id] = condition
        self._count(device_id, condition, 1)

    def take(self, transition: Transition, now_ms: int, keep: int) -> Family | None:
        """Move a device to its new status; return the family it was out by before. `keep`: changes to remember."""
        condition = self.conditions[transition.device_id]
        before = condition.family
        self._count(transition.device_id, condition, -1)
        condition.status = transition.new
        if transition.new is not Status.UNKNOWN:
            after = family_of(transition.new, transition.reason)
            if after is not before:
                condition.changes_ms = (*condition.changes_ms, transition.at_ms)[-keep:]
                condition.since_ms, condition.noticed_ms = transition.at_ms, now_ms
                condition.reason = transition.reason
            condition.family, condition.known = after, transition.new
        self._count(transition.device_id, condition, 1)
        self.version += 1
        return before

    def known(self, node: int) -> int:
        """Return how many devices of a domain have a known status."""
        return self._known[node]

    def out(self, node: int, family: Family) -> int:
        """Return how many devices of a domain are known to be out in this way now."""
        return self._out[family][node]

    def is_dark(self, node: int, least: int) -> bool:
        """Return whether every known device of a domain is down: at least `least`, and most of all it has."""
        known = self._known[node]
        most = known * 2 >= len(self.graph.devices_of[node])
        return known >= least and most and self._out[Family.DOWN][node] == known

    def blind(self, device_ids: Iterable[str]) -> bool:
        """Return whether nobody knows of any of these devices now."""
        return all(self.conditions[i].status is Status.UNKNOWN for i in device_ids if i in self.conditions)

    def _count(self, device_id: str, condition: Condition, by: int) -> None:
        if condition.status is Status.UNKNOWN:
            return
        chain = self.graph.chains[device_id]
        known = self._known
        for node in chain:
            known[node] += by
        if condition.family is not None:
            out = self._out[condition.family]
            for node in chain:
                out[node] += by
