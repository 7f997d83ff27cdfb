"""SQL over the intervals = the interval engine = a naive oracle, bit for bit; and so the rollups."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.ledger.stories import Story, snapshot_of_stories, write

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.daily import day_sums, day_tallies
from camkeeper.availability.days import day_span, local_date
from camkeeper.availability.tally import tally
from camkeeper.ledger import LedgerReader
from camkeeper.ledger.daysums import Question, device_tallies, group_sum_pairs, group_sums
from camkeeper.ledger.rollup import roll_up, stored
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.span import Span
from camkeeper.model.status import Status

EDGE_MS = 1_790_812_800_000  # 2026-10-01T00:00Z, an edge of the interval table's months
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
BERLIN_DST_MS = 1_792_890_000_000  # 2026-10-25T01:00Z: Berlin's day of 25 hours
# Nothing here is about fsync.
QUICK_DISK = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
POLICY = DEFAULT_ACCOUNTING[2]


def stories(*, at: int, unit_ms: int, reach: int) -> st.SearchStrategy[list[Story]]:
    """One to three devices whose changes lie within `reach` units around `at`."""
    instant = st.integers(-reach, reach).map(lambda n: at + n * unit_ms)
    span = st.tuples(instant, instant).map(lambda two: Span(start_ms=min(two), end_ms=max(two)))
    change = st.tuples(instant, st.sampled_from(Status))

    def lives(edges: list[int]) -> tuple[Span, ...]:
        edges = sorted(edges)
        return tuple(Span(start_ms=a, end_ms=b) for a, b in zip(edges[::2], edges[1::2], strict=False))

    def story(number: int) -> st.SearchStrategy[Story]:
        return st.builds(
            Story,
            device_id=st.just(f"d{number}"),
            lives=st.lists(instant, min_size=2, max_size=4, unique=True).map(lives),
            changes=st.lists(change, max_size=12).map(lambda some: tuple(sorted(some, key=lambda c: c[0]))),
            excluded=st.lists(span, max_size=3).map(tuple),
        )

    return st.integers(1, 3).flatmap(lambda n: st.tuples(*(story(i) for i in range(n))).map(list))


def changes_of(story: Story) -> list[tuple[int, Status]]:
    """What the record says: each life begins and ends unknown."""
    out: list[tuple[int, Status]] = []
    for life in story.lives:
        out.append((life.start_ms, Status.UNKNOWN))
        out += [c for c in story.changes if c[0] in life]
        out.append((life.end_ms, Status.UNKNOWN))
    return out


def oracle(story: Story, period: Span, known_until_ms: int, excluded: Sequence[Span]) -> Buckets:
    """Millisecond by millisecond."""
    changes = changes_of(story)
    count = dict.fromkeys(["up", "degraded", "down", "unknown", "excluded", "absent"], 0)
    for ms in range(period.start_ms, period.end_ms):
        if not any(ms in life for life in story.lives):
            count["absent"] += 1
        elif any(ms in span for span in excluded):
            count["excluded"] += 1
        elif ms >= known_until_ms:
            count["unknown"] += 1
        else:
            count[[Status.UNKNOWN, *(s for at, s in changes if at <= ms)][-1]] += 1
    return Buckets(
        up_ms=count["up"] + count["degraded"],
        down_ms=count["down"],
        unknown_ms=count["unknown"],
        excluded_ms=count["excluded"],
        absent_ms=count["absent"],
        degraded_ms=count["degraded"],
    )


ENGINES = (stories(at=EDGE_MS, unit_ms=1, reach=60), st.integers(-70, 70), st.integers(0, 140), st.integers(-80, 80))
"""What `three_engines_agree` is asked about."""


@settings(max_examples=60, deadline=None)
@given(*ENGINES)
def test_three_engines_agree(some: list[Story], start: int, length: int, known: int) -> None:
    three_engines_agree(some, start, length, known)


def three_engines_agree(some: list[Story], start: int, length: int, known: int) -> None:
    """SQL, the interval engine and the oracle count the same milliseconds of a period."""
    period = Span(start_ms=EDGE_MS + start, end_ms=EDGE_MS + start + length)
    known_ms = EDGE_MS + known
    with tempfile.TemporaryDirectory(dir=QUICK_DISK) as folder:
        path = Path(folder) / "l"
        write(path, some, zone="UTC", tick_ms=EDGE_MS + 100).db.close()
        with LedgerReader(path) as reader:
            names = [s.device_id for s in some]
            found = reader.buckets(
                period,
                excluded={s.device_id: s.excluded for s in some},
                device_ids=names,
                known_until_ms=known_ms,
            )
            whole = reader.buckets(period, device_ids=names, known_until_ms=known_ms)
            middle = Span(start_ms=period.start_ms, end_ms=period.start_ms + length // 3)
            after = Span(start_ms=middle.end_ms, end_ms=period.end_ms)
            parts = [reader.buckets(p, device_ids=names, known_until_ms=known_ms) for p in (middle, after)]
    for story in some:
        expected = oracle(story, period, known_ms, story.excluded)
        engine = tally(
            changes=changes_of(story),
            life=story.lives,
            excluded=story.excluded,
            period=period,
            known_until_ms=known_ms,
        )
        assert found[story.device_id] == engine == expected
        assert found[story.device_id].period_ms == period.length_ms
        assert whole[story.device_id] == parts[0][story.device_id] + parts[1][story.device_id]


ROLLUPS = (
    stories(at=BERLIN_DST_MS, unit_ms=1_234_567, reach=240),
    st.sampled_from(["Europe/Berlin", "Asia/Shanghai"]),
    st.integers(-2, 3),
    st.booleans(),
)
"""What `days_agree_with_and_without_rollups` is asked about."""


@settings(max_examples=40, deadline=None)
@given(*ROLLUPS)
def test_days_with_and_without_rollups(some: list[Story], zone: str, known_day: int, gross: bool) -> None:
    days_agree_with_and_without_rollups(some, zone, known_day, gross)


def days_agree_with_and_without_rollups(some: list[Story], zone: str, known_day: int, gross: bool) -> None:
    """Days by rollups, by intervals and by the engine are the same, over a change of summer time."""
    first = local_date(BERLIN_DST_MS - 2 * DAY_MS, zone)
    period = Span(start_ms=day_span(first, zone).start_ms, end_ms=BERLIN_DST_MS + 2 * DAY_MS)
    known_ms = BERLIN_DST_MS + known_day * DAY_MS
    tick_ms = BERLIN_DST_MS + 5 * DAY_MS
    names = [s.device_id for s in some]
    config = snapshot_of_stories(some, zone)
    ask = Question(period=period, tz=zone, policy=POLICY, config=config, gross=gross, known_until_ms=known_ms)
    with tempfile.TemporaryDirectory(dir=QUICK_DISK) as folder:
        path = Path(folder) / "l"
        session = write(path, some, zone=zone, tick_ms=tick_ms)
        session.begin()
        while roll_up(session, days=20, most=3):
            pass
        session.commit()
        rolled = len(stored(session.db))
        with LedgerReader(path) as reader, reader.reading() as db:
            from_rollups = device_tallies(db, ask, names)
            from_intervals = device_tallies(db, ask, names, use_rollups=False)
            sums = group_sums(db, ask, dict.fromkeys(names, "all"))
            pair = group_sum_pairs(db, ask, dict.fromkeys(names, "all"))
        session.db.close()
    expected = [
        one
        for story in some
        for one in day_tallies(
            story.device_id,
            changes=changes_of(story),
            life=story.lives,
            excluded=() if gross else story.excluded,
            period=period,
            known_until_ms=known_ms,
            tz=zone,
            patrol_at=POLICY.patrol_at,
        )
    ]
    lived = local_date(tick_ms, zone) - local_date(min(life.start_ms for one in some for life in one.lives), zone)
    assert rolled >= min(3, lived.days)  # from the first life on
    assert list(from_intervals) == expected
    assert list(from_rollups) == expected
    assert sums["all"] == day_sums(expected)
    assert pair[gross] == sums
