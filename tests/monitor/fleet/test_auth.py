from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.fleet.town import GET_TIME, envelope, post, wsse

from camfleet.auth import (
    MAX_AGE_MS,
    UsernameToken,
    basic_ok,
    created_ms,
    digest_challenge,
    digest_fields,
    digest_ok,
    wsse_ok,
)
from camfleet.message import BadMessageError, Reply, Request, render, take
from camfleet.soap import read_call

NOW = 1_790_000_000_000


def token(password: str, *, created: str = "2026-09-21T14:13:20Z", is_digest: bool = True) -> UsernameToken:
    nonce = b"0123456789abcdef"
    digest = hashlib.sha1(nonce + created.encode() + password.encode()).digest()  # noqa: S324
    return UsernameToken(
        user="u",
        password=base64.b64encode(digest).decode(),
        nonce=base64.b64encode(nonce).decode(),
        created=created,
        is_digest=is_digest,
    )


@given(st.integers(-2 * MAX_AGE_MS, 2 * MAX_AGE_MS))
def test_a_token_is_good_for_five_minutes_of_the_devices_clock(skew_ms: int) -> None:
    at_ms = created_ms("2026-09-21T14:13:20Z", z_only=True)
    assert at_ms is not None
    good = wsse_ok(token("p"), user="u", password="p", now_ms=at_ms + skew_ms, z_only=True)
    assert good == (abs(skew_ms) <= MAX_AGE_MS)


@pytest.mark.parametrize(
    ("bad", "password", "user"),
    [
        (token("q"), "p", "u"),
        (token("p"), "p", "v"),
        (token("p", is_digest=False), "p", "u"),
        (token("p", created="yesterday"), "p", "u"),
        (token("p", created="2026-09-21T14:13:20+00:00"), "p", "u"),
    ],
)
def test_what_is_refused(bad: UsernameToken, password: str, user: str) -> None:
    assert not wsse_ok(bad, user=user, password=password, now_ms=NOW, z_only=True)


def test_an_offset_is_fine_where_the_make_does_not_mind() -> None:
    created = "2026-09-21T22:13:20+08:00"
    assert created_ms(created, z_only=False) == created_ms("2026-09-21T14:13:20Z", z_only=True)
    assert created_ms(created, z_only=True) is None


def test_the_example_of_rfc_2617() -> None:
    header = (
        'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", '
        'response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    known = {"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093", "user": "Mufasa"}
    assert digest_ok(header, method="GET", password="Circle Of Life", **known)
    assert not digest_ok(header, method="GET", password="circle of life", **known)
    assert not digest_ok(header, method="POST", password="Circle Of Life", **known)
    assert digest_fields(digest_challenge("r", "n", stale=True)) == {
        "realm": "r", "nonce": "n", "qop": "auth", "algorithm": "MD5", "stale": "true",
    }  # fmt: skip


@given(st.text(max_size=20).filter(lambda t: ":" not in t), st.text(max_size=20))
def test_basic(user: str, password: str) -> None:
    header = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    assert basic_ok(header, user=user, password=password)
    assert not basic_ok(header, user=user, password=password + "x")
    assert not basic_ok("Basic ???", user=user, password=password)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_messages_are_cut_alike_however_they_arrive(body: bytes, step: int) -> None:
    whole = post(body) * 3
    data, found = bytearray(), []
    for start in range(0, len(whole), step):
        data += whole[start : start + step]
        while (request := take(data, max_body=1000)) is not None:
            found.append(request)
    assert [r.body for r in found] == [body] * 3
    assert not data


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_told(junk: bytes) -> None:
    data = bytearray(junk)
    try:
        take(data, max_body=100)
    except BadMessageError:
        return
    assert len(data) <= len(junk)


@given(st.binary(max_size=400))
def test_any_body_is_a_call_or_none(junk: bytes) -> None:
    assert read_call(junk) is None
    read_call(GET_TIME[: len(junk)] + junk)


def test_a_call_tells_its_operation_login_and_profile() -> None:
    time = read_call(GET_TIME)
    assert time is not None
    assert (time.operation, time.token) == ("GetSystemDateAndTime", None)
    body = '<g:GetSnapshotUri xmlns:g="http://www.onvif.org/ver20/media/wsdl"><g:ProfileToken>P</g:ProfileToken></g:GetSnapshotUri>'
    call = read_call(envelope(body, wsse("p")))
    assert call is not None
    assert (call.operation, call.profile, call.token is not None) == ("media2.GetSnapshotUri", "P", True)


def test_replies_speak_the_protocol_of_the_request() -> None:
    rtsp = Request(method="OPTIONS", target="rtsp://h/a?b", is_rtsp=True, body=b"", cseq="9")
    assert (rtsp.path, Request(method="GET", target="/x?y", is_rtsp=False, body=b"").path) == ("/a", "/x")
    assert render(Reply(), rtsp) == b"RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n"
