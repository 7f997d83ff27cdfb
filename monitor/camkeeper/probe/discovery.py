"""WS-Discovery: who on this segment says that it is an ONVIF device. Inventory only, never uptime.

In one survey 25 to 32 of 36 devices answered, each time others: silence here says nothing of a device.
Source: WS-Discovery 2005/04 over UDP, as the ONVIF core specification profiles it.
"""

from __future__ import annotations

import asyncio
import re
import socket
import unicodedata
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

MULTICAST: Final = ("239.255.255.250", 3702)
MAX_DATAGRAM: Final = 32 * 1024
"""Bytes; what SOAP-over-UDP allows an envelope."""
_MAX_DATAGRAMS: Final = 4096
_MAX_FROM_ONE: Final = 32
_MAX_MATCHES: Final = 16
_MAX_TEXT: Final = 64
_SCOPE: Final = "onvif://www.onvif.org/"
_DEFAULT_PATH: Final = "/onvif/device_service"
_PATH: Final = re.compile(r"/[!-~]{0,200}")
_TYPES: Final = ("dn:NetworkVideoTransmitter", "tds:Device")
_PROBE: Final = """<?xml version="1.0" encoding="utf-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"
 xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">
<e:Header><w:MessageID>urn:uuid:{id}</w:MessageID>
<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>
<w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>
<e:Body><d:Probe><d:Types>{types}</d:Types></d:Probe></e:Body></e:Envelope>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One answer. All text is the device's own word, cleaned of what could act on a terminal or a page."""

    host: str
    """The address that the answer came from: what is worth enrolling."""
    port: int
    onvif_path: str
    endpoint: str = ""
    """The device's lasting id, as a rule `urn:uuid:...`."""
    name: str = ""
    hardware: str = ""
    location: str = ""
    recorder: bool = False
    told_host: str | None = None
    """The host in the device's own address where it differs from `host`: NAT, a second network, or a wrong set-up."""


async def discover(
    *, timeout_s: float, interface: str | None = None, target: tuple[str, int] | None = None
) -> tuple[Found, ...]:
    """Ask twice and collect answers for `timeout_s`; sorted by address, one a device.

    `interface` is the IPv4 address of the network card to ask on. `target` asks one host and port directly, for routed
    networks, where multicast does not pass. Raises OSError where our own side cannot send.
    """
    loop = asyncio.get_running_loop()
    collector = _Collector()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
        if interface is not None:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
            sock.bind((interface, 0))
        transport, _ = await loop.create_datagram_endpoint(lambda: collector, sock=sock)
        try:
            # UDP loses; each device answers once to a MessageID, so the second round has ids of its own.
            for _ in range(2):
                for types in _TYPES:
                    await loop.sock_sendto(sock, probe_message(types), target or MULTICAST)
                await asyncio.sleep(timeout_s / 2)
        finally:
            transport.close()
    return tuple(sorted(collector.found.values(), key=lambda f: (socket.inet_aton(f.host), f.port)))


def probe_message(types: str) -> bytes:
    """Return a Probe for `types` with a new message id."""
    return _PROBE.format(id=uuid.uuid4(), types=types).encode()


class _Collector(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.found: dict[tuple[str, str, int], Found] = {}
        self._counts: Counter[str] = Counter()

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        # A recorder may answer for each of its channels; nobody has more to say than this.
        self._counts[addr[0]] += 1
        if self._counts.total() <= _MAX_DATAGRAMS and self._counts[addr[0]] <= _MAX_FROM_ONE:
            for found in parse_matches(data, sender=addr[0]):
                self.found.setdefault((found.host, found.endpoint, found.port), found)


def parse_matches(data: bytes, *, sender: str) -> tuple[Found, ...]:
    """Return the ONVIF devices that a datagram from `sender` tells of; empty for all else, hostile bytes included."""
    from lxml import etree

    # A zero byte is UTF-16 or worse, in which a DOCTYPE would hide from the next test.
    if len(data) > MAX_DATAGRAM or b"\0" in data or re.search(rb"<!\s*(doctype|entity)", data, re.IGNORECASE):
        return ()
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    # A declared encoding that nobody knows raises LookupError.
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return ()
    # With recover=True hopeless input gives None.
    if root is None:
        return ()
    # ipycam leaves the ProbeMatches element around the match out: looked for anywhere.
    matches = list(_named(root, "ProbeMatch"))[:_MAX_MATCHES]
    return tuple(found for match in matches if (found := _found(match, sender)) is not None)


def _found(match: Any, sender: str) -> Found | None:
    types, scopes = _text(match, "Types"), _text(match, "Scopes").split()
    if not ("NetworkVideo" in types or any(s.startswith(_SCOPE) for s in scopes)):
        return None
    port, path, told_host = _address(_text(match, "XAddrs").split(), sender)
    return Found(
        host=sender,
        port=port,
        onvif_path=path,
        endpoint=clean(_text(match, "Address")),
        name=_scope(scopes, "name/"),
        hardware=_scope(scopes, "hardware/"),
        location=_scope(scopes, "location/"),
        recorder="NetworkVideoStorage" in types,
        told_host=told_host if told_host != sender else None,
    )


def _text(match: Any, name: str) -> str:
    return " ".join(" ".join(e.itertext()) for e in _named(match, name))


def _named(element: Any, name: str) -> Iterator[Any]:
    """Yield the elements called `name` whatever their namespace: with an unbound prefix the tag keeps the prefix."""
    for e in element.iter():
        if isinstance(e.tag, str) and re.split(r"[}:]", e.tag)[-1] == name:
            yield e


def _address(xaddrs: list[str], sender: str) -> tuple[int, str, str]:
    """Return port, path and host as told: of the address that names the sender if there is one, else of the first."""
    read = list(_http_addresses(xaddrs))
    if not read:
        return 80, _DEFAULT_PATH, sender
    host, port, path = next((a for a in read if a[0] == sender), read[0])
    return port, path, host


def _http_addresses(xaddrs: list[str]) -> Iterator[tuple[str, int, str]]:
    for text in xaddrs[:_MAX_MATCHES]:
        try:
            parts = urlsplit(text)
            port = parts.port or 80
        except ValueError:
            continue
        if parts.scheme == "http" and parts.hostname:
            yield clean(parts.hostname), port, parts.path if _PATH.fullmatch(parts.path) else _DEFAULT_PATH


def _scope(scopes: list[str], kind: str) -> str:
    values = (s.removeprefix(_SCOPE + kind) for s in scopes if s.startswith(_SCOPE + kind))
    return clean(_percent_decoded(next(values, "")))


def _percent_decoded(text: str) -> str:
    raw = unquote_to_bytes(text)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        # Domestic firmwares percent-encode names in GB2312.
        return raw.decode("gb18030", "replace")


def clean(text: str) -> str:
    """Return `text` without control, format (bidi) and private characters, with single spaces, at most 64 long."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text[: 4 * _MAX_TEXT])
    return " ".join(kept.split())[:_MAX_TEXT].rstrip()
