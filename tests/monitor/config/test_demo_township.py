"""The demo township is what it says it is, and exactly what its script writes."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from shapely import union_all
from shapely.geometry import Polygon

from camkeeper.config import load_with_warnings
from camkeeper.model.equipment import DeviceKind, LinkKind
from camkeeper.model.place import KeyPlaceType, SiteKind
from camkeeper.model.registry import Registry

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config" / "cameras.yaml"


@pytest.fixture(name="registry", scope="module")
def _registry() -> Registry:
    loaded = load_with_warnings(CONFIG)
    assert loaded.warnings == ()
    return loaded.registry


def test_the_file_is_what_the_script_writes(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "demo_township.py"
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, check=True, timeout=60)
    assert done.stdout == CONFIG.read_bytes()


def test_27_real_villages(registry: Registry) -> None:
    with (ROOT / "scripts" / "data" / "daguo_villages.csv").open(encoding="utf-8", newline="") as file:
        real = {row["code"]: row["name"] for row in csv.DictReader(file)}
    villages = [s for s in registry.sites if s.kind is SiteKind.VILLAGE]
    assert len(villages) == 27
    assert {s.code: s.name for s in villages} == real
    assert {s.target_bp for s in villages} == {9500}
    assert registry.synthetic_geometry


def test_144_cameras_and_the_rest(registry: Registry) -> None:
    kinds = Counter(d.kind for d in registry.devices)
    assert sum(d.kind.has_picture for d in registry.devices) == 144
    assert kinds[DeviceKind.PTZ] == 16
    assert kinds[DeviceKind.CAMERA] + kinds[DeviceKind.CHECKPOINT] == 128
    assert (kinds[DeviceKind.SPEAKER], kinds[DeviceKind.TRANSCEIVER], kinds[DeviceKind.SWITCH]) == (39, 27, 8)
    assert {s.kind for s in registry.sites} == set(SiteKind)
    assert {p.type for p in registry.key_places} == set(KeyPlaceType)
    assert {p.shape for p in registry.key_places} == {"point", "line", "polygon"}


def test_every_village_sees_something(registry: Registry) -> None:
    for site in registry.sites:
        if site.kind is SiteKind.VILLAGE:
            assert sum(d.kind.has_picture for d in registry.devices_in(site.id)) >= 4


def test_everything_hangs_on_a_line_that_an_uplink_watches(registry: Registry) -> None:
    watched = {line for uplink in registry.uplinks for line in uplink.line_ids}
    for device in registry.devices:
        line = registry.line_of(device)
        assert line is not None
        assert line.id in watched
    lines = [link for link in registry.links if link.kind is LinkKind.OPERATOR_LINE]
    assert {link.id for link in lines} == watched
    poles = Counter(d.link_id for d in registry.devices if d.kind.has_picture)
    assert set(poles.values()) <= {1, 2, 3, 4}
    assert set(poles) == {link.id for link in registry.links if link.kind is LinkKind.POLE}


def test_addresses_are_loopback(registry: Registry) -> None:
    assert all(d.address.host.startswith("127.64.") for d in registry.devices)
    assert {d.address.port for d in registry.devices if d.kind.has_picture} == {18080}
    assert {d.address.snapshot_port for d in registry.devices} == {None, 18081}


def test_villages_cover_the_town_without_overlap(registry: Registry) -> None:
    villages = [Polygon(s.boundary) for s in registry.sites if s.kind is SiteKind.VILLAGE]
    town = Polygon(registry.site_by_id["daguo"].boundary)
    assert union_all(villages).symmetric_difference(town).area < 1e-15
    assert sum(v.area for v in villages) == pytest.approx(town.area, rel=1e-12)
