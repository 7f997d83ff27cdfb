"""What a contract promises of repairs: how soon somebody answers, how soon it works again, what counts as proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_DAY_MIN = 24 * 60
_HOUR_MS = 3_600_000


class FaultClass(StrEnum):
    """Faults by what the contract says of them."""

    VILLAGE = "village"  # a whole village sees nothing
    DOMAIN = "domain"  # a pole, a switch, a line: several devices at once
    DEVICE = "device"
    PICTURE = "picture"  # it answers, and nobody sees anything; a refused login too
    INSPECTION = "inspection"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """When time counts. Minutes are of the local day: 08:30 is 510."""

    tz: str
    days: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    """0 is Monday."""
    start_min: int = 8 * 60
    end_min: int = 18 * 60
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    """调休: days worked although the week says otherwise."""

    def __post_init__(self) -> None:
        if not 0 <= self.start_min < self.end_min <= _DAY_MIN:
            raise ValueError(f"working hours end before they start: {self.start_min}..{self.end_min} min")
        if not self.days or not self.days <= set(range(7)):
            raise ValueError(f"working days are 0 (Monday) to 6, at least one: {sorted(self.days)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pledge:
    """For one class of faults: how soon accepted, how soon working."""

    respond_ms: int
    repair_ms: int
    around_the_clock: bool = True
    """False: only working hours count."""

    def __post_init__(self) -> None:
        if not 0 < self.respond_ms <= self.repair_ms:
            raise ValueError(f"a repair is pledged before the answer: {self.respond_ms}, {self.repair_ms} ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The pledge as it stood when the order was opened: a later contract changes no older order."""

    policy: str
    """`name/version` of the `ServicePolicy`."""
    fault_class: FaultClass
    respond_ms: int
    repair_ms: int
    hours: WorkingHours | None = None
    """None: around the clock."""
    stable_ms: int = 2 * _HOUR_MS
    """This long up without a break is proof."""
    restore_within_ms: int = _HOUR_MS // 2
    """Said to be repaired and not up after this long: it is not."""
    relapse_ms: int = 7 * 24 * _HOUR_MS
    """Down again within this time of closing: the same order."""
    auto_close: bool = True
    """Proven is closed; False: somebody at the township closes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePolicy:
    """A named, versioned contract. Every class of `FaultClass` has its pledge."""

    name: str
    version: int = 1
    pledges: Mapping[FaultClass, Pledge]
    hours: WorkingHours
    stable_ms: int = 2 * _HOUR_MS
    restore_within_ms: int = _HOUR_MS // 2
    relapse_days: int = 7
    auto_close: bool = True

    def __post_init__(self) -> None:
        missing = set(FaultClass) - set(self.pledges)
        if missing:
            raise ValueError(f"{self.name}: no pledge for {', '.join(sorted(missing))}")
        if self.stable_ms <= 0 or self.restore_within_ms <= 0 or self.relapse_days < 0:
            raise ValueError(f"{self.name}: spans of proof and warranty are positive")

    @property
    def id(self) -> str:
        """`name/version`."""
        return f"{self.name}/{self.version}"

    def terms(self, fault_class: FaultClass) -> Terms:
        """Return what holds for one order of this class."""
        pledge = self.pledges[fault_class]
        return Terms(
            policy=self.id,
            fault_class=fault_class,
            respond_ms=pledge.respond_ms,
            repair_ms=pledge.repair_ms,
            hours=None if pledge.around_the_clock else self.hours,
            stable_ms=self.stable_ms,
            restore_within_ms=self.restore_within_ms,
            relapse_ms=self.relapse_days * 24 * _HOUR_MS,
            auto_close=self.auto_close,
        )


def preset(name: str, *, tz: str) -> ServicePolicy:
    """Return a usual contract to start from; KeyError where there is none of this name (`PRESETS` has them).

    The figures are of the kind that township contracts have; none is prescribed by a standard.
    """
    return ServicePolicy(
        name=name,
        hours=WorkingHours(tz=tz),
        pledges={
            fault_class: Pledge(
                respond_ms=int(respond_h * _HOUR_MS), repair_ms=int(repair_h * _HOUR_MS), around_the_clock=always
            )
            for fault_class, (respond_h, repair_h, always) in PRESETS[name].items()
        },
    )


PRESETS: Mapping[str, Mapping[FaultClass, tuple[float, float, bool]]] = {
    "standard": {
        FaultClass.VILLAGE: (0.5, 2, True),
        FaultClass.DOMAIN: (0.5, 4, True),
        FaultClass.DEVICE: (2, 24, True),
        FaultClass.PICTURE: (4, 20, False),
        FaultClass.INSPECTION: (24, 72, True),
    },
    "working-hours": {
        FaultClass.VILLAGE: (1, 4, True),
        FaultClass.DOMAIN: (1, 8, False),
        FaultClass.DEVICE: (4, 20, False),
        FaultClass.PICTURE: (4, 30, False),
        FaultClass.INSPECTION: (24, 72, True),
    },
}
"""Name -> class -> (hours to answer, hours to repair, around the clock)."""
