"""Laws of scopes: sums of the parts, once is enough, and all is all."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dashboards.township import buckets, device, rate, site, standing

from camboard.lens.past import past_within
from camboard.lens.reach import reach
from camboard.lens.township import scoped
from camkeeper.availability.buckets import Buckets
from camkeeper.model.access import EVERYTHING, Scope
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.status import Status
from camkeeper.standing.past import Past
from camkeeper.standing.view import Standing

HOUR_MS = 3_600_000
VILLAGES = ("v00", "v01", "v02", "v03")
CONTRACTORS = ("a", "b", "")
LINKS = ("pole-0", "pole-1", "line")


@st.composite
def towns(draw: st.DrawFn) -> Standing:
    """Return a town of some villages, whose devices have contractors and hang on links."""
    made = []
    for n in range(draw(st.integers(0, 12))):
        length_ms = 100 * HOUR_MS
        down_ms, unknown_ms = draw(st.integers(0, 40)) * HOUR_MS, draw(st.integers(0, 40)) * HOUR_MS
        each = device(
            f"d{n}",
            draw(st.sampled_from(Status)),
            site_id=draw(st.sampled_from(VILLAGES)),
            kind=draw(st.sampled_from((DeviceKind.CAMERA, DeviceKind.PTZ, DeviceKind.SPEAKER))),
            month=buckets(length_ms, down_ms=down_ms, unknown_ms=unknown_ms),
        )
        links = draw(st.lists(st.sampled_from(LINKS), unique=True, max_size=2))
        made.append(replace(each, contractor_id=draw(st.sampled_from(CONTRACTORS)), link_ids=tuple(links)))
    value = standing(made)
    return replace(
        value,
        contractors=(("a", "甲"), ("b", "乙")),
        links=tuple((link, link) for link in LINKS),
    )


SCOPES = st.builds(
    Scope,
    site_ids=st.none() | st.frozensets(st.sampled_from(("town", *VILLAGES, "nowhere"))),
    contractor_id=st.none() | st.sampled_from(("a", "b", "nobody")),
)


def _cameras(value: Standing) -> Buckets:
    return sum((d.month.buckets for d in value.devices if d.kind.has_picture), Buckets())


@settings(max_examples=60)
@given(towns(), SCOPES)
def test_the_total_is_the_sum_of_the_cameras_that_are_shown(town: Standing, scope: Scope) -> None:
    seen = scoped(town, scope)
    assert seen.total.month.buckets == _cameras(seen)
    assert seen.total.cameras_total == sum(d.kind.has_picture for d in seen.devices)
    for village in seen.sites:
        below = {s.id for s in seen.sites if village.id in {s.id, s.parent_id}}
        own = [d for d in seen.devices if d.site_id in below and d.kind.has_picture]
        assert village.month.buckets == sum((d.month.buckets for d in own), Buckets())
        counts = {status: n for status, n in village.cameras.items() if n}
        assert counts == dict(Counter(d.status for d in own))


@settings(max_examples=60)
@given(towns())
def test_contractors_parts_are_the_whole(town: Standing) -> None:
    named = replace(town, devices=tuple(d for d in town.devices if d.contractor_id))
    parts = [scoped(town, Scope(contractor_id=c)).total.month.buckets for c in ("a", "b")]
    assert sum(parts, Buckets()) == _cameras(named)


@settings(max_examples=60)
@given(towns())
def test_villages_parts_are_the_town(town: Standing) -> None:
    parts = [scoped(town, Scope(site_ids=frozenset({v}))).total.month.buckets for v in VILLAGES]
    assert sum(parts, Buckets()) == town.total.month.buckets
    assert scoped(town, Scope(site_ids=frozenset(VILLAGES))).total.month.buckets == town.total.month.buckets


@settings(max_examples=60)
@given(towns(), SCOPES)
def test_twice_is_once(town: Standing, scope: Scope) -> None:
    once = scoped(town, scope)
    assert scoped(once, scope) == once


@settings(max_examples=60)
@given(towns(), SCOPES)
def test_all_is_all_and_no_scope_shows_more(town: Standing, scope: Scope) -> None:
    assert scoped(town, EVERYTHING) is town
    seen = scoped(town, scope)
    assert {d.id for d in seen.devices} <= {d.id for d in town.devices}
    assert {s.id for s in seen.sites} <= {s.id for s in town.sites}
    shown = {d.id for d in seen.devices}
    for link, _ in seen.links:
        assert {d.id for d in town.devices if link in d.link_ids} <= shown, "others hang on it: it has no name here"
    parents = {s.parent_id for s in seen.sites} | {d.site_id for d in seen.devices}
    assert parents - {None} <= {s.id for s in seen.sites}


@given(towns(), st.frozensets(st.sampled_from(VILLAGES)), st.sampled_from(("a", "b")))
def test_both_together_show_what_both_show(town: Standing, villages: frozenset[str], contractor: str) -> None:
    both = reach(town, Scope(site_ids=villages, contractor_id=contractor))
    sited = reach(town, Scope(site_ids=villages))
    cared = reach(town, Scope(contractor_id=contractor))
    assert both.device_ids == sited.device_ids & cared.device_ids


def test_a_camera_that_was_taken_down_counts_for_its_village() -> None:
    # The village's figure has more in it than its cameras of today: as the settlement has it.
    value = standing([device("d0", site_id="v00"), device("d1", site_id="v01")])
    gone = buckets(50 * HOUR_MS, down_ms=10 * HOUR_MS)
    longer = site("v00", [value.devices[0]], month=value.devices[0].month.buckets + gone)
    town = replace(value, sites=tuple(longer if s.id == "v00" else s for s in value.sites))
    seen = scoped(town, Scope(site_ids=frozenset({"v00"})))
    assert seen.total.month.buckets == value.devices[0].month.buckets + gone
    assert seen.total.parent_id is None


def test_the_verdict_is_by_the_rule_that_decides() -> None:
    # 1% unknown: kept where the rule bears 2%, not decided where it bears none.
    own = replace(device("d0", month=buckets(100 * HOUR_MS, unknown_ms=HOUR_MS)), contractor_id="a")
    value = standing([own])
    for limit, met in ((200, "met"), (0, "undetermined")):
        seen = scoped(replace(value, unknown_limit_bp=limit), Scope(contractor_id="a"))
        assert seen.total.month.verdict.value == met
    assert rate(own.month.buckets, 0, 100 * HOUR_MS).target_bp == seen.total.target_bp


@settings(max_examples=30)
@given(towns(), SCOPES)
def test_the_past_is_of_what_is_shown(town: Standing, scope: Scope) -> None:
    value = Past(
        at_ms=0,
        first_cell=0,
        cells={d.id: b"\x01" for d in town.devices},
        months={s.id: () for s in town.sites},
    )
    seen = reach(town, scope)
    cut = past_within(value, seen)
    assert cut.cells.keys() == seen.device_ids
    assert cut.months.keys() == (set() if scope.contractor_id is not None else seen.site_ids)
