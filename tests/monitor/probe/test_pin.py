"""Pinning: what is left of a device's address, and which names are not asked."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.probe.bench_of_one import device, probing, verdicts

from camkeeper.clock import SimulatedClock
from camkeeper.model.probing import Depth, Rung, Verdict
from camkeeper.probe import pin


@pytest.mark.parametrize(
    ("uri", "port", "path"),
    [
        ("http://192.168.1.10/snap.jpg", 80, "/snap.jpg"),
        ("http://192.168.1.10:85/a/b.jpg?x=1&y=2", 85, "/a/b.jpg?x=1&y=2"),
        ("http://admin:pa:ss@10.0.0.1:8080/s ", 8080, "/s"),
        ("  http://10.0.0.1/webcapture.jpg?command=snap&user=admin&password=x \n", 80,
         "/webcapture.jpg?command=snap&user=admin&password=x"),
        ("https://10.0.0.1/s", 443, "/s"),
        ("rtsp://10.0.0.1:554/", 554, "/"),
        ("rtsp://10.0.0.1", 554, "/"),
        ("rtsp://10.0.0.1/user=admin_password=x_channel=1_stream=0.sdp?real_stream", 554,
         "/user=admin_password=x_channel=1_stream=0.sdp?real_stream"),
        ("http://[fe80::1]:81/s", 81, "/s"),
        ("/snap.jpg", 80, "/snap.jpg"),
        ("http://10.0.0.1//evil.example/x", 80, "//evil.example/x"),
        ("http://10.0.0.1/图 片.jpg", 80, "/%E5%9B%BE%20%E7%89%87.jpg"),
    ],
)  # fmt: skip
def test_only_port_and_path_are_left(uri: str, port: int, path: str) -> None:
    target = pin.target_of(uri)
    assert (target.port, target.path) == (port, path)


@pytest.mark.parametrize(
    "uri", ["", "  ", "http://h:99999/x", "http://[::1/x", "file:///etc/passwd", "http://h/a\r\nX: y", "x" * 5000]
)
def test_what_is_no_address_says_so(uri: str) -> None:
    with pytest.raises(pin.NotAnUriError):
        pin.target_of(uri)


@given(st.text(max_size=80))
def test_any_text_is_a_target_or_none(uri: str) -> None:
    try:
        target = pin.target_of(uri)
    except pin.NotAnUriError:
        return
    assert target.path.startswith("/")
    assert target.path.isascii()
    assert not set(target.path) & set(" \r\n\t")


def test_credentials_are_blotted_out() -> None:
    text = "/webcapture.jpg?command=snap&channel=0&user=admin&password=tlJwpbo6"
    assert pin.redacted(text) == "/webcapture.jpg?command=snap&channel=0&user=***&password=***"


@pytest.mark.parametrize(
    ("address", "guarded"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("169.254.169.254", True), ("fe80::1%eth0", True),
        ("0.0.0.0", True), ("::ffff:127.0.0.1", True), ("224.0.0.1", True),
        ("100.100.100.200", True), ("::ffff:100.100.100.200", True), ("100.100.100.201", False),
        ("192.168.1.10", False), ("10.0.0.1", False), ("203.0.113.7", False), ("2001:db8::1", False),
    ],
)  # fmt: skip
def test_addresses_that_a_name_must_not_lead_to(address: str, guarded: bool) -> None:
    assert pin.is_guarded(address) is guarded


async def _lookup(monkeypatch: pytest.MonkeyPatch, address: str) -> list[str]:
    """Let every name resolve to `address`, as a hijacked resolver does; return the names asked."""
    asked: list[str] = []

    def answer(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "169.254.1.1"])
async def test_a_name_that_turns_inward_is_not_asked(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    await _lookup(monkeypatch, address)
    async with probing() as prober:
        result = await prober.probe(device(80, host="camera.example"), None, Depth.FULL)
    assert verdicts(result)[Rung.REACH] is Verdict.MONITOR
    assert "loopback or link-local" in result.rungs[0].detail


async def test_a_name_is_looked_up_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = await _lookup(monkeypatch, "192.0.2.1")
    clock = SimulatedClock()
    names = pin.Names(elapsed_ms=clock.elapsed_ms)
    assert [await names.address("camera.example") for _ in range(3)] == ["192.0.2.1"] * 3
    clock.advance(60_001)
    await names.address("camera.example")
    assert asked == ["camera.example"] * 2
    assert await names.address("192.0.2.9") == "192.0.2.9"
    assert len(asked) == 2


async def test_an_unknown_name_says_nothing_of_the_device() -> None:
    async with probing() as prober:
        result = await prober.probe(device(80, host="camera.invalid"), None, Depth.QUICK)
    assert verdicts(result)[Rung.REACH] is Verdict.MONITOR
    assert verdicts(result)[Rung.TIME] is Verdict.SKIPPED
