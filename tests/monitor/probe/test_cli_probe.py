"""`camkeeper probe` as people and programs run it: a process, its output, its exit code."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.monitor.probe.camera import DIGEST, JPEG, SOAP, Camera, listening, running

from camkeeper.cli.probe import _split

KEYS = ["rungs", "manufacturer", "model", "firmware", "clock_offset_s", "profiles", "snapshot"]


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    @property
    def verdicts(self) -> dict[str, str]:
        return {r["rung"]: r["verdict"] for r in self.data["rungs"]}


async def run(
    *args: str,
    password: str = "canary-secret-77",  # noqa: S107 - a canary
    encoding: str = "utf-8",
) -> Ran:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from camkeeper.cli import main; main()", "probe", *args,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PROBE_PW": password, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    out, err = await program.communicate()
    assert program.returncode is not None
    ran = Ran(program.returncode, out.decode(encoding), err.decode(encoding))
    assert "Traceback" not in ran.err
    assert "canary" not in ran.out + ran.err
    return ran


async def _rtsp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    sdp = b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    while head := (await reader.readuntil(b"\r\n\r\n")).decode():
        number = head.lower().split("cseq:")[1].split("\r\n")[0].strip()
        body = sdp if head.startswith("DESCRIBE") else b""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        writer.write(f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{kind}Content-Length: {len(body)}\r\n\r\n".encode() + body)


async def test_a_good_camera_passes(tmp_path: Path) -> None:
    async with running(Camera(challenges=(DIGEST,))) as camera, listening(_rtsp) as rtsp_port:
        file = tmp_path / "snap.jpg"
        ran = await run(
            f"127.0.0.1:{camera.port}", "--user", "admin", "--password-env", "PROBE_PW", "--json",
            "--rtsp-port", str(rtsp_port), "--snapshot", str(file),
        )  # fmt: skip
    assert ran.code == 0, ran.err + ran.out
    assert list(ran.data) == KEYS
    assert all(list(r) == ["rung", "verdict", "ms", "detail"] for r in ran.data["rungs"])
    assert ran.verdicts == {
        "reach": "ok", "time": "ok", "auth": "ok", "snapshot": "ok", "stream": "ok", "recording": "not_offered",
    }  # fmt: skip
    assert (ran.data["manufacturer"], ran.data["model"], ran.data["firmware"]) == ("Acme", "M1", "1.0")
    assert abs(ran.data["clock_offset_s"]) < 2
    assert ran.data["profiles"] == [{"token": "P&1", "width": 1920, "height": 1080}]
    assert ran.data["snapshot"] == {"bytes": len(JPEG), "width": 16, "height": 9}
    assert file.read_bytes() == JPEG


async def test_without_a_user_the_signed_rungs_are_skipped_and_that_is_fine() -> None:
    async with running(Camera()) as camera:
        ran = await run(f"127.0.0.1:{camera.port}", "--json")
        table = await run(f"127.0.0.1:{camera.port}")
    assert ran.code == table.code == 0
    assert [v for k, v in ran.verdicts.items() if k not in {"reach", "time"}] == ["skipped"] * 4
    assert "--user" in ran.data["rungs"][2]["detail"]
    assert ran.data["snapshot"] is None
    assert "认证 / auth" in table.out


async def test_a_wrong_password_is_told_and_asked_once() -> None:
    async with running(Camera(challenges=(DIGEST,))) as camera:
        ran = await run(f"127.0.0.1:{camera.port}", "--user", "admin", "--password-env", "PROBE_PW", password="wrong")
        assert camera.refused == 1
    assert ran.code == 1
    assert "认证被拒" in ran.out
    assert "未通过：认证" in ran.err
    assert "Not passed: auth" in ran.err


async def test_unfamiliar_ports_are_named_with_their_options() -> None:
    camera = Camera(
        snapshot_uri="http://192.168.1.9:85/s.jpg", stream_uri="rtsp://192.168.1.9:25/x", challenges=(DIGEST,)
    )
    async with running(camera):
        ran = await run(f"127.0.0.1:{camera.port}", "--user", "admin", "--password-env", "PROBE_PW", "--json")
    details = {r["rung"]: r["detail"] for r in ran.data["rungs"]}
    assert ran.code == 1
    assert ran.verdicts["snapshot"] == ran.verdicts["stream"] == "off_enrolment"
    assert "--approve-port 85" in details["snapshot"]
    assert "--rtsp-port 25" in details["stream"]


async def test_the_stream_is_found_by_the_devices_own_word() -> None:
    async with listening(_rtsp) as port:
        camera = Camera(stream_uri=f"rtsp://192.168.1.9:{port}/x", challenges=(DIGEST,))
        async with running(camera):
            ran = await run(f"127.0.0.1:{camera.port}", "--user", "admin", "--password-env", "PROBE_PW", "--json")
    assert ran.verdicts["stream"] == "ok"


async def test_nobody_there_is_told() -> None:
    async with listening(_rtsp) as port:
        pass
    ran = await run(f"127.0.0.1:{port}", "--json")
    assert ran.code == 1
    assert ran.verdicts["reach"] == "refused"
    assert set(ran.verdicts.values()) == {"refused", "skipped"}


async def test_ipv6_is_asked() -> None:
    async with listening(Camera().serve, host="::1") as port:
        ran = await run(f"[::1]:{port}", "--json")
    assert ran.code == 0, ran.out


_NO_LETTER = SOAP % "<GetDeviceInformationResponse><Model>\U0001f4f7</Model></GetDeviceInformationResponse>"


@pytest.mark.parametrize("encoding", ["ascii", "gbk"])
async def test_a_terminal_without_the_letters_gets_escapes(encoding: str) -> None:
    camera = Camera(answers={"GetDeviceInformation": (200, _NO_LETTER)})
    async with running(camera):
        ran = await run(f"127.0.0.1:{camera.port}", "--user", "admin", "--password-env", "PROBE_PW", encoding=encoding)
    assert "\\U0001f4f7" in ran.out


@pytest.mark.parametrize(
    "args",
    [
        ("http://1.2.3.4/",),
        ("1.2.3.4:x",),
        ("1.2.3.4:99999",),
        ("",),
        ("1.2.3.4", "--user", "a"),
        ("1.2.3.4", "--password-env", "PROBE_PW"),
        ("1.2.3.4", "--user", "a", "--password-env", "NOBODY_SET_THIS"),
        ("1.2.3.4", "--path", "no slash"),
    ],
)
async def test_wrong_use_is_told(args: tuple[str, ...]) -> None:
    ran = await run(*args)
    assert ran.code == 2
    assert "错误" in ran.err


@pytest.mark.parametrize(
    ("target", "split"),
    [
        ("192.168.1.10", ("192.168.1.10", 80)),
        ("192.168.1.10:8000", ("192.168.1.10", 8000)),
        ("[::1]:81", ("::1", 81)),
        ("[fe80::1]", ("fe80::1", 80)),
        ("2001:db8::7", ("2001:db8::7", 80)),
        ("camera.lan:8080", ("camera.lan", 8080)),
    ],
)
def test_addresses_of_every_form(target: str, split: tuple[str, int]) -> None:
    assert _split(target) == split
