"""How many bytes a township's monitor and its devices exchange: 200 virtual cameras every 60 s, three minutes.

Monitor and fleet run in a network namespace of their own, whose loopback interface carries nothing else; its counter is
read before and after. Headers of TCP and IP are in it, as few as a loopback's large packets have: on Ethernet it is
some percent more. Pictures are the fleet's light ones; a real camera's are told by their size and how often they are
asked for. Wants root. `--quick`: 40 cameras every 5 s, for 20 s.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psutil
import yaml

from bench_load import camkeeper, scraped
from figures import arguments, print_figures

INSIDE = "CAMKEEPER_BENCH_INSIDE"


def loopback_bytes() -> int:
    """Return what the namespace's loopback has carried."""
    return psutil.net_io_counters(pernic=True)["lo"].bytes_recv


async def measured(folder: Path, *, devices: int, every_s: float, seconds: float) -> dict[str, object]:
    config, environment = folder / "traffic.yaml", {**os.environ, "CAMKEEPER_FLEET_PASSWORD": "traffic-only"}
    with ExitStack() as stack:
        words = ("fleet", "--count", str(devices), "--port-base", "20000", "--write-config", str(config))
        command = camkeeper(*words, "--pictures", "light", "--with-parent")
        fleet = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment))
        stack.callback(fleet.terminate)
        assert fleet.stdout is not None
        json.loads(fleet.stdout.readline())
        wished = yaml.safe_load(config.read_text())
        probe = wished.setdefault("policy", {}).setdefault("probe", {})
        probe.update(every_s=every_s, picture_every_s=5 * every_s, full_every_s=60 * every_s)
        config.write_text(yaml.safe_dump(wished, allow_unicode=True))
        command = camkeeper("run", "--config", str(config), "--ledger", str(folder / "ledger"))
        monitor = stack.enter_context(
            subprocess.Popen(
                [*command, "--listen", "127.0.0.1:0", "--log", "json"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment,
            )
        )
        stack.callback(monitor.terminate)
        assert monitor.stdout is not None
        address, process = monitor.stdout.readline().split()[-1], psutil.Process(monitor.pid)
        await asyncio.sleep(1.2 * every_s)
        before, sent = scraped(address, process), loopback_bytes()
        await asyncio.sleep(seconds)
        carried = loopback_bytes() - sent
        probes = scraped(address, process).probes - before.probes
    return {
        "devices": devices,
        "probes": probes,
        "bytes_a_probe": round(carried / probes),
        "kbit_s_a_device_at_60_s": round(carried / probes / 60 / 125, 3),
    }


def main() -> None:
    """Measure in a namespace of our own and print."""
    options = arguments(__doc__ or "").parse_args()
    if os.geteuid() != 0:
        print("跳过：需要 root（网络命名空间） / skipped: network namespaces want root", file=sys.stderr)
        return
    if INSIDE not in os.environ:
        inner = [sys.executable, *sys.argv]
        script = 'ip link set lo up && exec "$@"'
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-n", "sh", "-c", script, "sh", *inner])  # noqa: S606 - our own words
    plan = (40, 5.0, 20.0) if options.quick else (200, 60.0, 180.0)
    with tempfile.TemporaryDirectory() as name:
        devices, every_s, seconds = plan
        figures = asyncio.run(measured(Path(name), devices=devices, every_s=every_s, seconds=seconds))
    print_figures("traffic", figures)


if __name__ == "__main__":
    main()
