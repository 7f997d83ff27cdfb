"""Laws of a Standing: it says neither more nor less than its devices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.monitor.standing.registries import AT_MS, Case, cases, track_of

from camkeeper.availability.buckets import Buckets
from camkeeper.model.contract import Window, WindowKind
from camkeeper.model.equipment import Address, Device, DeviceKind
from camkeeper.model.place import Site, SiteKind
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.standing.build import ALL_ID, DeviceNow, build
from camkeeper.standing.view import SiteStanding, Standing

TOWN = Site(id="town", name="镇", kind=SiteKind.TOWN, timezone="Asia/Shanghai", target_bp=9500)


def below(case: Case, site_id: str) -> set[str]:
    """Site ids of the subtree, found upwards from every site: another way than the code's."""
    parents = {site.id: site.parent_id for site in case.registry.sites}
    out = set()
    for start in parents:
        at: str | None = start
        while at is not None:
            if at == site_id:
                out.add(start)
            at = parents[at]
    return out


def naive_sum(case: Case, site_ids: set[str], buckets: Mapping[str, Buckets]) -> Buckets:
    enrolled = {d.id for d in case.registry.devices}
    cameras = [d.id for d in case.registry.devices if d.site_id in site_ids and d.kind.has_picture]
    gone = [name for name, at in case.retired.items() if name not in enrolled and at in site_ids]
    return sum((buckets[name] for name in [*cameras, *gone]), Buckets())


def site_of(standing: Standing, site_id: str) -> SiteStanding:
    return next(site for site in standing.sites if site.id == site_id)


@settings(max_examples=40)
@given(cases())
def test_counts_sum_up_the_tree(case: Case) -> None:
    standing = build(case.inputs())
    for site in case.registry.sites:
        within = below(case, site.id)
        shown = site_of(standing, site.id)
        for cameras, counted in ((True, shown.cameras), (False, shown.others)):
            naive = Counter(
                case.statuses.get(d.id, Status.UNKNOWN)
                for d in case.registry.devices
                if d.site_id in within and d.kind.has_picture is cameras
            )
            assert {status: naive[status] for status in Status} == dict(counted)
        assert shown.cameras_total == sum(shown.cameras.values())
        assert shown.cameras_online == shown.cameras[Status.UP] + shown.cameras[Status.DEGRADED]


@settings(max_examples=40)
@given(cases())
def test_a_sites_time_is_the_sum_of_its_cameras_retired_ones_too_and_never_twice(case: Case) -> None:
    standing = build(case.inputs())
    for site in case.registry.sites:
        shown = site_of(standing, site.id)
        assert shown.today.buckets == naive_sum(case, below(case, site.id), case.today)
        assert shown.month.buckets == naive_sum(case, below(case, site.id), case.month)
        assert shown.target_bp == shown.today.target_bp == site.target_bp
        limit = case.registry.accounting[0].unknown_limit_bp
        for rate in (shown.today, shown.month):
            assert rate.verdict is rate.buckets.verdict(target_bp=site.target_bp, unknown_limit_bp=limit)


@settings(max_examples=40)
@given(cases())
def test_the_total_is_the_root_or_all_roots_held_to_the_strictest_target(case: Case) -> None:
    standing = build(case.inputs())
    roots = [site for site in case.registry.sites if site.parent_id is None]
    everywhere = {site.id for site in case.registry.sites}
    total = standing.total
    if len(roots) == 1:
        assert total == site_of(standing, roots[0].id)
    else:
        assert total.id == ALL_ID
        assert total.target_bp == max(root.target_bp for root in roots)
    assert total.today.buckets == naive_sum(case, everywhere, case.today)
    assert total.month.buckets == naive_sum(case, everywhere, case.month)
    assert total.today.target_bp == total.month.target_bp == total.target_bp
    kinds = Counter(d.kind.has_picture for d in case.registry.devices)
    assert (total.cameras_total, sum(total.others.values())) == (kinds[True], kinds[False])


@settings(max_examples=40)
@given(cases())
def test_every_device_and_site_is_there_once_parents_first(case: Case) -> None:
    standing = build(case.inputs())
    assert [d.id for d in standing.devices] == [d.id for d in case.registry.devices]
    places = [site.id for site in standing.sites]
    assert sorted(places) == sorted(site.id for site in case.registry.sites)
    for site in standing.sites:
        assert site.parent_id is None or places.index(site.parent_id) < places.index(site.id)


@settings(max_examples=40)
@given(cases())
def test_who_was_never_seen_is_unknown_and_nobody_else_is_changed(case: Case) -> None:
    standing = build(case.inputs())
    for device in standing.devices:
        if device.id in case.statuses:
            assert device.status is case.statuses[device.id]
        else:
            assert (device.status, device.reason) == (Status.UNKNOWN, Reason.FIRST_SEEN)
            assert device.since_ms is None
            assert device.last_sample_ms is None


@settings(max_examples=40)
@given(cases())
def test_a_village_has_a_working_camera_where_one_answers_at_or_below_it(case: Case) -> None:
    standing = build(case.inputs())
    villages = [site.id for site in case.registry.sites if site.kind is SiteKind.VILLAGE]
    alive = [
        d.site_id
        for d in case.registry.devices
        if d.kind.has_picture and case.statuses.get(d.id) in {Status.UP, Status.DEGRADED}
    ]
    assert standing.villages_total == len(villages)
    assert standing.villages_with_camera == sum(any(at in below(case, v) for at in alive) for v in villages)


def town(*, windows: tuple[Window, ...] = ()) -> Case:
    camera = Device(id="c", name="c", kind=DeviceKind.CAMERA, site_id="town", address=Address(host="127.0.0.1"))
    return Case(
        registry=Registry(name="镇", sites=(TOWN,), devices=(camera,), windows=windows),
        statuses={"c": Status.UP},
        today={},
        month={},
        retired={},
    )


def test_a_device_of_which_the_ledger_has_nothing_has_no_rate() -> None:
    standing = build(town().inputs())
    assert standing.devices[0].today.buckets == Buckets()
    assert standing.total.today.buckets.ratio is None
    assert standing.total.today.verdict == "undetermined"


@pytest.mark.parametrize(("start", "end", "inside"), [(-5, 1, True), (0, 5, True), (-5, 0, False), (1, 5, False)])
def test_a_window_is_half_open(start: int, end: int, inside: bool) -> None:
    span = Span(start_ms=AT_MS + start, end_ms=AT_MS + end)
    window = Window(id="w", kind=WindowKind.MAINTENANCE, span=span, reason="换杆")
    assert build(town(windows=(window,)).inputs()).devices[0].in_window is inside


def test_a_flapping_device_is_called_unstable() -> None:
    case = town()
    flaps = tuple(range(AT_MS - 60_000, AT_MS, 10_000))
    shaky = DeviceNow(track=replace(track_of("c", Status.UP), changes_ms=flaps))
    assert build(replace(case.inputs(), now={"c": shaky})).devices[0].unstable
    assert not build(case.inputs()).devices[0].unstable
