"""A small township on loopback for these tests, and a client that shows what a socket really does."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import random
import socket
from collections.abc import Iterable
from datetime import UTC, datetime

from camkeeper.clock import SystemClock
from camkeeper.model.equipment import Address, Beacon, Credential, Device, DeviceKind, Link, LinkKind, Uplink
from camkeeper.model.place import Site, SiteKind
from camkeeper.model.registry import Registry

USER, PASSWORD = "monitor", "correct horse"
PASSWORDS = {"town": PASSWORD}
DEVICE_NS = "http://www.onvif.org/ver10/device/wsdl"
MEDIA_NS = "http://www.onvif.org/ver10/media/wsdl"


def free_host() -> str:
    """Return a loopback address of this test's own: nobody else has its ports."""
    return f"127.{random.randint(80, 250)}.{os.getpid() % 250}.{random.randint(1, 250)}"


def free_ports(host: str, count: int) -> list[int]:
    """Return ports of `host` that were free a moment ago."""
    socks = [socket.socket() for _ in range(count)]
    try:
        for sock in socks:
            sock.bind((host, 0))
        return [int(sock.getsockname()[1]) for sock in socks]
    finally:
        for sock in socks:
            sock.close()


def town(devices: Iterable[Device], *, links: tuple[Link, ...] = (), uplinks: tuple[Uplink, ...] = ()) -> Registry:
    """Return a registry of one village."""
    return Registry(
        name="试验镇",
        sites=(
            Site(id="town", name="试验镇", kind=SiteKind.TOWN, timezone="Asia/Shanghai", target_bp=9500),
            Site(
                id="v1", name="一村", kind=SiteKind.VILLAGE, timezone="Asia/Shanghai", target_bp=9500, parent_id="town"
            ),
        ),
        devices=tuple(devices),
        links=links,
        uplinks=uplinks,
        credentials=(Credential(id="town", user=USER, secret_ref="env:TOWN"),),
    )


def camera(
    name: str,
    *,
    host: str | None = None,
    maker: str = "",
    link: str | None = None,
    split: bool = False,
    kind: DeviceKind = DeviceKind.CAMERA,
) -> Device:
    """Return a camera on free ports of an own host: one port for all, or one each."""
    host = host or free_host()
    ports = free_ports(host, 3) if split else [*free_ports(host, 1) * 3]
    return Device(
        id=name,
        name=name,
        kind=kind,
        site_id="v1",
        address=Address(host=host, port=ports[0], rtsp_port=ports[1], snapshot_port=ports[2] if split else None),
        credential_id="town",
        link_id=link,
        maker=maker,
    )


def grown_town() -> Registry:
    """Return two lines, a switch with a device, two poles, a speaker, two beacons."""
    links = (
        Link(id="line-a", name="甲线", kind=LinkKind.OPERATOR_LINE),
        Link(id="line-b", name="乙线", kind=LinkKind.OPERATOR_LINE),
        Link(id="sw-1", name="交换机", kind=LinkKind.SWITCH, upstream_id="line-a", device_id="switch-1"),
        Link(id="pole-1", name="一号杆", kind=LinkKind.POLE, upstream_id="sw-1"),
        Link(id="pole-2", name="二号杆", kind=LinkKind.POLE, upstream_id="line-b"),
    )
    devices = (
        camera("cam-1", link="pole-1"),
        camera("cam-2", link="pole-1", split=True),
        camera("cam-3", link="pole-2"),
        camera("switch-1", kind=DeviceKind.SWITCH, link="line-a"),
        camera("speaker-1", kind=DeviceKind.SPEAKER, link="pole-2"),
    )
    host = free_host()
    port_a, port_b = free_ports(host, 2)
    uplinks = (
        Uplink(id="up-a", name="甲上行", beacons=(Beacon(host=host, port=port_a),), line_ids=frozenset({"line-a"})),
        Uplink(id="up-all", name="总上行", beacons=(Beacon(host=host, port=port_b),)),
    )
    return town(devices, links=links, uplinks=uplinks)


def envelope(body: str, header: str = "") -> bytes:
    """Return a SOAP 1.2 request."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


GET_TIME = envelope(f'<GetSystemDateAndTime xmlns="{DEVICE_NS}"/>')
GET_INFORMATION = f'<GetDeviceInformation xmlns="{DEVICE_NS}"/>'


def wsse(password: str, *, skew_ms: int = 0, suffix: str = "Z", user: str = USER) -> str:
    """Return a UsernameToken header made at the machine's time plus `skew_ms`."""
    at = datetime.fromtimestamp((SystemClock().wall_ms() + skew_ms) / 1000, tz=UTC)
    created = at.strftime("%Y-%m-%dT%H:%M:%S") + suffix
    nonce = os.urandom(16)
    digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()  # noqa: S324
    space = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-"
    return (
        f'<w:Security xmlns:w="{space}secext-1.0.xsd" xmlns:u="{space}utility-1.0.xsd"><w:UsernameToken>'
        f"<w:Username>{user}</w:Username>"
        '<w:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0'
        f'#PasswordDigest">{digest}</w:Password><w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce>'
        f"<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
    )


def post(body: bytes, *, path: str = "/onvif/device_service", extra: str = "") -> bytes:
    """Return an HTTP POST."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: device\r\nContent-Type: application/soap+xml\r\n"
        f"Content-Length: {len(body)}\r\n{extra}\r\n"
    ).encode() + body


async def ask(device: Device, request: bytes, *, port: int | None = None, timeout_s: float = 3.0) -> tuple[int, bytes]:
    """Send one request on a new connection and return the status and body of the answer."""
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(device.address.host, port or device.address.port)
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            return int(head.split(b" ", 2)[1]), head + await reader.readexactly(length)
        finally:
            writer.close()
