"""Bombs made by hand: small inputs that once cost a decoder of somebody's dearly, by the family that must bear them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Callable

from rel.fuzz import made

Bomb = Callable[[], bytes]
_SOAP = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>%b</s:Body></s:Envelope>'
_TIME = (
    b"<GetSystemDateAndTimeResponse><SystemDateAndTime><UTCDateTime>%b</UTCDateTime></SystemDateAndTime>"
    b"</GetSystemDateAndTimeResponse>"
)


def _laughs() -> bytes:
    entities = b"".join(b'<!ENTITY e%d "%b">' % (n, b"&e%d;" % (n - 1) * 10 if n else b"ha" * 50) for n in range(10))
    return b"<!DOCTYPE x [" + entities + b"]>" + _SOAP % b"<x>&e9;</x>"


def _sparse() -> bytes:
    """A GNU sparse member: 512 bytes that say they are a terabyte."""
    info = tarfile.TarInfo("manifest.json")
    info.size = 0
    head = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    head[156:157] = tarfile.GNUTYPE_SPARSE
    head[386:398], head[398:410] = b"%011o\0" % (1 << 32), b"%011o\0" % 0
    head[483:495] = b"\x80" + (1 << 40).to_bytes(11, "big")
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + bytes(1024)


def _linked() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("ledger")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
        up = tarfile.TarInfo("../../escaped")
        up.size = 1
        archive.addfile(up, io.BytesIO(b"x"))
    return out.getvalue()


def _sheet_bomb(cells: bytes) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(made.workbook())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = cells
    return made.zipped(parts)


def _far_cell() -> bytes:
    return _sheet_bomb(
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )


def _aliases() -> bytes:
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [b"a%d: &a%d [%b]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12)]
    return b"\n".join(lines)


BOMBS: dict[str, dict[str, Bomb]] = {
    "soap": {
        "billion laughs": _laughs,
        "external entity": lambda: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + _SOAP % b"&e;",
        "parameter entity in UTF-16": lambda: '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/">'.encode("utf-16") * 3,
        "flat, just under the cap": lambda: _SOAP % (b"<a/>" * 250_000),
        "flat, beyond the cap": lambda: b"<a>" * (8 << 20 >> 2),
        "deep": lambda: b"<a>" * 300_000,
        "attributes": lambda: b"<a " + b" ".join(b'a%d=""' % n for n in range(80_000)) + b"/>",
        "namespaces": lambda: b"<a " + b" ".join(b'xmlns:a%d="u"' % n for n in range(60_000)) + b"/>",
        "a declaration without an end": lambda: b"<?xml " + b"encoding='a'" * 85_000,
        "blanks before it": lambda: b" " * 1_000_000 + b"<?xml",
        "huge year": lambda: _SOAP % (_TIME % (b"<Date><Year>" + b"9" * 500_000 + b"</Year></Date>")),
        "comments": lambda: _SOAP % (b"<!---->" * 140_000),
        "fault in fault": lambda: _SOAP % (b"<Fault>" + b"<Code><Value>a</Value><Subcode>" * 30_000),
        "serial of 64 KB": lambda: (
            _SOAP
            % (
                b"<GetDeviceInformationResponse><SerialNumber>"
                + b"\xe2\x80\xae" * 21_000
                + b"</SerialNumber></GetDeviceInformationResponse>"
            )
        ),
    },
    "discovery": {
        "scopes": lambda: made.PROBE_MATCH_BARE.replace(
            b"onvif://www.onvif.org/name/", b"onvif://www.onvif.org/name/%25" * 900
        ),
        "addresses": lambda: made.PROBE_MATCH_BARE.replace(
            b"http://192", b"http://[::1]:99999999999/ " * 1000 + b"http://192"
        ),
        "matches": lambda: b"<a>" + b"<ProbeMatch/>" * 2400 + b"</a>",
    },
    "digest": {
        "backslashes": lambda: b'Digest nonce="' + b"\\" * 60_000,
        "commas": lambda: b"Digest " + b"," * 60_000 + b"a" * 60_000 + b"=",
        "schemes": lambda: b"Basic " * 20_000,
    },
    "yaml": {
        "aliases of aliases": _aliases,
        "brackets": lambda: b"[" * 1_000_000,
        "mappings": lambda: b"{a: " * 300_000,
        "an anchor in itself": lambda: b"a: &a [*a, {<<: *a}]",
    },
    "register": {
        "columns": lambda: b"," * 3_000_000,
        "quotes": lambda: b'"' * 1_000_001,
        "one long line": lambda: "设备编号,".encode() + b"9" * 2_000_000,
    },
    "rtsp": {
        "body that is not there": lambda: b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 99999999999\r\n\r\n",
        "frames without end": lambda: b"$\0\xff\xff" + b"x" * 3_000_000,
        "fields": lambda: b"RTSP/1.0 200 OK\r\n" + b"a: b\r\n" * 12_000 + b"\r\n",
        "empty lines": lambda: b"\r\n" * 500_000,
    },
    "http": {
        "gzip": lambda: made.http(gzip.compress(bytes(200 << 20), 9), "gzip"),
        "gzip in gzip": lambda: made.http(gzip.compress(gzip.compress(bytes(200 << 20), 9), 9), "gzip, gzip"),
        "deflate": lambda: made.http(zlib.compress(bytes(200 << 20), 9), "deflate"),
        "header flood": lambda: b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 300_000,
        "one long header": lambda: b"HTTP/1.1 200 OK\r\nX: " + b"y" * 3_000_000,
        "chunk of ffffffff": lambda: (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + b"x" * 2_000_000
        ),
    },
    "handed": {
        "a cell far away": _far_cell,
        "zip bomb": lambda: _sheet_bomb(b"<worksheet><sheetData>" + b"<row/>" * 3_000_000),
    },
    "obstacles": {"nested arrays": lambda: b'{"type":"FeatureCollection","features":' + b"[" * 500_000},
    "bundle": {"sixty-five parts": lambda: b"PK\3\4" + bytes(26) * 65},
    "backup": {
        "sparse terabyte": _sparse,
        "links and ways out": _linked,
        "nested manifest": lambda: made.archived({"manifest.json": b"[" * 200_000}),
        "a manifest of nothing": lambda: made.archived({"manifest.json": b"{}"}),
        "a manifest that is a list": lambda: made.archived({"manifest.json": json.dumps([1]).encode()}),
    },
    "header": {
        "segments": lambda: b"\xff\xd8" + b"\xff\xe0\x00\x02" * 500_000,
        "filling": lambda: b"\xff\xd8" + b"\xff" * 3_000_000,
    },
}


def bombs(family: str) -> list[bytes]:
    """Return the bombs of a family."""
    if family == "jpeg":
        # Loads OpenCV, which nobody else here should carry.
        from tests.monitor.picture.bombs import cases

        return [data for data, _ in cases().values()]
    return [bomb() for bomb in BOMBS.get(family, {}).values()]


PICTURES = 19
"""Bombs of the family `jpeg`, counted without loading what makes them; a test holds it to their number."""


def count(family: str) -> int:
    """Return how many bombs a family has."""
    return PICTURES if family == "jpeg" else len(BOMBS.get(family, {}))
