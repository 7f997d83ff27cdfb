"""A county's hub under 700 edges of 143 cameras: what keeping up costs, and how fast a day's outage is caught up with.

    python bench/bench_hub.py            ten minutes at true rates, then a day of all edges at once
    python bench/bench_hub.py --quick    700 edges for fifteen seconds, then a day of forty of them

The hub is `camkeeper hub run` with its own nats-server. The edges are simulated: each has its own connection and
account and sends what a forwarder sends, one parcel at a time, the next when the hub has it on disk; a sign of life
each ten seconds. 29 records a second is about twenty times what 100,000 cameras with 360 changes a year make (1.1)
and 700 hourly seals (0.2): room for bad days. A day's outage is 3,579 records an edge at that rate.
Bars: under one core, answer p99 under 5 s, under 1 GB, a day caught up with at 50 times real time.
"""

from __future__ import annotations

import asyncio
import random
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil
from nats.aio.client import Client

from camkeeper.bus.conf import beat_subject, inbox, parcel_subject
from camkeeper.bus.link import connect
from camkeeper.clock import SystemClock
from camkeeper.hub.settings import HubSettings, save
from camkeeper.ledger import Snapshot
from camkeeper.ledger.chain import Entry, Kind, config_body, entry, genesis
from camkeeper.ledger.parcel import Identity, Parcel, Place, pack
from camkeeper.ledger.snapshot import DeviceEntry, SiteEntry, to_json
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from figures import arguments, print_figures

EDGES, CAMERAS = 700, 143
RECORDS_A_SECOND = 29.0
DAY_S = 86_400
FETCH = 256
"""Small parcels that a forwarder joins into one."""


class Edge:
    """A township's ledger, as far as its end is concerned."""

    def __init__(self, number: int, now_ms: int) -> None:
        self.edge_id = f"e{number:04}"
        self.identity = Identity(ledger_id=secrets.token_bytes(16), created_ms=now_ms)
        self.place, self.head = Place(), genesis(self.identity.ledger_id, now_ms)
        self.status = [4] * (CAMERAS + 1)
        self.sent = 0
        """Bytes of parcels and signs of life, without the few hundred of their envelopes."""
        self.rng = random.Random(number)

    def parcel(self, records: Sequence[Entry], tick_ms: int) -> Parcel:
        """Put records at the end of the ledger and return them as a parcel."""
        part = Parcel(
            identity=self.identity,
            start=self.place,
            start_head=self.head,
            records=tuple(records),
            head=self.head,
            tick_ms=tick_ms,
        )
        part = replace(part, head=[self.head, *part.heads()][-1])
        self.place, self.head = part.end, part.head
        return part

    def packed(self, part: Parcel) -> bytes:
        """Return a parcel's bytes, and count them."""
        data = pack(part)
        self.sent += len(data)
        return data

    def beginning(self, now_ms: int) -> Parcel:
        """Return configuration and enrolments."""
        site = SiteEntry(
            id="town", name=f"镇 {self.edge_id}", kind=SiteKind.TOWN, timezone="Asia/Shanghai", target_bp=9500
        )
        names = [f"{self.edge_id}-{n:03}" for n in range(1, CAMERAS + 1)]
        devices = tuple(DeviceEntry(id=name, site_id="town", kind=DeviceKind.CAMERA) for name in names)
        config = Snapshot(sites=(site,), devices=devices, windows=(), policies=DEFAULT_ACCOUNTING)
        lives = [
            entry(Kind.LIFE, now_ms, {"id": name, "device": n, "enrolled": True}) for n, name in enumerate(names, 1)
        ]
        return self.parcel([Entry(kind=Kind.CONFIG, at_ms=now_ms, body=config_body(to_json(config))), *lives], now_ms)

    def change(self, at_ms: int) -> Entry:
        """Return the next transition."""
        device = self.rng.randint(1, CAMERAS)
        old = self.status[device]
        new = self.status[device] = self.rng.choice([code for code in (1, 2, 3, 4) if code != old])
        return Entry(kind=Kind.TRANSITION, at_ms=at_ms, body=b"[%d,%d,%d,1,0]" % (device, old, new))


class Watch:
    """CPU and memory of the hub and its server."""

    def __init__(self, pid: int) -> None:
        hub = psutil.Process(pid)
        self._all = [hub, *hub.children(recursive=True)]
        self._cpu_s, self._began_s = self._spent(), time.perf_counter()

    def _spent(self) -> float:
        return sum(sum(p.cpu_times()[:2]) for p in self._all)

    def figures(self) -> dict[str, object]:
        """Return cores used since the beginning, and memory now."""
        took_s = time.perf_counter() - self._began_s
        rss = [p.memory_info().rss / 2**20 for p in self._all]
        return {"cores": round((self._spent() - self._cpu_s) / took_s, 3), "rss_mb": round(sum(rss))}


async def ask(link: Client, edge: Edge, part: Parcel) -> float:
    """Send a parcel until it is answered for; returns the seconds that took."""
    began_s, data = time.perf_counter(), edge.packed(part)
    for _ in range(20):
        try:
            answer = await link.request(parcel_subject(edge.edge_id), data, timeout=30)
        except TimeoutError:
            continue
        assert b'"taken"' in answer.data or b'"known"' in answer.data, answer.data
        return time.perf_counter() - began_s
    raise RuntimeError("the hub does not answer")


async def keep_up(links: list[Client], edges: list[Edge], seconds: float, clock: SystemClock) -> list[float]:
    """Let all edges report at true rates; returns how long each answer took."""
    lags: list[float] = []
    until_s = time.perf_counter() + seconds

    async def live(link: Client, edge: Edge) -> None:
        beat_s = time.perf_counter() + edge.rng.uniform(0, 10)
        change_s = time.perf_counter() + edge.rng.expovariate(RECORDS_A_SECOND / EDGES)
        while (now_s := min(beat_s, change_s)) < until_s:
            await asyncio.sleep(max(0.0, now_s - time.perf_counter()))
            now_ms = clock.wall_ms()
            if beat_s <= change_s:
                beat_s += 10
                await link.publish(beat_subject(edge.edge_id), edge.packed(edge.parcel([], now_ms)))
            else:
                change_s += edge.rng.expovariate(RECORDS_A_SECOND / EDGES)
                lags.append(await ask(link, edge, edge.parcel([edge.change(now_ms)], now_ms)))

    await asyncio.gather(*(live(link, edge) for link, edge in zip(links, edges, strict=True)))
    return lags


async def catch_up(links: list[Client], edges: list[Edge], clock: SystemClock) -> float:
    """Send a day of every edge, all at once; returns the seconds until all of it is on the hub's disk."""
    records = round(RECORDS_A_SECOND / EDGES * DAY_S)
    end_ms = clock.wall_ms()

    async def day(link: Client, edge: Edge) -> None:
        for first in range(0, records, FETCH):
            count = min(FETCH, records - first)
            at = [end_ms + (first + i) for i in range(count)]
            await ask(link, edge, edge.parcel([edge.change(ms) for ms in at], at[-1]))

    began_s = time.perf_counter()
    await asyncio.gather(*(day(link, edge) for link, edge in zip(links, edges, strict=True)))
    return time.perf_counter() - began_s


async def measure(folder: Path, settings: HubSettings, pid: int, *, seconds: float, late: int) -> None:
    """Run all of it and print."""
    clock = SystemClock()
    edges = [Edge(n, clock.wall_ms()) for n in range(EDGES)]
    links = [
        await connect(
            port=settings.port, user=e.edge_id, password=settings.edges[e.edge_id], inbox=inbox(e.edge_id), name="bench"
        )
        for e in edges
    ]
    began_s = time.perf_counter()
    await asyncio.gather(*(ask(link, e, e.beginning(clock.wall_ms())) for link, e in zip(links, edges, strict=True)))
    print(f"700 copies begun in {time.perf_counter() - began_s:.1f} s", flush=True)
    watch, sent = Watch(pid), sum(e.sent for e in edges)
    lags = sorted(await keep_up(links, edges, seconds, clock))
    kept = watch.figures() | {"kbit_s_an_edge": round((sum(e.sent for e in edges) - sent) / seconds / EDGES / 125, 3)}
    print(f"keeping up: {len(lags)} parcels, {kept}", flush=True)
    before, watch = used(folder), Watch(pid)
    took_s = await catch_up(links[:late], edges[:late], clock)
    caught, grown = watch.figures(), used(folder) - before
    day = round(RECORDS_A_SECOND / EDGES * DAY_S)
    records = day * late
    for link in links:
        await link.close()
    print_figures(
        "hub",
        {
            "edges": EDGES,
            "cameras": EDGES * CAMERAS,
            "seconds": seconds,
            "keeping_up": kept,
            "answer_p50_ms": round(1000 * lags[len(lags) // 2], 1),
            "answer_p99_ms": round(1000 * lags[len(lags) * 99 // 100], 1),
            "catch_up": {
                "edges": late,
                "seconds": round(took_s, 2),
                "records_per_s": round(records / took_s),
                # The same work for all edges takes as much longer as there are more of them.
                "times_real_time_for_all": round(DAY_S / (took_s * EDGES / late)),
                "disk_bytes_a_record": round(grown / records),
                "disk_mb_a_day_and_edge": round(grown / records * day / 1e6, 2),
                "disk_kb_a_day_and_camera": round(grown / records * day / CAMERAS / 1e3, 1),
                **caught,
            },
        },
    )


def used(folder: Path) -> int:
    """Return the bytes of all copies on disk, logs included."""
    return sum(f.stat().st_blocks * 512 for f in folder.rglob("*") if f.is_file())


def main() -> None:
    """Start a hub, measure it, end it."""
    options = arguments(__doc__ or "").parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = HubSettings(
            password="bench",  # noqa: S106 - of this run only
            port=14_251,
            leaf_host="127.0.0.1",
            leaf_port=17_422,
            advertise="127.0.0.1:17422",
            edges={f"e{n:04}": secrets.token_urlsafe(12) for n in range(EDGES)},
        )
        save(folder, settings)
        command = [sys.executable, "-m", "camkeeper", "hub", "run", str(folder), "--listen", "127.0.0.1:0"]
        command += ["--login", "open"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as hub:
            try:
                assert hub.stdout is not None
                assert hub.stdout.readline().startswith("看板"), "the hub does not start"
                late, seconds = (40, 15.0) if options.quick else (EDGES, 600.0)
                asyncio.run(measure(folder, settings, hub.pid, seconds=seconds, late=late))
            finally:
                hub.terminate()


if __name__ == "__main__":
    main()
