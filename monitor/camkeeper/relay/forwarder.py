"""Stream -> hub: asked and answered, in order. A message leaves the stream when the hub says that it has it on disk.

What the hub lacks (its copy was lost, or the stream's tail was) is read from the ledger again: the ledger is the truth,
the stream only carries it. What the hub refuses stays where it is, and is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig

from camkeeper.bus.conf import STREAM, parcel_subject, stream_subject
from camkeeper.ledger import LedgerError
from camkeeper.ledger.parcel import Parcel, ParcelError, Place, merged, pack, unpack
from camkeeper.ledger.replica import ACCEPTED, Receipt, Verdict
from camkeeper.model.wire import WireError, from_json
from camkeeper.relay.publisher import message_id, next_parcel
from camkeeper.relay.state import RelayState

DURABLE = "forwarder"
FETCH = 256
FETCH_S = 2.0
ASK_S = (4.0, 8.0, 15.0, 30.0, 60.0)
"""Longer each time: a hub that has a county to catch up with is not asked the same again and again."""
PAUSE_S = (0.5, 1.0, 2.0, 5.0)
REFUSED_S = 30.0
_log = structlog.get_logger(__name__)


class Forwarder:
    """Delivers what waits in the stream."""

    def __init__(self, *, link: Client, js: JetStreamContext, edge_id: str, ledger: Path, state: RelayState) -> None:
        self._link, self._js, self._edge_id = link, js, edge_id
        self._ledger, self._state = ledger, state

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            try:
                consumer = ConsumerConfig(
                    durable_name=DURABLE, ack_policy=AckPolicy.EXPLICIT, ack_wait=60, max_ack_pending=4 * FETCH
                )
                waiting = await self._js.pull_subscribe(
                    stream_subject(self._edge_id), durable=DURABLE, stream=STREAM, config=consumer
                )
                await self._follow(waiting)
            except (nats.errors.Error, OSError) as error:
                self._state.trouble = f"{type(error).__name__}: {error}"
                await asyncio.sleep(1.0)

    async def _follow(self, waiting: JetStreamContext.PullSubscription) -> None:
        """Deliver what comes; returns where the consumer is to be made anew."""
        while True:
            try:
                messages = await waiting.fetch(FETCH, timeout=FETCH_S)
            except nats.errors.TimeoutError:
                if self._state.delivered == self._state.published:
                    continue
                if await self._beyond_the_end():
                    return
                await self._catch_up()
            else:
                await self._deliver(messages)

    async def _beyond_the_end(self) -> bool:
        """Tell whether the consumer waits for what the stream will not have for long, and take it away if so.

        A stream that lost its tail (a full disk, a power cut) counts on from before it, and what it gets then has
        numbers that the consumer was given already: 2.9 never delivers these.
        """
        stream, consumer = await self._js.stream_info(STREAM), await self._js.consumer_info(STREAM, DURABLE)
        if consumer.delivered is None or consumer.delivered.stream_seq <= stream.state.last_seq:
            return False
        _log.warning("stream_lost_its_tail", has=stream.state.last_seq, delivered=consumer.delivered.stream_seq)
        await self._js.delete_consumer(STREAM, DURABLE)
        return True

    async def _catch_up(self) -> None:
        """Nothing waits, and the hub has not answered for all that was put into the stream: read it from the ledger."""
        until = self._state.published
        try:
            receipt = await self._ask(await asyncio.to_thread(next_parcel, self._ledger, until), ())
            if receipt.verdict not in ACCEPTED:
                receipt = await self._from_ledger(receipt, until, ())
        except LedgerError:
            return  # it ends before `until`: the publisher begins again
        if receipt.verdict not in ACCEPTED:
            await self._refused(receipt, ())

    async def _refused(self, receipt: Receipt, waiting: Sequence[Msg]) -> None:
        _log.error("hub_refuses", verdict=receipt.verdict.value, detail=receipt.detail)
        self._state.refused = receipt
        await self._pause(REFUSED_S, waiting)

    async def _deliver(self, messages: Sequence[Msg]) -> None:
        """Deliver messages in their order; returns when the hub has them all."""
        read: list[tuple[Msg, Parcel]] = []
        for message in messages:
            try:
                read.append((message, unpack(message.data)))
            except ParcelError as error:
                # Damaged on this disk. The hub will miss it, and it is read from the ledger again.
                _log.error("stream_damaged", error=str(error))
                await message.term()
        while read:
            joined, count = merged([parcel for _, parcel in read])
            receipt = await self._ask(joined, [message for message, _ in read])
            if receipt.verdict not in ACCEPTED:
                receipt = await self._from_ledger(receipt, joined.end, [message for message, _ in read])
            if receipt.verdict in ACCEPTED:
                for message, _ in read[:count]:
                    await message.ack()
                read = read[count:]
                continue
            await self._refused(receipt, [message for message, _ in read])

    async def _from_ledger(self, receipt: Receipt, until: Place, waiting: Sequence[Msg]) -> Receipt:
        """Send what follows the hub's copy from the ledger itself, up to `until`; returns the hub's last word."""
        self._state.refills += 1
        while (
            receipt.place.seq < until.seq or receipt.place.windows < until.windows or receipt.place.views < until.views
        ):
            try:
                parcel = await asyncio.to_thread(next_parcel, self._ledger, receipt.place)
            except (LedgerError, OSError) as error:
                return Receipt(verdict=Verdict.FORK, place=receipt.place, detail=str(error))
            if parcel.end == parcel.start:
                return receipt
            receipt = await self._ask(parcel, waiting)
            if receipt.verdict not in ACCEPTED:
                return receipt
        # The hub is as far as `until`: whether by the same history, the ledger itself says.
        return await self._ask(await asyncio.to_thread(next_parcel, self._ledger, until), waiting)

    async def _ask(self, parcel: Parcel, waiting: Sequence[Msg]) -> Receipt:
        """Ask until the hub answers, for days if need be."""
        data, tries = pack(parcel), 0
        while True:
            try:
                headers = {"Nats-Msg-Id": message_id(parcel)}
                answer = await self._link.request(
                    parcel_subject(self._edge_id), data, timeout=ASK_S[min(tries, len(ASK_S) - 1)], headers=headers
                )
                receipt = from_json(Receipt, json.loads(answer.data))
            except (nats.errors.Error, OSError, WireError, ValueError) as error:
                if self._state.connected:
                    _log.warning("hub_silent", error=f"{type(error).__name__}: {error}")
                self._state.connected = False
                await self._pause(PAUSE_S[min(tries, len(PAUSE_S) - 1)], waiting)
                tries += 1
                continue
            self._state.connected = True
            if receipt.verdict in ACCEPTED:
                self._state.delivered, self._state.refused = receipt.place, None
            return receipt

    async def _pause(self, seconds: float, waiting: Sequence[Msg]) -> None:
        """Wait, and let the stream know that what we hold is not given up."""
        await asyncio.sleep(seconds)
        with contextlib.suppress(nats.errors.Error, OSError):
            for message in waiting[:FETCH]:
                await message.in_progress()
