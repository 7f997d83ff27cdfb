"""No secret leaves through the log."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from camkeeper import logs

CANARY = "kanarienvogel-7Qx"


@pytest.mark.parametrize(
    "line",
    [
        f"rtsp://monitor:{CANARY}@10.0.0.8:554/live",
        f'Authorization: Digest username="m", response="{CANARY}"',
        f"password={CANARY}",
        f'{{"secret": "{CANARY}"}}',
    ],
)
def test_redacted(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(form="json")
    structlog.get_logger("test").info("探测", line=line)
    logging.getLogger("aiohttp").warning("said", extra={"line": line})
    logging.getLogger("aiohttp").warning("said %s", line)
    err = capsys.readouterr().err
    assert CANARY not in err
    assert [json.loads(each)["level"] for each in err.splitlines()] == ["info", "warning", "warning"]
