"""What the tests of the ledger share: a small township's histories, and how to write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, LifeChange, Snapshot
from camkeeper.ledger.session import Session
from camkeeper.ledger.snapshot import DeviceEntry, SiteEntry, WindowEntry
from camkeeper.model.change import Transition
from camkeeper.model.contract import WindowKind
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

REASON = {
    Status.UP: Reason.RECOVERED,
    Status.DEGRADED: Reason.NO_PICTURE,
    Status.DOWN: Reason.NO_ANSWER,
    Status.UNKNOWN: Reason.SILENCE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One device: when it was in service, and (instant, status) from then on."""

    device_id: str
    lives: tuple[Span, ...]
    changes: tuple[tuple[int, Status], ...]
    excluded: tuple[Span, ...] = ()


def open_ledger(path: Path, *, wall_ms: int = 0, max_pending_samples: int = 300_000) -> Ledger:
    boot = Boot(boot_id="boot", version="test")
    clock = SimulatedClock(wall_ms=wall_ms)
    return Ledger.open(path, boot=boot, clock=clock, max_pending_samples=max_pending_samples)


def snapshot_of_stories(stories: Sequence[Story], zone: str) -> Snapshot:
    windows = [
        WindowEntry(
            id=f"{s.device_id}/{i}", kind=WindowKind.EXCLUSION, span=w, reason="r", device_ids=frozenset({s.device_id})
        )
        for s in stories
        for i, w in enumerate(s.excluded)
    ]
    return Snapshot(
        sites=(SiteEntry(id="town", name="镇", kind=SiteKind.TOWN, timezone=zone, target_bp=9500),),
        devices=tuple(DeviceEntry(id=s.device_id, site_id="town", kind=DeviceKind.CAMERA) for s in stories),
        windows=tuple(windows),
        policies=DEFAULT_ACCOUNTING,
    )


def batches(stories: Sequence[Story], until_ms: int) -> list[Batch]:
    """The stories as the monitor would tell them until an instant: a batch an event, in the order of time."""
    events: list[tuple[int, int, Batch]] = []
    for story in stories:
        for life in story.lives:
            device_id = story.device_id
            enrol = LifeChange(device_id=device_id, at_ms=life.start_ms, enrolled=True)
            retire = LifeChange(device_id=device_id, at_ms=life.end_ms, enrolled=False)
            events.append((life.start_ms, 1, Batch(lives=(enrol,))))
            now = Status.UNKNOWN
            for at_ms, status in story.changes:
                if at_ms in life and status is not now:
                    made = Transition(
                        device_id=device_id, at_ms=at_ms, decided_ms=at_ms, old=now, new=status, reason=REASON[status]
                    )
                    events.append((at_ms, 2, Batch(transitions=(made,))))
                    now = status
            events.append((life.end_ms, 0, Batch(lives=(retire,))))
    events.sort(key=lambda event: event[:2])
    return [batch for at_ms, _, batch in events if at_ms <= until_ms]


def write(path: Path, stories: Sequence[Story], *, zone: str, tick_ms: int) -> Session:
    """Write all of it in one transaction; returns the session, committed and still open."""
    session = Session(path, created_ms=0)
    session.begin()
    session.boot(Boot(boot_id="boot", version="test"), 0)
    session.write(Batch(config=snapshot_of_stories(stories, zone), at_ms=0), 0)
    for batch in batches(stories, tick_ms):
        session.write(batch, 0)
    session.write(Batch(tick_ms=tick_ms), 0)
    session.commit()
    return session
