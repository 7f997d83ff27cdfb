"""Files as they come: spreadsheets, other encodings, broken rows."""

from __future__ import annotations

import io
import random
from fractions import Fraction

import pytest

from camkeeper.account.fault import UnreadableError
from camkeeper.account.lines import Encoding
from camkeeper.account.samples import read_samples
from camkeeper.account.statement import Statement, Terms, account_csv
from camkeeper.account.windows import read_windows
from camkeeper.availability.buckets import Buckets
from camkeeper.model.span import Span

TERMS = Terms(period=Span(start_ms=0, end_ms=100), hold_ms=10, target=Fraction(95, 100))
HEAD = "device,at,status\n"


def accounted(text: str, windows: str | None = None, encoding: str = "utf-8") -> Statement:
    return account_csv(
        io.BytesIO(text.encode(encoding)),
        None if windows is None else io.BytesIO(windows.encode(encoding)),
        TERMS,
        encoding=Encoding.GB18030 if encoding == "gb18030" else Encoding.UTF_8,
    )


@pytest.mark.parametrize(
    "text",
    [
        "device,at,status\na,0,up\n",
        "\ufeffdevice,at,status\na,0,up\n",
        "device,at,status\r\na,0,up\r\n",
        "device,at,status\ra,0,up",
        '"device","at","status"\n"a","0","up"\n',
        "\n\ndevice,at,status\n\n\na,0,up\n  \n\n",
        "Device, At, Status\n a , 0 , up \n",
        "device,at,status\na,0,up\na,0,up\n",
        "device,at,status\na,0,unknown\na,0,up\n",
    ],
)
def test_spellings_of_one_file(text: str) -> None:
    found = accounted(text)
    assert not found.faults
    assert found.devices == {"a": Buckets(up_ms=10, unknown_ms=90)}


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_told(text: str) -> None:
    with pytest.raises(UnreadableError, match="empty"):
        accounted(text)


@pytest.mark.parametrize(
    "text",
    [
        "a,0,up\n",
        "device;at;status\n",
        "at,device,status\n",
        "device,at\n",
        '"device,at,status\n',
        "device,at,status,x\n",
    ],
)
def test_a_missing_header_is_told(text: str) -> None:
    with pytest.raises(UnreadableError, match="has no header"):
        accounted(text)


def test_a_header_alone_is_no_figure() -> None:
    found = accounted(HEAD)
    assert found.to_json()["devices"] == {}
    assert found.total == Buckets()
    assert found.verdict(found.total) == "undetermined"
    assert found.nearest_ms is None


BAD = [
    ("a,0", "2 fields"),
    ("a,0,up,now", "4 fields"),
    (",0,up", "no device"),
    ("*,0,up", "cannot be *"),
    ("a,,up", "cannot be read"),
    ("a,2026-10-01T00:00:00,up", "no offset"),
    ("a,99999999999999999999,up", "micro"),
    ("a,0,UP", "did you mean up"),
    ("a,0,", "none of"),
    ('"a,0,up', "close every quote"),
    ('"a"x,0,up', "close every quote"),
    ("a\x00b,0,gone\x1b[31m", "none of"),
]


@pytest.mark.parametrize(("row", "says"), BAD)
def test_each_bad_row_is_told_with_its_line(row: str, says: str) -> None:
    found = accounted(f"{HEAD}a,0,up\n\n{row}\na,50,up\n")
    assert [(fault.line, says in fault.en) for fault in found.faults] == [(4, True)]
    assert str(found.faults[0]).startswith("samples.csv:4: ")
    assert "\x1b" not in str(found.faults[0])
    assert found.devices == {"a": Buckets(up_ms=20, unknown_ms=80)}
    assert found.rows == 2


def test_a_device_with_bad_rows_only_is_not_in_the_statement() -> None:
    found = accounted(HEAD + "ghost,0,gone\na,0,up\n")
    assert list(found.devices) == ["a"]


def test_one_row_with_two_faults_tells_both() -> None:
    assert [fault.line for fault in accounted(HEAD + "a,never,gone\n").faults] == [2, 2]


def test_lines_keep_their_numbers_over_many_blocks() -> None:
    chance = random.Random(3)
    lines = ["device,at,status"]
    bad = []
    for n in range(60_000):
        if chance.random() < 0.001:
            lines.append(chance.choice(BAD)[0])
            bad.append(len(lines))
        lines.append(f"cam-{n % 50},{n},up" if n % 7 else f'"cam-{n % 50}",1970-01-01T00:01:00.{n % 1000:03}Z,down')
    text = "\r\n".join(lines)
    found = read_samples(io.BytesIO(text.encode()), source="s")
    assert len(bad) > 30
    assert [fault.line for fault in found.faults] == bad
    assert found.rows == 60_000


def test_a_quote_that_never_closes_costs_one_line_and_not_the_file() -> None:
    found = accounted(HEAD + 'a,0,up\n"a,10,up\na,20,up\n')
    assert [fault.line for fault in found.faults] == [3]
    assert found.rows == 2


def test_gb18030_is_named_and_read() -> None:
    text = HEAD + "村口,0,up\n村尾,0,down\nplain,0,up\n"
    told = account_csv(io.BytesIO(text.encode("gb18030")), None, TERMS)
    assert [fault.line for fault in told.faults] == [2, 3]
    assert "--encoding gb18030" in told.faults[0].en
    assert list(told.devices) == ["plain"]
    found = accounted(text, "device,start,end,reason\n村口,0,5,停电\n", encoding="gb18030")
    assert found.devices["村口"] == Buckets(up_ms=5, excluded_ms=5, unknown_ms=90)


def test_utf_16_is_named() -> None:
    with pytest.raises(UnreadableError, match="UTF-16"):
        accounted(HEAD, encoding="utf-16")
    with pytest.raises(UnreadableError, match="header"):
        account_csv(io.BytesIO(b"\xd6\xd0,at,status\n"), None, TERMS)


def test_a_field_of_any_length_is_told_briefly() -> None:
    found = accounted(HEAD + "a,0," + "x" * 300_000 + '\n"' + "y" * 300_000 + '",0,up\n')
    assert [fault.line for fault in found.faults] == [2, 3]
    assert all(len(fault.en) < 300 for fault in found.faults)


def test_windows() -> None:
    found = accounted(
        HEAD + "a,0,down\nb,0,up\n",
        'device,start,end,reason\n*,95,100,"停电, 已批准"\na,0,4,x\na,2,6,y\n'
        "a,6,6,empty\nb,5,1,back\nb,1,2\n,1,2,x\nb,x,2,x\nz,0,1,x\n",
    )
    assert [(fault.source, fault.line) for fault in found.faults] == [("windows.csv", n) for n in (5, 6, 7, 8, 9)]
    assert found.devices == {
        "a": Buckets(down_ms=4, excluded_ms=11, unknown_ms=85),
        "b": Buckets(up_ms=10, excluded_ms=5, unknown_ms=85),
    }
    assert found.strangers == ("z",)
    assert read_windows(io.BytesIO(b"device,start,end,reason\n"), source="w").rows == 0


def test_rivals_at_one_instant_are_counted() -> None:
    assert accounted(HEAD + "a,0,up\na,0,down\na,0,unknown\na,5,up\na,5,up\nb,0,up\n").conflicts == 1


def test_the_verdict_in_exact_arithmetic() -> None:
    terms = Terms(period=Span(start_ms=0, end_ms=100_000), hold_ms=100_000, target=Fraction("0.94996"))
    text = HEAD + "a,0,up\na,94996,down\n"
    found = account_csv(io.BytesIO(text.encode()), None, terms)
    assert found.verdict(found.total) == "met"
    stricter = Terms(period=terms.period, hold_ms=terms.hold_ms, target=Fraction("0.9499600001"))
    found = account_csv(io.BytesIO(text.encode()), None, stricter)
    assert found.verdict(found.total) == "missed"
