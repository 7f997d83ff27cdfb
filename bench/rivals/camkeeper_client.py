"""camkeeper: the prober's own climb, held to the four questions of the comparison.

With `quick` as the third argument: whole quick probes (connect, time, verdict) through `Prober.probe`.
"""

from __future__ import annotations

import asyncio
import sys

import rounds
from camkeeper.clock import SystemClock
from camkeeper.model.equipment import Address, Credential, Device, DeviceKind
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.probing import Depth, Verdict
from camkeeper.probe.carrier import Carrier
from camkeeper.probe.climb import Climb
from camkeeper.probe.conversation import Conversation
from camkeeper.probe.latch import MemoryLatches
from camkeeper.probe.memory import Known, Login, Scheme
from camkeeper.probe.onvif import readers
from camkeeper.probe.onvif.operations import Operation
from camkeeper.probe.pin import Target
from camkeeper.probe.prober import Prober
from camkeeper.probe.refusal import Guard

CREDENTIAL = Credential(id="c", user="admin", secret_ref="env:X")  # noqa: S106 - a reference, no secret


def _device(port: int) -> Device:
    at = Address(host="127.0.0.1", port=port)
    return Device(id="d", name="d", kind=DeviceKind.CAMERA, site_id="s", address=at)


async def four_calls(port: int, password: str) -> None:
    device, clock, latches = _device(port), SystemClock(), MemoryLatches()
    known = Known(address=device.address, scheme=Scheme.WSSE)
    login = Login(user="admin", password=password, fingerprint=latches.fingerprint("admin", password))
    async with Carrier() as carrier:

        async def check() -> None:
            talk = Conversation(carrier=carrier, clock=clock, host="127.0.0.1", known=known, timeout_s=5.0, login=login)
            guard = Guard(device_id="d", latches=latches, known=known, clock=clock, login=login)
            climb = Climb(talk=talk, device=device, known=known, guard=guard)
            _, timed = await climb.reach_and_time()
            told = readers.information(await talk.ask(Operation.INFORMATION))
            await climb.ask_profiles()
            target = await climb.ask_uri(Operation.SNAPSHOT_URI, Operation.SNAPSHOT_URI2)
            assert timed.verdict is Verdict.OK
            assert told.model
            assert isinstance(target, Target)

        await _serve(check)


async def quick(port: int, password: str) -> None:
    device = _device(port)
    async with Prober(
        clock=SystemClock(), password_of=lambda _: password, policy=ProbePolicy(), latches=MemoryLatches()
    ) as prober:

        async def check() -> None:
            result = await prober.probe(device, CREDENTIAL, Depth.QUICK)
            assert [r.verdict for r in result.rungs] == [Verdict.OK, Verdict.OK]

        await _serve(check)


async def _serve(check: object) -> None:
    assert callable(check)
    for _ in range(rounds.WARM_UP):
        await check()
    for checks in rounds.requests():
        with rounds.metered(checks):
            for _ in range(checks):
                await check()


if __name__ == "__main__":
    asyncio.run((quick if "quick" in sys.argv[3:] else four_calls)(int(sys.argv[1]), sys.argv[2]))
