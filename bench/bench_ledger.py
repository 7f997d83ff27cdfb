"""The ledger: growth per device-year, a county's monthly report, appending with fsync, verifying, killing.

    python bench/bench_ledger.py            one year of 5,000 devices in 229 villages (about four minutes)
    python bench/bench_ledger.py --quick    the same county, the five weeks that a report needs
    python bench/bench_ledger.py --kills 100   the kill experiment only

The report is `camkeeper sla`: three accounting policies, with and without the agreed windows, every village and the
county. Bar: under 2 s.
"""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

from camkeeper.availability.days import month_span
from camkeeper.clock import SystemClock
from camkeeper.ledger import Ack, Batch, Boot, Ledger, LedgerReader, LifeChange, Snapshot
from camkeeper.ledger.rollup import roll_up
from camkeeper.ledger.session import Session
from camkeeper.ledger.snapshot import DeviceEntry, SiteEntry, WindowEntry
from camkeeper.ledger.verify import verify
from camkeeper.model.change import Transition
from camkeeper.model.contract import WindowKind
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.probing import Sample
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.run.sla import sla
from figures import arguments, median, print_figures

DEVICES, VILLAGES, HOUR_MS = 5_000, 229, 3_600_000
ZONE, MONTH = "Asia/Shanghai", "2026-10"
YEAR_MS = 365 * 24 * HOUR_MS
END_MS = month_span(MONTH, ZONE).end_ms + 6 * HOUR_MS
OUTAGES_A_YEAR = 180
"""Two intervals each: about 360 a year, as measured on real cameras."""
KILL9 = Path(__file__).parent.parent / "tests" / "monitor" / "ledger" / "kill9.py"


def county() -> Snapshot:
    """5,000 cameras in 229 villages; one agreed window in each tenth village and one for everybody."""
    sites = [SiteEntry(id="county", name="县", kind=SiteKind.COUNTY, timezone=ZONE, target_bp=9500)]
    sites += [
        SiteEntry(
            id=f"v{i:03d}", name=f"村{i}", kind=SiteKind.VILLAGE, timezone=ZONE, target_bp=9500, parent_id="county"
        )
        for i in range(VILLAGES)
    ]
    devices = tuple(
        DeviceEntry(id=f"cam-{i:05d}", site_id=f"v{i % VILLAGES:03d}", kind=DeviceKind.CAMERA) for i in range(DEVICES)
    )
    month = month_span(MONTH, ZONE)
    windows = [
        WindowEntry(
            id=f"w{v}",
            kind=WindowKind.MAINTENANCE,
            span=Span(start_ms=month.start_ms + v * HOUR_MS, end_ms=month.start_ms + (v + 5) * HOUR_MS),
            reason="replaced switch",
            device_ids=frozenset(d.id for d in devices if d.site_id == f"v{v:03d}"),
        )
        for v in range(0, VILLAGES, 10)
    ]
    storm = Span(start_ms=month.start_ms + 400 * HOUR_MS, end_ms=month.start_ms + 403 * HOUR_MS)
    windows.append(
        WindowEntry(id="storm", kind=WindowKind.EXCLUSION, span=storm, reason="storm", evidence="r1", approver="镇")
    )
    return Snapshot(sites=tuple(sites), devices=devices, windows=tuple(windows), policies=DEFAULT_ACCOUNTING)


def history(start_ms: int, end_ms: int) -> list[tuple[int, int, Status, Status]]:
    """Every change of every device, sorted: up at first, then outages of minutes to a day, some only degraded."""
    rng = random.Random(7)
    mean_ms = YEAR_MS / OUTAGES_A_YEAR
    out = []
    for device in range(DEVICES):
        at_ms, now = start_ms + rng.randrange(60_000), Status.UNKNOWN
        while at_ms < end_ms:
            new = Status.UP if now is not Status.UP else rng.choice((Status.DOWN, Status.DOWN, Status.DEGRADED))
            if now is Status.DOWN and rng.random() < 0.02:
                new = Status.UNKNOWN
            out.append((at_ms, device, now, new))
            share = 0.97 if new is Status.UP else 0.03
            at_ms, now = at_ms + 1 + int(rng.expovariate(1 / (mean_ms * share))), new
    out.sort()
    return out


_REASON = {
    Status.UP: Reason.RECOVERED,
    Status.DEGRADED: Reason.NO_PICTURE,
    Status.DOWN: Reason.NO_ANSWER,
    Status.UNKNOWN: Reason.SILENCE,
}


def hours(start_ms: int, changes: list[tuple[int, int, Status, Status]]) -> Iterator[Batch]:
    """The history as batches of one hour, each with its tick."""
    tick, some = start_ms + HOUR_MS, list[Transition]()
    for at_ms, device, old, new in changes:
        while at_ms >= tick:
            yield Batch(transitions=tuple(some), tick_ms=tick)
            some.clear()
            tick += HOUR_MS
        some.append(
            Transition(
                device_id=f"cam-{device:05d}",
                at_ms=at_ms,
                decided_ms=at_ms + 10_000,
                old=old,
                new=new,
                reason=_REASON[new],
            )
        )
    yield Batch(transitions=tuple(some), tick_ms=tick)


def fill(path: Path, start_ms: int, config: Snapshot) -> dict[str, object]:
    """Write the history by the ledger's own session, without a thread; the days are rolled up as they end."""
    session = Session(path, created_ms=start_ms)
    session.begin()
    session.boot(Boot(boot_id="bench", version="bench"), start_ms)
    lives = tuple(LifeChange(device_id=d.id, at_ms=start_ms, enrolled=True) for d in config.devices)
    session.write(Batch(config=config, lives=lives, at_ms=start_ms), start_ms)
    count, rolling, days, began = 0, 0.0, 0, time.perf_counter()
    for i, batch in enumerate(hours(start_ms, history(start_ms, END_MS)), 1):
        session.write(batch, start_ms)
        count += len(batch.transitions)
        if i % 48 == 0:
            at = time.perf_counter()
            days += roll_up(session, days=4)
            rolling += time.perf_counter() - at
            session.checkpoint(b"")
            session.commit()
            if i % 480 == 0:
                session.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            session.begin()
    while done := roll_up(session, days=4):
        days += done
    session.commit()
    session.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    session.db.close()
    return {
        "transitions": count,
        "fill_s": round(time.perf_counter() - began, 1),
        "rollup_ms_per_day_of_5000": round(rolling * 1000 / max(days, 1), 1),
    }


def growth(path: Path, device_years: float) -> dict[str, object]:
    """Bytes by table, per device and year; the journal is short-lived and counted apart."""
    with LedgerReader(path) as reader, reader.reading() as db:
        try:
            pages = dict(db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall())
        except Exception as error:  # noqa: BLE001 - dbstat is a build option of SQLite
            return {"growth": f"no dbstat: {error}"}
    total = sum(pages.values()) - pages.get("journal", 0)
    per_year = {name: round(size / device_years) for name, size in pages.items() if size > 100_000}
    return {
        "bytes_per_device_year": round(total / device_years),
        "mb_for_5000_devices_a_year": round(total / device_years * DEVICES / 1e6, 1),
        "bytes_per_device_year_by_table": per_year,
        "file_mb": round(path.stat().st_size / 1e6, 1),
    }


def report(path: Path) -> object:
    """A county's month: every village and the county, three policies, with and without the agreed windows."""
    return sla(path, month=MONTH, site_id=None, policy=None, now_ms=END_MS)


def command(path: Path) -> None:
    """The same as a person asks for it, the start of the process and the JSON included."""
    asked = [sys.executable, "-m", "camkeeper", "sla", "--ledger", str(path), "--month", MONTH, "--json"]
    subprocess.run(asked, check=True, stdout=subprocess.DEVNULL)


def unrolled(path: Path) -> object:
    """The same day sums straight from the intervals, as when no day were rolled up."""
    from camkeeper.ledger.daysums import Question, group_sums

    with LedgerReader(path) as reader, reader.reading() as db:
        config = reader.config_for(MONTH)
        assert config is not None
        ask = Question(
            period=month_span(MONTH, ZONE),
            tz=ZONE,
            policy=config.policies[0],
            config=config,
            gross=False,
            known_until_ms=reader.last_tick_ms() or 0,
        )
        return group_sums(db, ask, {d.id: d.site_id for d in config.devices}, use_rollups=False)


def month_buckets(path: Path) -> object:
    with LedgerReader(path) as reader:
        return reader.buckets(month_span(MONTH, ZONE))


def today(path: Path) -> object:
    """What the board asks for again and again: the buckets of an unfinished day of every device."""
    with LedgerReader(path) as reader:
        return reader.buckets(Span(start_ms=END_MS - 20 * HOUR_MS, end_ms=END_MS))


def seconds(times: int, run: Callable[[], object]) -> float:
    out: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        out.append(time.perf_counter() - began)
    return round(median(out), 3)


def appending(folder: Path, batches: int) -> dict[str, object]:
    """Acknowledged on disk: 64 batches of 100 samples in flight, then one at a time."""
    names = [f"cam-{i:05d}" for i in range(DEVICES)]
    with Ledger.open(folder / "append.ledger", boot=Boot(boot_id="b", version="b"), clock=SystemClock()) as ledger:
        ledger.append(Batch(lives=tuple(LifeChange(device_id=n, at_ms=0, enrolled=True) for n in names))).result()
        flight: deque[Future[Ack]] = deque()
        began = time.perf_counter()
        for i in range(batches):
            flight.append(ledger.append(polled(names, i)))
            if len(flight) > 64:
                flight.popleft().result()
        for future in flight:
            future.result()
        rate = batches * 100 / (time.perf_counter() - began)
        waits = []
        for i in range(batches, batches + 200):
            began = time.perf_counter()
            ledger.append(polled(names, i)).result()
            waits.append((time.perf_counter() - began) * 1000)
    waits.sort()
    return {
        "append_samples_per_s": round(rate),
        "ack_ms_p50": round(waits[100], 2),
        "ack_ms_p99": round(waits[197], 2),
    }


def polled(names: list[str], i: int) -> Batch:
    at_ms = 60_000 + i * 1_200
    some = names[(i * 100) % DEVICES :][:100]
    samples = tuple(Sample(device_id=n, at_ms=at_ms, status=Status.UP, reason=Reason.RECOVERED) for n in some)
    return Batch(samples=samples, tick_ms=at_ms)


def commit_ms(folder: Path, mode: str, synchronous: str) -> float:
    """Median milliseconds of a small commit: a journal row of 100 samples and one record, as the writer makes it."""
    db = sqlite3.connect(folder / f"{mode}-{synchronous}.db", isolation_level=None)
    db.execute(f"PRAGMA journal_mode = {mode}")
    db.execute(f"PRAGMA synchronous = {synchronous}")
    db.execute("CREATE TABLE journal (id INTEGER PRIMARY KEY, samples BLOB)")
    db.execute("CREATE TABLE chain (seq INTEGER PRIMARY KEY, body BLOB, hash BLOB)")
    out: list[float] = []
    for _ in range(200):
        began = time.perf_counter()
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO journal (samples) VALUES (?)", (b"x" * 1400,))
        db.execute("INSERT INTO chain (body, hash) VALUES (?, ?)", (b"[4711,1,3,2,60000]", b"h" * 32))
        db.execute("COMMIT")
        out.append((time.perf_counter() - began) * 1000)
    db.close()
    return round(median(out), 3)


def kills(count: int) -> dict[str, object]:
    command = [sys.executable, str(KILL9), "run", "--kills", str(count), "--steps", str(max(count * 150, 600))]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=900)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--kills", type=int, default=0, help="only the kill experiment / 只做断电实验")
    args = parser.parse_args()
    if args.kills:
        print_figures("ledger-kill9", kills(args.kills))
        return
    start_ms = END_MS - 36 * 24 * HOUR_MS if args.quick else END_MS - YEAR_MS
    device_years = DEVICES * (END_MS - start_ms) / YEAR_MS
    with tempfile.TemporaryDirectory(prefix="camkeeper-bench-", dir=None) as name:
        path = Path(name) / "county.ledger"
        config = county()
        figures: dict[str, object] = {"devices": DEVICES, "villages": VILLAGES}
        figures["days"] = round((END_MS - start_ms) / HOUR_MS / 24)
        figures |= fill(path, start_ms, config)
        figures |= growth(path, device_years)
        figures["report_s"] = seconds(3, lambda: report(path))
        figures["command_s"] = seconds(3, lambda: command(path))
        figures["report_bar_s"] = 2.0
        figures["day_sums_without_rollups_s"] = seconds(2, lambda: unrolled(path))
        figures["month_buckets_s"] = seconds(3, lambda: month_buckets(path))
        figures["today_buckets_s"] = seconds(3, lambda: today(path))
        began = time.perf_counter()
        figures["verify_ok"] = verify(path).ok
        figures["verify_s"] = round(time.perf_counter() - began, 1)
        if not args.quick:
            figures["verify_month_s"] = seconds(1, lambda: verify(path, month=MONTH))
        figures |= appending(Path(name), 300 if args.quick else 1500)
        figures["commit_ms"] = {
            f"{mode} {level}": commit_ms(Path(name), mode, level)
            for mode, level in (("WAL", "FULL"), ("DELETE", "FULL"), ("WAL", "NORMAL"))
        }
    print_figures("ledger", figures)


if __name__ == "__main__":
    main()
