"""What the ledger records."""

from __future__ import annotations

from dataclasses import dataclass

from camkeeper.model.status import Reason, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A dated change of one device's status.

    `at_ms` is when the change happened (back-dated to the first failing sample), `decided_ms` when it was confirmed.
    The first transition of a device's life has old == UNKNOWN.
    """

    device_id: str
    at_ms: int
    decided_ms: int
    old: Status
    new: Status
    reason: Reason

    def __post_init__(self) -> None:
        if self.old is self.new and self.reason is not Reason.FIRST_SEEN:
            raise ValueError(f"{self.device_id}: a transition from {self.old} to itself")
        if self.decided_ms < self.at_ms:
            raise ValueError(f"{self.device_id}: decided at {self.decided_ms}, before it happened at {self.at_ms}")
