"""Credentials: which proof is sent, what one refusal costs, and whose fault the clock is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.probe.bench_of_one import CREDENTIAL, ONVIF, detail, device, probing, verdicts
from tests.monitor.probe.camera import BASIC, DIGEST, FAULT, Camera, running

from camkeeper.model.probing import Depth, Rung, Verdict
from camkeeper.probe.latch import FileLatches, MemoryLatches

HIKVISION = (401, FAULT % ("ter:NotAuthorized", "The action requested requires authorization"))
EMPTY = (401, "")
WORDS = (401, FAULT % ("s:Receiver", "Sender not authorized"))

CAMERAS = {
    "wsse, fault 400": Camera(challenges=(DIGEST,)),
    "wsse, 401 without challenge (ipycam)": Camera(refusal=WORDS, time_closed=True, snapshot_takes=frozenset()),
    "wsse, though it offers digest": Camera(refusal=HIKVISION, challenges=(DIGEST,)),
    "digest alone, 401 with a fault (Hikvision)": Camera(
        takes=frozenset({"digest"}), refusal=HIKVISION, challenges=(DIGEST,)
    ),
    "digest alone, 401 empty": Camera(takes=frozenset({"digest"}), refusal=EMPTY, challenges=(DIGEST, BASIC)),
    "basic alone": Camera(
        takes=frozenset({"basic"}), snapshot_takes=frozenset({"basic"}), refusal=EMPTY, challenges=(BASIC,)
    ),
    "digest, even for the time": Camera(
        takes=frozenset({"digest"}), refusal=EMPTY, challenges=(DIGEST,), time_closed=True
    ),
}


def _fresh(name: str) -> Camera:
    from dataclasses import replace

    return replace(CAMERAS[name], seen=[], answers={})


@pytest.mark.parametrize("name", CAMERAS)
async def test_a_right_password_is_taken_at_the_first_attempt(name: str) -> None:
    async with running(_fresh(name)) as camera, probing() as prober:
        for _ in range(3):
            result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
            assert verdicts(result) == dict.fromkeys(ONVIF, Verdict.OK)
        assert camera.refused == 0


@pytest.mark.parametrize("name", CAMERAS)
async def test_a_wrong_password_is_refused_exactly_once(name: str, tmp_path: Path) -> None:
    latches = FileLatches(tmp_path / "latches.json")
    async with running(_fresh(name)) as camera:
        async with probing(password="wrong", latches=latches) as prober:
            result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
            assert verdicts(result)[Rung.AUTH] is Verdict.AUTH_REFUSED
            assert verdicts(result)[Rung.SNAPSHOT] is Verdict.SKIPPED
            assert verdicts(result)[Rung.TIME] is Verdict.OK
            for depth in (Depth.FULL, Depth.PICTURE, Depth.QUICK) * 70:
                result = await prober.probe(device(camera.port), CREDENTIAL, depth)
                assert verdicts(result).get(Rung.AUTH, Verdict.LATCHED) is Verdict.LATCHED
        # A restart is no reason to try again; another password is, and so is an operator.
        async with probing(password="wrong", latches=FileLatches(tmp_path / "latches.json")) as prober:
            assert (
                verdicts(await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL))[Rung.AUTH] is Verdict.LATCHED
            )
            assert camera.refused == 1
            assert prober.unlatch("d")
            again = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
            assert verdicts(again)[Rung.AUTH] is Verdict.AUTH_REFUSED
            assert camera.refused == 2
        async with probing(latches=FileLatches(tmp_path / "latches.json")) as prober:
            result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
            assert verdicts(result)[Rung.AUTH] is Verdict.OK
            assert camera.refused == 2


async def test_a_password_changed_on_the_device_costs_one_attempt() -> None:
    async with running(Camera(challenges=(DIGEST,))) as camera, probing() as prober:
        await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
        camera.password = "changed"
        seen = [await prober.probe(device(camera.port), CREDENTIAL, d) for d in (Depth.PICTURE, Depth.FULL) * 20]
        assert verdicts(seen[0])[Rung.SNAPSHOT] is Verdict.AUTH_REFUSED
        assert verdicts(seen[1])[Rung.AUTH] is Verdict.LATCHED
        assert camera.refused == 1


async def test_a_refused_snapshot_alone_does_not_close_the_rest() -> None:
    camera = Camera(challenges=(DIGEST,), snapshot_takes=frozenset({"nothing"}))
    async with running(camera), probing() as prober:
        results = [await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL) for _ in range(5)]
        assert [verdicts(r)[Rung.AUTH] for r in results] == [Verdict.OK] * 5
        assert [verdicts(r)[Rung.SNAPSHOT] for r in results] == [Verdict.AUTH_REFUSED, *[Verdict.LATCHED] * 4]
        assert camera.refused == 1


async def test_a_used_nonce_that_is_refused_is_not_a_refused_password() -> None:
    camera = Camera(takes=frozenset({"digest"}), refusal=EMPTY, challenges=(DIGEST,), snapshot_takes=frozenset())
    plain = camera.reply

    def renewing(operation: str) -> tuple[int, str]:
        camera.nonce = f"n{len(camera.seen)}"
        return plain(operation)

    camera.reply = renewing  # type: ignore[method-assign]
    async with running(camera), probing() as prober:
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
        assert verdicts(result) == dict.fromkeys(ONVIF, Verdict.OK)


@pytest.mark.parametrize("time_closed", [False, True])
@pytest.mark.parametrize("offset_s", [-3600.0, 3600.0, -86400.0 * 365 * 30])
async def test_a_wrong_clock_is_signed_with(offset_s: float, time_closed: bool) -> None:
    camera = Camera(clock_offset_s=offset_s, time_closed=time_closed, refusal=WORDS, snapshot_takes=frozenset())
    async with running(camera), probing() as prober:
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
    assert verdicts(result)[Rung.AUTH] is Verdict.OK
    assert result.facts.clock_offset_s == pytest.approx(offset_s, abs=2)
    assert camera.refused == 0


async def test_a_refusal_with_a_wrong_clock_says_so_and_ends_with_it() -> None:
    camera = Camera(clock_offset_s=-3600, skew_s=-1)
    async with running(camera), probing() as prober:
        results = [await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL) for _ in range(4)]
        assert [verdicts(r)[Rung.AUTH] for r in results] == [Verdict.CLOCK_SKEW] * 4
        assert "3600 s behind" in detail(results[0], Rung.AUTH)
        assert camera.refused == 1
        camera.clock_offset_s, camera.skew_s = 0.0, 300.0
        assert verdicts(await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL))[Rung.AUTH] is Verdict.OK
        assert camera.refused == 1


@pytest.mark.parametrize(
    "camera",
    [
        Camera(clock_offset_s=-3600, time_closed=True, date_header=False),
        Camera(takes=frozenset({"none"}), time_closed=True, date_header=False),
    ],
)
async def test_a_clock_that_nobody_can_read_is_not_blamed(camera: Camera) -> None:
    async with running(camera), probing() as prober:
        results = [await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL) for _ in range(4)]
        assert [verdicts(r)[Rung.AUTH] for r in results] == [Verdict.AUTH_REFUSED] + [Verdict.LATCHED] * 3
        assert "could not be read" in detail(results[0], Rung.AUTH)
        assert camera.refused == 1


async def test_a_device_that_blames_the_time_is_believed() -> None:
    camera = Camera(skew_s=-1, refusal=(400, FAULT % ("wsu:MessageExpired", "")))
    async with running(camera), probing() as prober:
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
        assert verdicts(result)[Rung.AUTH] is Verdict.CLOCK_SKEW


async def test_an_open_device_needs_no_proof() -> None:
    camera = Camera(takes=frozenset(), snapshot_takes=frozenset())
    async with running(camera), probing() as prober:
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
        assert verdicts(result) == dict.fromkeys(ONVIF, Verdict.OK)


async def test_latches_are_of_one_device() -> None:
    latches = MemoryLatches()
    async with running(Camera()) as camera, probing(password="wrong", latches=latches) as prober:
        await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
        assert latches.get("d", Rung.AUTH) is not None
        assert latches.get("e", Rung.AUTH) is None
        assert not prober.unlatch("e")
