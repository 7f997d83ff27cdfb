"""WS-Discovery: honest and hostile answers, real multicast between two namespaces, YAML that pastes."""

import asyncio
import json
import sys
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.peers.netns import HERE, THERE, cable
from typer.testing import CliRunner

from camkeeper.cli import app
from camkeeper.cli.discover import as_yaml
from camkeeper.probe.discovery import Found, clean, discover, parse_matches, probe_message

SENDER = "192.168.1.64"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Body><d:ProbeMatches>'
)
TAIL = "</d:ProbeMatches></s:Body></s:Envelope>"


def match(
    *,
    xaddrs: str = f"http://{SENDER}/onvif/device_service",
    scopes: str = "onvif://www.onvif.org/name/Gate",
    types: str = "dn:NetworkVideoTransmitter",
    uuid: str = "urn:uuid:1",
) -> str:
    return (
        f"<d:ProbeMatch><a:EndpointReference><a:Address>{uuid}</a:Address></a:EndpointReference>"
        f"<d:Types>{types}</d:Types><d:Scopes>{scopes}</d:Scopes><d:XAddrs>{xaddrs}</d:XAddrs></d:ProbeMatch>"
    )


def answer(*matches: str) -> bytes:
    return (HEAD + "".join(matches) + TAIL).encode()


def one(data: bytes) -> Found:
    (found,) = parse_matches(data, sender=SENDER)
    return found


def test_an_honest_answer() -> None:
    scopes = (
        "onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/hardware/DS-2CD "
        "onvif://www.onvif.org/name/%E5%A4%A7%E9%83%AD%20%E6%9D%91%E5%8F%A3 onvif://www.onvif.org/location/country/china"
    )
    found = one(answer(match(scopes=scopes)))
    assert found == Found(
        host=SENDER,
        port=80,
        onvif_path="/onvif/device_service",
        endpoint="urn:uuid:1",
        name="大郭 村口",
        hardware="DS-2CD",
        location="country/china",
    )


@pytest.mark.parametrize(
    ("xaddrs", "port", "path", "told_host"),
    [
        ("http://192.168.1.64:8000/onvif/device_service", 8000, "/onvif/device_service", None),
        ("http://10.0.0.9/x http://192.168.1.64:8999/y", 8999, "/y", None),
        ("http://10.0.0.9:81/onvif/a", 81, "/onvif/a", "10.0.0.9"),
        ("http://admin:canary@192.168.1.64/onvif/a", 80, "/onvif/a", None),
        ("", 80, "/onvif/device_service", None),
        ("https://192.168.1.64/onvif ftp://x javascript:1 http:// http://[::1 http://h:99999/", 80, None, None),
    ],
)
def test_the_port_and_path_are_told_the_host_is_seen(
    xaddrs: str, port: int, path: str | None, told_host: str | None
) -> None:
    found = one(answer(match(xaddrs=xaddrs)))
    assert found.host == SENDER
    assert (found.port, found.onvif_path) == (port, path or "/onvif/device_service")
    assert found.told_host == told_host


def test_names_cannot_act_on_a_terminal_or_break_out_of_the_yaml() -> None:
    nasty = "%1b%5b2J%E2%80%AE%0a- {id: evil}%0a%23 x: '\"]}%00%E2%80%A8" + "z" * 500
    found = one(answer(match(scopes="onvif://www.onvif.org/name/" + nasty.replace(" ", "%20"))))
    assert all(c.isprintable() for c in found.name)
    assert len(found.name) <= 64
    text = as_yaml((found, found))
    assert text.isprintable() or set(text) - {c for c in text if c.isprintable()} == {"\n"}
    loaded = yaml.safe_load(text)
    assert [d["id"] for d in loaded["devices"]] == ["cam-192-168-1-64", "cam-192-168-1-64-2"]
    assert loaded["devices"][0]["name"] == found.name


def test_gb2312_names_and_recorders_and_a_match_without_its_wrapper() -> None:
    raw = "".join(f"%{b:02X}" for b in "大郭镇".encode("gb2312"))
    data = answer(match(scopes=f"onvif://www.onvif.org/name/{raw}", types="dn:NetworkVideoStorage"))
    assert (one(data).name, one(data).recorder) == ("大郭镇", True)
    bare = data.replace(b"<d:ProbeMatches>", b"").replace(b"</d:ProbeMatches>", b"")
    assert one(bare).name == "大郭镇"
    unbound = data.replace(b'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"', b"")
    assert one(unbound).name == "大郭镇"


def test_printers_and_bombs_are_passed_over() -> None:
    assert parse_matches(answer(match(types="wprt:PrintDeviceType", scopes="ldap:///x")), sender=SENDER) == ()
    assert len(parse_matches(answer(*[match()] * 60), sender=SENDER)) == 16
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + answer(match())[38:]
    assert parse_matches(bomb, sender=SENDER) == ()
    assert parse_matches(answer(match()).decode().encode("utf-16"), sender=SENDER) == ()
    assert parse_matches(answer(match()) + b" " * 70_000, sender=SENDER) == ()
    assert parse_matches(answer(match()).replace(b"UTF-8", b"x-none"), sender=SENDER) in {(), (one(answer(match())),)}
    assert parse_matches(b"<a>" * 20_000, sender=SENDER) == ()
    assert parse_matches(probe_message("dn:NetworkVideoTransmitter"), sender=SENDER) == ()


@settings(max_examples=400, deadline=None)
@given(edits=st.lists(st.tuples(st.integers(0, 700), st.binary(max_size=8), st.integers(0, 8)), max_size=8))
def test_mutated_answers_are_values_never_exceptions(edits: list[tuple[int, bytes, int]]) -> None:
    data = bytearray(answer(match()))
    for at, insert, drop in edits:
        data[at : at + drop] = insert
    for found in parse_matches(bytes(data), sender=SENDER):
        assert found.host == SENDER
        assert 0 < found.port < 65536
        yaml.safe_load(as_yaml((found,)))


@given(st.text(max_size=300))
def test_cleaned_text_is_short_and_printable(text: str) -> None:
    out = clean(text)
    assert len(out) <= 64
    assert out.isprintable()
    assert clean(out) == out


class _Devices(asyncio.DatagramProtocol):
    """Two devices behind one socket, garbage between them; each answers every Probe."""

    def __init__(self) -> None:
        self.probes = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self.probes += 1
        assert b"discovery/Probe<" in data
        for part in (
            answer(match(uuid="urn:uuid:1", xaddrs="http://127.0.0.1:8001/onvif/a")),
            b"\xff\xfe garbage",
            answer(match(uuid="urn:uuid:2", xaddrs="http://127.0.0.1:8002/onvif/b")),
        ):
            self._transport.sendto(part, addr)


async def test_a_direct_question_and_no_duplicates() -> None:
    loop = asyncio.get_running_loop()
    transport, devices = await loop.create_datagram_endpoint(_Devices, local_addr=("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        found = await discover(timeout_s=0.6, target=("127.0.0.1", port))
    finally:
        transport.close()
    assert devices.probes == 4
    assert [f.endpoint for f in found] == ["urn:uuid:1", "urn:uuid:2"]
    assert [f.port for f in found] == [8001, 8002]


RESPONDER = f"""
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 3702))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
             socket.inet_aton("239.255.255.250") + socket.inet_aton("{THERE}"))
print("ready", flush=True)
while True:
    data, sender = s.recvfrom(65536)
    s.sendto({answer(match(xaddrs="http://192.168.88.1:8000/onvif/device_service"))!r}, sender)
"""


def test_multicast_on_a_real_segment() -> None:
    import subprocess

    with cable() as link:
        command = ["nsenter", "-t", str(link.far), "-n", sys.executable, "-c", RESPONDER]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as responder:
            try:
                assert responder.stdout is not None
                assert responder.stdout.readline() == "ready\n"
                main = f"import sys; sys.argv = 'camkeeper discover --timeout 1s --interface {HERE}'.split()"
                (found,) = json.loads(link.python(f"{main} + ['--json']; from camkeeper.cli import main; main()"))
                text = link.python(f"{main}; from camkeeper.cli import main; main()")
            finally:
                responder.kill()
        assert (found["host"], found["port"], found["told_host"]) == (THERE, 8000, "192.168.88.1")
        assert "192.168.88.1" in text
        (device,) = yaml.safe_load(text)["devices"]
        assert device["address"] == {"host": THERE, "port": 8000, "onvif_path": "/onvif/device_service"}
        assert device["site"] == "CHANGE-ME"


def test_nobody_answering_is_no_error_and_bad_options_are_told() -> None:
    runner = CliRunner()
    quiet = runner.invoke(app, ["discover", "--target", "127.0.0.1:9", "--timeout", "200ms"])
    assert (quiet.exit_code, quiet.stdout) == (0, "")
    assert "没有设备应答" in quiet.stderr
    listed = runner.invoke(app, ["discover", "--target", "127.0.0.1:9", "--timeout", "0.2", "--json"])
    assert json.loads(listed.stdout) == []
    usual = runner.invoke(app, ["discover", "--target", "127.0.0.1", "--timeout", "0.2", "--json"])
    assert usual.exit_code == 0, usual.stderr
    for bad in ("--timeout 0", "--timeout 1h", "--target x", "--target 1.2.3.4:0", "--interface x"):
        refused = runner.invoke(app, ["discover", *bad.split()])
        assert refused.exit_code == 2, bad
        assert "错误" in refused.stderr
    lost = runner.invoke(app, ["discover", "--interface", "192.0.2.1", "--timeout", "1s"])
    assert lost.exit_code == 1
    assert "--interface" in lost.stderr


def test_the_yaml_pastes_into_a_register() -> None:
    from camkeeper.config.schema import DeviceEntry

    # Like the register's reader, this loader leaves every scalar the text that was written.
    text = as_yaml((one(answer(match())),))
    entry = yaml.load(text, Loader=yaml.BaseLoader)["devices"][0]  # noqa: S506 - it makes strings only
    entry["site"] = "411122110201"
    device = DeviceEntry.model_validate(entry)
    assert device.address.host == SENDER
