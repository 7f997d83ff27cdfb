"""`camkeeper access` on the file itself, and through a monitor that runs: real processes, real sign-ins."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from camkeeper.cli import app
from camkeeper.run.access import check_reach
from camkeeper.run.board import BoardError, parse_listen

CONFIG = """\
name: 试验镇
datum: wgs84
uplinks: [{id: up, name: 上行, beacons: ["127.0.0.1:9"]}]
sites: [{id: town, name: 试验镇, kind: town, target: 95, timezone: Asia/Shanghai}]
devices: []
"""
PROGRAM = [sys.executable, "-m", "camkeeper"]
PLAIN = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def access(ledger: Path, *words: str, line: str = "", code: int = 0) -> Result:
    done = CliRunner().invoke(app, ["access", *words, "--ledger", str(ledger)], input=line)
    assert done.exit_code == code, (done.stdout, done.stderr, done.exception)
    return done


@contextmanager
def monitor(folder: Path, *words: str) -> Iterator[str]:
    """Run the monitor of a township without devices; yields the board's address."""
    config = folder / "cameras.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    command = [*PROGRAM, "run", "--config", str(config), "--ledger", str(folder / "t.ledger"), "--log", "json"]
    log = (folder / "log").open("a")
    with subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0", *words], stdout=subprocess.PIPE, stderr=log, text=True, env=PLAIN
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found, (folder / "log").read_text()
            yield found[0]
        finally:
            process.terminate()
            process.wait(20)
            log.close()


def ask(address: str, path: str, *, bearer: str = "") -> int:
    request = urllib.request.Request(f"{address}{path}")  # noqa: S310 - loopback
    if bearer:
        request.add_header("Authorization", f"Bearer {bearer}")
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - loopback
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_accounts_are_kept_where_no_monitor_runs(tmp_path: Path) -> None:
    ledger = tmp_path / "t.ledger"
    access(ledger, "list", code=1)
    link = access(ledger, "first")
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/login\?once=[\w-]{43}\n", link.stdout)
    once = access(ledger, "add", "王工", "--role", "contractor", "--contractor", "weibao-a", "--site", "dg01")
    assert re.fullmatch(r"(\w{4}-){3}\w{4}\n", once.stdout)
    access(ledger, "add", "王工", "--role", "official", code=1)
    access(ledger, "passwd", "admin", line="password\n", code=1)
    access(ledger, "passwd", "admin", line="willows by the river\n")
    access(ledger, "disable", "admin", code=1)
    access(ledger, "disable", "王工")
    listed = access(ledger, "list").stdout
    for word in ("admin", "王工", "contractor", "dg01 weibao-a", "停用 disabled"):
        assert word in listed
    token = access(ledger, "token", "add", "大屏", "--role", "wall", "--days", "30").stdout.strip()
    assert token.startswith("ck_")
    found = re.search(r"\b[0-9a-f]{8}\b", access(ledger, "token", "list").stdout)
    assert found
    access(ledger, "token", "revoke", found[0])
    access(ledger, "token", "revoke", found[0], code=1)
    head = access(ledger, "audit", "--verify").stdout.strip()
    access(ledger, "passwd", "王工", "--once")
    assert "password_reset" in access(ledger, "audit").stdout
    access(ledger, "audit", "--head", head)
    assert "截断" in access(ledger, "audit", "--head", "0" * 64, code=1).stderr
    assert token not in (tmp_path / "t.access").read_bytes().decode("latin-1")


def test_a_changed_letter_is_told_with_its_number(tmp_path: Path) -> None:
    ledger = tmp_path / "t.ledger"
    access(ledger, "add", "王工", "--role", "official")
    path = tmp_path / "t.access"
    whole = path.read_bytes()
    at = whole.rindex(b"account_add")
    path.write_bytes(whole[:at] + b"account_bad" + whole[at + 11 :])
    told = access(ledger, "audit", "--verify", code=1).stderr
    assert "第 2 条" in told
    assert "entry 2 " in told


@pytest.mark.slow
def test_a_running_monitor_asks_who_comes_and_takes_commands_of_its_owner(tmp_path: Path) -> None:
    ledger = tmp_path / "t.ledger"
    with monitor(tmp_path) as address:
        assert ask(address, "healthz") in {200, 503}
        assert ask(address, "api/v1/standing") == 401
        assert ask(address, "api/v1/standing", bearer="ck_wrong") == 401
        said = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
        assert any(s.get("event") == "first_password" for s in said), "where no terminal is, the way is told, no secret"
        link = access(ledger, "first").stdout.strip()
        assert link.startswith(f"{address}login?once=")
        access(ledger, "passwd", "admin", line="willows by the river\n")
        access(ledger, "passwd", "nobody", line="willows by the river\n", code=1)
        wall = access(ledger, "token", "add", "大屏", "--role", "wall").stdout.strip()
        program = access(ledger, "token", "add", "程序", "--role", "technician").stdout.strip()
        assert ask(address, "api/v1/standing", bearer=wall) == 403
        assert ask(address, "api/v1/standing", bearer=program) == 200
        key = (tmp_path / "t.localkey").read_text().strip()
        assert ask(address, "api/v1/accounts", bearer=f"{key}.tester") == 200
        (row, *_) = [r for r in access(ledger, "token", "list").stdout.splitlines() if "程序" in r]
        found = re.search(r"\b[0-9a-f]{8}\b", row)
        assert found
        access(ledger, "token", "revoke", found[0])
        assert ask(address, "api/v1/standing", bearer=program) == 401
        done = CliRunner().invoke(app, ["ack", "none", "--by", "王工", "--ledger", str(ledger)])
        assert "404" in done.stderr or "没有" in done.stderr, done.stderr  # let in, and told that there is none
        access(ledger, "audit", "--verify")
        assert key not in (tmp_path / "log").read_text()
    assert not (tmp_path / "t.localkey").exists()
    with monitor(tmp_path) as address:
        assert ask(address, "wall", bearer=wall) == 200, "tokens outlive a restart"
        assert ask(address, "api/v1/accounts", bearer=f"{key}.tester") == 401, "the key of a run does not"


def test_beyond_loopback_only_with_a_password_of_ones_own(tmp_path: Path) -> None:
    ledger = tmp_path / "t.ledger"
    check_reach(ledger, "127.0.0.1:80", "127.0.0.1")
    with pytest.raises(BoardError, match="camkeeper access passwd admin"):
        check_reach(ledger, "0.0.0.0:80", "0.0.0.0")
    access(ledger, "first")
    with pytest.raises(BoardError, match="camkeeper access passwd admin"):
        check_reach(ledger, "0.0.0.0:80", "0.0.0.0")
    access(ledger, "passwd", "admin", line="willows by the river\n")
    check_reach(ledger, "0.0.0.0:80", "0.0.0.0")
    assert parse_listen("0.0.0.0:80", login=True) == ("0.0.0.0", 80)
    access(ledger, "first")  # a link was made: a one-time password stands again
    with pytest.raises(BoardError):
        check_reach(ledger, "0.0.0.0:80", "0.0.0.0")
