"""Keys of `policy`: how devices are asked and judged, how figures are made, what coverage is promised."""

from __future__ import annotations

from pydantic import model_validator

from camcover.bands import DORI
from camkeeper.config import scalars as s
from camkeeper.config.desk import IncidentEntry, ServiceEntry
from camkeeper.config.entry import Entry
from camkeeper.config.picture import PictureEntry
from camkeeper.config.scalars import refuse
from camkeeper.model.contract import WindowKind
from camkeeper.model.policy import JudgePolicy, Rule
from camkeeper.model.probing import Rung


class LayerTargets(Entry):
    """How much of each layer must be seen, percent: open ground, and each type of key place."""

    area: s.BasisPoints | None = None
    square: s.BasisPoints | None = None
    road: s.BasisPoints | None = None
    junction: s.BasisPoints | None = None
    pond: s.BasisPoints | None = None
    ditch: s.BasisPoints | None = None
    school: s.BasisPoints | None = None
    ancient_building: s.BasisPoints | None = None
    exit: s.BasisPoints | None = None
    patrol_route: s.BasisPoints | None = None
    zone: s.BasisPoints | None = None

    def targets(self) -> dict[str, int]:
        """Return basis points by layer, of the layers that have a target."""
        return {layer: target for layer, target in self.__dict__.items() if target is not None}


class ProbeEntry(Entry):
    """How often and how patiently devices are asked."""

    every_s: s.Cadence = 60.0
    full_every_s: s.Cadence = 3600.0
    picture_every_s: s.Cadence = 300.0
    timeout_s: s.Seconds = 5.0
    retry_s: s.Seconds = 10.0
    max_in_flight: s.Count = 256
    max_dead_in_flight: s.Count = 512

    @model_validator(mode="after")
    def _sane(self) -> ProbeEntry:
        if self.timeout_s > self.every_s:
            raise refuse(zh="timeout_s 不应长于 every_s", en="timeout_s is not longer than every_s", key="timeout_s")
        if not self.every_s <= self.picture_every_s <= self.full_every_s:
            raise refuse(
                zh="应为 every_s ≤ picture_every_s ≤ full_every_s",
                en="wants every_s <= picture_every_s <= full_every_s",
            )
        return self


class JudgeEntry(Entry):
    """When a run of results becomes a change."""

    name: s.Text = "default"
    version: s.Count = 1
    confirm_down: s.Count = 2
    confirm_degraded: s.Count = 2
    grace_polls: s.Polls = 2.5
    down_on: tuple[Rung, ...] | None = None
    degraded_on: tuple[Rung, ...] | None = None
    flap_changes: s.Count = 6
    flap_window_s: s.Cadence = 3600.0

    @model_validator(mode="after")
    def _decides(self) -> JudgeEntry:
        built_in = JudgePolicy()
        down = built_in.down_on if self.down_on is None else frozenset(self.down_on)
        degraded = built_in.degraded_on if self.degraded_on is None else frozenset(self.degraded_on)
        both = down & degraded
        if both:
            names = " ".join(sorted(both))
            raise refuse(
                zh=f"同一级不能既判离线又判异常：{names}",
                en=f"a rung decides down or degraded, not both: {names}",
                key="degraded_on" if self.degraded_on is not None else "down_on",
            )
        return self


class AccountingEntry(Entry):
    """A named, versioned way from statuses to a figure."""

    name: s.Text
    version: s.Count
    rule: Rule
    unknown_limit: s.BasisPoints = 200
    patrol_at: s.TimeOfDay = "09:00"
    excludes: tuple[WindowKind, ...] | None = None


class CoverageEntry(Entry):
    """How coverage is measured, and how much must be seen."""

    name: s.Text = "default"
    version: s.Count = 1
    standard: s.Standard = DORI
    target_height_m: s.HeightAboveGround = 0.0
    targets: LayerTargets | None = None
    obstacle_height_m: s.HeightOfBuilding | None = None
    storey_m: s.HeightOfStorey = 3.0


class PolicyEntry(Entry):
    """All named rules."""

    probe: ProbeEntry | None = None
    judge: JudgeEntry | None = None
    accounting: tuple[AccountingEntry, ...] = ()
    coverage: CoverageEntry | None = None
    incident: IncidentEntry | None = None
    service: ServiceEntry | None = None
    picture: PictureEntry | None = None
