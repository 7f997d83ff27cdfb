"""From the bytes of a file to sheets of text. XLSX, XLS and ODS by calamine; CSV in the encodings that people have."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time, timedelta
from typing import Final

from camkeeper.register.extent import TooFarError, bearable
from camkeeper.register.table import Sheet

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_ROWS: Final = 200_000
MAX_COLUMNS: Final = 256
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_SEPARATORS: Final = (",", ";", "\t", "|")


class UnreadableRegister(Exception):  # noqa: N818 - it reads as what it is
    """A file that is no register; both sentences are for people."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def sheets_of(data: bytes, name: str) -> tuple[Sheet, ...]:
    """Return the sheets of a file; UnreadableRegister where it is none. `name` names the one sheet of a CSV."""
    if len(data) > MAX_BYTES:
        raise UnreadableRegister("文件超过 32 MiB", "the file is larger than 32 MiB")
    if not data.strip():
        raise UnreadableRegister("文件是空的", "the file is empty")
    if data.startswith(b"%PDF"):
        raise UnreadableRegister(
            "这是 PDF，不是表格；请让对方给 XLSX 或 CSV", "this is a PDF, no table; ask for XLSX or CSV"
        )
    if data.startswith((_ZIP, _OLE)):
        return _workbook(data)
    return (_table(data, name.rpartition("/")[2] or "csv"),)


def _workbook(data: bytes) -> tuple[Sheet, ...]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        if data.startswith(_ZIP):
            bearable(data)
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        out = []
        for name in book.sheet_names:
            found = book.get_sheet_by_name(name)
            if found.total_height > MAX_ROWS:
                raise UnreadableRegister(f"工作表 {name} 超过 {MAX_ROWS} 行", f"sheet {name} has over {MAX_ROWS} rows")
            rows = tuple(tuple(map(_text, row[:MAX_COLUMNS])) for row in found.to_python(skip_empty_area=False))
            merged = tuple((a, b, c, d) for (a, b), (c, d) in found.merged_cell_ranges or ())
            if any(any(row) for row in rows):
                # A range over a whole empty sheet would be millions of cells.
                within = tuple((a, b, min(c, len(rows) - 1), min(d, MAX_COLUMNS - 1)) for a, b, c, d in merged)
                out.append(Sheet(name=name, rows=rows, merged=within))
    except TooFarError:
        raise UnreadableRegister(
            "工作表展开后太大；请删除远处多余的行列后另存",
            "unfolded, a sheet is too large; delete stray cells far away",
        ) from None
    except PasswordError:
        raise UnreadableRegister("文件有密码保护，请另存为无密码的文件", "the file is locked by a password") from None
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableRegister(f"读不了这个表格文件（{error}）", f"this workbook cannot be read: {error}") from None
    if not out:
        raise UnreadableRegister("表格里没有内容", "there is nothing in this workbook")
    return tuple(out)


def _text(value: object) -> str:
    """Return a cell as a person reads it.

    A 20-digit id that was typed as a number has lost its last digits to a binary double before we see it: it comes out
    here as written by the double, and the id's own check tells.
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, int | timedelta) else ""


def _table(data: bytes, name: str) -> Sheet:
    text = _decoded(data)
    separator = _separator(text)
    try:
        rows = []
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            rows.append(tuple(cell.strip() for cell in row[:MAX_COLUMNS]))
            if len(rows) > MAX_ROWS:
                raise UnreadableRegister(f"超过 {MAX_ROWS} 行", f"over {MAX_ROWS} rows")
    except csv.Error as error:
        raise UnreadableRegister(f"不是可读的 CSV（{error}）", f"no CSV that can be read: {error}") from None
    return Sheet(name=name, rows=tuple(rows))


def _decoded(data: bytes) -> str:
    """Return the text: by its mark, else UTF-8, else GB18030, which nearly any bytes are: so it is asked last."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableRegister(
        "既不是 XLSX/XLS/ODS，也不是 UTF-8 或 GB18030 的 CSV",
        "neither XLSX/XLS/ODS nor CSV in UTF-8 or GB18030",
    )


def _separator(text: str) -> str:
    """Return the separator that most lines have most evenly; a title line has none."""
    lines = [line for line in text.splitlines()[:60] if line.strip()]
    counts = {s: sorted(line.count(s) for line in lines) for s in _SEPARATORS}
    return max(_SEPARATORS, key=lambda s: counts[s][len(counts[s]) // 2] if lines else 0)
