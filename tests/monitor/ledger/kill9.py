"""SIGKILL at random moments: no acknowledged sample lost, chain and figures equal to those of the uninterrupted run.

    python kill9.py run --kills 12 --steps 1200   the whole experiment; one JSON line, exit code 1 on a failure
    python kill9.py work LEDGER --seed 1 ...      one life of the monitor: recover, go on, print each step acknowledged

A step is one poll of all devices: their samples folded by the judge, then expiries at the step's tick, in one batch.
The worker never knows that it will be killed; the parent kills it after a random number of acknowledgements and a
random pause, or at a random moment since its start, so also while it opens, recovers, checkpoints and rolls up.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from concurrent.futures import Future
from pathlib import Path

from camkeeper.clock import SimulatedClock
from camkeeper.judge.fold import expire, judge
from camkeeper.judge.track import Track
from camkeeper.ledger import Ack, Batch, Boot, Ledger, LedgerReader, LifeChange, Snapshot
from camkeeper.ledger.journal import unpack
from camkeeper.ledger.replay import refold
from camkeeper.ledger.schema import connect_reader
from camkeeper.ledger.snapshot import DeviceEntry, SiteEntry, WindowEntry
from camkeeper.ledger.verify import verify
from camkeeper.model.change import Transition
from camkeeper.model.contract import WindowKind
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import DEFAULT_ACCOUNTING, JudgePolicy
from camkeeper.model.probing import Sample
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

STEP_MS = 60_000
HOLD_MS = 150_000
START_MS = 1_790_000_040_000
POLICY = JudgePolicy()
ZONE = "Asia/Shanghai"
_REASON = {
    Status.UP: Reason.RECOVERED,
    Status.DEGRADED: Reason.NO_PICTURE,
    Status.DOWN: Reason.NO_ANSWER,
    Status.UNKNOWN: Reason.MONITOR_BLIND,
}


def tick_ms(step: int) -> int:
    return START_MS + step * STEP_MS


def ids(devices: int) -> tuple[str, ...]:
    return tuple(f"cam-{i:04d}" for i in range(devices))


def draw(seed: int, step: int, device: int, what: str) -> int:
    """A number in 0..999 that any life of the worker finds again."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{step}/{device}/{what}".encode(), digest_size=4).digest()) % 1000


def sample_of(seed: int, step: int, device: int, name: str) -> Sample | None:
    """Outages come in blocks of steps; single failures, silence and blindness in between."""
    block = draw(seed, step // 7, device, "block")
    if block < 80 or draw(seed, step, device, "lost") < 15:
        return None
    status = Status.UP
    if block < 200:
        status = Status.DOWN
    elif block < 280:
        status = Status.DEGRADED
    elif draw(seed, step, device, "blip") < 40:
        status = Status.DOWN
    elif draw(seed, step, 0, "blind") < 10:
        status = Status.UNKNOWN
    at_ms = tick_ms(step) - STEP_MS + device * 7
    return Sample(device_id=name, at_ms=at_ms, status=status, reason=_REASON[status])


def samples_of(seed: int, step: int, names: tuple[str, ...]) -> tuple[Sample, ...]:
    return tuple(s for d, name in enumerate(names) if (s := sample_of(seed, step, d, name)) is not None)


def snapshot(names: tuple[str, ...]) -> Snapshot:
    window = WindowEntry(
        id="w1",
        kind=WindowKind.EXCLUSION,
        span=Span(start_ms=START_MS + 3_000_000, end_ms=START_MS + 9_000_000),
        reason="road works",
        device_ids=frozenset(names[:3]),
    )
    return Snapshot(
        sites=(SiteEntry(id="town", name="镇", kind=SiteKind.TOWN, timezone=ZONE, target_bp=9500),),
        devices=tuple(DeviceEntry(id=n, site_id="town", kind=DeviceKind.CAMERA) for n in names),
        windows=(window,),
        policies=DEFAULT_ACCOUNTING,
    )


def fold(
    tracks: dict[str, Track], samples: tuple[Sample, ...], now_ms: int
) -> tuple[dict[str, Track], tuple[Transition, ...]]:
    out, made = dict(tracks), list[Transition]()
    for sample in samples:
        out[sample.device_id], changes = judge(out.get(sample.device_id), sample, POLICY, HOLD_MS)
        made.extend(changes)
    for name, track in out.items():
        out[name], changes = expire(track, now_ms, HOLD_MS)
        made.extend(changes)
    return out, tuple(made)


def told(step: int, future: Future[Ack]) -> None:
    if future.exception() is None:
        os.write(1, f"{step}\n".encode())


def work(path: Path, *, seed: int, devices: int, steps: int, pace_ms: int = 0, in_flight: int = 6) -> None:
    """One life of the monitor: recover, go on where the record ends, until the last step."""
    names = ids(devices)
    clock = SimulatedClock(wall_ms=START_MS)
    waiting: deque[Future[Ack]] = deque()
    with Ledger.open(path, boot=Boot(boot_id=f"boot-{os.getpid()}", version="test"), clock=clock) as ledger:
        recovery = ledger.recover()
        if recovery.damaged:
            raise SystemExit(f"damaged: {recovery.damaged}")
        tracks = refold(recovery, POLICY, lambda _: HOLD_MS)
        if recovery.last_tick_ms is None:
            lives = tuple(LifeChange(device_id=n, at_ms=START_MS - STEP_MS, enrolled=True) for n in names)
            ledger.append(Batch(config=snapshot(names), lives=lives, tick_ms=tick_ms(0))).result()
        first = 1 if recovery.last_tick_ms is None else (recovery.last_tick_ms - START_MS) // STEP_MS + 1
        for step in range(first, steps + 1):
            samples = samples_of(seed, step, names)
            tracks, made = fold(tracks, samples, tick_ms(step))
            future = ledger.append(Batch(samples=samples, transitions=made, tick_ms=tick_ms(step)))
            future.add_done_callback(lambda f, step=step: told(step, f))  # type: ignore[misc]
            waiting.append(future)
            if step % 100 == 0:
                ledger.checkpoint(tracks.values())
            if step % 360 == 0:
                ledger.roll_up()
            time.sleep(pace_ms / 1000)
            while len(waiting) > in_flight:
                waiting.popleft().result()
        ledger.roll_up()


def life(path: Path, args: argparse.Namespace, *, pace_ms: int = 0) -> subprocess.Popen[bytes]:
    command = [sys.executable, __file__, "work", str(path)]
    command += ["--seed", str(args.seed), "--devices", str(args.devices), "--steps", str(args.steps)]
    command += ["--pace-ms", str(pace_ms)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def acknowledged(out: bytes) -> int:
    """The newest step in whole lines; a line cut by the kill was never told."""
    lines = out.split(b"\n")[:-1]
    return max((int(line) for line in lines), default=0)


def kill_once(path: Path, args: argparse.Namespace, rng: random.Random) -> tuple[int, bool]:
    """Start a life and kill it; returns the newest step acknowledged, and whether it was at work until then."""
    process = life(path, args, pace_ms=2)
    assert process.stdout is not None
    out = b""
    if rng.random() < 0.7:
        share = max(2, args.steps // args.kills)
        for _ in range(rng.randrange(1, share)):
            line = process.stdout.readline()
            if not line:
                break
            out += line
        time.sleep(rng.random() * 0.01)
    else:
        time.sleep(0.2 + rng.random() * 0.5)
    process.send_signal(signal.SIGKILL)
    out += process.stdout.read()
    process.stdout.close()
    return acknowledged(out), process.wait() == -signal.SIGKILL


def stored(path: Path, args: argparse.Namespace, newest: int) -> list[str]:
    """What is wrong with the file just after a kill: each acknowledged sample must be on record, none twice."""
    if not path.exists():
        return [f"step {newest} acknowledged, no file"] if newest else []
    db = connect_reader(path)
    try:
        row = db.execute("SELECT last_tick_ms, samples FROM poller").fetchone()
        rows = db.execute("SELECT tick_ms, samples FROM journal WHERE tick_ms > ?", (tick_ms(0),)).fetchall()
        names = dict(db.execute("SELECT device, id FROM device").fetchall())
    finally:
        db.close()
    last = 0 if row is None or row[0] is None else (row[0] - START_MS) // STEP_MS
    faults = [f"step {newest} acknowledged, {last} stored"] if newest > last else []
    every = [samples_of(args.seed, step, ids(args.devices)) for step in range(1, last + 1)]
    count = sum(map(len, every))
    if row is not None and row[1] != count:
        faults.append(f"{row[1]} samples stored, {count} were sent")
    for at_ms, blob in rows:
        step = (at_ms - START_MS) // STEP_MS
        if unpack(blob, names) != every[step - 1]:
            faults.append(f"step {step}: other samples than were sent")
    return faults


def _unnumbered(body: bytes) -> bytes:
    """Leave out a seal's digest of the state before it: it names records by number, and each boot is one more."""
    return re.sub(rb',?"state":"[0-9a-f]{64}"', b"", body)


def contents(path: Path, steps: int) -> dict[str, object]:
    """All that must be equal: every record but those of boots, and every figure."""
    period = Span(start_ms=START_MS - STEP_MS, end_ms=tick_ms(steps))
    with LedgerReader(path) as reader, reader.reading() as db:
        config = reader.config_at()
        assert config is not None
        names = [d.id for d in config.config.devices]
        return {
            "chain": [
                (kind, at_ms, _unnumbered(body))
                for kind, at_ms, body in db.execute(
                    "SELECT kind, at_ms, body FROM chain WHERE kind <> 1 ORDER BY seq"
                ).fetchall()
            ],
            "intervals": reader.intervals(period),
            "buckets": reader.buckets(period),
            "days": reader.day_tallies(period, names, tz=ZONE, policy=DEFAULT_ACCOUNTING[0], config=config.config),
            "rollups": db.execute("SELECT * FROM day_rollup").fetchall(),
            "open": db.execute("SELECT device, t0, status FROM open_interval").fetchall(),
        }


def experiment(args: argparse.Namespace, folder: Path) -> dict[str, object]:
    began = time.perf_counter()
    rng = random.Random(args.seed)
    killed, whole = folder / "killed.ledger", folder / "whole.ledger"
    faults: list[str] = []
    kills = early = acknowledgements = 0
    at_work = True
    while kills < args.kills and at_work:
        newest, at_work = kill_once(killed, args, rng)
        kills, early = kills + at_work, early + (at_work and not newest)
        acknowledgements = max(acknowledgements, newest)
        faults += stored(killed, args, acknowledgements)
    before = connect_reader(killed).execute("SELECT samples FROM poller").fetchone()
    last = life(killed, args)
    last.communicate()
    faults += [] if last.returncode == 0 else [f"the last life ended with {last.returncode}"]
    whole_run = life(whole, args)
    whole_run.communicate()
    one, other = contents(killed, args.steps), contents(whole, args.steps)
    different = [name for name in one if one[name] != other[name]]
    proofs = {str(p.name): [f.en for f in verify(p).faults] for p in (killed, whole)}
    chain = one["chain"]
    assert isinstance(chain, list)
    return {
        "ok": kills == args.kills and not faults and not different and not any(proofs.values()),
        "kills": kills,
        "kills_before_its_first_acknowledgement": early,
        "samples": connect_reader(killed).execute("SELECT samples FROM poller").fetchone()[0],
        "samples_before_last_life": before[0] if before else 0,
        "records": len(chain),
        "steps": args.steps,
        "devices": args.devices,
        "acknowledged_lost": len(faults),
        "faults": faults[:10],
        "different": different,
        "verify": proofs,
        "seed": args.seed,
        "seconds": round(time.perf_counter() - began, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["run", "work"])
    parser.add_argument("ledger", nargs="?", type=Path)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--devices", type=int, default=20)
    parser.add_argument("--pace-ms", type=int, default=0, help="pause of a working life after each step")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.mode == "work":
        work(args.ledger, seed=args.seed, devices=args.devices, steps=args.steps, pace_ms=args.pace_ms)
        return 0
    with tempfile.TemporaryDirectory(prefix="camkeeper-kill9-") as folder:
        found = experiment(args, Path(folder))
    print(json.dumps(found, ensure_ascii=False))
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
