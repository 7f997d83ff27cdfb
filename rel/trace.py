r"""What a process asked of its disk, read from strace's log: `strace -f -y -xx -s 70000 -o LOG -e trace=CALLS`.

strace escapes every string as \x.., paths and data alike, and splits a call that another thread interrupts into
"unfinished" and "resumed". Maps of shared memory are not seen: SQLite keeps only the index of its log there, which it
makes anew after a power cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

CALLS = "openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink,rename"
_LINE = re.compile(r"(\d+) +(.*)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)(.*)")
_FD = re.compile(r"(\d+)<([^>]*)>")
_OPENED = re.compile(r"<([^>]*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that came back: name, what it was done to, its data, numbers and result."""

    name: str
    fd: int
    path: str
    data: bytes
    numbers: tuple[int, ...]
    flags: str
    result: int
    injected: bool
    other: str = ""
    """The second path of a rename."""


def whole(lines: Iterable[str]) -> Iterator[str]:
    """Yield each call on one line, at the moment when it came back."""
    begun: dict[str, str] = {}
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            continue
        pid, text = found.groups()
        resumed = _RESUMED.match(text)
        if text.endswith("<unfinished ...>"):
            begun[pid] = text.removesuffix("<unfinished ...>").rstrip()
        elif resumed is not None:
            yield begun.pop(pid, "") + resumed[1]
        else:
            yield text


def calls(lines: Iterable[str]) -> Iterator[Call]:
    """Yield the calls of a log; what isn't one (exits, signals) is passed over."""
    for line in whole(lines):
        found = _CALL.match(line)
        if found is not None:
            yield _call(found[1], found[2], int(found[3]), found[4])


def _call(name: str, words: str, result: int, tail: str) -> Call:
    texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(words)]
    place = None if name == "openat" else _FD.search(words)
    opened = _OPENED.match(tail) if name == "openat" else None
    # Behind the data, or behind the descriptor where there is none.
    rest = words.rpartition('"')[2] if texts else words.partition(">")[2]
    named = name in {"unlink", "rename"}
    path = texts[0] if named else _plain(place[2] if place else opened[1] if opened else "")
    numbers = tuple(int(word) for word in re.findall(r"(?<=, )\d+(?=,|$)", rest))
    return Call(
        name=name,
        fd=result if name == "openat" else int(place[1]) if place else -1,
        path=path.decode(errors="surrogateescape"),
        data=texts[0] if texts and name in {"write", "pwrite64"} else b"",
        numbers=numbers,
        flags=rest,
        result=result,
        injected="(INJECTED)" in tail,
        other=texts[1].decode(errors="surrogateescape") if name == "rename" else "",
    )


def _plain(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", "")) if escaped.startswith("\\x") else escaped.encode()
