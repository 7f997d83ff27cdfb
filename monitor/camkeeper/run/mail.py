"""The sender with its channels, as the configuration has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from camkeeper.clock import Clock, Timeline
from camkeeper.config.channels import secret_source
from camkeeper.ledger import Ledger, LedgerReader, Recovery
from camkeeper.model.outbox import ChannelPace
from camkeeper.model.registry import Registry
from camkeeper.model.status import Status
from camkeeper.notify import connect, http_session
from camkeeper.outbox.watchdog import Vitals
from camkeeper.run.ondisk import on_disk
from camkeeper.run.recorder import Recorder
from camkeeper.run.sender import Sender
from camkeeper.run.township import Township
from camkeeper.sight.uplinks import UplinkWatch

_LIMIT_MS = 60_000
"""Attempts of the last minute count for the limit of rate, whoever made them."""


class Mail:
    """Letters on their way. One owner, the event loop."""

    def __init__(self, *, ledger: Ledger, clock: Clock, timeline: Timeline, session: aiohttp.ClientSession) -> None:
        self.sender = Sender(ledger=ledger, clock=timeline)
        self._clock, self._session = clock, session

    def enrol(self, registry: Registry) -> None:
        """Take over a configuration's channels."""
        # Signatures are stamped with the wall's time: the platforms compare it with their own.
        channels = connect(
            registry.channels,
            session=self._session,
            secrets=secret_source(Path(registry.source).parent),
            clock=self._clock,
        )
        paces = {c.id: ChannelPace.within(c.per_minute, patience_s=c.timeout_s) for c in registry.channels}
        self.sender.enrol(channels, paces)


def vitals(recorder: Recorder, mail: Mail, uplinks: UplinkWatch, township: Township) -> Vitals:
    """Return how the monitor is, for the watchdog."""
    views = mail.sender.views()
    ours = township.registry.uplinks
    return Vitals(
        tick_ms=recorder.last_tick_ms,
        oldest_letter_ms=min((v.oldest_ms for v in views if v.oldest_ms is not None), default=None),
        waiting=sum(view.waiting for view in views),
        dead=sum(view.dead for view in views),
        sees=not ours or any(uplinks.sight(uplink.id).sees for uplink in ours),
        devices=len(township.registry.devices),
        up=sum(township.status(device.id) is Status.UP for device in township.registry.devices),
    )


@asynccontextmanager
async def mailing(
    *, ledger: Ledger, recovery: Recovery, registry: Registry, clock: Clock, timeline: Timeline
) -> AsyncIterator[Mail]:
    """Go on with what waits on record; the session ends with the block."""
    async with http_session() as session:
        mail = Mail(ledger=ledger, clock=clock, timeline=timeline, session=session)
        mail.enrol(registry)
        await on_disk(ledger, asyncio.wrap_future(ledger.booted))  # a new ledger can be read from here on
        with LedgerReader(ledger.path) as reader:
            tried = reader.tried_since(timeline.now_ms() - _LIMIT_MS)
        mail.sender.restore(recovery.posts, tried)
        yield mail
