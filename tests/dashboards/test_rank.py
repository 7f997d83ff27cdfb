"""Orders, states and strips: laws."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from tests.dashboards.township import AT_MS, device, site, standing

from camboard.figure import figure
from camboard.i18n import languages
from camboard.index import index, state_of_all, this_instant
from camboard.query import ALL, Query, page_of
from camboard.rank import down_first, trouble, worst_first
from camboard.strip import COLUMNS, DAY_MS, columns, facts, paths, runs
from camboard.words import SHAPE, WORST_FIRST, State
from camkeeper.availability.buckets import Buckets, Promise
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.standing.view import DeviceStanding, SiteStanding, StripSegment

COUNTS = st.dictionaries(st.sampled_from(State), st.integers(0, 5)).map(Counter)
BUCKETS = st.builds(
    lambda up, down, unknown: Buckets(up_ms=up, down_ms=down, unknown_ms=unknown),
    st.integers(0, 50),
    st.integers(0, 5),
    st.integers(0, 5),
)
Tile = tuple[SiteStanding, Counter[State]]


@st.composite
def tiles(draw: st.DrawFn) -> list[Tile]:
    figures = draw(st.lists(st.tuples(BUCKETS, COUNTS), max_size=8))
    return [(site(f"v{n}", [], month=month), counts) for n, (month, counts) in enumerate(figures)]


@st.composite
def devices(draw: st.DrawFn) -> list[DeviceStanding]:
    made = draw(
        st.lists(
            st.tuples(st.sampled_from(Status), st.booleans(), st.sampled_from(DeviceKind), st.integers(0, 3)),
            max_size=20,
        )
    )
    return [
        device(f"d{n:02d}", status, in_window=window, kind=kind, site_id=f"v{where}")
        for n, (status, window, kind, where) in enumerate(made)
    ]


@given(tiles(), st.randoms())
def test_the_order_depends_on_values_alone(some: list[Tile], random: object) -> None:
    ranked = worst_first(some)
    shuffled = list(some)
    getattr(random, "shuffle")(shuffled)  # noqa: B009 - hypothesis' Random is untyped
    assert worst_first(shuffled) == ranked
    assert worst_first(ranked) == ranked
    assert sorted(s.id for s, _ in ranked) == sorted(s.id for s, _ in some)


@given(tiles())
def test_trouble_comes_first_and_then_the_lower_bound(some: list[Tile]) -> None:
    ranked = [(s, c) for s, c in worst_first(some) if c.total()]
    troubled = [trouble(c) > 0 for _, c in ranked]
    assert troubled == sorted(troubled, reverse=True)
    for group in (True, False):
        lowers = [
            -1 if s.month.buckets.lower is None else s.month.buckets.lower
            for s, c in ranked
            if (trouble(c) > 0) is group
        ]
        assert lowers == sorted(lowers)


@given(devices())
def test_rows_are_down_first(some: list[DeviceStanding]) -> None:
    ranks = [WORST_FIRST.index(State.of(d)) for d in down_first(some)]
    assert ranks == sorted(ranks)
    assert down_first(reversed(some)) == down_first(some)


@given(COUNTS)
def test_only_all_up_is_shown_as_up(counts: Counter[State]) -> None:
    state = state_of_all(counts)
    assert (state is State.UP) == (counts.total() > 0 and counts[State.UP] == counts.total())
    assert (state is None) == (counts.total() == 0)
    if counts[State.UNKNOWN]:
        assert state in {State.UNKNOWN, State.DOWN}


@given(devices())
def test_the_index_counts_every_camera_once(some: list[DeviceStanding]) -> None:
    made = index(standing(some))
    cameras = [d for d in some if d.kind.has_picture]
    assert made.cameras.total() == len(cameras)
    if some:
        assert made.cameras_of("town") == made.cameras
    instant = this_instant(made.cameras)
    assert instant.period_ms == len(cameras)
    assert instant.unknown_ms == sum(d.status is Status.UNKNOWN and not d.in_window for d in cameras)


@given(devices(), st.sampled_from([None, *State]), st.sampled_from(["v1", "town", None]))
def test_filters_and_pages_lose_nothing(some: list[DeviceStanding], state: State | None, where: str | None) -> None:
    made = index(standing(some))
    chosen = Query(site=where, status=state, kind=ALL).choose(made, made.ranked)
    assert all(state is None or State.of(d) is state for d in chosen)
    if where == "v1":
        assert all(d.site_id == "v1" for d in chosen)
    pages = page_of(chosen, 1, 3)[2]
    together = [d for n in range(1, pages + 1) for d in page_of(chosen, n, 3)[0]]
    assert together == chosen


@given(BUCKETS)
def test_a_figure_never_says_more_than_its_verdict(buckets: Buckets) -> None:
    verdict = buckets.verdict(target_bp=9500)
    made = figure(buckets, 9500, verdict, languages()["zh"])
    assert made.verdict is verdict
    assert (made.value is None) == (buckets.up_ms + buckets.down_ms == 0)
    if buckets.unknown_ms and not buckets.up_ms and not buckets.down_ms:
        assert (made.value, verdict) == (None, Promise.UNDETERMINED)
    if made.scale:
        assert 0 <= made.scale.lower <= made.scale.upper <= 1000
        assert 0 <= made.scale.target <= 1000


@st.composite
def strips(draw: st.DrawFn) -> list[StripSegment]:
    cuts = sorted(draw(st.lists(st.integers(AT_MS - 2 * DAY_MS, AT_MS), min_size=2, max_size=12, unique=True)))
    statuses = draw(st.lists(st.sampled_from([None, *Status]), min_size=len(cuts) - 1, max_size=len(cuts) - 1))
    return [
        StripSegment(span=Span(start_ms=a, end_ms=b), status=s)
        for a, b, s in zip(cuts, cuts[1:], statuses, strict=False)
    ]


@given(strips())
def test_no_outage_is_too_short_to_be_seen(segments: list[StripSegment]) -> None:
    cells = columns(segments, AT_MS)
    day = Span(start_ms=AT_MS - DAY_MS, end_ms=AT_MS)
    assert len(cells) == COLUMNS
    down = any(s.status is Status.DOWN and s.span.clip(day) for s in segments)
    assert (Status.DOWN in cells) == down
    assert (Status.DOWN in paths(segments, AT_MS)) == down
    assert (facts(segments, AT_MS).down_ms > 0) == down


@given(strips())
def test_a_column_is_up_only_where_nothing_worse_happened(segments: list[StripSegment]) -> None:
    start = AT_MS - DAY_MS
    for n, cell in enumerate(columns(segments, AT_MS)):
        width = DAY_MS // COLUMNS
        here = Span(start_ms=start + n * width, end_ms=start + (n + 1) * width)
        seen = {s.status for s in segments if s.span.clip(here)} - {None}
        assert (cell is Status.UP) == (seen == {Status.UP})


@given(st.lists(st.sampled_from([None, *Status]), max_size=40))
def test_runs_are_the_cells(cells: list[Status | None]) -> None:
    assert [s for s, _, n in runs(cells) for _ in range(n)] == cells


def test_shapes_are_the_agreed_ones() -> None:
    assert "".join(SHAPE[s] for s in State) == "●▲■◆○"
