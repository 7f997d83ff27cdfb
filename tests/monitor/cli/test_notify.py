"""`camkeeper notify test` as people run it: exit 0 only where the platform's body says accepted."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from tests.peers.mail_stub import Mailbox, mail_server
from tests.peers.platform_stub import hangs, platform, says

CANARY = "SECcanary0123456789"
CONFIG = """\
name: 大郭镇
datum: wgs84
uplinks: [{{id: up, name: 上行, beacons: ["10.0.0.1:80"]}}]
sites: [{{id: town, name: 镇, kind: town, target: 95, timezone: Asia/Shanghai}}]
channels:
- {{id: duty, kind: wecom, name: 值班群, url: "{url}/send", token: "file:key"}}
- {{id: gone, kind: wecom, token: "env:NOT_SET_ANYWHERE"}}
"""


async def run(*arguments: str | Path, **environment: str) -> tuple[int, str, str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "camkeeper",
        "notify",
        "test",
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )
    try:
        out, err = await asyncio.wait_for(child.communicate(), 60)
    finally:
        if child.returncode is None:
            child.kill()
    assert child.returncode is not None
    return child.returncode, out.decode(), err.decode()


async def test_accepted_and_refused() -> None:
    async with platform(says('{"errcode":0,"errmsg":"ok"}')) as stub:
        code, out, _ = await run("--kind", "wecom", "--url", stub.url + "/send", "--secret-env", "K", K=CANARY)
        assert code == 0
        assert "已接受" in out
        assert "accepted" in out
        assert stub.asked[0].raw_path == f"/send?key={CANARY}"
        assert "测试" in stub.asked[0].body.decode()
    async with platform(says('{"errcode":93000,"errmsg":"invalid webhook url"}')) as stub:
        url = f"{stub.url}/robot/send?access_token={CANARY}"
        code, out, err = await run("--kind", "dingtalk", "--url", url, "--secret-env", "K", "--json", K=CANARY + "2")
    told = json.loads(out)
    assert code == 1
    assert (told["ok"], told["outcome"], told["code"], told["detail"]) == (
        False,
        "refused",
        "93000",
        "invalid webhook url",
    )
    assert "sign=" in stub.asked[0].raw_path
    assert CANARY not in out + err


async def test_a_channel_of_the_configuration(tmp_path: Path) -> None:
    async with platform(says('{"errcode":45009,"errmsg":"api freq out of limit"}')) as stub:
        config = tmp_path / "cameras.yaml"
        config.write_text(CONFIG.format(url=stub.url), encoding="utf-8")
        (tmp_path / "key").write_text(CANARY, encoding="utf-8")
        code, out, err = await run("duty", "--config", config)
        missing, _, said = await run("gone", "--config", config)
        unknown, _, listed = await run("nobody", "--config", config)
    assert code == 1
    assert "45009" in out
    assert "api freq out of limit" in out
    assert "大郭镇" in stub.asked[0].body.decode()
    assert CANARY not in out + err
    assert (missing, unknown) == (1, 2)
    assert "NOT_SET_ANYWHERE" in said
    assert "duty gone" in listed


async def test_mail_and_short_messages() -> None:
    async with mail_server(Mailbox()) as box:
        code, out, _ = await run("--kind", "smtp", "--url", f"smtp://127.0.0.1:{box.port}", "--to", "duty@town.example")
    assert (code, len(box.mails)) == (0, 1)
    assert "250" in out
    assert box.mails[0]["Subject"] == "【测试】camkeeper"
    async with platform(says('{"ret":"OK"}')) as stub:
        code, out, _ = await run(
            "--kind", "sms", "--url", stub.url, "--to", "13800000000", "--success", "ret=OK", "--english", "--json"
        )
    assert code == 0
    assert json.loads(out)["segments"] == 1
    assert json.loads(stub.asked[0].body)["to"] == "13800000000"


async def test_nobody_answers() -> None:
    async with platform(hangs) as stub:
        code, out, _ = await run("--kind", "webhook", "--url", stub.url, "--timeout", "0.5")
    assert code == 1
    assert "timeout" in out


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("duty", "--kind", "wecom"),
        ("--kind", "wecom"),
        ("--kind", "telegram", "--url", "http://127.0.0.1/"),
        ("--kind", "wecom", "--url", "ftp://127.0.0.1/"),
        ("--kind", "smtp", "--url", "smtp://127.0.0.1:25"),
        ("--kind", "smtp", "--url", "smtp://u:pass@127.0.0.1", "--to", "a@b.example"),
        ("--kind", "smtp", "--url", "http://127.0.0.1", "--to", "a@b.example"),
        ("--kind", "smtp", "--url", "smtp://127.0.0.1", "--to", "a@b.example\nBcc: c"),
        ("--kind", "sms", "--url", "http://127.0.0.1/"),
    ],
)
def test_misuse(arguments: tuple[str, ...]) -> None:
    from typer.testing import CliRunner

    from camkeeper.cli import app

    told = CliRunner().invoke(app, ["notify", "test", *arguments])
    assert told.exit_code == 2
    assert "错误" in told.stderr
    assert "Error" in told.stderr
