"""A run as one JSON object, and back: what stands in docs/reliability.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rel.row import Check, Figure, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run: its outcome, when and on what it was made.

    `load_before` and `load_after` are the machine's load averages over one minute; `took_s` is wall time.
    """

    name: str
    full: bool
    passed: bool
    error: str
    checks: tuple[Check, ...]
    injected: dict[str, int]
    figures: dict[str, Figure]
    seed: int
    at: str
    revision: str
    cores: int
    load_before: float
    load_after: float
    took_s: float

    def plain(self) -> dict[str, Any]:
        """Return it as plain JSON values, the verdict first."""
        return {
            "rel": self.name,
            "passed": self.passed,
            **({"error": self.error} if self.error else {}),
            "checks": [{"name": c.name, "value": c.value, "bar": c.bar, "held": c.held} for c in self.checks],
            "injected": self.injected,
            "figures": self.figures,
            "full": self.full,
            "seed": self.seed,
            "at": self.at,
            "revision": self.revision,
            "cores": self.cores,
            "load_before": self.load_before,
            "load_after": self.load_after,
            "took_s": self.took_s,
        }


def read(plain: dict[str, Any]) -> Result:
    """Return the result that `Result.plain` wrote."""
    return Result(
        name=plain["rel"],
        passed=plain["passed"],
        error=plain.get("error", ""),
        checks=tuple(Check(**check) for check in plain["checks"]),
        **{key: plain[key] for key in ("injected", "figures", "full", "seed", "at", "revision", "cores")},
        **{key: plain[key] for key in ("load_before", "load_after", "took_s")},
    )


def failed(error: str) -> Outcome:
    """Return the outcome of a run that didn't come to its end."""
    return Outcome(checks=(Check(name="came to its end", value=error, bar="= no error", held=False),), injected={})
