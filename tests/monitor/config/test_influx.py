"""`influx`: where the mirror goes."""

from __future__ import annotations

import pytest

from camkeeper.config import ConfigError, read
from camkeeper.model.mirror import Dialect, InfluxSetting

BASE = "name: n\ndatum: wgs84\nsites:\n- {id: town, name: 镇, kind: town, target: 95, timezone: Asia/Shanghai}\n"


def test_without_the_section_there_is_no_mirror() -> None:
    assert read(BASE.encode(), "f").registry.influx is None


def test_all_of_it() -> None:
    text = BASE + (
        "influx: {url: 'http://127.0.0.1:8086/', dialect: v1, bucket: camkeeper, fine: camkeeper/fine,"
        " token: 'env:INFLUX', fine_days: 30, timeout_s: 5, batch_lines: 100}\n"
    )
    found = read(text.encode(), "f")
    assert found.registry.influx == InfluxSetting(
        url="http://127.0.0.1:8086",
        dialect=Dialect.V1,
        bucket="camkeeper",
        fine="camkeeper/fine",
        token_ref="env:INFLUX",
        fine_days=30,
        timeout_s=5.0,
        batch_lines=100,
    )
    assert not any(w.path.startswith("influx") for w in found.warnings)


def test_a_token_in_the_clear_is_warned_of() -> None:
    text = BASE + "influx: {url: 'http://influx.example:8086', bucket: b, token: 'env:INFLUX'}\n"
    assert any(w.path == "influx.url" for w in read(text.encode(), "f").warnings)


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("{bucket: b}", "influx.url"),
        ("{url: 'ftp://x', bucket: b}", "influx.url"),
        ("{url: 'http://u:p@x', bucket: b}", "influx.url"),
        ("{url: 'http://x?db=1', bucket: b}", "influx.url"),
        ("{url: 'http://x', bucket: 'a/b/c'}", "influx.bucket"),
        ("{url: 'http://x', bucket: b, dialect: v4}", "influx.dialect"),
        ("{url: 'http://x', bucket: b, token: plain}", "influx.token"),
        ("{url: 'http://x', bucket: b, fine_days: 0}", "influx.fine_days"),
        ("{url: 'http://x', bucket: b, retention: 9}", "influx.retention"),
    ],
)
def test_faults_are_named(section: str, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read((BASE + f"influx: {section}\n").encode(), "f")
    assert [fault.path for fault in caught.value.faults] == [path]
