"""What a virtual device saw; tests and the demo compare it with what the monitor says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Counters:
    """Counts since the fleet started. `requests` by operation (`GetProfiles`, `snapshot`, `DESCRIBE`)."""

    connections: int = 0
    requests: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    """Logins that were tried and were wrong: those that count towards a lockout."""
    challenged: int = 0
    """Requests without a login that this device takes, answered by asking for one."""
    locked_out: int = 0
    """Requests turned away because earlier refusals locked the device."""
    bytes_in: int = 0
    bytes_out: int = 0
    boots: int = 1
    turned_away: int = 0
    """Connections not accepted because the fleet ran out of descriptors: a fault of the fleet, not of the scenario."""

    tricks: int = 0
    """Hostile answers that were sent."""

    def count(self, operation: str) -> None:
        """Count one request."""
        self.requests[operation] = self.requests.get(operation, 0) + 1

    def as_dict(self) -> dict[str, Any]:
        """Return the counts for JSON."""
        return {
            "connections": self.connections,
            "requests": dict(self.requests),
            "refused": self.refused,
            "challenged": self.challenged,
            "locked_out": self.locked_out,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "boots": self.boots,
            "turned_away": self.turned_away,
            "tricks": self.tricks,
        }
