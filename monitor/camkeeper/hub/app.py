"""The wiring of a hub: server -> intake -> copies -> sums and alarms -> board."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import nats.errors
import structlog
from aiohttp import web
from nats.aio.client import Client
from nats.aio.msg import Msg

from camkeeper.access import Access, anchor
from camkeeper.bus.conf import beat_subject, parcel_subject
from camkeeper.bus.link import connect
from camkeeper.bus.server import NatsServer, find_server
from camkeeper.clock import Clock
from camkeeper.hub import duty
from camkeeper.hub.copies import Copies
from camkeeper.hub.county import CountyView
from camkeeper.hub.settings import FILE, HubSettings, HubSettingsError, load
from camkeeper.hub.sums import Sums
from camkeeper.hub.watch import HubWatch
from camkeeper.model.wire import to_json
from camkeeper.run.access import Login, check_reach, open_access
from camkeeper.run.board import BoardError, is_loopback
from camkeeper.run.face import Face

ROLL_UP_S = 3600.0
LOOK_S = 1.0
COPIES = "edges"
_log = structlog.get_logger(__name__)


class Hub:
    """A running hub."""

    def __init__(self, folder: Path, settings: HubSettings, clock: Clock, program: str) -> None:
        self._folder, self._settings = folder, settings
        self.copies = Copies(folder / COPIES, clock)
        self.sums = Sums(copies=self.copies, clock=clock)
        self.watch = HubWatch(folder, self.copies, clock, self.sums.names)
        self.county = CountyView(self.copies, self.watch, self.sums, clock)
        self.server = NatsServer(
            folder=folder, port=settings.port, conf=lambda: self._settings.server().conf(), program=program
        )
        self._heard: set[str] = set()
        self._answering: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take parcels until the block ends."""
        await self.copies.open(self._settings.edges)
        try:
            async with self.watch.running(), self.server.running():
                self.sums.zone = self.watch.duty.timezone
                link = await self._link()
                tasks = [
                    asyncio.create_task(self._enrol(link), name="hub-enrol"),
                    asyncio.create_task(self._roll_up(), name="hub-roll-up"),
                    asyncio.create_task(self.sums.run(), name="hub-sums"),
                ]
                for task in tasks:
                    task.add_done_callback(_tell_end)
                try:
                    yield
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
                    with contextlib.suppress(nats.errors.Error, OSError):
                        await link.close()
        finally:
            await asyncio.gather(*self._answering, return_exceptions=True)
            await self.copies.close()

    async def _link(self) -> Client:
        link = await connect(
            port=self._settings.port, user="hub", password=self._settings.password, inbox="_INBOX.hub", name="hub"
        )

        await self._listen(link)
        return link

    async def _listen(self, link: Client) -> None:
        """Listen to each edge by its own name.

        A wildcard over all would do for 2.10 and later; 2.9 tells a leaf of no subscription that is wider than what
        the leaf may publish, and its parcels would find nobody.
        """

        async def parcel(message: Msg) -> None:
            self._begin(self._answer(message))

        async def beat(message: Msg) -> None:
            self._begin(self.copies.hear(_edge_of(message.subject), message.data))

        for edge_id in sorted(self._settings.edges.keys() - self._heard):
            await link.subscribe(parcel_subject(edge_id), cb=parcel)
            await link.subscribe(beat_subject(edge_id), cb=beat)
            self._heard.add(edge_id)
        await link.flush()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        # One task each: an edge's own order is kept by its lock, and nobody waits for another edge's disk.
        task = asyncio.create_task(work)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, message: Msg) -> None:
        receipt = await self.copies.take(_edge_of(message.subject), message.data)
        if receipt is not None:
            with contextlib.suppress(nats.errors.Error, OSError):
                await message.respond(json.dumps(to_json(receipt)).encode())

    async def _enrol(self, link: Client) -> None:
        """Let edges in that were enrolled, and out that were dismissed, while we run."""
        path, seen = self._folder / FILE, None
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                stamp = path.stat().st_mtime_ns
                if stamp == seen:
                    continue
                fresh, seen = load(self._folder), stamp
            except (OSError, HubSettingsError) as error:
                _log.error("settings_unreadable", error=str(error))
                continue
            if fresh.edges != self._settings.edges:
                self._settings = replace(self._settings, edges=fresh.edges)
                await self.copies.open(fresh.edges)
                self.server.reload()
                with contextlib.suppress(nats.errors.Error, OSError):  # while it is away: the connection repeats them
                    await self._listen(link)
                _log.info("edges", enrolled=len(fresh.edges))

    async def _roll_up(self) -> None:
        while True:
            await self.copies.roll_up()
            await asyncio.sleep(ROLL_UP_S)


def _edge_of(subject: str) -> str:
    """Return who speaks: the server lets an edge publish under its own name only."""
    return subject.split(".")[2]


def _tell_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("hub_task_ended", task=task.get_name(), exc_info=error)


def _check_plain(listen: str, host: str) -> None:
    """Refuse plain HTTP beyond loopback: one password overheard there opens a whole county. BoardError."""
    if is_loopback(host):
        return
    raise BoardError(
        f"--listen {listen}：没有 TLS，县级看板只能监听本机回环地址；请在 {duty.FILE} 里配置 board.tls，"
        "或在本机前置 TLS 反向代理"
        f" / without TLS the county's board listens on loopback only: configure board.tls in {duty.FILE},"
        " or put a reverse proxy with TLS before it on this machine"
    )


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_tell_end)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def hub(
    folder: Path,
    clock: Clock,
    *,
    board: Callable[[CountyView, Access | None], web.AppRunner],
    host: str,
    port: int,
    stopped: asyncio.Event,
    program: str | None = None,
    login: Login = "password",
) -> None:
    """Run until told to stop. BusError, HubSettingsError, ConfigError, BoardError, AccessError: it cannot start."""
    settings, place = load(folder), anchor(folder)
    tls = duty.load(folder).tls
    if tls is None:
        _check_plain(f"{host}:{port}", host)
    if login == "password":
        check_reach(place, f"{host}:{port}", host)
    it = Hub(folder, settings, clock, find_server(program))
    face = Face(place, folder, lambda: it.watch.duty.tls)
    async with (
        it.running(),
        open_access(place, clock, login=login, host=host, tls=tls is not None) as door,
        face.serving(board(it.county, door.access), host, port),
        _beside(face.run(), name="hub-certificate"),
    ):
        face.findable()
        (folder / "board").write_text(f"{face.address}\n", encoding="utf-8")
        print(f"看板 / board: {face.address}", flush=True)
        await door.tell(face.address)
        if door.access is not None and door.access.untouched:
            command = f"camkeeper access first --ledger {folder}"
            _log.warning("county_first_password", zh=f"县级看板的首次登录：{command}", en=f"first sign-in: {command}")
        await stopped.wait()
