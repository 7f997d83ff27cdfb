"""A canary for a password: it is in no result, no log, no error and no file, whatever the device does with it."""

from __future__ import annotations

import logging
from base64 import b64encode
from pathlib import Path

import pytest
from tests.monitor.probe.bench_of_one import CREDENTIAL, ONVIF, device, probing
from tests.monitor.probe.camera import BASIC, DIGEST, FAULT, SOAP, Camera, running

from camkeeper.model.probing import Depth, Rung
from camkeeper.probe.latch import FileLatches
from camkeeper.probe.memory import Login

CANARY = "canary-secret-77"
BASIC_FORM = b64encode(f"{CREDENTIAL.user}:{CANARY}".encode()).decode()
_ECHO = SOAP % f"<GetDeviceInformationResponse><Manufacturer>{CANARY}</Manufacturer></GetDeviceInformationResponse>"

CAMERAS = {
    "right": Camera(challenges=(DIGEST,)),
    "basic": Camera(takes=frozenset({"basic"}), refusal=(401, ""), challenges=(BASIC,)),
    "echoes it in a fault": Camera(answers={"GetProfiles": (500, FAULT % ("ter:Action", f"what is {CANARY}?"))}),
    "echoes it as a refusal": Camera(takes=frozenset({"none"}), refusal=(400, FAULT % ("ter:NotAuthorized", CANARY))),
    "echoes it as its name": Camera(answers={"GetDeviceInformation": (200, _ECHO)}),
    "echoes its Basic form": Camera(
        takes=frozenset({"basic"}),
        challenges=(BASIC,),
        answers={
            "GetDeviceInformation": (200, _ECHO.replace(CANARY, BASIC_FORM)),
            "GetProfiles": (500, FAULT % ("ter:Action", f"Basic {BASIC_FORM}")),
        },
    ),
    "echoes it as a token": Camera(
        answers={
            "GetProfiles": (200, SOAP % f'<GetProfilesResponse><Profiles token="{CANARY}"/></GetProfilesResponse>')
        }
    ),
    "echoes it in an address": Camera(snapshot_uri=f"http://admin:{CANARY}@h:99/?password={CANARY}"),
    "echoes it in a bad address": Camera(snapshot_uri=f"gopher://{CANARY}"),
    "echoes it in a path": Camera(
        snapshot_uri=f"http://h:{{port}}/{CANARY}?pwd={CANARY}", snapshot_takes=frozenset({"x"})
    ),
    "echoes it as a stream": Camera(stream_uri=f"rtsp://admin:{CANARY}@h:8554/password={CANARY}"),
}


@pytest.mark.parametrize("name", CAMERAS)
async def test_the_canary_stays_inside(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(CAMERAS[name]) as camera, probing(latches=FileLatches(tmp_path / "l.json")) as prober:
        ladder = (*ONVIF, Rung.STREAM, Rung.RECORDING)
        for depth in (Depth.FULL, Depth.PICTURE, Depth.FULL):
            result = await prober.probe(device(camera.port, ladder=ladder), CREDENTIAL, depth)
            assert CANARY not in repr(result)
            assert BASIC_FORM not in repr(result)
            assert CANARY not in repr(vars(prober))
    assert CANARY not in caplog.text
    assert not _written(tmp_path)


def _written(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if CANARY.encode() in path.read_bytes()]


def test_a_login_does_not_show_itself() -> None:
    assert CANARY not in repr(Login(user="admin", password=CANARY, fingerprint="f"))
