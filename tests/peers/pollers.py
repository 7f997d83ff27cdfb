"""A township of virtual cameras with its keeper and pollers as processes of their own, to be killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.peers.county import nats_server
from tests.peers.process import free_port

from camkeeper.bus.private import new_password
from camkeeper.crew import settings as crew_settings
from camkeeper.crew.settings import CrewSettings, MemberSettings, enlisted, sealed, trust_of
from camkeeper.probe.latch import FileLatches
from camkeeper.relay import settings as relay_settings
from camkeeper.relay.settings import EdgeSettings
from camkeeper.run.app import latches_beside

ROOT = Path(__file__).parents[2]
EDGE = "t1"


def free_range(count: int) -> int:
    """Return the first of so many ports of 127.0.0.1 that were free a moment ago, below those that clients get."""
    for base in range(12_000 + os.getpid() % 500 * 20, 32_000 - count, count):
        socks: list[socket.socket] = []
        try:
            for port in range(base, base + count):
                socks.append(socket.socket())
                socks[-1].bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for sock in socks:
                sock.close()
        return base
    raise RuntimeError("no free ports")


@dataclass
class Township:
    """Folders and processes. `every_s`: the cameras' poll; `probe`: more of the configuration's probe policy."""

    folder: Path
    count: int = 40
    every_s: float = 2.0
    local: bool = False
    tls: bool = False
    shards: int = 12
    program: str = ""
    probe: dict[str, float] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    address: str = ""
    control_port: int = 0

    @property
    def config(self) -> Path:
        return self.folder / "cameras.yaml"

    @property
    def edge(self) -> Path:
        return self.folder / "edge"

    @property
    def ledger(self) -> Path:
        return self.edge / "camkeeper.ledger"

    def init(self, *members: str) -> None:
        """Start the cameras; write the files of the edge and of its pollers. The hub is nowhere: nobody needs it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fleet = self.start(
            "fleet",
            *("fleet", "--count", str(self.count), "--port-base", str(free_range(self.count))),
            *("--write-config", str(self.config), "--pictures", "light", "--control-port", "0", "--with-parent"),
        )
        assert fleet.stdout is not None
        self.control_port = int(json.loads(fleet.stdout.readline())["control_port"])
        wished = yaml.safe_load(self.config.read_text())
        policy = {"every_s": self.every_s, "picture_every_s": 30, "full_every_s": 600, "timeout_s": 2, **self.probe}
        wished.setdefault("policy", {}).setdefault("probe", {}).update(policy)
        self.config.write_text(yaml.safe_dump(wished, allow_unicode=True))
        edge = EdgeSettings(
            edge_id=EDGE,
            hub_url=f"nats-leaf://t1:nobody@127.0.0.1:{free_port()}",
            password=new_password(),
            port=free_port(),
            max_store_bytes=64 << 20,
        )
        relay_settings.save(self.edge, edge)
        crew = CrewSettings(shards=self.shards, local=self.local)
        crew = sealed(crew, self.edge, EDGE) if self.tls else crew
        trust, key = trust_of(self.edge, crew, EDGE), FileLatches(latches_beside(self.ledger)).key
        for name in members:
            crew = enlisted(crew, name)
            member = MemberSettings(
                edge_id=EDGE,
                name=name,
                host="127.0.0.1",
                port=edge.port,
                password=crew.members[name],
                shards=self.shards,
                key=key,
                certificate="" if trust is None else trust.pem,
            )
            crew_settings.save_member(self.edge / f"{name}.json", member)
        crew_settings.save(self.edge, crew)

    def start(self, name: str, *words: str) -> subprocess.Popen[str]:
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "camkeeper", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                env={
                    **os.environ,
                    "CAMKEEPER_FLEET_PASSWORD": "of-the-fleet",
                    "CAMKEEPER_NATS_SERVER": self.program or nats_server(),
                },
            )
        return self.processes[name]

    def start_keeper(self) -> None:
        where = ("--config", str(self.config), "--listen", "127.0.0.1:0", "--login", "open", "--log", "json")
        keeper = self.start("keeper", "edge", "run", str(self.edge), *where)
        assert keeper.stdout is not None
        line = keeper.stdout.readline()
        assert line.startswith("看板"), self.logs()
        self.address = line.split()[-1]

    def start_member(self, name: str) -> None:
        where = ("--config", str(self.config), "--log", "json")
        self.start(name, "edge", "poller", str(self.edge / f"{name}.json"), *where)

    def pace(self, **probe: float) -> None:
        """Have the keeper ask by another policy; pollers adopt the file by themselves."""
        wished = yaml.safe_load(self.config.read_text())
        wished["policy"]["probe"].update(probe)
        self.config.write_text(yaml.safe_dump(wished, allow_unicode=True))
        self.processes["keeper"].send_signal(signal.SIGHUP)

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait(10)

    def kill_bus(self) -> None:
        os.kill(int((self.edge / "nats.pid").read_text()), signal.SIGKILL)

    def metrics(self) -> dict[str, float]:
        """Return the keeper's metrics; of those with labels, `name{first label}`."""
        with urllib.request.urlopen(f"{self.address}metrics", timeout=20) as reply:  # noqa: S310 - loopback
            text = reply.read().decode()
        return {
            s.name + (f"{{{next(iter(s.labels.values()))}}}" if s.labels else ""): s.value
            for family in text_string_to_metric_families(text)
            for s in family.samples
        }

    def control(self, **words: object) -> dict[str, Any]:
        with socket.create_connection(("127.0.0.1", self.control_port), timeout=20) as sock, sock.makefile("rw") as io:
            io.write(json.dumps(words) + "\n")
            io.flush()
            answer: dict[str, Any] = json.loads(io.readline())
        assert answer["ok"], answer
        return answer

    def questions(self) -> dict[str, int]:
        """Return how often each camera was asked for its time: once in each probe."""
        counters = self.control(do="counters")["counters"]
        return {i: c["requests"].get("GetSystemDateAndTime", 0) for i, c in counters.items() if i.startswith("cam-")}

    def refused(self) -> dict[str, int]:
        return {i: c["refused"] for i, c in self.control(do="counters")["counters"].items() if i.startswith("cam-")}

    def wait_for(self, what: str, condition: Callable[[], bool], timeout_s: float = 30.0) -> float:
        """Return the seconds that it took."""
        began_s = time.monotonic()
        while time.monotonic() < began_s + timeout_s:
            if condition():
                return time.monotonic() - began_s
            time.sleep(0.1)
        raise AssertionError(f"{what} did not come about\n{self.logs()}")

    def all_held(self, *members: str) -> bool:
        """Whether every shard is held, and each of these members holds some."""
        now = self.metrics()
        shared = all(now.get(f"camkeeper_crew_member_shards{{{name}}}", 0) > 0 for name in members)
        return now["camkeeper_crew_shards_unheld"] == 0 and shared

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def logs(self) -> str:
        return "\n".join(f"== {p.name}\n{p.read_text(errors='replace')[-2500:]}" for p in self.folder.glob("*.log"))
