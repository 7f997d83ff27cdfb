"""Every trick is served by a real fleet device, and an honest prober answers it with a value, in bounded time."""

from __future__ import annotations

import re

import pytest

from camfleet.faults import WAYS, Condition, Fault, FaultKind, effect, truth_of
from camfleet.hostile import TRICKS, Asked
from camfleet.message import Reply, Request, render
from camfleet.scenario import fault_of
from camkeeper.model.probing import Rung

ALL = frozenset(Rung)
ASKED = Request(method="POST", target="/onvif", is_rtsp=False, body=b"<GetDeviceInformation/>")
NAMES = b"<tds:Manufacturer>A</tds:Manufacturer><tds:SerialNumber>S</tds:SerialNumber>"
URIS = b"<tt:Uri>http://10.0.0.1:80/snap</tt:Uri><tds:XAddr>http://10.0.0.1/onvif</tds:XAddr>"


def said(how: str, body: bytes) -> bytes:
    return TRICKS[how].says(Asked(request=ASKED, honest=render(Reply(body=body), ASKED), to="203.0.113.7:80"))


def test_each_trick_is_a_way_of_the_fault() -> None:
    assert WAYS[FaultKind.HOSTILE] == tuple(TRICKS)
    fault = fault_of("hostile", {"how": "drip", "to": "203.0.113.7:80"})
    assert effect(fault, 5) == Condition(trick="drip", trick_to="203.0.113.7:80")


def test_addresses_of_others_are_put_in_and_the_path_stays() -> None:
    body = said("foreign_uris", URIS).partition(b"\r\n\r\n")[2]
    assert body.count(b"203.0.113.7:80") == 2
    assert b"/snap" in body
    assert b"10.0.0.1" not in body


@pytest.mark.parametrize("how", ["names", "formulas", "long_serial", "echo"])
def test_names_are_replaced_and_the_length_is_told_anew(how: str) -> None:
    head, _, body = said(how, NAMES).partition(b"\r\n\r\n")
    found = re.search(rb"Content-Length: (\d+)", head)
    assert found
    assert int(found[1]) == len(body)
    assert body != NAMES


@pytest.mark.parametrize("how", TRICKS)
def test_an_honest_observer_knows_what_to_find(how: str) -> None:
    truth = truth_of(effect(Fault(kind=FaultKind.HOSTILE, how=how), 0), timeout_ms=2000, ladder=ALL)
    spoils = TRICKS[how].spoils
    assert truth == ("down" if Rung.TIME in spoils else "degraded" if spoils else "up")
