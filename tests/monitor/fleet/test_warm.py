"""A fleet draws ahead: the same pictures, from processes that end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.monitor.fleet.test_pictures import CAMERA
from tests.monitor.fleet.town import PASSWORDS, town

from camfleet import warm
from camfleet.device import Shot
from camfleet.faults import Fault, FaultKind
from camfleet.fleet import Fleet
from camfleet.pictures import LivePictures, aim_of
from camfleet.view import Views, drawn
from camkeeper.clock import SimulatedClock

ROOT = Path(__file__).parents[3]
AIM = aim_of(CAMERA, (64, 36), seed=1)


@pytest.mark.parametrize("poles", [1, 4])
async def test_what_is_drawn_ahead_is_what_would_be_drawn(poles: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Views()
    monkeypatch.setattr(warm, "VIEWS", kept)
    keys = [(100 + pole, AIM) for pole in range(poles)]
    await warm.warm([*keys, keys[0]])
    assert kept.keys == set(keys)
    for seed, aim in keys:
        assert (kept.of(seed, aim).albedo == Views().of(seed, aim).albedo).all()


async def test_no_camera_is_no_work() -> None:
    await warm.warm(())


def test_no_more_is_kept_than_allowed() -> None:
    packed = drawn(7, AIM)
    kept = Views(limit_bytes=2 * sum(map(len, packed)))
    for seed in range(5):
        kept.keep((seed, AIM), packed)
        kept.keep((seed, AIM), packed)
    assert kept.keys == {(3, AIM), (4, AIM)}


@pytest.mark.slow
def test_who_ends_the_fleet_while_it_draws_waits_for_nothing(tmp_path: Path) -> None:
    said = tmp_path / "said.txt"
    command = [sys.executable, "-m", "camkeeper", "fleet", "--config", str(ROOT / "config/cameras.yaml")]
    with (
        said.open("w") as log,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            env=os.environ | {"CAMKEEPER_DEMO_PASSWORD": "torrent-of-willows"},
        ) as fleet,
    ):
        parent = psutil.Process(fleet.pid)
        until = time.monotonic() + 30
        while len(parent.children()) < 2 and time.monotonic() < until:
            time.sleep(0.1)
        family = parent.children(recursive=True)
        assert len(family) >= 2
        time.sleep(2)
        os.killpg(fleet.pid, signal.SIGINT)
        assert fleet.wait(30) == 0
        assert fleet.stdout is not None
        assert fleet.stdout.read() == ""
        psutil.wait_procs(family, timeout=5)
        assert not any(one.is_running() for one in family)
    assert "Traceback" not in said.read_text(encoding="utf-8")


async def test_a_camera_whose_next_picture_is_late_hands_out_the_one_before() -> None:
    (device,) = Fleet(town([CAMERA]), PASSWORDS, clock=SimulatedClock()).devices.values()
    pictures, release = LivePictures(town([CAMERA]), seed=1), threading.Event()
    first = Shot(at_ms=1_780_286_400_000, shown_ms=1_780_286_400_000)
    later = replace(first, at_ms=first.at_ms + 5000, shown_ms=first.shown_ms + 5000)
    changed = replace(later, scene=(Fault(kind=FaultKind.BLUR),))
    try:
        before = await pictures.jpeg(device, first)
        pictures.worker.submit(release.wait)
        assert await pictures.jpeg(device, later) == before
        asyncio.get_running_loop().call_later(1.5, release.set)
        waited = await pictures.jpeg(device, changed)
        assert waited != before
    finally:
        release.set()
        pictures.close()
