"""Mutations of whole files and messages: blind ones of bytes, and ones that know XML, heads of lines, or JPEG. Pure."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

Mutation = Callable[[bytes, random.Random], bytes]

ODD: tuple[bytes, ...] = (
    b"0", b"-1", b"2147483648", b"99999999999999999999", b"9" * 5000, b"1e309", b"NaN", b"0x7fffffff",
    b"\x00", b"\x00" * 64, b"\xff\xfe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", "\u202e\u2066".encode(),
    "１２３".encode(), b"%s%n%x", b"../../../../etc/passwd", b"=cmd|' /C calc'!A0", b"<script>alert(1)</script>",
    b"A" * 65536, b"\r\n\r\n", b"\n", b" " * 4096, b"&amp;&#0;&#x110000;", b"]]>", b"${jndi:ldap://x}", b"'\"`;--",
)  # fmt: skip
"""Values that somebody's decoder once fell over."""
_MOST = 1 << 20


def _place(data: bytes, rng: random.Random) -> int:
    return rng.randrange(len(data) + 1)


def _slice(data: bytes, rng: random.Random, most: int = 512) -> tuple[int, int]:
    begin = _place(data, rng)
    return begin, min(len(data), begin + rng.randrange(1, most))


def _flip(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data or b"\0")
    for _ in range(rng.randrange(1, 9)):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def _delete(data: bytes, rng: random.Random) -> bytes:
    begin, end = _slice(data, rng)
    return data[:begin] + data[end:]


def _double(data: bytes, rng: random.Random) -> bytes:
    begin, end = _slice(data, rng)
    return data[:end] + data[begin:end] * rng.choice((1, 2, 50)) + data[end:]


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = _place(data, rng)
    return data[:at] + rng.choice(ODD) + data[at:]


def _overwrite(data: bytes, rng: random.Random) -> bytes:
    begin, end = _slice(data, rng, 16)
    return data[:begin] + rng.randbytes(end - begin) + data[end:]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: _place(data, rng)]


def _swap(data: bytes, rng: random.Random) -> bytes:
    a, b = sorted((_place(data, rng), _place(data, rng)))
    return data[b:] + data[a:b] + data[:a]


BLIND: tuple[Mutation, ...] = (_flip, _delete, _double, _insert, _overwrite, _cut, _swap)

_TEXT = re.compile(rb">([^<>]+)<")
_TAG = re.compile(rb"<(/?)([A-Za-z][\w:.-]*)")
_NUMBER = re.compile(rb"\d+")


def _replaced(data: bytes, found: Sequence[re.Match[bytes]], group: int, new: bytes, rng: random.Random) -> bytes:
    if not found:
        return data + new
    begin, end = rng.choice(found).span(group)
    return data[:begin] + new + data[end:]


def _text(data: bytes, rng: random.Random) -> bytes:
    return _replaced(data, list(_TEXT.finditer(data)), 1, rng.choice(ODD), rng)


def _number(data: bytes, rng: random.Random) -> bytes:
    return _replaced(data, list(_NUMBER.finditer(data)), 0, rng.choice(ODD[:8]), rng)


def _rename(data: bytes, rng: random.Random) -> bytes:
    others = [match[2] for match in _TAG.finditer(data)] or [b"a"]
    return _replaced(data, list(_TAG.finditer(data)), 2, rng.choice((*others, b"x:y:z", b"xml", b"_")), rng)


def _nest(data: bytes, rng: random.Random) -> bytes:
    at, deep = _place(data, rng), rng.choice((10, 255, 257, 5000))
    name = rng.choice((b"Body", b"Code", b"Subcode", b"a"))
    return data[:at] + b"<%b>" % name * deep + data[at:] + b"</%b>" % name * deep


def _attributes(data: bytes, rng: random.Random) -> bytes:
    many = rng.choice((3, 300, 20_000))
    flood = b"".join(b' a%d="%d"' % (n if rng.random() < 0.9 else 0, n) for n in range(many))
    return _replaced(data, list(_TAG.finditer(data)), 2, b"a" + flood, rng)


def _namespaces(data: bytes, rng: random.Random) -> bytes:
    how = rng.randrange(3)
    if how == 0:
        return re.sub(rb'\sxmlns:?\w*="[^"]*"', b"", data)
    if how == 1:
        return data.replace(b"http://www.onvif.org/", b"http://www.onvif.org/\xe2\x80\x8b")
    return re.sub(rb"<(/?)\w+:", rb"<\1q:", data)


def _entities(data: bytes, rng: random.Random) -> bytes:
    doctype = b'<!DOCTYPE x [<!ENTITY a "' + b"b" * 64 + b'"><!ENTITY % p SYSTEM "file:///etc/passwd">%p;]>'
    extra = rng.choice((doctype, b"<!-- -- -->", b"<?x y?>", b"<![CDATA[<x>", b"&a;&a;", b"<!ATTLIST x y CDATA 'z'>"))
    at = data.find(b"?>") + 2 if rng.random() < 0.5 else _place(data, rng)
    return data[:at] + extra + data[at:]


def _encoding(data: bytes, rng: random.Random) -> bytes:
    said = rng.choice((b"UTF-16", b"GB2312", b"ISO-8859-1", b"UTF-7", b"EBCDIC-CP-BE", b"x" * 40, b"utf-32"))
    text = data.decode("utf-8", "replace")
    used = rng.choice(("utf-8", "utf-16", "utf-16-be", "utf-16-le", "gb18030", "latin-1", "utf-32", "cp037", "utf-7"))
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode(used, "replace")
    head = rng.choice((b"", b'<?xml version="1.0" encoding="%b"?>' % said, b"<?xml " + b'encoding="%b" ' % said * 40))
    return head + body


XML: tuple[Mutation, ...] = (_text, _number, _rename, _nest, _attributes, _namespaces, _entities, _encoding, *BLIND)


def _lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    at = rng.randrange(len(lines))
    how = rng.randrange(5)
    if how == 0:
        lines[at:at] = [lines[at]] * min(rng.choice((1, 10, 3000)), 1 + _MOST // (len(lines[at]) + 2))
    elif how == 1:
        lines[at] = lines[at].partition(b":")[0] + b": " + rng.choice(ODD)
    elif how == 2:
        lines.insert(
            at, rng.choice((b" folded", b"\tfolded", b":", b"Content-Length: 5", b"Transfer-Encoding: chunked"))
        )
    elif how == 3:
        rng.shuffle(lines)
    else:
        lines[at] = lines[at].replace(b" ", rng.choice((b"", b"\t", b"  ", b"\x0b")))
    return rng.choice((b"\r\n", b"\r\n", b"\n", b"\r")).join(lines)


LINES: tuple[Mutation, ...] = (_lines, _lines, _number, *BLIND)


def _segments(data: bytes) -> list[int]:
    return [at for at in range(2, min(len(data), 4096) - 4) if data[at] == 0xFF and data[at + 1] not in {0, 0xFF}]


def _marker(data: bytes, rng: random.Random) -> bytes:
    """Change a JPEG's marker, its length, or what stands right behind: sizes, tables, sampling."""
    found = _segments(data)
    if not found:
        return _flip(data, rng)
    at = rng.choice(found)
    out = bytearray(data)
    how = rng.randrange(4)
    if how == 0:
        out[at + 1] = rng.choice((0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC9, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xE1, 0xFE))
    elif how == 1:
        out[at + 2 : at + 4] = rng.choice((b"\0\0", b"\0\1", b"\xff\xff", rng.randbytes(2)))
    elif how == 2:
        for n in range(at + 4, min(len(out), at + 20)):
            out[n] = rng.choice((out[n], out[n], 0, 0xFF, rng.randrange(256)))
    else:
        end = min(len(out), at + 2 + int.from_bytes(out[at + 2 : at + 4], "big"))
        out[at:at] = out[at:end] * rng.choice((1, 2, 40))
    return bytes(out)


JPEG: tuple[Mutation, ...] = (_marker, _marker, _marker, *BLIND)


def mutated(seeds: Sequence[bytes], mutations: Sequence[Mutation], rng: random.Random) -> bytes:
    """Return one of `seeds` after one to four mutations, at most a MiB of it; always another than the seed."""
    seed = rng.choice(seeds)
    data = seed
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = rng.choice(mutations)(data, rng)[:_MOST]
    while data == seed:
        data = _flip(data, rng)
    return data
