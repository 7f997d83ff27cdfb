"""The prober: one question to one device, at one of three depths. A broken camera is a value, a bug is an exception."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from types import TracebackType
from typing import Final, Self

from camkeeper.clock import Clock
from camkeeper.model.dome import DomeReport
from camkeeper.model.equipment import Credential, Device
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.probing import Depth, DeviceFacts, ProbeResult, Rung, RungResult, Verdict
from camkeeper.probe import ping, reach, snmp
from camkeeper.probe.carrier import Carrier
from camkeeper.probe.climb import NO_CREDENTIAL, Climb
from camkeeper.probe.conversation import Conversation
from camkeeper.probe.findings import blotted
from camkeeper.probe.latch import LatchStore
from camkeeper.probe.memory import Known, Login
from camkeeper.probe.pin import Names, NotAskedError
from camkeeper.probe.refusal import Guard

_ONVIF: Final = frozenset({Rung.TIME, Rung.AUTH, Rung.SNAPSHOT, Rung.STREAM, Rung.RECORDING})
_ABOVE: Final = (Rung.SNAPSHOT, Rung.STREAM, Rung.RECORDING)
_ANSWERED: Final = frozenset({Verdict.OK, Verdict.NOT_OFFERED})
"""A device that says it has no clock to tell has answered, and the rungs above can be asked."""
_NOTHING: Final = DeviceFacts()


class Prober:
    """Probes devices over one shared session. Open it as an async context manager.

    `password_of` raises LookupError, OSError or ValueError where a secret cannot be read; such a device keeps its
    unauthenticated rungs. `on_picture` is handed each good snapshot's bytes, which are kept nowhere here,
    and of a dome where it says that it points.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        password_of: Callable[[Credential], str],
        policy: ProbePolicy,
        latches: LatchStore,
        on_picture: Callable[[Device, bytes, DomeReport | None], None] | None = None,
    ) -> None:
        self._clock = clock
        self._password_of = password_of
        self._policy = policy
        self._latches = latches
        self._on_picture = on_picture
        self._carrier = Carrier()
        self._names = Names(elapsed_ms=clock.elapsed_ms)
        self._known: dict[str, Known] = {}
        # One connection at a time to one door: small cameras have five, and Dahua answers 401 when they are used up.
        # Not per host: behind one public address there may be a whole village, a port a camera.
        self._turns: dict[tuple[str, int], asyncio.Lock] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._carrier.close()

    def adopt(self, policy: ProbePolicy) -> None:
        """Ask by this policy from now on; probes under way end as they began."""
        self._policy = policy

    def forget(self, device_id: str) -> None:
        """Drop what was learnt of a device; its latches stay."""
        self._known.pop(device_id, None)

    def unlatch(self, device_id: str) -> bool:
        """Let the device's credential be tried again, once; return whether it was latched."""
        self.forget(device_id)
        return self._latches.remove(device_id)

    async def probe(self, device: Device, credential: Credential | None, depth: Depth) -> ProbeResult:
        """Climb the device's ladder as far as `depth` says, and tell what each rung answered."""
        address = device.address
        door = (address.host, address.port)
        turn = self._turns.get(door)
        if turn is None:
            turn = self._turns[door] = asyncio.Lock()
        async with turn:
            at_ms, began = self._clock.wall_ms(), perf_counter()
            rungs, facts = await self._climb(device, credential, depth)
            took_ms = (perf_counter() - began) * 1000
        return ProbeResult(device_id=device.id, at_ms=at_ms, took_ms=took_ms, depth=depth, rungs=rungs, facts=facts)

    async def _climb(
        self, device: Device, credential: Credential | None, depth: Depth
    ) -> tuple[tuple[RungResult, ...], DeviceFacts]:
        timeout_s = device.overrides.timeout_s or self._policy.timeout_s
        ladder = device.ladder
        try:
            async with asyncio.timeout(timeout_s):
                host = await self._names.address(device.address.host)
        except NotAskedError as error:
            return _all_failed(ladder, Verdict.MONITOR, str(error)), _NOTHING
        except TimeoutError:
            return _all_failed(ladder, Verdict.MONITOR, "the name could not be resolved in time"), _NOTHING
        except socket.gaierror as error:
            verdict, detail = reach.what_failed(error, timeout_s=timeout_s)
            return _all_failed(ladder, verdict, detail), _NOTHING
        if Rung.TIME in ladder:
            return await self._climb_onvif(device, credential, depth, host, timeout_s)
        return await self._climb_plain(device, credential, host, timeout_s)

    async def _climb_plain(
        self, device: Device, credential: Credential | None, host: str, timeout_s: float
    ) -> tuple[tuple[RungResult, ...], DeviceFacts]:
        """Switches, transceivers, whatever speaks no ONVIF: every rung at every depth."""
        out: list[RungResult] = []
        facts = _NOTHING
        for rung in device.ladder:
            if out and out[-1].verdict is not Verdict.OK:
                out.append(_skipped(rung))
            elif rung is Rung.REACH:
                out.append(await reach.tcp_reach(host, device.address.port, timeout_s=timeout_s))
            elif rung is Rung.PING:
                out.append(await ping.echo(host, timeout_s=timeout_s))
            elif rung is Rung.SNMP:
                login = self._login(credential)
                if isinstance(login, str):
                    out.append(RungResult(rung=rung, verdict=Verdict.MONITOR, ms=0.0, detail=login))
                    continue
                answer, uptime_s = await snmp.sys_uptime(
                    host,
                    device.address.snmp_port,
                    community=login.password if login is not None else "public",
                    timeout_s=timeout_s,
                )
                out.append(answer)
                facts = replace(facts, uptime_s=uptime_s)
            else:
                out.append(_skipped(rung, "needs the time rung below it"))
        return tuple(out), facts

    async def _climb_onvif(
        self, device: Device, credential: Credential | None, depth: Depth, host: str, timeout_s: float
    ) -> tuple[tuple[RungResult, ...], DeviceFacts]:
        known = self._known.get(device.id)
        if known is None or known.address != device.address:
            known = self._known[device.id] = Known(address=device.address)
        ladder = device.ladder
        quick = depth is Depth.QUICK or ladder[-1] is Rung.TIME
        talk = Conversation(
            carrier=self._carrier, clock=self._clock, host=host, known=known, timeout_s=timeout_s, last=quick
        )
        guard = Guard(device_id=device.id, latches=self._latches, known=known, clock=self._clock)
        climb = Climb(talk=talk, device=device, known=known, guard=guard, picture=self._on_picture)
        reached, timed = await climb.reach_and_time()
        out = [r for r in (reached, timed) if r.rung in ladder]
        if not quick:
            talk.last = False
            out += await self._above(climb, credential, depth, asked=timed.verdict in _ANSWERED)
        login = guard.login
        if login is not None:
            out = [replace(r, detail=blotted(r.detail, login) or "") for r in out]
        return tuple(out), climb.found.facts(lambda text: blotted(text, login, shortest=8))

    async def _above(
        self, climb: Climb, credential: Credential | None, depth: Depth, *, asked: bool
    ) -> list[RungResult]:
        """Ask the authenticated rungs that are due; where the time got no answer, skip them."""
        ladder = climb.device.ladder
        due = [r for r in ladder if r in _ONVIF and r is not Rung.TIME]
        if depth is Depth.PICTURE:
            due = [r for r in due if r is Rung.SNAPSHOT]
        if not asked:
            return [_skipped(r) for r in due]
        login = self._login(credential)
        if isinstance(login, str):
            return [RungResult(rung=r, verdict=Verdict.MONITOR, ms=0.0, detail=login) for r in due]
        if login is None:
            return [_skipped(r, NO_CREDENTIAL) for r in due]
        climb.guard.login = climb.talk.login = login
        if depth is Depth.PICTURE:
            return [await climb.known_picture() for _ in due]
        auth = await climb.climb(Rung.AUTH)
        out = [auth] if Rung.AUTH in due else []
        taken = auth.verdict is Verdict.OK
        out += [await climb.climb(r) if taken else _skipped(r) for r in due if r in _ABOVE]
        return out

    def _login(self, credential: Credential | None) -> Login | str | None:
        """Return the credential with its password, None where there is none, or why it cannot be read."""
        if credential is None:
            return None
        try:
            password = self._password_of(credential)
        except (LookupError, OSError, ValueError) as error:
            # Not the error's words: they may quote what was read.
            return f"own fault: the secret of credential {credential.id} cannot be read ({type(error).__name__})"
        return Login(
            user=credential.user,
            password=password,
            fingerprint=self._latches.fingerprint(credential.user, password),
        )


def _skipped(rung: Rung, detail: str = "") -> RungResult:
    return RungResult(rung=rung, verdict=Verdict.SKIPPED, ms=0.0, detail=detail)


def _all_failed(ladder: tuple[Rung, ...], verdict: Verdict, detail: str) -> tuple[RungResult, ...]:
    first = RungResult(rung=ladder[0], verdict=verdict, ms=0.0, detail=detail)
    return (first, *(_skipped(rung) for rung in ladder[1:]))
