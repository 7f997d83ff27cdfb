"""Steps of people go to the running monitor, through its board: there is one writer of a ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camkeeper.cli.say import fail

if TYPE_CHECKING:
    from urllib.request import BaseHandler

WITHIN_S = 15.0
FILE_WITHIN_S = 200.0
TOKEN_ENV = "CAMKEEPER_TOKEN"  # noqa: S105  (the name of a variable)


def post(path: str, fields: Mapping[str, str], *, ledger: Path, board: str | None) -> dict[str, Any]:
    """Send one step and return the answer; ends by `typer.Exit` with the board's own words where it was not taken."""
    return _post(path, json.dumps(fields).encode(), "application/json", ledger=ledger, board=board, within_s=WITHIN_S)


def post_file(
    path: str, fields: Mapping[str, str], file: tuple[str, str, bytes], *, ledger: Path, board: str | None
) -> dict[str, Any]:
    """Send one step with a file: (field, name, bytes). Ends as `post` does."""
    import secrets
    from urllib.parse import quote

    boundary = secrets.token_hex(16)
    name, file_name, data = file
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    quoted = quote(file_name, safe=" ()+,-.=@[]_")
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{quoted}"\r\n'
    parts.append(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + data + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    kind = f"multipart/form-data; boundary={boundary}"
    return _post(path, b"".join(parts), kind, ledger=ledger, board=board, within_s=FILE_WITHIN_S)


def get(path: str, *, ledger: Path, board: str | None) -> dict[str, Any]:
    """Return what the board says; ends by `typer.Exit` with its own words where it says no."""
    return _post(path, None, "", ledger=ledger, board=board, within_s=WITHIN_S)


def _post(
    path: str, body: bytes | None, content_type: str, *, ledger: Path, board: str | None, within_s: float
) -> dict[str, Any]:
    import urllib.error
    import urllib.request

    where = address(ledger, board)
    request = urllib.request.Request(  # noqa: S310 - http or https, as `address` saw to
        f"{where}/{path}",
        data=body,
        headers={} if body is None else {"Content-Type": content_type},
        method="GET" if body is None else "POST",
    )
    key = _bearer(ledger, where)
    if key:  # not to where the board might send us on
        request.add_unredirected_header("Authorization", f"Bearer {key}")
    # The board is here, not behind a proxy.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *_own_certificate(ledger, where))
    try:
        with opener.open(request, timeout=within_s) as reply:
            said = reply.read()
    except urllib.error.HTTPError as error:
        zh, en = _said(error.read(65_536), error.code)
        if error.code == HTTPStatus.UNAUTHORIZED and not key:
            zh, en = _no_key(zh, en)
        if body is None:
            fail(zh, en)
        fail(f"没有登记：{zh}", f"not taken: {en}")
    except OSError as error:
        fail(
            f"看板 {where} 不应答（{error}）；监测在运行吗？也可用 --board 指明地址",
            f"the board at {where} does not answer; is the monitor running? --board names another address",
        )
    try:
        answer = json.loads(said)
    except ValueError:
        answer = None
    return answer if isinstance(answer, dict) else {}


def _own_certificate(ledger: Path, where: str) -> list[BaseHandler]:
    """Return what knows the certificate of the monitor on this machine; nothing where the address is another one."""
    from camkeeper.cli.pin import PinnedHandler
    from camkeeper.run.board import address_beside, pin_beside

    try:
        own = address_beside(ledger).read_text(encoding="utf-8").strip().rstrip("/")
        pin = pin_beside(ledger).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return []
    return [PinnedHandler(pin)] if own == where else []


def _bearer(ledger: Path, where: str) -> str | None:
    """Return what lets this command in: a token that was given to it, or the key of the monitor on this machine.

    The key goes to the address that the monitor wrote beside its ledger and to no other.
    """
    import os

    from camkeeper.access.localkey import bearer
    from camkeeper.run.board import address_beside

    given = os.environ.get(TOKEN_ENV)
    if given:
        return given
    try:
        own = address_beside(ledger).read_text(encoding="utf-8").strip().rstrip("/")
    except (OSError, UnicodeDecodeError):
        return None
    return bearer(ledger) if own == where else None


def _no_key(zh: str, en: str) -> tuple[str, str]:
    return (
        f"{zh}；请以监测程序的用户运行本命令，或在环境变量 {TOKEN_ENV} 中给出令牌",
        f"{en}; run this as the user of the monitor, or give a token in {TOKEN_ENV}",
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
