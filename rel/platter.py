"""A disk that loses what was not synced: a power cut replayed from what a real process asked of its files.

What a sync that came back covered is there. Of everything later each write is there, is not, or is there in some of its
512-byte sectors; names that were made or removed since the folder was synced are there up to some point, in their
order. That is what POSIX lets a file system do, and a little more than most do.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from rel.trace import Call

SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What was found after a cut: files by name, and how much of what was asked for did not survive."""

    files: Mapping[str, bytes]
    heard: bytes
    """What the process had told on its standard output: its acknowledgements."""
    dropped: int
    torn: int


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """(offset, data), or (size, None) for a cut to that size."""


def _put(content: bytearray, at: int, data: bytes | None) -> None:
    if data is None:
        del content[at:]
        content.extend(bytes(max(0, at - len(content))))
        return
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(data)] = data


def sectors(at: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the parts of a write that lie in one sector each."""
    end, begin = at + len(data), at
    while begin < end:
        border = min(end, (begin // SECTOR_BYTES + 1) * SECTOR_BYTES)
        yield begin, data[begin - at : border - at]
        begin = border


class Platter:
    """What is on the disk for certain, and what is still on its way."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._files: dict[int, _File] = {}
        self._now: dict[str, int] = {}
        self._durable: dict[str, int] = {}
        self._renamed: list[tuple[str, int | None]] = []
        """Names as they changed since the folder was synced: a file, or None where it went."""
        self._heard = bytearray()

    def ask(self, call: Call) -> None:
        """Take in a call that came back."""
        if call.name == "write" and call.fd == 1:
            self._heard += call.data
            return
        if call.result < 0 or not self._mine(call.path):
            return
        if call.name == "openat":
            self._open(call)
        elif call.name in {"fsync", "fdatasync"}:
            self._sync(call.path)
        elif call.name == "unlink":
            self._name(call.path, None)
        elif call.name == "rename":
            self._name(call.other, self._now[call.path])
            self._name(call.path, None)
        elif call.path in self._now:
            at = call.numbers[-1]
            data = None if call.name == "ftruncate" else call.data[: call.result]
            self._files[self._now[call.path]].pending.append((at, data))

    def _mine(self, path: str) -> bool:
        inside = path == self._folder or path.startswith(f"{self._folder}/")
        return inside and not path.endswith(("-shm", ".lock"))

    def _open(self, call: Call) -> None:
        if "O_CREAT" in call.flags and call.path not in self._now:
            number = len(self._files)
            self._files[number] = _File()
            self._name(call.path, number)

    def _name(self, path: str, number: int | None) -> None:
        self._renamed.append((path, number))
        _rename(self._now, path, number)

    def _sync(self, path: str) -> None:
        if path == self._folder:
            for name, number in self._renamed:
                _rename(self._durable, name, number)
            self._renamed.clear()
        elif path in self._now:
            file = self._files[self._now[path]]
            for at, data in file.pending:
                _put(file.durable, at, data)
            file.pending.clear()

    def cut(self, rng: random.Random) -> Cut:
        """Return what a cut at this moment leaves. The disk itself goes on: another cut may follow."""
        kept = rng.choice((0.0, 0.3, 0.7, 1.0))
        contents: dict[int, bytes] = {}
        dropped = torn = 0
        for number, file in self._files.items():
            content = bytearray(file.durable)
            for at, data in file.pending:
                lot = rng.random()
                if lot < kept * 0.6:
                    _put(content, at, data)
                elif data is not None and lot < kept:
                    parts = list(sectors(at, data))
                    there = [part for part in parts if rng.random() < 0.5]
                    for part in there:
                        _put(content, *part)
                    torn += 0 < len(there) < len(parts)
                    dropped += not there
                else:
                    dropped += 1
            contents[number] = bytes(content)
        names = dict(self._durable)
        for name, number_or_none in self._renamed[: rng.randint(0, len(self._renamed))]:
            _rename(names, name, number_or_none)
        return Cut(
            files={PurePath(name).name: contents[number] for name, number in names.items()},
            heard=bytes(self._heard),
            dropped=dropped,
            torn=torn,
        )


def _rename(names: dict[str, int], path: str, number: int | None) -> None:
    if number is None:
        names.pop(path, None)
    else:
        names[path] = number


def cuts(asked: Iterable[Call], points: Iterable[int], rng: random.Random, folder: str) -> Iterator[Cut]:
    """Yield what each cut leaves; `points`: after so many calls, ascending."""
    platter, waiting = Platter(folder), iter(points)
    point = next(waiting, None)
    for done, call in enumerate(asked):
        while point is not None and point == done:
            yield platter.cut(rng)
            point = next(waiting, None)
        platter.ask(call)
