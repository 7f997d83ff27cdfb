"""The running monitor on the demo township: reload, blindness, kill and restart, a clean stop."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.end_to_end.town import PASSWORD, ROOT, Town, eventually, program, town


@pytest.fixture
def dagou(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path, net=65) as running:
        yield running


def verified(ledger: Path) -> dict[str, object]:
    done = subprocess.run(
        program("verify", "--ledger", str(ledger), "--json"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    out: dict[str, object] = json.loads(done.stdout)
    return out


@pytest.mark.slow
def test_a_fault_is_seen_dated_back_and_a_stop_is_clean(dagou: Town) -> None:
    with dagou.monitor() as monitor:
        eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["up"] == 144)
        struck = dagou.fault("power", {"link": "sw-03"})
        assert len(struck) > 10
        eventually(lambda: all(monitor.status(device) == "down" for device in struck))
        dagou.clear()
        eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["up"] == 144)
        assert monitor.stop() < 5
    assert monitor.process.returncode == 0
    assert verified(dagou.ledger)["ok"]
    figures = json.loads(
        subprocess.run(program("sla", "--ledger", str(dagou.ledger), "--json"), capture_output=True, check=True).stdout
    )
    time = figures["sites"][0]["figures"][figures["deciding_policy"]]["net"]["time"]
    assert time["down_ms"] > 0
    assert "torrent" not in (dagou.folder / "monitor.log").read_text()
    assert b"torrent" not in dagou.ledger.read_bytes()


@pytest.mark.slow
def test_our_own_lost_uplink_makes_unknown_and_never_down(dagou: Town) -> None:
    with dagou.monitor() as monitor:
        eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["up"] == 144)
        behind = [d for d in dagou.fault("power", {"uplink": "up-telecom"}) if not d.startswith("beacon:")]
        eventually(lambda: all(monitor.status(device) == "unknown" for device in behind))
        standing = monitor.get("api/v1/standing")
        assert standing["now"]["cameras"]["down"] == 0
        assert any("up" in warning for warning in standing["monitor"]["warnings"])
        assert monitor.get("metrics").count('camkeeper_uplink_sees{uplink="up-telecom"} 0')
        dagou.clear()
        eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["up"] == 144)
        monitor.stop()
    figures = json.loads(
        subprocess.run(program("sla", "--ledger", str(dagou.ledger), "--json"), capture_output=True, check=True).stdout
    )
    for site in figures["sites"]:
        assert site["figures"][figures["deciding_policy"]]["net"]["time"]["down_ms"] == 0


@pytest.mark.slow
def test_reload_keeps_the_old_on_a_faulty_file_and_counts_only_lives(dagou: Town) -> None:
    good = dagou.config.read_text(encoding="utf-8")
    with dagou.monitor() as monitor:
        eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["up"] == 144)
        dagou.config.write_text(good.replace("every_s: 10", "evry_s: 10"), encoding="utf-8")
        monitor.process.send_signal(signal.SIGHUP)
        eventually(lambda: any("evry_s" in w for w in monitor.get("api/v1/standing")["monitor"]["warnings"]))
        (warning,) = monitor.get("api/v1/standing")["monitor"]["warnings"]
        assert "evry_s：未知的键" in warning.partition(" / ")[0]
        assert "evry_s: unknown key (did you mean every_s?)" in warning.partition(" / ")[2]
        assert monitor.get("readyz") == {"ready": True, "reasons": []}  # the old one is polled, its figures are current
        assert sum(monitor.get("api/v1/standing")["now"]["cameras"].values()) == 144
        without = "\n".join(line for line in good.splitlines() if "id: dg03-cam-02," not in line) + "\n"
        dagou.config.write_text(without, encoding="utf-8")
        monitor.process.send_signal(signal.SIGHUP)
        eventually(lambda: sum(monitor.get("api/v1/standing")["now"]["cameras"].values()) == 143)
        assert monitor.get("api/v1/standing")["monitor"]["warnings"] == []
        dagou.config.write_text(good, encoding="utf-8")
        monitor.process.send_signal(signal.SIGHUP)
        eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["up"] == 144)
        device = monitor.get("api/v1/devices/dg03-cam-02")
        assert device["month"]["buckets"]["absent_ms"] > 0
        monitor.stop()
    assert verified(dagou.ledger)["ok"]


@pytest.mark.slow
def test_killed_and_started_again_it_goes_on_and_the_gap_is_nobodys_fault(dagou: Town) -> None:
    for _ in range(3):
        with dagou.monitor() as monitor:
            eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["up"] == 144)
            monitor.process.kill()
            monitor.process.wait()
    assert verified(dagou.ledger)["ok"]
    figures = json.loads(
        subprocess.run(program("sla", "--ledger", str(dagou.ledger), "--json"), capture_output=True, check=True).stdout
    )
    time = figures["sites"][0]["figures"][figures["deciding_policy"]]["net"]["time"]
    assert time["down_ms"] == 0
    assert time["up_ms"] > 0


def test_a_second_monitor_on_one_ledger_is_refused(dagou: Town) -> None:
    with dagou.monitor():
        done = subprocess.run(
            program("run", "--config", str(dagou.config), "--ledger", str(dagou.ledger), "--listen", "127.0.0.1:0"),
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
    assert done.returncode == 1
    assert "无法启动" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_board_beyond_loopback_without_a_login_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        program("run", "--listen", "0.0.0.0:8080", "--ledger", str(tmp_path / "x.ledger"), "--login", "open"),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 1
    assert "loopback" in done.stderr


@pytest.mark.slow
def test_a_refused_password_is_tried_once_also_over_a_restart_until_an_operator_says_so(dagou: Town) -> None:
    dagou.fault("wrong_password", {"device": "dg03-cam-02"})
    for _ in range(2):
        with dagou.monitor() as monitor:
            eventually(lambda: monitor.status("dg03-cam-02") == "degraded")
            eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["up"] == 143)
            assert dagou.counters("dg03-cam-02")["refused"] == 1
            monitor.stop()
    with dagou.monitor() as monitor:
        command = program("unlatch", "--ledger", str(dagou.ledger))
        listed = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "dg03-cam-02" in listed.stdout
        assert PASSWORD not in listed.stdout
        assert subprocess.run([*command, "dg03-cam-02"], check=False).returncode == 0
        eventually(lambda: dagou.counters("dg03-cam-02")["refused"] == 2)
        assert subprocess.run([*command, "nobody"], check=False).returncode == 1
        monitor.stop()
