"""`camkeeper fleet` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.monitor.fleet.town import GET_TIME, free_host, free_ports, post

from camfleet.township import PASSWORD_ENV, configuration, meets_ephemeral, township
from camkeeper.config import load, read

TOWN = """\
name: 试验镇
datum: wgs84
credentials: [{{id: c, user: monitor, secret: "env:FLEET_TEST_PASSWORD"}}]
sites: [{{id: v1, name: 一村, kind: village, target: 95, timezone: Asia/Shanghai}}]
links: [{{id: pole-1, name: 一号杆, kind: pole}}]
devices:
- {{id: cam-1, name: 一号机, kind: camera, site: v1, link: pole-1, credential: c,
    address: {{host: {host}, port: {a}, rtsp_port: {a}}}}}
- {{id: cam-2, name: 二号机, kind: camera, site: v1, credential: c,
    address: {{host: {host}, port: {b}, rtsp_port: {b}}}}}
"""
SCENARIO = "seed: 3\nevents: [{at: 0s, for: 10h, fault: power, dead: refused, target: {device: cam-2}}]\n"


@contextmanager
def fleet(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [
        sys.executable,
        "-c",
        "from camkeeper.cli.fleet import fleet; import typer; typer.run(fleet)",
        *arguments,
    ]
    env = os.environ | {"FLEET_TEST_PASSWORD": "secret of this test"} | environment
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        yield process, json.loads(line) if line else {"error": process.stderr.read()}
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def config(tmp_path: Path) -> tuple[Path, str, int, int]:
    host = free_host()
    a, b = free_ports(host, 2)
    path = tmp_path / "town.yaml"
    path.write_text(TOWN.format(host=host, a=a, b=b), encoding="utf-8")
    return path, host, a, b


def command(port: int, **what: Any) -> dict[str, Any]:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock, sock.makefile("rw") as stream:
        stream.write(json.dumps(what) + "\n")
        stream.flush()
        answer: dict[str, Any] = json.loads(stream.readline())
        return answer


def answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=0.5) as sock:
            sock.sendall(post(GET_TIME))
            return sock.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


def test_ready_faults_by_control_truth_and_a_quick_end(config: tuple[Path, str, int, int], tmp_path: Path) -> None:
    path, host, a, b = config
    scenario, truth = tmp_path / "scenario.yaml", tmp_path / "truth.jsonl"
    scenario.write_text(SCENARIO)
    arguments = ("--config", str(path), "--scenario", str(scenario), "--truth", str(truth), "--control-port", "0")
    with fleet(*arguments, "--pictures", "light") as (process, ready):
        assert ready | {"ready": True, "devices": 2, "ports": 2, "seed": 3} == ready
        assert (answers(host, a), answers(host, b)) == (True, False)
        control = ready["control_port"]
        applied = command(control, do="apply", fault="hanging", target={"link": "pole-1"})
        assert applied == {"ok": True, "handle": 1, "devices": ["cam-1"]}
        assert not answers(host, a)
        state = command(control, do="state")["state"]
        assert state == {"cam-1": ["hanging"], "cam-2": ["power"]}
        assert command(control, do="clear", target={"device": ["cam-1"]}) == {"ok": True}
        assert answers(host, a)
        counted = command(control, do="counters", target={"device": "cam-1"})["counters"]["cam-1"]
        assert counted["requests"] == {"GetSystemDateAndTime": 2}
        for wrong in (
            {"do": "dance"},
            {"do": "apply", "fault": "hanging"},
            {"do": "state", "target": {"device": "cam-9"}},
        ):
            assert command(control, **wrong)["ok"] is False
        began = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.perf_counter() - began < 2
    lines = [json.loads(line) for line in truth.read_text().splitlines()]
    assert [(line.get("device"), line.get("state")) for line in lines[1:-1]] == [
        ("cam-2", "down"), ("cam-1", "down"), ("cam-1", "up"),
    ]  # fmt: skip
    assert lines[1]["began"] == ["event 0: power"]
    assert lines[3]["ended"] == ["manual 1: hanging"]
    assert [lines[0]["fleet"], lines[-1]["fleet"]] == ["start", "stop"]
    assert "secret of this test" not in truth.read_text()


def test_it_ends_with_its_parent(config: tuple[Path, str, int, int]) -> None:
    path, host, a, _ = config
    shell = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', 'camkeeper', 'fleet', "
        f"'--config', {str(path)!r}, '--with-parent', '--pictures', 'light'], "
        "stdout=subprocess.PIPE); p.stdout.readline(); print('up', flush=True); sys.stdin.read()"
    )
    env = os.environ | {"FLEET_TEST_PASSWORD": "x"}
    with subprocess.Popen(
        [sys.executable, "-c", shell], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        assert answers(host, a)
        parent.kill()
    deadline = time.perf_counter() + 5
    while answers(host, a) and time.perf_counter() < deadline:
        time.sleep(0.05)
    assert not answers(host, a)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "二者取一"),
        (("--config", "nowhere.yaml"), "读不到文件"),
        (("--count", "5", "--port-base", "65534"), "do not fit"),
        (("--count", "5", "--password-env", "NOT_SET_ANYWHERE"), "is not set"),
        (("--count", "5", "--scenario", "nowhere.yaml"), "cannot be read"),
    ],
)
def test_mistakes_are_told_in_both_languages(arguments: tuple[str, ...], words: str) -> None:
    with fleet(*arguments) as (process, said):
        assert words in said["error"]
        assert "错误：" in said["error"]
        assert "Error: " in said["error"]
        assert "Traceback" not in said["error"]
        assert process.wait(5) == (1 if arguments else 2)


def test_too_few_descriptors_are_told(tmp_path: Path) -> None:
    script = f"ulimit -n 300 && exec {sys.executable} -m camkeeper fleet --count 500 --port-base 20000"
    with subprocess.Popen(["/bin/sh", "-c", script], stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "501 listening ports are needed, but this process may open only 300 files" in said


def test_a_load_township_is_written_as_a_configuration_and_served(tmp_path: Path) -> None:
    base = free_ports("127.0.0.1", 1)[0] % 8_000 + 20_000
    written = tmp_path / "load.yaml"
    arguments = ("--count", "120", "--port-base", str(base), "--write-config", str(written), "--pictures", "light")
    with fleet(*arguments) as (process, ready):
        assert ready["kinds"] == {"camera": 120}
        registry = load(written)
        assert registry.devices == township(120, base).devices
        assert all(answers("127.0.0.1", d.address.port) for d in registry.devices[::30])
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0


def test_the_load_township_reads_back_as_it_was() -> None:
    made = township(130, 10_000)
    loaded = read(configuration(made, every_s=60.0).encode(), "load.yaml").registry
    assert (loaded.devices, loaded.links, loaded.sites) == (made.devices, made.links, made.sites)
    assert loaded.uplinks == made.uplinks
    assert loaded.credentials[0].secret_ref == f"env:{PASSWORD_ENV}"
    assert {loaded.line_of(d) for d in loaded.devices} == set(made.links[:2])
    assert meets_ephemeral(5_000, 30_000)
    assert not meets_ephemeral(5_000, 10_000)
