"""A stray cell far away is told, and does not end the process."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from camkeeper.register.extent import TooFarError, bearable
from camkeeper.register.reading import UnreadableRegister, sheets_of


def workbook(*cells: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, column in cells:
            sheet.write(row, column, "x")
    return out.getvalue()


def test_a_stray_cell_is_told() -> None:
    with pytest.raises(UnreadableRegister, match="far away"):
        sheets_of(workbook((0, 0), (1_048_575, 16_383)), "a.xlsx")


@pytest.mark.parametrize("last", [(0, 0), (199_999, 40), (10, 16_383)])
def test_what_people_have_passes(last: tuple[int, int]) -> None:
    bearable(workbook((0, 0), last))


def test_an_honest_workbook_is_read() -> None:
    (sheet,) = sheets_of(workbook((0, 0), (5, 3)), "a.xlsx")
    assert len(sheet.rows) == 6


def test_a_cell_across_two_parts_is_seen() -> None:
    xml = b"<c " + b" " * (2**20 - 8) + b'r="XFD1048576"/>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", xml)
    with pytest.raises(TooFarError):
        bearable(out.getvalue())


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"PK\3\4" + bytes(100)])
def test_what_is_no_workbook_passes(data: bytes) -> None:
    bearable(data)


@pytest.mark.slow
def test_the_command_says_so_and_is_not_ended_by_a_signal(tmp_path: Path) -> None:
    file = tmp_path / "far.xlsx"
    file.write_bytes(workbook((0, 0), (1_048_575, 16_383)))
    program = (
        "import sys; from camkeeper.register.reading import sheets_of; sheets_of(open(sys.argv[1], 'rb').read(), 'a')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, file], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "far away" in done.stderr
