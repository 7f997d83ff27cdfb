"""A closed month's figures stand, whatever is told or agreed later, until somebody amends them by name."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.ledger.stories import Story, batches, snapshot_of_stories, write

from camkeeper.availability.buckets import Buckets
from camkeeper.ledger import Batch, LedgerReader
from camkeeper.ledger.closing import amend, close_month
from camkeeper.ledger.verify import verify
from camkeeper.model.span import Span
from camkeeper.model.status import Status

MONTH, ZONE = "2026-10", "Asia/Shanghai"
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
OCTOBER = Span(start_ms=1_790_784_000_000, end_ms=1_790_784_000_000 + 31 * DAY_MS)
TICK_MS = OCTOBER.end_ms + 2 * HOUR_MS
# Nothing here is about fsync.
QUICK_DISK = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def _instants(first_ms: int, last_ms: int) -> st.SearchStrategy[int]:
    return st.integers(first_ms, last_ms)


spans = st.tuples(_instants(OCTOBER.start_ms - DAY_MS, OCTOBER.end_ms), st.integers(HOUR_MS, 9 * DAY_MS)).map(
    lambda two: Span(start_ms=two[0], end_ms=sum(two))
)
changes = st.lists(
    st.tuples(_instants(OCTOBER.start_ms - DAY_MS, TICK_MS + 20 * DAY_MS), st.sampled_from(Status)), max_size=12
).map(lambda some: tuple(sorted(some, key=lambda change: change[0])))
windows = st.lists(spans, max_size=2).map(tuple)
CLOSED = (st.lists(st.tuples(changes, windows, windows), min_size=1, max_size=3),)


def _figures(path: Path) -> dict[str, Buckets]:
    with LedgerReader(path) as reader:
        config = reader.config_for(MONTH)
        assert config is not None
        return dict(reader.buckets(OCTOBER, excluded=config.excluded(config.policies[0].excludes, OCTOBER)))


def a_closed_month_stands(
    told: list[tuple[tuple[tuple[int, Status], ...], tuple[Span, ...], tuple[Span, ...]]],
) -> None:
    """Each device: what it did, the windows at the closing, and those that somebody would like later."""
    life = Span(start_ms=OCTOBER.start_ms - 2 * DAY_MS, end_ms=TICK_MS + 90 * DAY_MS)
    before = [
        Story(device_id=f"d{n}", lives=(life,), changes=some, excluded=first) for n, (some, first, _) in enumerate(told)
    ]
    after = [replace(story, excluded=later) for story, (_, _, later) in zip(before, told, strict=True)]
    with tempfile.TemporaryDirectory(dir=QUICK_DISK) as folder:
        path = Path(folder) / "l"
        session = write(path, before, zone=ZONE, tick_ms=TICK_MS)
        session.begin()
        close_month(session, MONTH, zone=ZONE, by="李主任", at_ms=TICK_MS)
        session.commit()
        closed = _figures(path)
        session.begin()
        for batch in batches(before, TICK_MS + 30 * DAY_MS)[len(batches(before, TICK_MS)) :]:
            session.write(batch, 0)
        session.write(Batch(config=snapshot_of_stories(after, ZONE), at_ms=TICK_MS + DAY_MS), 0)
        session.write(Batch(tick_ms=TICK_MS + 30 * DAY_MS), 0)
        session.commit()
        assert _figures(path) == closed
        assert verify(path).ok
        with pytest.raises(ValueError, match="closed"):
            close_month(session, MONTH, zone=ZONE, by="别人", at_ms=TICK_MS + DAY_MS)
        with pytest.raises(ValueError, match="who"):
            amend(session, MONTH, by="", why="无名", at_ms=TICK_MS + DAY_MS)
        assert _figures(path) == closed
        session.begin()
        amend(session, MONTH, by="李主任", why="补记停电", at_ms=TICK_MS + 2 * DAY_MS)
        session.commit()
        session.db.close()
        amended = _figures(path)
        wanted = {s.device_id: s.excluded for s in after}
        with LedgerReader(path) as reader:
            assert amended == reader.buckets(OCTOBER, excluded=wanted)
        assert verify(path).ok


@settings(max_examples=25)
@given(*CLOSED)
def test_a_closed_month_stands(
    told: list[tuple[tuple[tuple[int, Status], ...], tuple[Span, ...], tuple[Span, ...]]],
) -> None:
    a_closed_month_stands(told)
