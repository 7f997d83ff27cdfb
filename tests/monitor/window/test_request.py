"""What people write: taken as meant, or refused with every reason in both languages. Files by their first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.run.township import device, registry
from tests.monitor.window.test_book import PAPER, START_MS

from camkeeper.model.contract import WindowKind
from camkeeper.window.evidence import MAX_BYTES, EvidenceError, EvidenceFault, take_evidence
from camkeeper.window.plan import Document, WindowPlan
from camkeeper.window.request import FIELDS, RequestError, read_length, read_request

TOWN = registry([device("cam-1"), device("cam-2")])
GOOD = {"kind": "maintenance", "from": "2026-10-06T09:00", "length": "2h", "reason": "换电源", "devices": "cam-1"}


def read(evidence: Document | None = None, **fields: str) -> WindowPlan:
    asked = {**GOOD, **{name.rstrip("_"): value for name, value in fields.items()}}
    return read_request(
        asked, plan_id="W0001", registry=TOWN, tz="Asia/Shanghai", now_ms=START_MS - 3_600_000, evidence=evidence
    )


def faults(evidence: Document | None = None, **fields: str) -> str:
    with pytest.raises(RequestError) as told:
        read(evidence, **fields)
    assert all(zh and en for zh, en in told.value.faults)
    return " ".join(en for _, en in told.value.faults)


def test_a_request_is_a_plan() -> None:
    found = read(repeat="FREQ=WEEKLY;BYDAY=TU", until="2026-12-31", devices="cam-1，cam-2 cam-1", except_="2026-10-13")
    assert (found.start_ms, found.length_ms) == (START_MS, 7_200_000)
    assert found.device_ids == {"cam-1", "cam-2"}
    assert str(found.rule) == "FREQ=WEEKLY;BYDAY=TU"
    assert found.until_ms == 1_798_732_800_000  # the whole of that day
    assert len(found.but) == 1
    assert read(from_="2026-10-06T01:00Z").first == found.first
    assert read(to="2026-10-06 11:00", length="").length_ms == 7_200_000
    assert read(from_="now").start_ms == START_MS - 3_600_000
    assert read(devices="", all="1").everything
    assert read(PAPER, kind="exclusion", approver="镇综治中心").kind is WindowKind.EXCLUSION


def test_refusals_name_every_reason() -> None:
    said = faults(kind="holiday", from_="tomorrow", length="long", repeat="FREQ=HOURLY", devices="cam-9")
    for word in ("maintenance or an exclusion", "the start", "a length", "too often", "no such device: cam-9"):
        assert word in said
    assert "evidence" in faults(kind="exclusion")
    assert "approved" in faults(PAPER, kind="exclusion")
    assert "time limit" in faults(PAPER, kind="exclusion", approver="x", repeat="FREQ=DAILY")
    assert "say why" in faults(reason=" \u202e")
    assert "say which" in faults(devices="")
    assert "either all" in faults(all="1")
    assert "when it ends or how long" in faults(to="2026-10-06T11:00")
    assert "after its start" in faults(to="2026-10-06T08:00", length="")
    assert "400 days" in faults(from_="2020-01-01T00:00")
    assert "400 days" in faults(from_="8999-01-01T00:00")
    assert "time zone" in faults(tz="Moon/Base")
    assert "31 days" in faults(length="40d")
    assert "limit is written" in faults(until="31.12.2026")


@given(fields=st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=40)))
def test_no_text_breaks_it(fields: dict[str, str]) -> None:
    try:
        read_request(fields, plan_id="W0001", registry=TOWN, tz="Asia/Shanghai", now_ms=START_MS, evidence=None)
    except RequestError as error:
        assert error.faults  # noqa: PT017 - either outcome is fine, another exception is not


def test_lengths() -> None:
    assert [read_length(t) for t in ("90m", "2h", "1h30m", "1d", "1H 5min")] == [
        n * 60_000 for n in (90, 120, 90, 1440, 65)
    ]
    assert [read_length(t) for t in ("", "2", "h", "-1h", "١h")] == [None] * 5


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", EvidenceFault.EMPTY),
        (b"%PDF-" + bytes(MAX_BYTES), EvidenceFault.TOO_LARGE),
        (b"<html><script>", EvidenceFault.WRONG_TYPE),
        (b"MZ\x90\x00", EvidenceFault.WRONG_TYPE),
        (b"\x7fELF", EvidenceFault.WRONG_TYPE),
    ],
)
def test_files_that_are_not_taken(data: bytes, fault: EvidenceFault) -> None:
    with pytest.raises(EvidenceError) as told:
        take_evidence("通知.pdf", data)
    assert told.value.fault is fault


def test_a_file_keeps_the_last_part_of_its_name_alone() -> None:
    for name in ("../../etc/停电通知.pdf", "C:\\Users\\x\\停电通知.pdf", "停电\u202e通知.pdf"):
        assert take_evidence(name, b"%PDF-1.7").name == "停电通知.pdf"
    assert take_evidence("", b"\xff\xd8\xff\xe0").media_type == "image/jpeg"
    assert take_evidence("..", b"PK\x03\x04").name
