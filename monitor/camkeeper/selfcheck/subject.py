"""What is examined."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from camkeeper.model.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One monitor, running or not."""

    ledger: Path
    config: Path
    registry: Registry | None
    """None: the configuration has faults."""
    now_ms: int
    """The wall clock, UTC."""
    deep: bool = False
    """All of the record instead of its last day."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def devices(self) -> int:
        """How many are enrolled."""
        return 0 if self.registry is None else len(self.registry.devices)

    def monitor_pid(self) -> int | None:
        """Return the process that writes the ledger; None where nobody does."""
        try:
            pid = int(Path(f"{self.ledger}.lock").read_text(encoding="ascii"))
            running = b"camkeeper" in Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if running else None
