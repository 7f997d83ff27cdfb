"""`camkeeper map` as people call it: from a ledger and a configuration to paper."""

from __future__ import annotations

from pathlib import Path

from tests.monitor.cli.test_errors import camkeeper, refused
from tests.monitor.run.township import DAY_MS, OCTOBER_MS, Story, write

from camkeeper.config import load
from camkeeper.model.span import Span
from camkeeper.model.status import Status

TICK_MS = OCTOBER_MS + 3 * DAY_MS
CONFIG = """\
name: 试验镇
datum: wgs84
synthetic_geometry: true
uplinks: [{id: up, name: 上行, beacons: ["127.0.0.1:9"]}]
sites:
- {id: v1, name: 柳湾村, name_en: Liuwan, kind: village, target: 95, timezone: Asia/Shanghai,
   boundary: [[113.850, 33.800], [113.853, 33.800], [113.853, 33.802], [113.850, 33.802]]}
devices:
- {id: a, name: 甲, kind: camera, site: v1, credential: own, address: {host: 127.0.0.1, port: 80},
   mount: {lon_deg: 113.8515, lat_deg: 33.801, azimuth_deg: 90}, lens: {hfov_deg: 84}}
credentials: [{id: own, user: monitor, secret: "env:NOBODY_SET_THIS"}]
"""


def township(folder: Path) -> tuple[Path, Path]:
    config, ledger = folder / "cameras.yaml", folder / "l"
    config.write_text(CONFIG, "utf-8")
    life = Span(start_ms=OCTOBER_MS, end_ms=TICK_MS + 1)
    registry = load(config)
    story = Story(device=registry.devices[0], life=life, changes=((OCTOBER_MS, Status.UP),))
    write(ledger, registry, [story], tick_ms=TICK_MS)
    return config, ledger


def test_both_forms_are_written_and_a_silent_monitor_is_told(tmp_path: Path) -> None:
    config, ledger = township(tmp_path)
    png, pdf = tmp_path / "v1.png", tmp_path / "v1.pdf"
    found = camkeeper("map", "v1", "--config", config, "--ledger", ledger, "--png", png, "--pdf", pdf)
    assert found.returncode == 0, found.stderr
    assert "监测没有在运行" in found.stderr
    assert "no monitor is running" in found.stderr
    assert png.read_bytes().startswith(b"\x89PNG")
    assert pdf.read_bytes().startswith(b"%PDF")


def test_what_cannot_be_printed_is_told(tmp_path: Path) -> None:
    config, ledger = township(tmp_path)
    place = ("--config", config, "--ledger", ledger)
    refused(camkeeper("map", "v1", *place), "--png", code=2)
    refused(camkeeper("map", "v2", *place, "--png", tmp_path / "x"), "v2", code=2)
    refused(camkeeper("map", "v1", *place, "--if-fails", "nope", "--png", tmp_path / "x"), "nope", code=2)
    refused(camkeeper("map", "v1", "--config", config, "--ledger", tmp_path / "none", "--png", tmp_path / "x"))
