"""Malformed, foreign and hostile replies: an answer, a fault or `MalformedReplyError`, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camkeeper.probe.onvif import readers, reply

CAPTURES: Final = Path(__file__).parents[2] / "data/onvif"
ANSWER: Final = "GetDeviceInformationResponse"
SAMPLES: Final = [p.read_bytes() for p in sorted(CAPTURES.rglob("Get*.xml"))][::7]
BODY: Final = "<GetDeviceInformationResponse><Manufacturer>{}</Manufacturer></GetDeviceInformationResponse>"


def _soap(body: str, *, ns: str = "http://www.w3.org/2003/05/soap-envelope", prefix: str = "s") -> str:
    return f'<{prefix}:Envelope xmlns:{prefix}="{ns}"><{prefix}:Body>{body}</{prefix}:Body></{prefix}:Envelope>'


def _maker(body: bytes) -> str | None:
    found = reply.read(body, ANSWER)
    assert not isinstance(found, reply.Fault)
    return readers.information(found).manufacturer


@pytest.mark.parametrize(
    "body",
    [
        _soap(BODY.format("海康")).encode(),
        _soap(BODY.format("海康"), ns="http://schemas.xmlsoap.org/soap/envelope/", prefix="SOAP-ENV").encode(),
        b"\xef\xbb\xbf" + _soap(BODY.format("海康")).encode(),
        b'\r\n\r\n<?xml version="1.0" encoding="utf-8"?>\n' + _soap(BODY.format("海康")).encode(),
        b'<?xml version="1.0" encoding="GB2312"?>' + _soap(BODY.format("海康")).encode("gb2312"),
        b'<?xml version="1.0" encoding="UTF-8"?>' + _soap(BODY.format("海康")).encode("gbk"),
        _soap(BODY.format("海康")).encode("gb18030"),
        _soap(BODY.format("海康")).encode("utf-16"),
        _soap(BODY.format("海康")).encode("utf-16-le"),
        _soap(BODY.format("海康")).encode("utf-16-be"),
        _soap(BODY.format("海<?x y?>康")).encode(),
        "<?xml version=“1.0” ?>".encode() + _soap(BODY.format("海康")).encode(),
        f"<S:Envelope><S:Body>{BODY.format('海康').replace('<', '<tds:').replace('<tds:/', '</tds:')}".encode(),
        _soap("<!-- a comment -->" + BODY.format("海<![CDATA[康]]>")).encode(),
        _soap(BODY.format("海康")).encode() + b"\x00\x00trailing bytes",
        f"<e><Header/><Body>{BODY.format('海康')}</Body></e>".encode(),
    ],
    ids=range(16),
)  # fmt: skip
def test_what_cameras_get_wrong_is_read(body: bytes) -> None:
    assert _maker(body) == "海康"


def test_latin_is_told_by_its_declaration() -> None:
    body = b'<?xml version="1.0" encoding="ISO-8859-1"?>' + _soap(BODY.format("Müller")).encode("latin-1")
    assert _maker(body) == "Müller"


@pytest.mark.parametrize("maker", ["", "  ", "<x/>"])
def test_an_empty_maker_is_none(maker: str) -> None:
    assert _maker(_soap(BODY.format(maker)).encode()) is None


def test_a_name_cannot_rewrite_its_line() -> None:
    assert _maker(_soap(BODY.format("a&#10;b\u202ec" + "x" * 999)).encode()) == ("a b c" + "x" * 999)[:256]


@pytest.mark.parametrize(
    ("xml", "codes", "refuses", "absent", "expired"),
    [
        ("<Fault><Code><Value>s:Sender</Value><Subcode><Value>ter:NotAuthorized</Value></Subcode></Code></Fault>",
         ("Sender", "NotAuthorized"), True, False, False),
        ("<Fault><faultcode>wsse:FailedAuthentication</faultcode><faultstring>no</faultstring></Fault>",
         ("FailedAuthentication",), True, False, False),
        ("<Fault><Code><Value>s:Receiver</Value></Code><Reason><Text>Sender not authorized</Text></Reason></Fault>",
         ("Receiver",), True, False, False),
        ("<Fault><Code><Value>s:Receiver</Value><Subcode><Value>ter:ActionNotSupported</Value></Subcode></Code></Fault>",
         ("Receiver", "ActionNotSupported"), False, True, False),
        ("<Fault><Code><Value>s:Sender</Value><Subcode><Value>wsu:MessageExpired</Value></Subcode></Code></Fault>",
         ("Sender", "MessageExpired"), False, False, True),
        ("<Fault><Reason><Text>The password has expired</Text></Reason></Fault>", (), False, False, False),
        ("<Fault/>", (), False, False, False),
    ],
)  # fmt: skip
def test_faults_of_either_soap(xml: str, codes: tuple[str, ...], refuses: bool, absent: bool, expired: bool) -> None:
    for ns in ("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"):
        found = reply.read(_soap(xml, ns=ns).encode(), ANSWER)
        assert isinstance(found, reply.Fault)
        assert (found.codes, found.refuses, found.absent, found.expired) == (codes, refuses, absent, expired)


_NESTED = "<Subcode><Value>x</Value>" * 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"garbage",
        b"<",
        b"\x00" * 64,
        b"\xff\xfe\x00\xd8",
        b"<html><body>Login</body></html>",
        b"<?xml version='1.0'?>",
        _soap("").encode(),
        _soap("<OtherResponse/>").encode(),
        b'<!DOCTYPE a [<!ENTITY x "y">]>' + _soap(BODY.format("&x;")).encode(),
        b'<!doctype a SYSTEM "http://127.0.0.1/x">' + _soap(BODY.format("a")).encode(),
        ('<!DOCTYPE a [<!ENTITY x "y">]>' + _soap(BODY.format("&x;"))).encode("utf-16"),
        b"<a>" * 10_000,
        b"x" * (reply.MAX_REPLY + 1),
    ],
    ids=range(15),
)
def test_what_cannot_be_read_says_so(body: bytes) -> None:
    with pytest.raises(reply.MalformedReplyError):
        reply.read(body, ANSWER)


def test_nested_codes_are_bounded() -> None:
    found = reply.read(_soap(f"<Fault><Code>{_NESTED}").encode(), ANSWER)
    assert isinstance(found, reply.Fault)
    assert len(found.codes) <= 4


@given(st.sampled_from(SAMPLES), st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_mutations_never_escape(sample: bytes, data: st.DataObject) -> None:
    mutant = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(mutant) - 1))
        mutant[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=8))
        if not mutant:
            break
    for answer, read in _READERS.items():
        try:
            found = reply.read(bytes(mutant), answer)
        except reply.MalformedReplyError:
            continue
        if isinstance(found, reply.Fault):
            assert isinstance(found.text, str)
        else:
            read(found)


_READERS: Final = {
    "GetSystemDateAndTimeResponse": readers.time_ms,
    "GetDeviceInformationResponse": readers.information,
    "GetServicesResponse": readers.services,
    "GetCapabilitiesResponse": readers.capabilities,
    "GetProfilesResponse": readers.profiles,
    "GetSnapshotUriResponse": readers.uri,
    "GetRecordingSummaryResponse": readers.summary,
}


_TIME: Final = (
    "<Time><Hour>{hour}</Hour><Minute>2</Minute><Second>{second}</Second></Time>"
    "<Date><Year>{year}</Year><Month>1</Month><Day>1</Day></Date>"
)


@pytest.mark.parametrize(
    ("utc", "at_ms"),
    [
        (_TIME.format(hour=1, second=60, year=1970), 3_779_000),
        (_TIME.format(hour=25, second=3, year=2026), None),
        (_TIME.format(hour=2, second=3, year=0), None),
        ("<Time><Hour>1</Hour></Time><Date><Year>0</Year></Date>", None),
        ("<Date/>", None),
        ("", None),
    ],
)
def test_times_that_no_calendar_knows(utc: str, at_ms: int | None) -> None:
    body = f"<TResponse><SystemDateAndTime><UTCDateTime>{utc}</UTCDateTime></SystemDateAndTime></TResponse>"
    found = reply.read(_soap(body).encode(), "TResponse")
    assert not isinstance(found, reply.Fault)
    assert readers.time_ms(found) == at_ms
