"""What the prober's tests share: a device for a camera, and a prober around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from camkeeper.clock import Clock, SystemClock
from camkeeper.model.equipment import Address, Credential, Device, DeviceKind, ProbeOverrides
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.probing import ProbeResult, Rung, Verdict
from camkeeper.probe.latch import LatchStore, MemoryLatches
from camkeeper.probe.prober import Prober

CREDENTIAL = Credential(id="c", user="admin", secret_ref="env:X")
ONVIF = (Rung.REACH, Rung.TIME, Rung.AUTH, Rung.SNAPSHOT)


def device(port: int, *, ladder: tuple[Rung, ...] = ONVIF, host: str = "127.0.0.1", **address: object) -> Device:
    at = Address(host=host, port=port, **address)  # type: ignore[arg-type]
    overrides = ProbeOverrides(ladder=ladder)
    return Device(id="d", name="d", kind=DeviceKind.CAMERA, site_id="s", address=at, overrides=overrides)


@asynccontextmanager
async def probing(
    *,
    password: str = "canary-secret-77",  # noqa: S107 - a canary
    timeout_s: float = 2.0,
    latches: LatchStore | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Prober]:
    async with Prober(
        clock=clock or SystemClock(),
        password_of=lambda _: password,
        policy=ProbePolicy(timeout_s=timeout_s),
        latches=latches or MemoryLatches(),
    ) as prober:
        yield prober


def verdicts(result: ProbeResult) -> dict[Rung, Verdict]:
    return {r.rung: r.verdict for r in result.rungs}


def detail(result: ProbeResult, rung: Rung) -> str:
    found = result.rung(rung)
    assert found is not None
    return found.detail
