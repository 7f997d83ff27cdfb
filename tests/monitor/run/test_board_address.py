"""Where the board may listen."""

from __future__ import annotations

import socket

import pytest
from aiohttp import ClientSession, web

from camkeeper.run.board import BoardError, parse_listen, serving


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080),
        ("localhost:0", "localhost", 0),
        ("127.64.3.2:65535", "127.64.3.2", 65535),
        ("[::1]:80", "::1", 80),
    ],
)
def test_loopback_is_taken(text: str, host: str, port: int) -> None:
    assert parse_listen(text) == (host, port)


@pytest.mark.parametrize(
    "text", ["", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1:65536", "127.0.0.1:²"]
)
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(BoardError, match="HOST:PORT"):
        parse_listen(text)


@pytest.mark.parametrize("text", [":8080", "0.0.0.0:8080", "[::]:8080", "192.168.1.2:80", "board.example:80"])
def test_beyond_loopback_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(BoardError, match="reverse proxy") as told:
        parse_listen(text)
    assert "反向代理" in str(told.value)


async def test_serving_tells_the_port_that_it_got_and_lets_go_of_it() -> None:
    async with serving(web.AppRunner(web.Application()), "127.0.0.1", 0) as address, ClientSession() as session:
        async with session.get(address) as reply:
            assert reply.status == 404
        port = int(address.rstrip("/").rpartition(":")[2])
    with socket.socket() as sock:
        assert sock.connect_ex(("127.0.0.1", port)) != 0


async def test_a_taken_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BoardError, match=f"127.0.0.1:{port}: .*--listen"):
            async with serving(web.AppRunner(web.Application()), "127.0.0.1", port):
                pass
