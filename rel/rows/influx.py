"""The series server is away for an hour and for a week, and is killed again and again while it is being caught up."""

from __future__ import annotations

import asyncio
import random
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.monitor.ledger.stories import Story, batches
from tests.monitor.mirror.township import DAY_MS, HOUR_MS, START_MS, begin, go_on, mirror_of, setting, stories
from tests.peers.influxdb import SeriesServer, influxdb_1

from camkeeper import logs
from camkeeper.ledger import Batch
from camkeeper.ledger.session import Session
from camkeeper.mirror import Mirror
from camkeeper.model.mirror import Dialect
from rel import record
from rel.row import Outcome, Row, Setting, at_least, equal
from rel.town import camkeeper, eventually

DATABASE = "camkeeper"
COUNTED = re.compile(r"^(\S) (camkeeper_\w+)\s+账本 ledger (\d+)\s+镜像 mirror (\d+)", re.MULTILINE)
CONFIG = """name: n
datum: wgs84
sites:
- {{id: town, name: 镇, kind: town, target: 95, timezone: Asia/Shanghai}}
devices:
- {{id: cam-001, name: 枪机, kind: camera, site: town, address: {{host: 127.0.0.1}}}}
influx: {{url: '{url}', dialect: v1, bucket: camkeeper, fine_days: 1000}}
"""


@dataclass(kw_only=True)
class _Seen:
    away: int = 0
    """Absences that the mirror told of, with what it lacked."""
    killed: int = 0
    killed_in_catch_up: int = 0
    lines: int = 0
    differences: list[str] = field(default_factory=list)
    checks: int = 0
    rejected: int = 0


@contextmanager
def _running(mirror: Mirror) -> Iterator[None]:
    """Let the mirror's own thread go, as the monitor does, and end it."""
    stop = threading.Event()
    thread = threading.Thread(target=mirror.run, args=(stop,), kwargs={"share": 1.0})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)


def _kill(server: SeriesServer, seen: _Seen) -> None:
    server.kill()
    seen.killed += server.process is not None and server.process.returncode == -signal.SIGKILL


def _caught_up(mirror: Mirror) -> bool:
    now = mirror.standing
    return not now.error and now.written > 0 and (now.behind.records, now.behind.hours) == (0, 0)


def _told(session: Session, some: Sequence[Story], from_ms: int, until_ms: int) -> None:
    """Let the township live on; the record grows whether anybody mirrors it or not."""
    done = len(batches(some, from_ms))
    go_on(session, *batches(some, until_ms)[done:], Batch(tick_ms=until_ms))


def _checked(folder: Path, ledger: Path, server: SeriesServer, seen: _Seen) -> None:
    """Ask the product itself to compare, in a process of its own."""
    config = folder / "cameras.yaml"
    config.write_text(CONFIG.format(url=server.url), encoding="utf-8")
    words = camkeeper("mirror", "check", "--config", str(config), "--ledger", str(ledger))
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    counted = COUNTED.findall(done.stdout)
    seen.checks += 1
    seen.lines = sum(int(ours) for _, _, ours, _ in counted)
    seen.differences += [f"{name}: {ours} and {theirs}" for mark, name, ours, theirs in counted if mark != "✓"]
    if done.returncode != 0 or len(counted) < 5:
        seen.differences.append(f"mirror check: {done.returncode} {done.stderr[-300:]}")


def _away(mirror: Mirror, server: SeriesServer, kills: int, rng: random.Random, seen: _Seen) -> None:
    """Let the mirror find that nobody is there; bring the server back, and kill it while it is being caught up."""
    with _running(mirror):
        eventually(lambda: bool(mirror.standing.error) and mirror.standing.behind.records > 0)
        seen.away += 1
        server.start()
        for _ in range(kills):
            wanted = mirror.standing.written + rng.randint(1, 2_000)
            eventually(lambda wanted=wanted: mirror.standing.written >= wanted or _caught_up(mirror))  # type: ignore[misc]
            behind = mirror.standing.behind
            _kill(server, seen)
            seen.killed_in_catch_up += behind.hours > 0
            if behind.hours > 0:
                eventually(lambda: bool(mirror.standing.error))
            server.start()
        eventually(lambda: _caught_up(mirror), within_s=300)
    seen.rejected += mirror.standing.rejected


def _influx(row: Setting) -> _Seen:
    rng, seen = random.Random(row.seed), _Seen()
    some, ledger = stories(row.sized(30, 150), 20, seed=row.seed), row.folder / "l"
    week = START_MS + 7 * DAY_MS
    with influxdb_1(row.folder / "influxd") as server:
        server.query(f'CREATE DATABASE "{DATABASE}"')
        where = replace(setting(server.url, Dialect.V1, bucket=DATABASE), batch_lines=200)
        session = begin(ledger, some, tick_ms=week)
        mirror = mirror_of(ledger, where)
        with _running(mirror):
            eventually(lambda: _caught_up(mirror), within_s=300)
        at_ms = week
        for away_ms, kills in ((HOUR_MS, 0), (7 * DAY_MS, row.sized(3, 12))):
            row.say(f"服务器离开 {away_ms // HOUR_MS} 小时", f"the server is away for {away_ms // HOUR_MS} h")
            _kill(server, seen)
            _told(session, some, at_ms, at_ms + away_ms)
            at_ms += away_ms
            _away(mirror_of(ledger, where), server, kills, rng, seen)
            _checked(row.folder, ledger, server, seen)
        session.db.close()
    seen.differences += record.faults(ledger)
    return seen


async def _run(setting: Setting) -> Outcome:
    logs.configure(form="json", level="ERROR")  # each absence is a warning of the mirror, and it goes on
    seen = await asyncio.to_thread(_influx, setting)
    return Outcome(
        checks=(
            equal("measurements whose count or digest differs", len(seen.differences), 0),
            equal("comparisons made", seen.checks, 2),
            at_least("points compared", seen.lines, 1),
            equal("lines refused", seen.rejected, 0),
        ),
        injected={
            "SIGKILL": seen.killed,
            "SIGKILL_while_catching_up": seen.killed_in_catch_up,
            "absences_that_the_mirror_told": seen.away,
        },
        figures={"devices": setting.sized(30, 150), "differences": "; ".join(seen.differences[:5])},
    )


ROW = Row(
    name="influx",
    does_zh="真实的 InfluxDB 1.6.7 离开一小时和一周（模拟时间），补写途中又多次被 SIGKILL。",
    does_en="A real InfluxDB 1.6.7 is away for an hour and a simulated week, and gets SIGKILL while catching up.",
    mark_zh="之后数量与摘要同账本一致",
    mark_en="counts and digests equal afterwards",
    run=_run,
)
