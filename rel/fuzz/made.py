"""Whole and healthy inputs that no capture gives us, and mutations behind the digests of those that carry some."""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
import tarfile
import zipfile
from pathlib import Path

from rel.fuzz.mutate import BLIND, ODD, XML, Mutation, mutated

MONTH = "2026-08"
"""Of which the ledgers in tests/data tell."""

_MATCH = (
    b'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    b'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    b'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Body>%b</s:Body></s:Envelope>'
)
_ONE = (
    b"<d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:1</a:Address></a:EndpointReference><d:Types>"
    b"dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/%E6%9D%91 "
    b"onvif://www.onvif.org/hardware/M1</d:Scopes><d:XAddrs>http://192.0.2.7:8000/onvif/device_service "
    b"http://[fe80::1]/x</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch>"
)
PROBE_MATCH = _MATCH % (b"<d:ProbeMatches>" + _ONE * 2 + b"</d:ProbeMatches>")
PROBE_MATCH_BARE = _MATCH % _ONE
CHALLENGES = [
    b'Digest realm="cam", qop="auth,auth-int", nonce="a1", opaque="o", algorithm=SHA-256, stale=false, domain="/"',
    b'Basic realm="x", Digest realm="c", nonce="n", algorithm=MD5-sess',
    b"NTLM TlRMTVNTUAAB, Negotiate",
]
CSV = (
    "设备编号,设备名称,所属村,经度,纬度,IP地址,端口,安装高度,方位角,类型\r\n"
    '41112200001310000001,"村口,东",大郭村,113.95,33.81,192.0.2.7,80,6米,北偏东30°,枪机\r\n'
    "41112200001310000002,学校门口,大郭村,113.951,33.812,192.0.2.8:8000,,5.5,45,球机\r\n"
).encode()
SAMPLES = (
    b"device,at,status\ncam-1,2026-10-01T00:00:00Z,up\ncam-1,2026-10-01T00:01:00+08:00,down\ncam-2,1760000000,up\n"
)
WINDOWS = "device,start,end,reason\n*,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,停电\n".encode()
GEOJSON = json.dumps({
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"height": "6 m", "building": "yes"}, "geometry": {
            "type": "Polygon", "coordinates": [[[113.9, 33.8], [113.91, 33.8], [113.91, 33.81], [113.9, 33.8]]]}},
        {"type": "Feature", "properties": {"building:levels": "3", "barrier": "wall"}, "geometry": {
            "type": "LineString", "coordinates": [[113.9, 33.8], [113.92, 33.82]]}},
    ],
}).encode()  # fmt: skip


def configuration() -> bytes:
    """Return a small configuration with something in most sections."""
    from camfleet.township import configuration as written
    from camfleet.township import township

    return written(township(3, 10_000), every_s=60).encode() + (
        b"contacts: [{id: a, name: A, phone: '13800000000'}]\n"
        b"channels: [{id: hook, kind: webhook, url: 'http://127.0.0.1:1/hook'}]\n"
        b"accounting: []\n"
    )


def snmp_reply() -> bytes:
    """Return a reply that tells an uptime."""
    from pyasn1.codec.ber import encoder  # type: ignore[import-untyped]
    from pysnmp.proto import api

    v2c = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
    pdu = v2c.ResponsePDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, 1)
    v2c.apiPDU.set_varbinds(pdu, [((1, 3, 6, 1, 2, 1, 1, 3, 0), v2c.TimeTicks(123_456))])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, "public")
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


def workbook() -> bytes:
    """Return the register as a workbook, with a merged title."""
    import csv

    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("台账")
        sheet.merge_range(0, 0, 0, 9, "一机一档")
        for number, row in enumerate(csv.reader(io.StringIO(CSV.decode())), 1):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def zipped(parts: dict[str, bytes]) -> bytes:
    """Return the parts as a compressed ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def workbook_mutated(data: bytes, rng: random.Random) -> bytes:
    """Break one part of a workbook and close the ZIP again."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(sorted(parts))
    parts[name] = mutated([parts[name]], XML, rng)
    return zipped(parts)


def bundle_mutated(data: bytes, rng: random.Random) -> bytes:
    """Break one part of a bundle and make the manifest and its digest fit again."""
    from camkeeper.bundle import names
    from camkeeper.bundle.claims import readable
    from camkeeper.bundle.container import pack, unpack
    from camkeeper.bundle.export import digest_line

    parts = unpack(data)
    name = rng.choice(sorted(parts))
    parts[name] = mutated([parts[name]], (*BLIND, *JSON), rng)
    if name in names.CONTENTS:
        manifest = json.loads(parts[names.MANIFEST])
        for part in manifest["parts"]:
            if part["name"] == name:
                part |= {"bytes": len(parts[name]), "sha256": hashlib.sha256(parts[name]).hexdigest()}
        parts[names.MANIFEST] = readable(manifest)
    if name != names.DIGEST:
        parts[names.DIGEST] = digest_line(parts[names.MANIFEST])
    return pack(parts)


def backup_mutated(data: bytes, rng: random.Random) -> bytes:
    """Break one member of a backup and make the manifest and its digest fit again."""
    from camkeeper.backup import contents

    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = {info.name: source.read() for info in archive if (source := archive.extractfile(info))}
    name = rng.choice(sorted(members))
    members[name] = mutated([members[name]], (*BLIND, *JSON), rng)
    if name not in {contents.MANIFEST, contents.DIGEST}:
        manifest = json.loads(members[contents.MANIFEST])
        for one in manifest["files"]:
            if one["name"] == name:
                one |= {"bytes": len(members[name]), "sha256": hashlib.sha256(members[name]).hexdigest()}
        members[contents.MANIFEST] = json.dumps(manifest).encode()
    return archived(members)


def archived(members: dict[str, bytes]) -> bytes:
    """Return a backup of these members, its digest that of its manifest."""
    from camkeeper.backup import contents

    digest = hashlib.sha256(members.get(contents.MANIFEST, b"")).hexdigest()
    told = members | {contents.DIGEST: f"{digest}  {contents.MANIFEST}\n".encode()}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, body in told.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


def http(body: bytes, encoding: str) -> bytes:
    """Return an answer of HTTP with that body."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def emptied(place: Path) -> None:
    """Remove what a restore left."""
    shutil.rmtree(place, ignore_errors=True)


def _indent(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    lines[at] = (
        rng.choice((b"  ", b"\t", b"- ", b"? ", b"<<: *a ", b"!!python/object:os.system ", b"&a ", b"*a ")) + lines[at]
    )
    return b"\n".join(lines)


def _brackets(data: bytes, rng: random.Random) -> bytes:
    at, deep = rng.randrange(len(data) + 1), rng.choice((3, 200, 50_000))
    return data[:at] + rng.choice((b"[", b"{", b'{"a":', b"[{a: ")) * deep + data[at:]


def _value(data: bytes, rng: random.Random) -> bytes:
    words = data.split(b" ")
    words[rng.randrange(len(words))] = rng.choice(
        (*ODD, b"null", b"[]", b"{}", b"true", b"1e400", b"Infinity", b"[[[]]]")
    )
    return b" ".join(words)


YAML: tuple[Mutation, ...] = (_indent, _indent, _brackets, _value, _value)
JSON: tuple[Mutation, ...] = (_brackets, _value, _value)
