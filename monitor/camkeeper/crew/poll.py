"""The wiring of a member: configuration, prober, leases, until told to stop. It has no ledger and no board."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import nats.errors
import structlog
from nats.aio.client import Client

from camkeeper.bus.link import connect
from camkeeper.clock import Clock
from camkeeper.config import ConfigError, load
from camkeeper.config.diff import diff
from camkeeper.config.secrets import Secrets
from camkeeper.crew.journal import CarriedLatches, Journal, key_check
from camkeeper.crew.member import Member, Snapshots
from camkeeper.crew.settings import CrewSettingsError, MemberSettings
from camkeeper.crew.subjects import member_inbox
from camkeeper.model.registry import Registry
from camkeeper.probe.prober import Prober
from camkeeper.sight.pulse import Pulse
from camkeeper.sight.uplinks import UplinkWatch

LOOK_S = 0.5
_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Register:
    """The configuration of a member: read at the start, at SIGHUP, and when the keeper has the one that lies here."""

    path: Path
    registry: Registry
    wanted: str | None = None
    """Digest of what the keeper asks by, where it is not ours."""
    again: bool = False

    def want(self, digest: str) -> None:
        """Note what the keeper asks by."""
        if digest != self.wanted:
            _log.warning(
                "other_register",
                zh="主机的配置与本机不同：请把 cameras.yaml 拷来；内容一致时自动采用",
                en="the keeper has another configuration: copy cameras.yaml here; it is adopted once it is the same",
                ours=self.registry.digest[:12],
                theirs=digest[:12],
            )
        self.wanted = digest

    def reload(self) -> None:
        """Read the file again at the next look."""
        self.again = True

    async def follow(self, prober: Prober, uplinks: UplinkWatch) -> None:
        """Take over another configuration when it is asked for, until cancelled."""
        tried: object = None
        while True:
            await asyncio.sleep(LOOK_S)
            wanted = self.wanted
            # Once for each file that lies here and each digest that is asked by, whichever came first.
            if wanted is not None and (now := (wanted, await asyncio.to_thread(_stamp, self.path))) != tried:
                tried = now
                self.again = self.again or await asyncio.to_thread(_digest, self.path) == wanted
            if self.again:
                self.again = False
                await self._take(prober, uplinks)

    async def _take(self, prober: Prober, uplinks: UplinkWatch) -> None:
        try:
            registry = await asyncio.to_thread(load, self.path)
        except ConfigError as error:
            _log.error("config_rejected", faults=[str(fault) for fault in error.faults])
            return
        changes = diff(self.registry, registry)
        for device_id in (*changes.removed, *changes.changed):
            prober.forget(device_id)
        prober.adopt(registry.probe)
        self.registry, self.wanted = registry, None
        uplinks.replace({u.id: u for u in registry.uplinks})
        _log.info("config_taken", digest=registry.digest[:12], devices=len(registry.devices))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


async def poll(settings: MemberSettings, config: Path, clock: Clock) -> None:
    """Ask for the keeper until SIGTERM or SIGINT. ConfigError, CrewSettingsError where it cannot go on."""
    register = Register(path=config, registry=await asyncio.to_thread(load, config))
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    loop.add_signal_handler(signal.SIGHUP, register.reload)
    link = await _connected(settings, stopped)
    if link is None:
        return
    try:
        async with asking(settings, register, link, clock) as member:
            print(f"轮询端 / poller: {settings.name} -> {settings.host}:{settings.port}", flush=True)
            leases = asyncio.create_task(member.leases.run())
            try:
                while not stopped.is_set():
                    if link.is_closed:
                        raise CrewSettingsError(
                            "主机不再接受本机的凭证 / the township takes these credentials no longer"
                        )
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stopped.wait(), LOOK_S)
            finally:
                leases.cancel()
                await asyncio.gather(leases, return_exceptions=True)
    finally:
        with contextlib.suppress(nats.errors.Error, OSError):
            await link.close()


@asynccontextmanager
async def asking(settings: MemberSettings, register: Register, link: Client, clock: Clock) -> AsyncIterator[Member]:
    """A member at work but for its leases: run those, and it is asked."""
    uplinks, pulse = UplinkWatch(clock=clock, on_change=_log_sight), Pulse(clock)
    uplinks.replace({u.id: u for u in register.registry.uplinks})
    snapshots = Snapshots()
    latches = CarriedLatches(key=settings.key, journal=Journal(link, settings.edge_id))
    prober = Prober(
        clock=clock,
        password_of=Secrets(register.path.parent).resolve,
        policy=register.registry.probe,
        latches=latches,
        on_picture=snapshots.take,
    )
    member = Member(
        name=settings.name,
        edge_id=settings.edge_id,
        shards=settings.shards,
        key_check=key_check(settings.key),
        registry=lambda: register.registry,
        wanted=register.want,
        link=link,
        prober=prober,
        snapshots=snapshots,
        latches=latches,
        uplinks=uplinks,
        pulse=pulse,
        clock=clock,
    )
    async with prober:
        tasks = [
            asyncio.create_task(work)
            for work in (uplinks.run(), pulse.run(), member.beat(), register.follow(prober, uplinks))
        ]
        try:
            yield member
        finally:
            await member.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _connected(settings: MemberSettings, stopped: asyncio.Event) -> Client | None:
    """Connect, however long it takes and whatever is told meanwhile; None when told to stop."""
    connecting = asyncio.create_task(
        connect(
            host=settings.host,
            port=settings.port,
            user=settings.name,
            password=settings.password,
            inbox=member_inbox(settings.name),
            name=f"poller {settings.name}",
            trust=settings.trust,
        )
    )
    ending = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({connecting, ending}, return_when=asyncio.FIRST_COMPLETED)
        return await connecting if connecting.done() else None
    except (nats.errors.Error, OSError, ValueError) as error:
        raise CrewSettingsError(f"连不上主机 / the township cannot be reached: {error}") from error
    finally:
        for task in (connecting, ending):
            task.cancel()
        await asyncio.gather(connecting, ending, return_exceptions=True)


def _log_sight(uplink: object, sight: object) -> None:
    _log.warning("uplink", uplink=getattr(uplink, "id", "?"), sees=getattr(sight, "sees", None))
