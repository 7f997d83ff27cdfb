"""Asking a dome where it points: read-only, never the reason of a verdict, and never a second refusal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.probe.bench_of_one import CREDENTIAL, device, verdicts
from tests.monitor.probe.camera import DIGEST, FAULT, SOAP, Camera, listening, running

from camkeeper.clock import SystemClock
from camkeeper.model.dome import DomeReport, Position, Space
from camkeeper.model.equipment import Device, DeviceKind
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.probing import Depth, Rung, Verdict
from camkeeper.probe.latch import MemoryLatches
from camkeeper.probe.onvif import domes, reply
from camkeeper.probe.prober import Prober

CAPTURES = Path(__file__).parents[2] / "data/onvif"
STATUS = (
    "<GetStatusResponse><PTZStatus><Position>%s</Position><MoveStatus><PanTilt>%s</PanTilt><Zoom>IDLE</Zoom>"
    "</MoveStatus></PTZStatus></GetStatusResponse>"
)
PLACE = '<PanTilt x="0.25" y="-0.5"/><Zoom x="0.1"/>'
AT = Position(pan=0.25, tilt=-0.5, zoom=0.1)
PRESETS = (
    '<GetPresetsResponse><Preset token="1"><Name>Gate</Name><PTZPosition><PanTilt x="0.9" y="0"/></PTZPosition>'
    "</Preset>"
    f'<Preset token="2"><Name> Home </Name><PTZPosition>{PLACE}</PTZPosition></Preset></GetPresetsResponse>'
)
DOME = (Rung.REACH, Rung.TIME, Rung.AUTH, Rung.SNAPSHOT)


def status(inner: str, name: str = "GetStatusResponse") -> domes.DomeStatus:
    found = reply.read((SOAP % inner).encode(), name)
    assert not isinstance(found, reply.Fault)
    return domes.status(found)


def home(inner: str) -> Position | None:
    found = reply.read((SOAP % inner).encode(), "GetPresetsResponse")
    assert not isinstance(found, reply.Fault)
    return domes.home(found)


@pytest.mark.parametrize(
    ("folder", "position", "moving"),
    [
        ("easy_ENP1A14-IR_25X", Position(pan=0.801444, tilt=-0.982444, zoom=0.05375), None),
        ("easy_SUNBA", Position(pan=0.5, tilt=0.499777734, zoom=0.0), False),
        ("easy_IPG-8150PSS", Position(pan=0.0, tilt=0.0, zoom=0.0), False),
        ("easy_IPD-H4K8M05-BS", None, None),  # 32768 in a space of -1..1
    ],
)
def test_what_real_devices_say(folder: str, position: Position | None, moving: bool | None) -> None:
    found = reply.read((CAPTURES / folder / "ptz.GetStatus.xml").read_bytes(), "GetStatusResponse")
    assert not isinstance(found, reply.Fault)
    assert domes.status(found) == domes.DomeStatus(position=position, moving=moving)


def test_degrees_errors_and_motion() -> None:
    degrees = 'space="http://www.onvif.org/ver10/tptz/PanTiltSpaces/SphericalPositionSpaceDegrees"'
    told = status(STATUS % (f'<PanTilt x="271.5" y="-12" {degrees}/>', "MOVING"))
    assert told == domes.DomeStatus(position=Position(pan=271.5, tilt=-12.0, space=Space.DEGREES), moving=True)
    assert status(STATUS % (PLACE, "UNKNOWN")).moving is False  # the zoom says idle
    broken = (STATUS % (PLACE, "IDLE")).replace("<MoveStatus>", "<Error>motor</Error><Moved>")
    broken = broken.replace("</MoveStatus>", "</Moved>")
    assert status(broken) == domes.DomeStatus(position=None, moving=None)
    assert status("<GetStatusResponse/>") == domes.DomeStatus(position=None, moving=None)
    other = '<PanTilt x="0.1" y="0.1" space="http://maker.example/steps"/>'
    assert status(STATUS % (other, "IDLE")).position is None


@given(st.text(alphabet="0123456789.eE+-naif", max_size=12), st.text(alphabet="0123456789.-", max_size=6))
def test_any_numbers_are_a_position_or_none(x: str, y: str) -> None:
    found = status(STATUS % (f'<PanTilt x="{x}" y="{y}"/>', "IDLE")).position
    assert found is None or max(abs(found.pan), abs(found.tilt)) <= 1.0


def test_the_home_preset_is_the_only_one_called_so_and_has_a_position() -> None:
    assert home(PRESETS) == AT
    assert home(PRESETS.replace(" Home ", "看守位")) == AT
    assert home(PRESETS.replace("Gate", "home")) is None  # two of them
    assert home(PRESETS.replace(" Home ", "Yard")) is None
    assert home(PRESETS.replace(PLACE, '<PanTilt x="0" y="0"/><Zoom x="0"/>')) is None  # filled in
    assert home("<GetPresetsResponse/>") is None


def dome(port: int, kind: DeviceKind = DeviceKind.PTZ) -> Device:
    return replace(device(port, ladder=DOME), kind=kind)


@asynccontextmanager
async def asking(got: list[DomeReport | None], timeout_s: float = 2.0) -> AsyncIterator[Prober]:
    async with Prober(
        clock=SystemClock(), password_of=lambda _: "canary-secret-77", policy=ProbePolicy(timeout_s=timeout_s),
        latches=MemoryLatches(), on_picture=lambda _, __, report: got.append(report),
    ) as prober:  # fmt: skip
        yield prober


def turning(**more: object) -> Camera:
    answers = {"GetStatus": (200, SOAP % STATUS % (PLACE, "IDLE")), "GetPresets": (200, SOAP % PRESETS)}
    open_ = {"snapshot_takes": frozenset[str]()}
    return Camera(scopes=("device", "media", "ptz"), answers=answers, **(open_ | more))  # type: ignore[arg-type]


async def test_each_picture_comes_with_its_position_and_presets_are_asked_on_the_whole_climb_alone() -> None:
    got: list[DomeReport | None] = []
    async with running(turning()) as camera, asking(got) as prober:
        await prober.probe(dome(camera.port), CREDENTIAL, Depth.FULL)
        assert camera.asked.count("GetPresets") == 1
        del camera.seen[:]
        await prober.probe(dome(camera.port), CREDENTIAL, Depth.PICTURE)
        assert camera.asked == ["GetSystemDateAndTime", "snapshot", "GetStatus"]
        camera.answers["GetStatus"] = (200, SOAP % STATUS % (PLACE, "MOVING"))
        await prober.probe(dome(camera.port), CREDENTIAL, Depth.PICTURE)
        assert {s.path for s in camera.seen if s.operation == "GetStatus"} == {"/onvif/ptz"}
        assert all(s.operation.startswith("Get") for s in camera.seen if s.method == "POST")
    assert got == [DomeReport(position=AT, moving=moving, home=AT) for moving in (False, False, True)]


async def test_only_a_dome_is_asked_and_only_by_one_who_wants_its_picture() -> None:
    got: list[DomeReport | None] = []
    async with running(turning()) as camera, asking(got) as prober:
        for kind in (DeviceKind.CAMERA, DeviceKind.CHECKPOINT):
            await prober.probe(dome(camera.port, kind), CREDENTIAL, Depth.FULL)
        assert {"GetStatus", "GetPresets"}.isdisjoint(camera.asked)
    assert got == [None, None]


async def test_a_dome_without_the_service_or_that_answers_nonsense_is_a_dome_of_unknown_position() -> None:
    got: list[DomeReport | None] = []
    async with running(Camera(snapshot_takes=frozenset())) as camera, asking(got) as prober:
        found = await prober.probe(dome(camera.port), CREDENTIAL, Depth.FULL)
        assert verdicts(found)[Rung.SNAPSHOT] is Verdict.OK
        assert "GetStatus" not in camera.asked
    async with running(turning()) as camera, asking(got) as prober:
        camera.answers["GetStatus"] = (200, "<html>login</html>")
        found = await prober.probe(dome(camera.port), CREDENTIAL, Depth.FULL)
        assert set(verdicts(found).values()) == {Verdict.OK}
        await prober.probe(dome(camera.port), CREDENTIAL, Depth.PICTURE)
        assert camera.asked.count("GetStatus") == 1  # not again before the next whole climb
    assert got == [DomeReport()] * 3


async def test_an_account_without_the_right_to_ptz_is_refused_once_and_latches_nothing() -> None:
    got: list[DomeReport | None] = []
    async with running(turning()) as camera, asking(got) as prober:
        refusal = (400, FAULT % ("ter:NotAuthorized", "Operator rights wanted"))
        camera.answers |= {"GetPresets": refusal, "GetStatus": refusal}
        for depth in (Depth.FULL, Depth.PICTURE, Depth.FULL, Depth.PICTURE):
            found = await prober.probe(dome(camera.port), CREDENTIAL, depth)
            assert verdicts(found)[Rung.SNAPSHOT] is Verdict.OK
        assert [n for n in camera.asked if n in {"GetPresets", "GetStatus"}] == ["GetPresets"]
        assert camera.refused == 0  # as the camera counts bad logins
    assert got == [DomeReport()] * 4


async def test_where_http_must_be_answered_too_no_signed_question_is_spent_on_learning_it() -> None:
    got: list[DomeReport | None] = []
    picky = turning(takes=frozenset({"digest"}), refusal=(401, ""), challenges=(DIGEST,))
    async with running(picky) as camera, asking(got) as prober:
        await prober.probe(dome(camera.port), CREDENTIAL, Depth.FULL)
        await prober.probe(dome(camera.port), CREDENTIAL, Depth.PICTURE)
        assert camera.refused == 0
    assert [r.position for r in got if r is not None] == [AT, AT]


async def test_a_service_that_hangs_delays_one_picture_and_no_more() -> None:
    got: list[DomeReport | None] = []
    camera = turning()

    async def hanging(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"/onvif/ptz" in head.split(b"\r\n", 1)[0]:
                await asyncio.sleep(60)
            feed = asyncio.StreamReader()
            length = next((int(r[15:]) for r in head.lower().split(b"\r\n") if r.startswith(b"content-length:")), 0)
            feed.feed_data(head + (await reader.readexactly(length) if length else b""))
            feed.feed_eof()
            if not await camera._one(feed, writer):
                return

    async with listening(hanging) as port, asking(got, timeout_s=0.3) as prober:
        camera.port = port
        for depth in (Depth.FULL, Depth.PICTURE, Depth.PICTURE):
            found = await prober.probe(dome(port), CREDENTIAL, depth)
            assert verdicts(found)[Rung.SNAPSHOT] is Verdict.OK
        assert found.took_ms < 300
    assert got == [DomeReport()] * 3
