"""Reads agreed windows: `device,start,end,reason`, device `*` for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from camkeeper.account.fault import Fault, WrittenWrongError
from camkeeper.account.lines import Encoding, blocks
from camkeeper.account.moment import instant_ms
from camkeeper.account.samples import EVERY_DEVICE
from camkeeper.model.span import Span

HEADER = ("device", "start", "end", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFile:
    """What a file of windows holds."""

    every_device: tuple[Span, ...] = ()
    by_device: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    rows: int = 0
    """Good rows."""
    faults: tuple[Fault, ...] = ()


def read_windows(file: BinaryIO, *, source: str, encoding: Encoding = Encoding.UTF_8) -> WindowFile:
    """Read a whole file of windows. UnreadableError where it has no header; bad rows are in `faults`."""
    by_device: dict[str, list[Span]] = {EVERY_DEVICE: []}
    faults: list[Fault] = []
    rows = 0
    for block in blocks(file, source=source, encoding=encoding, header=HEADER):
        found = [*block.faults, *(_wrong_length(row, source, line) for line, row in block.odd)]
        devices, starts, ends, _ = block.columns
        for line, device, start, end in zip(block.lines, map(str.strip, devices), starts, ends, strict=True):
            try:
                span = _window(device, start, end)
            except WrittenWrongError as error:
                found.append(Fault(source=source, line=line, zh=error.zh, en=error.en))
            else:
                by_device.setdefault(device, []).append(span)
                rows += 1
        faults += sorted(found, key=lambda fault: fault.line)
    every_device = tuple(by_device.pop(EVERY_DEVICE))
    return WindowFile(
        every_device=every_device,
        by_device={device: tuple(spans) for device, spans in by_device.items()},
        rows=rows,
        faults=tuple(faults),
    )


def _window(device: str, start: str, end: str) -> Span:
    if not device:
        raise WrittenWrongError("设备为空：请填写设备编号，或用 * 指全部", "no device: fill in its id, or * for all")
    start_ms, end_ms = instant_ms(start.strip()), instant_ms(end.strip())
    if end_ms <= start_ms:
        raise WrittenWrongError("时段的结束不晚于开始：请改正", "the window does not end after it starts: correct it")
    return Span(start_ms=start_ms, end_ms=end_ms)


def _wrong_length(row: list[str], source: str, line: int) -> Fault:
    zh = f"这一行有 {len(row)} 个字段，应为 4 个（device,start,end,reason）：含逗号的原因请加引号"
    en = f"{len(row)} fields instead of 4 (device,start,end,reason): quote a reason that has a comma"
    return Fault(source=source, line=line, zh=zh, en=en)
