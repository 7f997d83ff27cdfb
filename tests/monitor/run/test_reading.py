"""Strips: every millisecond of the day has one answer, and the answer is the record's."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.run.township import (
    DAY_MS,
    HOUR_MS,
    NOVEMBER_MS,
    OCTOBER_MS,
    VILLAGES,
    ZONE,
    Story,
    device,
    registry,
    write,
)

from camkeeper.availability.tally import tally
from camkeeper.ledger import snapshot_of
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.run.reading import STRIP_MS, Edges, Known, _filled, read

FROM, TO = 0, 40
PERIOD = Span(start_ms=FROM, end_ms=TO)


@st.composite
def strips(draw: st.DrawFn) -> tuple[list[Edges], list[Known]]:
    """Lives of one device (touching ones too, never overlapping), and what is known inside them."""
    edges = sorted(draw(st.lists(st.integers(FROM, TO), max_size=6)))
    lives = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False) if a < b]
    known: list[Known] = []
    for life in lives:
        cuts = sorted(draw(st.sets(st.integers(*life), max_size=6)))
        for start, end in pairwise(cuts):
            status = draw(st.sampled_from([None, *Status]))
            if status is not None:
                known.append((start, end, status))
    return lives, known


def at(ms: int, lives: list[Edges], known: list[Known]) -> Status | None:
    """Naive: ask of one millisecond."""
    for start_ms, end_ms, status in known:
        if start_ms <= ms < end_ms:
            return status
    return Status.UNKNOWN if any(start_ms <= ms < end_ms for start_ms, end_ms in lives) else None


@given(strips())
def test_segments_cover_the_period_and_say_what_every_millisecond_was(
    found: tuple[list[Edges], list[Known]],
) -> None:
    lives, known = found
    filled = _filled(lives, known, PERIOD)
    assert filled[0].span.start_ms == PERIOD.start_ms
    assert filled[-1].span.end_ms == PERIOD.end_ms
    for one, after in pairwise(filled):
        assert one.span.end_ms == after.span.start_ms
        assert one.status is not after.status
    for segment in filled:
        for ms in range(segment.span.start_ms, segment.span.end_ms):
            assert segment.status is at(ms, lives, known)


def town() -> Registry:
    return registry([device("a"), device("b", site="v2"), device("horn", kind=DeviceKind.SPEAKER)])


TICK_MS = OCTOBER_MS + 3 * DAY_MS + 5 * HOUR_MS


def stories(town: Registry) -> list[Story]:
    forever = 2**50
    a, b, horn = town.devices
    gone = device("gone", site="v2")
    return [
        Story(
            device=a,
            life=Span(start_ms=OCTOBER_MS, end_ms=forever),
            changes=((OCTOBER_MS, Status.UP), (TICK_MS - 4 * HOUR_MS, Status.DOWN), (TICK_MS - HOUR_MS, Status.UP)),
        ),
        Story(
            device=b,
            life=Span(start_ms=TICK_MS - 2 * HOUR_MS, end_ms=forever),
            changes=((TICK_MS - HOUR_MS, Status.DEGRADED),),
        ),
        Story(device=horn, life=Span(start_ms=OCTOBER_MS, end_ms=forever), changes=()),
        Story(
            device=gone,
            life=Span(start_ms=OCTOBER_MS, end_ms=OCTOBER_MS + DAY_MS),
            changes=((OCTOBER_MS, Status.DOWN),),
        ),
    ]


def test_read_is_what_tally_says(tmp_path: Path) -> None:
    town_now = town()
    first = registry([*town_now.devices, device("gone", site="v2")])
    told = stories(town_now)
    write(tmp_path / "l", first, told, tick_ms=TICK_MS, last=town_now)
    found = read(tmp_path / "l", snapshot_of(town_now), at_ms=TICK_MS, tz=ZONE)
    assert found.today.period == Span(start_ms=OCTOBER_MS + 3 * DAY_MS, end_ms=TICK_MS)
    assert found.month.period == Span(start_ms=OCTOBER_MS, end_ms=TICK_MS)
    for story in told:
        for part in (found.today, found.month):
            expected = tally(
                changes=story.told, life=[story.life], excluded=[], period=part.period, known_until_ms=TICK_MS
            )
            assert part.buckets[story.device.id] == expected
    assert found.retired == {"gone": "v2"}


def test_strips_of_the_last_day(tmp_path: Path) -> None:
    town_now = town()
    write(tmp_path / "l", town_now, stories(town_now)[:3], tick_ms=TICK_MS)
    strips = read(tmp_path / "l", snapshot_of(town_now), at_ms=TICK_MS, tz=ZONE).strips

    def shape(name: str) -> list[tuple[int, Status | None]]:
        return [(s.span.length_ms, s.status) for s in strips[name]]

    assert shape("a") == [
        (STRIP_MS - 4 * HOUR_MS, Status.UP),
        (3 * HOUR_MS, Status.DOWN),
        (HOUR_MS, Status.UP),
    ]
    assert shape("b") == [(STRIP_MS - 2 * HOUR_MS, None), (HOUR_MS, Status.UNKNOWN), (HOUR_MS, Status.DEGRADED)]
    assert shape("horn") == [(STRIP_MS, Status.UNKNOWN)]


def test_a_month_begins_at_the_towns_midnight(tmp_path: Path) -> None:
    town_now = registry([device("a")])
    life = Span(start_ms=OCTOBER_MS, end_ms=2**50)
    story = Story(device=town_now.devices[0], life=life, changes=((OCTOBER_MS, Status.UP),))
    tick_ms = NOVEMBER_MS + 60_000
    write(tmp_path / "l", town_now, [story], tick_ms=tick_ms)
    found = read(tmp_path / "l", snapshot_of(town_now), at_ms=tick_ms, tz=ZONE)
    assert found.month.buckets["a"].up_ms == found.today.buckets["a"].up_ms == 60_000


def test_a_retired_camera_whose_village_is_gone_counts_for_the_town(tmp_path: Path) -> None:
    gone = device("gone", site="v2")
    first = registry([device("a"), gone])
    last = Registry(name=first.name, sites=(first.sites[0], VILLAGES[0]), devices=first.devices[:1], probe=first.probe)
    life = Span(start_ms=OCTOBER_MS, end_ms=OCTOBER_MS + DAY_MS)
    write(
        tmp_path / "l",
        first,
        [
            Story(device=gone, life=life, changes=((OCTOBER_MS, Status.DOWN),)),
            Story(device=first.devices[0], life=Span(start_ms=OCTOBER_MS, end_ms=2**50), changes=()),
        ],
        tick_ms=TICK_MS,
        last=last,
    )
    found = read(tmp_path / "l", snapshot_of(last), at_ms=TICK_MS, tz=ZONE)
    assert found.retired == {"gone": "town"}
    assert found.month.buckets["gone"].down_ms == DAY_MS
