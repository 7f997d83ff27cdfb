"""The whole climb over each captured device: its own replies, served with its own status codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
from tests.monitor.probe.bench_of_one import CREDENTIAL, ONVIF, detail, device, probing, verdicts
from tests.monitor.probe.camera import DIGEST, Camera, running

from camkeeper.model.probing import Depth, Rung, Verdict

CAPTURES: Final = Path(__file__).parents[2] / "data/onvif"
DEVICES: Final = sorted(p.name for p in CAPTURES.iterdir() if p.is_dir())
# The port that the snapshot is on is not the port that ONVIF is on: told, and not asked until it is approved.
SPLIT: Final = {"REOLINK_E1_Zoom_v3.1.0.2649_23083101": 80, "easy_GX728MF-IR28": 85, "easy_IPD-H4K8M05-BS": 80}


def _answers(name: str) -> dict[str, tuple[int, str]]:
    rows = json.loads((CAPTURES / "manifest.json").read_text())
    told = {row["file"]: row.get("http_status") or 200 for row in rows if row["device"] == name}
    return {
        Path(file).stem: (status, (CAPTURES / file).read_text(encoding="utf-8"))
        for file, status in told.items()
        if Path(file).stem.startswith("Get")
    }


@pytest.mark.parametrize("name", DEVICES)
async def test_a_captured_device_is_climbed(name: str) -> None:
    answers = _answers(name)
    async with running(Camera(answers=answers, challenges=(DIGEST,), skew_s=1e12)) as camera, probing() as prober:
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
        found = verdicts(result)
        assert [found[r] for r in ONVIF[:3]] == [Verdict.OK] * 3, detail(result, Rung.AUTH)
        assert result.facts.model
        assert result.facts.clock_offset_s is not None
        assert result.facts.profiles[0].width
        if name in SPLIT:
            assert found[Rung.SNAPSHOT] is Verdict.OFF_ENROLMENT
            assert f"port {SPLIT[name]}" in detail(result, Rung.SNAPSHOT)
            approved = device(camera.port, snapshot_port=camera.port)
            found = verdicts(await prober.probe(approved, CREDENTIAL, Depth.FULL))
        assert found[Rung.SNAPSHOT] is Verdict.OK
        assert camera.refused == 0
