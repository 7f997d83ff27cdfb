"""Every dialect, asked over real sockets by zeep, which is nobody's relative here."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, cast

import pytest
import zeep
from lxml import etree
from requests import Session
from requests.auth import HTTPDigestAuth
from tests.monitor.fleet.town import (
    GET_INFORMATION,
    MEDIA_NS,
    PASSWORD,
    PASSWORDS,
    USER,
    ask,
    camera,
    envelope,
    post,
    town,
    wsse,
)
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from camfleet import dialect
from camfleet.dialect import HABITS
from camfleet.faults import Fault, FaultKind
from camfleet.fleet import Fleet
from camkeeper.clock import SystemClock
from camkeeper.model.equipment import Device, DeviceKind

WSDLS = Path(str(distribution("onvif-zeep").locate_file("wsdl")))
BINDINGS = {
    "devicemgmt": "{http://www.onvif.org/ver10/device/wsdl}DeviceBinding",
    "media": "{http://www.onvif.org/ver10/media/wsdl}MediaBinding",
    "search": "{http://www.onvif.org/ver10/search/wsdl}SearchBinding",
}
MAKERS = {
    "axis": "axis",
    "bosch_dome": "bosch",
    "bosch_fixed": "bosch",
    "reolink": "reolink",
    "hikvision_oem": "海康威视",
    "uniview_oem": "宇视",
    "uniview_sunba": "sunba",
    "ipd_8999": "dahua",
    "xiongmai": "雄迈",
}
every_dialect = pytest.mark.parametrize("name", sorted(HABITS))


def device_of(name: str, **how: Any) -> Device:
    kind = DeviceKind.PTZ if name == "bosch_dome" else DeviceKind.CAMERA
    return camera(name, maker=MAKERS[name], kind=kind, **how)


@cache
def wsdl(name: str) -> Any:
    load: Any = zeep.Client
    return load(str(WSDLS / f"{name}.wsdl"))


def service(device: Device, name: str, *, password: str | None = PASSWORD, http_digest: bool = False) -> Any:
    """Return zeep's proxy of one service of the device; password None: unsigned."""
    session = Session()
    session.trust_env = False
    if http_digest and password is not None:
        session.auth = HTTPDigestAuth(USER, password)
    client, transport, token = wsdl(name), cast("Any", Transport), cast("Any", UsernameToken)
    client.transport = transport(session=session, timeout=5, operation_timeout=5)
    signed = password is not None and not http_digest
    client.wsse = token(USER, password, use_digest=True, zulu_timestamp=True) if signed else None
    host, port = device.address.host, device.address.port
    return client.create_service(BINDINGS[name], f"http://{host}:{port}/onvif/device_service")


def test_every_dialect_has_its_maker_and_replies() -> None:
    for name in HABITS:
        loaded = dialect.choose(device_of(name), seed=1)
        assert loaded.name == name
        wanted = {"GetSystemDateAndTime", "GetDeviceInformation", "GetCapabilities", "GetServices", "GetProfiles"}
        assert wanted | {"GetSnapshotUri", "GetStreamUri"} <= loaded.replies.keys()


def test_no_capture_carries_anything_of_its_first_owner() -> None:
    for name in HABITS:
        text = b"".join(b"".join(t.parts) for t in dialect.load(name).replies.values())
        assert b"192.168." not in text
        assert b"<tds:SerialNumber>serial<" in text


@every_dialect
async def test_zeep_reads_every_reply(name: str) -> None:
    device = device_of(name, split=True)
    async with Fleet(town([device]), PASSWORDS, pictures="light") as fleet:
        digest = not HABITS[name].wsse
        told = await asyncio.to_thread(_interview, device, digest)
        counters = fleet.counters([device.id])[device.id]
        virtual = fleet.devices[device.id]
    assert abs(told["offset_s"]) < 3
    assert told["serial"] == virtual._serial
    assert told["token"] == virtual.dialect.token
    snapshot_port = device.address.snapshot_port
    assert f":{snapshot_port}{virtual.snapshot_path()}" in told["snapshot"]
    assert told["stream"].startswith("rtsp://")
    assert f":{device.address.rtsp_port}{virtual.stream_path()}" in told["stream"]
    assert told["services"] >= 5
    assert told["refused"]
    assert counters["refused"] == 1
    assert counters["requests"]["GetSystemDateAndTime"] == 1


def _interview(device: Device, http_digest: bool) -> dict[str, Any]:
    """Ask what a check asks; runs in a thread of its own because zeep blocks."""
    unsigned = service(device, "devicemgmt", password=None)
    at = unsigned.GetSystemDateAndTime().UTCDateTime
    utc = datetime(at.Date.Year, at.Date.Month, at.Date.Day, at.Time.Hour, at.Time.Minute, at.Time.Second, tzinfo=UTC)
    out: dict[str, Any] = {"offset_s": utc.timestamp() - SystemClock().wall_ms() / 1000}
    out["services"] = len(unsigned.GetServices(IncludeCapability=False))
    assert unsigned.GetCapabilities(Category="All").Media.XAddr.startswith("http://")
    management = service(device, "devicemgmt", http_digest=http_digest)
    out["serial"] = management.GetDeviceInformation().SerialNumber
    media = service(device, "media", http_digest=http_digest)
    out["token"] = media.GetProfiles()[0].token
    out["snapshot"] = media.GetSnapshotUri(ProfileToken=out["token"]).Uri
    setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
    out["stream"] = media.GetStreamUri(StreamSetup=setup, ProfileToken=out["token"]).Uri
    try:
        service(device, "devicemgmt", password="wrong", http_digest=http_digest).GetDeviceInformation()
    except (zeep.exceptions.Error, OSError) as error:
        out["refused"] = str(error) or type(error).__name__
    return out


@every_dialect
async def test_snapshots_want_their_login_and_show_a_jpeg(name: str) -> None:
    device = device_of(name, split=True)
    async with Fleet(town([device]), PASSWORDS, pictures="light") as fleet:
        status, body = await asyncio.to_thread(_fetch, fleet, device, PASSWORD)
        assert (status, body[:2], body[-2:]) == (200, b"\xff\xd8", b"\xff\xd9")
        assert fleet.counters()[name]["refused"] == 0
        assert (await asyncio.to_thread(_fetch, fleet, device, "wrong"))[0] == 401
        assert (await asyncio.to_thread(_fetch, fleet, device, None))[0] == 401
        assert fleet.counters()[name]["refused"] >= 1
        fleet.apply(Fault(kind=FaultKind.NO_PICTURE, status=404), [name])
        assert (await asyncio.to_thread(_fetch, fleet, device, PASSWORD))[0] == 404


def _fetch(fleet: Fleet, device: Device, password: str | None) -> tuple[int, bytes]:
    habits = HABITS[device.id]
    with Session() as session:
        session.trust_env = False
        params = None
        if habits.snapshot_auth == "query":
            params = {"user": USER, "password": password or ""}
        elif password is not None:
            session.auth = (USER, password) if habits.snapshot_auth == "basic" else HTTPDigestAuth(USER, password)
        path = fleet.devices[device.id].snapshot_path()
        url = f"http://{device.address.host}:{device.address.snapshot_port}{path}"
        with session.get(url, params=params, timeout=5) as response:
            return response.status_code, response.content


async def test_recorders_tell_how_far_their_recordings_reach() -> None:
    devices = [device_of(name) for name in sorted(n for n, h in HABITS.items() if h.records)]
    async with Fleet(town(devices), PASSWORDS, pictures="light") as fleet:

        async def summaries() -> list[Any]:
            return [await asyncio.to_thread(_summary, device) for device in devices]

        now = SystemClock().wall_ms() / 1000
        for summary in await summaries():
            assert abs(summary.DataUntil.timestamp() - now) < 30
            assert abs(summary.DataUntil.timestamp() - summary.DataFrom.timestamp() - 30 * 86_400) < 3
        fleet.apply(FaultKind.NO_RECORDING, list(fleet.devices))
        stood = [summary.DataUntil for summary in await summaries()]
        await asyncio.sleep(1.1)
        assert [summary.DataUntil for summary in await summaries()] == stood


def _summary(device: Device) -> Any:
    return service(device, "search", http_digest=not HABITS[device.id].wsse).GetRecordingSummary()


@pytest.mark.parametrize("name", sorted(n for n, h in HABITS.items() if h.wsse))
async def test_what_a_device_does_not_know_is_a_fault_in_its_manner(name: str) -> None:
    device = device_of(name)
    async with Fleet(town([device]), PASSWORDS, pictures="light"):
        body = envelope(f'<GetVideoSourceModes xmlns="{MEDIA_NS}"/>', wsse(PASSWORD))
        status, answer = await ask(device, post(body))
    assert status == HABITS[name].missing_status
    root = etree.fromstring(answer.split(b"\r\n\r\n", 1)[1])
    assert root.find(".//{http://www.w3.org/2003/05/soap-envelope}Fault") is not None


async def test_hikvision_refuses_a_created_that_does_not_end_in_z_and_locks_after_five() -> None:
    device = device_of("hikvision_oem")

    async def status(header: str) -> int:
        return (await ask(device, post(envelope(GET_INFORMATION, header))))[0]

    async with Fleet(town([device]), PASSWORDS, pictures="light") as fleet:
        assert await status(wsse(PASSWORD)) == 200
        assert await status(wsse(PASSWORD, suffix="+00:00")) == 401
        assert [await status(wsse("wrong")) for _ in range(4)] == [401] * 4
        assert await status(wsse(PASSWORD)) == 401, "locked: the right password no longer helps"
        assert fleet.counters()[device.id] | {"refused": 5, "locked_out": 1} == fleet.counters()[device.id]


async def test_xiongmai_says_no_with_200_and_writes_the_password_into_the_uri() -> None:
    device = device_of("xiongmai")
    async with Fleet(town([device]), PASSWORDS, pictures="light"):
        status, answer = await ask(device, post(envelope(GET_INFORMATION, wsse("wrong"))))
        assert (status, b"NotAuthorized" in answer) == (200, True)
        asked = f'<GetSnapshotUri xmlns="{MEDIA_NS}"><ProfileToken>PROFILE_000</ProfileToken></GetSnapshotUri>'
        _, answer = await ask(device, post(envelope(asked, wsse(PASSWORD))))
        assert f"&amp;password={PASSWORD} </tt:Uri>".encode() in answer
        assert b"http://10.200.1.2" in answer, "the inner host of a device behind NAT"


async def test_wsse_means_nothing_to_a_device_that_takes_http_digest_only() -> None:
    device = device_of("bosch_fixed")
    async with Fleet(town([device]), PASSWORDS, pictures="light") as fleet:
        status, answer = await ask(device, post(envelope(GET_INFORMATION, wsse(PASSWORD))))
        assert (status, b"WWW-Authenticate: Digest" in answer) == (401, True)
        assert fleet.counters()[device.id]["refused"] == 0


async def test_rtsp_describe_wants_a_digest_and_names_a_video_track() -> None:
    from camfleet.auth import _md5, digest_fields

    device = device_of("hikvision_oem", split=True)
    port = device.address.rtsp_port

    async def describe(uri: str, authorization: str = "") -> tuple[int, bytes]:
        head = f"DESCRIBE {uri} RTSP/1.0\r\nCSeq: 3\r\nAccept: application/sdp\r\n{authorization}\r\n"
        return await ask(device, head.encode(), port=port)

    async with Fleet(town([device]), PASSWORDS, pictures="light") as fleet:
        uri = f"rtsp://{device.address.host}:{port}{fleet.devices[device.id].stream_path()}?profile=Profile_1"
        status, answer = await describe(uri)
        assert status == 401
        challenge = digest_fields(answer.decode().split("WWW-Authenticate: ")[1].split("\r\n")[0])
        realm, nonce = challenge["realm"], challenge["nonce"]

        def login(password: str, at: str = uri) -> str:
            reply = _md5(f"{_md5(f'{USER}:{realm}:{password}')}:{nonce}:{_md5(f'DESCRIBE:{at}')}")
            return (
                f'Authorization: Digest username="{USER}", realm="{realm}", nonce="{nonce}", uri="{at}", '
                f'response="{reply}"\r\n'
            )

        status, answer = await describe(uri, login(PASSWORD))
        assert (status, b"m=video" in answer, b"H265/90000" in answer) == (200, True, True)
        assert (await describe(uri, login("wrong")))[0] == 401
        elsewhere = f"rtsp://{device.address.host}:{port}/elsewhere"
        assert (await describe(elsewhere, login(PASSWORD, elsewhere)))[0] == 404
        fleet.apply(FaultKind.NO_STREAM, [device.id])
        assert (await describe(uri, login(PASSWORD)))[0] == 404
        assert fleet.counters()[device.id]["requests"] == {"DESCRIBE": 5}
