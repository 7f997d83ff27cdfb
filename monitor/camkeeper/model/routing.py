"""Who hears of which incident, when not, and who else when nobody reacts. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from camkeeper.model.equipment import DeviceKind

DAY_MINUTES = 24 * 60


class Severity(IntEnum):
    """How grave an incident is. 提示 / 故障 / 严重."""

    NOTICE = 1  # something works badly: picture, credential, recording
    FAULT = 2  # something is down
    MAJOR = 3  # a whole village, an operator's line, or the monitor itself: quiet hours don't hold it back


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Local minutes after midnight, [start, end); over midnight where the end is the smaller. Equal: never quiet."""

    start_minute: int
    end_minute: int
    timezone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        if not (0 <= self.start_minute < DAY_MINUTES and 0 <= self.end_minute < DAY_MINUTES):
            raise ValueError(f"quiet hours outside the day: {self.start_minute}..{self.end_minute}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which incidents; an empty set asks for nothing, and all that are not empty must meet."""

    contractor_ids: frozenset[str] = frozenset()
    site_ids: frozenset[str] = frozenset()
    """These sites and all below them."""
    device_kinds: frozenset[DeviceKind] = frozenset()
    at_least: Severity = Severity.NOTICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One level of an escalation chain."""

    after_min: int
    """Minutes since the incident was opened, nobody having acknowledged it."""
    channel_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.after_min < 1:
            raise ValueError(f"a step of escalation comes some minutes after the first message: {self.after_min}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Incidents that match go to these channels, and on to the steps while nobody acknowledges."""

    id: str
    channel_ids: tuple[str, ...]
    match: Match = field(default_factory=Match)
    quiet: QuietHours | None = None
    recovery: bool = True
    """Whether it hears of the end, too."""
    steps: tuple[Step, ...] = ()
    """In the order of their minutes."""
    last: bool = False
    """Later routes are not asked where this one matches."""

    def __post_init__(self) -> None:
        minutes = [step.after_min for step in self.steps]
        if minutes != sorted(set(minutes)):
            raise ValueError(f"route {self.id}: steps are not in the order of their minutes: {minutes}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPolicy:
    """All routes, asked in their order."""

    routes: tuple[Route, ...] = ()
    otherwise: tuple[str, ...] = ()
    """Channels for an incident that no route matches: better one message too many than none."""
