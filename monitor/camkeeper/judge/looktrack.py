"""What the rules of evidence remember of one camera between two looks, and its small text for a restart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from camkeeper.judge.dome import Dome
from camkeeper.judge.repair import Repair
from camkeeper.model.picture import Context, Finding, PictureVerdict, Scope, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Looks that said one thing: how many, the first, the newest, and in which light the newest was."""

    verdict: PictureVerdict
    first_ms: int
    last_ms: int
    count: int
    context: Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Turns that agree with one another; the newest few of them stand for all."""

    first_ms: int
    last_ms: int
    count: int
    low_deg: float
    high_deg: float
    """The smallest and the greatest yaw; continuous, so that one side of ±180 lies beside the other."""
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookTrack:
    """One camera's evidence. Of bounded size: at most a tally for each verdict, and a few aims."""

    device_id: str
    last_ms: int
    """The newest look folded in."""
    tallies: tuple[Tally, ...] = ()
    """Of each fault: what was seen since the last good look that speaks against it. In the order of verdicts."""
    run: Tally | None = None
    """The newest looks in a row that said the same."""
    aims: tuple[Aim, ...] = ()
    """Where it was seen turned to, the newest first."""
    run_aim: Aim | None = None
    """The newest turns in a row that agree."""
    finding: Finding | None = None
    """What stands: proved, and not disproved yet. Its scope is the device's: the fleet has its own say."""
    context: Context | None = None
    """The light in which the finding was last seen."""
    well_ms: int = -1
    """The newest good look against a baseline, in whatever light; -1: none yet."""
    good: int = 0
    """Good looks in a row that speak against the finding."""
    good_since_ms: int = 0
    dome: Dome | None = None
    """Of a dome that was asked where it points."""
    repair: Repair | None = None
    """The newest that was reported."""

    def to_json(self) -> str:
        """Return canonical JSON, some hundred bytes: equal tracks give equal text."""
        whole = {
            "device": self.device_id,
            "last": self.last_ms,
            "tallies": [_tally(t) for t in self.tallies],
            "run": None if self.run is None else _tally(self.run),
            "aims": [_aim(a) for a in self.aims],
            "run_aim": None if self.run_aim is None else _aim(self.run_aim),
            "finding": None if self.finding is None else finding_to_json(self.finding),
            "context": None if self.context is None else self.context.value,
            "good": [self.good, self.good_since_ms, self.well_ms],
        }
        if self.dome is not None:
            whole["dome"] = self.dome.to_json()
        if self.repair is not None:
            whole["repair"] = self.repair.to_json()
        return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> LookTrack:
        """Read `to_json` back; ValueError for anything else."""
        try:
            it = json.loads(text)
            good, good_since_ms, well_ms = it["good"]
            return cls(
                device_id=str(it["device"]),
                last_ms=int(it["last"]),
                tallies=tuple(_tally_of(row) for row in it["tallies"]),
                run=None if it["run"] is None else _tally_of(it["run"]),
                aims=tuple(_aim_of(row) for row in it["aims"]),
                run_aim=None if it["run_aim"] is None else _aim_of(it["run_aim"]),
                finding=None if it["finding"] is None else finding_from_json(it["finding"]),
                context=None if it["context"] is None else Context(it["context"]),
                well_ms=int(well_ms),
                good=int(good),
                good_since_ms=int(good_since_ms),
                dome=None if it.get("dome") is None else Dome.from_json(it["dome"]),
                repair=None if it.get("repair") is None else Repair.from_json(it["repair"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a track of looks: {text[:80]!r}: {error}") from error


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """Return JSON values."""
    return {
        "device": finding.device_id,
        "verdict": finding.verdict.value,
        "since": finding.since_ms,
        "decided": finding.decided_ms,
        "scope": finding.scope.value,
        "turn": None if finding.turn is None else _turn(finding.turn),
        "looks": finding.looks,
    }


def finding_from_json(it: Mapping[str, Any]) -> Finding:
    """Read `finding_to_json` back; KeyError, TypeError or ValueError for anything else."""
    return Finding(
        device_id=str(it["device"]),
        verdict=PictureVerdict(it["verdict"]),
        since_ms=int(it["since"]),
        decided_ms=int(it["decided"]),
        scope=Scope(it["scope"]),
        turn=None if it["turn"] is None else _turn_of(it["turn"]),
        looks=int(it["looks"]),
    )


def _tally(t: Tally) -> list[Any]:
    return [t.verdict.value, t.first_ms, t.last_ms, t.count, t.context.value]


def _tally_of(row: Sequence[Any]) -> Tally:
    verdict, first_ms, last_ms, count, context = row
    return Tally(
        verdict=PictureVerdict(verdict),
        first_ms=int(first_ms),
        last_ms=int(last_ms),
        count=int(count),
        context=Context(context),
    )


def _aim(a: Aim) -> list[Any]:
    return [a.first_ms, a.last_ms, a.count, a.low_deg, a.high_deg, [_turn(t) for t in a.turns]]


def _aim_of(row: Sequence[Any]) -> Aim:
    first_ms, last_ms, count, low_deg, high_deg, turns = row
    return Aim(
        first_ms=int(first_ms),
        last_ms=int(last_ms),
        count=int(count),
        low_deg=float(low_deg),
        high_deg=float(high_deg),
        turns=tuple(_turn_of(turn) for turn in turns),
    )


def _turn(t: Turn) -> list[Any]:
    return [t.yaw_deg, t.pitch_deg, t.roll_deg, t.error_deg, t.method, t.support]


def _turn_of(row: Sequence[Any]) -> Turn:
    yaw_deg, pitch_deg, roll_deg, error_deg, method, support = row
    return Turn(
        yaw_deg=float(yaw_deg),
        pitch_deg=float(pitch_deg),
        roll_deg=float(roll_deg),
        error_deg=float(error_deg),
        method=str(method),
        support=float(support),
    )
