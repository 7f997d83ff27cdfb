"""What the reader makes of a good file, value by value."""

from __future__ import annotations

import doctest
import hashlib
from pathlib import Path

import pytest

from camcover.optics import Lens, Mount
from camkeeper.config import ConfigError, fault, load, load_with_warnings, read
from camkeeper.model.contract import WindowKind
from camkeeper.model.equipment import Address, Beacon, DeviceKind, LinkKind
from camkeeper.model.place import Shape, SiteKind
from camkeeper.model.policy import DEFAULT_ACCOUNTING, JudgePolicy, ProbePolicy, Rule
from camkeeper.model.probing import Rung
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span

GOOD = Path(__file__).parent / "good.yaml"
SMALL = """\
name: 镇
datum: wgs84
uplinks: [{id: up, name: 上行, beacons: ["10.0.0.1:80"]}]
sites: [{id: town, name: 镇, kind: town, target: 95, timezone: Asia/Shanghai}]
"""
FOUR_LEVELS = """\
name: 市
datum: wgs84
uplinks: [{id: up, name: 上行, beacons: ["10.0.0.1:80"]}]
sites:
- {id: city, name: 市, kind: city, code: CITY, target: 90, timezone: Asia/Shanghai}
- {id: county, name: 县, kind: county, parent: city, code: 411122, target: 95, timezone: Asia/Shanghai}
- {id: t, name: 镇, kind: town, parent: county, code: 411122110, target: 95, timezone: Asia/Shanghai}
- {id: v, name: 村, kind: village, parent: t, code: 411122110201, target: 95, timezone: Asia/Shanghai}
"""

JUDGE = (
    "x.yaml:5: policy.judge: differs from the built-in default/1; give it a name of its own, so that reports can "
    "say which"
)


@pytest.fixture(name="registry", scope="module")
def _registry() -> Registry:
    return load(GOOD)


def test_examples() -> None:
    assert doctest.testmod(fault).failed == 0


def test_head(registry: Registry) -> None:
    assert (registry.name, registry.synthetic_geometry, registry.source) == ("试验镇", True, str(GOOD))
    assert registry.digest == hashlib.sha256(GOOD.read_bytes()).hexdigest()
    assert load_with_warnings(GOOD).warnings == ()


def test_policies(registry: Registry) -> None:
    assert registry.probe == ProbePolicy(
        every_s=20,
        full_every_s=600,
        picture_every_s=60,
        timeout_s=2.5,
        retry_s=4,
        max_in_flight=64,
        max_dead_in_flight=32,
    )
    judge = registry.judge
    assert (judge.name, judge.version, judge.grace_polls, judge.confirm_down) == ("strict", 3, 2, 3)
    assert judge.down_on == {Rung.REACH}
    assert judge.degraded_on == {Rung.SNAPSHOT, Rung.STREAM}
    built_in, ours = registry.accounting
    assert built_in == DEFAULT_ACCOUNTING[0]
    assert (ours.id, ours.rule, ours.unknown_limit_bp, ours.patrol_at) == (
        "our-patrol/2",
        Rule.PATROL_DAILY,
        125,
        "08:30",
    )
    assert ours.excludes == {WindowKind.MAINTENANCE}


def test_what_is_not_written_is_built_in() -> None:
    registry = read(SMALL.encode(), "x.yaml").registry
    assert (registry.probe, registry.judge, registry.accounting) == (ProbePolicy(), JudgePolicy(), DEFAULT_ACCOUNTING)
    assert registry.devices == ()


def test_scalars_are_what_was_written(registry: Registry) -> None:
    # YAML 1.1 would make `no` false, 0123 the number 83, the code a number and the time a date.
    first, second = registry.devices[:2]
    assert (first.name, second.name) == ("no", "0123")
    assert registry.site_by_id["v1"].code == "411122110201"
    assert first.gb_id == "41112211001320000001"
    assert registry.windows[0].span == Span(start_ms=1_790_812_800_000, end_ms=1_790_820_000_500)


def test_sites(registry: Registry) -> None:
    county, town = registry.sites[:2]
    assert (county.target_bp, county.timezone, county.code) == (9995, "Europe/Berlin", "411122")
    assert (town.target_bp, town.timezone, town.parent_id, town.name_en) == (9500, "Asia/Shanghai", "county", "Town")
    assert town.boundary == ((113.8, 33.7), (113.9, 33.7), (113.9, 33.8), (113.8, 33.8))  # opened


@pytest.mark.parametrize("code", ["4111", "411100"])
def test_four_levels(code: str) -> None:
    registry = read(FOUR_LEVELS.replace("CITY", code).encode(), "x.yaml").registry
    assert registry.ancestry("v") == ("v", "t", "county", "city")
    assert registry.site_by_id["city"].kind is SiteKind.CITY


@pytest.mark.parametrize(
    ("code", "line", "reason"),
    [
        ("41", 5, "sites.0.code: the region code of a city has 4 or 6 digits"),
        ("411122", 5, "sites.0.code: the 6-digit region code of a city ends in 00"),
        ("411600", 6, "sites.1.code: does not begin with 4116, the code of city"),
    ],
)
def test_codes_of_cities(code: str, line: int, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(FOUR_LEVELS.replace("CITY", code).encode(), "x.yaml")
    assert [str(f) for f in caught.value.faults] == [f"x.yaml:{line}: {reason}"]


def test_defaults_come_after_what_the_device_says(registry: Registry) -> None:
    first, second, switch, speaker = registry.devices
    assert first.address == Address(host="10.1.1.1", port=8000, rtsp_port=8554)
    assert (first.credential_id, first.contractor_id, first.maker) == ("main", "weibao", "甲厂")
    assert first.mount == Mount(lon_deg=113.82, lat_deg=33.75, height_m=6, tilt_deg=12)
    assert first.lens == Lens(hfov_deg=84, range_m=40)
    assert second.address == Address(
        host="cam-2.example", port=80, rtsp_port=8554, snapshot_port=8081, approved_ports=frozenset({8899})
    )
    assert second.credential_id == "other"
    assert second.mount is None  # the defaults hold no position
    assert second.lens is not None
    assert second.lens.hfov_deg == pytest.approx(76.92, abs=0.01)  # a fisheye
    assert second.lens.range_m == 40
    assert (second.link_id, second.overrides.every_s, second.ladder) == (None, 30, (Rung.REACH, Rung.TIME))
    assert (switch.kind, switch.maker, switch.address.port, switch.lens) == (DeviceKind.SWITCH, "乙厂", 22, None)
    assert (speaker.address.host, speaker.credential_id, speaker.mount is not None) == ("fd00::2", None, True)


def test_the_rest(registry: Registry) -> None:
    assert registry.uplinks[0].beacons == (
        Beacon(host="10.0.0.1", port=80),
        Beacon(host="fd00::1", port=80),
        Beacon(host="gateway.example", port=443),
    )
    assert registry.uplinks[0].line_ids == {"line"}
    assert registry.link_by_id["sw"].device_id == "sw-1"
    assert registry.link_by_id["line"].kind is LinkKind.OPERATOR_LINE
    assert [k.shape for k in registry.key_places] == [Shape.POINT, Shape.LINE, Shape.POLYGON]
    assert (registry.key_places[0].band, registry.key_places[1].band) == ("validate", "discern")
    assert len(registry.key_places[2].coordinates) == 3
    assert registry.contractors[0].contact_ids == ("duty",)
    assert registry.contacts[0].phone == "0395-0000000"
    by_link, by_site, all_devices = registry.windows
    assert by_link.link_ids == {"sw"}
    assert by_site.site_ids == {"v1"}
    assert by_site.device_ids == {"sw-1"}
    assert [d.id for d in registry.devices if by_link in registry.windows_of(d)] == ["cam-1", "sw-1"]
    assert all(all_devices in registry.windows_of(d) for d in registry.devices)


def test_the_registry_shows_no_reference_to_a_secret(registry: Registry) -> None:
    assert "PASSWORD_OF_TEST" not in repr(registry.credentials)


def test_warnings_do_not_refuse() -> None:
    text = SMALL.replace("uplinks", "contacts", 1).replace('beacons: ["10.0.0.1:80"]', "role: x")
    text = text.replace("Asia/Shanghai}", "Asia/Shanghai, boundary: [[113, 33], [114, 33], [114, 34]]}")
    text += (
        "policy: {judge: {confirm_down: 5}}\n"
        "devices:\n- {id: a, name: 甲, kind: camera, site: town, address: {host: 10.0.0.2}, "
        "mount: {lon_deg: 113.1, lat_deg: 33.9}}\n"
    )
    loaded = read(b"\xef\xbb\xbf" + text.encode(), "x.yaml")
    assert [str(w) for w in loaded.warnings] == [
        "x.yaml:1: begins with a BOM; better save it as UTF-8 without one",
        "x.yaml:1: uplinks: no uplinks: when the monitor itself is cut off, devices will look down",
        JUDGE,
        "x.yaml:7: devices.0.mount: the mount is outside the boundary of town",
        "x.yaml:7: devices.0: no credential: what wants authentication cannot be asked",
    ]
    assert loaded.registry.judge.confirm_down == 5


def test_a_default_at_fault_is_told_once() -> None:
    text = SMALL + "defaults: {camera: {address: {port: many}}}\ndevices:\n"
    text += "".join(
        f"- {{id: c{n}, name: 甲, kind: camera, site: town, address: {{host: 10.0.1.{n}}}}}\n" for n in range(9)
    )
    with pytest.raises(ConfigError) as caught:
        read(text.encode(), "x.yaml")
    assert [str(f) for f in caught.value.faults] == [
        "x.yaml:5: defaults.camera.address.port: wants a whole number, not 'many'"
    ]


def test_anchors_are_welcome_in_moderation() -> None:
    text = SMALL.replace("timezone: Asia/Shanghai", "timezone: &tz Asia/Shanghai") + (
        "devices:\n- {id: a, name: 甲, kind: switch, site: town, address: &a {host: 10.0.0.2}}\n"
        "- {id: b, name: *tz, kind: switch, site: town, address: {host: 10.0.0.3}}\n"
    )
    assert read(text.encode(), "x.yaml").registry.devices[1].name == "Asia/Shanghai"


def test_thousands_of_faults_are_all_told() -> None:
    text = SMALL + "devices:\n"
    text += "".join(
        f"- {{id: c{n}, name: 甲, kind: switch, site: twon, link: l{n}, "
        f"address: {{host: 10.1.{n // 200}.{n % 200}}}}}\n"
        for n in range(2000)
    )
    with pytest.raises(ConfigError) as caught:
        read(text.encode(), "x.yaml")
    assert len(caught.value.faults) == 4000


def test_a_village_that_reaches_out_of_its_town_is_a_warning() -> None:
    text = SMALL.replace(
        "Asia/Shanghai}]", "Asia/Shanghai, boundary: [[113, 33], [114, 33], [114, 34], [113, 34]]}"
    ) + (
        "- {id: v, name: 村, kind: village, parent: town, target: 95, timezone: Asia/Shanghai, "
        "boundary: [[113.5, 33.5], [114.5, 33.5], [114, 34]]}\n"
    )
    text = text.replace("sites: [{", "sites:\n- {")
    assert [str(w) for w in read(text.encode(), "x.yaml").warnings] == [
        "x.yaml:6: sites.1.boundary: the boundary reaches out of the parent's"
    ]


def test_nearest_of_thousands_is_looked_for_only_so_often() -> None:
    text = SMALL + "links:\n" + "".join(f"- {{id: pole-{n:04d}, name: 杆, kind: pole}}\n" for n in range(1000))
    text += "".join(f"- {{id: p{n}, name: 杆, kind: pole, upstream: poel-{n:04d}}}\n" for n in range(100))
    with pytest.raises(ConfigError) as caught:
        read(text.encode(), "x.yaml")
    hints = [f for f in caught.value.faults if "did you mean pole-" in f.en]
    assert (len(caught.value.faults), len(hints)) == (100, 40)
