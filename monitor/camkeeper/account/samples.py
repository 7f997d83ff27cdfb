"""Reads samples: `device,at,status`, a million rows in a second or two, every bad row told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from camkeeper.account.columns import instants
from camkeeper.account.fault import Fault, WrittenWrongError, quoted
from camkeeper.account.lines import Block, Encoding, blocks
from camkeeper.account.moment import instant_ms
from camkeeper.availability.hold import RANKS, Samples
from camkeeper.model.status import Status

HEADER = ("device", "at", "status")
EVERY_DEVICE = "*"
"""In windows this names all devices, so no device may be called so."""

_RANK_OF = {status.value: rank for status, rank in RANKS.items()}
_BAD = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFile:
    """What a file of samples holds."""

    devices: tuple[str, ...]
    """Names that have at least one good row, sorted; `samples.device` counts in this order."""
    samples: Samples
    rows: int
    """Good rows."""
    faults: tuple[Fault, ...]


class _Reader:
    """Gathers blocks. Names and statuses are judged once for each spelling, instants in columns."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._numbers: dict[str, int] = {}
        self._number_of: dict[str, int] = {}
        self._rank_of = dict(_RANK_OF)
        self._device: list[NDArray[np.int32]] = []
        self._at_ms: list[NDArray[np.int64]] = []
        self._rank: list[NDArray[np.int8]] = []
        self._faults: list[Fault] = []

    def take(self, block: Block) -> None:
        """Read one block of rows."""
        names, ats, statuses = block.columns
        faults = [*block.faults, *(_wrong_length(row, self._source, line) for line, row in block.odd)]
        faults += self._take_columns(names, ats, statuses, block.lines)
        self._faults += sorted(faults, key=lambda fault: fault.line)

    def _take_columns(
        self, names: Sequence[str], ats: Sequence[str], statuses: Sequence[str], lines: Sequence[int]
    ) -> list[Fault]:
        for name in set(names) - self._number_of.keys():
            self._number_of[name] = self._number(name.strip())
        for status in set(statuses) - self._rank_of.keys():
            self._rank_of[status] = _RANK_OF.get(status.strip(), _BAD)
        device = np.fromiter(map(self._number_of.__getitem__, names), dtype=np.int32, count=len(names))
        rank = np.fromiter(map(self._rank_of.__getitem__, statuses), dtype=np.int8, count=len(names))
        at_ms, good = instants(ats)
        faults: list[Fault] = []
        for i in np.flatnonzero(~good).tolist():
            try:
                at_ms[i] = instant_ms(ats[i].strip())
                good[i] = True
            except WrittenWrongError as error:
                faults.append(Fault(source=self._source, line=lines[i], zh=error.zh, en=error.en))
        faults += [_wrong_name(names[i], self._source, lines[i]) for i in np.flatnonzero(device == _BAD).tolist()]
        faults += [_wrong_status(statuses[i], self._source, lines[i]) for i in np.flatnonzero(rank == _BAD).tolist()]
        good &= (device != _BAD) & (rank != _BAD)
        self._device.append(device[good])
        self._at_ms.append(at_ms[good])
        self._rank.append(rank[good])
        return faults

    def _number(self, name: str) -> int:
        if name in ("", EVERY_DEVICE):
            return _BAD
        return self._numbers.setdefault(name, len(self._numbers))

    def finish(self) -> SampleFile:
        """Return all that was read, devices in the order of their names."""
        device = np.concatenate([*self._device, np.zeros(0, dtype=np.int32)])
        used = np.bincount(device, minlength=len(self._numbers)) > 0
        names = sorted(name for name, number in self._numbers.items() if used[number])
        place = np.zeros(len(self._numbers), dtype=np.int64)
        for new, name in enumerate(names):
            place[self._numbers[name]] = new
        return SampleFile(
            devices=tuple(names),
            samples=Samples(
                device=place[device] if len(device) else np.zeros(0, dtype=np.int64),
                at_ms=np.concatenate([*self._at_ms, np.zeros(0, dtype=np.int64)]),
                rank=np.concatenate([*self._rank, np.zeros(0, dtype=np.int8)]).astype(np.int64),
            ),
            rows=len(device),
            faults=tuple(self._faults),
        )


def read_samples(file: BinaryIO, *, source: str, encoding: Encoding = Encoding.UTF_8) -> SampleFile:
    """Read a whole file of samples. UnreadableError where it has no header; bad rows are in `faults`."""
    reader = _Reader(source)
    for block in blocks(file, source=source, encoding=encoding, header=HEADER):
        reader.take(block)
    return reader.finish()


def _wrong_length(row: list[str], source: str, line: int) -> Fault:
    zh = f"这一行有 {len(row)} 个字段，应为 3 个（device,at,status）：含逗号的名称请加引号"
    en = f"{len(row)} fields instead of 3 (device,at,status): quote a name that has a comma"
    return Fault(source=source, line=line, zh=zh, en=en)


def _wrong_name(name: str, source: str, line: int) -> Fault:
    if not name.strip():
        return Fault(source=source, line=line, zh="设备为空：请填写设备编号", en="no device: fill in its id")
    zh = "样本里的设备不能叫 *（* 只用于时段文件，指全部设备）：请写设备编号"
    en = "a sample's device cannot be * (all devices, in a file of windows only): write its id"
    return Fault(source=source, line=line, zh=zh, en=en)


def _wrong_status(status: str, source: str, line: int) -> Fault:
    near = get_close_matches(status.strip().lower(), [s.value for s in Status], n=1)
    zh = f"状态 {quoted(status)} 无效：只能是 up、degraded、down、unknown" + (f"，是否为 {near[0]}？" if near else "")
    en = f"status {quoted(status)} is none of up, degraded, down, unknown" + (
        f": did you mean {near[0]}?" if near else ""
    )
    return Fault(source=source, line=line, zh=zh, en=en)
