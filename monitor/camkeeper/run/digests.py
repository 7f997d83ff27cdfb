"""The letters of each day and each week: due by the calendar, on disk once, then taken away like every other.

A letter's id names the day and the addressee, and a ledger keeps one letter of an id for ever: whoever restarts the
monitor at whatever moment, the letter is queued once. From there on it is the sender's, which sends it again under the
same id where nobody knows whether it arrived.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import structlog

from camkeeper.digest.due import Due, newest_due
from camkeeper.digest.letter import letter_of
from camkeeper.ledger import Batch, LedgerError, LedgerReader
from camkeeper.ledger.record import Ack
from camkeeper.message.style import Style, style_of
from camkeeper.model.digest import DigestRule
from camkeeper.model.letter import Letter
from camkeeper.model.registry import Registry
from camkeeper.model.routing import RoutingPolicy
from camkeeper.outbox.routing import quiet_until_ms
from camkeeper.run.digestvalues import read_digest
from camkeeper.run.months import settle_ms

_log = structlog.get_logger(__name__)


class Writes(Protocol):
    """What the room needs of a ledger."""

    @property
    def path(self) -> Path:
        """Where it is."""

    def append(self, batch: Batch) -> Future[Ack]:
        """Queue a batch; the future is done when it is on disk."""


class Posts(Protocol):
    """What the room needs of a sender."""

    def post(self, letters: Iterable[Letter], quiet_until: Mapping[str, int] | None = None) -> None:
        """Send letters that are on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The letters of one rule, as they would go."""

    letters: tuple[Letter, ...] = ()
    quiet_until: Mapping[str, int] = field(default_factory=dict)
    """Letter id -> the end of its channel's quiet hours, for those that wait."""


class DigestRoom:
    """Called each minute. One owner, the event loop; the ledger is read in a thread."""

    def __init__(
        self, *, ledger: Writes, sender: Posts, registry: Callable[[], Registry], now_ms: Callable[[], int]
    ) -> None:
        self._ledger, self._sender, self._registry, self._now_ms = ledger, sender, registry, now_ms
        self._done: dict[str, tuple[str, ...]] = {}
        """By the letter's key: for whom it has been looked after by this process."""

    async def run(self) -> None:
        """Queue what is due and not on record yet."""
        registry = self._registry()
        for rule in registry.digests.rules:
            due = newest_due(rule, registry.digests.timezone, self._now_ms(), settle_ms=settle_ms(registry))
            if due is None or self._done.get(due.key) == rule.channel_ids:
                continue
            try:
                written = await asyncio.to_thread(self._fresh, rule, due, registry)
                if written.letters:
                    batch = Batch(letters=written.letters, quiet_until=written.quiet_until)
                    # Shielded: a stop in this moment must not take back what was queued; the next start sends it.
                    await asyncio.shield(asyncio.wrap_future(self._ledger.append(batch)))
            except (LedgerError, LookupError, OSError) as error:
                _log.error("digest_unwritten", digest=due.key, error=str(error))  # again in a minute
                continue
            self._sender.post(written.letters, written.quiet_until)
            self._done = {key: who for key, who in self._done.items() if key.split("-")[0] != due.key.split("-")[0]}
            self._done[due.key] = rule.channel_ids
            _log.info("digest", digest=due.key, letters=len(written.letters))

    def _fresh(self, rule: DigestRule, due: Due, registry: Registry) -> Written:
        """Return the letters that are not on record."""
        with LedgerReader(self._ledger.path) as reader:
            wanted = tuple(i for i in rule.channel_ids if reader.letter(due.letter_id(i)) is None)
        if not wanted:
            return Written()
        return letters(self._ledger.path, replace(rule, channel_ids=wanted), due, registry, self._now_ms())


def letters(path: Path, rule: DigestRule, due: Due, registry: Registry, now_ms: int) -> Written:
    """Return exactly what goes to each addressee; nothing where there is nothing to say. Errors as of `read_digest`."""
    digest = read_digest(path, due, tz=registry.digests.timezone, registry=registry)
    if digest is None or not (digest.says_something or rule.always):
        return Written()
    out = [
        letter_of(
            digest,
            due,
            channel_id=channel_id,
            style=style,
            tz=registry.digests.timezone,
            url=registry.public_url,
            now_ms=now_ms,
        )
        for channel_id, style in styles(rule, registry)
    ]
    quiet = {x.id: quiet_ms(x.channel_id, registry.routing, now_ms) for x in out}
    return Written(letters=tuple(out), quiet_until={i: until for i, until in quiet.items() if until})


def styles(rule: DigestRule, registry: Registry) -> list[tuple[str, Style]]:
    """Return how words are made for each addressee that there is."""
    settings = {c.id: c for c in registry.channels}
    made = [(i, style_of(settings[i])) for i in rule.channel_ids if i in settings]
    return made if rule.language is None else [(i, replace(style, language=rule.language)) for i, style in made]


def quiet_ms(channel_id: str, policy: RoutingPolicy, now_ms: int) -> int:
    """Return until when a channel is not to be disturbed; 0 where one of its routes would tell it something now."""
    own = [
        route.quiet
        for route in policy.routes
        if channel_id in route.channel_ids or any(channel_id in step.channel_ids for step in route.steps)
    ]
    return min((0 if quiet is None else quiet_until_ms(quiet, now_ms) for quiet in own), default=0)
