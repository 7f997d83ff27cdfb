"""What the tests of the mirror share: a ledger of some weeks, and a mirror of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from tests.monitor.ledger.stories import Story, batches, snapshot_of_stories

from camkeeper.clock import SystemClock
from camkeeper.ledger import Batch, Boot
from camkeeper.ledger.session import Session
from camkeeper.ledger.snapshot import DeviceEntry, SiteEntry, Snapshot
from camkeeper.mirror import Mirror
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.mirror import Dialect, InfluxSetting
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.span import Span
from camkeeper.model.status import Status

ZONE = "Asia/Shanghai"
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
START_MS = 1_790_000_000_000 // DAY_MS * DAY_MS + 5 * HOUR_MS + 123
SITES = ("v1", "v2")


def stories(devices: int, days: int, *, seed: int = 7) -> list[Story]:
    """Devices that fail now and then, as the seed has it."""
    random = Random(seed)
    out = []
    for n in range(devices):
        at_ms, changes = START_MS + random.randrange(1000), []
        end_ms = START_MS + days * DAY_MS
        while at_ms < end_ms:
            changes.append((at_ms, random.choice(list(Status))))
            at_ms += random.randrange(60_000, 2 * DAY_MS)
        life = Span(start_ms=START_MS, end_ms=end_ms + 1000 * DAY_MS)
        if n == 0 and days > 2:
            life = Span(start_ms=START_MS, end_ms=START_MS + 2 * DAY_MS)  # leaves service
        out.append(Story(device_id=f"cam-{n:03}", lives=(life,), changes=tuple(changes)))
    return out


def snapshot(some: Sequence[Story]) -> Snapshot:
    """A town of two villages; every fourth device is a switch."""
    town = SiteEntry(id="town", name="镇", kind=SiteKind.TOWN, timezone=ZONE, target_bp=9500)
    villages = (
        SiteEntry(id=i, name=i, kind=SiteKind.VILLAGE, timezone=ZONE, target_bp=9500, parent_id="town") for i in SITES
    )
    return replace(
        snapshot_of_stories(some, ZONE),
        sites=(town, *villages),
        devices=tuple(
            DeviceEntry(
                id=s.device_id,
                site_id=SITES[n % len(SITES)],
                kind=DeviceKind.SWITCH if n % 4 == 3 else DeviceKind.CAMERA,
            )
            for n, s in enumerate(some)
        ),
        policies=DEFAULT_ACCOUNTING,
    )


def begin(path: Path, some: Sequence[Story], *, tick_ms: int) -> Session:
    """Write all of it up to a tick; returns the session, still open."""
    session = Session(path, created_ms=0)
    session.begin()
    session.boot(Boot(boot_id="boot", version="test"), START_MS)
    session.write(Batch(config=snapshot(some), at_ms=START_MS), START_MS)
    for batch in batches(some, tick_ms):
        session.write(batch, START_MS)
    session.write(Batch(tick_ms=tick_ms), START_MS)
    session.commit()
    return session


def go_on(session: Session, *written: Batch) -> None:
    """Write more, in one transaction."""
    session.begin()
    for batch in written:
        session.write(batch, START_MS)
    session.commit()


def setting(url: str, dialect: Dialect, *, bucket: str = "camkeeper", **more: object) -> InfluxSetting:
    return replace(InfluxSetting(url=url, bucket=bucket, dialect=dialect, fine_days=1000), **more)  # type: ignore[arg-type]


def mirror_of(path: Path, where: InfluxSetting) -> Mirror:
    return Mirror(ledger=path, setting=where, secret=lambda: "", clock=SystemClock())


def mirror_all(mirror: Mirror) -> int:
    """Write until the mirror has caught up; returns the lines taken."""
    taken = 0
    with mirror.opened():
        while True:
            stepped = mirror.step()
            taken += stepped.delivered.taken
            if not stepped.more:
                return taken
