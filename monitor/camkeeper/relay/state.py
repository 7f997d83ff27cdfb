"""How the relay does, for who asks."""

from __future__ import annotations

from dataclasses import dataclass, field

from camkeeper.ledger.parcel import Place
from camkeeper.ledger.replica import Receipt


@dataclass(slots=True, kw_only=True)
class RelayState:
    """One owner, the event loop."""

    published: Place = field(default_factory=Place)
    """Of the ledger, this far is in the stream."""
    delivered: Place = field(default_factory=Place)
    """This far the hub has answered for."""
    connected: bool = False
    """Whether the hub answered last time."""
    refused: Receipt | None = None
    """Why the hub takes nothing more, if so."""
    refills: int = 0
    """How often the hub lacked something that was read from the ledger again."""
    trouble: str = ""
    """What the server on this machine, or the disk, said last."""
