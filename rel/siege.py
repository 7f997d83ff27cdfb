"""Hostile devices among healthy ones, in a network namespace of its own: `unshare -n python -m rel.siege PLAN`.

Foreign addresses lie on the loopback interface there, with a listener behind each, so that whatever is sent to them
arrives and is counted; nftables counts besides, at the way out, what goes anywhere but to an enrolled host and port.
PLAN is JSON; the last line on stdout is what was seen.
"""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from camfleet.hostile import TRICKS
from camkeeper.ledger import LedgerReader
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from rel.canary import raw_words, secrets, shown
from rel.load import bound_of, scraped
from rel.town import Monitor, Town, camkeeper, environment, eventually, monitor, told, town

FOREIGN = ("203.0.113.7", "192.168.1.108", "169.254.169.254", "100.100.100.200", "127.0.0.2")
"""A stranger, the inner address of somebody's cameras, two clouds' metadata, and another loopback address."""
PORTS = (80, 443, 554, 8000)
OWN_PORT = 9_443
"""On the enrolled host, and not enrolled."""
_TABLE = """
table inet siege {
  set enrolled { type inet_service; flags interval; elements = { %s }; }
  counter foreign { }
  counter unenrolled { }
  counter datagrams { }
  counter six { }
  counter enrolled { }
  chain out {
    type filter hook output priority 0; policy accept;
    meta nfproto ipv6 counter name six
    meta l4proto != tcp counter name datagrams
    ip daddr != 127.0.0.1 counter name foreign
    ip daddr 127.0.0.1 tcp flags & (syn|ack) == syn tcp dport != @enrolled counter name unenrolled
    ip daddr 127.0.0.1 tcp dport @enrolled counter name enrolled
  }
}
"""


def _run(*words: str, given: str = "") -> str:
    program = shutil.which(words[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        raise FileNotFoundError(f"缺少 {words[0]} / {words[0]} is missing: scripts/debian-packages.sh --test")
    done = subprocess.run([program, *words[1:]], input=given, capture_output=True, text=True, check=True)
    return done.stdout


class Canaries:
    """Listeners where nobody has any business, and what arrived there."""

    def __init__(self, stack: ExitStack) -> None:
        self.connections = 0
        self.bytes = 0
        places = [(host, port) for host in FOREIGN for port in PORTS] + [("127.0.0.1", OWN_PORT)]
        for place in places:
            listener = stack.enter_context(socket.create_server(place))
            threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
        self.places = places

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = listener.accept()
                self.connections += 1
                with visitor, suppress(OSError):
                    visitor.settimeout(5)
                    while data := visitor.recv(65_536):
                        self.bytes += len(data)

    def sing(self) -> int:
        """Visit each by ourselves: who counts nothing now would count nothing later. Returns how many counted."""
        for place in self.places:
            with socket.create_connection(place, timeout=5) as visit:
                visit.sendall(b"x")
        eventually(lambda: self.bytes >= len(self.places), within_s=10)
        sung, self.connections, self.bytes = self.bytes, 0, 0
        return sung


def counters() -> dict[str, int]:
    """Return what went out, in packets."""
    listed = json.loads(_run("nft", "-j", "list", "counters"))["nftables"]
    return {one["counter"]["name"]: int(one["counter"]["packets"]) for one in listed if "counter" in one}


@dataclass(slots=True)
class Seen:
    """What the story saw."""

    facts: dict[str, Any] = field(default_factory=dict)


def _paced(wished: dict[str, Any], every_s: float) -> None:
    """Climb every ladder to its top each time, with a picture."""
    probe = wished["policy"]["probe"]
    probe |= {"every_s": every_s, "picture_every_s": every_s, "full_every_s": every_s, "timeout_s": min(5, every_s)}


def _decoder(process: psutil.Process) -> int | None:
    for child in process.children():
        with suppress(psutil.Error):
            if "camkeeper.picture.workerprocess" in child.cmdline():
                return child.pid
    return None


def _shot(watching: Monitor, how: signal.Signals) -> int:
    """End the process that decodes, in the middle of its work, and wait for the next and its pictures."""
    process = psutil.Process(watching.process.pid)
    eventually(lambda: _decoder(process) is not None, why="nobody decodes")
    pid = _decoder(process)
    assert pid is not None
    victim = psutil.Process(pid)
    before = watching.figures()["camkeeper_picture_diagnosed_total"]
    victim.send_signal(how)
    eventually(lambda: not victim.is_running(), within_s=10)
    eventually(
        lambda: (
            _decoder(process) not in {None, pid}
            and watching.figures()["camkeeper_picture_diagnosed_total"] > before + 3
        ),
        why=f"no picture after {how.name}",
    )
    return 1


def _hostile(here: Town, ids: list[str]) -> None:
    for number, device in enumerate(ids):
        where = (
            f"{FOREIGN[number % len(FOREIGN)]}:{PORTS[number % len(PORTS)]}" if number % 3 else f"127.0.0.1:{OWN_PORT}"
        )
        how = list(TRICKS)[number % len(TRICKS)]
        here.say(do="apply", fault="hostile", how=how, to=where, target={"device": device})


def _tricks(here: Town, ids: list[str]) -> dict[str, int]:
    out: dict[str, int] = dict.fromkeys(TRICKS, 0)
    found = here.say(do="counters", target={"device": ids})["counters"]
    for number, device in enumerate(ids):
        out[list(TRICKS)[number % len(TRICKS)]] += found[device]["tricks"]
    return out


def _left(here: Town, watching: Monitor, ledger: Path, config: Path, *, quick: bool) -> Path:
    """Make everything that leaves a monitor: pages, exports, a backup, a bundle, a workbook. Returns their folder."""
    out = here.folder / "out"
    out.mkdir()
    import urllib.request

    pages = (
        "",
        "devices",
        "devices/cam-00000",
        "audit",
        "metrics",
        "api/v1/standing",
        "api/v1/devices",
        "reports",
        "why",
    )
    for number, page in enumerate((*pages, *(f"devices/cam-{n:05d}" for n in range(1, 20)))):
        with suppress(OSError), urllib.request.urlopen(f"{watching.address}{page}", timeout=30) as reply:  # noqa: S310
            (out / f"page-{number}").write_bytes(reply.read())
    month = told(["sla", "--ledger", str(ledger), "--json"])["month"]
    both = ("--config", str(config), "--ledger", str(ledger))
    commands: tuple[tuple[str, ...], ...] = (
        ("backup", str(out / "b.tar"), *both),
        ("export", "--kml", str(out / "a.kml"), *both),
        ("export", "--geojson", str(out / "a.geojson"), *both),
        ("export", "--csv", str(out / "a.csv"), *both),
        ("export", "--month", month, "--out", str(out / "month.ckb"), *both),
        ("report", "--format", "xlsx", "--out", str(out / "r.xlsx"), *both),
        ("doctor", "--json", *both),
        ("status", *both),
    )
    # What a quick run leaves out costs a process each, and says the same in another form.
    for words in commands if not quick else (commands[0], commands[3], commands[4], commands[5]):
        done = subprocess.run(camkeeper(*words), capture_output=True, check=False, env=environment(), timeout=60)
        (out / f"said-{words[0]}-{words[1].strip('-')[:8].replace('/', '_')}").write_bytes(done.stdout + done.stderr)
    return out


def _watched(here: Town, plan: dict[str, Any], ids: list[str], seen: Seen) -> None:
    ledger = here.folder / "town.ledger"
    config = here.amend(lambda wished: _paced(wished, plan["every_s"]), name="siege.yaml")
    healthy = [f"cam-{n:05d}" for n in range(plan["devices"]) if f"cam-{n:05d}" not in ids]
    with monitor(config, ledger) as watching:
        _run(
            "nft",
            "add",
            "element",
            "inet",
            "siege",
            "enrolled",
            f"{{ {watching.address.rsplit(':', 1)[1].strip('/')} }}",
        )
        process = psutil.Process(watching.process.pid)
        eventually(lambda: watching.stored() >= plan["devices"], why="not all were asked", within_s=90)
        before = scraped(watching.address, process)
        time.sleep(plan["watch_s"] / 2)
        killed = _shot(watching, signal.SIGKILL) + _shot(watching, signal.SIGSEGV)
        time.sleep(plan["watch_s"] / 2)
        after = scraped(watching.address, process)
        out = _left(here, watching, ledger, config, quick=plan["quick"])
        seen.facts |= {
            "out": counters(),
            "tricks": _tricks(here, ids),
            "workers_killed": killed,
            "rss_mb": round(after.rss_mb, 1),
            "late_p99_s": bound_of(before.late["healthy"], after.late["healthy"], 0.99),
            "healthy_not_up": _not_up(ledger, healthy),
            "missed": after.missed - before.missed,
        }
        watching.process.send_signal(signal.SIGABRT)  # a crash, which must leave no image of its memory
        seen.facts["crashed_with"] = watching.process.wait(30)
    log = Path(f"{ledger}.log").read_text(encoding="utf-8")
    seen.facts["tracebacks"] = log.count("Traceback")
    seen.facts["cores"] = len([path for path in here.folder.rglob("core*") if path.is_file()])
    seen.facts["secrets"], searched = secrets(here.folder)
    seen.facts["raw"] = raw_words(out)
    seen.facts["searched"], seen.facts["shown"] = searched, shown(out)


def _not_up(ledger: Path, healthy: list[str]) -> list[str]:
    """Return healthy devices that the record calls anything but up, ever since they were first answered."""
    with LedgerReader(ledger) as reader:
        known = reader.statuses()
        period = Span(start_ms=0, end_ms=reader.last_tick_ms() or 0)
        down = {i.device_id for i in reader.intervals(period) if i.status is Status.DOWN}
    return [
        f"{device} {known.get(device)}" for device in healthy if device in down or known.get(device) is not Status.UP
    ]


def main() -> None:
    """Tell the story."""
    plan = json.loads(sys.argv[1])
    seen = Seen()
    _run("ip", "link", "set", "lo", "up")
    for host in FOREIGN[:-1]:
        _run("ip", "address", "add", f"{host}/32", "dev", "lo")
    with ExitStack() as stack:
        canaries = Canaries(stack)
        here = stack.enter_context(town(Path(plan["folder"]), devices=plan["devices"], every_s=plan["every_s"]))
        ids = [f"cam-{n:05d}" for n in range(plan["hostile"])]
        first = min(device["address"]["port"] for device in _devices(here))
        ports = f"{first}-{first + plan['devices']}, {here.control_port}"
        _run("nft", "-f", "-", given=_TABLE % ports)
        seen.facts["canaries_heard_us"] = canaries.sing()
        seen.facts["counted_us"] = counters()
        _run("nft", "reset", "counters")
        _hostile(here, ids)
        _watched(here, plan, ids, seen)
        seen.facts["canary_bytes"], seen.facts["canary_connections"] = canaries.bytes, canaries.connections
    print(json.dumps(seen.facts), flush=True)


def _devices(here: Town) -> list[dict[str, Any]]:
    import yaml

    found: list[dict[str, Any]] = yaml.safe_load(here.config.read_text(encoding="utf-8"))["devices"]
    return found


if __name__ == "__main__":
    main()
