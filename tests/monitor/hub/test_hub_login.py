"""`camkeeper hub run` with its door: who comes in, by what, and from where it refuses to be reached."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.peers.county import ROOT, County, nats_server
from typer.testing import CliRunner

from camkeeper.cli import app

PASSWORD = "一头牛站在村口的大槐树下"


def run(*words: str, given: str | None = None) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words), input=given)
    return done.exit_code, done.stdout, done.stderr


def got(address: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    request = urllib.request.Request(address, headers=dict(headers or {}))  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:  # noqa: S310 - loopback
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_without_a_password_of_ones_own_the_county_is_not_reached_from_elsewhere(county: County) -> None:
    county.init("e1")
    (county.hub_folder / "hub.yaml").write_text("board:\n  tls: {certificate: a.pem, key: a.key}\n", encoding="utf-8")
    hub, program = str(county.hub_folder), ("--nats-server", nats_server())
    code, _, told = run("hub", "run", hub, "--listen", "0.0.0.0:0", *program)
    assert code == 1
    assert "no admin has a password of their own" in told
    code, _, told = run("hub", "run", hub, "--listen", "0.0.0.0:0", "--login", "open", *program)
    assert code == 1
    assert "loopback" in told
    assert not (county.hub_folder / "nats.conf").exists(), "nothing was started"


@pytest.mark.slow
def test_the_countys_door(county: County) -> None:
    county.init("e1")
    hub = county.hub_folder
    # Before the first run, on the files themselves.
    assert run("access", "passwd", "admin", "--ledger", str(hub), given=f"{PASSWORD}\n")[0] == 0
    command = [sys.executable, "-m", "camkeeper", "hub", "run", str(hub), "--listen", "127.0.0.1:0"]
    with (
        (county.folder / "hub.log").open("wb") as log,
        subprocess.Popen(
            [*command, "--nats-server", nats_server()], stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("看板"), county.logs()
            address = line.split()[-1]
            assert got(f"{address}api/v1/county")[0] == 401
            assert got(f"{address}metrics")[0] == 401
            assert got(f"{address}healthz")[0] == 200
            page = got(address, {"Accept": "text/html"})
            assert (page[0], "密码" in page[1]) == (200, True), "the way to the form"
            secret = made("token", "add", "抓取", "--role", "metrics", hub=hub)
            assert got(f"{address}metrics", {"Authorization": f"Bearer {secret}"})[0] == 200
            assert got(f"{address}api/v1/county", {"Authorization": f"Bearer {secret}"})[0] == 403
            secret = made("token", "add", "市平台", "--role", "county", hub=hub)
            status, text = got(f"{address}api/v1/county", {"Authorization": f"Bearer {secret}"})
            assert (status, json.loads(text)["missing"]) == (200, ["e1"])
            code, audit, _ = run("access", "audit", "--ledger", str(hub))
            assert code == 0
            assert "市平台" in audit
            assert run("access", "audit", "--verify", "--ledger", str(hub))[0] == 0
            assert "admin" in run("access", "list", "--ledger", str(hub))[1]
        finally:
            process.terminate()
            process.wait(20)


def made(*words: str, hub: Path) -> str:
    code, out, told = run("access", *words, "--ledger", str(hub))
    assert code == 0, told
    return out.strip().splitlines()[-1]
