"""Letters on their way: what is kept of each until it is delivered, and after. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from camkeeper.model.letter import Letter


class LetterState(StrEnum):
    """Where a letter is. Screens: 待发 / 发送中 / 待重发 / 已送达 / 未送达 / 并入汇总."""

    QUEUED = "queued"
    SENDING = "sending"  # handed to the channel; found after a restart it is sent again, with the same id
    RETRY = "retry"  # the channel said not now: again at `due_ms`
    DELIVERED = "delivered"
    DEAD = "dead"  # refused, or tried too often: kept, shown, sent again only by a person
    BUNDLED = "bundled"  # a digest stands for it and shares its fate

    @property
    def is_final(self) -> bool:
        """True where nothing more is done by itself."""
        return self in {LetterState.DELIVERED, LetterState.DEAD}


WAITING = frozenset({LetterState.QUEUED, LetterState.SENDING, LetterState.RETRY})
"""What a sender has to see to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A letter and how it fares."""

    letter: Letter
    state: LetterState = LetterState.QUEUED
    tries: int = 0
    """Attempts begun."""
    due_ms: int = 0
    """Not before: a pause after an attempt, or the end of quiet hours."""
    tried_ms: int | None = None
    """When the newest attempt began."""
    marked_ms: int | None = None
    """When it came to its state."""
    code: str = ""
    """The platform's own code for the newest attempt."""
    detail: str = ""
    digest_id: str | None = None
    """The digest that it went into."""
