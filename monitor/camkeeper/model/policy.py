"""Named rules. Every figure is printed with the name and version of the rule that made it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from camkeeper.model.contract import WindowKind
from camkeeper.model.probing import Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePolicy:
    """How often and how patiently devices are asked."""

    every_s: float = 60.0
    full_every_s: float = 3600.0
    picture_every_s: float = 300.0
    timeout_s: float = 5.0
    retry_s: float = 10.0
    """A failed probe is asked again after this, to confirm quickly."""
    max_in_flight: int = 256
    max_dead_in_flight: int = 512
    """The budget of devices that are down: they never take a healthy device's place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePolicy:
    """When a run of results becomes a change of status."""

    name: str = "default"
    version: int = 1
    confirm_down: int = 2
    confirm_degraded: int = 2
    grace_polls: float = 2.5
    """A sample holds this many polls; after that, unknown."""
    down_on: frozenset[Rung] = frozenset({Rung.REACH, Rung.PING, Rung.SNMP, Rung.TIME})
    degraded_on: frozenset[Rung] = frozenset({Rung.AUTH, Rung.SNAPSHOT, Rung.STREAM, Rung.RECORDING})
    flap_changes: int = 6
    """This many changes within `flap_window_s` make a device unstable: an alert matter, never one of the record."""
    flap_window_s: float = 3600.0


class Rule(StrEnum):
    """The accounting rules in use between townships and contractors."""

    TIME_WEIGHTED = "time_weighted"  # Σ up / Σ (up + down)
    DAILY_MEAN = "daily_mean"  # 日平均在线率: mean over local days of each day's rate
    PATROL_DAILY = "patrol_daily"  # one look a day at `patrol_at`; online looks / looks


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingPolicy:
    """A named, versioned way from statuses to a figure."""

    name: str
    version: int
    rule: Rule
    unknown_limit_bp: int = 200
    """More unknown than this share of T makes the verdict undetermined."""
    patrol_at: str = "09:00"
    """Local time of the daily look, for PATROL_DAILY."""
    excludes: frozenset[WindowKind] = frozenset({WindowKind.MAINTENANCE, WindowKind.EXCLUSION})

    @property
    def id(self) -> str:
        """`name/version`, as printed."""
        return f"{self.name}/{self.version}"


DEFAULT_ACCOUNTING: tuple[AccountingPolicy, ...] = (
    AccountingPolicy(name="time-weighted", version=1, rule=Rule.TIME_WEIGHTED),
    AccountingPolicy(name="daily-mean", version=1, rule=Rule.DAILY_MEAN),
    AccountingPolicy(name="patrol-daily", version=1, rule=Rule.PATROL_DAILY),
)
"""Computed side by side where the register names none. The first one decides."""
