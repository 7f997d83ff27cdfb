"""A CSV file's rows with their line numbers, in blocks. No row is lost: what cannot be read becomes a fault.

A line is a row: a quoted field never runs over a line's end, because one stray quote would swallow the rest.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from camkeeper.account.fault import Fault, UnreadableError, quoted

_BLOCK_BYTES = 1 << 22
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Encoding(StrEnum):
    """Encodings in which a line feed is always a line's end. GB18030 reads GBK and GB2312 too."""

    UTF_8 = "utf-8"
    GB18030 = "gb18030"


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows in their order. `lines` has the line number of each."""

    rows: Sequence[list[str]]
    lines: Sequence[int]
    faults: tuple[Fault, ...] = ()


def blocks(file: BinaryIO, *, source: str, encoding: Encoding, header: tuple[str, ...]) -> Iterator[Block]:
    """Yield the rows below the header, without blank lines.

    UnreadableError where the header is not `header`, before anything is yielded.
    """
    first, seen = 1, False
    while raw := file.readlines(_BLOCK_BYTES):
        if first == 1:
            raw[0] = _without_mark(raw[0], source)
        texts, faults = _decoded(raw, source, encoding, first)
        rows, more = _parsed(texts, source, first)
        lines: Sequence[int] = range(first, first + len(rows))
        if not all(rows):
            kept = [(row, line) for row, line in zip(rows, lines, strict=True) if row]
            rows, lines = [row for row, _ in kept], [line for _, line in kept]
        first += len(texts)
        if not seen and (rows or faults or more):
            _check_header(rows[0] if rows else [], source, header, [*faults, *more])
            rows, lines, seen = rows[1:], lines[1:], True
        yield Block(rows, lines, tuple(sorted([*faults, *more], key=lambda fault: fault.line)))
    if not seen:
        _check_header([], source, header, [])


def _without_mark(line: bytes, source: str) -> bytes:
    if line.startswith(_UTF16):
        raise UnreadableError(
            f"{source} 是 UTF-16 编码：请另存为“CSV UTF-8”",
            f"{source} is UTF-16: save it as CSV UTF-8",
        )
    return line.removeprefix(_BOM)


def _decoded(raw: list[bytes], source: str, encoding: Encoding, first: int) -> tuple[list[str], list[Fault]]:
    """Return the lines' text without line ends; a line that cannot be decoded is a fault and stands as an empty one."""
    try:
        return _split(b"".join(raw).decode(encoding)), []
    except UnicodeDecodeError:
        pass
    texts: list[str] = []
    faults: list[Fault] = []
    for line in raw:
        try:
            texts.extend(_split(line.decode(encoding)))
        except UnicodeDecodeError:
            other = Encoding.GB18030 if encoding is Encoding.UTF_8 else Encoding.UTF_8
            zh = f"这一行不是 {encoding} 编码：若文件由中文版 Excel 存出，请加 --encoding {other}"
            en = f"this line is not {encoding}: try --encoding {other}, or save the file as CSV UTF-8"
            faults.append(Fault(source=source, line=first + len(texts), zh=zh, en=en))
            texts.append("")
    return texts, faults


def _split(text: str) -> list[str]:
    """Split at the ends that CSV knows (LF, CRLF, CR), not at the many that Unicode has."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _parsed(texts: list[str], source: str, first: int) -> tuple[list[list[str]], list[Fault]]:
    """Return one row a line; blank lines, and those with a fault, give an empty row."""
    try:
        if '"' not in "".join(texts):
            rows = list(csv.reader(texts))
            if 1 not in set(map(len, rows)):  # one field may be a line of blanks
                return rows, []
    except csv.Error:
        pass  # a field longer than the module allows: find the line
    rows, faults = [], []
    for line, text in enumerate(texts, first):
        row: list[str] = []
        try:
            row = next(csv.reader([text], strict=True), []) if text.strip() else []
        except csv.Error as error:
            zh = f"引号或字段有误 {quoted(text)}：字段内不能换行，引号须成对"
            en = f"not a row of CSV ({error}) {quoted(text)}: close every quote on its own line"
            faults.append(Fault(source=source, line=line, zh=zh, en=en))
        rows.append(row)
    return rows, faults


def _check_header(found: list[str], source: str, header: tuple[str, ...], faults: list[Fault]) -> None:
    if tuple(field.strip().lower() for field in found) == header:
        return
    wanted = ",".join(header)
    if not found and not faults:
        raise UnreadableError(
            f"{source} 是空的：第一行应为表头 {wanted}", f"{source} is empty: its first line must be {wanted}"
        )
    if faults:
        raise UnreadableError(f"{source} 的表头读不出：{faults[0].zh}", f"the header is unreadable: {faults[0].en}")
    raise UnreadableError(
        f"{source} 缺少表头：第一行应为 {wanted}，而不是 {quoted(','.join(found))}",
        f"{source} has no header: its first line must be {wanted}, not {quoted(','.join(found))}",
    )
