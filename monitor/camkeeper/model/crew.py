"""The crew that asks the devices, as it is shown. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStanding:
    """One poller."""

    name: str
    shards: int
    """How many it holds."""
    blind: tuple[str, ...] = ()
    """Its uplinks whose beacons are silent."""
    skew_ms: int = 0
    """Its wall clock less ledger time."""
    current: bool = True
    """Whether it has the configuration that is in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewStanding:
    """All pollers, and how asking through them goes. Counts are since the start."""

    connected: bool
    """Whether the bus is there."""
    shards: int
    unheld: int
    """Shards that no poller holds: their devices are asked by nobody."""
    members: tuple[MemberStanding, ...] = ()
    asked: int = 0
    """Questions that a member answered."""
    local: int = 0
    """Questions that the keeper asked itself."""
    unanswered: int = 0
    """Turns that nobody answered: they left no sample."""
    lost: int = 0
    """Questions whose member was lost before it answered; they were asked again."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """Answers that were no results, by reason."""
    pictures_dropped: int = 0
