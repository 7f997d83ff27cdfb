"""How a channel fares, for showing."""

from __future__ import annotations

from dataclasses import dataclass

from camkeeper.model.letter import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """One channel now."""

    channel_id: str
    waiting: int
    oldest_ms: int | None
    failures: int
    """In a row."""
    paused_until_ms: int
    delivered: int
    """Since the process began, as is `dead`; a digest counts once."""
    dead: int
    last: Receipt | None
    last_ms: int | None
