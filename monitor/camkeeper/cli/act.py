"""Steps of people go to the running monitor, through its board: there is one writer of a ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from camkeeper.cli.say import fail

WITHIN_S = 15.0


def post(path: str, fields: Mapping[str, str], *, ledger: Path, board: str | None) -> None:
    """Send one step; ends by `typer.Exit` with the board's own words where it was not taken."""
    import urllib.error
    import urllib.request

    where = address(ledger, board)
    request = urllib.request.Request(  # noqa: S310 - http or https, as `address` saw to
        f"{where}/{path}",
        data=json.dumps(fields).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the board is here, not behind a proxy
    try:
        with opener.open(request, timeout=WITHIN_S) as reply:
            reply.read()
    except urllib.error.HTTPError as error:
        zh, en = _said(error.read(65_536), error.code)
        fail(f"没有登记：{zh}", f"not taken: {en}")
    except OSError as error:
        fail(
            f"看板 {where} 不应答（{error}）；监测在运行吗？也可用 --board 指明地址",
            f"the board at {where} does not answer; is the monitor running? --board names another address",
        )


def address(ledger: Path, board: str | None) -> str:
    """Return where the board is, without a slash at its end."""
    from urllib.parse import urlsplit

    from camkeeper.run.board import address_beside

    if board is None:
        try:
            board = address_beside(ledger).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            fail(
                f"找不到 {ledger} 的看板地址：监测未运行过；可用 --board 指明",
                f"no monitor has run on {ledger}: its board is not known; name it by --board",
            )
    try:
        parts = urlsplit(board)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query
    except ValueError:
        good = False
    if not good:
        fail(f"{board} 不是看板地址（http://主机:端口）", f"{board} is no board's address (http://HOST:PORT)", code=2)
    return board.rstrip("/")


def _said(body: bytes, status: int) -> tuple[str, str]:
    """Return the board's sentences, or its status where it said nothing that can be read."""
    try:
        said = json.loads(body)
        found = said.get("error", said)
        return str(found["zh"]), str(found["en"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"HTTP {status}", f"HTTP {status}"
