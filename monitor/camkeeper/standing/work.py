"""Frozen values beside the duty desk: one order in full, figures of the month, the way to drive, channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from camkeeper.model.channel import ChannelKind
from camkeeper.model.place import LonLat
from camkeeper.model.workorder import WorkOrder
from camkeeper.workorder.figures import RoundFigures, ServiceFigures
from camkeeper.workorder.route import VanRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """One order, live or finished, with what a person wants beside it."""

    order: WorkOrder
    name: str
    """Of the fault domain or of the round."""
    incident_id: str
    """The newest one; empty for a round."""
    respond_by_ms: int | None
    repair_by_ms: int | None
    overdue: bool
    position: str = ""
    contractor: str = ""
    contact: str = ""
    phone: str = ""
    devices: tuple[str, ...] = ()
    """Names: of a repair those not up, of a round those to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFigures:
    """Repairs and, apart from them, rounds of this month."""

    at_ms: int
    repairs: ServiceFigures
    rounds: RoundFigures
    overdue_repairs: int
    """Live orders past a deadline, whenever they began."""
    overdue_rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What cameras of one order would see again, were they repaired while all else stays as it is. By day."""

    area_m2: float = 0.0
    places: float = 0.0
    """Key places, each by the share that is seen again and by its weight."""
    place_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStanding:
    """What to repair first and how to get there."""

    at_ms: int
    contractor_id: str
    """Whose orders; empty: everybody's."""
    start: LonLat | None
    """Where the van stands, WGS-84; None: the way begins where most is won back."""
    route: VanRoute
    orders: Mapping[int, OrderView]
    gains: Mapping[int, Gain] = field(default_factory=dict)
    measured: bool
    """Whether there is coverage to rank by; False: by age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStanding:
    """One channel: what waits, what was given up, and what the platform said last."""

    id: str
    name: str
    kind: ChannelKind
    waiting: int
    oldest_ms: int | None
    failures: int
    """In a row."""
    paused_until_ms: int | None
    dead: int
    last_ms: int | None = None
    """Of the newest attempt on record."""
    last_outcome: str = ""
    last_code: str = ""
    last_detail: str = ""
    last_subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What a platform said to a test letter."""

    accepted: bool
    code: str
    detail: str
