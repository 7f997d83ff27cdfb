"""A repair that somebody reports, and what becomes of the baseline when the picture proves it. Pure.

From the report on, looks are held against the *accepted* baseline: nobody puts a camera back to the last half degree,
but a camera that was turned away and repaired on paper stays turned. Back within the tolerance it counts as put back.
When the order is verified and the view really is another one, a new version is learned from frames after the repair;
each of them too is one within the tolerance of the accepted baseline, so that no row of repairs creeps away from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from camkeeper.model.picture import Look, PicturePolicy, PictureVerdict

REAIMED: Final = "reaimed"
"""The advisory of a look at a camera that was put back, not quite as it was."""
_SHARPER: Final = 0.2
_MATCHED: Final = 0.85
"""Under it the diagnosis looks for the scene elsewhere; over it the scene is where it was."""


class Stage(StrEnum):
    """How far a reported repair is."""

    CLAIMED = "claimed"
    LEARNING = "learning"  # proved, and the view is another: a version is learned from frames since
    DONE = "done"  # proved as it was, withdrawn, or begun anew by command


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the orders say of a camera whose picture was at fault. `proved`: the probe has verified the order."""

    at_ms: int
    proved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """The newest reported repair of one camera. `changed`: its newest good look since shows another view."""

    at_ms: int
    stage: Stage = Stage.CLAIMED
    changed: bool = False
    again: bool = False
    """It began while another one was still being learned: what that set aside must be learned in any case."""

    def to_json(self) -> list[Any]:
        """Return JSON values."""
        return [self.at_ms, self.stage.value, self.changed, self.again]

    @classmethod
    def from_json(cls, row: Sequence[Any]) -> Repair:
        """Read `to_json` back; TypeError or ValueError for anything else."""
        at_ms, stage, changed, again = row
        return cls(at_ms=int(at_ms), stage=Stage(stage), changed=bool(changed), again=bool(again))


def follow(repair: Repair | None, claim: Claim | None, *, calm: bool) -> Repair | None:
    """Return the repair as the orders have it now. `calm`: nothing speaks against the camera's picture."""
    if claim is None:
        withdrawn = repair is not None and repair.stage is Stage.CLAIMED
        if repair is None or not withdrawn:
            return repair
        return replace(repair, stage=Stage.LEARNING if repair.again else Stage.DONE)
    if repair is None or claim.at_ms > repair.at_ms:
        again = repair is not None and (repair.stage is Stage.LEARNING or repair.again)
        repair = Repair(at_ms=claim.at_ms, again=again)
    if repair.stage is not Stage.CLAIMED or not (claim.proved and calm):
        return repair
    return replace(repair, stage=Stage.LEARNING if repair.changed or repair.again else Stage.DONE)


def tolerated(look: Look, policy: PicturePolicy) -> Look:
    """Return a look after a repair: turned against the accepted baseline by no more than the tolerance is put back."""
    found, turn = look.diagnosis, look.diagnosis.turn
    if found.verdict is not PictureVerdict.MOVED or set(found.alarms) - {PictureVerdict.MOVED} or turn is None:
        return look
    if max(abs(turn.yaw_deg), abs(turn.pitch_deg), abs(turn.roll_deg)) > policy.reaim_deg:
        return look
    put_back = replace(found, verdict=PictureVerdict.OK, alarms=(), advisory=(*found.advisory, REAIMED))
    return replace(look, diagnosis=put_back)


def noted(repair: Repair, look: Look) -> Repair:
    """Take a look since the repair; only a good one against a baseline says what the view is now."""
    if look.diagnosis.verdict is not PictureVerdict.OK or look.baseline is None or repair.stage is not Stage.CLAIMED:
        return repair
    return replace(repair, changed=_is_changed(look))


def _is_changed(look: Look) -> bool:
    found = look.diagnosis
    softer = abs(found.features.get("d_sharpness", 0.0)) > _SHARPER
    return REAIMED in found.advisory or softer or found.features.get("d_matched", 1.0) < _MATCHED
