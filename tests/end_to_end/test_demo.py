"""`camkeeper demo`, as `make run` starts it: one command, one address, one Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.end_to_end.town import ROOT, Monitor, demo_config, eventually


@pytest.mark.slow
@pytest.mark.timeout(300)  # a busy machine draws 144 cameras' villages for more than a minute
def test_the_board_shows_the_scenario_and_ctrl_c_ends_all_of_it(tmp_path: Path) -> None:
    config = demo_config(tmp_path, net=66)
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "camkeeper", "demo", "--config", str(config)),
            *("--scenario", str(ROOT / "config/demo-scenario.yaml"), "--ledger", str(tmp_path / "demo.ledger")),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as demo:
        assert demo.stdout is not None
        address = re.search(r"http://\S+", demo.stdout.readline())
        assert address
        monitor = Monitor(process=demo, address=address[0])
        family = psutil.Process(demo.pid).children(recursive=True)
        assert family
        eventually(lambda: sum(monitor.get("api/v1/standing")["now"]["cameras"].values()) == 144)
        eventually(lambda: monitor.get("api/v1/standing")["now"]["cameras"]["unknown"] == 0)
        eventually(lambda: monitor.status("dg03-cam-02") == "degraded")  # somebody changed its password
        waiting = monitor.get("api/v1/devices?status=degraded")["devices"]
        assert len(waiting) < 40, "pictures came too late"
        pole = [d["id"] for d in monitor.get("api/v1/devices?status=down")["devices"]]
        assert pole
        page = monitor.get("metrics")
        assert "camkeeper_villages 27" in page
        os.killpg(demo.pid, signal.SIGINT)
        demo.wait(10)
        psutil.wait_procs(family, timeout=5)
        assert not any(one.is_running() for one in family)
        assert demo.stderr is not None
        said = demo.stderr.read()
    assert "Traceback" not in said
