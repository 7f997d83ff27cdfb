"""One row of the scorecard: what it breaks, what must hold afterwards, and what a run of it found. Pure."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Figure = int | float | str | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How one run is made.

    `quick` is the run that every change pays for (at most 30 s of wall time on two busy cores); the full run keeps
    the sizes that the pass mark names. `folder` is empty, the run's own, and removed afterwards.
    """

    quick: bool
    seed: int
    folder: Path
    say: Callable[[str, str], None]
    """Progress for whoever waits: Chinese, English."""

    def sized(self, quick: int, full: int) -> int:
        """Return how many of something this run makes."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One measured value beside its bar."""

    name: str
    value: Figure
    bar: str
    held: bool


def at_most(name: str, value: float, bar: float) -> Check:
    """Return a check that holds while `value` is no more than `bar`."""
    return Check(name=name, value=value, bar=f"<= {bar}", held=value <= bar)


def at_least(name: str, value: float, bar: float) -> Check:
    """Return a check that holds while `value` is no less than `bar`."""
    return Check(name=name, value=value, bar=f">= {bar}", held=value >= bar)


def equal(name: str, value: Figure, bar: Figure) -> Check:
    """Return a check that holds where both are the same."""
    return Check(name=name, value=value, bar=f"= {bar}", held=value == bar)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run found.

    `injected` counts the faults that really happened, read from where they happened (strace's own count, the
    interface's counters, processes that died by signal), never from the number of times that one was asked for. A
    run in which one of them is 0 proves nothing and fails.
    """

    checks: tuple[Check, ...]
    injected: Mapping[str, int]
    figures: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether each bar was met and each fault really happened."""
        return (
            bool(self.checks)
            and bool(self.injected)
            and all(check.held for check in self.checks)
            and all(count > 0 for count in self.injected.values())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its name, what it does and the pass mark of the full run, in both languages."""

    name: str
    does_zh: str
    does_en: str
    mark_zh: str
    mark_en: str
    run: Callable[[Setting], Coroutine[Any, Any, Outcome]]
