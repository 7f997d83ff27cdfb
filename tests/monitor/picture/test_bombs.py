"""Bombs: every one is a verdict in under two seconds, in under 64 MB, and the next picture is looked at as ever."""

import asyncio
import sys
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
import pytest
from tests.monitor.picture.bombs import bomb, cases
from tests.monitor.picture.photos import jpeg, photo

from camkeeper.model.picture import PictureVerdict
from camkeeper.picture.child import ENVIRONMENT
from camkeeper.picture.worker import Job, PictureWorker

MB = 2**20
BOMBS = cases()


def peak_bytes(pid: int | str) -> int:
    """Return the most that a process ever had in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def test_the_bomb_is_as_small_as_it_is_told() -> None:
    assert len(bomb()) == 632


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_a_verdict(name: str) -> None:
    data, says = BOMBS[name]
    async with PictureWorker() as worker:
        healthy = await worker.examine(Job(device_id="cam", data=jpeg(photo())))
        assert healthy.diagnosis.verdict is PictureVerdict.OK, healthy.diagnosis
        (pid,) = worker.pids
        before, here = peak_bytes(pid), peak_bytes("self")
        began = perf_counter()
        found = await worker.examine(Job(device_id="cam", data=data, thumbnail=True))
        took_s = perf_counter() - began
        assert took_s < 2
        assert worker.pids == (pid,)
        assert peak_bytes(pid) - before < 64 * MB
        assert peak_bytes("self") - here < 64 * MB
        assert worker.stats.crashed == 0
        if says:
            assert found.diagnosis.verdict is PictureVerdict.NO_SIGNAL
            assert says in found.diagnosis.detail
        again = await worker.examine(Job(device_id="cam", data=jpeg(photo())))
        assert again == healthy


async def test_orientation_changes_nothing_of_the_diagnosis() -> None:
    async with PictureWorker() as worker:
        plain = await worker.examine(Job(device_id="cam", data=jpeg(photo())))
        turned = await worker.examine(Job(device_id="cam", data=BOMBS["EXIF-rotated"][0]))
    assert turned.diagnosis == plain.diagnosis


async def test_the_decoder_itself_has_a_limit_too() -> None:
    program = (
        "import cv2, numpy, sys\n"
        "try:\n    cv2.imdecode(numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8), 17)\n"
        "except cv2.error as error:\n    print('CV_IO_MAX_IMAGE_PIXELS' in str(error))\n"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdin=-1, stdout=-1, env={"PATH": "/usr/bin:/bin", **ENVIRONMENT}
    )
    out, _ = await child.communicate(bomb(8000, 5001, marker=0xC0))
    assert out.strip() == b"True"


async def test_a_picture_with_an_empty_scan_is_not_healthy() -> None:
    """Its header and its end are there and nothing between: flat from the first row on."""
    async with PictureWorker() as worker:
        found = await worker.examine(Job(device_id="cam", data=bomb(1920, 1080, marker=0xC0)))
        flat = await worker.examine(Job(device_id="cam", data=jpeg(np.full((1080, 1920, 3), 90, np.uint8))))
    assert found.diagnosis.verdict.is_fault
    assert flat.diagnosis.verdict is PictureVerdict.NO_SIGNAL


def test_every_bomb_that_is_a_picture_can_be_decoded_by_opencv() -> None:
    for name, (data, says) in BOMBS.items():
        if not says:
            assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_2) is not None, name
