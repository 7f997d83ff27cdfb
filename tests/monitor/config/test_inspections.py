"""Rounds and contracts of single contractors, as written and as refused."""

from __future__ import annotations

from datetime import datetime

import pytest

from camkeeper.config import ConfigError, read
from camkeeper.model.service import FaultClass
from camkeeper.window.rule import read_rule
from camkeeper.workorder.inspection import round_of

TOWN = """
name: 镇
datum: gcj02
defaults: {site: {target: 95, timezone: Asia/Shanghai}}
contractors:
- {id: a, name: 甲, depot: [113.84, 33.79], service: {preset: working-hours, stable_s: 600}}
- {id: b, name: 乙}
policy: {service: {relapse_days: 3}}
sites:
- {id: town, name: 镇, kind: town}
- {id: v1, name: 东村, kind: village, parent: town}
devices:
- {id: s1, name: 音柱, kind: speaker, site: v1, address: {host: 10.0.0.1}}
inspections:
- {id: m, name: 每月巡检, sites: [v1], contractor: a, every: FREQ=MONTHLY;BYDAY=1MO,
   first: "2026-10-05T08:30", items: [箱体, 接地]}
- {id: d, name: 音柱, devices: [s1], every: 30, first: "2026-10-01T09:00", within_days: 7}
"""


def test_rounds_and_contracts_are_read() -> None:
    registry = read(TOWN.encode(), "x.yaml").registry
    a, b = registry.contractors
    assert b.service is None
    assert b.depot is None
    assert a.service is not None
    assert (a.service.name, a.service.stable_ms, a.service.relapse_days) == ("working-hours-a", 600_000, 3)
    assert a.service.terms(FaultClass.DOMAIN).hours is not None
    assert registry.service.terms(FaultClass.DOMAIN).hours is None
    assert a.depot is not None
    assert a.depot != (113.84, 33.79), "in WGS-84, not on the map that it was picked from"
    assert abs(a.depot[0] - 113.84) < 0.01
    monthly, days = registry.inspections
    assert (monthly.site_ids, monthly.first, monthly.items) == (("v1",), datetime(2026, 10, 5, 8, 30), ("箱体", "接地"))  # noqa: DTZ001
    assert (days.site_ids, days.device_ids, days.rule) == (("v1",), ("s1",), "FREQ=DAILY;INTERVAL=30")
    assert round_of(days).rule == read_rule("FREQ=DAILY;INTERVAL=30")
    assert round_of(monthly).tz == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("every: 30", "every: 0", "inspections.1.every: wants days between two rounds"),
        ("every: 30", "every: FREQ=HOURLY", "inspections.1.every"),
        ("2026-10-01T09:00", "2026-10-01T09:00+08:00", "without an offset"),
        ("2026-10-01T09:00", "2026-10-01", "wants a local time"),
        ("devices: [s1]", "devices: [s2]", "no device has the id 's2'"),
        ("devices: [s1], ", "", "wants sites or devices"),
        ("contractor: a", "contractor: c", "no contractor has the id 'c'"),
        ("items: [箱体, 接地]", "items: [箱体, 箱体]", "an item stands twice"),
        ("stable_s: 600", "stable_h: 600", "unknown key"),
        ("preset: working-hours", "preset: best", "wants one of: standard working-hours"),
    ],
)
def test_what_is_wrong_is_told(old: str, new: str, words: str) -> None:
    assert old in TOWN
    with pytest.raises(ConfigError) as caught:
        read(TOWN.replace(old, new).encode(), "x.yaml")
    assert words in "\n".join(map(str, caught.value.faults))
