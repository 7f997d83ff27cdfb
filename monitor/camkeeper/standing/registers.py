"""Registers that somebody handed in, as the board shows them. Frozen values between the board and `run.registers`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from camkeeper.register.book import Draft, Wishes
from camkeeper.register.store import Version

__all__ = ["Draft", "Intake", "IntakeState", "RegisterTold", "Version", "Wishes"]


class IntakeState(StrEnum):
    """How far a file is."""

    WAITING = "waiting"
    """Another file is being read."""
    READING = "reading"
    ROWS = "rows"
    JUDGING = "judging"
    READY = "ready"
    REFUSED = "refused"
    APPLIED = "applied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """One file that was handed in. Its id is of these bytes read by these wishes: what was seen is what is applied."""

    id: str
    name: str
    size: int
    """Bytes."""
    by: str
    wishes: Wishes
    state: IntakeState = IntakeState.WAITING
    rows: int = 0
    """Of the stage."""
    draft: Draft | None = None
    refused: tuple[str, str] | None = None
    """Why there is none, in both languages."""
    version: Version | None = None
    """What it became."""

    @property
    def working(self) -> bool:
        """Return whether there is something to wait for."""
        return self.state in {IntakeState.WAITING, IntakeState.READING, IntakeState.ROWS, IntakeState.JUDGING}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterTold:
    """What became of a step; both sentences are for people."""

    done: bool
    zh: str
    en: str
    number: int = 0
    """Of the register's history, where that is new."""
