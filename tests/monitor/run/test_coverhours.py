"""Today and this month from the ledger: stored hours and the rest add up to what the intervals alone say."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.monitor.cover.towns import HOUSES, ZONE, camera, township
from tests.monitor.run.township import OCTOBER_MS, QUICK_DISK, Story, write

from camkeeper.clock import SimulatedClock
from camkeeper.cover.hours import HOUR_MS
from camkeeper.cover.sight import State
from camkeeper.cover.township import TownshipCover
from camkeeper.ledger import Boot, Ledger, LedgerReader
from camkeeper.ledger.rebuild import rebuild
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.run.coverage.hours import SETTLE_MS, day_and_month, next_fill, states_at, states_now
from camkeeper.run.coverage.month import month_cover
from camkeeper.run.coverage.offline import coverage_of
from camkeeper.run.monthstory import cover_lines

CAMERAS = (camera("c0", 60, 60), camera("c1", 150, 60, azimuth_deg=200), camera("c2", 30, 20, night=False))
TOWN = township(CAMERAS)
COVER = TownshipCover.build(TOWN, HOUSES)
BEGIN_MS = OCTOBER_MS + 3 * 86_400_000 + 1_000_000
TICK_MS = BEGIN_MS + 9 * HOUR_MS + 4321


def fill(path: Path) -> int:
    """Keep what wants keeping, as the monitor does; return how many hours that were."""
    kept = 0
    with Ledger.open(path, boot=Boot(boot_id="c", version="test"), clock=SimulatedClock(wall_ms=TICK_MS)) as ledger:
        while (found := next_fill(path, COVER)) is not None:
            future = ledger.store_coverage(found.series, found.hours, seen_seq=found.seen_seq)
            assert future.result(10) == len(found.hours)
            kept += len(found.hours)
    return kept


@st.composite
def stories(draw: st.DrawFn) -> list[Story]:
    out = []
    for device in CAMERAS:
        life = Span(start_ms=BEGIN_MS + draw(st.integers(0, HOUR_MS)), end_ms=TICK_MS + 1)
        times = sorted(draw(st.sets(st.integers(life.start_ms, TICK_MS - 1), max_size=6)))
        changes, now = [], Status.UNKNOWN
        for at_ms in times:
            new = draw(st.sampled_from([s for s in Status if s is not now]))
            changes.append((at_ms, new))
            now = new
        out.append(Story(device=device, life=life, changes=tuple(changes)))
    return out


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories())
def test_stored_hours_and_the_open_rest_are_what_the_intervals_say(told: list[Story]) -> None:
    with TemporaryDirectory(dir=QUICK_DISK) as folder:
        path = Path(folder) / "l"
        write(path, TOWN, told, tick_ms=TICK_MS)
        direct = day_and_month(path, COVER, at_ms=TICK_MS, tz=ZONE)
        first_ms = min(story.life.start_ms for story in told)
        hours = (TICK_MS - SETTLE_MS) // HOUR_MS - first_ms // HOUR_MS
        assert fill(path) == hours * (len(COVER.panels[0].rows) + len(COVER.panels[1].rows))
        assert fill(path) == 0
        assert day_and_month(path, COVER, at_ms=TICK_MS, tz=ZONE) == direct
        rebuild(path)
        assert day_and_month(path, COVER, at_ms=TICK_MS, tz=ZONE) == direct
        today, month = direct["v0", False]
        assert month[0].period.start_ms == first_ms
        assert today[0].period.end_ms == month[0].period.end_ms == TICK_MS
        with LedgerReader(path) as reader:
            assert states_at(reader, TICK_MS - 1) == states_now(reader)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories(), st.booleans())
def test_a_report_has_the_same_month_for_less(told: list[Story], kept: bool) -> None:
    with TemporaryDirectory(dir=QUICK_DISK) as folder:
        path = Path(folder) / "l"
        write(path, TOWN, told, tick_ms=TICK_MS)
        if kept:
            fill(path)
        shown = set(TOWN.site_by_id)
        for month, now_ms in (("2026-10", TICK_MS), (None, TICK_MS), ("2026-10", TICK_MS + 40 * 86_400_000)):
            whole = coverage_of(path, TOWN, wall_ms=now_ms, silent_ms=60_000, month=month).standing
            months = {site.site_id: site.month for site in whole.sites if not site.night}
            lines = month_cover(path, TOWN, shown, month=month, now_ms=now_ms)
            assert lines
            assert lines == cover_lines(whole.sites, months, shown)


def test_a_turned_camera_makes_the_hours_anew(tmp_path: Path) -> None:
    path = tmp_path / "l"
    life = Span(start_ms=BEGIN_MS, end_ms=TICK_MS + 1)
    write(path, TOWN, [Story(device=d, life=life, changes=((BEGIN_MS, Status.UP),)) for d in CAMERAS], tick_ms=TICK_MS)
    assert fill(path) > 0
    turned = TownshipCover.build(township((camera("c0", 60, 60, azimuth_deg=10), *CAMERAS[1:])), HOUSES)
    found = next_fill(path, turned)
    assert found is not None
    assert min(row.start_ms for row in found.hours) <= BEGIN_MS
    assert day_and_month(path, turned, at_ms=TICK_MS, tz=ZONE) != day_and_month(path, COVER, at_ms=TICK_MS, tz=ZONE)


def test_offline_now_then_and_over_a_month(tmp_path: Path) -> None:
    path = tmp_path / "l"
    life = Span(start_ms=BEGIN_MS, end_ms=TICK_MS + 1)
    down_ms = BEGIN_MS + 2 * HOUR_MS
    changes = ((BEGIN_MS, Status.UP), (down_ms, Status.DOWN))
    write(path, TOWN, [Story(device=d, life=life, changes=changes) for d in CAMERAS], tick_ms=TICK_MS)
    now = coverage_of(path, TOWN, wall_ms=TICK_MS + 5, silent_ms=60_000)
    assert now.silent_s is None
    assert set(now.states.values()) == {State.DARK}
    assert area(now.standing.sites[0]) == 0
    silent = coverage_of(path, TOWN, wall_ms=TICK_MS + 90_000, silent_ms=60_000)
    assert (silent.silent_s, silent.states, silent.standing.at_ms) == (90, {}, TICK_MS + 90_000)
    then = coverage_of(path, TOWN, wall_ms=TICK_MS, silent_ms=60_000, at_ms=down_ms - 1)
    assert set(then.states.values()) == {State.WORKING}
    month = coverage_of(path, TOWN, wall_ms=TICK_MS, silent_ms=60_000, month="2026-10")
    assert not month.complete
    assert month.period == Span(start_ms=BEGIN_MS, end_ms=TICK_MS)
    hours = month.standing.sites[0].month[0]
    assert hours.design is not None
    assert hours.lower == pytest.approx(hours.design * 2 * HOUR_MS / month.period.length_ms)
    later = coverage_of(path, TOWN, wall_ms=TICK_MS + 40 * 86_400_000, silent_ms=60_000, month="2026-10")
    assert later.complete
    assert later.standing.sites[0].month[0].upper > hours.upper  # type: ignore[operator]  # unknown after the tick
    empty = coverage_of(path, TOWN, wall_ms=TICK_MS, silent_ms=60_000, month="2026-11")
    assert empty.standing.sites[0].month[0].lower is None


def area(site: object) -> float:
    return float(site.layers[0].cover.upper)  # type: ignore[attr-defined]
