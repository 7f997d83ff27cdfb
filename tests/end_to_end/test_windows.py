"""A recurring window on a running monitor: no message, the figure without that time, all of it in the audit log."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
from tests.end_to_end.test_desk import listening, told, with_desk
from tests.end_to_end.town import Town, eventually, program, town

from camkeeper.clock import SystemClock
from camkeeper.ledger import LedgerReader
from camkeeper.model.status import Status
from camkeeper.window.book import Deed

SHANGHAI = ZoneInfo("Asia/Shanghai")
PAPER = b"%PDF-1.7 a notice of the power company"


def say(*words: str, code: int = 0) -> str:
    done = subprocess.run(program(*words), capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == code, (words, done.stdout, done.stderr)
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_window_silences_and_leaves_out(tmp_path: Path) -> None:
    with listening() as stub, town(tmp_path, net=75) as place:
        with_desk(place, stub.url)
        with place.monitor() as monitor:
            eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["unknown"] == 0)
            ledger = ("--ledger", str(place.ledger))
            said = say(
                *("window", "add", "--link", "sw-03", "--from", "now", "--length", "2h"),
                *("--repeat", "FREQ=WEEKLY", "--reason", "更换交换机电源", "--by", "张三", *ledger),
            )
            assert "W0001" in said
            behind = {d for d in place.fault("power", {"link": "sw-03"}) if not d.startswith("beacon:")}
            eventually(lambda: all(monitor.status(d) == "down" for d in behind))
            # Another fault outside the window proves that messages do arrive, later than ours would have.
            (other,) = place.fault("power", {"device": _camera_outside(place, behind)})
            eventually(lambda: len(told(stub)) == 1)
            assert monitor.get(f"api/v1/devices/{other}")["in_window"] is False
            assert all(monitor.get(f"api/v1/devices/{d}")["in_window"] for d in behind)
            with LedgerReader(place.ledger) as reader:
                (incident,) = reader.incidents(open_only=True)
                assert incident.members.keys() == {other}
            _exclusion(place, tmp_path, other, ledger)
            _figures(ledger, behind)
            _calendar(monitor.address)
            monitor.stop()
        say("verify", str(place.ledger))
        with place.monitor() as monitor:
            assert [w["plan"] for w in monitor.get("api/v1/windows")["now"]] == ["W0001"]
            monitor.stop()
    assert len(told(stub)) == 1


def _camera_outside(place: Town, behind: set[str]) -> str:
    with LedgerReader(place.ledger) as reader:
        up = [i for i, status in reader.statuses().items() if status is Status.UP and i not in behind]
    return min(i for i in up if "cam" in i)


def _exclusion(place: Town, folder: Path, device_id: str, ledger: tuple[str, str]) -> None:
    """An exclusion after the fact: refused without its papers, then taken and marked."""
    now = datetime.fromtimestamp(SystemClock().wall_ms() // 1000, SHANGHAI)
    before = now.replace(second=0, microsecond=0)
    span = ("--from", (before - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"), "--length", "30m")
    words = ("window", "add", "--kind", "exclusion", "--device", device_id, *span, "--reason", "停电", "--by", "张三")
    refused = say(*words, *ledger, code=1)
    assert "剔除须附依据文件" in refused
    assert "剔除须写明批准人" in refused
    paper = folder / "停电通知.pdf"
    paper.write_bytes(b"MZ no notice at all")
    papers = ("--evidence", str(paper), "--approver", "镇综治中心")
    assert "PDF" in say(*words, *papers, *ledger, code=1)
    paper.write_bytes(PAPER)
    assert "W0002" in say(*words, *papers, *ledger)
    with LedgerReader(place.ledger) as reader:
        book = reader.window_book()
    assert [e.deed for e in book.events] == [Deed.PLANNED, Deed.PLANNED, Deed.APPROVED]
    found = book.agreements["W0002"]
    assert found.late
    assert found.plan.evidence is not None
    kept = Path(f"{place.ledger}.files") / found.plan.evidence.digest
    assert kept.read_bytes() == PAPER
    audit = say("window", "list", "--audit", *ledger)
    assert all(word in audit for word in ("W0001", "W0002", "镇综治中心", "张三"))
    assert "事后补录" in say("window", "list", *ledger)


def _figures(ledger: tuple[str, str], behind: set[str]) -> None:
    figures = json.loads(say("sla", "--json", *ledger))
    (window,) = [w for w in figures["windows"] if w["id"].startswith("W0001")]
    assert set(window["devices"]) == behind
    site = figures["sites"][0]["figures"][figures["deciding_policy"]]
    assert site["net"]["time"]["excluded_ms"] > 0
    assert site["gross"]["time"]["excluded_ms"] == 0
    assert site["net"]["time"]["down_ms"] < site["gross"]["time"]["down_ms"]


def _calendar(address: str) -> None:
    with urllib.request.urlopen(f"{address}windows.ics", timeout=10) as reply:  # noqa: S310  (loopback)
        assert reply.headers.get_content_type() == "text/calendar"
        feed = icalendar.Calendar.from_ical(reply.read())
    events = [e for e in feed.walk("VEVENT") if re.match(r"W0001@", str(e["uid"]))]
    assert len(events) >= 8
    starts = sorted(e.decoded("dtstart") for e in events)
    assert {b - a for a, b in pairwise(starts)} == {timedelta(days=7)}
