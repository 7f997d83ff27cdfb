"""How far the cells of an XLSX reach, before anything unfolds them. Pure: bytes in, an error or nothing out.

A reader lays out the whole rectangle from the first cell to the last: a stray cell in the last row and column, which a
slip of the keyboard can make, asks for half a terabyte, and the library ends the process instead of refusing.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import IO, Final

MAX_CELLS: Final = 10_000_000
"""Of one sheet: 100,000 devices with a hundred columns, some 300 MB while they are read."""
MAX_UNFOLDED: Final = 512 * 2**20
"""Bytes of one sheet's XML."""
_PART: Final = 1 << 20
_OVERLAP: Final = 64
# Rows say `r="7"`, cells `r="AB7"`; Excel writes no blanks, other writers may.
_PLACE: Final = re.compile(rb"\br\s*=\s*[\"']\s*([A-Za-z]{0,4})([0-9]{1,10})")


class TooFarError(ValueError):
    """The cells reach further than anybody's register does."""


def bearable(data: bytes) -> None:
    """Return where every sheet of the workbook can be laid out; TooFarError where one cannot.

    Whatever is no workbook, or a broken one, passes: its reader has words for it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                if info.filename.lower().startswith("xl/worksheets/") and info.filename.lower().endswith(".xml"):
                    with archive.open(info) as sheet:
                        _judge(sheet)
    except TooFarError:
        raise
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, NotImplementedError):
        return


def _judge(sheet: IO[bytes]) -> None:
    tail, rows, columns, read = b"", 1, 1, 0
    while part := sheet.read(_PART):
        read += len(part)
        for letters, digits in _PLACE.findall(tail + part):
            rows = max(rows, int(digits))
            columns = max(columns, _number(letters))
        if rows * columns > MAX_CELLS or read > MAX_UNFOLDED:
            raise TooFarError
        tail = part[-_OVERLAP:]


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number
