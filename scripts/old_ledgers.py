"""Writes the small files of earlier schemas in tests/data/ledgers, each by the program of its own time, from git.

Run once for a new schema: `python scripts/old_ledgers.py REVISION vN`; what was written before is never written again.
The story is the same in all of them, so that figures must be, too.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from tarfile import open as open_tar
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "tests/data/ledgers"

STORY = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from camkeeper.clock import SimulatedClock
import camkeeper
assert Path(camkeeper.__file__).is_relative_to(Path(sys.argv[1]).parent), camkeeper.__file__
from camkeeper.ledger.ledger import Ledger
from camkeeper.ledger.record import Batch, Boot, LifeChange
from camkeeper.ledger.snapshot import DeviceEntry, SiteEntry, Snapshot
from camkeeper.model.change import Transition
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.probing import Sample
from camkeeper.model.status import Reason, Status

T0 = round(datetime(2026, 8, 30, 16, tzinfo=UTC).timestamp() * 1000)
HOUR = 3_600_000
clock = SimulatedClock(wall_ms=T0)
ids = ["v01-cam-01", "v01-cam-02", "v01-cam-03"]
town = Snapshot(
    sites=(SiteEntry(id="town", name="试验镇", kind=SiteKind.TOWN, timezone="Asia/Shanghai", target_bp=9500),
           SiteEntry(id="v01", name="东村", kind=SiteKind.VILLAGE, timezone="Asia/Shanghai", target_bp=9500,
                     parent_id="town")),
    devices=tuple(DeviceEntry(id=i, site_id="v01", kind=DeviceKind.CAMERA) for i in ids),
    policies=DEFAULT_ACCOUNTING,
)
now = {i: Status.UNKNOWN for i in ids}

def change(ledger, device, new, at):
    reason = {Status.UP: Reason.RECOVERED, Status.DOWN: Reason.NO_ANSWER}[new]
    old, now[device] = now[device], new
    sample = Sample(device_id=device, at_ms=at, status=new, reason=reason)
    move = Transition(device_id=device, at_ms=at, old=old, new=new, reason=reason, decided_ms=at + 60_000)
    ledger.append(Batch(samples=(sample,), transitions=(move,), tick_ms=at + 60_000)).result()

with Ledger.open(Path(sys.argv[1]), boot=Boot(boot_id="story", version="0.1.0"), clock=clock) as ledger:
    ledger.append(Batch(config=town, at_ms=T0,
        lives=tuple(LifeChange(device_id=i, at_ms=T0, enrolled=True) for i in ids), tick_ms=T0)).result()
    for hour in range(72):
        clock.advance(HOUR)
        at = T0 + hour * HOUR
        if hour == 0:
            for i in ids:
                change(ledger, i, Status.UP, at)
        if hour % 7 == 3:
            change(ledger, ids[hour % 3], Status.DOWN, at + 5_000)
            change(ledger, ids[hour % 3], Status.UP, at + 1_805_000)
        ledger.append(Batch(tick_ms=at + HOUR)).result()
    while ledger.roll_up().result():
        pass
"""


def write(revision: str, name: str) -> None:
    """Write one file by the program of `revision`."""
    target = OUT / f"{name}.ledger.gz"
    if target.exists():
        sys.exit(f"{target} is there already: files of earlier schemas are never written again")
    archive = subprocess.run(  # noqa: S603 - a revision of our own
        ["git", "archive", revision, "monitor", "coverage"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    with TemporaryDirectory() as folder:
        with open_tar(fileobj=BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        ledger = Path(folder) / "story.ledger"
        environ = {"PYTHONPATH": f"{folder}/monitor:{folder}/coverage", "PATH": "/usr/bin:/bin"}
        subprocess.run([sys.executable, "-P", "-c", STORY, str(ledger)], env=environ, check=True)  # noqa: S603
        compact = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('PRAGMA journal_mode=DELETE');"
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", f"{compact} db.execute('VACUUM')", str(ledger)], check=True
        )
        OUT.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(ledger.read_bytes(), mtime=0))
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    write(*sys.argv[1:3])
