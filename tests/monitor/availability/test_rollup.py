"""From devices to villages, towns and the county."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.daily import DayTally
from camkeeper.availability.days import local_date
from camkeeper.availability.figures import figure
from camkeeper.availability.rollup import site_buckets, site_days, villages_with_camera
from camkeeper.model.equipment import Address, Device, DeviceKind
from camkeeper.model.place import Site, SiteKind
from camkeeper.model.policy import DEFAULT_ACCOUNTING
from camkeeper.model.registry import Registry
from camkeeper.model.status import Status


def site(name: str, kind: SiteKind, parent: str | None) -> Site:
    return Site(id=name, name=name, kind=kind, timezone="Asia/Shanghai", target_bp=9500, parent_id=parent)


def device(name: str, kind: DeviceKind, at: str) -> Device:
    return Device(id=name, name=name, kind=kind, site_id=at, address=Address(host="192.0.2.1"))


REGISTRY = Registry(
    name="县",
    sites=(
        site("grid", SiteKind.GRID, "village-1"),  # listed before its parents
        site("county", SiteKind.COUNTY, None),
        site("town", SiteKind.TOWN, "county"),
        site("village-1", SiteKind.VILLAGE, "town"),
        site("village-2", SiteKind.VILLAGE, "town"),
        site("campus", SiteKind.CAMPUS, "town"),
        site("village-3", SiteKind.VILLAGE, "county"),
    ),
    devices=(
        device("fixed", DeviceKind.CAMERA, "village-1"),
        device("dome", DeviceKind.PTZ, "grid"),
        device("gate", DeviceKind.CHECKPOINT, "campus"),
        device("far", DeviceKind.CAMERA, "village-3"),
        device("horn", DeviceKind.SPEAKER, "village-2"),
    ),
)
CAMERAS = ("fixed", "dome", "gate", "far")


def test_a_village_is_the_sum_of_its_devices_and_never_a_mean_of_percentages() -> None:
    found = site_buckets(
        REGISTRY,
        {
            "fixed": Buckets(up_ms=100),
            "dome": Buckets(up_ms=1, down_ms=9),
            "gate": Buckets(down_ms=5),
            "far": Buckets(unknown_ms=7),
            "horn": Buckets(down_ms=1000),
        },
    )
    assert found["village-1"].ratio == Fraction(101, 110)
    assert found["grid"] == Buckets(up_ms=1, down_ms=9)
    assert found["village-2"] == Buckets()
    assert found["town"] == Buckets(up_ms=101, down_ms=14)
    assert found["county"] == Buckets(up_ms=101, down_ms=14, unknown_ms=7)
    everything = site_buckets(REGISTRY, dict.fromkeys([*CAMERAS, "horn"], Buckets(up_ms=1)), counts=lambda _: True)
    assert everything["county"] == Buckets(up_ms=5)


def test_a_camera_without_buckets_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        site_buckets(REGISTRY, {})


def test_a_retired_camera_still_counts_where_it_was() -> None:
    known = dict.fromkeys(CAMERAS, Buckets(up_ms=10))
    found = site_buckets(REGISTRY, known | {"old": Buckets(down_ms=3)}, retired={"old": "village-2"})
    assert found["village-2"] == Buckets(down_ms=3)
    assert found["county"] == Buckets(up_ms=40, down_ms=3)


@given(st.lists(st.tuples(st.sampled_from([*CAMERAS, "horn"]), st.integers(0, 3), st.integers(0, 99)), max_size=20))
def test_day_sums_of_the_county_are_those_of_its_cameras(rows: list[tuple[str, int, int]]) -> None:
    tallies = [
        DayTally(
            device_id=name,
            day=local_date(n * 86_400_000, "UTC"),
            buckets=Buckets(up_ms=up, down_ms=1),
            look=Status.UP,
        )
        for name, n, up in rows
    ]
    found = site_days(REGISTRY, tallies)
    whole = sum((t.buckets for t in tallies if t.device_id != "horn"), Buckets())
    assert figure(DEFAULT_ACCOUNTING[0], found["county"], target_bp=9500).buckets == whole
    assert sum(d.looks.online for d in found["county"]) == sum(name != "horn" for name, _, _ in rows)
    assert found["village-2"] == ()


def test_villages_with_any_working_camera() -> None:
    assert villages_with_camera(REGISTRY, {}) == (0, 3)
    assert villages_with_camera(REGISTRY, {"dome": Status.DEGRADED, "far": Status.DOWN}) == (1, 3)
    assert villages_with_camera(REGISTRY, {"fixed": Status.UP, "far": Status.UP, "horn": Status.UP}) == (2, 3)
    assert villages_with_camera(REGISTRY, {"fixed": Status.UP, "far": Status.UP}, site_id="town") == (1, 2)
    assert villages_with_camera(REGISTRY, {"fixed": Status.UNKNOWN}) == (0, 3)
