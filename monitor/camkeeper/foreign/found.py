"""What is read of another monitor's history, and how it becomes samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from camkeeper.account.fault import Fault
from camkeeper.account.samples import SampleFile
from camkeeper.availability.hold import RANKS, Samples
from camkeeper.model.status import Status

MOST_BYTES = 1 << 30
"""Of a file that is read whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the source cannot know, or how its words are taken."""

    zh: str
    en: str


GAPS = Note(
    zh="没有样本的时间算未知：来源分不清“设备离线”与“监测自己没在看”",
    en="time without samples is unknown: the source cannot tell a dead device from a monitor that did not look",
)
NO_UPLINK = Note(
    zh="来源不知道监测自己的上联是否断过：那时的失败都算离线",
    en="the source does not know whether its own uplink was down: failures of that time count as down",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Samples of another monitor."""

    samples: SampleFile
    notes: tuple[Note, ...] = (GAPS, NO_UPLINK)


@dataclass(slots=True)
class Gathering:
    """Samples as they are read. Instants in UTC milliseconds."""

    source: str
    rows: list[tuple[str, int, int]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    strange: set[str] = field(default_factory=set)

    def add(self, device: str, at_ms: int, status: Status) -> None:
        """Take one sample."""
        self.rows.append((device, at_ms, RANKS[status]))

    def wrong(self, line: int, zh: str, en: str) -> None:
        """Note a row that cannot be read."""
        self.faults.append(Fault(source=self.source, line=line, zh=zh, en=en))

    def finish(self, notes: Iterable[Note] = (GAPS, NO_UPLINK)) -> History:
        """Return everything, devices in the order of their names."""
        names = sorted({device for device, _, _ in self.rows})
        place = {name: n for n, name in enumerate(names)}
        count = len(self.rows)
        return History(
            samples=SampleFile(
                devices=tuple(names),
                samples=Samples(
                    device=np.fromiter((place[d] for d, _, _ in self.rows), dtype=np.int64, count=count),
                    at_ms=np.fromiter((t for _, t, _ in self.rows), dtype=np.int64, count=count),
                    rank=np.fromiter((r for _, _, r in self.rows), dtype=np.int64, count=count),
                ),
                rows=count,
                faults=tuple(self.faults),
            ),
            notes=tuple(notes),
        )


def stretched(
    out: Gathering, device: str, changes: Iterable[tuple[int, Status]], *, every_ms: int, until_ms: int
) -> None:
    """Add a sample each `every_ms` between one change and the next: of sources that keep changes alone."""
    listed = sorted(changes)
    for number, (at_ms, status) in enumerate(listed):
        end_ms = listed[number + 1][0] if number + 1 < len(listed) else until_ms
        for moment_ms in range(at_ms, max(end_ms, at_ms + 1), every_ms):
            out.add(device, moment_ms, status)
