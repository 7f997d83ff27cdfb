"""A county's month as evidence: how long export and verify take, and whether every flipped bit is found.

`python bench/bench_bundle.py [--devices 5000] [--changes 30] [--flips 1000]`; flips are made in a bundle of a few
devices, whose proof takes milliseconds: what is proved is the form, not the size. Two at a time where there are cores.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

from camkeeper.bundle.container import NotABundleError
from camkeeper.bundle.export import export
from camkeeper.bundle.verify import verify_bundle
from camkeeper.ledger import Batch, Boot, LifeChange, Snapshot
from camkeeper.ledger.closing import close_month
from camkeeper.ledger.session import Session
from camkeeper.ledger.snapshot import DeviceEntry, SiteEntry
from camkeeper.model.change import Transition
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.status import Reason, Status
from figures import arguments, print_figures

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
OCTOBER_MS = 1_790_784_000_000  # 2026-10-01 in Shanghai
SEED = 8
VILLAGES = 229
"""Of the county in the field notes."""


def county(path: Path, devices: int, changes: int, villages: int = VILLAGES) -> None:
    """Write a ledger of three days before October, October, and the day in which it is closed."""
    rng = random.Random(SEED)
    sites = [SiteEntry(id="county", name="县", kind=SiteKind.TOWN, timezone="Asia/Shanghai", target_bp=9500)]
    sites += [
        SiteEntry(
            id=f"v{n}",
            name=f"村{n}",
            kind=SiteKind.VILLAGE,
            timezone="Asia/Shanghai",
            target_bp=9500,
            parent_id="county",
        )
        for n in range(villages)
    ]
    ids = [f"cam-{n:05d}" for n in range(devices)]
    entries = [DeviceEntry(id=i, site_id=f"v{n % villages}", kind=DeviceKind.CAMERA) for n, i in enumerate(ids)]
    config = Snapshot(sites=tuple(sites), devices=tuple(entries), policies=DEFAULT_ACCOUNTING)
    start_ms, end_ms = OCTOBER_MS - 3 * DAY_MS, OCTOBER_MS + 32 * DAY_MS
    session = Session(path, created_ms=start_ms)
    session.begin()
    session.boot(Boot(boot_id="bench", version="bench"), start_ms)
    lives = tuple(LifeChange(device_id=i, at_ms=start_ms, enrolled=True) for i in ids)
    session.write(Batch(config=config, at_ms=start_ms, lives=lives, tick_ms=start_ms), start_ms)
    told = sorted((rng.randrange(start_ms, end_ms), i) for i in ids for _ in range(round(changes * 35 / 31)))
    now = dict.fromkeys(ids, Status.UNKNOWN)
    tick_ms = start_ms
    waiting: list[Transition] = []
    for at_ms, device_id in told:
        while tick_ms + HOUR_MS <= at_ms:
            tick_ms += HOUR_MS
            session.write(Batch(transitions=tuple(waiting), tick_ms=tick_ms), tick_ms)
            waiting = []
        new = Status.DOWN if now[device_id] is Status.UP else Status.UP
        reason = Reason.NO_ANSWER if new is Status.DOWN else Reason.RECOVERED
        waiting.append(
            Transition(device_id=device_id, at_ms=at_ms, decided_ms=at_ms, old=now[device_id], new=new, reason=reason)
        )
        now[device_id] = new
    session.write(Batch(transitions=tuple(waiting), tick_ms=end_ms), end_ms)
    close_month(session, "2026-10", zone="Asia/Shanghai", by="bench", at_ms=end_ms)
    session.commit()
    session.db.close()


def flips(data: bytes, count: int) -> int:
    """Return how many of `count` flipped bits, at different bytes drawn at random, are found."""
    rng = random.Random(SEED)
    found = 0
    for at in rng.sample(range(len(data)), count):
        changed = bytearray(data)
        changed[at] ^= 1 << rng.randrange(8)
        try:
            found += not verify_bundle(bytes(changed)).ok
        except NotABundleError:
            found += 1
    return found


def main() -> None:
    """Measure, print, and keep the figures."""
    parser = arguments("A county's month as evidence / 县级一个月的证据包")
    parser.add_argument("--devices", type=int, default=5_000)
    parser.add_argument("--changes", type=int, default=30, help="a device and month")
    parser.add_argument("--flips", type=int, default=1_000)
    asked = parser.parse_args()
    if asked.quick:
        asked.devices, asked.flips = 1_000, 200
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "county.ledger"
        county(path, asked.devices, asked.changes)
        began = time.perf_counter()
        made = export(path, "2026-10")
        export_s = time.perf_counter() - began
        began, cpu = time.perf_counter(), time.process_time()
        proof = verify_bundle(made.data)
        verify_s, verify_cpu_s = time.perf_counter() - began, time.process_time() - cpu
        if not proof.ok:
            raise SystemExit(f"the bundle does not hold: {proof.faults[:3]}")
        small = Path(folder) / "small.ledger"
        county(small, 6, asked.changes, villages=2)
        data = export(small, "2026-10").data
        found = flips(data, min(asked.flips, len(data)))
    figures: dict[str, object] = {
        "devices": asked.devices,
        "records": proof.counts["records"],
        "megabytes": round(len(made.data) / 1e6, 1),
        "export_s": round(export_s, 2),
        "verify_s": round(verify_s, 2),
        "verify_cpu_s": round(verify_cpu_s, 2),
        "flips": asked.flips,
        "found": found,
    }
    print(f"{asked.devices} devices, {proof.counts['records']} records, {len(made.data) / 1e6:.1f} MB")
    print(f"export {export_s:.1f} s, verify {verify_s:.1f} s; {found} of {asked.flips} flipped bits found")
    print_figures("bundle", figures)


if __name__ == "__main__":
    main()
