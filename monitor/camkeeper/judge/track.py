"""What the judge knows of one device between two samples, and its plain row for a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from camkeeper.judge.ladder import NOTHING, Memory, seed
from camkeeper.model.status import Reason, Status

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """Failing samples in a row that are not yet a change of status."""

    since_ms: int
    count: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One device's state in the fold. Of bounded size: a checkpoint of it never grows with time."""

    device_id: str
    status: Status
    reason: Reason
    """The newest reason for the status."""
    since_ms: int
    """When the status began; where it began unknown, the first sample."""
    last_ms: int
    """The newest sample folded in."""
    worse: Streak | None = None
    """While up: the samples in a row that are at least degraded."""
    down: Streak | None = None
    """While not down: the samples in a row that are down."""
    degraded_by: Reason | None = None
    """What was last wrong with a device that answered, until it was seen up; kept through down and unknown."""
    changes_ms: tuple[int, ...] = ()
    """Newest changes between known statuses, for flap damping only."""

    @property
    def memory(self) -> Memory:
        """What `ladder` should remember of the device after a restart of the monitor."""
        return NOTHING if self.degraded_by is None else seed(Status.DEGRADED, self.degraded_by)

    def to_row(self) -> Row:
        """Return plain integers, strings, None and lists of integers: JSON keeps them as they are."""
        return (
            self.device_id,
            self.status.code,
            self.reason.code,
            self.since_ms,
            self.last_ms,
            _streak_row(self.worse),
            _streak_row(self.down),
            None if self.degraded_by is None else self.degraded_by.code,
            list(self.changes_ms),
        )

    @classmethod
    def from_row(cls, row: Sequence[object]) -> Track:
        """Read `to_row` back; ValueError for a row that nobody wrote."""
        try:
            device_id, status, reason, since_ms, last_ms, worse, down, degraded_by, changes_ms = row
            return cls(
                device_id=_text(device_id),
                status=Status.from_code(_integer(status)),
                reason=Reason.from_code(_integer(reason)),
                since_ms=_integer(since_ms),
                last_ms=_integer(last_ms),
                worse=_streak(worse),
                down=_streak(down),
                degraded_by=None if degraded_by is None else Reason.from_code(_integer(degraded_by)),
                changes_ms=_integers(changes_ms),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a track: {row!r}: {error}") from error


def _streak_row(streak: Streak | None) -> list[int] | None:
    return None if streak is None else [streak.since_ms, streak.count, streak.reason.code]


def _streak(value: object) -> Streak | None:
    if value is None:
        return None
    since_ms, count, reason = _integers(value)
    return Streak(since_ms=since_ms, count=count, reason=Reason.from_code(reason))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value


def _integer(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not an integer")
    return value


def _integers(value: object) -> tuple[int, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{value!r} is not a list")
    return tuple(_integer(item) for item in value)
