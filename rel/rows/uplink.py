"""Whose line is it? The monitor's own link is cut, then a village's switch, between two real network namespaces."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from tests.peers.netns import Cable, cable

from camkeeper.clock import SystemClock
from camkeeper.ledger import LedgerReader
from camkeeper.model.incident import DomainKind, IncidentState
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from rel import record
from rel.row import Outcome, Row, Setting, equal
from rel.town import camkeeper, end, environment, eventually, monitor

SERVED = 110
PER_VILLAGE, DEVICES = 10, 30
"""Ten cameras of each village are watched; the switch that is cut shares its operator's line with another."""
PORTS = 20_000
EVERY_S, TIMEOUT_S, HOLD_S = 2, 2, 5
CUT_OFF = "v002"
BEACON = "10.77.0.10"
HOSTS = {"v000": "10.77.0.11", "v001": "10.77.0.12", CUT_OFF: "10.77.0.13"}
LEAD_IN = f"""
table ip rel {{
    counter cut {{ }}
    chain lead {{
        type nat hook prerouting priority dstnat;
        ip daddr 10.77.0.0/24 tcp dport {PORTS}-{PORTS + SERVED} dnat to 127.0.0.1
    }}
    chain cut {{ type filter hook prerouting priority raw; }}
}}
"""


@dataclass(kw_only=True)
class _Seen:
    links_down: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    unknown: list[int] = field(default_factory=list)
    """Devices that were unknown at the end of each cut of our own line."""
    down_ms: int = 0
    """That the record claims of the time in which the monitor was cut off."""
    own: Counter[DomainKind] = field(default_factory=Counter)
    """Incidents that were told of after our own cuts, by what they are about."""
    village: list[tuple[str, str, int]] = field(default_factory=list)
    """Incidents of the village: about what, which, how many devices."""
    own_cuts: int = 0
    open_at_the_end: int = 0
    faults: list[str] = field(default_factory=list)


def _fleet_words(folder: Path) -> list[str]:
    words = ("--count", str(SERVED), "--port-base", str(PORTS), "--write-config", str(folder / "fleet.yaml"))
    return camkeeper("fleet", *words, "--every", str(EVERY_S), "--pictures", "light", "--with-parent")


@contextmanager
def _fleet(folder: Path, it: Cable) -> Iterator[Path]:
    """Serve the cameras in the far namespace, and lead the addresses of three villages to them."""
    it.run(it.far, "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1")
    for host in (BEACON, *HOSTS.values()):
        it.run(it.far, "ip", "addr", "add", f"{host}/24", "dev", "v0")
    it.nft(LEAD_IN)
    enter = ["nsenter", "-t", str(it.far), "-n", *_fleet_words(folder)]
    with (folder / "fleet.log").open("w") as log:
        fleet = subprocess.Popen(enter, stdout=subprocess.PIPE, stderr=log, text=True, env=environment())
    try:
        if not fleet.stdout or not fleet.stdout.readline():
            raise RuntimeError(f"the fleet did not start: {(folder / 'fleet.log').read_text()[-500:]}")
        yield _watched(folder)
    finally:
        end(fleet)


def _watched(folder: Path) -> Path:
    """Write the configuration by which they are watched from the other side."""
    wished: dict[str, Any] = yaml.safe_load((folder / "fleet.yaml").read_text(encoding="utf-8"))
    wished["policy"]["probe"] |= {"timeout_s": TIMEOUT_S, "retry_s": 1, "picture_every_s": 20, "full_every_s": 20}
    wished["policy"]["incident"] = {"hold_s": HOLD_S}
    wished["uplinks"][0]["beacons"] = [f"{BEACON}:{PORTS + SERVED}"]
    for site in HOSTS:
        there = [device for device in wished["devices"] if device["site"] == site]
        wished["devices"] = [device for device in wished["devices"] if device not in there[PER_VILLAGE:]]
    for device in wished["devices"]:
        device["address"]["host"] = HOSTS[device["site"]]
    path = folder / "cameras.yaml"
    path.write_text(yaml.safe_dump(wished, allow_unicode=True), encoding="utf-8")
    return path


def _count(ledger: Path, status: Status) -> int:
    with LedgerReader(ledger) as reader:
        return list(reader.statuses().values()).count(status)


def _opened(ledger: Path, *, monitor: bool) -> list[tuple[str, str, int]]:
    """Return the incidents that people are told of: of the monitor itself, or of anything else."""
    with LedgerReader(ledger) as reader:
        return [
            (str(one.domain.kind), one.domain.id, len(one.members))
            for one in reader.incidents()
            if one.opened_ms is not None and (one.domain.kind is DomainKind.MONITOR) == monitor
        ]


def _open(ledger: Path) -> int:
    with LedgerReader(ledger) as reader:
        return sum(one.state is IncidentState.OPEN for one in reader.incidents(open_only=True))


def _dropped(it: Cable) -> int:
    found = re.search(r"packets (\d+)", it.run(it.far, "nft", "list", "counter", "ip", "rel", "cut"))
    return int(found[1]) if found else 0


def _is_down(it: Cable) -> bool:
    (link,) = json.loads(it.run(it.near, "ip", "-j", "link", "show", "v0"))
    return "UP" not in link["flags"]


@contextmanager
def _link_down(it: Cable, seen: _Seen) -> Iterator[None]:
    """Take the near end down; what is asked then fails at once, by our own kernel."""
    it.run(it.near, "ip", "link", "set", "v0", "down")
    try:
        yield
        seen.links_down += _is_down(it)
    finally:
        it.run(it.near, "ip", "link", "set", "v0", "up")


@contextmanager
def _black_hole(it: Cable, seen: _Seen, name: str, match: str) -> Iterator[None]:
    """Drop at the far end what matches; what is asked then is never answered."""
    before = _dropped(it)
    it.nft(f"add rule ip rel cut {match} counter name cut drop")
    try:
        yield
    finally:
        it.nft("flush chain ip rel cut")
        seen.dropped[name] = _dropped(it) - before


def _own(ledger: Path, seen: _Seen) -> None:
    """Wait until the monitor says so of itself, and everything is unknown."""
    before = seen.own_cuts
    eventually(lambda: len(_opened(ledger, monitor=True)) > before, why="the monitor said nothing of its own line")
    eventually(lambda: _count(ledger, Status.UNKNOWN) == DEVICES, why="not all of them are unknown", within_s=20)
    seen.unknown.append(_count(ledger, Status.UNKNOWN))
    seen.own_cuts += 1


def _all_up(ledger: Path) -> bool:
    return _count(ledger, Status.UP) == DEVICES and _open(ledger) == 0


def _story(setting: Setting, it: Cable, config: Path, ledger: Path) -> _Seen:
    seen = _Seen()

    def enter(words: list[str]) -> list[str]:
        return ["nsenter", "-t", str(it.near), "-n", *words]

    def wait(what: Callable[[], bool], why: str) -> None:
        eventually(what, within_s=90, why=why)

    with monitor(config, ledger, wrap=enter) as watching:
        wait(lambda: _count(ledger, Status.UP) == DEVICES, "not all of them came up")
        setting.say("切断自己的网线", "our own link goes down")
        with _link_down(it, seen):
            _own(ledger, seen)
        wait(lambda: _all_up(ledger), "not all came back")
        if not setting.quick:
            setting.say("自己的线路成黑洞", "our own line swallows everything")
            with _black_hole(it, seen, "own_line", "iifname v0"):
                _own(ledger, seen)
            wait(lambda: _all_up(ledger), "not all came back")
        seen.own = Counter(DomainKind(kind) for only in (True, False) for kind, _, _ in _opened(ledger, monitor=only))
        whole = Span(start_ms=0, end_ms=SystemClock().wall_ms())
        seen.down_ms = record.known_ms(ledger, whole)["down"]
        setting.say("切断一个村的交换机", "a village's switch is cut")
        with _black_hole(it, seen, "village", f"ip daddr {HOSTS[CUT_OFF]}"):
            wait(lambda: bool(_opened(ledger, monitor=False)), "nobody was told of the village")
            wait(lambda: _count(ledger, Status.DOWN) == PER_VILLAGE, "not all of the village are down")
        wait(lambda: _all_up(ledger), "the village did not come back")
        seen.village = _opened(ledger, monitor=False)
        seen.faults += ["the monitor did not end in peace"] if watching.stop() else []
    seen.own[DomainKind.MONITOR] += len(_opened(ledger, monitor=True)) - seen.own_cuts
    seen.faults += record.faults(ledger)
    seen.faults += ["a Traceback in its log"] if "Traceback" in Path(f"{ledger}.log").read_text() else []
    return seen


def _uplink(setting: Setting) -> _Seen:
    with cable() as it, _fleet(setting.folder, it) as config:
        return _story(setting, it, config, setting.folder / "l")


async def _run(setting: Setting) -> Outcome:
    seen = await asyncio.to_thread(_uplink, setting)
    of_devices = sum(count for kind, count in seen.own.items() if kind is not DomainKind.MONITOR)
    return Outcome(
        checks=(
            equal("own cut: incidents of devices", of_devices, 0),
            equal("own cut: incidents of the monitor, one a cut", seen.own[DomainKind.MONITOR], seen.own_cuts),
            equal("own cut: devices unknown", min(seen.unknown), DEVICES),
            equal("own cut: ms told down", seen.down_ms, 0),
            equal("village cut: incidents", len(seen.village), 1),
            equal("village cut: about", " ".join(seen.village[0][:2]) if seen.village else "", "switch sw-002"),
            equal("village cut: devices in it", seen.village[0][2] if seen.village else 0, PER_VILLAGE),
            equal("faults", len(seen.faults), 0),
        ),
        injected={"links_seen_down": seen.links_down, **{f"dropped_{k}": n for k, n in seen.dropped.items()}},
        figures={"devices": DEVICES, "own_cuts": seen.own_cuts, "faults": "; ".join(seen.faults[:5])},
    )


ROW = Row(
    name="uplink",
    does_zh="在网络命名空间中切断监测自己的线路（断网线、黑洞），再切断一个村的交换机。",
    does_en="In network namespaces, cuts the monitor's own link (down, black hole), and then a village's switch.",
    mark_zh="自己断线：设备事件 0，监测事件 1，全部未知；村交换机断：合并为 1 起事件",
    mark_en="own link cut: 0 device incidents, 1 of the monitor, 100% unknown; village switch cut: 1 grouped incident",
    run=_run,
)
