"""A message on its way to one channel, and the channel's answer. Frozen values; `camkeeper.notify` carries them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

JSON: TypeAlias = bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"] | None
"""A value that JSON has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message for one channel, already worded and cut for it.

    `text` is plain UTF-8 with line feeds; `markdown` is the same for channels that show it, escaped for their dialect,
    or empty. `facts` are the values behind the words, for machines (webhook, SMS templates).
    """

    id: str
    """The same at every attempt: receivers tell a repeated letter by it (idempotency)."""
    incident_id: str
    seq: int
    """Counts letters of one incident to one channel, from 1; they are delivered in this order."""
    channel_id: str
    subject: str
    """One line."""
    text: str
    markdown: str = ""
    facts: Mapping[str, JSON] = field(default_factory=dict)
    created_ms: int
    recovery: bool = False
    """The incident is over."""


class Outcome(StrEnum):
    """What became of one attempt."""

    ACCEPTED = "accepted"  # the platform's own words say so
    RETRY = "retry"  # not now: overload, no answer, a limit of rate
    REFUSED = "refused"  # never like this: a wrong key, a bad address, a message it won't take


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The channel's answer to one attempt. Never holds a secret."""

    outcome: Outcome
    code: str = ""
    """The platform's own code (`errcode`, `code`, SMTP reply, HTTP status), or the name of a failure: `timeout`."""
    detail: str = ""
    """The platform's own words, cut short and cleaned."""
    retry_after_s: float | None = None
    """At the earliest after this many seconds, where the platform named or is known for a time."""


class Channel(Protocol):
    """One way to people or machines."""

    async def send(self, letter: Letter) -> Receipt:
        """Try once. A failure of the other side is a Receipt; an exception is a bug."""
        ...
