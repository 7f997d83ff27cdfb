"""Registers are laid over the hand-written devices; faults are told where the faulty value was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from camkeeper.config import ConfigError, load, read
from camkeeper.model.registry import Registry

MAIN = """\
name: 镇
datum: {datum}
sites:
- {{id: v, name: 村, kind: village, target: 95, timezone: Asia/Shanghai}}
devices:
- {{id: a, name: 甲, kind: camera, site: v, address: {{host: 10.0.0.1}}, mount: {{lon_deg: 113.85, lat_deg: 33.8}}}}
- {{id: b, name: 乙, kind: camera, site: v, address: {{host: 10.0.0.2}}, mount: {{lon_deg: 113.85, lat_deg: 33.8}}}}
- {{id: c, name: 丙, kind: switch, site: v, address: {{host: 10.0.0.3}}}}
registers: [register.yaml]
"""
REGISTER = """\
devices:
- {id: d, name: 丁, kind: camera, site: v, address: {host: 10.0.0.4}, mount: {lon_deg: 113.86, lat_deg: 33.81}}
amended:
- {id: a, mount: {lon_deg: 113.87, lat_deg: 33.82}, serial: S1}
retired: [c]
"""


def _read(register: str, datum: str = "wgs84") -> Registry:
    return read(MAIN.format(datum=datum).encode(), "c.yaml", {"register.yaml": register.encode()}).registry


def test_laid_over() -> None:
    got = _read(REGISTER)
    assert [d.id for d in got.devices] == ["a", "b", "d"]
    a = got.device_by_id["a"]
    assert a.mount is not None
    assert (a.mount.lon_deg, a.name, a.serial) == (113.87, "甲", "S1")


def test_positions_of_a_register_are_wgs84_whatever_the_hand_written_are() -> None:
    got = _read(REGISTER, "gcj02").device_by_id
    lons = {i: mount.lon_deg for i in "abd" if (mount := got[i].mount) is not None}
    assert (lons["a"], lons["d"]) == (113.87, 113.86)
    assert lons["b"] == pytest.approx(113.844, abs=0.001)


def test_faults_are_told_where_they_stand() -> None:
    with pytest.raises(ConfigError) as refused:
        _read(
            "devices:\n- {id: d, name: 丁, kind: camera, site: nowhere, address: {host: 10.0.0.2}}\n"
            "amended:\n- {id: a, kind: camrea}\n- {id: zz}\nretired: [yy]\nodd: 1\n"
        )
    told = [str(f) for f in refused.value.faults]
    assert any(t.startswith("register.yaml:2: devices.0.site: ") for t in told)
    assert any(t.startswith("register.yaml:2: devices.0.address: 10.0.0.2 port 80 is enrolled as b") for t in told)
    assert any(t.startswith("register.yaml:4: amended.0.kind: ") for t in told)
    assert any(t.startswith("register.yaml:5: amended.1: there is no such device") for t in told)
    assert any(t.startswith("register.yaml:6: retired.0: ") for t in told)
    assert any(t.startswith("register.yaml:7: odd: unknown key") for t in told)
    assert len(told) == 6


def test_an_id_twice_over_two_files_names_the_other() -> None:
    with pytest.raises(ConfigError, match=r"register.yaml:2: devices.0.id: this id is taken \(first on line 6\)"):
        _read("devices:\n- {id: a, name: 丁, kind: camera, site: v, address: {host: 10.0.0.9}}\n")


def test_a_register_that_is_not_there_is_a_fault_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(MAIN.format(datum="wgs84"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"c.yaml:9: registers.0: the register .*register.yaml cannot be read"):
        load(path)
    (tmp_path / "register.yaml").write_text(REGISTER, encoding="utf-8")
    first = load(path).digest
    (tmp_path / "register.yaml").write_text(REGISTER + "# \n", encoding="utf-8")
    assert load(path).digest != first
