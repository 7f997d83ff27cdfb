"""Whether a camera sees, by its status and the reason for it."""

from __future__ import annotations

from enum import StrEnum

from camkeeper.model.status import Reason, Status

_STILL_SEES = frozenset({Reason.IMAGE_MOVED, Reason.IMAGE_ROTATED, Reason.IMAGE_IR_STUCK})
"""Its picture is not what was accepted, and people see by it all the same: turned (its measured aim says where to),
rolled, or without colour."""

_NO_PICTURE = frozenset({Reason.NO_PICTURE, Reason.NO_STREAM, *(r for r in Reason if r.is_image)}) - _STILL_SEES
"""It answers, and when asked for a picture or video gave none, or one in which nothing can be seen: nobody at the
other end sees anything through it.

Every other reason for degraded says nothing against the picture. A refused credential or a skewed clock keeps *us* from
it, while the platform has its own account; stale recordings are a promise of their own.
"""


class State(StrEnum):
    """What coverage makes of a camera."""

    WORKING = "working"
    DARK = "dark"
    UNKNOWN = "unknown"
    """We do not know: blind in the lower bound, seeing in the upper one."""


def state_of(status: Status, reason: Reason | None = None) -> State:
    """Return what coverage makes of a status.

    An agreed maintenance window changes nothing here: it takes time out of a contract, it does not let anybody see.
    """
    if status is Status.UP:
        return State.WORKING
    if status is Status.DEGRADED:
        return State.DARK if reason in _NO_PICTURE else State.WORKING
    return State.DARK if status is Status.DOWN else State.UNKNOWN
